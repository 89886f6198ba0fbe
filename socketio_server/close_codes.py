"""The WebSocket close codes of this server (RFC 6455, 7.4.1; 1012 is from IANA's registry).

A client receives the code in its `close` event. The server logs it at level DEBUG, as `session_ended` with the reason.

| Code | When | Where |
|---|---|---|
| 1000 | the client ended the session, or did not answer a ping in time | `heartbeat` |
| 1000 | the application closed the session, for example when its access token expired | `realtime.token_expiry` |
| 1002, 1007 | a frame breaks RFC 6455, or its text is not UTF-8 | `websocket_frames` |
| 1003 | binary data, which this server does not accept | `session_server` |
| 1008 | a packet breaks Engine.IO or Socket.IO, or an upgrade or a body took too long | `engine_server` |
| 1009 | a message or a body is too large | `engine_server`, `websocket_frames` |
| 1012 | the server shuts down | `session_server` |
| none (TCP reset) | the client did not read what was sent to it | `slow_readers` |
"""

NORMAL_CLOSURE = 1000
PROTOCOL_ERROR = 1002
UNSUPPORTED_DATA = 1003
ABNORMAL_CLOSURE = 1006
INVALID_PAYLOAD = 1007
POLICY_VIOLATION = 1008
MESSAGE_TOO_BIG = 1009
SERVICE_RESTART = 1012
