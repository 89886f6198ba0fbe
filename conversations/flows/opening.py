"""How a conversation begins."""

from dataclasses import replace

from conversations.flows.decisions import Decision, Message, Step, Timing, due_in, standing
from conversations.flows.definitions import Flow
from conversations.flows.facts import Facts, values
from conversations.flows.prompts import action_data
from conversations.flows.texts import paragraphs

REASON = "conversation_opened"


def opening(flow: Flow, conversation_type: str, facts: Facts) -> Decision:
    """The first state with its prompt, deadline and message, as `state_version` 1.

    The message goes from the opener to the other side; a direct conversation begins without one. Raises
    `KeyError` where the flow does not lead conversations of this type.
    """
    texts = flow.opening(conversation_type).text
    facts = replace(facts, state_version=1)
    first = standing(flow, flow.initial)
    prompt = action_data(flow, flow.initial, facts)
    message = None
    if texts:
        opener = flow.opened_by or flow.parties[0]
        text = paragraphs(texts, values(flow, facts))
        message = Message(text=text, sender=opener, receiver=flow.other(opener), action_data=prompt)
    return Decision(
        action=REASON,
        standing=first,
        facts=facts,
        steps=(Step(before=None, after=first, reason=REASON, state_version=1),),
        message=message,
        action_data=prompt,
        timing=Timing.RESTART,
        due=due_in(flow, flow.initial),
    )
