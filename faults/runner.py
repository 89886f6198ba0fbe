"""Runs scenarios one after another on one cluster, and checks each."""

import asyncio
import random
import shutil
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import uvloop

from faults.checker.final_state import FinalState, read_final_state
from faults.checker.history import parse
from faults.checker.performance import measure
from faults.checker.properties import Violation, check
from faults.clients.rest_client import ApiError, RestClient
from faults.cluster.cluster import Cluster
from faults.cluster.services import create_home
from faults.people import People, create_people
from faults.recorder import Recorder, read_records
from faults.results import Result
from faults.run import Run
from faults.scenario import Scenario


@dataclass(frozen=True)
class Options:
    workers: int
    messages: int
    rate: float
    senders: int
    people: int
    seed: int
    quick: bool
    out: Path
    busy: bool = False
    """Set on a busy machine: time limits are longer, and no metric has a threshold."""

    @property
    def patience(self) -> float:
        return 10.0 if self.busy else 1.0


def run_all(scenarios: list[Scenario], options: Options) -> list[Result]:
    """Run the scenarios. At the end, also after SIGTERM, all started processes are stopped."""

    async def run() -> list[Result]:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
        return await _run_on_cluster(scenarios, options)

    return uvloop.run(run())


async def _run_on_cluster(scenarios: list[Scenario], options: Options) -> list[Result]:
    home = create_home()
    options.out.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(home, options.workers)
    results = []
    try:
        await cluster.start()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            people = await create_people(cluster, RestClient(session), options.people)
            for scenario in scenarios:
                results.append(
                    await _run(scenario, _new_run(scenario, cluster, people, session, options), options.busy)
                )
                _log(results[-1])
    finally:
        await cluster.stop()
        _keep_logs(cluster, options.out)
        shutil.rmtree(home, ignore_errors=True)
    return results


def _new_run(
    scenario: Scenario, cluster: Cluster, people: People, session: aiohttp.ClientSession, options: Options
) -> Run:
    return Run(
        cluster=cluster,
        people=people,
        recorder=Recorder(options.out / f"{scenario.name}.jsonl"),
        rest=RestClient(session),
        session=session,
        rng=random.Random(f"{options.seed}:{scenario.name}"),
        messages=options.messages,
        rate=options.rate,
        senders=options.senders,
        quick=options.quick,
        patience=options.patience,
    )


async def _run(scenario: Scenario, run: Run, busy: bool) -> Result:
    cluster = run.cluster
    begin = time.monotonic()
    logged = [len(worker.logged_errors()) for worker in cluster.workers]
    state = None
    try:
        await scenario.inject(run)
        state = run.final_state or await _final_state(run)
    except Exception as error:
        run.violations.append(f"the scenario failed: {type(error).__name__}: {error}")
    finally:
        run.recorder.close()
        await run.stop()
        cluster.heal()
    for worker, before in zip(cluster.workers, logged, strict=True):
        run.violations += [f"{worker.name} logged {line}" for line in worker.logged_errors()[before:]]
    result = _check(scenario, run, state, time.monotonic() - begin)
    if busy:
        result.metrics = [replace(one, maximum=None, minimum=None) for one in result.metrics]
    return result


async def _final_state(run: Run) -> FinalState:
    state = await read_final_state(run.cluster.postgres.url)
    url = run.cluster.nodes[0].url
    for person in run.people.accounts:
        try:
            _, body = await run.rest.call(url, "GET", "/api/conversations?limit=200", person=person)
        except ApiError:
            continue
        for line in body["results"]:
            state.listed[person.id, line["id"]] = ((line["last_message"] or {}).get("id"), line["unread_count"])
    return state


def _check(scenario: Scenario, run: Run, state: FinalState | None, seconds: float) -> Result:
    """Check a run. Without a final state the scenario has failed, and its history is not compared."""
    history = parse(read_records(run.recorder.path))
    performance = measure(history)
    metrics = [*run.metrics, *performance.metrics]
    return Result(
        scenario=scenario.name,
        what=scenario.what,
        seconds=seconds,
        acknowledged=performance.acknowledged,
        ordered_pairs=performance.ordered_pairs,
        violations=[Violation("scenario", what) for what in run.violations] + (check(history, state) if state else []),
        metrics=[replace(one, maximum=run.thresholds.get(one.name, one.maximum)) for one in metrics],
        notes=run.notes,
    )


def _log(result: Result) -> None:
    verdict = "holds" if result.holds else "FAILS"
    print(f"{result.scenario:<24} {verdict}  {result.seconds:6.1f} s  {result.acknowledged} acknowledged", flush=True)
    for violation in result.violations[:20]:
        print(f"    {violation.property}: {violation.what}", flush=True)


def _keep_logs(cluster: Cluster, out: Path) -> None:
    for worker in cluster.workers:
        if worker.log.exists():
            shutil.copy(worker.log, out / worker.log.name)
