"""The files of the load generator form layers: each includes lower ones only, and is called back by handlers."""

import re
from pathlib import Path

import pytest

from benchmarks.environment import LOAD_SOURCES

LAYERS = (
    {"main.c"},
    {"cases.h", "cases.c", "message_cases.c", "idle_case.c"},
    {"measurement.h", "measurement.c"},
    {"clients.h", "clients.c"},
    {"protocol.h", "protocol.c", "socketio.c", "plain.c"},
    {"websocket.h", "websocket.c"},
    {"net.h", "net.c"},
    {"message.h", "message.c"},
    {"histogram.h", "histogram.c", "sha1.h", "sha1.c", "text.h", "text.c"},
    {"base.h", "base.c"},
)
"""From the top down. A layer has at most one header for one subject; its sources include that one and lower ones."""

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
EXTERN = re.compile(r"^\s*extern\b", re.MULTILINE)


def layer_of(name: str) -> int:
    return next(number for number, names in enumerate(LAYERS) if name in names)


def own_headers(name: str) -> set[str]:
    """The header that a source implements: that of its name, or the one of its layer; a header has none."""
    if name.endswith(".h"):
        return set()
    headers = {one for one in LAYERS[layer_of(name)] if one.endswith(".h")}
    return headers if len(headers) == 1 else headers & {Path(name).with_suffix(".h").name}


def wrong_includes(name: str, code: str) -> list[str]:
    """What a file includes and must not."""
    below = {one for names in LAYERS[layer_of(name) + 1 :] for one in names if one.endswith(".h")}
    allowed = below | own_headers(name)
    found = [f"{name} includes {one}" for one in INCLUDE.findall(code) if one not in allowed]
    if name.endswith(".c") and EXTERN.search(code):
        found.append(f"{name} declares what a header of another file should")
    return found


def files() -> dict[str, str]:
    return {path.name: path.read_text() for path in LOAD_SOURCES.iterdir()}


def test_every_file_is_in_one_layer() -> None:
    named = [name for names in LAYERS for name in names]
    assert sorted(named) == sorted(files())


@pytest.mark.parametrize("name", sorted(files()))
def test_a_file_includes_lower_headers_only(name: str) -> None:
    assert wrong_includes(name, files()[name]) == []


def test_every_source_includes_its_header() -> None:
    for name, code in files().items():
        assert own_headers(name) <= set(INCLUDE.findall(code)), name


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("net.c", '#include "net.h"\n#include "websocket.h"\n'),
        ("net.h", '#include "clients.h"\n'),
        ("net.h", '#include "net.h"\n'),
        ("text.h", '#include "sha1.h"\n'),
        ("text.c", '#  include "histogram.h"\n'),
        ("clients.c", '#include "clients.h"\n#include "net.c"\n'),
        ("idle_case.c", '#include "message_cases.c"\n'),
        ("net.c", "extern int clients;\n"),
    ],
)
def test_a_fault_is_found(name: str, code: str) -> None:
    assert wrong_includes(name, code)


def test_what_is_lower_may_be_included() -> None:
    assert wrong_includes("clients.c", '#include "clients.h"\n#include "base.h"\n#include <net.h>\n') == []
