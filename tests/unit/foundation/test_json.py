"""Decoding the JSON of clients: byte order marks, halves of surrogate pairs, and nesting."""

import pytest

from foundation.json import MAX_DEPTH, NestedTooDeeply, from_json
from socketio_server import TOO_DEEP, ProtocolError, StrictPacket


def nested(depth: int) -> str:
    """Return JSON with this many levels, alternately lists and objects."""
    opened = "".join('{"a":' if level % 2 else "[" for level in range(depth))
    closed = "".join("}" if level % 2 else "]" for level in reversed(range(depth)))
    return f"{opened}{'1' if depth % 2 == 0 else ''}{closed}"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("body", [b'{"a": "\xc3\xa4"}', b"{}", b"[1]", b'{"a": "\\ud83d\\ude00"}'])
def test_a_byte_order_mark_is_skipped(mark, body):
    assert from_json(mark + body) == from_json(body)


@pytest.mark.parametrize(
    "body", [b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf{}", b" \xef\xbb\xbf{}", b"{}\xef\xbb\xbf"]
)
def test_only_one_mark_at_the_start_is_skipped(body):
    with pytest.raises(ValueError, match=r"."):
        from_json(body)


@pytest.mark.parametrize("body", [b'"\\ud83d"', b'"\\ude00 x"', b'"\xed\xa0\xbd"', b'{"a": ["\\udfff"]}'])
def test_halves_of_surrogate_pairs_are_decoded(body):
    found = from_json(body)
    text = found if isinstance(found, str) else found["a"][0]
    assert "\ud800" <= text[0] <= "\udfff"


@pytest.mark.parametrize("body", ["NaN", "Infinity", '{"a": -Infinity}', "{'a': 1}", "[1,]", "", "nul"])
def test_what_is_not_json(body):
    for form in (body, body.encode()):
        with pytest.raises(ValueError, match=r"."):
            from_json(form)


@pytest.mark.parametrize("depth", [1, 2, MAX_DEPTH - 1, MAX_DEPTH])
def test_nesting_up_to_the_limit(depth):
    assert from_json(nested(depth)) == from_json(nested(depth).encode())


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 100, 1023, 1024, 1025, 5_000, 30_000])
def test_deeper_nesting(depth):
    for form in (nested(depth), nested(depth).encode(), f'["\\ud800",{nested(depth)}]'):
        with pytest.raises(NestedTooDeeply):
            from_json(form)


def test_brackets_inside_texts_are_not_nesting():
    assert from_json('["' + "[{" * 1_000 + '"]') == ["[{" * 1_000]
    assert len(from_json("[" + ",".join(["[]"] * 1_000) + "]")) == 1_000


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 1_025, 20_000])
def test_an_event_that_is_nested_too_deeply_keeps_its_name_and_id(depth):
    packet = StrictPacket(encoded_packet=f'27[ "a \\" b",{nested(depth)}]')
    assert (packet.data, packet.id) == (['a " b', TOO_DEEP], 7)
    assert StrictPacket(encoded_packet=f'2["echo",{nested(MAX_DEPTH)}]').data[1] != TOO_DEEP
    assert StrictPacket(encoded_packet=f"0{nested(depth + 1)}").data is TOO_DEEP
    for no_event in (
        f"2{nested(depth + 1)}",
        f"2[1,{nested(depth)}]",
        f"31[{nested(depth)}]",
        f'2["connect",{nested(depth)}]',
    ):
        with pytest.raises(ProtocolError):
            StrictPacket(encoded_packet=no_event)
