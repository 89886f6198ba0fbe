"""Events that exist only in tests."""

from foundation.schemas import Schema
from realtime import Event


class NotePayload(Schema):
    text: str


NOTE = Event(name="note", payload=NotePayload, room="room", when="never", logged=True, example={"text": "a"})
WHISPER = Event(name="whisper", payload=NotePayload, room="room", when="never", logged=False, example={"text": "a"})


def note(text: str) -> NotePayload:
    return NotePayload(text=text)
