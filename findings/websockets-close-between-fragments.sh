#!/usr/bin/env bash
# Believed: a peer may close a WebSocket in the middle of a fragmented message, because a CLOSE frame is a control frame
#   and control frames may be sent between fragments (RFC 6455, 5.4). The library then responds with the same close
#   code: 1000 for 1000.
# Is so: the library responds with 1002 (protocol error), because it treats a CLOSE between fragments as an error. It
#   responds correctly to a PING between fragments.
# Versions: websockets 17.4 (sans-I/O protocol), Python 3.11.
# Seen: in tests that send every kind of control frame between fragments, with two implementations.
# Why it matters: the protocol errors in a log or a metric include users who closed a page while data was being sent.
#   The close codes of two implementations cannot be compared.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check websockets==17.4
"$folder/venv/bin/python" - <<'PYTHON'
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import Protocol, Side, State


def answer(frame: Frame) -> list[Frame]:
    """Return the frames that a server sends after this frame in the middle of a fragmented text."""
    server = Protocol(Side.SERVER, state=State.OPEN)
    for one in (Frame(Opcode.TEXT, b"first part", fin=False), frame):
        server.receive_data(one.serialize(mask=True))
    sent = b"".join(server.data_to_send())
    reader = Protocol(Side.CLIENT, state=State.OPEN)
    reader.receive_data(sent)
    return [event for event in reader.events_received() if isinstance(event, Frame)]


pong, = answer(Frame(Opcode.PING, b"there?"))
print("PING between fragments:", pong)
close, = answer(Frame(Opcode.CLOSE, Close(1000, "").serialize()))
code = Close.parse(close.data).code
print("CLOSE 1000 between fragments:", close)
assert pong.opcode is Opcode.PONG
assert code == 1002, f"the server now responds with {code}"
PYTHON
