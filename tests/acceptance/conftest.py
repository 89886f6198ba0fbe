"""Running servers, a browser, and two users who talk through them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.acceptance.browser import Browser, browser
from tests.acceptance.deployments import Deployment, embedded_deployment, shared_deployment
from tests.acceptance.tabs import with_tabs
from tests.harness.people import Person


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser") / "console.log") as opened:
        yield opened


@pytest.fixture(scope="session")
def embedded(clients: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with embedded_deployment(tmp_path_factory.mktemp("embedded")) as running:
        yield running


@pytest.fixture(scope="session")
def shared(clients: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with shared_deployment(tmp_path_factory.mktemp("shared")) as running:
        yield running


@pytest.fixture(params=["embedded", "shared"])
def deployment(request: pytest.FixtureRequest) -> Deployment:
    """Servers shared by all tests. Each is started once, without rate limits. Each test creates its own users."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def meet(clients: Browser) -> Iterator[Callable[[Deployment], tuple[Person, Person]]]:
    """Create a brand owner and an influencer, on different processes if the deployment has two."""
    with ExitStack() as stack:

        def two(deployment: Deployment) -> tuple[Person, Person]:
            brand = with_tabs(clients, deployment.first.url, deployment.brand_owner())
            influencer = with_tabs(clients, deployment.last.url, deployment.influencer())
            for person in (brand, influencer):
                stack.callback(person.tabs.close)
            return brand, influencer

        yield two


@pytest.fixture
def couple(deployment: Deployment, meet: Callable[[Deployment], tuple[Person, Person]]) -> tuple[Person, Person]:
    return meet(deployment)


@pytest.fixture
def brand(couple: tuple[Person, Person]) -> Person:
    return couple[0]


@pytest.fixture
def influencer(couple: tuple[Person, Person]) -> Person:
    return couple[1]


@pytest.fixture
def conversation(brand: Person, influencer: Person) -> str:
    """The id of the direct conversation of the two users."""
    return brand.opens_chat_with(influencer)
