"""Choosing, dropping, pasting and recording files, and their way to the server."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.web.axe import faults
from tests.web.media import PDF, choose, chosen, is_drawn, picture, send

PHOTO = chosen("photo.jpg", picture())
BRIEF = chosen("brief.pdf", PDF, "application/pdf")
UPLOADS = "**/api/uploads"
TOO_LARGE = {"success": False, "code": "payload_too_large", "message": "A picture can have at most 25 MB."}
NARROW = {"width": 360, "height": 640}
DROP = """
([selector, files]) => {
  const data = new DataTransfer();
  for (const { name, type, bytes } of files) data.items.add(new File([new Uint8Array(bytes)], name, { type }));
  const element = document.querySelector(selector);
  const options = { bubbles: true, cancelable: true, dataTransfer: data };
  element.dispatchEvent(new DragEvent('dragenter', options));
  const isMarked = document.querySelector('.conversation').classList.contains('dropping');
  element.dispatchEvent(new DragEvent('dragover', options));
  element.dispatchEvent(new DragEvent('drop', options));
  return isMarked;
}
"""
PASTE = """
files => {
  const data = new DataTransfer();
  for (const { name, type, bytes } of files) data.items.add(new File([new Uint8Array(bytes)], name, { type }));
  const paste = new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: data });
  document.querySelector('.composer textarea').dispatchEvent(paste);
}
"""


COUNT = """
() => new Promise((done) => {
  const request = indexedDB.open('stoory.uploads');
  request.onsuccess = () => {
    const count = request.result.transaction('files').objectStore('files').count();
    count.onsuccess = () => {
      request.result.close();
      done(count.result);
    };
  };
})
"""


def for_script(*files: dict) -> list[dict]:
    return [{"name": one["name"], "type": one["mimeType"], "bytes": list(one["buffer"])} for one in files]


class Gate:
    """Holds uploads back until it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.then = _let_pass

    async def __call__(self, route: Route) -> None:
        await self.opened.wait()
        await self.then(route)


async def _let_pass(route: Route) -> None:
    await route.continue_()


async def refuse(route: Route) -> None:
    await route.fulfill(status=413, json=TOO_LARGE)


@pytest.fixture
def gate() -> Gate:
    return Gate()


async def conversation_of(opens, brand, influencer, **options):
    conversation = brand.opens_chat_with(influencer)
    tab = await opens(f"/chat/{conversation}", brand, **options)
    await tab.loaded()
    return conversation, tab


def sent(who, conversation) -> list[tuple[str, list[str]]]:
    return [(one["message"], [file["name"] for file in one["attachments"]]) for one in who.messages(conversation)]


async def test_files_are_dropped_and_pasted(opens, brand, influencer):
    conversation, tab = await conversation_of(opens, brand, influencer)
    assert await tab.page.evaluate(DROP, [".scroller", for_script(PHOTO, BRIEF)])
    await expect(tab.find(".chip .name")).to_have_text(["photo.jpg", "brief.pdf"])
    await expect(tab.find(".dropping")).to_have_count(0)
    await tab.page.evaluate(PASTE, for_script(chosen("pasted.jpg", picture(10, 10))))
    await expect(tab.find(".chip.sent .name")).to_have_text(["photo.jpg", "brief.pdf", "pasted.jpg"])
    await send(tab)
    await expect(tab.find(".message:not(.outgoing) .files")).to_have_count(1)
    assert sent(brand, conversation) == [("", ["photo.jpg", "brief.pdf", "pasted.jpg"])]


async def test_a_message_waits_for_its_files_while_others_are_sent(opens, brand, influencer, gate):
    conversation, tab = await conversation_of(opens, brand, influencer)
    await tab.page.route(UPLOADS, gate)
    await choose(tab, PHOTO)
    await tab.says("With a photo")
    waiting = tab.find(".outgoing.uploading")
    await expect(waiting).to_contain_text("Will be sent with its files")
    await expect(tab.find(".composer .chip")).to_have_count(0)
    await expect(waiting.get_by_role("progressbar")).to_have_count(1)
    assert await faults(tab) == []
    await tab.sends("Meanwhile")
    assert sent(brand, conversation) == [("Meanwhile", [])]
    gate.opened.set()
    await expect(tab.find(".outgoing")).to_have_count(0)
    assert sent(brand, conversation) == [("Meanwhile", []), ("With a photo", ["photo.jpg"])]


async def test_uploads_go_on_while_another_conversation_is_open(opens, brand, influencer, person, gate):
    other = brand.opens_chat_with(person(name="Dev"))
    conversation, tab = await conversation_of(opens, brand, influencer)
    await tab.page.route(UPLOADS, gate)
    await choose(tab, PHOTO)
    await tab.says("With a photo")
    await tab.find(f'.line[href="/chat/{other}"]').click()
    await expect(tab.find(".conversation-header h2")).to_have_text("Dev")
    await expect(tab.find(".chip")).to_have_count(0)
    gate.opened.set()
    await expect(tab.find(".line-preview").first).to_have_text("You: With a photo")
    assert sent(brand, conversation) == [("With a photo", ["photo.jpg"])]
    assert sent(brand, other) == []


async def test_an_upload_is_paused_continued_and_removed(opens, brand, influencer, gate):
    _, tab = await conversation_of(opens, brand, influencer, may_fail=True)
    await tab.page.route(UPLOADS, gate)
    await choose(tab, PHOTO, BRIEF)
    photo, brief = tab.find(".chip").nth(0), tab.find(".chip").nth(1)
    await expect(photo.get_by_role("progressbar")).to_be_visible()
    await photo.get_by_role("button", name="Pause").click()
    await expect(photo).to_contain_text("Paused at")
    assert await faults(tab) == []
    await brief.get_by_role("button", name="Remove").click()
    await expect(tab.find(".chip .name")).to_have_text(["photo.jpg"])
    gate.opened.set()
    await photo.get_by_role("button", name="Continue").click()
    await expect(tab.find(".chip.sent .name")).to_have_text(["photo.jpg"])


async def test_a_refused_file_says_why_and_can_be_tried_again(opens, brand, influencer):
    conversation, tab = await conversation_of(opens, brand, influencer, may_fail=True)
    await tab.page.route(UPLOADS, refuse)
    await choose(tab, PHOTO)
    chip = tab.find(".chip.failed")
    await expect(chip).to_contain_text(TOO_LARGE["message"])
    assert await faults(tab) == []
    await tab.sends("Without it")
    await tab.page.unroute(UPLOADS)
    await chip.get_by_role("button", name="again").click()
    await expect(tab.find(".chip.sent")).to_have_count(1)
    await send(tab)
    await expect(tab.find(".message:not(.outgoing) .picture")).to_have_count(1)
    assert sent(brand, conversation) == [("Without it", []), ("", ["photo.jpg"])]


async def test_a_message_whose_file_is_refused_can_be_retried_changed_or_discarded(opens, brand, influencer, gate):
    conversation, tab = await conversation_of(opens, brand, influencer, may_fail=True)
    gate.then = refuse
    await tab.page.route(UPLOADS, gate)
    for text in ("Once more", "Without it", "Not at all"):
        await choose(tab, PHOTO)
        await tab.says(text)
    gate.opened.set()
    waiting = tab.find(".outgoing.failed")
    await expect(waiting).to_have_count(3)
    await expect(waiting.first).to_contain_text("Not sent. A picture can have at most 25 MB.")
    assert await faults(tab) == []
    await tab.page.unroute(UPLOADS)
    await waiting.filter(has_text="Once more").get_by_role("button", name="Try again", exact=True).click()
    await waiting.filter(has_text="Without it").get_by_role("button", name="Remove").click()
    await waiting.filter(has_text="Not at all").get_by_role("button", name="Discard").click()
    await expect(tab.find(".outgoing")).to_have_count(0)
    assert sorted(sent(brand, conversation)) == [("Once more", ["photo.jpg"]), ("Without it", [])]


async def test_an_upload_waits_for_the_connection(opens, brand, influencer):
    conversation, tab = await conversation_of(opens, brand, influencer, may_fail=True)
    await tab.context.set_offline(True)
    await choose(tab, PHOTO)
    await expect(tab.find(".chip")).to_contain_text("Waiting for the connection")
    await tab.says("From the tunnel")
    await expect(tab.find(".outgoing.uploading")).to_have_count(1)
    await tab.context.set_offline(False)
    await expect(tab.find(".outgoing")).to_have_count(0)
    assert sent(brand, conversation) == [("From the tunnel", ["photo.jpg"])]


async def test_chosen_files_and_waiting_messages_survive_a_reload(opens, brand, influencer, gate):
    conversation, tab = await conversation_of(opens, brand, influencer, may_fail=True)
    await choose(tab, chosen("ready.jpg", picture()))
    await expect(tab.find(".chip.sent")).to_have_count(1)
    await tab.page.route(UPLOADS, gate)
    await choose(tab, BRIEF)
    await tab.says("Both of them")
    await choose(tab, PHOTO)
    await expect(tab.find(".chip")).to_have_count(3)
    await tab.page.reload()
    await tab.loaded()
    await expect(tab.find(".outgoing .chip .name")).to_have_text(["ready.jpg", "brief.pdf"])
    await expect(tab.find(".composer .chip .name")).to_have_text(["photo.jpg"])
    gate.opened.set()
    await expect(tab.find(".outgoing")).to_have_count(0)
    assert sent(brand, conversation) == [("Both of them", ["ready.jpg", "brief.pdf"])]
    await send(tab)
    await expect(tab.find(".composer .chip")).to_have_count(0)
    await expect(tab.find(".message:not(.outgoing) .picture")).to_have_count(2)
    await tab.page.reload()
    await tab.loaded()
    await expect(tab.find(".chip")).to_have_count(0)
    assert sent(brand, conversation)[1:] == [("", ["photo.jpg"])]


async def test_two_tabs_do_not_send_a_file_twice(opens, brand, influencer, gate):
    conversation, tab = await conversation_of(opens, brand, influencer)
    await tab.page.route(UPLOADS, gate)
    await choose(tab, PHOTO)
    await tab.says("Once")
    other = await tab.open_other_tab(f"/chat/{conversation}")
    await other.loaded()
    await expect(other.find(".chip")).to_have_count(0)
    gate.opened.set()
    await expect(other.words).to_have_text(["Once"])
    assert sent(brand, conversation) == [("Once", ["photo.jpg"])]


async def test_signing_out_forgets_the_chosen_files(opens, brand, influencer):
    _, tab = await conversation_of(opens, brand, influencer)
    await choose(tab, PHOTO)
    await expect(tab.find(".chip.sent")).to_have_count(1)
    assert await tab.page.evaluate(COUNT) == 1
    await tab.page.get_by_role("button", name="Sign out").click()
    await tab.is_at(r"/sign-in\?next=.*")
    assert await tab.page.evaluate(COUNT) == 0


async def test_more_files_than_a_message_can_have_are_left_out(opens, brand, influencer):
    _, tab = await conversation_of(opens, brand, influencer)
    await choose(tab, *(chosen(f"{number}.jpg", picture(8, 8)) for number in range(12)))
    await expect(tab.find(".chip.sent")).to_have_count(10)
    await expect(tab.find(".picker .notice")).to_have_text("At most 10 files in a message.")


@pytest.mark.parametrize("moment", ["while it is uploaded", "afterwards"])
async def test_a_picture_is_described_before_it_is_sent(opens, brand, influencer, gate, moment):
    conversation, tab = await conversation_of(opens, brand, influencer)
    if moment == "afterwards":
        gate.opened.set()
    await tab.page.route(UPLOADS, gate)
    await choose(tab, PHOTO)
    await tab.find(".chip").get_by_role("button", name="Describe").click()
    dialog = tab.page.get_by_role("dialog")
    assert await faults(tab) == []
    await dialog.get_by_label("Description").fill("Snacks in a box, from above")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    gate.opened.set()
    await expect(tab.find(".chip.sent")).to_have_count(1)
    await send(tab)
    mira = await opens(f"/chat/{conversation}", influencer)
    tile = mira.page.get_by_role("button", name=re.compile("Open the picture: .*Snacks in a box, from above"))
    await is_drawn(tile.locator("img"))
    await tile.click()
    await expect(mira.find(".lightbox-alt")).to_have_text("Snacks in a box, from above")
    await expect(mira.page.get_by_role("img", name="Snacks in a box, from above")).to_be_visible()


# --- Voice notes ---


async def test_a_voice_note_is_recorded_and_played_on_both_sides(opens, brand, influencer):
    conversation, tab = await conversation_of(opens, brand, influencer)
    mira = await opens(f"/chat/{conversation}", influencer)
    await mira.loaded()
    await tab.page.get_by_role("button", name="Record a voice note").click()
    stop = tab.page.get_by_role("button", name="Stop")
    await expect(stop).to_be_focused()
    await expect(tab.page.get_by_role("timer")).to_have_text("0:02 / 5:00")
    assert await faults(tab) == []
    await stop.click()
    await expect(tab.composer).to_be_focused()
    await expect(tab.find(".chip.sent audio")).to_have_count(1)
    assert await faults(tab) == []
    await send(tab)
    for one in (tab, mira):
        player = one.find(".message:not(.outgoing) .player.voice audio")
        await expect(player).to_have_attribute("src", re.compile("signature="))
        await player.evaluate("audio => audio.play()")
        await one.page.wait_for_function("audio => audio.currentTime > 0.5", arg=await player.element_handle())
        assert await faults(one) == []
    ((text, (name,)),) = sent(brand, conversation)
    (note,) = brand.messages(conversation)[0]["attachments"]
    assert (text, note["kind"]) == ("", "voice")
    assert Path(name).suffix in {".m4a", ".mp4", ".webm", ".weba"}


async def test_a_discarded_recording_is_not_uploaded(opens, brand, influencer):
    _, tab = await conversation_of(opens, brand, influencer)
    asked: list[str] = []
    tab.page.on("request", lambda one: one.url.endswith("/api/uploads") and asked.append(one.url))
    await tab.page.get_by_role("button", name="Record a voice note").click()
    await expect(tab.page.get_by_role("timer")).to_have_text("0:01 / 5:00")
    await tab.page.get_by_role("button", name="Discard").click()
    await expect(tab.composer).to_be_focused()
    await expect(tab.find(".chip")).to_have_count(0)
    assert asked == []


async def test_a_microphone_that_is_not_allowed_is_explained(opens, brand, influencer):
    _, tab = await conversation_of(opens, brand, influencer)
    await tab.page.evaluate(
        """() => {
            const refuse = () => Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));
            navigator.mediaDevices.getUserMedia = refuse;
        }"""
    )
    await tab.page.get_by_role("button", name="Record a voice note").click()
    await expect(tab.find(".composer .counter")).to_contain_text("does not allow this page to use the microphone")
    await expect(tab.composer).to_be_visible()


async def test_a_recording_ends_after_five_minutes(opens, brand, influencer):
    conversation = brand.opens_chat_with(influencer)
    tab = await opens("/", brand, may_fail=True)
    tab.is_spent = True
    await tab.page.clock.install()
    await tab.goes(f"/chat/{conversation}")
    await tab.loaded()
    await tab.page.get_by_role("button", name="Record a voice note").click()
    await expect(tab.page.get_by_role("timer")).to_be_visible()
    await tab.page.clock.fast_forward("05:01")
    await expect(tab.page.get_by_role("timer")).to_have_count(0)
    await expect(tab.find(".chip")).to_have_count(1)


# --- Narrow screens, large text, right to left ---


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("text", ["100%", "200%"])
async def test_files_fit_a_narrow_screen(opens, brand, influencer, direction, text):
    conversation, tab = await conversation_of(opens, brand, influencer, viewport=NARROW)
    await tab.page.evaluate(
        f"document.documentElement.dir = '{direction}'; document.documentElement.style.fontSize = '{text}'"
    )
    long = chosen("a-very-long-name-of-a-file-" * 4 + ".pdf", PDF, "application/pdf")
    await choose(tab, PHOTO, chosen("tall.jpg", picture(300, 2000)), long)
    await expect(tab.find(".chip.sent")).to_have_count(3)
    assert await tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await faults(tab) == []
    await tab.find(".composer [type=submit]").click()
    await expect(tab.find(".message:not(.outgoing) .picture")).to_have_count(2)
    for selector in ("html", ".scroller", ".conversation-main"):
        assert await tab.find(selector).evaluate("element => element.scrollWidth <= element.clientWidth"), selector
    assert await faults(tab) == []
    assert len(sent(brand, conversation)) == 1
