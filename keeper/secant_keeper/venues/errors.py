"""The errors of the venue adapters.

VenueError
 ├── UnknownVenueError      no adapter of that name
 ├── UnreadableFileError    missing, a folder, no permission
 ├── EmptyFileError         no content
 ├── UnknownFormatError     no reader recognises the content
 │    └── BrokenFileError   one JSON document that breaks off
 ├── NoDepthError           the format holds prices, but no levels
 ├── UnknownSeriesError     the file does not hold that series (lists those it does)
 ├── SeriesNameError        no series can have that name at the venue
 ├── MissingPackageError    a live source needs a package that is not installed
 ├── KeyFileError           an API key file is missing or no private key
 ├── AuthenticationError    the venue refuses the credentials
 ├── PayloadError           a REST answer is not what the venue documents
 ├── RequestError           a REST request is refused (has `status`)
 └── UnavailableError       no answer after every retry
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SERIES_LISTED_MAX = 20


def listed(names: Sequence[str]) -> str:
    """Names of series for a message, the first `SERIES_LISTED_MAX` of them."""
    first = ", ".join(repr(name) for name in names[:SERIES_LISTED_MAX]) or "none"
    more = len(names) - SERIES_LISTED_MAX
    return f"{first} and {more} more" if more > 0 else first


class VenueError(Exception):
    """Anything a venue adapter raises on purpose.

    Attributes:
        problem: What was wrong.
        remedy: What to do about it.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


class UnknownVenueError(VenueError):
    """No adapter of that name."""


class UnreadableFileError(VenueError):
    """The recording cannot be opened or read."""


class EmptyFileError(VenueError):
    """The recording has no content."""


class UnknownFormatError(VenueError):
    """No reader of the venue recognises the recording."""


class BrokenFileError(UnknownFormatError):
    """The recording is one JSON document that breaks off, so that nothing of it can be read."""


class NoDepthError(VenueError):
    """The recording holds prices, but not what rests at them."""


class UnknownSeriesError(VenueError):
    """The recording does not hold the series asked for, or holds several and none was named.

    Attributes:
        available: The series it holds.
    """

    def __init__(self, series: str | None, path: object, available: Iterable[str]) -> None:
        self.available = tuple(available)
        count = len(self.available)
        problem = f"{path} holds no series {series!r}." if series else f"{path} holds {count or 'no'} series."
        remedy = f"Name one of: {listed(self.available)}." if count else "Give one with at least one quote."
        super().__init__(problem, remedy)


class SeriesNameError(VenueError):
    """No series of the venue can have that name."""


class MissingPackageError(VenueError):
    """A live source needs a package that is not installed."""


class KeyFileError(VenueError):
    """The API key file is missing, unreadable or holds no usable private key."""


class AuthenticationError(VenueError):
    """The venue refuses the credentials; retrying cannot help."""


class PayloadError(VenueError):
    """A REST answer is not of the documented shape."""


class RequestError(VenueError):
    """The venue refuses a REST request.

    Attributes:
        status: The HTTP status.
    """

    def __init__(self, problem: str, remedy: str, status: int) -> None:
        super().__init__(problem, remedy)
        self.status = status


class UnavailableError(VenueError):
    """The venue does not answer, or answers 429 or 5xx to every attempt."""
