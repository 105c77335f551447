"""The Polymarket market channel without its I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from secant_keeper.venues.observation import (
    Item,
    Origin,
    Outcome,
    Reason,
    RefusalError,
    Rejection,
    Rejections,
    shown,
)
from secant_keeper.venues.polymarket.payloads import rest_book
from secant_keeper.venues.polymarket.reducer import PolymarketReducer, PolymarketTrack
from secant_keeper.venues.stream import Reaction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from secant_keeper.venues.depth import Depth
    from secant_keeper.venues.staleness import Freshness

PONG = b"PONG"


class PolymarketSession:
    """Order books and results of a set of tokens over one connection after another."""

    heartbeat = "PING"

    def __init__(self, series: Iterable[str], rejections: Rejections) -> None:
        self._reducer = PolymarketReducer(series, rejections, origin=Origin.LIVE)
        self._is_open = False

    @property
    def series(self) -> frozenset[str]:
        """The followed token ids."""
        return frozenset(self._reducer.tracks)

    def opening(self) -> list[str]:
        """Subscribe to everything followed; nothing is sent for nothing."""
        names = sorted(self._reducer.tracks)
        if not names:
            return []
        self._is_open = True
        return [_frame({"type": "market", "assets_ids": names, "custom_feature_enabled": True})]

    def closed(self) -> None:
        """Stop trusting every book."""
        self._is_open = False
        self._reducer.disconnected()

    def is_heartbeat(self, frame: bytes) -> bool:
        """Whether the frame is the venue's `PONG`."""
        return frame == PONG

    def received(self, frame: bytes, recv_ms: int) -> Reaction:
        """React to a frame."""
        try:
            decoded: Any = orjson.loads(frame)
        except orjson.JSONDecodeError as error:
            problem = Rejection(Reason.MALFORMED, f"a frame is not JSON: {error}", example=shown(frame))
            return Reaction(items=[problem])
        reaction = Reaction(items=self._reducer.apply(decoded, recv_ms))
        for name in self._reducer.resync & set(self._reducer.tracks):
            # Without a sequence number a doubtful book cannot be mended, only read again.
            self._reducer.tracks[name].distrust()
            reaction.refresh = True
        self._reducer.resync.clear()
        return reaction

    def add(self, names: Iterable[str]) -> list[str]:
        """Follow more tokens."""
        new = [name for name in names if name not in self._reducer.tracks]
        for name in new:
            self._reducer.tracks[name] = PolymarketTrack()
        if not self._is_open:
            return self.opening()
        return [_update("subscribe", new)] if new else []

    def remove(self, names: Iterable[str]) -> list[str]:
        """Follow fewer tokens."""
        gone = [name for name in names if self._reducer.tracks.pop(name, None) is not None]
        for name in gone:
            self._reducer.outcomes.pop(name, None)
        return [_update("unsubscribe", gone)] if gone and self._is_open else []

    def ask(self, names: Iterable[str]) -> list[str]:  # noqa: ARG002  the channel has no such request
        """Nothing: books are read again by REST."""
        return []

    def rest_snapshot(self, series: str, payload: object, recv_ms: int) -> list[Item]:
        """The items of a REST book, which becomes the book: sizes are absolute, so later changes join it."""
        book = rest_book(payload)
        if book["asset_id"] != series:
            raise RefusalError(Reason.CONTRADICTION, f"the book is of token {shown(book['asset_id'])}")
        return self._reducer.apply(book, recv_ms)

    def freshness(self, series: str) -> Freshness:
        """How fresh a token's book is."""
        return self._reducer.tracks[series].freshness()

    def depth(self, series: str) -> Depth | None:
        """What rests in a token; None while its book awaits a snapshot."""
        return self._reducer.depth(series)

    def announced(self, series: str) -> Outcome | None:
        """The result `market_resolved` announced."""
        return self._reducer.outcomes.get(series)


def _frame(content: dict[str, object]) -> str:
    return orjson.dumps(content).decode()


def _update(operation: str, names: list[str]) -> str:
    return _frame({"operation": operation, "assets_ids": names, "custom_feature_enabled": True})
