"""static/stoory-client/README.md in Node. `test_other_origins` opens its page without a bundler, and
`tests/library/readme.test.js` renders its React component."""

import subprocess
from pathlib import Path

from stoory.demo import PASSWORD
from tests.docs.accounts import BRAND, newest_conversation, registered, signed_in
from tests.docs.blocks import blocks_of
from tests.docs.claims import runs
from tests.docs.scripts import script
from tests.harness import people
from tests.harness.environment import ROOT, need_node
from tests.harness.servers import RunningServer

README = "static/stoory-client/README.md"
TIMES = 10


def installed(workplace: Path) -> Path:
    """A folder with the library installed as by `npm install path/to/stoory-client`."""
    packages = workplace / "node_modules"
    packages.unlink()
    packages.mkdir()
    for path in (ROOT / "node_modules").iterdir():
        (packages / path.name).symlink_to(path)
    (packages / "stoory-client").mkdir()
    for path in (ROOT / "static" / "stoory-client").iterdir():
        (packages / "stoory-client" / path.name).write_bytes(path.read_bytes())
    return workplace


@runs(README, "stoory-client", "js")
def test_the_first_example_can_be_repeated(blocks, site: RunningServer, workplace: Path):
    folder = installed(workplace)
    me = signed_in(site, BRAND)
    newest = newest_conversation(me, site)
    before = len(me.messages(newest))
    for time in range(1, TIMES + 1):
        with script(folder, blocks[0].text) as running:
            running.prints(rf"^{before + time} \[\] \[")
    assert [one["message"] for one in me.messages(newest)[before:]] == ["Hello!"] * TIMES


def test_the_first_example_with_a_new_account(site: RunningServer, workplace: Path):
    new = registered(site, "brand_owner")
    text = next(one for one in blocks_of(README) if one.language == "js").with_address(site.url).text
    text = text.replace(BRAND, new.email).replace(PASSWORD, people.PASSWORD)
    with script(installed(workplace), f"{text}\nclient.disconnect();") as running:
        assert running.ends() == ""


@runs(README, "React", "jsx")
def test_the_component_for_react_is_compiled_and_shown(blocks):
    """The library's own test takes the component from the README unchanged."""
    tests = "tests/library/readme.test.js"
    assert "/```jsx\\n([\\s\\S]*?)```/" in (ROOT / tests).read_text()
    command = [need_node(), "--test", "--test-name-pattern=component", "--test-reporter=tap", tests]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout
    assert "# pass 2" in done.stdout
    assert "export default function Chat" in blocks[0].text
