"""Links of files: signed, expiring addresses that need no access token, for players and for elements of pages.

The address of a link is the address of the file with `?signature=`. It belongs to the login session that asked for it;
rights are checked when the link is made, and each time it is used.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils.http import urlencode
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.models import User
from accounts.selectors import user_of_session
from accounts.services import Identity
from foundation import clock
from foundation.errors import NotFound
from foundation.ids import parse_id
from messaging.uploads.services import NO_FILE, read_upload

PARAMETER = "signature"
ACTIONS = {"retrieve": "file", "thumbnail": "thumbnail"}
"""The actions of the view set that links can open, and the word for each in a signature."""
_signer = Signer(salt="messaging.uploads.links")


@dataclass(frozen=True)
class FileLink:
    url: str
    """Relative to the address of this server."""
    expires_at: datetime


@dataclass(frozen=True)
class LinkIdentity(Identity):
    """The user who asked for the link, and whether browsers are to save the file and not to show it."""

    download: bool


def make_link(*, identity: Identity, upload_id: object, thumbnail: bool, download: bool) -> FileLink:
    """Return a link of a file, or of its thumbnail. Raises `NotFound` as `read_upload` does."""
    read_upload(user=identity.user, upload_id=upload_id, thumbnail=thumbnail)
    expires_at = clock.now() + timedelta(seconds=settings.MEDIA_LINK_SECONDS)
    path, action = f"/api/uploads/{parse_id(upload_id)}", "retrieve"
    if thumbnail:
        path, action = f"{path}/thumbnail", "thumbnail"
    signed = [str(parse_id(upload_id)), ACTIONS[action], str(identity.session_id), expires_at.timestamp(), download]
    return FileLink(f"{path}?{urlencode({PARAMETER: _signer.sign_object(signed)})}", expires_at)


class LinkAuthentication(BaseAuthentication):
    """Authenticates by the signature in the address of a link. `request.auth` is a `LinkIdentity`.

    Raises `NotFound` for a wrong or expired signature, and after the end of the login session.
    """

    def authenticate(self, request: Request) -> tuple[User, LinkIdentity] | None:
        context = request.parser_context
        signature = request.query_params.get(PARAMETER)
        if signature is None:
            return None
        identity = _identity(signature, parse_id(context["kwargs"]["pk"]), ACTIONS[context["view"].action])
        return identity.user, identity


def _identity(signature: str, upload_id: object, action: str) -> LinkIdentity:
    try:
        signed_id, signed_action, session, expires, download = _signer.unsign_object(signature)
    except BadSignature:
        raise NotFound(NO_FILE) from None
    session_id, expires_at = uuid.UUID(session), datetime.fromtimestamp(expires, UTC)
    if [signed_id, signed_action] != [str(upload_id), action] or expires_at <= clock.now():
        raise NotFound(NO_FILE)
    user = user_of_session(session_id)
    if user is None:
        raise NotFound(NO_FILE)
    return LinkIdentity(user, session_id, expires_at, download)


class LinkScheme(OpenApiAuthenticationExtension):
    target_class = LinkAuthentication
    name = "link"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "query", "name": PARAMETER}
