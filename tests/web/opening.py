"""The form for a new conversation, as a user sees it."""

from playwright.async_api import expect

from tests.web.tabs import Tab


class Form:
    """The form that the button “New conversation” opens."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        self.dialog = tab.page.get_by_role("dialog", name="New conversation")
        self.input = self.dialog.get_by_role("combobox", name="With whom")
        self.list = self.dialog.get_by_role("listbox", name="People")
        self.options = self.list.get_by_role("option")
        self.names = self.options.locator("strong")
        self.said = self.dialog.get_by_role("status")
        self.chosen = self.dialog.locator(".chosen")
        self.fault = self.dialog.locator(".field .fault")

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.tab.page.keyboard.press(key)

    async def marks(self, name: str) -> None:
        """Wait until this option is the active one for screen readers."""
        option = self.options.and_(self.tab.find('[aria-selected="true"]'))
        await expect(option).to_contain_text(name)
        await expect(self.input).to_have_attribute("aria-activedescendant", await option.get_attribute("id"))
        await expect(self.input).to_be_focused()

    async def start(self, text: str = "") -> None:
        await self.dialog.get_by_label("First message").fill(text)
        await self.dialog.get_by_role("button", name="Start").click()


async def new_conversation(tab: Tab) -> Form:
    await tab.page.get_by_role("button", name="New conversation").click()
    form = Form(tab)
    await expect(form.input).to_be_focused()
    return form
