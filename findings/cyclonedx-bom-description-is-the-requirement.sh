#!/usr/bin/env bash
# Believed: the components in the SBOM of a requirements file depend on the packages in it, and `description` says what
#   a package does or is missing. With `--output-reproducible`, a new comment in the file changes nothing.
# Is so: `description` is the line number and the complete requirement with all its hashes, which `externalReferences`
#   has again. `bom-ref` also contains the line number. One comment at the top of the file changes `description` and
#   `bom-ref` of every component.
# Versions: cyclonedx-bom 7.5.0, cyclonedx-python-lib 11.12.0, Python 3.11.
# Seen: in the SBOM of a release, made from a file in which each package has the hashes of all its wheels.
# Why it matters: a package with 40 wheels has a description of 3,000 characters wherever descriptions are displayed.
#   The difference between the SBOMs of two releases has every package after an inserted line, even if its version is
#   the same. Compare the components by `purl` and without these two fields.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check cyclonedx-bom==7.5.0 cyclonedx-python-lib==11.12.0
python3 - > before.txt <<'PYTHON'
for requirement, wheels in (("one-wheel==1.0", 1), ("many-wheels==2.0", 40)):
    print(requirement, *(f"    --hash=sha256:{number:064x}" for number in range(wheels)), sep=" \\\n")
PYTHON
{ echo '# Made for Python 3.11.'; cat before.txt; } > after.txt
for file in before after; do
  env/bin/cyclonedx-py requirements --output-reproducible --of JSON -o "$file.json" "$file.txt"
done
env/bin/python - <<'PYTHON'
import json

before, after = (
    {one["purl"]: one for one in json.load(open(name))["components"]} for name in ("before.json", "after.json")
)
lengths = {}
for purl, component in before.items():
    lengths[purl] = len(component["description"])
    print(f"{purl}: {lengths[purl]} characters, {component['description'][:70]}...")
    hashes = [one["content"] for one in component["externalReferences"][0]["hashes"]]
    assert all(f"--hash=sha256:{one}" in component["description"] for one in hashes)
    changed = [name for name, value in component.items() if after[purl][name] != value]
    print(f"  changed by a comment at the top of the file: {', '.join(changed)}")
    assert changed == ["bom-ref", "description"]
assert before.keys() == after.keys()
assert lengths["pkg:pypi/many-wheels@2.0"] > 3000
PYTHON
