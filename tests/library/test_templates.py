"""Templates contain no inline code or styles that the policy forbids. Code and styles are in files, or have the
nonce."""

import re
from pathlib import Path

from tests.harness.environment import ROOT

STYLE = re.compile(r"\sstyle\s*=|<style\b", re.IGNORECASE)
HANDLER = re.compile(r"<[^>]*\son[a-z]+\s*=|javascript:", re.IGNORECASE)
SCRIPT = re.compile(r"<script\b(?![^>]*\s(?:nonce|src)=)", re.IGNORECASE)


def faults(source: str) -> list[str]:
    return [found[0] for pattern in (STYLE, HANDLER, SCRIPT) for found in pattern.finditer(source)]


def templates() -> list[Path]:
    return [path for pattern in ("templates", "*/templates") for path in ROOT.glob(f"{pattern}/**/*.html")]


def test_templates_contain_no_inline_code_or_styles() -> None:
    assert {"base.html", "swagger_ui.html", "change_form.html"} <= {path.name for path in templates()}
    found = {str(path.relative_to(ROOT)): faults(path.read_text(encoding="utf-8")) for path in templates()}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_the_check_finds_only_inline_code_and_styles() -> None:
    bad = [
        '<p style="color: red">',
        "<style>p { color: red }</style>",
        '<button onclick="go()">',
        '<img\n  onerror = "go()">',
        '<a href="javascript:go()">',
        "<script>go()</script>",
        '<script type="module">go()</script>',
    ]
    assert [source for source in bad if not faults(source)] == []
    good = [
        '<script src="a.js"></script>',
        '<script type="importmap" nonce="{{ request.csp_nonce }}">{}</script>',
        "<noscript>On=1 needs JavaScript.</noscript>",
        '{% block extrastyle %}<link rel="stylesheet" href="a.css">{% endblock %}',
        "<p>Put it on = there</p>",
    ]
    assert [source for source in good if faults(source)] == []
