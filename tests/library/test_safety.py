"""Nothing that people write can become markup or code: no script of the pages has a way to make it so."""

import re
from pathlib import Path

import pytest

from tests.environment import ROOT

SCRIPTS = sorted([*(ROOT / "static" / "app").glob("*.js"), *(ROOT / "static" / "stoory-client").glob("*.js")])
UNSAFE = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|setHTMLUnsafe|"
    r"\beval\(|new Function|setTimeout\(\s*['\"`]|srcdoc|javascript:"
)
TEMPLATES = sorted((ROOT / "templates").glob("*.html"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_markup_or_code_of_text(script: Path) -> None:
    assert not UNSAFE.search(script.read_text())


def test_the_rule_finds_what_it_forbids() -> None:
    for bad in ("node.innerHTML = text", "eval(text)", "setTimeout('go()', 1)", "new Function(text)"):
        assert UNSAFE.search(bad)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_page_has_styles_or_handlers_in_it(template: Path) -> None:
    source = template.read_text()
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style", source)
    assert all("nonce=" in tag or "src=" in tag for tag in re.findall(r"<script[^>]*>", source))
