"""What others have written and the pages bring along: as it was published, with its licence."""

import re

from tests.harness.environment import ROOT

VENDOR = ROOT / "static" / "vendor"


def test_everything_brought_along_has_its_licence() -> None:
    for folder in VENDOR.iterdir():
        assert (folder / "LICENSE").stat().st_size > 500, folder.name


def test_every_icon_is_in_the_sprite_and_every_picture_of_the_sprite_is_used() -> None:
    scripts = "\n".join(path.read_text() for path in (ROOT / "static" / "app").glob("*.js"))
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (VENDOR / "lucide" / "sprite.svg").read_text()))
    used = {name for name in sprite if f"'{name}'" in scripts}
    named = set(re.findall(r"\b(?:icon|iconButton|line)\('([a-z0-9-]+)'", scripts))
    assert named <= sprite
    assert used == sprite
