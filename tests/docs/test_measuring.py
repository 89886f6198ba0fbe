"""docs/performance.md and docs/reliability.md: their commands need a machine for up to an hour.

The tests check the commands that `make` would run, and whether the programs accept their options.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType

import pytest

import benchmarks.__main__
import faults.__main__
from faults.scenario import SCENARIOS
from tests.docs.claims import runs
from tests.docs.terminal import commands
from tests.harness.environment import ROOT

PROGRAMS: dict[str, ModuleType] = {"benchmarks": benchmarks.__main__, "faults": faults.__main__}
Taken = Callable[[str], tuple[str, object]]


def made_command(command: str) -> str:
    """Return the command that a target of `make` finally runs."""
    program, *arguments = shlex.split(command)
    assert program == "make"
    done = subprocess.run(["make", "--dry-run", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


@pytest.fixture
def parse(monkeypatch: pytest.MonkeyPatch) -> Taken:
    """Parse a command's arguments with its program; return the program's name and the parsed arguments."""

    def take(command: str) -> tuple[str, object]:
        words = shlex.split(made_command(command) if command.startswith("make ") else command)
        assert words[:2] == [".venv/bin/python", "-m"], command
        monkeypatch.setattr(sys, "argv", words[2:])
        return words[2], PROGRAMS[words[2]]._arguments()

    return take


@runs("docs/performance.md", "Measuring it yourself", "sh")
def test_the_benchmarks_accept_their_options(blocks, parse: Taken, capsys: pytest.CaptureFixture[str]):
    *measures, helping = commands(blocks[0].text)
    read = [parse(command) for command in measures]
    assert {name for name, _ in read} == {"benchmarks"}
    assert [(given.scale, given.most_messages) for _, given in read] == [
        ("full", None),
        ("full", None),
        ("quick", None),
        ("full", 1_000_000),
    ]
    assert [given.cases for _, given in read][1:] == [["pairs", "idle"], ["room"], ["reads"]]
    with pytest.raises(SystemExit):
        parse(helping)
    assert "--quick" in capsys.readouterr().out


@runs("docs/performance.md", "Where the time goes", "sh")
def test_the_profiling_commands_are_valid_shell(blocks):
    """py-spy is not a dependency, and needs the right to inspect other processes."""
    done = subprocess.run(["bash", "-n"], input=blocks[0].text, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"--pid (\S+)", blocks[0].text) == ["$!", "$!"]


@runs("docs/reliability.md", "A run", "sh")
def test_the_run_of_the_document_can_be_repeated(blocks, parse: Taken):
    (command,) = commands(blocks[0].text)
    name, given = parse(command)
    assert name == "faults"
    assert (given.messages, given.rate, given.seed, given.only) == (4700, 80, 20261127, "")


@runs("docs/reliability.md", "A run of tasks and money", "sh")
def test_the_run_of_tasks_and_money_can_be_repeated(blocks, parse: Taken):
    (command,) = commands(blocks[0].text)
    name, given = parse(command)
    assert name == "faults"
    assert (given.messages, given.seed, given.busy) == (500, 20261130, True)
    assert set(given.only.split(",")) == {"killed-tasks", "money"} <= SCENARIOS.keys()


@runs("docs/reliability.md", "Running it", "sh")
def test_the_fault_harness_accepts_its_options(blocks, parse: Taken, capsys: pytest.CaptureFixture[str]):
    *plays, listing = commands(blocks[0].text)
    read = [given for _, given in map(parse, plays)]
    same = ("workers", "messages", "rate", "only", "quick")
    assert [getattr(read[0], name) for name in same] == [getattr(read[1], name) for name in same]
    assert set(read[2].only.split(",")) <= SCENARIOS.keys()
    assert (read[2].seed, read[3].quick, read[3].busy) == (7, True, True)
    parse(listing)
    assert faults.__main__.main() == 0
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()} == SCENARIOS.keys()
