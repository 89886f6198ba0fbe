"""The socket command `authenticate`, which every application has. Applications declare their other commands in their
own `socket_commands` modules."""

from typing import Annotated

from pydantic import Field

from foundation.database.executor import in_database
from foundation.errors import DomainError, Forbidden
from foundation.schemas import RequestSchema, Schema, Timestamp
from realtime.declarations import Caller, Command, registry
from realtime.hooks import application_hooks
from realtime.socket_gateway import gateway


class AuthenticateRequest(RequestSchema):
    token: Annotated[str, Field(strict=True)]


class AuthenticateResponse(Schema):
    expires_at: Timestamp


async def authenticate(caller: Caller, request: AuthenticateRequest) -> AuthenticateResponse:
    identity = (await in_database(application_hooks().authenticate, [request.token]))[0]
    if isinstance(identity, DomainError):
        raise identity
    if identity.user.pk != caller.user_id:
        raise Forbidden("The token belongs to another user.")
    gateway.renew(caller, identity)
    return AuthenticateResponse(expires_at=identity.expires_at)


registry.command(
    Command(
        name="authenticate",
        request=AuthenticateRequest,
        response=AuthenticateResponse,
        handler=authenticate,
        summary="Replaces the access token of the socket with a newer token of the same user. Required before the "
        "token expires, if SOCKET_TOKEN_POLICY is strict.",
        example={"token": "eyJhbGciOi…"},
        bare="token",
    )
)
