"""The flow of direct conversations: two people write freely."""

from django.utils.translation import gettext_lazy as _

from conversations.flows.definitions import ChatStatus, Flow, NoDeadline, Opening, Role, State, StateKind

DIRECT_1 = Flow(
    name="direct",
    version=1,
    parties=(Role.PARTICIPANT, Role.PARTICIPANT),
    openings=(Opening(conversation_type="direct", summary=_("The conversation was opened")),),
    one_per_pair=True,
    initial="real_time",
    states=(State(name="real_time", kind=StateKind.FREE, chat_status=ChatStatus.REAL_TIME, inactivity=NoDeadline()),),
)
