"""What an upload is to the people who see it, and how far its processing has come."""

from typing import Literal

Kind = Literal["picture", "video", "audio", "voice", "file"]
Status = Literal["pending", "ready", "refused"]

PENDING: Status = "pending"
READY: Status = "ready"
REFUSED: Status = "refused"
_KINDS: dict[str, Kind] = {"image": "picture", "video": "video", "audio": "audio"}


def kind_of(content_type: str, *, is_voice: bool) -> Kind:
    """Return the kind of a file. `is_voice` says that its owner recorded it as a voice note; other files than audio
    are never voice notes."""
    kind = _KINDS.get(content_type.partition("/")[0], "file")
    return "voice" if is_voice and kind == "audio" else kind
