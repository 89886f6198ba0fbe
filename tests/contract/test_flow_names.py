"""Only flows name states and actions: no script of the pages or of the client library repeats these names."""

import re

import pytest

from conversations.flows.definitions import ChatStatus
from conversations.flows.opening import REASON
from conversations.flows.registry import BUILT_IN
from tests.packages import ROOT

STATIC = ROOT / "static"
PLAYS_A_DEAL = STATIC / "app" / "demo-script.js"
"""The demo acts for both participants, so it names its actions."""


def names() -> set[str]:
    """Return the names of states, actions and system actions in all flows, except words that are also a chat status."""
    found = {REASON}
    for flow in BUILT_IN:
        for state in flow.states:
            found |= {state.name} | {one.name for one in (*state.actions, *state.all_system_actions())}
            found |= {alias.name for action in state.actions for alias in action.aliases}
    return found - {status.value for status in ChatStatus}


def named_in(script: str, names: set[str]) -> set[str]:
    """Find names of several words anywhere in the text, and single words in quotes only."""
    words, quoted = set(re.findall(r"\w+", script)), set(re.findall(r"(?<=['\"`])\w+(?=['\"`])", script))
    return {name for name in names if name in (words if "_" in name else quoted)}


def test_no_script_names_a_state_or_an_action():
    scripts = [path for end in ("js", "ts") for path in STATIC.rglob(f"*.{end}") if "vendor" not in path.parts]
    assert PLAYS_A_DEAL in scripts
    found = {
        str(path.relative_to(ROOT)): named_in(path.read_text(encoding="utf-8"), names())
        for path in scripts
        if path != PLAYS_A_DEAL
    }
    assert {path: named for path, named in found.items() if named} == {}


def test_the_demo_names_its_actions():
    script = PLAYS_A_DEAL.read_text(encoding="utf-8")
    assert named_in(script, names()) >= {"influencer_responding", "accept_connection"}


@pytest.mark.parametrize(
    "script",
    [
        "if (state === 'work_submitted') show();",
        "const TEXTS = { work_submitted: 'Work' };",
        "/* work_submitted */",
        'act("expired")',
        "act(`expired`)",
    ],
)
def test_a_flow_name_is_found(script):
    assert len(named_in(script, names())) == 1


@pytest.mark.parametrize(
    "script", ["const expired = work_submitted_at;", "'it has expired'", "chat_status === 'real_time'"]
)
def test_an_ordinary_word_is_not_a_flow_name(script):
    assert named_in(script, names()) == set()
