from tests.people import brand, influencer, operator, stranger  # noqa: F401
