"""The Socket.IO server. https://socket.io/docs/v4/socket-io-protocol/"""

import asyncio
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import socketio
import structlog
from engineio.packet import MESSAGE, Packet
from socketio import packet as sio
from socketio.exceptions import ConnectionRefusedError as Refusal

from socketio_server.engine_server import EngineServer
from socketio_server.engine_socket import EngineSocket
from socketio_server.limits import Limits
from socketio_server.namespaces import Peer
from socketio_server.packets import ProtocolError, StrictPacket
from socketio_server.session_server import SILENT
from socketio_server.timers import TimerQueue

log = structlog.get_logger(__name__)

_MESSAGE = str(MESSAGE)
_ACK = f"{_MESSAGE}{sio.ACK}"


class SocketServer(socketio.AsyncServer):
    """python-socketio's server, strict. Its ordinary interface is unchanged; what differs:

    - events of one client are handled one at a time and in order;
    - a connect handler may return a dict, the extra members of the CONNECT answer;
    - what is sent to a client while its connect handler runs follows the CONNECT answer, or is dropped when the
      client is refused;
    - malformed packets close the transport. Binary packets do so too, unless `binary` is set.
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
        self._peers: dict[str, Peer] = {}
        self._deadlines = TimerQueue(self._deadline_due)
        packets = StrictPacket.configured(
            json=json, binary=binary, max_attachments=limits.max_attachments, max_depth=limits.max_depth
        )
        super().__init__(
            client_manager=client_manager,
            logger=SILENT,
            engineio_logger=SILENT,
            serializer=packets,
            async_handlers=False,
            namespaces=list(namespaces),
            transports=list(transports),
            limits=limits,
            cors_allowed_origins=cors_allowed_origins,
            binary=binary,
            on_slow_reader=on_slow_reader,
        )

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    # Sending

    def engine_socket(self, eio_sid: str) -> EngineSocket | None:
        """The session behind an Engine.IO id, None when it has ended."""
        socket = self.eio.sockets.get(eio_sid)
        return None if socket is None or socket.closing else socket

    def send_text(self, eio_sid: str, text: str) -> None:
        """Queue an encoded Socket.IO packet for a client; held while its namespace has not accepted it."""
        self.send_frame(eio_sid, _MESSAGE + text)

    def send_frame(self, eio_sid: str, frame: str | bytes) -> None:
        """As `send_text`, with the Engine.IO frame itself: made once, it serves any number of clients."""
        peer = self._peers.get(eio_sid)
        if peer is not None and not (peer.held and peer.hold(frame)):
            peer.socket.put(frame)

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
        peer = self._peers[eio_sid] = Peer(self.eio.sockets[eio_sid])
        self._expect_namespace(peer)

    def _expect_namespace(self, peer: Peer) -> None:
        """A client that no namespace accepts in time is of no use and is closed."""
        if not peer.accepted and not peer.socket.closing:
            peer.deadline = asyncio.get_running_loop().time() + self.limits.connect_timeout
            self._deadlines.add(peer.deadline, peer.socket.sid)

    def _deadline_due(self, eio_sid: str, due: float) -> None:
        peer = self._peers.get(eio_sid)
        if peer is not None and peer.deadline == due and not peer.accepted:
            peer.socket.terminate(self.reason.SERVER_DISCONNECT)

    async def _handle_connect(self, eio_sid: str, namespace: str, data: dict[str, Any] | None) -> None:
        peer = self._peers[eio_sid]
        if namespace in peer.accepted or len(peer.accepted) >= self.limits.max_namespaces:
            raise ProtocolError("No further connection to a namespace is possible")
        if not self._knows(namespace):
            await self._refuse(eio_sid, namespace, {"message": "Invalid namespace"})
            return
        sid = await self.manager.pre_connect(eio_sid, namespace)
        peer.begin_hold(namespace)
        try:
            members = await self._ask_connect_handler(eio_sid, namespace, sid, data)
        except Refusal as refusal:
            await self._drop_pending(peer, sid, namespace)
            await self._refuse(eio_sid, namespace, refusal.error_args)
            return
        await self._accept(peer, sid, namespace, members)

    def _knows(self, namespace: str) -> bool:
        known = (self.handlers, self.namespace_handlers, self.namespaces)
        return "*" in self.namespaces or any(namespace in names for names in known)

    async def _ask_connect_handler(
        self, eio_sid: str, namespace: str, sid: str, data: dict[str, Any] | None
    ) -> dict[str, Any]:
        """The members that the handler adds to the CONNECT answer. Raises `Refusal`, whatever went wrong."""
        try:
            answer = await self._trigger_event("connect", namespace, sid, self.environ[eio_sid], data or None)
        except Refusal:
            raise
        except Exception:
            log.exception("connect_handler_failed", namespace=namespace)
            raise Refusal("Internal server error") from None
        if answer is False:
            raise Refusal
        return answer if isinstance(answer, dict) else {}

    async def _accept(self, peer: Peer, sid: str, namespace: str, members: dict[str, Any]) -> None:
        peer.enter(namespace)
        await self.manager.connect(sid, namespace)
        answer = self.packet_class(sio.CONNECT, members | {"sid": sid}, namespace=namespace)
        peer.socket.enqueue_text(answer.encode())
        for frame in peer.end_hold(namespace):
            peer.socket.put(frame)

    async def _drop_pending(self, peer: Peer, sid: str, namespace: str) -> None:
        peer.end_hold(namespace)
        await self.manager.disconnect(sid, namespace, ignore_queue=True)

    async def _refuse(self, eio_sid: str, namespace: str, reason: dict[str, Any]) -> None:
        packet = self.packet_class(sio.CONNECT_ERROR, reason, namespace=namespace)
        await self._send_packet(eio_sid, packet)

    # Receiving

    async def _handle_eio_message(self, eio_sid: str, data: str | bytes) -> None:  # type: ignore[override]
        """Handle one message to its end. Raises `ProtocolError` where it is malformed."""
        packet = self._completed(eio_sid, data)
        if packet is None:
            return
        kind, namespace = packet.packet_type, packet.namespace
        if kind == sio.CONNECT:
            await self._handle_connect(eio_sid, namespace, packet.data)
        elif not self._is_member(eio_sid, namespace):
            return
        elif kind in (sio.EVENT, sio.BINARY_EVENT):
            await self._handle_event(eio_sid, namespace, packet.id, packet.data)
        elif kind == sio.DISCONNECT:
            await self._handle_disconnect(eio_sid, namespace, self.reason.CLIENT_DISCONNECT)
        else:
            await self._handle_ack(eio_sid, namespace, packet.id, packet.data)

    def _completed(self, eio_sid: str, data: str | bytes) -> StrictPacket | None:
        """The packet, if nothing of it is missing any more."""
        announced = self._binary_packet.get(eio_sid)
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

    def _is_member(self, eio_sid: str, namespace: str) -> bool:
        peer = self._peers[eio_sid]
        if namespace not in peer.accepted and namespace not in peer.left:
            raise ProtocolError("Not connected to this namespace")
        return namespace in peer.accepted

    async def _handle_event(self, eio_sid: str, namespace: str, id: int | None, data: list[Any]) -> None:
        sid = self.manager.sid_from_eio_sid(eio_sid, namespace)
        answer = await self._trigger_event(data[0], namespace, sid, *data[1:])
        if id is not None and answer is not self.not_handled:
            # As in python-socketio, a tuple is several arguments.
            arguments = list(answer) if isinstance(answer, tuple) else [] if answer is None else [answer]
            self._acknowledge(eio_sid, namespace, id, arguments)

    def _acknowledge(self, eio_sid: str, namespace: str, id: int, arguments: list[Any]) -> None:
        if self.packet_class.uses_binary_events:
            self._send(eio_sid, self.packet_class(sio.ACK, arguments, namespace, id))
        else:
            # Nothing in it can be binary, so that nothing has to be taken out of it.
            place = "" if namespace == "/" else f"{namespace},"
            self.send_frame(eio_sid, f"{_ACK}{place}{id}{self.packet_class.json.dumps(arguments)}")

    async def _handle_ack(self, eio_sid: str, namespace: str, id: int, data: list[Any]) -> None:
        # python-socketio counts from 1 and keeps the counter itself under 0.
        if id == 0:
            raise ProtocolError("No acknowledgement has this id")
        await super()._handle_ack(eio_sid, namespace, id, data)

    async def _trigger_event(self, event: str, namespace: str, *args: Any) -> Any:
        if event == "disconnect":
            return await self._tell_disconnect(namespace, *args)
        handler, arguments = self._get_event_handler(event, namespace, args)
        if handler is None:
            return await super()._trigger_event(event, namespace, *args)
        answer = handler(*arguments)
        return await answer if inspect.isawaitable(answer) else answer

    async def _tell_disconnect(self, namespace: str, *args: Any) -> Any:
        try:
            return await super()._trigger_event("disconnect", namespace, *args)
        except Exception:
            # The client is gone all the same: its rooms have to be left.
            log.exception("disconnect_handler_failed", namespace=namespace)
            return None

    # Leaving

    async def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:
        """Put a client out of a namespace for good: the stock client does not come back by itself.

        To have it come back, use `close_transport`.
        """
        namespace = namespace or "/"
        peer = self._peers.get(self.manager.eio_sid_from_sid(sid, namespace))
        if peer is not None and namespace in peer.accepted:
            self._part(peer, namespace)
            peer.left |= {namespace}
        await super().disconnect(sid, namespace, ignore_queue)

    async def _handle_disconnect(self, eio_sid: str, namespace: str, reason: str | None = None) -> None:
        self._part(self._peers[eio_sid], namespace)
        await super()._handle_disconnect(eio_sid, namespace, reason)

    def _part(self, peer: Peer, namespace: str) -> None:
        peer.leave(namespace)
        self._expect_namespace(peer)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:  # type: ignore[override]
        peer = self._peers.get(eio_sid)
        if peer is None:
            return
        for namespace in peer.accepted:
            await self._handle_disconnect(eio_sid, namespace, reason)
        self._binary_packet.pop(eio_sid, None)
        self.environ.pop(eio_sid, None)
        del self._peers[eio_sid]

    def close_transport(self, sid: str, namespace: str = "/") -> None:
        """Close the connection under a client, which comes back by itself. Cut, if the client does not read."""
        socket = self.engine_socket(self.manager.eio_sid_from_sid(sid, namespace))
        if socket is not None:
            socket.terminate(self.reason.SERVER_DISCONNECT)

    async def drain(self, seconds: float) -> None:
        """Refuse new clients (503) and close the connections of the present ones, spread over the time."""
        await self.eio.drain(seconds)
