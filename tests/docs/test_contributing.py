"""CONTRIBUTING.md and docs/recipes: their commands are run, and the recipes are applied to a copy of the project."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import socketio

from tests.docs.accounts import registered
from tests.docs.blocks import Block
from tests.docs.claims import runs
from tests.docs.copies import copy_of_project
from tests.docs.recipes import RecipeFault, apply
from tests.docs.terminal import commands, lines, terminal
from tests.harness.environment import need_postgresql_and_redis
from tests.harness.people import Person
from tests.harness.processes import run
from tests.harness.servers import RunningServer, embedded, inherited_environment

EVENT_SECONDS = 60


@runs("CONTRIBUTING.md", "Set-up", "sh")
def test_the_targets_exist(blocks: list[Block], checkout: Path):
    """The commands are only printed, because they would set up the project again, serve it, and run this test."""
    with terminal(checkout, os.environ["PATH"]) as shell:
        for command in commands(blocks[0].text):
            shell.types(f"{command} --dry-run")


@runs("CONTRIBUTING.md", "One test", "sh")
def test_one_test_is_run_on_both_databases(blocks: list[Block], checkout: Path):
    database, redis = need_postgresql_and_redis()
    text = blocks[0].text.replace("postgres://postgres@127.0.0.1:5432/postgres", database)
    with terminal(checkout, os.environ["PATH"]) as shell:
        first, second = text.replace("redis://127.0.0.1:6379/0", redis).replace("\\\n", "").splitlines()
        assert " passed" in lines(shell.types(first))[-1]
        assert " passed" in lines(shell.types(second))[-1]


@contextmanager
def followed(blocks: list[Block], folder: Path) -> Iterator[RunningServer]:
    """Apply the changes and run the commands in a copy of the project, then run its server."""
    (folder / "project").mkdir()
    project = copy_of_project(folder / "project")
    for block in blocks:
        if block.language == "diff":
            apply(block.text, project)
        else:
            run("bash", "-euo", "pipefail", "-c", block.text, cwd=project, env=inherited_environment())
    with embedded(folder, project=project) as installation, installation.serving() as server:
        yield server


@contextmanager
def deal_partners(server: RunningServer) -> Iterator[tuple[Person, Person]]:
    yield registered(server, "brand_owner"), registered(server, "influencer")


async def commands_and_events(
    server: RunningServer, people: tuple[Person, Person], chat: str, *command: Any
) -> tuple[Any, list[Any]]:
    """Return the acknowledgement of the first user's command, and the next event that the second user receives."""
    async with socketio.AsyncSimpleClient() as first, socketio.AsyncSimpleClient() as second:
        for client, person in zip((first, second), people, strict=True):
            await client.connect(server.url, auth={"token": person.access}, transports=["websocket"])
            assert (await client.call("join_conversation", {"conversationId": chat}))["success"] is True
        acknowledgement = await first.call(*command)
        while (event := await second.receive(EVENT_SECONDS))[0] in {"presence", "notification"}:
            pass
        return acknowledgement, event


@runs("docs/recipes/message-field.md", "Add a field to a message", "diff", "diff", "diff", "diff", "diff", "sh")
def test_a_field_is_added_to_a_message(blocks: list[Block], tmp_path: Path):
    with followed(blocks, tmp_path) as server, deal_partners(server) as (brand, influencer):
        chat = brand.opens_chat_with(influencer)
        assert brand.says(chat, "At noon?", topic="Friday")["topic"] == "Friday"
        sent = {"conversation_id": chat, "message": "Or later?", "topic": "Saturday"}
        answered, event = asyncio.run(commands_and_events(server, (brand, influencer), chat, "send_message", sent))
        assert answered["message"]["topic"] == "Saturday"
        assert (event[0], event[1]["message"]) == ("new_message", answered["message"])
        assert [one["topic"] for one in influencer.messages(chat)] == ["Friday", "Saturday"]


@runs("docs/recipes/socket-command.md", "Add a socket command", "diff", "diff", "sh")
def test_a_socket_command_is_added(blocks: list[Block], tmp_path: Path):
    with followed(blocks, tmp_path) as server, deal_partners(server) as (brand, influencer):
        chat = brand.opens_chat_with(influencer)
        message = brand.says(chat)
        command = ("delete_message", {"message_id": message["id"]})
        answered, event = asyncio.run(commands_and_events(server, (brand, influencer), chat, *command))
        assert answered["success"] is True
        assert (event[0], event[1]["message_id"]) == ("message_deleted", message["id"])
        assert influencer.messages(chat)[0]["deleted_at"]


@runs("docs/recipes/flow-state.md", "Add a state to a flow", "diff", "diff", "sh")
def test_a_state_is_added_to_a_flow(blocks: list[Block], tmp_path: Path):
    with followed(blocks, tmp_path) as server, deal_partners(server) as (brand, influencer):
        bid = brand.opens_bid_with(influencer)
        influencer.acts(bid, "accept_connection")
        brand.acts(bid, "send_project_details", details="Three films")
        ask = {"conversation_id": bid, "action": "ask_about_project", "data": {"question": "How long?"}}
        answered, event = asyncio.run(commands_and_events(server, (influencer, brand), bid, "conversation_action", ask))
        assert answered["conversation"]["flow_state"] == "brand_owner_clarifying"
        assert event[0] in {"new_message", "conversation_state_changed"}
        assert [one["action"] for one in brand.sees(bid)["available_actions"]] == ["clarify_project"]


def test_a_copy_is_not_a_worktree_of_the_project(checkout: Path):
    """With a worktree's `.git`, git commands in a copy could change the repository."""
    assert not (checkout / ".git").exists()


OLD = "first = 1\n\nsecond = 2\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "old.py").write_text(OLD)
    return tmp_path


def test_changes_are_applied_at_their_place(project: Path):
    apply(
        "--- old.py\n first = 1\n\n-second = 2\n+second = 3\n@@\n+zero = 0\n first = 1\n+++ a/new.py\n+new = 1\n",
        project,
    )
    assert (project / "old.py").read_text() == "zero = 0\nfirst = 1\n\nsecond = 3\n"
    assert (project / "a" / "new.py").read_text() == "new = 1\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("--- old.py\n-third = 3\n", "must occur exactly once"),
        ("--- old.py\n-irst = 1\n", "must occur exactly once"),
        ("--- old.py\n-first =\n", "must occur exactly once"),
        ("--- old.py\n+third = 3\n", "must occur exactly once"),
        ("--- old.py\nfirst = 1\n", "not a line of a diff"),
        ("--- none.py\n-first = 1\n", "does not exist"),
        ("+++ old.py\n+first = 1\n", "exists already"),
        ("+++ new.py\n first = 1\n", "new lines only"),
        ("+first = 1\n", "does not begin with the path of a file"),
    ],
)
def test_a_change_that_does_not_fit_is_rejected(project: Path, text: str, said: str):
    with pytest.raises(RecipeFault, match=said):
        apply(text, project)
    assert (project / "old.py").read_text() == OLD


def test_repeated_lines_are_ambiguous(project: Path):
    (project / "old.py").write_text(OLD + OLD)
    with pytest.raises(RecipeFault, match="must occur exactly once"):
        apply("--- old.py\n-first = 1\n", project)
