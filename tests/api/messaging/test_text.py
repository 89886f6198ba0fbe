"""Valid and invalid texts and media URLs."""

import json

import pytest

from messaging.models import Message
from tests.api.shapes import refused


@pytest.fixture
def chat(brand, influencer) -> str:
    return brand.opens_chat_with(influencer)


TAKEN = [
    ("x", "x"),
    ("  padded \t\r\n", "padded"),
    ("\ufeff\u3000 both \u00a0\ufeff\u2003", "both"),
    ("two\n\n  lines\t", "two\n\n  lines"),
    ("in\ufeffside \u200b stays", "in\ufeffside \u200b stays"),
    ("a\x07bell", "a\x07bell"),
    ("\u200bx\u200b", "\u200bx\u200b"),
    ("e\u0301 is not \u00e9", "e\u0301 is not \u00e9"),
    ("👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"),
    ('<script>alert(1)</script> & "quotes"', '<script>alert(1)</script> & "quotes"'),
    ("مرحبا 你好 नमस्ते", "مرحبا 你好 नमस्ते"),
    ("x" * 5000, "x" * 5000),
    ("😀" * 5000, "😀" * 5000),
    (" " * 100 + "x" * 5000 + " " * 100, "x" * 5000),
]

REFUSED = [
    "",
    " \t\r\n",
    "\ufeff",
    "\u3000\u2003\u00a0",
    "\u200b\u200d\u2060",
    "\x01\x02",
    "\u202e",
    "\u00ad",
    "\u2800",
    "\u3164\u3164",
    "\u2800 \uffa0\u034f",
    "\ufe0f\U000e0041",
    "\ue000",
    "\ufdd0",
    "\u0378",
    "NUL \x00 inside",
    "x" * 5001,
    "😀" * 5001,
]


@pytest.mark.parametrize(("sent", "kept"), TAKEN, ids=range(len(TAKEN)))
def test_text_is_trimmed_and_then_kept_exactly(brand, chat, sent, kept):
    message = brand.says(chat, sent)
    assert message["message"] == kept
    assert brand.reads(f"/api/messages/{message['id']}")["message"]["message"] == kept
    changed = brand.api.patch(f"/api/messages/{message['id']}", {"message": sent})
    assert changed.json()["message"]["message"] == kept


@pytest.mark.parametrize("sent", REFUSED, ids=range(len(REFUSED)))
def test_invalid_text_is_refused_everywhere(brand, chat, influencer, sent):
    message = brand.says(chat, "first")
    opening = {"conversation_type": "bid", "influencer_id": influencer.id, "message": sent}
    for answer in (
        brand.api.post("/api/messages", {"conversation_id": chat, "message": sent}),
        brand.api.post(f"/api/conversations/{chat}/messages", {"message": sent}),
        brand.api.patch(f"/api/messages/{message['id']}", {"message": sent}),
        brand.api.post("/api/conversations", opening),
    ):
        refused(answer, 400, "invalid", "message")
    assert Message.objects.get().message == "first"


def test_a_surrogate_pair_is_one_character_and_a_lone_surrogate_is_invalid(brand, chat):
    body = json.dumps({"conversation_id": chat, "message": "😀"}, ensure_ascii=True).encode()
    assert b"\\ud83d\\ude00" in body
    assert brand.api.post("/api/messages", body).json()["message"]["message"] == "😀"
    for half in (b"\\ud83d", b"\\ude00", b"\\ude00\\ud83d"):
        refused(brand.api.post("/api/messages", body.replace(b"\\ud83d\\ude00", half)), 400, "invalid", "message")
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com",
        "https://example.com/a%20b.jpg?x=1&y=2#z",
        "HTTPS://EXAMPLE.COM/",
        "https://example.com:8443/",
        "https://[2001:db8::1]/a.jpg",
        "https://bücher.example/ä.jpg",
        "https://example.com/" + "a" * 1980,
    ],
)
def test_valid_media_urls(brand, chat, address):
    assert brand.says(chat, "Look", media_url=address)["media_url"] == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "example.com",
        "//example.com/a.jpg",
        "/a.jpg",
        "ftp://example.com/a.jpg",
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "file:///etc/passwd",
        "http://",
        "http:///a.jpg",
        "https://user:secret@example.com/",
        "https://example.com/a b.jpg",
        "https://example.com/\na.jpg",
        "https://example.com/\x00",
        "https://[::1",
        " https://example.com/",
        "https://example.com/" + "a" * 1981,
        5,
        ["https://example.com/"],
    ],
)
def test_invalid_media_urls(brand, chat, address):
    answer = brand.api.post("/api/messages", {"conversation_id": chat, "message": "Look", "media_url": address})
    refused(answer, 400, "invalid", "media_url")
    assert not Message.objects.exists()
