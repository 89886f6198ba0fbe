"""Clients that are generated from the OpenAPI and AsyncAPI documents compile, and talk to a server."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from foundation.json import to_json
from tests.api.messaging.uploads.test_uploads import picture
from tests.docs.accounts import registered
from tests.harness.environment import ROOT, need, need_node
from tests.harness.people import PASSWORD, Person
from tests.harness.processes import run
from tests.harness.servers import RunningServer, embedded

HERE = Path(__file__).parent
SECONDS = 300
SOURCES = ("rest.ts", "socket.ts", "asyncapi.mjs", "tsconfig.json", "package.json")
PYTHON_CLIENT = """
import sys
from uuid import UUID

from generated import AuthenticatedClient, Client
from generated.api.auth import auth_log_in
from generated.api.conversations import conversations_list
from generated.api.messages import messages_create, messages_retrieve
from generated.api.uploads import uploads_retrieve
from generated.models import (
    ConversationPage,
    ConversationsListType,
    LoginRequest,
    LoginResponse,
    MessagePayloadMessageType,
    Problem,
    SendMessageRequest,
    SendMessageResponse,
)

url, email, password, conversation, upload = sys.argv[1:]
login = auth_log_in.sync(client=Client(base_url=url), body=LoginRequest(email=email, password=password))
assert isinstance(login, LoginResponse)
client = AuthenticatedClient(base_url=url, token=login.access)
body = SendMessageRequest(message="Sent by Python", conversation_id=UUID(conversation))
sent = messages_create.sync(client=client, body=body)
assert isinstance(sent, SendMessageResponse)
assert sent.message.message_type is MessagePayloadMessageType.USER_INPUT
found = conversations_list.sync(client=client, type_=ConversationsListType.DIRECT, limit=5)
assert isinstance(found, ConversationPage)
assert found.results[0].last_message.message == "Sent by Python"
refused = messages_retrieve.sync(client=client, id=UUID(conversation))
assert isinstance(refused, Problem)
file = uploads_retrieve.sync(client=client, id=UUID(upload))
print(refused.code, len(file.payload.read()))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with embedded(tmp_path_factory.mktemp("server")) as installation, installation.serving() as running:
        yield running


@pytest.fixture(scope="module")
def talk(server: RunningServer) -> SimpleNamespace:
    """A user with a conversation and an uploaded file."""
    me, other = registered(server, "influencer"), registered(server, "brand_owner")
    content = picture()
    return SimpleNamespace(
        me=me, other=other, chat=me.opens_chat_with(other), upload=uploaded(me, content), size=len(content)
    )


def uploaded(person: Person, content: bytes) -> str:
    boundary = "x" * 20
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    answer = person.api.send("POST", "/api/uploads", body, content_type=f"multipart/form-data; boundary={boundary}")
    assert answer.status_code == 201, answer.content
    return answer.json()["upload"]["id"]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sources, the generators, and the generated types, compiled."""
    need_node()
    installed = HERE / "node_modules"
    need(installed.exists() or None, "The generators of clients are missing (run `make setup`)")
    folder = tmp_path_factory.mktemp("generators")
    for name in SOURCES:
        shutil.copy(HERE / name, folder)
    (folder / "node_modules").symlink_to(installed)
    events = json.loads((ROOT / "docs/asyncapi.json").read_text())
    schemas = {"openapi": "3.1.0", "info": events["info"], "paths": {}, "components": events["components"]}
    (folder / "events.json").write_text(to_json(schemas))
    for source, types in ((ROOT / "docs/openapi.yaml", "api.d.ts"), ("events.json", "events.d.ts")):
        program(folder, "openapi-typescript", str(source), "-o", types)
    program(folder, "tsc")
    return folder


def program(folder: Path, name: str, *arguments: str) -> None:
    run(folder / "node_modules" / ".bin" / name, *arguments, cwd=folder, timeout=SECONDS)


def printed(folder: Path, script: str, *arguments: str) -> dict[str, Any]:
    return json.loads(run("node", script, *arguments, cwd=folder, timeout=SECONDS))


def test_types_of_the_rest_api(workplace, server, talk):
    said = printed(workplace, "rest.js", server.url, talk.me.email, PASSWORD, talk.chat, talk.upload)
    assert said == {"kind": "user_input", "status": "real_time", "code": "not_found", "bytes": talk.size}
    assert talk.other.messages(talk.chat)[-1]["message"] == "Sent over REST"


def test_types_of_events_and_commands(workplace, server, talk):
    said = printed(workplace, "socket.js", server.url, talk.me.access, talk.chat)
    assert said["sent"] == said["received"] == talk.other.messages(talk.chat)[-1]["seq"]
    assert (said["role"], said["code"], said["text"]) == ("participant", "not_found", "Sent over the socket")


def test_the_asyncapi_document_is_read_by_its_parser(workplace):
    said = printed(workplace, "asyncapi.mjs", str(ROOT / "docs/asyncapi.json"))
    assert [code for code, _ in said["diagnostics"]] == ["asyncapi-latest-version"], said["diagnostics"]
    assert (said["servers"], said["license"]) == (["/"], "Apache-2.0")
    join = next(one for one in said["operations"] if one["name"] == "join_conversation")
    assert join["messages"] == ["join_conversation"]
    assert join["replies"] == ["join_conversation_acknowledgement", "command_refused"]


def test_a_generated_python_client(tmp_path, server, talk):
    (tmp_path / "config.yaml").write_text("post_hooks: []\n")
    tool = Path(sys.executable).with_name("openapi-python-client")
    options = ["--output-path", "generated", "--meta", "none", "--fail-on-warning", "--config", "config.yaml"]
    run(tool, "generate", "--path", ROOT / "docs/openapi.yaml", *options, cwd=tmp_path, timeout=SECONDS)
    run(sys.executable, "-W", "error", "-m", "compileall", "-q", "generated", cwd=tmp_path, timeout=SECONDS)
    (tmp_path / "client.py").write_text(PYTHON_CLIENT)
    arguments = (server.url, talk.me.email, PASSWORD, talk.chat, talk.upload)
    said = run(sys.executable, "client.py", *arguments, cwd=tmp_path, timeout=SECONDS)
    assert said.split() == ["not_found", str(talk.size)]
