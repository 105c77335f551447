"""The latest price of each series, for venues that print prices instead of changes of books."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secant_keeper.venues.observation import (
    Item,
    Observation,
    Origin,
    Price,
    Quote,
    Reason,
    RefusalError,
    Rejection,
    Rejections,
)
from secant_keeper.venues.staleness import BookState, Freshness, PriceTrack

if TYPE_CHECKING:
    from collections.abc import Iterable


class PriceBoard:
    """What was printed last of the chosen series.

    A price that only repeats the last one, at the same source time, is no reading: live it is counted as
    ignored, since venues send it over and over; in a recording it is a duplicate.

    Attributes:
        tracks: State of each series.
    """

    def __init__(
        self, series: Iterable[str], rejections: Rejections, *, origin: Origin = Origin.LIVE
    ) -> None:
        self.tracks = {name: PriceTrack() for name in series}
        self._rejections = rejections
        self._is_live = origin is Origin.LIVE

    def take(
        self, series: str, moment_ms: int, quote: Quote | Price, recv_ms: int | None = None
    ) -> Item | None:
        """The item of a reading; None for one that only repeats the last."""
        try:
            if self.tracks[series].take(moment_ms, quote, recv_ms):
                return Observation.at(series, moment_ms, quote)
        except RefusalError as refusal:
            return refusal.rejection(series, moment_ms, quote)
        if self._is_live:
            self._rejections.ignore("repeated")
            return None
        return Rejection(Reason.DUPLICATE, f"the same again at {moment_ms} ms", series, moment_ms)

    def closed(self, series: Iterable[str] | None = None) -> None:
        """Trust nothing printed so far of the series, or of all: what came since is unknown."""
        for name in self.tracks if series is None else series:
            self.tracks[name].distrust()

    def waiting(self) -> frozenset[str]:
        """Series that have not been printed yet."""
        return frozenset(name for name, track in self.tracks.items() if track.state is BookState.WAITING)

    def freshness(self, series: str) -> Freshness:
        """How fresh a series is."""
        return self.tracks[series].freshness()
