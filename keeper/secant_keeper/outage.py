"""One line a minute of a fault that lasts, instead of one for every try."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

TELL_AGAIN_S: Final = 60.0


class Outage:
    """Tells of a fault when it begins, when its reason changes, once a minute, and when it is over.

    Args:
        log: The logger to tell it to.
        event: What is told.
        clock: Monotonic seconds.
    """

    def __init__(self, log: Any, event: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._event = event
        self._clock = clock
        self._reason: str | None = None
        self._told_at = 0.0

    def tell(self, reason: str) -> None:
        """Tell of a failed try, unless this was told within the last minute."""
        now = self._clock()
        if reason != self._reason or now - self._told_at >= TELL_AGAIN_S:
            self._log.warning(self._event, reason=reason)
            self._reason, self._told_at = reason, now

    def over(self) -> None:
        """Tell that the fault is over, if there was one."""
        if self._reason is not None:
            self._log.info("over", fault=self._event)
            self._reason = None
