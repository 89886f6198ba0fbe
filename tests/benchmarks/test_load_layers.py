"""The files of the load generator form layers. A file includes only headers of lower layers, which call back through
handlers."""

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
"""The layers from top to bottom. A source file may include its own header and the headers of lower layers."""

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
EXTERN = re.compile(r"^\s*extern\b", re.MULTILINE)


def layer_of(name: str) -> int:
    return next(number for number, names in enumerate(LAYERS) if name in names)


def own_headers(name: str) -> set[str]:
    """Return the header that a source file implements: the only header of its layer, or the header with its name. For a
    header, the result is empty."""
    if name.endswith(".h"):
        return set()
    headers = {one for one in LAYERS[layer_of(name)] if one.endswith(".h")}
    return headers if len(headers) == 1 else headers & {Path(name).with_suffix(".h").name}


def wrong_includes(name: str, code: str) -> list[str]:
    """Return the violations of the layers in a file."""
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
def test_a_violation_is_found(name: str, code: str) -> None:
    assert wrong_includes(name, code)


def test_a_header_of_a_lower_layer_is_allowed() -> None:
    assert wrong_includes("clients.c", '#include "clients.h"\n#include "base.h"\n#include <net.h>\n') == []
