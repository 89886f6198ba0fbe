"""The only place that reads the environment. `docs/configuration.md` lists what may be set."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def load_file(path: Path) -> None:
    """Read `NAME=value` lines of a `.env` file; what the environment already has wins."""
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name, separator, value = line.strip().partition("=")
        if separator and not name.startswith("#"):
            os.environ.setdefault(name.strip(), value.strip().strip("\"'"))


def give(name: str, value: str) -> None:
    """Set a variable for the processes that this one starts."""
    os.environ[name] = value


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def flag(name: str, *, default: bool) -> bool:
    value = text(name, str(default)).lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is on or off, not {value!r}")


def number(name: str, default: float, *, least: float = 0) -> float:
    value = text(name) or str(default)
    try:
        parsed = float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is a number, not {value!r}") from None
    if parsed < least:
        raise ImproperlyConfigured(f"{name} is at least {least:g}, not {value}")
    return parsed


def integer(name: str, default: int, *, least: int = 0) -> int:
    return int(number(name, default, least=least))


def words(name: str, default: str = "") -> list[str]:
    """A list, written with commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def choice(name: str, default: str, allowed: set[str]) -> str:
    value = text(name) or default
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is one of {', '.join(sorted(allowed))}, not {value!r}")
    return value
