"""Says in words what is attached to a message, where its text cannot be shown because it is empty."""

from collections.abc import Iterable

from django.utils.translation import gettext, ngettext

from messaging.models import Upload


def describe_attachments(uploads: Iterable[Upload]) -> str:
    """Return what the uploads of a message are, such as "Photo", "2 videos" or "3 files", in the current language.

    Returns the empty text if there are no uploads.
    """
    kinds = [upload.kind for upload in uploads]
    if len(kinds) == 1:
        return _one(kinds[0])
    return _several(kinds[0] if len(set(kinds)) == 1 else "file", len(kinds)) if kinds else ""


def _one(kind: str) -> str:
    words = {
        "picture": gettext("Photo"),
        "video": gettext("Video"),
        "audio": gettext("Audio"),
        "voice": gettext("Voice message"),
    }
    return words.get(kind) or gettext("File")


def _several(kind: str, count: int) -> str:
    words = {
        "picture": ngettext("%(count)d photo", "%(count)d photos", count),
        "video": ngettext("%(count)d video", "%(count)d videos", count),
        "audio": ngettext("%(count)d audio file", "%(count)d audio files", count),
        "voice": ngettext("%(count)d voice message", "%(count)d voice messages", count),
    }
    return (words.get(kind) or ngettext("%(count)d file", "%(count)d files", count)) % {"count": count}
