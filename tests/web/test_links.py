"""Every link, form, script, style and picture of every page leads to the right place, in development and production."""

import pytest
from playwright.async_api import expect

from stoory.demo import ADMIN, PASSWORD
from tests.harness.people import Person, newcomer
from tests.pages import PAGES
from tests.web.errors import HEADLINES, show_error
from tests.web.links import HASHED, ID, Page, Walk

SIGN_IN = ("Sign in · Stoory", "^Sign in$")
OPENS_CHAT = frozenset({"Chat", "Open the chat"})
OPENS_ADMIN = frozenset({"The operators' admin", "Operator, in the admin", "Stoory"})
KNOWN = [
    Page("/", "Stoory", "^From first hello to paid work", frozenset({"Stoory", "Go to the start", "View site"})),
    Page("/developers", "Developers · Stoory", "^For developers$", frozenset({"Developers", "Go on from here"})),
    Page("/sign-in", *SIGN_IN, frozenset({"Sign in"})),
    Page(
        "/register",
        "Create an account · Stoory",
        "^Create an account$",
        frozenset({"Create an account", "create an account"}),
    ),
    Page(
        "/api/docs",
        "REST API · Stoory",
        "^Stoory",
        frozenset({"Browse the REST API.", "Browse the REST API"}),
        ready=".opblock",
    ),
    Page("/admin/login/", r"Log in \| Stoory", None, OPENS_ADMIN),
]
DEMO = Page(
    "/demo",
    "Both sides of a deal · Stoory",
    "^One deal, both sides$",
    frozenset({"Demo", "Play a deal"}),
    ready=".pane",
)
SIGNED_OUT = [Page("/chat", *SIGN_IN, OPENS_CHAT, leads_on=True)]
SIGNED_IN = [
    Page("/chat", "Conversations · Stoory", "Anaya", OPENS_CHAT, ready=".line"),
    Page(f"/chat/({ID.pattern})", "Conversations · Stoory", "Anaya", None, ready=".line"),
]
OPERATOR = [
    Page("/admin/", r"Site administration \| Stoory", None, OPENS_ADMIN | {"Home"}),
    Page("/admin/.*", r".+ \| Stoory", None, None),
]
DOCUMENTS = dict.fromkeys(("OpenAPI", "/api/schema"), ("/api/schema", "application/vnd.oai.openapi"))
STARTS = ["/", "/sign-in", "/register", "/developers", "/chat", "/api/docs", "/admin/"]
EXPECTED = {*PAGES, "/api/docs", "/admin/login/"}


def walk_with(running, tab, pages):
    """Without demo accounts there is no demo page and no link to it."""
    demo = [] if running.is_production else [DEMO]
    return Walk(tab, [*KNOWN, *demo, *pages], DOCUMENTS, is_hashed=running.is_production)


async def walk_everywhere(walk):
    for start in STARTS:
        await walk.begin(start)


async def test_all_links_are_valid_for_anonymous_users(running):
    walk = walk_with(running, await running.opens("/", may_fail=True), SIGNED_OUT)
    await walk_everywhere(walk)
    assert walk.faults == []
    assert walk.seen == EXPECTED - ({"/demo"} if running.is_production else set())


async def test_all_links_are_valid_for_signed_in_users(running):
    url = running.server.url
    anaya = Person.authenticates(url, "register", newcomer("brand_owner", "Anaya"))
    anaya.opens_bid_with(Person.authenticates(url, "register", newcomer("influencer")), title="Snack box")
    walk = walk_with(running, await running.opens("/", anaya, may_fail=True), SIGNED_IN)
    await walk_everywhere(walk)
    assert walk.faults == []
    assert walk.seen == (EXPECTED | {"/chat/ID"}) - ({"/demo"} if running.is_production else set())
    scripts = [HASHED.sub("", url).rpartition("/static/")[2] for kind, url in walk.checked if kind == "script"]
    assert len(scripts) == len(set(scripts)), "a script is loaded from two addresses"
    names = {path.rpartition("/")[2].partition(".")[0] for path in scripts}
    assert {"chat", "person-field", "dialog", "client", "sign-in", "texts", "lit-html"} <= names


async def test_all_links_of_the_admin_are_valid(opens):
    tab = await opens("/admin/", may_fail=True)
    await tab.page.get_by_label("Email").fill(ADMIN)
    await tab.page.get_by_label("Password").fill(PASSWORD)
    await tab.page.get_by_role("button", name="Log in").click()
    await tab.is_at("/admin/")
    walk = Walk(tab, [*KNOWN, DEMO, *SIGNED_OUT, *OPERATOR], DOCUMENTS)
    await walk.begin("/admin/")
    assert walk.faults == []
    assert walk.seen >= {"/", "/admin/", "/admin/accounts/user/", "/admin/conversations/conversation/ID/change/"}


async def test_all_links_of_the_csrf_error_page_are_valid(running):
    tab = await running.opens("/admin/login/", may_fail=True)
    await tab.context.clear_cookies()
    await tab.page.get_by_label("Email").fill("nobody@example.com")
    await tab.page.get_by_label("Password").fill("nothing")
    await tab.page.get_by_role("button", name="Log in").click()
    await expect(tab.find("h1")).to_have_text("This form has expired")
    await expect(tab.page).to_have_title("This form has expired · Stoory")
    walk = walk_with(running, tab, SIGNED_OUT)
    await walk.look("the page of an expired form")
    assert walk.faults == []
    assert "/" in walk.seen


@pytest.mark.parametrize("status", HEADLINES)
async def test_all_links_of_the_error_pages_are_valid(opens, status):
    tab = await opens("/", may_fail=True)
    await show_error(tab, status)
    await expect(tab.find("h1")).to_have_text(HEADLINES[status])
    await expect(tab.page).to_have_title(f"{HEADLINES[status]} · Stoory")
    walk = Walk(tab, [*KNOWN, DEMO, *SIGNED_OUT], DOCUMENTS)
    await walk.look("the page of an error")
    assert walk.faults == []
    assert "/" in walk.seen
