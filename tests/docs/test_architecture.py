"""docs/architecture.md: the rooms of the house are those that are there."""

from django.conf import settings

from tests.docs.claims import runs
from tests.docs.terminal import lines
from tests.harness.environment import ROOT


@runs("docs/architecture.md", "The rooms of the house", "")
def test_the_map_names_every_package_and_what_it_is(blocks):
    rows = [line.split(maxsplit=1) for line in lines(blocks[0].text)]
    assert all(what for _, what in rows)
    named = [name.rstrip("/") for name, _ in rows]
    ours = {app.partition(".")[0] for app in settings.INSTALLED_APPS if (ROOT / app.partition(".")[0]).is_dir()}
    assert set(named) == ours | {"foundation"}
