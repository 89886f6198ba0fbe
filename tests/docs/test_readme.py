"""What README.md says to do, done."""

import os
import sys
from pathlib import Path

import httpx
import pytest

from stoory.demo import PASSWORD, PEOPLE
from tests.docs.claims import runs
from tests.docs.ready import wait_until_ready
from tests.docs.terminal import Terminal, commands, lines, programs, terminal
from tests.harness.environment import need_node, need_postgresql_and_redis
from tests.harness.ports import free_port
from tests.harness.servers import RunningServer, embedded, shared


@pytest.fixture
def server(tmp_path: Path):
    """A server that may be restarted."""
    with embedded(tmp_path) as installation, installation.serving() as running:
        yield running


@runs("README.md", "Start", "sh")
def test_make_sets_up_and_serves_the_demo_and_runs_the_tests(blocks, checkout: Path):
    """What `make test` would run is only printed: it is what runs this test."""
    run, test = commands(blocks[0].text)
    port = str(free_port())
    given = {"PORT": port, "DRAIN_SECONDS": "0.2"}
    with terminal(checkout, os.environ["PATH"], **given) as shell:
        shell.begins(run)
        shell.sees(f"Open +http://127.0.0.1:{port}/ ")
        shell.sees(f"Stoory is at http://127.0.0.1:{port}/")
        wait_until_ready(f"http://127.0.0.1:{port}/readyz")
        page = httpx.get(f"http://127.0.0.1:{port}/").text
        assert PASSWORD in page
        assert all(person.email in page for person in PEOPLE)
        shell.interrupts()
        assert lines(shell.types(f"{test} --dry-run"))[-1].split()[:3] == [".venv/bin/python", "-m", "tests.suite"]


@runs("README.md", "Production", "sh", "sh")
def test_a_server_for_production(blocks, checkout: Path, tmp_path: Path):
    """Against a database and a Redis of this machine, on a port of its own."""
    prepare, serve = (one.text for one in blocks)
    port = str(free_port())
    with shared(tmp_path, *need_postgresql_and_redis()) as installation:
        own = installation.environment
        prepare = prepare.replace("postgres://stoory:…@db.internal:5432/stoory", own["DATABASE_URL"])
        prepare = prepare.replace("redis://cache.internal:6379/0", own["REDIS_URL"])
        serve = serve.replace("--host 0.0.0.0 --port 3000", f"--port {port}")
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        given = {"REDIS_PREFIX": own["REDIS_PREFIX"], "DRAIN_SECONDS": "0.2"}
        with terminal(checkout, path, **given) as shell:
            shell.types(prepare)
            makes_an_operator(shell)
            shell.begins(serve)
            wait_until_ready(f"http://127.0.0.1:{port}/readyz")
            answer = httpx.get(f"http://127.0.0.1:{port}/", headers={"Host": "chat.example.com"})
            assert answer.status_code == 200
            assert httpx.get(f"http://127.0.0.1:{port}/", headers={"Host": "127.0.0.1"}).status_code == 400
            shell.interrupts()


def makes_an_operator(shell: Terminal) -> None:
    shell.begins("python manage.py createsuperuser")
    for asked, answer in (
        ("Email: $", "operator@example.com"),
        ("Password: $", "a-long-Passphrase-1"),
        (r"Password \(again\): $", "a-long-Passphrase-1"),
    ):
        shell.sees(asked)
        shell.answers(answer)
    shell.sees("Superuser created successfully")


@runs("README.md", "A first conversation", "sh", "js", "sh", "")
def test_a_first_conversation_again_and_again(blocks, server: RunningServer, workplace: Path, tmp_path: Path):
    """Typed and pasted, in bash with curl, Python and Node alone; once more after the server was restarted."""
    people, listener, talk, heard = (one.text for one in blocks)
    (workplace / "listen.mjs").write_text(listener)
    path = programs(tmp_path / "bin", python3=sys.executable, node=need_node())
    with terminal(workplace, path) as shell:
        shell.types(people)
        assert lines(shell.types(talk)) == lines(heard)
        shell.types("kill $!")
        shell.pastes(people)
        assert shell.pastes(talk).endswith(heard)

        server.stop()
        server.start()
        (answer,) = [line for line in talk.split("\n") if "post /api/messages" in line]
        told = talk[talk.index(answer) :].replace("Are you there?", "Back again?").replace("New message", "New.*Back")
        assert lines(shell.types(told)) == [*lines(heard), "5 Back again?", "New message: Back again?"]
        shell.types("kill $!")

        shell.types(people)
        assert lines(shell.types(talk)) == lines(heard)


def test_the_terminal_is_interactive_as_that_of_a_person(tmp_path: Path):
    """History expansion is on, a command that fails is reported, and a terminal that waits for more knows it."""
    with terminal(tmp_path, programs(tmp_path / "bin")) as shell:
        assert lines(shell.types("echo first\nfor n in 1 2\ndo echo $n\ndone")) == ["1", "2"]
        shell.types("echo one")
        assert "echo one" in shell.types("echo !-1")
        with pytest.raises(AssertionError, match="ended with 1"):
            shell.types("cat nothing")
        with pytest.raises(AssertionError, match="event not found"):
            shell.types('echo "Hello!\\""\necho next')
