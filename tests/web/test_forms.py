"""Every form and button that changes something: with the server refusing, away, slow, and answering."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.harness.people import PASSWORD, Person, newcomer
from tests.harness.servers import RunningServer
from tests.web.axe import faults
from tests.web.media import choose, chosen, picture
from tests.web.tabs import Tab

REFUSAL = {"success": False, "code": "forbidden", "message": "This is not allowed today."}
AWAY = "The server cannot be reached right now."


@dataclass(frozen=True)
class Form:
    """`prepare(opens, brand, influencer)` returns the tab before the form is submitted.

    `submit(tab)` submits it, and can be called again. `done(tab)` waits for the success. `method` and `address` are
    those of its request.
    """

    method: str
    address: str
    prepare: Callable[..., Awaitable[Tab]]
    submit: Callable[[Tab], Awaitable[None]]
    done: Callable[[Tab], Awaitable[None]]


def press(name: str, within: str = "body", **options: Any) -> Callable[[Tab], Awaitable[None]]:
    async def click(tab: Tab) -> None:
        button = tab.find(within).get_by_role("button", name=name, **options).first
        await button.wait_for()
        # Playwright's `click` would wait until a busy button can be pressed again.
        await button.dispatch_event("click")

    return click


def shows(selector: str, text: str = "", count: int = 1) -> Callable[[Tab], Awaitable[None]]:
    async def check(tab: Tab) -> None:
        await expect(tab.find(selector, has_text=text) if text else tab.find(selector)).to_have_count(count)

    return check


# --- The forms ---


async def _signing_in(opens, brand, _):
    tab = await opens("/sign-in", may_fail=True)
    who = Person.authenticates(tab.url, "register", newcomer("brand_owner", "Anaya"))
    await tab.page.get_by_label("E-mail").fill(who.email)
    await tab.page.get_by_label("Password").fill(PASSWORD)
    return tab


async def _registering(opens, _, __):
    tab = await opens("/register", may_fail=True)
    given = newcomer("influencer", "Tara")
    await tab.page.get_by_label("Name").fill("Tara")
    await tab.page.get_by_label("E-mail").fill(given["email"])
    await tab.page.get_by_label("Password").fill(PASSWORD)
    return tab


async def _at_chat(tab: Tab) -> None:
    await tab.is_at("/chat")


async def _opening(opens, brand, influencer):
    brand.opens_chat_with(influencer)
    tab = await opens("/chat", brand, may_fail=True)
    await tab.page.get_by_role("button", name="New conversation").click()
    await tab.page.get_by_role("combobox", name="With whom").click()
    await tab.page.get_by_role("listbox", name="People").get_by_role("option").click()
    await tab.page.get_by_label("Kind").select_option("bid")
    await tab.page.get_by_label("What it is about").fill("Snack box")
    return tab


async def _account(opens, brand, _):
    tab = await opens("/chat", brand, may_fail=True)
    await tab.page.get_by_role("button", name="Anaya").click()
    return tab


async def _uncheck(tab: Tab) -> None:
    await tab.page.get_by_role("checkbox").click()


def _deal(*steps: tuple[str, str, dict[str, Any]], by: str) -> Callable[..., Awaitable[Tab]]:
    async def prepare(opens, brand, influencer):
        sides = {"brand": brand, "influencer": influencer}
        conversation = brand.opens_bid_with(influencer, title="Snack box")
        for side, action, data in steps:
            answer = sides[side].acts(conversation, action, **data)
            if action == "proceed_to_payment":
                order = answer["payment"]["order_id"]
                brand.calls("POST", f"/api/payments/sandbox/{order}/pay", {})
        tab = await opens(f"/chat/{conversation}", sides[by], may_fail=True)
        await tab.loaded()
        return tab

    return prepare


ACCEPTED = ("influencer", "accept_connection", {})
DETAILS = ("brand", "send_project_details", {"details": "A story."})
PROJECT = ("influencer", "accept_project", {})
PRICE = ("brand", "send_price_offer", {"price": "100"})
AGREED = (ACCEPTED, DETAILS, PROJECT, PRICE, ("influencer", "accept_price", {}))
PAID = (*AGREED, ("brand", "proceed_to_payment", {}))
AT_WORK = (*PAID, ("influencer", "start_work", {}))
SUBMITTED = (*AT_WORK, ("influencer", "submit_work", {"deliverables": "A story", "description": "At dusk"}))
APPROVED = (*SUBMITTED, ("brand", "approve_work", {}))


def filled(prepare: Callable[..., Awaitable[Tab]], opening: str = "", **values: str) -> Callable[..., Awaitable[Tab]]:
    """Open the form with the button `opening`, and fill in the fields with these labels."""

    async def fill(*given: Any) -> Tab:
        tab = await prepare(*given)
        if opening:
            await tab.page.get_by_role("button", name=opening, exact=True).click()
        for label, value in values.items():
            await tab.find(".action-form").get_by_label(label.replace("_", " ")).fill(value)
        return tab

    return fill


def opened(prepare: Callable[..., Awaitable[Tab]], button: str) -> Callable[..., Awaitable[Tab]]:
    async def click(*given: Any) -> Tab:
        tab = await prepare(*given)
        await tab.page.get_by_role("button", name=button, exact=True).click()
        await expect(tab.page.get_by_role("dialog")).to_be_visible()
        return tab

    return click


async def _editing(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    brand.says(conversation, "Shall we meat?")
    tab = await opens(f"/chat/{conversation}", brand, may_fail=True)
    await tab.messages.first.hover()
    await tab.page.get_by_role("button", name="Edit").click()
    await tab.composer.fill("Shall we meet?")
    return tab


async def _deleting(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    brand.says(conversation, "Never mind")
    tab = await opens(f"/chat/{conversation}", brand, may_fail=True)
    await expect(tab.words).to_have_count(1)
    return tab


async def _delete(tab: Tab) -> None:
    await tab.messages.first.hover()
    await tab.page.get_by_role("button", name="Delete").click()
    await tab.page.get_by_role("dialog").get_by_role("button", name="Delete").click()


async def _notified(opens, brand, influencer):
    influencer.says(brand.opens_chat_with(influencer), "Hello")
    tab = await opens("/chat", brand, may_fail=True)
    await tab.page.get_by_role("button", name="Notifications, 1 unread").click()
    return tab


async def _receipt(opens, brand, influencer):
    tab = await _deal(*PAID, by="brand")(opens, brand, influencer)
    await tab.find(".deal").get_by_role("link", name="Receipt").click()
    await expect(tab.page.get_by_role("heading", name="Receipt")).to_be_visible()
    return tab


async def _describing(opens, brand, influencer):
    tab = await opens(f"/chat/{brand.opens_chat_with(influencer)}", brand, may_fail=True)
    await choose(tab, chosen("photo.jpg", picture()))
    await expect(tab.find(".chip.sent")).to_have_count(1)
    await tab.find(".chip").get_by_role("button", name="Describe").click()
    await tab.page.get_by_label("Description").fill("Snacks in a box")
    return tab


async def _nothing(tab: Tab) -> None:
    await expect(tab.page.get_by_role("alert").filter(visible=True)).to_have_count(0)


WAITING = shows(".action-panel", "Waiting for")
FORMS = {
    "sign in": Form("POST", "**/auth/token", _signing_in, press("Sign in", exact=True), _at_chat),
    "register": Form("POST", "**/auth/register", _registering, press("Create account"), _at_chat),
    "new conversation": Form("POST", "**/api/conversations", _opening, press("Start"), shows(".conversation-header")),
    "account": Form("PATCH", "**/auth/me", _account, _uncheck, shows("dialog [role=status]", "Saved.")),
    "action without input": Form(
        "POST", "**/actions", _deal(by="influencer"), press("Accept", ".action-panel"), WAITING
    ),
    "action that is confirmed": Form(
        "POST",
        "**/actions",
        filled(_deal(by="influencer"), "Decline", Reason="No time"),
        press("Decline", ".action-form"),
        shows(".action-panel", "This conversation is closed."),
    ),
    "details": Form(
        "POST",
        "**/actions",
        filled(_deal(ACCEPTED, by="brand"), Project_details="A story."),
        press("Send", ".action-form"),
        WAITING,
    ),
    "price": Form(
        "POST",
        "**/actions",
        filled(_deal(ACCEPTED, DETAILS, PROJECT, by="brand"), Price="100"),
        press("Send", ".action-form"),
        WAITING,
    ),
    "order": Form(
        "POST",
        "**/actions",
        _deal(*AGREED, by="brand"),
        press("Proceed to payment", ".action-panel"),
        shows("dialog [data-pay]"),
    ),
    "payment": Form(
        "POST", "**/pay", opened(_deal(*AGREED, by="brand"), "Proceed to payment"), press("Pay", "dialog"), WAITING
    ),
    "work": Form(
        "POST",
        "**/actions",
        filled(_deal(*AT_WORK, by="influencer"), "Submit work", Deliverables="A story", Description="At dusk"),
        press("Submit work", "dialog form"),
        WAITING,
    ),
    "revision": Form(
        "POST",
        "**/actions",
        filled(_deal(*SUBMITTED, by="brand"), "Request a revision", What_should_change="Longer"),
        press("Request a revision", ".action-form"),
        WAITING,
    ),
    "closing": Form(
        "POST",
        "**/actions",
        filled(_deal(*APPROVED, by="brand"), "Close conversation", Reason="Done"),
        press("Close conversation", "dialog form"),
        shows(".action-panel", "This conversation is closed."),
    ),
    "edit": Form("PATCH", "**/api/messages/*", _editing, press("Send"), shows(".meta", "edited")),
    "delete": Form("DELETE", "**/api/messages/*", _deleting, _delete, shows(".words", "This message was deleted.")),
    "read all": Form(
        "POST", "**/read-all", _notified, press("Mark all as read"), shows(".notification.unread", count=0)
    ),
    "receipt": Form("GET", "**/receipt", _receipt, press("Download PDF"), _nothing),
    "description": Form("PATCH", "**/api/uploads/*", _describing, press("Save", "dialog"), shows("dialog", count=0)),
}


class Server:
    """Answers the requests of a form as it is told, and counts them."""

    def __init__(self, method: str) -> None:
        self.method = method
        self.mode = "refuses"
        self.arrived = 0
        self.released = asyncio.Event()

    async def __call__(self, route: Route) -> None:
        if route.request.method != self.method:
            await route.continue_()
            return
        self.arrived += 1
        if self.mode == "refuses":
            await route.fulfill(status=403, json=REFUSAL)
        elif self.mode == "away":
            await route.abort()
        else:
            await self.released.wait()
            await route.continue_()


@pytest.mark.parametrize("name", FORMS)
async def test_a_form_says_what_happened_and_can_be_sent_again(opens, site: RunningServer, brand, influencer, name):
    form = FORMS[name]
    tab = await form.prepare(opens, brand, influencer)
    server = Server(form.method)
    await tab.page.route(form.address, server)
    for server.mode, words in (("refuses", REFUSAL["message"]), ("away", AWAY)):
        await form.submit(tab)
        await expect(tab.page.get_by_text(words).first).to_be_visible()
        assert await faults(tab) == []
    server.mode, server.arrived = "slow", 0
    await form.submit(tab)
    await expect(tab.page.get_by_text(AWAY).filter(visible=True)).to_have_count(0)
    if name not in {"delete", "account"}:
        # Pressing the button again does nothing while the first request is under way.
        await form.submit(tab)
    assert await faults(tab) == []
    server.released.set()
    await form.done(tab)
    assert server.arrived == 1


async def test_signing_out_needs_no_answer(opens, brand):
    for answer in (lambda route: route.abort(), lambda route: route.fulfill(status=503, json=REFUSAL)):
        tab = await opens("/chat", brand, may_fail=True)
        await expect(tab.page.get_by_text("No conversations yet.")).to_be_visible()
        await tab.page.route("**/auth/logout", answer)
        await tab.page.get_by_role("button", name="Sign out").click()
        await tab.is_at(re.escape("/sign-in?next=%2Fchat"))
