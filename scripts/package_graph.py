"""`python scripts/package_graph.py [--check]`: write the packages and their imports into `docs/architecture.md`.

The table has the first sentence of each package's docstring. The graph has an arrow for each import between two
packages, except for imports that follow from other arrows. grimp, which import-linter uses too, reads the imports.
"""

import argparse
import ast
import sys
import tomllib
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- packages: written by `make documents` -->\n", "<!-- end of packages -->\n"

Imports = dict[str, set[str]]


def packages() -> list[str]:
    """Return the packages of the application, from the top layer to the bottom."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    layers = next(one for one in settings["importlinter"]["contracts"] if one["type"] == "layers")["layers"]
    names = [name.strip(" ()") for layer in layers for name in layer.split("|")]
    return [name for name in names if (ROOT / name).is_dir()]


def imports_between(names: list[str]) -> Imports:
    """Return for each package the packages that it imports directly."""
    sys.path.insert(0, str(ROOT))
    graph = grimp.build_graph(*names)
    found: Imports = {name: set() for name in names}
    for module in graph.modules:
        importer = module.partition(".")[0]
        for imported in graph.find_modules_directly_imported_by(module):
            package = imported.partition(".")[0]
            if package in found and package != importer:
                found[importer].add(package)
    return found


def reduced(imports: Imports) -> Imports:
    """Return the imports without the imports that follow from other imports."""
    return {
        name: {one for one in direct if not any(one in _reached(other, imports) for other in direct - {one})}
        for name, direct in imports.items()
    }


def _reached(name: str, imports: Imports) -> set[str]:
    direct = imports[name]
    return direct.union(*(_reached(one, imports) for one in direct))


def first_sentence(name: str) -> str:
    """Return the first sentence of a package's docstring."""
    text = ast.get_docstring(ast.parse((ROOT / name / "__init__.py").read_text(encoding="utf-8"))) or ""
    sentence = " ".join(text.split()).partition(". ")[0]
    return sentence if sentence.endswith(".") else f"{sentence}."


def section() -> str:
    names = packages()
    arrows = reduced(imports_between(names))
    rows = [f"| `{name}` | {first_sentence(name)} |" for name in names]
    edges = [f"    {name} --> {one}" for name in names for one in sorted(arrows[name], key=names.index)]
    table = "\n".join(["| Package | What it is for |", "|---|---|", *rows])
    graph = "\n".join(["```mermaid", "graph TD", *edges, "```"])
    return f"{BEGIN}{table}\n\n{graph}\n{END}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the packages and their imports into docs/architecture.md.")
    parser.add_argument("--check", action="store_true", help="only fail if the document is out of date")
    options = parser.parse_args()
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest or not after:
        parser.error(f"{DOCUMENT.name} has no section for the packages: {BEGIN.strip()} … {END.strip()}")
    new = before + section() + after
    if options.check and new != text:
        parser.error(f"{DOCUMENT.name} is out of date. Run `make documents`.")
    if not options.check:
        DOCUMENT.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
