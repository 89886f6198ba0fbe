#!/usr/bin/env bash
# Believed: the contract type `acyclic_siblings` proves that a package has no import cycle at any depth.
# Is so: it only compares the children of a package with each other. If a module imports a name from the `__init__` of
#   its own package, and the `__init__` imports that module, the cycle is between parent and child, and the contract is
#   kept. The same two imports between siblings break the contract. A topological sort of grimp's graph finds both.
# Versions: import-linter 2.16, grimp 3.20, Python 3.11.
# Seen: in a package whose `__init__` collects public names. One of its modules imported such a name from the package.
# Why it matters: whether such a cycle fails depends on which module is imported first. The contract that should exclude
#   the cycle passes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check import-linter==2.16 grimp==3.20
cat > .importlinter <<'CONFIG'
[importlinter]
root_packages =
    parent_cycle
    sibling_cycle

[importlinter:contract:parent]
name = parent and child
type = acyclic_siblings
ancestors = parent_cycle

[importlinter:contract:sibling]
name = siblings
type = acyclic_siblings
ancestors = sibling_cycle
CONFIG
mkdir parent_cycle sibling_cycle
echo 'from parent_cycle.orders import order' > parent_cycle/__init__.py
printf 'order = 1\nfrom parent_cycle import order as own\n' > parent_cycle/orders.py
touch sibling_cycle/__init__.py
printf 'one = 1\nfrom sibling_cycle.second import two\n' > sibling_cycle/first.py
printf 'two = 2\nfrom sibling_cycle.first import one\n' > sibling_cycle/second.py
contracts=$(env/bin/lint-imports --no-cache 2>&1 | grep -E '(KEPT|BROKEN)$' || true)
echo "$contracts"
sorted=$(env/bin/python - <<'PROGRAM'
from graphlib import CycleError, TopologicalSorter

import grimp

for name in ("parent_cycle", "sibling_cycle"):
    graph = grimp.build_graph(name)
    try:
        TopologicalSorter({one: graph.find_modules_directly_imported_by(one) for one in graph.modules}).prepare()
        print(name, "without cycle")
    except CycleError as found:
        print(name, "cycle of", sorted(set(found.args[1])))
PROGRAM
)
echo "$sorted"
grep -q '^parent and child KEPT$' <<<"$contracts"
grep -q '^siblings BROKEN$' <<<"$contracts"
test "$(grep -c 'cycle of' <<<"$sorted")" -eq 2
