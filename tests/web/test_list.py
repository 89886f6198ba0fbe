"""The conversation list: filters, search, order and counts are updated by events."""

import pytest
from playwright.async_api import expect


@pytest.fixture
def lines():
    def names(tab):
        return tab.find(".line strong")

    return names


@pytest.fixture
def three(brand, person):
    """Create a direct conversation, a bid and a campaign, each with a different user; the newest is last."""
    mira, dev, tara = person(name="Mira"), person(name="Dev"), person(name="Tara")
    return {
        "Mira": (mira, mira.opens_chat_with(brand)),
        "Dev": (dev, brand.opens_bid_with(dev, title="Half-marathon shoes")),
        "Tara": (
            tara,
            brand.opens(conversation_type="campaign", influencer_id=tara.id, title="Monsoon umbrellas")["id"],
        ),
    }


async def test_filters_select_conversations(opens, brand, three, lines):
    mira, chat = three["Mira"]
    mira.says(chat, "Hello!")
    dev, bid = three["Dev"]
    dev.acts(bid, "accept_connection")
    tab = await opens("/chat", brand)
    filters = {"All": ["Dev", "Mira", "Tara"], "My turn": ["Dev"], "Unread": ["Dev", "Mira"], "Direct": ["Mira"]}
    for name, people in (filters | {"Bids": ["Dev"], "Campaigns": ["Tara"]}).items():
        await tab.page.get_by_role("button", name=name, exact=True).click()
        await expect(lines(tab)).to_have_text(people)


async def test_search_finds_names_and_titles(opens, brand, three, lines):
    tab = await opens("/chat", brand)
    await expect(lines(tab)).to_have_count(3)
    search = tab.page.get_by_label("Search conversations")
    await search.fill("umbrella")
    await expect(lines(tab)).to_have_text(["Tara"])
    await search.fill("dev")
    await expect(lines(tab)).to_have_text(["Dev"])
    await search.fill("nobody")
    await expect(tab.page.get_by_text("No conversations match.")).to_be_visible()


async def test_a_message_moves_its_conversation_to_the_top_and_counts(opens, brand, three, lines):
    tab = await opens("/chat", brand)
    await expect(lines(tab)).to_have_text(["Tara", "Dev", "Mira"])
    mira, chat = three["Mira"]
    mira.says(chat, "Are you there?")
    await expect(lines(tab)).to_have_text(["Mira", "Tara", "Dev"])
    first = tab.find(".line").first
    await expect(first.locator(".line-preview")).to_have_text("Are you there?")
    await expect(first.locator(".badge")).to_contain_text("1")
    await first.click()
    await expect(first.locator(".badge")).to_have_count(0)


async def test_a_conversation_opened_by_another_user_appears(opens, brand, influencer, lines):
    tab = await opens("/chat", brand)
    await expect(tab.page.get_by_text("No conversations yet.")).to_be_visible()
    influencer.opens_chat_with(brand)
    await expect(lines(tab)).to_have_text(["Mira"])


async def test_a_line_shows_the_awaited_role_and_the_deadline(opens, brand, three):
    tab = await opens("/chat", brand)
    line = tab.find(".line", has_text="Dev")
    await expect(line.locator(".tag")).to_have_text(["Contact"])
    await expect(line.locator(".due")).to_have_text("7 days left")
    dev, bid = three["Dev"]
    dev.acts(bid, "accept_connection")
    await expect(line.locator(".tag")).to_have_text(["Your turn", "Project"])


async def test_the_line_of_an_ended_deal_says_so(opens, brand, three):
    tab = await opens("/chat", brand)
    dev, bid = three["Dev"]
    dev.acts(bid, "reject_connection")
    await expect(tab.find(".line", has_text="Dev").locator(".tag")).to_have_text(["Closed"])


async def test_shown_deadlines_are_updated(opens, brand, three):
    tab = await opens("/", brand)
    tab.is_spent = True
    await tab.page.clock.install()
    await tab.goes("/chat")
    due = tab.find(".line", has_text="Dev").locator(".due")
    await expect(due).to_have_text("7 days left")
    await tab.page.clock.fast_forward("25:00:00")
    await expect(due).to_have_text("6 days left")


async def test_notifications_are_counted_and_link_to_their_conversation(opens, brand, influencer):
    chat = brand.opens_chat_with(influencer)
    tab = await opens("/chat", brand)
    influencer.says(chat, "First")
    influencer.says(chat, "Second")
    bell = tab.page.get_by_role("button", name="Notifications, 2 unread")
    await expect(bell).to_be_visible()
    await expect(tab.page).to_have_title("(2) Conversations · Stoory")
    await bell.click()
    await expect(tab.find(".notification-body")).to_have_text(["Second", "First"])
    await tab.find(".notification").last.click()
    await tab.is_at(f"/chat/{chat}")
    await expect(tab.page.get_by_role("button", name="Notifications", exact=True)).to_be_visible()
    await expect(tab.page).to_have_title("Conversations · Stoory")


async def test_an_empty_list_explains_how_to_start_a_conversation(opens, brand, influencer):
    tab = await opens("/chat", brand)
    place = tab.find(".chat-main .nothing")
    await expect(place.get_by_role("heading")).to_have_text("Your first conversation")
    await expect(place).to_contain_text("“New conversation”")
    await expect(tab.find(".list .empty")).to_contain_text("“New conversation”")
    await expect(tab.page).to_have_title("Conversations · Stoory")
    await tab.page.get_by_role("button", name="Unread", exact=True).click()
    await expect(tab.find(".list .empty")).to_have_text("No conversations match.")
    await expect(place.get_by_role("heading")).to_have_text("Your first conversation")
    await tab.page.get_by_role("button", name="All", exact=True).click()
    influencer.says(brand.opens_chat_with(influencer), "Hello!")
    await expect(tab.find(".line")).to_have_count(1)
    await expect(place.get_by_role("heading")).to_have_text("Choose a conversation")
