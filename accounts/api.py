"""The REST doors to accounts."""

from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts import people_search, services
from accounts.authentication import UserRequest
from accounts.payloads import PersonPayload, UserPayload
from accounts.rate_limits import begin_login, forgive_login, limit_people_search, limit_registration
from accounts.requests import ChangePassword, LogIn, LogOut, Refresh, Register, UpdateAccount
from accounts.responses import DoneAnswer, LoggedInAnswer, PeoplePage, TokensAnswer, UserAnswer
from accounts.services import LoggedIn
from foundation.addresses import client_address
from foundation.openapi import PAGINATION, Problem, describe, query_parameter
from foundation.query_params import limit_param
from foundation.rest import success_response


def logged_in(result: LoggedIn, status: int = 200) -> Response:
    user = UserPayload.model_validate(result.user)
    response = success_response(status, user=user, access=result.access, refresh=result.refresh)
    return uncached(response)


def uncached(response: Response) -> Response:
    """Answers with tokens are kept by nobody (RFC 6749, 5.1)."""
    response["Cache-Control"] = "no-store"
    return response


class DoorViewSet(ViewSet):
    """How one comes in and goes out: no access token is asked for, nor looked at."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @describe("Create an account and log in", request=Register, responses={201: LoggedInAnswer})
    def register(self, request: Request) -> Response:
        limit_registration(client_address(request))
        given = Register.parse(request.data)
        return logged_in(services.register(**given.model_dump()), status=201)

    @describe("Log in", request=LogIn, responses={200: LoggedInAnswer})
    def log_in(self, request: Request) -> Response:
        given, address = LogIn.parse(request.data), client_address(request)
        begin_login(given.email, address)
        result = services.log_in(email=given.email, password=given.password)
        forgive_login(given.email, address)
        return logged_in(result)

    @describe("Renew the tokens; a refresh token works once", request=Refresh, responses={200: TokensAnswer})
    def refresh(self, request: Request) -> Response:
        pair = services.refresh(refresh=Refresh.parse(request.data).refresh)
        return uncached(success_response(access=pair.access, refresh=pair.refresh))

    @describe("End this login session, or all of them", request=LogOut, responses={200: DoneAnswer})
    def log_out(self, request: Request) -> Response:
        services.log_out(**LogOut.parse(request.data).model_dump())
        return success_response()


class OwnAccountViewSet(ViewSet):
    """The account of the one who asks."""

    @describe("Who one is", responses={200: UserAnswer})
    def me(self, request: UserRequest) -> Response:
        return success_response(user=UserPayload.model_validate(request.user))

    @describe("Change one's account", request=UpdateAccount, responses={200: UserAnswer})
    def update_me(self, request: UserRequest) -> Response:
        services.update_account(user=request.user, **UpdateAccount.parse(request.data).model_dump())
        return success_response(user=UserPayload.model_validate(request.user))

    @describe(
        "Change one's password; every login session ends, and a new one begins",
        request=ChangePassword,
        responses={200: LoggedInAnswer},
    )
    def change_password(self, request: UserRequest) -> Response:
        given, address = ChangePassword.parse(request.data), client_address(request)
        begin_login(request.user.email, address)
        result = services.change_password(user=request.user, session_id=request.auth.session_id, **given.model_dump())
        forgive_login(request.user.email, address)
        return logged_in(result)


class PeopleViewSet(ViewSet):
    """Others, as they can be found."""

    @describe(
        "Find people by name or address",
        responses={200: PeoplePage},
        parameters=[
            query_parameter(
                "q",
                "The beginnings of words of the name, or a whole e-mail address",
                kind={"type": "string", "minLength": people_search.SHORTEST, "maxLength": people_search.LONGEST},
                required=True,
            ),
            *PAGINATION,
        ],
        errors={404: Problem},
    )
    def list(self, request: UserRequest) -> Response:
        """An address whose owner may not be found is answered as one that nobody has. Where the server offers no
        search: 404."""
        people_search.require_search()
        limit_people_search(request.user)
        params = request.query_params
        page = people_search.find_people(
            asker=request.user,
            q=people_search.looked_for(params),
            cursor=params.get("cursor"),
            limit=limit_param(params),
        )
        return success_response(**page.mapped(lambda found: [PersonPayload.model_validate(one) for one in found]))
