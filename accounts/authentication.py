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


def bearer_token(request: Request) -> str | None:
    """Return the token in `Authorization: Bearer <token>`, or None if the header is absent or has another scheme."""
    return token_in(get_authorization_header(request).decode("latin-1"))


def token_in(authorization: str) -> str | None:
    """Return the token in the value of an `Authorization` header, or None if it is empty or has another scheme."""
    scheme, _, token = authorization.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


class SessionJWTAuthentication(BaseAuthentication):
    """Authenticates by `Authorization: Bearer <access token>` (RFC 6750, section 2.1). Without cookies, CSRF is
    impossible.

    `request.user` is the user and `request.auth` the `Identity`.
    """

    def authenticate(self, request: Request) -> tuple[User, Identity] | None:
        token = bearer_token(request)
        if token is None:
            return None
        identity = authenticate_token(token)
        return identity.user, identity

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class SessionJWTScheme(OpenApiAuthenticationExtension):
    target_class = SessionJWTAuthentication
    name = "access_token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
