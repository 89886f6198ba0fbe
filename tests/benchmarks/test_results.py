"""Results are kept from one run to the next."""

from benchmarks import machine, tables
from benchmarks.results import Results


def rest(title: str) -> dict:
    return {"kind": "rest", "title": title, "requests": []}


def test_each_case_is_shown_with_the_machine_on_which_it_was_measured(tmp_path, monkeypatch):
    known = {"cores": 2, "memory_gib": 24, "kernel": "6.1", "python": "3.11.2"}
    for name, processor in [("one", "slow"), ("two", "slow"), ("three", "quick"), ("one", "quick")]:
        monkeypatch.setattr(machine, "description", lambda model=processor: known | {"processor": model})
        Results(tmp_path).add(name, rest(name))
    lines = [
        line for line in tables.document(Results(tmp_path).content).splitlines() if line.startswith(("##", "Meas"))
    ]
    assert [line.partition(")")[0] for line in lines] == [
        "Measured on 2 cores (quick",
        "## one",
        "Measured on 2 cores (slow",
        "## two",
        "Measured on 2 cores (quick",
        "## three",
    ]
