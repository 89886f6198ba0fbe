"""The content types that the decoder reads. The server imports this module; it imports nothing."""

PICTURES = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
    "image/heic": "HEIF",
    "image/bmp": "BMP",
    "image/tiff": "TIFF",
    "image/vnd.adobe.photoshop": "PSD",
}
"""Pillow's format by content type."""
WITH_RENDITION = frozenset({"image/heic", "image/avif", "image/tiff", "image/vnd.adobe.photoshop"})

ISO_MEDIA = ("video/mp4", "video/quicktime", "video/3gpp", "audio/mp4", "audio/3gpp")
MEDIA = {
    **dict.fromkeys(ISO_MEDIA, "mov"),
    **dict.fromkeys(("video/webm", "audio/webm", "video/x-matroska", "audio/x-matroska"), "matroska"),
    **dict.fromkeys(("audio/amr", "audio/amr-wb"), "amr"),
    "audio/mpeg": "mp3",
    "audio/aac": "aac",
    "audio/ogg": "ogg",
    "audio/x-wav": "wav",
}
"""FFmpeg's demuxer by content type. FFmpeg never guesses the format, so that a file cannot choose another demuxer."""

NEVER_WITH_METADATA = frozenset({"image/jpeg", "image/png", "image/webp", "image/heic", "image/avif", *ISO_MEDIA})
"""Files of these types are given to others only after their metadata is removed."""
