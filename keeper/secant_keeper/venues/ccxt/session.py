"""Polled structures without their I/O: a frame is one structure and the series it was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from secant_keeper.venues.ccxt.payloads import parse_series, reading, stated_or_received
from secant_keeper.venues.numbers import field, object_of, text_field
from secant_keeper.venues.observation import Item, Origin, Reason, RefusalError, Rejection, Rejections, shown
from secant_keeper.venues.prices import PriceBoard
from secant_keeper.venues.stream import Reaction

if TYPE_CHECKING:
    from collections.abc import Iterable


def frame_of(series: str, structure: object) -> bytes:
    """The frame of a structure.

    Raises:
        TypeError: The structure holds what JSON has not.
    """
    return orjson.dumps({"series": series, "data": structure})


class CcxtSession(PriceBoard):
    """Prices of a set of series.

    Raises:
        SeriesNameError: A name is none.
    """

    def __init__(
        self, series: Iterable[str], rejections: Rejections, *, origin: Origin = Origin.LIVE
    ) -> None:
        self.asked = {name: parse_series(name) for name in series}
        super().__init__(self.asked, rejections, origin=origin)

    @property
    def series(self) -> frozenset[str]:
        """The followed series."""
        return frozenset(self.asked)

    def received(self, frame: bytes, recv_ms: int) -> Reaction:
        """React to a frame."""
        try:
            decoded: Any = orjson.loads(frame)
        except orjson.JSONDecodeError as error:
            problem = Rejection(Reason.MALFORMED, f"a frame is not JSON: {error}", example=shown(frame))
            return Reaction(items=[problem])
        item = self.apply(decoded, recv_ms)
        return Reaction(items=[] if item is None else [item])

    def apply(self, frame: Any, recv_ms: int | None) -> Item | None:
        """The item of a frame; None for one of another series, or one that only repeats the last.

        Where the exchange gives no time, the receive time stands for it.
        """
        name = ""
        try:
            named = text_field(object_of(frame, "a frame"), "series")
            if named not in self.asked:
                return None
            name = named
            stated_ms, quote = reading(self.asked[name].kind, field(frame, "data"))
            moment_ms = stated_or_received(stated_ms, recv_ms)
        except RefusalError as refusal:
            return refusal.rejection(name, example=frame)
        return self.take(name, moment_ms, quote, recv_ms)
