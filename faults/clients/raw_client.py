"""TCP connections without a client library, to send data that no library would send."""

import asyncio
import base64
import os
import socket
import struct
from dataclasses import dataclass

from faults.cluster.worker import Worker

TEXT, BINARY = 0x1, 0x2
COMPRESSED = 0x40
CLOSE_FRAME = b"\x88\x02"
"""The head of a close frame with a code and no reason."""


@dataclass
class RawClient:
    """A TCP connection to a worker. `upgrade` opens a WebSocket (RFC 6455) that can send any frame."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def open(cls, worker: Worker, receive_buffer: int = 0) -> "RawClient":
        """Open a TCP connection. `receive_buffer` is the size of the kernel's buffer in bytes; 0 is the default of the
        kernel."""
        endpoint = socket.socket()
        if receive_buffer:
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        endpoint.setblocking(False)
        await asyncio.get_running_loop().sock_connect(endpoint, ("127.0.0.1", worker.port))
        return cls(*await asyncio.open_connection(sock=endpoint))

    @classmethod
    async def upgrade(
        cls, worker: Worker, query: str = "EIO=4&transport=websocket", receive_buffer: int = 0
    ) -> "RawClient":
        """Open a WebSocket. Raises `ConnectionError` if the server refuses it."""
        client = await cls.open(worker, receive_buffer)
        key = base64.b64encode(os.urandom(16)).decode()
        client.write(
            f"GET /socket.io/?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        async with asyncio.timeout(10):
            head = await client.reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(head.decode("latin-1").partition("\r\n")[0])
        return client

    def write(self, data: bytes) -> None:
        """Write the data, unless the connection is closed."""
        if not self.writer.transport.is_closing():
            self.writer.write(data)

    def frame(self, payload: bytes, opcode: int = TEXT, *, flags: int = 0x80, announced: int | None = None) -> None:
        """Send a frame. `announced` replaces the real length in the head of the frame."""
        length = len(payload) if announced is None else announced
        head = bytes([flags | opcode])
        if length < 126:
            head += bytes([0x80 | length])
        elif length < 65_536:
            head += bytes([0x80 | 126]) + struct.pack(">H", length)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", length)
        self.write(head + b"\0\0\0\0" + payload)  # a mask of zeros does not change the payload

    async def received(self, timeout: float) -> tuple[bytes, bool]:
        """Return all data that arrives within `timeout` seconds, and whether the connection ended. A close frame counts
        as the end, because the server then waits for a close frame that this client never sends."""
        data = b""
        try:
            async with asyncio.timeout(timeout):
                while CLOSE_FRAME not in data and (chunk := await self.reader.read(65_536)):
                    data += chunk
        except TimeoutError:
            return data, False
        except OSError:
            pass
        return data, True

    def close(self) -> None:
        self.writer.transport.abort()
