"""The violations of accessibility rules that axe finds in a tab."""

from typing import Any

from tests.harness.environment import ROOT, need_node
from tests.web.tabs import Tab

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


async def faults(tab: Tab) -> list[str]:
    """Return the violations that axe finds: each rule with its element."""
    need_node()
    await tab.page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = await tab.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{one['id']}: {node['html'][:150]} {node.get('failureSummary', '')[:200]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
