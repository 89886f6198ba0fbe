"""`python -m faults --help`"""

import argparse
import sys
import time
from pathlib import Path

from faults import scenarios
from faults.report import markdown_report
from faults.runner import Options, run_all
from faults.scenario import SCENARIOS
from tests.harness.environment import ROOT, missing_programs


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m faults", description=scenarios.__doc__)
    parser.add_argument("--workers", type=int, default=4, help="server processes (default: 4)")
    parser.add_argument("--messages", type=int, default=2000, help="messages of each scenario (default: 2000)")
    parser.add_argument("--rate", type=float, default=80, help="messages a second, at most (default: 80)")
    parser.add_argument("--senders", type=int, default=48, help="concurrent senders (default: 48)")
    parser.add_argument("--people", type=int, default=10, help="users (default: 10)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="seed of random choices (default: the time)")
    parser.add_argument("--only", default="", help="names of scenarios to run, separated by commas")
    parser.add_argument("--skip", default="", help="names of scenarios to leave out, separated by commas")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions of each fault")
    parser.add_argument(
        "--busy", action="store_true", help="for a busy machine: ten times the time limits, and no thresholds"
    )
    parser.add_argument("--list", action="store_true", help="list the scenarios and exit")
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "faults", help="directory of histories and logs")
    return parser.parse_args()


def main() -> int:
    arguments = _arguments()
    if arguments.list:
        print("\n".join(f"{one.name:<24} {one.what}" for one in SCENARIOS.values()))
        return 0
    only = arguments.only.split(",") if arguments.only else list(SCENARIOS)
    unknown = [name for name in only if name not in SCENARIOS]
    if unknown:
        print(f"Unknown scenario: {', '.join(unknown)}. See --list.", file=sys.stderr)
        return 2
    chosen = [SCENARIOS[name] for name in only if name not in arguments.skip.split(",")]
    if missing := missing_programs():
        print(f"Programs to install first: {', '.join(missing)}.", file=sys.stderr)
        return 2
    options = Options(
        workers=arguments.workers,
        messages=arguments.messages,
        rate=arguments.rate,
        senders=arguments.senders,
        people=arguments.people,
        seed=arguments.seed,
        quick=arguments.quick,
        out=arguments.out,
        busy=arguments.busy,
    )
    print(f"{options.workers} workers, {options.messages} messages a scenario, seed {options.seed}, in {options.out}")
    results = run_all(chosen, options)
    report = markdown_report(results)
    print(report)
    (arguments.out / "report.md").write_text(report + "\n")
    return 0 if all(result.holds for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
