"""Hermes' stream of updates without its I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from secant_keeper.venues.observation import Reason, Rejection, Rejections, shown
from secant_keeper.venues.pyth.reducer import PythReducer
from secant_keeper.venues.stream import Reaction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from secant_keeper.venues.observation import Item
    from secant_keeper.venues.staleness import Freshness


class PythSession:
    """Prices of a set of feeds over one connection after another.

    Raises:
        SeriesNameError: A name is no feed id.
    """

    def __init__(self, series: Iterable[str], rejections: Rejections) -> None:
        self._reducer = PythReducer(series, rejections)

    @property
    def series(self) -> frozenset[str]:
        """The followed feeds, by the names they were asked for by."""
        return frozenset(self._reducer.tracks)

    @property
    def feed_ids(self) -> dict[str, str]:
        """Their names by feed id."""
        return self._reducer.names

    def received(self, frame: bytes, recv_ms: int) -> Reaction:
        """React to the data of one event."""
        try:
            decoded: Any = orjson.loads(frame)
        except orjson.JSONDecodeError as error:
            problem = Rejection(Reason.MALFORMED, f"an event is not JSON: {error}", example=shown(frame))
            return Reaction(items=[problem])
        return Reaction(items=self._reducer.apply(decoded, recv_ms))

    def answered(self, payload: Any, recv_ms: int) -> list[Item]:
        """The items of a REST answer."""
        return self._reducer.apply(payload, recv_ms)

    def closed(self) -> None:
        """Trust no price any more."""
        self._reducer.closed()

    def waiting(self) -> frozenset[str]:
        """Feeds of which no price has come yet."""
        return self._reducer.waiting()

    def freshness(self, series: str) -> Freshness:
        """How fresh a feed's price is."""
        return self._reducer.freshness(series)
