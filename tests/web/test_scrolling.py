"""A conversation of 5,000 messages."""

import re

import pytest
from playwright.async_api import expect

from tests.harness.people import Person
from tests.harness.servers import RunningServer
from tests.harness.user_pool import UserPool
from tests.web.tabs import PLAYED

MANY = 5000
SMOOTH = 50
"""The maximum median time of a frame while scrolling, in milliseconds, on a busy machine without a graphics card. The
median is 17 ms on an idle machine, and more than 80 ms if the browser lays out every row."""

FILL = """
import uuid
from accounts.models import User
from messaging.requests import SendMessageRequest
from messaging.sending import OutgoingMessage, send_messages
sides = [User.objects.get(pk=one) for one in ({sides})]
for start in range(0, {many}, 250):
    sendings = [
        OutgoingMessage(sides[number % 3 == 0], SendMessageRequest(conversation_id="{conversation}", message=text))
        for number in range(start, start + 250)
        for text in ["Message " + str(number) + " word" * (number % 40)]
    ]
    assert not any(isinstance(one, Exception) for one in send_messages(sendings))
"""
SHOWN = """
() => [...document.querySelectorAll('.messages li')]
  .filter((row) => row.checkVisibility({ contentVisibilityAuto: true })).length
"""
FRAMES = """
pixels => new Promise((done) => {
  const scroller = document.querySelector('.scroller');
  const frames = [];
  let last = performance.now();
  const step = (now) => {
    frames.push(now - last);
    last = now;
    scroller.scrollTop += pixels;
    if (frames.length < 120) requestAnimationFrame(step);
    else done(frames.sort((one, other) => one - other)[60]);
  };
  requestAnimationFrame(step);
})
"""
UP = """
many => {
  document.querySelector('.scroller').scrollTop = 0;
  return document.querySelectorAll('.message[data-seq]').length >= many;
}
"""
PLACES = "() => [...document.querySelectorAll('.message[data-seq]')].map((row) => Number(row.dataset.seq))"


@pytest.fixture(scope="module")
def brand(site: RunningServer, user_pool: UserPool) -> Person:
    return user_pool.new_user("brand_owner", "Anaya", site.url)


@pytest.fixture(scope="module")
def long(site: RunningServer, user_pool: UserPool, brand: Person) -> str:
    influencer = user_pool.new_user("influencer", "Mira", site.url)
    conversation = brand.opens_chat_with(influencer)
    sides = f"'{brand.id}', '{influencer.id}'"
    site.installation.shell(FILL.format(sides=sides, many=MANY, conversation=conversation))
    brand.marks_read(conversation)
    return conversation


async def test_scrolling_is_smooth_and_only_visible_rows_are_laid_out(opens, brand, long):
    tab = await opens(f"/chat/{long}", brand)
    await expect(tab.words.last).to_contain_text(f"Message {MANY - 1} ")
    await tab.page.wait_for_function(UP, arg=MANY, polling=100, timeout=PLAYED)
    places = await tab.page.evaluate(PLACES)
    assert places == sorted(set(places))
    assert len(places) == MANY
    await tab.find(".scroller").evaluate("element => { element.scrollTop = 0 }")
    await expect(tab.words.first).to_be_in_viewport()
    assert 0 < await tab.page.evaluate(SHOWN) < 200
    middle = tab.words.nth(MANY // 2)
    await middle.scroll_into_view_if_needed()
    await expect(middle).to_be_in_viewport()
    assert 0 < await tab.page.evaluate(SHOWN) < 200
    for pixels in (-60, 60):
        assert await tab.page.evaluate(FRAMES, pixels) < SMOOTH
    await tab.page.get_by_role("button", name="Latest").click()
    await expect(tab.words.last).to_be_in_viewport()


async def test_inserted_older_pages_do_not_move_the_visible_messages(opens, brand, long):
    tab = await opens(f"/chat/{long}", brand)
    await expect(tab.words.last).to_be_in_viewport()
    name = re.match(r"Message \d+ ", await tab.words.nth(5).text_content())[0]
    row = tab.find(".message .words", has_text=re.compile(f"^{name}"))
    first = min(await tab.page.evaluate(PLACES))
    await row.scroll_into_view_if_needed()
    await tab.page.wait_for_function(f"() => Number(document.querySelector('[data-seq]').dataset.seq) < {first}")
    await expect(row).to_be_in_viewport()
