"""Files that tests send, and how a user sends them."""

import math
import wave
from io import BytesIO
from typing import Any

from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image
from playwright.async_api import Locator, expect

from tests.harness.people import Person
from tests.web.tabs import Tab

PDF = b"%PDF-1.4\n%%EOF\n"


def picture(width: int = 640, height: int = 480, color: str = "teal", form: str = "JPEG", **more: Any) -> bytes:
    file = BytesIO()
    Image.new("RGB", (width, height), color).save(file, form, **more)
    return file.getvalue()


def sound(seconds: float, rate: int = 8000) -> bytes:
    """Return a tone as a WAV file of 8 bits a sample."""
    file = BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 1, rate, 0, "NONE", ""))
        out.writeframes(bytes(128 + int(60 * math.sin(at / 3)) for at in range(int(seconds * rate))))
    return file.getvalue()


def chosen(name: str, content: bytes, kind: str = "image/jpeg") -> dict[str, Any]:
    """Return a file for the file chooser."""
    return {"name": name, "mimeType": kind, "buffer": content}


def uploads(who: Person, name: str, content: bytes, **fields: str) -> str:
    """Upload a file over REST and return its id."""
    file = BytesIO(content)
    file.name = name
    body = encode_multipart(BOUNDARY, {"file": file, **fields})
    answer = who.api.post("/api/uploads", body, content_type=MULTIPART_CONTENT)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["upload"]["id"])


async def choose(tab: Tab, *files: dict[str, Any]) -> None:
    await tab.loaded()
    await tab.find(".composer input[type=file]").set_input_files(list(files))


async def send(tab: Tab) -> None:
    await tab.page.get_by_role("button", name="Send").click()


async def is_drawn(image: Locator) -> None:
    """Scroll to a picture, and wait until it is decoded."""
    await image.locator("xpath=..").scroll_into_view_if_needed()
    await expect(image).to_be_visible()
    await image.evaluate("image => image.decode()")
    assert await image.evaluate("image => image.naturalWidth") > 0
