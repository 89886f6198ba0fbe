"""`python -m faults --help`"""

import argparse
import sys
import time
from pathlib import Path

from faults import scenarios
from faults.report import table
from faults.runner import Options, play_all
from faults.scenario import SCENARIOS
from tests.harness.environment import ROOT, missing_programs


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m faults", description=scenarios.__doc__)
    parser.add_argument("--workers", type=int, default=4, help="server processes (default: 4)")
    parser.add_argument("--messages", type=int, default=2000, help="messages of each scenario (default: 2000)")
    parser.add_argument("--rate", type=float, default=80, help="messages a second, at most (default: 80)")
    parser.add_argument("--senders", type=int, default=48, help="messages under way at once, at most (default: 48)")
    parser.add_argument("--people", type=int, default=10, help="users (default: 10)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of what is random (default: the time)")
    parser.add_argument("--only", default="", help="names of scenarios, with commas")
    parser.add_argument("--skip", default="", help="names of scenarios, with commas")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions of each fault")
    parser.add_argument("--busy", action="store_true", help="all may take ten times as long, and no figure is judged")
    parser.add_argument("--list", action="store_true", help="tell what there is, and do nothing")
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "faults", help="where histories and logs go")
    return parser.parse_args()


def main() -> int:
    given = _arguments()
    if given.list:
        print("\n".join(f"{one.name:<24} {one.what}" for one in SCENARIOS.values()))
        return 0
    only = given.only.split(",") if given.only else list(SCENARIOS)
    unknown = [name for name in only if name not in SCENARIOS]
    if unknown:
        print(f"There is no scenario {', '.join(unknown)}; see --list.", file=sys.stderr)
        return 2
    chosen = [SCENARIOS[name] for name in only if name not in given.skip.split(",")]
    if absent := missing_programs():
        print(f"To be installed first: {', '.join(absent)}.", file=sys.stderr)
        return 2
    options = Options(
        workers=given.workers,
        messages=given.messages,
        rate=given.rate,
        senders=given.senders,
        people=given.people,
        seed=given.seed,
        quick=given.quick,
        out=given.out,
        busy=given.busy,
    )
    print(f"{given.workers} workers, {given.messages} messages a scenario, seed {given.seed}, to {given.out}")
    outcomes = play_all(chosen, options)
    report = table(outcomes)
    print(report)
    (given.out / "report.md").write_text(report + "\n")
    return 0 if all(outcome.holds for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
