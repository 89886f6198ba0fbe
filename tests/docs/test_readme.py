"""README.md: its commands are run; its length and figures are checked."""

import json
import os
from pathlib import Path

import httpx
import pytest

from stoory.demo import PASSWORD, PEOPLE
from tests.docs.accounts import BRAND, signed_in
from tests.docs.claims import runs
from tests.docs.ready import wait_until_ready
from tests.docs.scripts import script
from tests.docs.terminal import commands, lines, programs, terminal
from tests.harness.environment import ROOT
from tests.harness.ports import free_port
from tests.harness.servers import RunningServer, embedded

README = (ROOT / "README.md").read_text(encoding="utf-8")
FIGURES = [
    ("room", "deliveries_per_second"),
    ("pairs", "messages_per_second"),
    ("many-pairs", "messages_per_second"),
    ("rate", "delivery_p50_ms"),
    ("rate", "delivery_p99_ms"),
    ("many-rate", "delivery_p99_ms"),
    ("double-rate", "delivery_p99_ms"),
    ("two-processes", "messages_per_second"),
    ("idle", "connects_per_second"),
    ("idle", "joins_per_second"),
    ("idle", "kib_per_socket"),
    ("idle", "recovery_seconds"),
]
"""The case and the metric of each row."""


@pytest.fixture
def server(tmp_path: Path):
    """A server with the demo accounts, which the test can restart."""
    with embedded(tmp_path) as installation:
        installation.manage("demo")
        with installation.serving() as running:
            yield running


@runs("README.md", "Start", "sh")
def test_make_sets_up_and_serves_the_demo_and_runs_the_tests(blocks, checkout: Path):
    """The command of `make test` is only printed, because it would run this test."""
    run, test = commands(blocks[0].text)
    port = str(free_port())
    given = {"PORT": port, "DRAIN_SECONDS": "0.2"}
    with terminal(checkout, os.environ["PATH"], **given) as shell:
        shell.begins(run)
        shell.sees(f"Open +http://127.0.0.1:{port}/ ")
        shell.sees(f"Stoory is at http://127.0.0.1:{port}/")
        wait_until_ready(f"http://127.0.0.1:{port}/readyz")
        page = httpx.get(f"http://127.0.0.1:{port}/").text
        assert PASSWORD in page
        assert all(person.email in page for person in PEOPLE)
        shell.interrupts()
        assert lines(shell.types(f"{test} --dry-run"))[-1].split()[:3] == [".venv/bin/python", "-m", "tests.suite"]


@runs("README.md", "A first conversation", "js", "")
def test_a_first_conversation_can_be_repeated(blocks, server: RunningServer, workplace: Path):
    """The second run goes on after a restart of the server."""
    code, printed = (one.text for one in blocks)
    with script(workplace, code) as running:
        running.prints(f"^{printed}")
    with script(workplace, code) as running:
        running.prints(f"^{printed}")
        server.stop()
        server.start()
        brand = signed_in(server, BRAND)
        brand.says(brand.reads("/api/conversations")["results"][0]["id"], "Back again?")
        running.prints("^New message: Back again\\?$")
        assert running.printed.count(printed) == 1, "the message is sent once, not on each connect"
    with script(workplace, code.replace(PASSWORD, "wrong")) as running:
        running.prints('^Error: .*"success":false')


def test_the_terminal_is_interactive(tmp_path: Path):
    """History expansion is on, failed commands are reported, and incomplete input is recognized."""
    with terminal(tmp_path, programs(tmp_path / "bin")) as shell:
        assert lines(shell.types("echo first\nfor n in 1 2\ndo echo $n\ndone")) == ["1", "2"]
        shell.types("echo one")
        assert "echo one" in shell.types("echo !-1")
        with pytest.raises(AssertionError, match="ended with 1"):
            shell.types("cat nothing")
        with pytest.raises(AssertionError, match="event not found"):
            shell.types('echo "Hello!\\""\necho next')


def test_it_is_short():
    assert len(README.splitlines()) <= 150


def test_its_figures_match_the_results():
    """The figures are rounded, and the best figure of each row is bold."""
    cases = json.loads((ROOT / "docs" / "benchmarks" / "results.json").read_text())["cases"]
    table = README.partition("## Figures")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|")[1:] for line in table.splitlines() if line[:1] == "|"][2:]
    assert len(rows) == len(FIGURES)
    for row, (case, metric) in zip(rows, FIGURES, strict=True):
        medians = [target[metric]["median"] for target in cases[case]["targets"] if target["name"] != "channels"]
        shown = [cell for cell in map(str.strip, row) if cell]
        assert all(is_rounded(*pair) for pair in zip(shown, medians, strict=True)), (shown, medians)
        higher = next(one for one in cases[case]["metrics"] if one["name"] == metric)["higher_is_better"]
        best = medians.index(max(medians) if higher else min(medians))
        assert [cell.startswith("**") for cell in shown] == [at == best for at in range(len(shown))], shown


def is_rounded(cell: str, measured: float) -> bool:
    """Return whether the measured value is within half a unit of the last significant digit."""
    number = cell.strip("*").split()[0].replace(",", "")
    decimals = len(number.partition(".")[2])
    zeros = 0 if decimals else len(number) - len(number.rstrip("0"))
    return abs(float(number) - measured) <= 0.5 * 10.0 ** (zeros - decimals)


@pytest.mark.parametrize(
    ("cell", "measured", "is_right"),
    [
        ("**6,370**", 6372.5, True),
        ("6,370", 6376.0, False),
        ("0.9 ms", 0.928, True),
        ("16.0 KiB", 15.96, True),
        ("16.0 KiB", 16.2, False),
        ("31 ms", 31.6, False),
    ],
)
def test_a_wrong_figure_is_noticed(cell, measured, is_right):
    assert is_rounded(cell, measured) is is_right
