"""The declarations of the settings of files, a group of `stoory.configuration`."""

from pydantic import Field

from stoory.env import Derived, Environment, Folder, Number, Whole

MEGABYTE = 1024 * 1024
REQUEST_HEADERS = (
    *("if-range", "range", "tus-resumable", "upload-length", "upload-metadata", "upload-offset"),
    *("x-http-method-override", "x-request-id"),
)
"""Headers of requests about files that pages of other origins can send."""
RESPONSE_HEADERS = (
    *("Accept-Ranges", "Content-Disposition", "Content-Range", "ETag", "Location", "Tus-Extension", "Tus-Max-Size"),
    *("Tus-Resumable", "Tus-Version", "Upload-Expires", "Upload-Length", "Upload-Offset"),
)
"""Headers of responses about files that pages of other origins can read."""


class Files(Environment):
    """Files"""

    MAX_UPLOAD_MEGABYTES: Whole = Field(1024, ge=1)
    """The largest file that can be uploaded, whatever its type. Checked before the file is received"""
    MAX_PICTURE_MEGABYTES: Whole = Field(25, ge=1)
    """The largest picture"""
    MAX_AUDIO_MEGABYTES: Whole = Field(50, ge=1)
    """The largest audio file or voice note"""
    MAX_VIDEO_MEGABYTES: Whole = Field(1024, ge=1)
    """The largest video"""
    MAX_FILE_MEGABYTES: Whole = Field(100, ge=1)
    """The largest file of any other type"""
    UPLOAD_QUOTA_GB: Number = Field(10.0, ge=0.001)
    """Gigabytes of files that one user can have stored"""
    MEDIA_LINK_SECONDS: Whole = Field(300, ge=10, le=86_400)
    """How long a link of a file is valid. A link is an address that needs no access token"""
    TRANSFER_STALL_SECONDS: Number = Field(30.0, ge=1)
    """The connection of a client that takes or sends no byte of a file for this time is closed"""
    INCOMING_DIR: Folder = Field(
        default_factory=Derived("`incoming` in `DATA_DIR`", lambda values: values["DATA_DIR"] / "incoming", "")
    )
    """Folder of incomplete uploads and temporary files, on the disk of `DATA_DIR` if possible"""
