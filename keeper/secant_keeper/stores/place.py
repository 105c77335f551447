"""What an operator names as the place of a history."""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from secant_keeper.stores.database import HistoryFileError

SCHEMES: Final = ("postgresql", "postgres")
_EXPECTED: Final = "a history in PostgreSQL is named postgresql://USER@HOST:PORT/DATABASE"


class PostgresPlace:
    """A PostgreSQL database by its URL, which may hold a password and so is never shown.

    Attributes:
        url: The URL as libpq takes it.
        shown: What of it may be told: host, port and database.
    """

    __slots__ = ("shown", "url")

    def __init__(self, url: str) -> None:
        """Take a URL.

        Raises:
            HistoryFileError: It is none.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            # The text itself is left out, here and in the chain of errors: it may hold a password.
            raise HistoryFileError(f"the URL of the history is none: {_EXPECTED}") from None
        self.url = url
        self.shown = f"postgresql://{host if port is None else f'{host}:{port}'}{parts.path}"

    def __str__(self) -> str:
        return self.shown

    __repr__ = __str__


HistoryPlace: TypeAlias = Path | PostgresPlace


def place_of(text: str | Path) -> HistoryPlace:
    """The place that a text names: a URL of PostgreSQL, or else a file, `~` being the home directory.

    Raises:
        HistoryFileError: It begins as a URL, and is none.
    """
    scheme, separator, _ = str(text).partition("://")
    if separator and scheme in SCHEMES:
        return PostgresPlace(str(text))
    if separator:
        raise HistoryFileError(f"a history has no URL of the kind {scheme}://: name a file, or {_EXPECTED}")
    return Path(text).expanduser()
