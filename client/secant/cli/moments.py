"""Times as people type them: from now, or in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from secant.errors import InputError

__all__ = ["seconds_from"]

_DURATION: Final = re.compile(r"([0-9]{1,9})([smhdw])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SECONDS_MAX: Final = 253_402_300_799  # the last second of the year 9999


def seconds_from(text: str, now: int, name: str) -> int:
    """Unix seconds of ``90s``, ``30m``, ``2h``, ``7d`` or ``4w`` from now, or of ``2026-12-31T18:00`` in UTC.

    Args:
        text: What was typed.
        now: The chain's time in Unix seconds.
        name: What to call it in an error.

    Raises:
        InputError: it is neither, or not from 1970 to 9999.
    """
    duration = _DURATION.fullmatch(text)
    seconds = now + int(duration[1]) * _SECONDS[duration[2]] if duration else _moment(text, name)
    if not 0 <= seconds <= _SECONDS_MAX:
        raise InputError(f"{name} {text!r} is out of range", "use a time from 1970 to 9999")
    return seconds


def _moment(text: str, name: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"{name} {text!r} is no time",
            "use a duration such as 90s, 2h or 7d, or a UTC time such as 2026-12-31T18:00",
        ) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
