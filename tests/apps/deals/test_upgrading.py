"""Running conversations are moved to a newer version of their flow. If some do not fit, none is moved, and the command
lists the conversations that do not fit."""

import io
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command

from conversations.flows import ChatStatus, Role, flow_for, get_flow, registry
from conversations.flows.errors import WrongState
from deals.upgrading import upgrade
from realtime.models import RoomEvent
from tests.deals import make_deal, open_deal
from tests.unchanged import nothing_happens

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hints(sent_hints):
    return sent_hints


@pytest.fixture
def release(monkeypatch):
    """Register a newer version of the deal flow; `change` creates each of its states."""

    def released(change=lambda state: state):
        newest = get_flow("deal", 2)
        states = tuple(new for state in newest.states if (new := change(state)) is not None)
        newer = replace(newest, version=3, states=states)
        monkeypatch.setattr(registry, "_flows", {**registry._flows, ("deal", 3): newer})
        return newer

    return released


def retitled(state):
    return replace(state, title=f"New: {state.title}") if state.awaiting else state


def run(*arguments):
    out = io.StringIO()
    call_command("upgrade_flow", *arguments, stdout=out)
    return out.getvalue()


def test_running_conversations_stay_on_their_version(release):
    deal = open_deal()
    release(retitled)
    deal.act("accept_connection")
    assert (deal.now.flow_version, deal.now.current_action_data["title"]) == (2, "Project details")
    assert flow_for("bid").version == 3
    assert open_deal().now.flow_version == 3


def test_upgraded_conversations_keep_their_state(release, hints):
    deals = [make_deal(state) for state in ("influencer_responding", "brand_owner_price_response", "work_submitted")]
    before = [(deal.now.state_version, deal.now.flow_state, deal.now.due_at) for deal in deals]
    release(retitled)
    assert run("deal") == "3 of 3 conversations moved to deal 3.\n"
    assert [(deal.now.state_version, deal.now.flow_state, deal.now.due_at) for deal in deals] == before
    assert all(deal.now.flow_version == 3 for deal in deals)
    assert all(deal.now.current_action_data["title"].startswith("New: ") for deal in deals)
    for deal in deals:
        last = RoomEvent.objects.filter(room__name=deal.conversation.room).order_by("seq").last()
        assert last.event == "conversation_updated"
    assert run("deal") == "0 of 0 conversations moved to deal 3.\n"
    deals[0].act("accept_connection", state_version=before[0][0])
    assert deals[0].now.current_action_data["title"] == "New: Project details"


def test_a_dry_run_changes_nothing(release, hints):
    open_deal()
    release(retitled)
    with nothing_happens(hints):
        assert run("deal", "--dry-run") == "1 conversations fit deal 3; none was moved.\n"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda state: None if state.name == "work_submitted" else state, "there is no state work_submitted"),
        (
            lambda state: replace(state, awaiting=Role.INFLUENCER) if state.name == "work_submitted" else state,
            "work_submitted awaits influencer, not brand_owner",
        ),
        (
            lambda state: replace(state, chat_status=ChatStatus.AUTOMATED) if state.name == "work_submitted" else state,
            "work_submitted is automated, not real_time",
        ),
    ],
)
def test_a_misfit_is_named_and_no_conversation_is_moved(release, hints, change, why):
    open_deal()
    misfit = make_deal("work_submitted")
    flow = release(change)
    out = io.StringIO()
    for more in ([], ["--dry-run"]):
        with nothing_happens(hints), pytest.raises(CommandError, match="1 conversations do not fit"):
            call_command("upgrade_flow", "deal", *more, stdout=out)
    assert out.getvalue() == f"{misfit.conversation.pk}: {why}\n" * 2
    with nothing_happens(hints):
        assert upgrade(conversation_id=misfit.conversation.pk, flow=flow) is False


def test_ended_conversations_stay_unchanged(release, hints):
    make_deal("chat_closed")
    release(retitled)
    with nothing_happens(hints):
        assert run("deal") == "0 of 0 conversations moved to deal 3.\n"


def test_a_click_on_an_old_prompt_follows_the_new_flow(release, hints):
    deal = open_deal()

    def without_rejecting(state):
        return replace(state, actions=tuple(one for one in state.actions if one.name != "reject_connection"))

    release(without_rejecting)
    run("deal")
    with nothing_happens(hints), pytest.raises(WrongState):
        deal.act("reject_connection", state_version=1)


@pytest.mark.parametrize("arguments", [["none"], ["deal", "--to", "9"]])
def test_unknown_flows_and_versions(arguments):
    with pytest.raises(CommandError, match="There is no"):
        run(*arguments)
