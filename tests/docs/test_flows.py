"""The diagrams of docs/flows/, parsed as Mermaid and compared with the exported flows next to them."""

import json
import re

import pytest

from tests.docs.blocks import Block
from tests.docs.claims import runs_all
from tests.harness.environment import ROOT

STEP = re.compile(r"    (\[\*\]|\w+) --> (\[\*\]|\w+)(?: : ([a-z_]+(?: \([a-z ]+\))?))?")

Step = tuple[str, str, str]


def steps_of(block: Block) -> set[Step]:
    """Return the steps that a state diagram draws; raises if a line is not a step."""
    kind, *rows = block.text.splitlines()
    assert kind == "stateDiagram-v2"
    found = [STEP.fullmatch(row) for row in rows]
    assert all(found), [row for row, one in zip(rows, found, strict=True) if not one]
    return {(one[1], one[2], one[3] or "") for one in found}


def steps_of_data(flow: dict) -> set[Step]:
    """Return the steps of an exported flow: actions and system actions, from state to state."""
    steps = {("[*]", flow["initial"], "")}
    for state in flow["states"]:
        for action in state.get("actions", []):
            for outcome in action.get("outcomes", []):
                guard = f" ({outcome['guard']})" if "guard" in outcome else ""
                steps.add((state["name"], outcome["to"], action["name"] + guard))
        rule = state.get("inactivity")
        if isinstance(rule, dict) and "system_action" in rule:
            steps.add((state["name"], rule["system_action"]["to"], rule["system_action"]["name"]))
        if state["kind"] == "final":
            steps.add((state["name"], "[*]", ""))
    return steps


def compare_with_data(block: Block) -> set[Step]:
    """Compare the diagram with the data; return the steps that are not actions or deadlines."""
    flow = json.loads((ROOT / block.document).with_suffix(".json").read_text())
    assert (ROOT / block.document).with_suffix(".mmd").read_text() == block.text
    drawn, known = steps_of(block), steps_of_data(flow)
    assert known <= drawn
    names = {state["name"] for state in flow["states"]} | {"[*]"}
    assert all({source, target} <= names for source, target, _ in drawn)
    return drawn - known


@runs_all("docs/flows/deal-v1.md", "mermaid")
def test_the_diagram_of_a_deal(blocks):
    (block,) = blocks
    assert {label for *_, label in compare_with_data(block)} == {"payment_verified", "free_chat_opened"}


@runs_all("docs/flows/deal-v2.md", "mermaid")
def test_the_diagram_of_a_deal_with_refunds(blocks):
    (block,) = blocks
    by_system = {"payment_verified", "free_chat_opened", "payment_refunded", "dispute_opened", "dispute_won"}
    assert {label for *_, label in compare_with_data(block)} == by_system | {"dispute_lost"}


@runs_all("docs/flows/direct-v1.md", "mermaid")
def test_the_diagram_of_a_direct_conversation(blocks):
    (block,) = blocks
    assert compare_with_data(block) == set()


def test_an_invalid_line_is_reported():
    with pytest.raises(AssertionError, match="one -> two"):
        steps_of(Block("X.md", "", 1, "mermaid", "stateDiagram-v2\n    one -> two\n"))
