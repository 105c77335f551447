"""Pyth updates in, observations out: the one reducer behind stream, REST and recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from secant_keeper.venues.errors import SeriesNameError
from secant_keeper.venues.observation import Item, Origin, RefusalError, Rejections
from secant_keeper.venues.prices import PriceBoard
from secant_keeper.venues.pyth.payloads import PriceUpdate, entries, entry_id, entry_update, feed_id

if TYPE_CHECKING:
    from collections.abc import Iterable


class PythReducer(PriceBoard):
    """Prices of the chosen feeds, kept under the names they were asked for by.

    Raises:
        SeriesNameError: A name is no feed id, or two names are one.
    """

    def __init__(
        self, series: Iterable[str], rejections: Rejections, *, origin: Origin = Origin.LIVE
    ) -> None:
        self.names: dict[str, str] = {}
        for name in series:
            known = self.names.setdefault(feed_id(name), name)
            if known != name:
                raise SeriesNameError(f"{known} and {name} are one Pyth feed.", "Spell it in one way.")
        super().__init__(self.names.values(), rejections, origin=origin)

    def apply(self, payload: Any, recv_ms: int | None) -> list[Item]:
        """Apply one update of Hermes: at most one item for each entry of a followed feed or of none."""
        try:
            found = [self._entry(entry, recv_ms) for entry in entries(payload)]
        except RefusalError as refusal:
            return [refusal.rejection(example=payload)]
        return [item for item in found if item is not None]

    def take_update(self, update: PriceUpdate, recv_ms: int | None = None) -> Item | None:
        """Take a price; None for one of another feed, or one that only repeats the last."""
        name = self.names.get(update.feed_id)
        if name is None:
            return None
        try:
            return self.take(name, update.publish_time_ms, update.quote(), recv_ms)
        except RefusalError as refusal:
            return refusal.rejection(name, update.publish_time_ms, update)

    def _entry(self, entry: Any, recv_ms: int | None) -> Item | None:
        name: str | None = ""
        try:
            name = self.names.get(entry_id(entry))
            return None if name is None else self.take_update(entry_update(entry), recv_ms)
        except RefusalError as refusal:
            return refusal.rejection(name or "", example=entry)
