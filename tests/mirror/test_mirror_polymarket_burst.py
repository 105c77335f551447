"""Captured Polymarket frames, shown in our book by the adapter, the mirror and the real programs.

The venue states its best bid and ask beside every change, and the market's other token states them too: its
bid is 1 less this token's ask. Both are compared with our book after each frame, and all levels with a book
kept here from the raw JSON.

The statements and the changes disagree in two frames. The burst of 1790658827000 brings an ask that crosses
two bids, then the end of each bid, but each of its frames states the best prices after all three. So until
the third the added-up book crosses. The rule: in a crossed book, what is better than the stated best is gone.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mirrored_book import Levels, MirroredBook

from secant_keeper.venues import Observation, Reason, Rejection, recorded_depth, recorded_series

if TYPE_CHECKING:
    from pathlib import Path

GONE = {47: {Decimal("0.311"), Decimal("0.301")}, 48: {Decimal("0.301")}}
"""Bids that the changes still hold and the statement does not, by frame."""


def burst(data: Path) -> tuple[Path, list[dict[str, Any]]]:
    path = data / "polymarket_ws_rest_captured" / "ws_market_price_change_crossing_burst.json"
    return path, json.loads(path.read_text())


def snapshot(frame: dict[str, Any]) -> Levels:
    bids, asks = (
        {Decimal(level["price"]): Decimal(level["size"]) for level in frame[side]}
        for side in ("bids", "asks")
    )
    return Levels(bids, asks)


def apply(levels: Levels, change: dict[str, Any]) -> None:
    side = levels.bids if change["side"] == "BUY" else levels.asks
    price, size = Decimal(change["price"]), Decimal(change["size"])
    side.pop(price, None)
    if size:
        side[price] = size


def stated(change: dict[str, Any]) -> tuple[Decimal, Decimal]:
    return Decimal(change["best_bid"]), Decimal(change["best_ask"])


def test_our_best_bid_and_ask_are_the_stated_ones_after_every_frame(data: Path) -> None:
    path, frames = burst(data)
    token = frames[0]["asset_id"]
    book, raw, crossed = MirroredBook(), Levels(), []
    statements = of_other_token = moves = 0
    for place, (frame, (item, depth)) in enumerate(
        zip(frames, recorded_depth("polymarket", path, token), strict=True)
    ):
        assert depth is not None
        assert depth.source_time_ms == int(frame["timestamp"])
        before = book.levels.best
        book.show(depth)
        shown, changes = book.levels, frame.get("price_changes", [])
        if frame["event_type"] == "book":
            raw = snapshot(frame)
        for change in changes:
            if change["asset_id"] == token:
                apply(raw, change)
                assert shown.best == stated(change)
                statements += 1
            else:
                bid, ask = stated(change)
                assert shown.best == (1 - ask, 1 - bid)
                of_other_token += 1
        moves += shown.best != before
        raw_bid, raw_ask = raw.best
        assert raw_bid is not None
        assert raw_ask is not None
        if raw_bid < raw_ask:
            assert isinstance(item, Observation)
            assert shown == raw
            continue
        crossed.append(place)
        assert isinstance(item, Rejection)
        assert item.reason is Reason.CROSSED
        best_bid, best_ask = stated(next(change for change in changes if change["asset_id"] == token))
        bids = {price: size for price, size in raw.bids.items() if price <= best_bid}
        asks = {price: size for price, size in raw.asks.items() if price >= best_ask}
        assert shown == Levels(bids, asks)
        assert (raw.bids.keys() - bids.keys(), raw.asks.keys() - asks.keys()) == (GONE[place], set())
    assert crossed == list(GONE)
    assert (len(frames), statements, of_other_token, moves) == (51, 49, 49, 12)


def test_the_burst_ends_in_the_venues_own_snapshot(data: Path) -> None:
    """After 49 frames of changes the second `book` brings nothing new: no change was lost or misread."""
    path, frames = burst(data)
    depths = [depth for _, depth in recorded_depth("polymarket", path, frames[0]["asset_id"])]
    assert depths[-1] is not None
    assert depths[-1] == depths[-2]
    book = MirroredBook()
    assert book.show(depths[-2] or depths[-1]) == 2
    assert book.show(depths[-1]) == 0
    assert book.levels == snapshot(frames[-1])


def test_a_captured_snapshot_is_shown_whole(data: Path) -> None:
    path = data / "polymarket_ws_rest_captured" / "ws_book_snapshot_captured.json"
    ((_, depth),) = recorded_depth("polymarket", path)
    assert depth is not None
    book = MirroredBook()
    book.show(depth)
    frame = json.loads(path.read_text())
    assert book.levels == snapshot(frame)
    assert book.levels.best == (Decimal("0.07"), Decimal("0.08"))
    # What traded last is of either token, 0.92 being 1 less the ask: no statement about this one's best.
    assert Decimal(frame["last_trade_price"]) == 1 - Decimal("0.08")


def test_a_best_bid_ask_alone_and_the_other_token_give_no_depth(data: Path) -> None:
    """Neither has a `book` of its own in the files: without levels there is nothing to show."""
    path = data / "polymarket_ws_rest_captured" / "ws_market_best_bid_ask_msg.json"
    ((item, depth),) = recorded_depth("polymarket", path)
    assert isinstance(item, Observation)
    assert depth is None
    path, frames = burst(data)
    other = next(token for token in recorded_series("polymarket", path) if token != frames[0]["asset_id"])
    items = list(recorded_depth("polymarket", path, other))
    assert len(items) == 49
    assert {depth for _, depth in items} == {None}
