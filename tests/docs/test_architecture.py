"""docs/architecture.md shows the packages and imports of the code."""

import subprocess
import sys

import pytest

from scripts import package_graph
from tests.docs.claims import runs
from tests.harness.environment import ROOT
from tests.packages import PACKAGES


@runs("docs/architecture.md", "Packages", "mermaid")
def test_the_graph_shows_every_package(blocks):
    names = {word for line in blocks[0].text.splitlines()[1:] for word in line.split() if word != "-->"}
    assert names == set(PACKAGES)


def test_the_document_matches_the_code():
    subprocess.run([sys.executable, "scripts/package_graph.py", "--check"], cwd=ROOT, check=True)


@pytest.mark.parametrize("change", ["no section", "another arrow"])
def test_an_outdated_document_is_found(change, tmp_path, monkeypatch, capsys):
    text = package_graph.DOCUMENT.read_text(encoding="utf-8")
    old = tmp_path / "architecture.md"
    old.write_text(text.replace(package_graph.END, "") if change == "no section" else text.replace("-->", "<--", 1))
    monkeypatch.setattr(package_graph, "DOCUMENT", old)
    monkeypatch.setattr(sys, "argv", ["package_graph.py", "--check"])
    with pytest.raises(SystemExit) as ended:
        package_graph.main()
    assert ended.value.code == 2
    assert "architecture.md" in capsys.readouterr().err


def test_transitive_imports_are_left_out():
    imports = {"top": {"middle", "bottom"}, "middle": {"bottom"}, "bottom": set(), "other": {"bottom"}}
    assert package_graph.reduced(imports) == {
        "top": {"middle"},
        "middle": {"bottom"},
        "bottom": set(),
        "other": {"bottom"},
    }
