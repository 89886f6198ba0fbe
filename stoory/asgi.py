"""The ASGI application: Socket.IO at `/socket.io/`, and Django at all other paths."""

import os
import tempfile

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stoory.settings")

import django
from django.conf import settings

django.setup(set_prefix=False)

from foundation import garbage_collection  # noqa: E402
from realtime import gateway  # noqa: E402
from socketio_server import SocketApp  # noqa: E402
from stoory.asgi_handler import Handler  # noqa: E402
from stoory.body_limit import BodyLimit  # noqa: E402
from stoory.checks import refuse_dangerous_settings  # noqa: E402
from stoory.cross_origin import CrossOrigin  # noqa: E402
from stoory.upload_bodies import UploadBodies  # noqa: E402


async def _start() -> None:
    garbage_collection.tune()
    await gateway.start()


tempfile.tempdir = str(settings.INCOMING_DIR)  # Django stores request bodies in temporary files
refuse_dangerous_settings()
application = SocketApp(
    gateway.sio,
    CrossOrigin(BodyLimit(Handler(), limit=settings.MAX_REQUEST_BODY, large=UploadBodies())),
    trusted_proxies=settings.TRUSTED_PROXIES,
    on_startup=_start,
    on_shutdown=gateway.stop,
)
