from tests.apps.fixtures import deal, hints  # noqa: F401 (fixtures)
