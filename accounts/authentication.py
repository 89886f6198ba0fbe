"""Authentication of REST requests, only by the access token of a login session."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from accounts.models import User
from accounts.services import Identity, authenticate_token


class UserRequest(Request):
    """The request in a view whose `permission_classes` require a login."""

    user: User
    auth: Identity


class SessionJWTAuthentication(BaseAuthentication):
    """Authenticates by `Authorization: Bearer <access token>` (RFC 6750, section 2.1). Without cookies, CSRF is
    impossible.

    `request.user` is the user and `request.auth` the `Identity`.
    """

    def authenticate(self, request: Request) -> tuple[User, Identity] | None:
        scheme, _, token = get_authorization_header(request).decode("latin-1").strip().partition(" ")
        if scheme.lower() != "bearer":
            return None
        identity = authenticate_token(token.strip())
        return identity.user, identity

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class SessionJWTScheme(OpenApiAuthenticationExtension):
    target_class = SessionJWTAuthentication
    name = "access_token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
