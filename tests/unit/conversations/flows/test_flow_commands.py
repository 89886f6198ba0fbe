"""The commands that check, play and document the flows."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from conversations.flows import Role, get_flow
from conversations.flows.documents import documents, mermaid
from conversations.management.commands import check_flows
from conversations.management.commands.simulate_flow import parse_line

WHOLE_DEAL = """
influencer accept            # an old name
brand_owner send_project_details details="Three <b>short</b> films"
influencer accept_project
brand_owner send_price_offer price=1000
influencer negotiate_price
brand_owner handle_negotiation action=agree
influencer send_counter_offer price=1500
brand_owner make_final_offer price=1200
influencer accept
brand_owner proceed_to_payment
system remind
operator pause reason="A question"
operator resume
system payment_verified
influencer start_work
influencer submit_work deliverables=links description=all attachments='["01890000-0000-7000-8000-000000000000"]'
brand_owner request_revision feedback="more light"
influencer resubmit_work deliverables=links description=all
brand_owner approve_work
influencer close_conversation
"""


def run(name: str, *args: object) -> str:
    out = StringIO()
    call_command(name, *args, stdout=out, no_color=True)
    return out.getvalue()


def test_documents_do_not_depend_on_the_language(tmp_path):
    with translation.override("de"):
        run("export_flows", "--dir", tmp_path)
        assert "up to date" in run("export_flows", "--check", "--dir", tmp_path)


def test_an_outdated_or_missing_document_is_named(tmp_path):
    run("export_flows", "--dir", tmp_path)
    (tmp_path / "deal-v1.md").write_text("something else\n")
    (tmp_path / "direct-v1.json").unlink()
    with pytest.raises(CommandError, match=r"out of date: deal-v1\.md, direct-v1\.json;"):
        run("export_flows", "--check", "--dir", tmp_path)
    assert (tmp_path / "deal-v1.md").read_text() == "something else\n"


def test_a_document_without_a_flow_is_named(tmp_path):
    run("export_flows", "--dir", tmp_path)
    (tmp_path / "README.txt").write_text("of no concern\n")
    assert "up to date" in run("export_flows", "--check", "--dir", tmp_path)
    (tmp_path / "deal-v0.md").write_text("gone\n")
    with pytest.raises(CommandError, match=r"no flow version has these files: deal-v0\.md; delete"):
        run("export_flows", "--check", "--dir", tmp_path)


def test_the_json_contains_the_whole_flow(deal):
    data = json.loads(documents(deal)["deal-v2.json"])
    assert [state["name"] for state in data["states"]] == [state.name for state in deal.states]
    assert data["rounds"] == data["revisions"] == 3
    by_name = {state["name"]: state for state in data["states"]}
    assert by_name["payment_pending"]["inactivity"]["after"] == "P7DT00H00M00S"
    assert by_name["real_time"]["inactivity"] == "never"


def test_the_diagram_has_an_arrow_for_each_transition_and_the_ends(deal):
    lines = [line.strip() for line in mermaid(deal).splitlines()]
    assert lines[:2] == ["stateDiagram-v2", f"[*] --> {deal.initial}"]
    assert "work_submitted --> work_revision_requested : request_revision (revisions left)" in lines
    assert "chat_closed --> [*]" in lines


def test_check_flows_reports_problems(monkeypatch):
    checked = run("check_flows")
    assert "deal 1: 17 states, 25 actions, 0 problems" in checked
    assert "deal 2: 18 states, 30 actions, 0 problems" in checked
    broken = replace(get_flow("direct", 1), initial="nowhere")
    monkeypatch.setattr(check_flows, "all_flows", lambda: (broken,))
    with pytest.raises(CommandError, match="1 problems"):
        run("check_flows")


def test_a_script_plays_a_whole_deal(tmp_path):
    script = tmp_path / "deal.txt"
    script.write_text(WHOLE_DEAL, encoding="utf-8")
    told = run("simulate_flow", "campaign", "--script", script, "--influencer", "Ravi", "--currency", "JPY")
    assert "an order to pay 1200 JPY is open" in told
    assert "work_approved → real_time (free_chat_opened)" in told
    assert "Three <b>short</b> films" in told
    assert told.endswith(
        "real_time → chat_closed (close_conversation)\n  influencer to brand_owner: Ravi closed the conversation.\n"
    )


def test_a_script_stops_at_a_refused_line(tmp_path):
    script = tmp_path / "deal.txt"
    script.write_text("\n# first\ninfluencer accept\ninfluencer send_price_offer price=1\n")
    with pytest.raises(CommandError, match="line 4: wrong_role"):
        run("simulate_flow", "--script", script)


def test_playing_by_hand_continues_after_an_error(monkeypatch):
    lines = "brand_owner accept\nnobody accept\ninfluencer\ninfluencer accept\nquit\ninfluencer accept\n"
    monkeypatch.setattr("sys.stdin", StringIO(lines))
    told = run("simulate_flow")
    assert "wrong_role" in told
    assert "'nobody' is not a valid Role" in told
    assert "a line needs a role and an action" in told
    assert told.count("accept_connection)") == 1


def test_lines_of_a_script():
    assert parse_line('influencer submit_work notes="a b" attachments=[1]') == (
        Role.INFLUENCER,
        "submit_work",
        {"notes": "a b", "attachments": [1]},
    )
    assert parse_line("  # nothing") is None
    for line in ("influencer", "influencer accept now", 'influencer accept "'):
        with pytest.raises(ValueError, match=r".+"):
            parse_line(line)
