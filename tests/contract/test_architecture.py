"""Checks the code against the rules of the project. Each rule is tested with samples that break it and samples that do
not."""

import ast
import re
import statistics
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models.signals import post_save

import realtime
from tests.contract import rules
from tests.packages import PACKAGES

ROOT = Path(settings.BASE_DIR)
LONGEST_FUNCTION, LONGEST_MOST, LONGEST_MODULE = 50, 25, 300

MODULES = sorted(path for part in PACKAGES for path in (ROOT / part).rglob("*.py") if "migrations" not in path.parts)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


SOCKET_SERVER = {name(path) for path in MODULES if path.is_relative_to(ROOT / "socketio_server")}

RULES: dict[Callable[[ast.AST], set[int]], tuple[set[str], str, str]] = {
    rules.imports_in_functions: (
        {"messaging/uploads/decoder/media.py", "messaging/uploads/decoder/pictures.py"},  # libraries that load slowly
        "import json\n\nclass A:\n    import re",
        "def f():\n    from json import loads\n",
    ),
    rules.sends_directly: (
        {"realtime/pubsub.py", "realtime/client_manager.py", "realtime/token_expiry.py", "realtime/channel_layer.py"}
        | SOCKET_SERVER,
        "publish(room, EVENT, payload)\nemit = 1\nmessages_read.send(Message)",
        "await sio.emit('new_message', data)\nawait layer.group_send(group, {})\nsend = server.send_frame\n"
        "await sio._send_packet(eio_sid, packet)",
    ),
    rules.imports_guarded_packages: (
        set(),
        "from realtime import publish\nimport realtime_clock\nimport socketio",
        "import realtime\nimport realtime.pubsub as bus\nimport json, socketio_server",
    ),
    rules.makes_room_hints: (
        {"realtime/publishing.py", "realtime/pubsub.py"},
        "from realtime.pubsub import Hint, bus\nbus.send([Hint.control('beat')])\nevent.logged\n"
        "unit.ephemeral.append(hint)",
        "bus.send([Hint.ephemeral(room, name, data, None)])\nmake = pubsub.Hint.logged\nHint(room, {})\n"
        "pubsub.Hint(group=room, message={})\nHint._make((room, {}))\nmake = getattr(Hint, kind)\n"
        "from realtime.pubsub import Hint as Note\nhint = Hint.control('beat')._replace(group=room)\n"
        "self._bus.send([Note(room, {})])\nbus.send(hints)\nbus.send(hints=[(room, {})])",
    ),
    rules.bypasses_the_bus: (
        {"realtime/socket_gateway.py"},
        "rooms.join(socket, room)\ndef broadcast(): pass",
        "rooms.broadcast(room, name, data, None)\ndeliver = self._rooms.handle_hint\nlocal.handle_growth(room)",
    ),
    rules.builds_a_room_name: (
        {"conversations/models.py", "realtime/hooks.py"},
        "room_of(pk)\nuser_room(pk)\nf'{a} conversation_'\n'conversation_id'",
        "f'conversation_{pk}'\n'user_' + str(pk)",
    ),
    rules.compares_conversation_types: (
        set(),
        "rows.filter(conversation_type=kind)\nkind not in conversation_types()\n"
        "a.conversation_type == b.conversation_type\nonly.conversation_type is not None",
        "if c.conversation_type == 'direct': pass\nconversation_type in ('bid', 'campaign')",
    ),
    rules.writes_facts_in_bulk: (
        set(),
        "def f():\n    Message.objects.bulk_create(rows)\n    post_save.send(Message)\n"
        "def h():\n    Transition.objects.bulk_create(rows)\n    send_post_save(rows)\n"
        "def i():\n    bulk.insert_instances(rows)\n    bulk.send_post_save(rows)\n"
        "insert_many(RoomEvent, rows)\ninsert_with_text(RoomEvent, rows, data=texts)\n"
        "upsert_many(Room, rows, unique=('name',))\nupdate_many(Participant, rows)\n"
        "Participant.objects.bulk_create(rows)\nMessage.objects.filter(a=1).update(read_at=now)\n"
        "def g():\n    rows = Notification.objects.filter(a=1)\n    rows.update(body='')",
        "Message.objects.bulk_create(rows)\nTransition.objects.filter(a=1).update(action='x')\n"
        "Message.objects.filter(a=1).update(message='x')\nNotification.objects.all().delete()\n"
        "insert_instances(rows)\ninsert_instances(rows); send_post_save(others)\n"
        "bulk.insert_instances(instances=rows)\n"
        "insert_many(Message, rows)\nbulk.insert_with_text(models.Message, rows, message=texts)\n"
        "upsert_many(Notification, rows, unique=('id',))\nupdate_many(model=Transition, rows=rows)\n"
        "model = Message; insert_many(model, rows)",
    ),
}
"""Each rule with the modules that it exempts, samples that it must accept, and samples whose every line it must
find."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_finds_its_violations_and_nothing_else(rule):
    _, good, bad = RULES[rule]
    assert rule(ast.parse(good)) == set()
    assert rule(ast.parse(bad)), bad
    for line in bad.splitlines() if "def " not in bad else ():
        assert rule(ast.parse(f"async def f():\n    {line}")) == {2}, line


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_code_follows_the_rule(rule):
    exempt, *_ = RULES[rule]
    broken = {name(path): rule(tree(path)) for path in MODULES if name(path) not in exempt}
    assert {path: lines for path, lines in broken.items() if lines} == {}


def test_tests_import_public_names_from_realtime_itself():
    """Tests can import names that are not public from the modules inside."""
    sample = "from realtime import publish\nfrom realtime.pubsub import bus\nfrom realtime.publishing import publish"
    assert rules.imports_public_names_from_inside(ast.parse(sample), "realtime", realtime.__all__) == {3}
    paths = [path for part in ("tests", "faults", "benchmarks") for path in (ROOT / part).rglob("*.py")]
    broken = {
        name(path): rules.imports_public_names_from_inside(tree(path), "realtime", realtime.__all__) for path in paths
    }
    assert {path: lines for path, lines in broken.items() if lines} == {}


def test_facts_are_the_models_with_post_save_receivers():
    assert {model.__name__ for model in apps.get_models() if post_save.has_listeners(model)} == set(rules.FACTS)


def test_events_are_declared_in_one_place():
    """Every `Event(…)` and `Command(…)` is passed to the registry where it is created."""
    for path in MODULES:
        if "from realtime import" not in path.read_text(encoding="utf-8"):
            continue
        made = [
            node
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Event", "Command"}
        ]
        source = ast.unparse(tree(path))
        assert not made or "registry.event(" in source or "registry.command(" in source, name(path)


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return function.end_lineno - function.lineno + 1


def test_functions_are_short():
    lengths = {f"{name(path)}:{one.name}": _length(one) for path in MODULES for one in rules.functions(tree(path))}
    assert {where: length for where, length in lengths.items() if length > LONGEST_FUNCTION} == {}
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= LONGEST_MOST


@pytest.mark.parametrize("part", PACKAGES)
def test_modules_have_one_subject(part):
    lengths = {
        name(path): len(path.read_text().splitlines()) for path in MODULES if path.relative_to(ROOT).parts[0] == part
    }
    assert {where: length for where, length in lengths.items() if length > LONGEST_MODULE} == {}


def _files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    return [ROOT / one for one in listed.stdout.decode().split("\0") if one] if listed.returncode == 0 else MODULES


STRAY = re.compile(r"\bTOD[O]\b|\bFIXM[E]\b|# XX[X]\b|/roo[t]/|/hom[e]/\w|/User[s]/")


def test_files_have_no_notes_and_no_local_paths():
    """The files contain no to-do notes and no paths of a developer's machine."""
    text = {".py", ".md", ".js", ".mjs", ".ts", ".html", ".css", ".toml", ".yaml", ".yml", ".txt", ".sh", ".conf"}
    for path in _files():
        if path.suffix in text and path.is_file() and path.name != "package-lock.json":
            assert not STRAY.search(path.read_text(encoding="utf-8")), name(path)
