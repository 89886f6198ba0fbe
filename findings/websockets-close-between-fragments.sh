#!/usr/bin/env bash
# Believed: a peer may close a WebSocket in the middle of a fragmented message. A CLOSE frame is a control frame, control
#   frames may stand between fragments (RFC 6455, 5.4), so the library answers with the same code: 1000 for 1000.
# Is so: the library answers 1002 (protocol error), for a CLOSE between fragments is a fault to it. A PING in the same
#   place is answered as it should be.
# Versions: websockets 17.4 (sans-I/O protocol), Python 3.11.
# Seen: in tests that send fragments with every kind of control frame between them, over two implementations.
# Why it matters: what a log or a metric counts as protocol errors contains people who just closed a page while
#   something was on its way; close codes of two implementations cannot be compared.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check websockets==17.4
"$folder/venv/bin/python" - <<'PYTHON'
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import Protocol, Side, State


def answer(frame: Frame) -> list[Frame]:
    """What a server answers to this frame in the middle of a fragmented text."""
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
assert code == 1002, f"now it is answered with {code}"
PYTHON
