"""Photos and videos as phones make them."""

import struct
from io import BytesIO
from pathlib import Path

import av
import pillow_heif
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

SERIAL = "SN-4711-0815"


def video(seconds: float = 1, size: tuple[int, int] = (320, 180)) -> bytes:
    """Return a video that Chromium plays."""
    file = BytesIO()
    with av.open(file, "w", format="mp4") as out:
        stream = out.add_stream("libvpx-vp9", rate=10)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(int(seconds * 10)):
            frame = av.VideoFrame.from_image(Image.new("RGB", size, (number * 20 % 256, 90, 120)))
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return file.getvalue()


def write_padded(path: Path, content: bytes, size: int) -> Path:
    """Write an MP4 file of `size` bytes: the content, and a box without meaning behind it."""
    with path.open("wb") as file:
        file.write(content + struct.pack(">I4s", size - len(content), b"free"))
        file.truncate(size)
    return path


def photo_of_a_phone(width: int = 1200, height: int = 900) -> bytes:
    """Return a HEIC photo with a place and the serial number `SERIAL` of a camera."""
    exif = Image.Exif()
    exif.get_ifd(IFD.Exif)[Base.BodySerialNumber] = SERIAL
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSAreaInformation] = SERIAL
    heif = pillow_heif.from_pillow(Image.radial_gradient("L").convert("RGB").resize((width, height)))
    file = BytesIO()
    heif.save(file, exif=exif.tobytes())
    return file.getvalue()
