"""The documentation has a picture of every page in both themes and shows each picture."""

import re

from tests.web.screenshots import FOLDER, THEMES

TAKEN = {path.name for path in FOLDER.glob("*.png")}


def test_every_picture_exists_in_both_themes_and_is_shown() -> None:
    pages = {name.rpartition("-")[0] for name in TAKEN}
    assert len(pages) >= 10
    assert {f"{page}-{theme}.png" for page in pages for theme in THEMES} == TAKEN
    shown = re.findall(r'src="([^"]+)"', (FOLDER / "README.md").read_text())
    assert sorted(shown) == sorted(TAKEN)
