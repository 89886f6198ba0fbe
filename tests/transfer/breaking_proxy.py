"""A proxy that breaks connections, and passes bytes on slowly."""

import socket
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

CHUNK = 64 * 1024
RESET = struct.pack("ii", 1, 0)


class BreakingProxy:
    """Each connection goes to the next of the `upstreams`, which are ports.

    `breaks` are numbers of bytes: the first connections are reset after a client has sent so many. `pause` is the time
    between chunks, in seconds.
    """

    def __init__(self, upstreams: Sequence[int], *, breaks: Sequence[int] = (), pause: float = 0.0) -> None:
        self._upstreams, self._breaks, self._pause = upstreams, list(breaks), pause
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.broken = 0
        self.used: set[int] = set()

    def run(self) -> None:
        number = 0
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                port = self._upstreams[number % len(self._upstreams)]
                number += 1
                threading.Thread(target=self._serve, args=(client, port), daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self, client: socket.socket, port: int) -> None:
        with client:
            try:
                server = socket.create_connection(("127.0.0.1", port))
            except OSError:
                return
            with server:
                back = threading.Thread(target=self._pass_on, args=(server, client), daemon=True)
                back.start()
                self._send(client, server, port)
                back.join()

    def _send(self, client: socket.socket, server: socket.socket, port: int) -> None:
        sent = 0
        with suppress(OSError):
            while part := client.recv(CHUNK):
                server.sendall(part)
                sent += len(part)
                if sent > CHUNK:
                    self.used.add(port)
                if self._breaks and sent > self._breaks[0]:
                    del self._breaks[0]
                    self.broken += 1
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    break
                time.sleep(self._pause)
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)

    def _pass_on(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while part := server.recv(CHUNK):
                client.sendall(part)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def breaking_proxy(*upstreams: int, breaks: Sequence[int] = (), pause: float = 0.0) -> Iterator[BreakingProxy]:
    proxy = BreakingProxy(upstreams, breaks=breaks, pause=pause)
    thread = threading.Thread(target=proxy.run)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()
