"""Plays scenarios one after another on one stage, and has each judged."""

import asyncio
import random
import shutil
import signal
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
import uvloop

from faults.api import Api, Refused
from faults.checker import Finding, judge
from faults.figures import Figure
from faults.history import History, read
from faults.measures import measure
from faults.people import People, settle_people
from faults.scenario import Play, Scenario
from faults.services import make_home
from faults.stage import Stage
from faults.state import State, read_state
from faults.story import tell


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
    """The machine has other things to do: all may take longer, and no figure is judged."""

    @property
    def patience(self) -> float:
        return 10.0 if self.busy else 1.0


@dataclass
class Outcome:
    scenario: str
    what: str
    seconds: float
    acked: int = 0
    pairs: int = 0
    findings: list[Finding] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.findings and all(figure.holds for figure in self.figures)


async def run(scenarios: list[Scenario], options: Options) -> list[Outcome]:
    home = make_home()
    options.out.mkdir(parents=True, exist_ok=True)
    stage = Stage(home, options.workers)
    outcomes = []
    try:
        await stage.start()
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            api = Api(session)
            people = await settle_people(stage, api, options.people)
            for scenario in scenarios:
                outcomes.append(await _play(scenario, stage, people, api, session, options))
                _tell(outcomes[-1])
    finally:
        await stage.stop()
        _keep_logs(stage, options.out)
        shutil.rmtree(home, ignore_errors=True)
    return outcomes


async def _play(
    scenario: Scenario, stage: Stage, people: People, api: Api, session: aiohttp.ClientSession, options: Options
) -> Outcome:
    history = History(options.out / f"{scenario.name}.jsonl")
    play = Play(
        stage=stage,
        people=people,
        history=history,
        api=api,
        session=session,
        rng=random.Random(f"{options.seed}:{scenario.name}"),
        messages=options.messages,
        rate=options.rate,
        senders=options.senders,
        quick=options.quick,
        patience=options.patience,
    )
    begin = time.monotonic()
    logged = [len(worker.faults_logged()) for worker in stage.workers]
    state = None
    try:
        await scenario.play(play)
        state = play.state or await _final_state(stage, play.people, api)
    except Exception as fault:
        play.findings.append(f"broke off: {type(fault).__name__}: {fault}")
    finally:
        history.close()
        await play.stop()
        stage.heal()
    for worker, before in zip(stage.workers, logged, strict=True):
        play.findings += [f"{worker.name} logged {line}" for line in worker.faults_logged()[before:]]
    outcome = _judged(scenario, play, state, time.monotonic() - begin)
    if options.busy:
        outcome.figures = [replace(one, most=None, least=None) for one in outcome.figures]
    return outcome


async def _final_state(stage: Stage, people: People, api: Api) -> State:
    state = await read_state(stage.postgres.url)
    for person in people.everybody:
        try:
            _, answer = await api.call(stage.seats[0].url, "GET", "/api/conversations?limit=200", person=person)
        except Refused:
            continue
        for line in answer["results"]:
            state.shown[person.id, line["id"]] = ((line["last_message"] or {}).get("id"), line["unread_count"])
    return state


def _judged(scenario: Scenario, play: Play, state: State | None, seconds: float) -> Outcome:
    """Without a state it broke off, and what was seen until then is compared with nothing."""
    story = tell(read(play.history.path))
    outcome = Outcome(scenario.name, scenario.what, seconds, figures=play.figures, notes=play.notes)
    outcome.findings = [Finding("played", what) for what in play.findings]
    if state is not None:
        outcome.findings += judge(story, state)
    measure(story, outcome)
    outcome.figures = [replace(one, most=play.bars.get(one.name, one.most)) for one in outcome.figures]
    return outcome


def _tell(outcome: Outcome) -> None:
    verdict = "holds" if outcome.holds else "FAILS"
    print(f"{outcome.scenario:<24} {verdict}  {outcome.seconds:6.1f} s  {outcome.acked} acknowledged", flush=True)
    for finding in outcome.findings[:20]:
        print(f"    {finding.property}: {finding.what}", flush=True)


def _keep_logs(stage: Stage, out: Path) -> None:
    for worker in stage.workers:
        if worker.log.exists():
            shutil.copy(worker.log, out / worker.log.name)


def play_all(scenarios: list[Scenario], options: Options) -> list[Outcome]:
    """Whatever ends it, SIGTERM included, what it started is ended too."""

    async def play() -> list[Outcome]:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
        return await run(scenarios, options)

    return uvloop.run(play())
