"""The Socket.IO server. https://socket.io/docs/v4/socket-io-protocol/"""

import asyncio
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import socketio
import structlog
from engineio.packet import MESSAGE, Packet
from socketio import exceptions
from socketio import packet as sio

from socketio_server.engine_server import EngineServer
from socketio_server.engine_socket import EngineSocket
from socketio_server.errors import ProtocolError
from socketio_server.limits import Limits
from socketio_server.msgpack_parser import refuse_msgpack
from socketio_server.namespaces import ClientNamespaces
from socketio_server.session_server import SILENT_LOGGER
from socketio_server.socket_packets import StrictPacket
from socketio_server.timers import TimerQueue

log = structlog.get_logger(__name__)

_MESSAGE = str(MESSAGE)
_ACK = f"{_MESSAGE}{sio.ACK}"


class SocketServer(socketio.AsyncServer):
    """python-socketio's server, made strict. Its ordinary interface is unchanged, with these differences:

    - The events of one client are handled one at a time and in order.
    - A connect handler may return a dict with further members for the CONNECT response.
    - Packets sent to a client while its connect handler runs follow the CONNECT response. If the client is refused,
      they are dropped.
    - Malformed packets close the transport. Unless `binary` is set, binary packets are malformed.
    - Instead of arguments that are nested too deeply, a handler receives `TOO_DEEP`.

    `cors_allowed_origins` are the origins of web pages that may connect (see `Origins`). `json` is a module or class
    with `dumps` and `loads`; the default is `foundation.json.SocketJSON`. `on_slow_reader()` is called for each client
    that is aborted because it does not read.
    """

    eio: EngineServer
    packet_class: type[StrictPacket]

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        client_manager: Any = None,
        cors_allowed_origins: Iterable[str] = (),
        namespaces: Iterable[str] = ("/",),
        transports: Iterable[str] = ("polling", "websocket"),
        binary: bool = False,
        json: Any = None,
        on_slow_reader: Callable[[], None] | None = None,
    ) -> None:
        self.limits = limits = limits or Limits()
        self._clients: dict[str, ClientNamespaces] = {}
        """The clients by Engine.IO session id."""
        self._connect_deadlines = TimerQueue(self._connect_deadline_due)
        packets = StrictPacket.configured(json=json, binary=binary, max_attachments=limits.max_attachments)
        super().__init__(
            client_manager=client_manager,
            logger=SILENT_LOGGER,
            engineio_logger=SILENT_LOGGER,
            serializer=packets,
            async_handlers=False,
            namespaces=list(namespaces),
            transports=list(transports),
            limits=limits,
            cors_allowed_origins=cors_allowed_origins,
            binary=binary,
            takes_binary=self._refuse_parser,
            on_slow_reader=on_slow_reader,
        )

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    # Sending

    def engine_socket(self, eio_sid: str) -> EngineSocket | None:
        """Return the session with an Engine.IO id, or None if it has ended."""
        socket = self.eio.sockets.get(eio_sid)
        return None if socket is None or socket.closing else socket

    def send_frame(self, eio_sid: str, frame: str | bytes) -> None:
        """Send an encoded packet to a client, as an Engine.IO frame. While the client's connect handler runs, the frame
        is buffered. The same frame can be sent to any number of clients."""
        client = self._clients.get(eio_sid)
        if client is not None and not (client.buffers and client.buffer(frame)):
            client.socket.send_frame(frame)

    async def _send_packet(self, eio_sid: str, pkt: sio.Packet) -> None:
        self._send(eio_sid, pkt)

    def _send(self, eio_sid: str, pkt: sio.Packet) -> None:
        encoded = pkt.encode()
        for part in encoded if isinstance(encoded, list) else [encoded]:
            self.send_frame(eio_sid, part if isinstance(part, bytes) else _MESSAGE + part)

    async def _send_eio_packet(self, eio_sid: str, eio_pkt: Packet) -> None:
        self.send_frame(eio_sid, eio_pkt.encode())

    # Connecting

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:  # type: ignore[override]
        await super()._handle_eio_connect(eio_sid, environ)
        client = self._clients[eio_sid] = ClientNamespaces(self.eio.sockets[eio_sid])
        self._start_connect_deadline(client)

    def _start_connect_deadline(self, client: ClientNamespaces) -> None:
        """Close the connection of a client that no namespace accepts in time."""
        if not client.connected and not client.socket.closing:
            client.connect_deadline = asyncio.get_running_loop().time() + self.limits.connect_timeout
            self._connect_deadlines.add(client.connect_deadline, client.socket.sid)

    def _connect_deadline_due(self, eio_sid: str, due: float) -> None:
        client = self._clients.get(eio_sid)
        if client is not None and client.connect_deadline == due and not client.connected:
            client.socket.terminate(self.reason.SERVER_DISCONNECT)

    async def _handle_connect(self, eio_sid: str, namespace: str, data: dict[str, Any] | None) -> None:
        client = self._clients[eio_sid]
        if namespace in client.connected or len(client.connected) >= self.limits.max_namespaces:
            raise ProtocolError("The client is already in this namespace, or in too many namespaces")
        if not self._is_known(namespace):
            await self._send_connect_error(eio_sid, namespace, {"message": "Invalid namespace"})
            return
        sid = await self.manager.pre_connect(eio_sid, namespace)
        client.begin_buffering(namespace)
        try:
            members = await self._run_connect_handler(eio_sid, namespace, sid, data)
        except exceptions.ConnectionRefusedError as error:
            client.end_buffering(namespace)
            await self.manager.disconnect(sid, namespace, ignore_queue=True)
            await self._send_connect_error(eio_sid, namespace, error.error_args)
            return
        await self._accept(client, sid, namespace, members)

    def _is_known(self, namespace: str) -> bool:
        known = (self.handlers, self.namespace_handlers, self.namespaces)
        return "*" in self.namespaces or any(namespace in names for names in known)

    async def _run_connect_handler(
        self, eio_sid: str, namespace: str, sid: str, data: dict[str, Any] | None
    ) -> dict[str, Any]:
        """Return the members that the handler adds to the CONNECT response. Any error in the handler raises
        python-socketio's `ConnectionRefusedError`."""
        try:
            result = await self._trigger_event("connect", namespace, sid, self.environ[eio_sid], data or None)
        except exceptions.ConnectionRefusedError:
            raise
        except Exception:
            log.exception("connect_handler_failed", namespace=namespace)
            raise exceptions.ConnectionRefusedError("Internal server error") from None
        if result is False:
            raise exceptions.ConnectionRefusedError
        return result if isinstance(result, dict) else {}

    async def _accept(self, client: ClientNamespaces, sid: str, namespace: str, members: dict[str, Any]) -> None:
        client.connect(namespace)
        await self.manager.connect(sid, namespace)
        response = self.packet_class(sio.CONNECT, members | {"sid": sid}, namespace=namespace)
        client.socket.send_text(response.encode())
        for frame in client.end_buffering(namespace):
            client.socket.send_frame(frame)

    async def _send_connect_error(self, eio_sid: str, namespace: str, reason: dict[str, Any]) -> None:
        packet = self.packet_class(sio.CONNECT_ERROR, reason, namespace=namespace)
        await self._send_packet(eio_sid, packet)

    # Receiving

    async def _handle_eio_message(self, eio_sid: str, data: str | bytes) -> None:  # type: ignore[override]
        """Handle one message completely. Raises `ProtocolError` if it is malformed."""
        packet = self._decode(eio_sid, data)
        if packet is None:
            return
        kind, namespace = packet.packet_type, packet.namespace
        if kind == sio.CONNECT:
            await self._handle_connect(eio_sid, namespace, packet.data)
        elif not self._is_connected(eio_sid, namespace):
            return
        elif kind in (sio.EVENT, sio.BINARY_EVENT):
            await self._handle_event(eio_sid, namespace, packet.id, packet.data)
        elif kind == sio.DISCONNECT:
            await self._handle_disconnect(eio_sid, namespace, self.reason.CLIENT_DISCONNECT)
        else:
            await self._handle_ack(eio_sid, namespace, packet.id, packet.data)

    def _decode(self, eio_sid: str, data: str | bytes) -> StrictPacket | None:
        """Return the packet, or None while attachments are missing."""
        announced = self._binary_packet.get(eio_sid)
        if isinstance(data, bytes) and announced is None and self._refuse_parser(eio_sid, data):
            return None
        if isinstance(data, bytes) != (announced is not None) or not data:
            raise ProtocolError("A binary attachment is missing, or was not announced")
        if announced is None:
            packet = self.packet_class(encoded_packet=data)
            if not packet.attachment_count:
                return packet
            self._binary_packet[eio_sid] = packet
        elif announced.add_attachment(data):
            return self._binary_packet.pop(eio_sid)
        return None

    def _refuse_parser(self, eio_sid: str, data: bytes) -> bool:
        return refuse_msgpack(self._clients[eio_sid], data, self.limits.close_timeout)

    def _is_connected(self, eio_sid: str, namespace: str) -> bool:
        client = self._clients[eio_sid]
        if namespace not in client.connected and namespace not in client.disconnected:
            raise ProtocolError("Not connected to this namespace")
        return namespace in client.connected

    async def _handle_event(self, eio_sid: str, namespace: str, id: int | None, data: list[Any]) -> None:
        sid = self.manager.sid_from_eio_sid(eio_sid, namespace)
        result = await self._trigger_event(data[0], namespace, sid, *data[1:])
        if id is not None and result is not self.not_handled:
            # As in python-socketio, a tuple contains several arguments.
            arguments = list(result) if isinstance(result, tuple) else [] if result is None else [result]
            self._acknowledge(eio_sid, namespace, id, arguments)

    def _acknowledge(self, eio_sid: str, namespace: str, id: int, arguments: list[Any]) -> None:
        if self.packet_class.uses_binary_events:
            self._send(eio_sid, self.packet_class(sio.ACK, arguments, namespace, id))
        else:
            # Without binary events, the arguments contain no attachments to extract.
            prefix = "" if namespace == "/" else f"{namespace},"
            self.send_frame(eio_sid, f"{_ACK}{prefix}{id}{self.packet_class.json.dumps(arguments)}")

    async def _handle_ack(self, eio_sid: str, namespace: str, id: int, data: list[Any]) -> None:
        # python-socketio numbers acknowledgements from 1, and stores its counter under the key 0.
        if id == 0:
            raise ProtocolError("No acknowledgement has the id 0")
        await super()._handle_ack(eio_sid, namespace, id, data)

    async def _trigger_event(self, event: str, namespace: str, *args: Any) -> Any:
        if event == "disconnect":
            return await self._run_disconnect_handler(namespace, *args)
        handler, arguments = self._get_event_handler(event, namespace, args)
        if handler is None:
            return await super()._trigger_event(event, namespace, *args)
        result = handler(*arguments)
        return await result if inspect.isawaitable(result) else result

    async def _run_disconnect_handler(self, namespace: str, *args: Any) -> Any:
        try:
            return await super()._trigger_event("disconnect", namespace, *args)
        except Exception:
            # The client has disconnected, so it must leave its rooms in spite of the error.
            log.exception("disconnect_handler_failed", namespace=namespace)
            return None

    # Disconnecting

    async def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:
        """Disconnect a client from a namespace. The stock client does not reconnect by itself.

        Use `close_transport` if the client should reconnect.
        """
        namespace = namespace or "/"
        client = self._clients.get(self.manager.eio_sid_from_sid(sid, namespace))
        if client is not None and namespace in client.connected:
            self._leave(client, namespace)
            client.disconnected |= {namespace}
        await super().disconnect(sid, namespace, ignore_queue)

    async def _handle_disconnect(self, eio_sid: str, namespace: str, reason: str | None = None) -> None:
        self._leave(self._clients[eio_sid], namespace)
        await super()._handle_disconnect(eio_sid, namespace, reason)

    def _leave(self, client: ClientNamespaces, namespace: str) -> None:
        client.disconnect(namespace)
        self._start_connect_deadline(client)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:  # type: ignore[override]
        client = self._clients.get(eio_sid)
        if client is None:
            return
        for namespace in client.connected:
            await self._handle_disconnect(eio_sid, namespace, reason)
        self._binary_packet.pop(eio_sid, None)
        self.environ.pop(eio_sid, None)
        del self._clients[eio_sid]

    def close_transport(self, sid: str, namespace: str = "/") -> None:
        """Close the transport of a client. The stock client then reconnects. If the client does not read, the
        connection is aborted."""
        socket = self.engine_socket(self.manager.eio_sid_from_sid(sid, namespace))
        if socket is not None:
            socket.terminate(self.reason.SERVER_DISCONNECT)

    async def drain(self, seconds: float) -> None:
        """Refuse new clients with 503, and close the existing connections, spread over `seconds`."""
        await self.eio.drain(seconds)
