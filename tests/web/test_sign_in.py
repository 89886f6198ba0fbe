"""Signing in and out, registering, and the page that follows."""

import uuid

import pytest
from playwright.async_api import expect

from stoory.demo import PASSWORD as DEMO_PASSWORD
from tests.harness.people import PASSWORD, Person, newcomer
from tests.harness.servers import RunningServer


@pytest.fixture(scope="module")
def registered(site: RunningServer) -> Person:
    """Create a user with a password."""
    return Person.authenticates(site.url, "register", newcomer("brand_owner", "Anaya"))


async def sign_in(tab, email, password=PASSWORD):
    await tab.page.get_by_label("E-mail").fill(email)
    await tab.page.get_by_label("Password").fill(password)
    await tab.page.get_by_role("button", name="Sign in", exact=True).click()


async def test_signing_in_leads_to_the_requested_page(opens, registered, influencer):
    conversation = registered.opens_chat_with(influencer)
    tab = await opens(f"/chat/{conversation}")
    await tab.is_at(rf"/sign-in\?next=.*{conversation}")
    await sign_in(tab, registered.email)
    await tab.is_at(f"/chat/{conversation}")
    await expect(tab.find(".conversation-header h2")).to_have_text("Mira")


async def test_a_wrong_password_is_reported_and_can_be_corrected(opens, registered):
    tab = await opens("/sign-in")
    tab.may_fail = True
    await sign_in(tab, registered.email, "wrong")
    await expect(tab.page.get_by_role("alert")).to_have_text("Wrong e-mail or password.")
    await sign_in(tab, registered.email)
    await tab.is_at("/chat")


async def test_redirects_lead_to_pages_of_this_site_only(opens, registered):
    for elsewhere in ("https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"):
        tab = await opens(f"/sign-in?next={elsewhere}")
        await sign_in(tab, registered.email)
        await tab.is_at("/chat")


async def test_registration_errors_are_shown_at_the_field(opens):
    tab = await opens("/register")
    tab.may_fail = True
    await tab.page.get_by_label("an influencer").check()
    await tab.page.get_by_label("Name").fill("Tara")
    await tab.page.get_by_label("E-mail").fill(f"{uuid.uuid4().hex}@example.com")
    await tab.page.get_by_label("Password").fill("12345")
    await tab.page.get_by_role("button", name="Create account").click()
    password = tab.page.get_by_label("Password")
    await expect(password).to_have_attribute("aria-invalid", "true")
    await expect(password).to_be_focused()
    await password.fill(PASSWORD)
    await tab.page.get_by_role("button", name="Create account").click()
    await tab.is_at("/chat")
    await expect(tab.page.get_by_role("heading", name="Tara")).to_be_visible()
    await expect(tab.page.get_by_text("No conversations yet.")).to_be_visible()


async def test_registering_reports_a_taken_address_and_a_weak_password(opens, registered):
    tab = await opens("/register")
    tab.may_fail = True
    address, password = tab.page.get_by_label("E-mail"), tab.page.get_by_label("Password")
    await tab.page.get_by_label("Name").fill("Anaya")
    await address.fill(registered.email)
    await password.fill("password")
    await tab.page.get_by_role("button", name="Create account").click()
    await expect(password).to_have_accessible_description("This password is too common.")
    await password.fill(PASSWORD)
    await tab.page.get_by_role("button", name="Create account").click()
    await expect(address).to_have_accessible_description("An account with this address already exists.")
    await expect(address).to_be_focused()
    await expect(password).not_to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize("path", ["/sign-in", "/register"])
async def test_input_never_appears_in_the_url_before_the_script_loads(opens, path):
    tab = await opens("/", may_fail=True)
    await tab.page.route("**/sign-in*.js", lambda route: route.abort())
    await tab.goes(path)
    await expect(tab.find("form [type=submit]")).to_be_disabled()
    await tab.page.get_by_label("Password").fill("secret-Horse-7")
    await tab.page.get_by_label("Password").press("Enter")
    await expect(tab.page.get_by_label("Password")).to_have_value("secret-Horse-7")
    await tab.is_at(path)


async def test_signing_out_clears_all_tabs(opens, registered):
    tab = await opens("/sign-in")
    await sign_in(tab, registered.email)
    await tab.is_at("/chat")
    other = await tab.open_other_tab("/chat")
    await expect(other.page.get_by_role("heading", name="Anaya")).to_be_visible()
    await tab.page.get_by_role("button", name="Sign out").click()
    await tab.is_at("/sign-in.*")
    await other.is_at("/sign-in.*")
    assert await tab.page.evaluate("localStorage.getItem('stoory.session')") is None


async def test_an_ended_login_session_signs_the_page_out(opens, site):
    somebody = Person.authenticates(site.url, "register", newcomer("influencer", "Mira"))
    tab = await opens("/sign-in")
    tab.may_fail = True
    await sign_in(tab, somebody.email)
    await tab.is_at("/chat")
    await expect(tab.page.get_by_text("No conversations yet.")).to_be_visible()
    somebody.calls("POST", "/api/auth/logout", {"refresh": somebody.refresh, "everywhere": True})
    await tab.is_at("/sign-in.*")


async def test_the_home_page_links_to_the_demo_the_chat_and_the_api(opens):
    tab = await opens("/")
    await expect(tab.find("pre")).to_contain_text("/api/auth/token")
    await expect(tab.page.get_by_text(DEMO_PASSWORD).first).to_be_visible()
    await tab.page.get_by_role("link", name="Play a deal").click()
    await expect(tab.page.get_by_role("heading", name="One deal, both sides")).to_be_visible()
