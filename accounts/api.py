"""The REST endpoints of accounts."""

from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts import people_search, services
from accounts.authentication import UserRequest, bearer_token
from accounts.own_account import update_account
from accounts.payloads import PersonPayload, UserPayload
from accounts.rate_limits import count_login_attempt, forget_login_attempt, limit_people_search, limit_registration
from accounts.requests import (
    ChangePasswordRequest,
    LoginRequest,
    LogoutRequest,
    PeopleQuery,
    RegistrationRequest,
    TokenRefreshRequest,
    UpdateAccountRequest,
)
from accounts.responses import EmptyResponse, LoginResponse, PeoplePage, TokensResponse, UserResponse
from accounts.services import LoginResult
from foundation.addresses import client_address
from foundation.openapi import Problem, describe
from foundation.rest import success_response


def login_response(result: LoginResult, status: int = 200) -> Response:
    user = UserPayload.model_validate(result.user)
    response = success_response(status, user=user, access=result.access, refresh=result.refresh)
    return no_store(response)


def no_store(response: Response) -> Response:
    """Forbid caches to store a response with tokens (RFC 6749, section 5.1)."""
    response["Cache-Control"] = "no-store"
    return response


class AuthViewSet(ViewSet):
    """Registration, login, token refresh and logout. These endpoints need no access token. Only the logout reads one,
    because nobody may end the session of another user."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @describe("Create an account and log in", request=RegistrationRequest, responses={201: LoginResponse})
    def register(self, request: Request) -> Response:
        limit_registration(client_address(request))
        data = RegistrationRequest.parse(request.data)
        return login_response(services.register(**data.model_dump()), status=201)

    @describe("Log in", request=LoginRequest, responses={200: LoginResponse})
    def log_in(self, request: Request) -> Response:
        data, address = LoginRequest.parse(request.data), client_address(request)
        count_login_attempt(data.email, address)
        result = services.log_in(email=data.email, password=data.password)
        forget_login_attempt(data.email, address)
        return login_response(result)

    @describe(
        "Renew the tokens; each refresh token works once", request=TokenRefreshRequest, responses={200: TokensResponse}
    )
    def refresh(self, request: Request) -> Response:
        """If the answer is lost, the same refresh token returns the same new tokens for `REFRESH_GRACE_SECONDS`. Later
        reuse ends the login session."""
        data = TokenRefreshRequest.parse(request.data)
        pair = services.refresh(refresh=data.refresh, address=client_address(request))
        return no_store(success_response(access=pair.access, refresh=pair.refresh))

    @describe("End this login session, or all of them", request=LogoutRequest, responses={200: EmptyResponse})
    def log_out(self, request: Request) -> Response:
        services.log_out(**LogoutRequest.parse(request.data).model_dump(), access=bearer_token(request))
        return success_response()


class OwnAccountViewSet(ViewSet):
    """The account of the current user."""

    @describe("Read the current user's account", responses={200: UserResponse})
    def me(self, request: UserRequest) -> Response:
        return success_response(user=UserPayload.model_validate(request.user))

    @describe("Change the current user's account", request=UpdateAccountRequest, responses={200: UserResponse})
    def update_me(self, request: UserRequest) -> Response:
        update_account(user=request.user, **UpdateAccountRequest.parse(request.data).model_dump())
        return success_response(user=UserPayload.model_validate(request.user))

    @describe(
        "Change the password, end all login sessions and begin a new login session",
        request=ChangePasswordRequest,
        responses={200: LoginResponse},
    )
    def change_password(self, request: UserRequest) -> Response:
        data, address = ChangePasswordRequest.parse(request.data), client_address(request)
        count_login_attempt(request.user.email, address)
        result = services.change_password(user=request.user, session_id=request.auth.session_id, **data.model_dump())
        forget_login_attempt(request.user.email, address)
        return login_response(result)


class PeopleViewSet(ViewSet):
    """Other users, found by name or e-mail address."""

    @describe(
        "Find people by name or address",
        query=PeopleQuery,
        responses={200: PeoplePage},
        errors={404: Problem},
    )
    def list(self, request: UserRequest) -> Response:
        """The address of a user who cannot be found has the same response as an unknown address. If the search is
        switched off on this server, the status is 404."""
        people_search.require_search()
        limit_people_search(request.user)
        page = people_search.find_people(user=request.user, query=PeopleQuery.of(request))
        return success_response(**page.mapped(lambda found: [PersonPayload.model_validate(one) for one in found]))
