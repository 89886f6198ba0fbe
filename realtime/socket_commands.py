"""The command that every product of these rooms has."""

from typing import Annotated

from pydantic import Field

from foundation.database.executor import in_database
from foundation.errors import Forbidden, Refusal
from foundation.schemas import Input, Shape, Timestamp
from realtime.gateway import gateway
from realtime.hooks import product
from realtime.registry import Caller, Command, registry


class Authenticate(Input):
    token: Annotated[str, Field(strict=True)]


class Authenticated(Shape):
    expires_at: Timestamp


async def authenticate(caller: Caller, given: Authenticate) -> Authenticated:
    identity = (await in_database(product().authenticate, [given.token]))[0]
    if isinstance(identity, Refusal):
        raise identity
    if identity.user.pk != caller.user_id:
        raise Forbidden("The token belongs to another user.")
    gateway.renew(caller, identity)
    return Authenticated(expires_at=identity.expires_at)


registry.command(
    Command(
        name="authenticate",
        input=Authenticate,
        answer=Authenticated,
        handler=authenticate,
        does="Gives the socket a newer access token of the same user, before the present one expires; needed only "
        "where SOCKET_TOKEN_POLICY is strict.",
        example={"token": "eyJhbGciOi…"},
        bare="token",
    )
)
