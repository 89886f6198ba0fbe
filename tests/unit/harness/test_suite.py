"""The targets of `python -m tests.suite` run every test, report failures, and count all results."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from tests import suite
from tests.harness.environment import LEFT_OUT, ROOT

CLOSING = re.compile(r"^=+ (?P<counts>.*) in [\d.]+s \(\d+:\d\d:\d\d\) =+$", re.MULTILINE)


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A separate file for the results of the last runs."""
    file = tmp_path / "cache" / "suite.json"
    monkeypatch.setattr(suite, "STATE", file)
    return file


def target(*stages: suite.Stage) -> suite.Target:
    return suite.Target(about="samples", usually="a moment", stages=stages, rest="The rest is elsewhere.")


@pytest.fixture
def sample(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, state: Path) -> Path:
    """A target `sample` with the tests in this file."""
    file = tmp_path / "test_sample.py"
    options = (str(file), f"--rootdir={tmp_path}", "-c", "/dev/null", "-p", "no:cacheprovider", "-p", "xdist.plugin")
    monkeypatch.setitem(suite.TARGETS, "sample", target(suite.Stage("One", options), suite.Stage("Two", options)))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # it needs only one plugin, and loading all takes seconds
    return file


def test_check_and_integration_run_every_folder_with_tests() -> None:
    options = [
        one for name in ("check", "integration") for stage in suite.TARGETS[name].stages for one in stage.options
    ]
    folders = {path.relative_to(ROOT).parts[1] for path in (ROOT / "tests").glob("*/**/test_*.py")}
    assert {f"tests/{folder}" for folder in folders} <= set(options)
    assert all((ROOT / one).exists() for one in options if one.startswith("tests/"))


def test_what_runs_in_check_does_not_run_again_in_integration() -> None:
    first, _ = suite.TARGETS["check"].stages
    elsewhere, alone = suite.TARGETS["integration"].stages
    paths = {one for one in first.options if one.startswith("tests/")}
    assert paths.isdisjoint(elsewhere.options)
    assert f"--ignore={suite.WALK}" in elsewhere.options
    assert alone.options == ("-m", "alone")
    assert all(suite.NOT_ALONE[1] in stage.options for stage in (first, elsewhere))


def test_a_target_counts_all_stages_in_one_line(sample: Path, state: Path, capfd: pytest.CaptureFixture[str]) -> None:
    sample.write_text("import pytest\n\ndef test_one(): ...\n\ndef test_two():\n    pytest.skip('not today')\n")
    assert suite.run("sample") == 0
    said = capfd.readouterr().out
    assert CLOSING.findall(said)[-1] == "2 passed, 2 skipped"
    assert "Not run here before; about a moment on two cores." in said
    assert said.index("The rest is elsewhere.") > said.index("=== Two ===")
    assert json.loads(state.read_text())["sample"]["failed"] == 0
    suite.run("sample")
    assert re.search(r"Last time here: \d+ s\.", capfd.readouterr().out)


@pytest.mark.parametrize(
    ("code", "counted"),
    [
        ("def test_one():\n    assert False\n", "2 failed"),
        ("import nothing_of_this_name\n", "2 error"),
        ("import pytest\n\n@pytest.fixture\ndef bad():\n    1 / 0\n\ndef test_one(bad): ...\n", "2 error"),
    ],
)
def test_a_failure_is_reported_and_returned(
    sample: Path, state: Path, capfd: pytest.CaptureFixture[str], code: str, counted: str
) -> None:
    sample.write_text(code)
    assert suite.run("sample") == 1
    assert CLOSING.findall(capfd.readouterr().out)[-1].startswith(counted)
    assert suite.total() == 1


def test_a_missing_path_is_a_failure(sample: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert suite.run("sample") == 1


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_a_stage_without_its_services_is_skipped_with_a_message(
    state: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ci: str,
    code: int,
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(suite, "redis_url", lambda: None)
    monkeypatch.setitem(suite.TARGETS, "sample", target(suite.Stage("One", (), on_services=True)))
    assert suite.run("sample") == code
    assert LEFT_OUT in capsys.readouterr().out


def test_the_total_adds_up_check_and_integration(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = {"seconds": 60.5, "failed": 0}
    suite._keep(
        {
            "quick": done | {"counts": {"passed": 5}},
            "check": done | {"counts": {"passed": 30, "skipped": 2}},
            "integration": done | {"counts": {"passed": 4}},
        }
    )
    assert suite.total() == 0
    assert CLOSING.fullmatch(capsys.readouterr().out.strip())["counts"] == "34 passed, 2 skipped"


def test_a_total_without_results_is_a_failure(state: Path) -> None:
    assert suite.total() == 1


def test_the_closing_line_has_pytests_form() -> None:
    line = suite._closing_line(Counter(passed=7, failed=1), 3725.5)
    assert line.strip("= ") == "1 failed, 7 passed in 3725.50s (1:02:05)"


@pytest.mark.parametrize("arguments", [[], ["checks"], ["total", "more"]])
def test_unknown_targets_are_rejected(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert suite.main(arguments) == 2
    assert "usage:" in capsys.readouterr().out
