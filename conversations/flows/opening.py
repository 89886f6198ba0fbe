"""How a conversation begins."""

from dataclasses import replace

from conversations.flows.decisions import Decision, StateChange, Timing, due_in
from conversations.flows.definitions import Flow
from conversations.flows.facts import Facts
from conversations.flows.transitions import CurrentState, message

REASON = "conversation_opened"


def opening(flow: Flow, conversation_type: str, facts: Facts) -> Decision:
    """The first state with its prompt, deadline and message, as `state_version` 1.

    The message goes from the opener to the other side; a direct conversation begins without one. Raises
    `KeyError` where the flow does not lead conversations of this type.
    """
    text = flow.opening(conversation_type).text
    first = CurrentState(flow, flow.initial, replace(facts, state_version=1))
    opener = flow.opened_by or flow.parties[0]
    return Decision(
        action=REASON,
        conversation_state=first.conversation_state,
        facts=first.facts,
        state_changes=(StateChange(before=None, after=first.conversation_state, reason=REASON, state_version=1),),
        message=message(first, text, sender=opener, input_values={}) if text else None,
        action_data=first.prompt,
        timing=Timing.RESTART,
        due=due_in(flow, flow.initial),
    )
