"""The decision with which a conversation begins."""

from dataclasses import replace

from conversations.flows.decisions import Decision, StateChange, Timing, due_in
from conversations.flows.definitions import Flow
from conversations.flows.facts import Facts, template_values
from conversations.flows.templates import render
from conversations.flows.transitions import CurrentState, message

REASON = "conversation_opened"


def opening(flow: Flow, conversation_type: str, facts: Facts) -> Decision:
    """Return the decision that opens a conversation: the first state with its prompt, deadline and message.

    Its `state_version` is 1. The message is sent by the opener to the other party; a direct conversation begins without
    a message. Raises `KeyError` if the flow does not have this conversation type.
    """
    begins = flow.opening(conversation_type)
    first = CurrentState(flow, flow.initial, replace(facts, state_version=1))
    opener = flow.opened_by or flow.parties[0]
    change = StateChange(
        before=None,
        after=first.conversation_state,
        reason=REASON,
        state_version=1,
        summary=render(begins.summary, template_values(flow, facts)),
    )
    return Decision(
        action=REASON,
        conversation_state=first.conversation_state,
        facts=first.facts,
        state_changes=(change,),
        message=message(first, begins.text, sender=opener, input_values={}) if begins.text else None,
        action_data=first.prompt,
        timing=Timing.RESTART,
        due=due_in(flow, flow.initial),
    )
