"""What the decoder is asked to do, and what it answers."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Job:
    """`source` is the path of the file, `folder` the folder for results. `max_pixels` is the largest picture that is
    decoded in full. `exiftool` is the path of the program, or "". The limits are in megabytes and seconds."""

    source: str
    content_type: str
    folder: str
    max_pixels: int
    megabytes: int
    seconds: int
    exiftool: str

    @property
    def cleaned(self) -> Path:
        """The file without metadata."""
        return Path(self.folder, "cleaned")

    @property
    def thumbnail(self) -> Path:
        return Path(self.folder, "thumbnail")

    @property
    def rendition(self) -> Path:
        return Path(self.folder, "rendition")


@dataclass
class Result:
    """`metadata_removed` says that `Job.cleaned` was written. `rendition_type` is the content type of `Job.rendition`,
    or "" if there is none. `fault` is the type of the error that ended the decoding, or ""."""

    metadata_removed: bool = False
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    placeholder: str = ""
    has_thumbnail: bool = False
    rendition_type: str = ""
    fault: str = ""
