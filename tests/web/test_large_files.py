"""Large files, which are sent in parts: over connections that break, and across reloads."""

import re
from pathlib import Path

from playwright.async_api import Route, expect

from tests.transfer.breaking_proxy import breaking_proxy
from tests.web.axe import faults
from tests.web.camera import video, write_padded
from tests.web.conftest import opening
from tests.web.tabs import Tabs

MEGABYTE = 1024 * 1024
PARTS = "**/api/uploads/resumable/*"
UPLOADED = 400_000
"""Milliseconds to wait for a file of 300 MB on a busy machine."""


async def test_a_video_of_300_mb_survives_a_connection_that_breaks_twice(
    site, chromium, opens, brand, influencer, tmp_path: Path
):
    conversation = brand.opens_chat_with(influencer)
    reel = write_padded(tmp_path / "reel.mp4", video(), 300 * MEGABYTE)
    port = int(site.url.rpartition(":")[2])
    with breaking_proxy(port, breaks=(30 * MEGABYTE, 50 * MEGABYTE)) as proxy:
        async with opening(Tabs(chromium, f"http://127.0.0.1:{proxy.port}")) as through_proxy:
            tab = await through_proxy(f"/chat/{conversation}", brand, may_fail=True)
            await tab.loaded()
            await tab.find(".composer input[type=file]").set_input_files(reel)
            await tab.says("The reel")
            await expect(tab.find(".outgoing progress")).to_be_visible()
            assert await faults(tab) == []
            await expect(tab.find(".message:not(.outgoing) .player.video")).to_be_visible(timeout=UPLOADED)
            assert proxy.broken == 2
            await tab.context.close()
            tab.is_spent = True
    (message,) = brand.messages(conversation)
    assert [(one["name"], one["kind"]) for one in message["attachments"]] == [("reel.mp4", "video")]
    mira = await opens(f"/chat/{conversation}", influencer)
    player = mira.find(".player video")
    await expect(player).to_have_attribute("src", re.compile("signature="))
    await player.evaluate("video => video.play()")
    await mira.page.wait_for_function("video => video.currentTime > 0.3", arg=await player.element_handle())


async def test_a_reload_goes_on_where_the_upload_was(opens, brand, influencer, tmp_path: Path):
    conversation = brand.opens_chat_with(influencer)
    clip = write_padded(tmp_path / "clip.mp4", video(), 20 * MEGABYTE)
    tab = await opens(f"/chat/{conversation}", brand, may_fail=True)
    await tab.loaded()
    offsets: list[int] = []
    is_held = True

    async def hold_second(route: Route) -> None:
        if route.request.method == "PATCH":
            offsets.append(int(route.request.headers["upload-offset"]))
            if offsets[-1] and is_held:
                return
        await route.continue_()

    await tab.page.route(PARTS, hold_second)
    await tab.find(".composer input[type=file]").set_input_files(clip)
    await expect(tab.find(".chip")).to_contain_text(re.compile("4[0-9] % of 20"))
    await tab.says("The clip")
    is_held = False
    await tab.page.reload()
    await expect(tab.find(".message:not(.outgoing) .player.video")).to_be_visible()
    assert offsets[0] == 0
    assert offsets[2] > 0
    assert offsets.count(0) == 1
    assert [one["message"] for one in brand.messages(conversation)] == ["The clip"]


async def test_a_removed_upload_is_removed_from_the_server(opens, brand, influencer, tmp_path: Path):
    conversation = brand.opens_chat_with(influencer)
    clip = write_padded(tmp_path / "clip.mp4", video(), 20 * MEGABYTE)
    tab = await opens(f"/chat/{conversation}", brand, may_fail=True)
    await tab.loaded()

    async def hold(route: Route) -> None:
        if route.request.method != "PATCH":
            await route.continue_()

    await tab.page.route(PARTS, hold)
    async with tab.page.expect_request(lambda one: one.method == "PATCH") as sending:
        await tab.find(".composer input[type=file]").set_input_files(clip)
    address = (await sending.value).url
    await tab.find(".chip").get_by_role("button", name="Pause").click()
    await expect(tab.find(".chip")).to_contain_text("Paused")
    async with tab.page.expect_response(lambda one: one.request.method == "DELETE") as removing:
        await tab.find(".chip").get_by_role("button", name="Remove").click()
    assert (await removing.value).status == 204
    assert (await removing.value).url == address
    await expect(tab.find(".chip")).to_have_count(0)
