"""Records which test runs which code blocks of the documents. A test must claim every block."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from tests.docs.blocks import Block

Test = TypeVar("Test", bound=Callable[..., object])


@dataclass(frozen=True)
class Claim:
    """The blocks of a document under a heading, with their languages in order. If `heading` is None, all blocks of the
    document."""

    document: str
    heading: str | None
    languages: tuple[str, ...]

    def is_about(self, block: Block) -> bool:
        return block.document == self.document and self.heading in {None, block.heading}

    def of(self, blocks: Iterable[Block]) -> list[Block]:
        """Return the claimed blocks. Raises `AssertionError` if the document has other blocks there."""
        found = [one for one in blocks if self.is_about(one)]
        languages = tuple(one.language for one in found)
        expected = self.languages * len(found) if self.heading is None else self.languages
        place = found[0].place if found else f"{self.document}, under “{self.heading}”"
        assert found, f"{place}: no blocks were found"
        assert languages == expected, f"{place}: the blocks are {languages}, the test runs {expected}"
        return found


CLAIMS: list[Claim] = []


def runs(document: str, heading: str, *languages: str) -> Callable[[Test], Test]:
    """Mark the test that runs all blocks under this heading; it receives them as the fixture `blocks`."""
    return _claiming(Claim(document, heading, languages))


def runs_all(document: str, language: str) -> Callable[[Test], Test]:
    """Mark the test that runs all blocks of a document; all must have this language."""
    return _claiming(Claim(document, None, (language,)))


def _claiming(claim: Claim) -> Callable[[Test], Test]:
    CLAIMS.append(claim)

    def mark(test: Test) -> Test:
        test.claim = claim
        return test

    return mark


def unclaimed(blocks: Iterable[Block]) -> list[Block]:
    return [one for one in blocks if not any(claim.is_about(one) for claim in CLAIMS)]
