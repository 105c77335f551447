"""Depths: our units out of the venues', crossed books, and where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from secant_keeper.venues import (
    Depth,
    Level,
    NoDepthError,
    Quote,
    Rejections,
    open_recorded,
    recorded_depth,
)
from secant_keeper.venues.depth import Grid
from secant_keeper.venues.kalshi.book import NoPriceScale
from secant_keeper.venues.kalshi.reducer import KalshiReducer
from secant_keeper.venues.kalshi.session import KalshiSession
from secant_keeper.venues.observation import Origin
from secant_keeper.venues.polymarket.reducer import PolymarketReducer
from secant_keeper.venues.polymarket.session import PolymarketSession

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_786_000_000_000
FINE = Grid(prices_per_tick=100, sizes_per_lot=10_000)


def test_bids_round_down_and_asks_up_to_a_tick() -> None:
    sizes = {500_001: 20_000, 500_099: 10_000}
    assert FINE.bids(sizes) == (Level(5_000, 3),)
    assert FINE.asks(sizes) == (Level(5_001, 3),)
    assert FINE.bids({500_000: 10_000}) == FINE.asks({500_000: 10_000}) == (Level(5_000, 1),)


def test_sizes_lose_what_is_less_than_a_lot_after_levels_have_met() -> None:
    assert FINE.bids({300_000: 19_999, 200_000: 9_999}) == (Level(3_000, 1),)
    assert FINE.bids({300_000: 5_000, 300_050: 5_000}) == (Level(3_000, 1),)


def test_prices_beyond_our_ticks_are_left_out() -> None:
    sizes = {0: 10_000, 99: 10_000, 100: 10_000, 999_900: 10_000, 999_901: 10_000, 1_000_000: 10_000}
    assert [level.price_ticks for level in FINE.bids(sizes)] == [9_999, 1]
    # 99 ppm rises to the first tick, where 100 ppm is.
    assert FINE.asks(sizes) == (Level(1, 2), Level(9_999, 1))


def test_rounding_crosses_no_book() -> None:
    for bid, ask in ((500_001, 500_002), (500_099, 500_101), (500_000, 500_001)):
        depth = Depth("7", NOW, FINE.bids({bid: 10_000}), FINE.asks({ask: 10_000}))
        assert not depth.is_crossed


def kalshi(kind: str, **content: Any) -> dict[str, Any]:
    return {"type": kind, "sid": 1, "msg": {"market_ticker": "KX", **content}}


def test_a_kalshi_depth_is_of_yes() -> None:
    reducer = KalshiReducer(("KX",), Rejections(), origin=Origin.RECORDED)
    assert reducer.depth("KX") is None
    assert reducer.depth("KY") is None
    reducer.apply(
        kalshi(
            "orderbook_snapshot",
            yes_dollars_fp=[["0.4200", "13.00"], ["0.0100", "0.01"]],
            no_dollars_fp=[["0.5000", "17.50"]],
        ),
        NOW,
    )
    bids, asks = (Level(4_200, 1_300), Level(100, 1)), (Level(5_000, 1_750),)
    assert reducer.depth("KX") == Depth("KX", NOW, bids, asks)
    change = {"price_dollars": "0.5700", "delta_fp": "2.00", "side": "no", "ts_ms": NOW + 5}
    reducer.apply(kalshi("orderbook_delta", **change), NOW)
    assert reducer.depth("KX") == Depth("KX", NOW + 5, bids, (Level(4_300, 200), *asks))
    reducer.disconnected()
    assert reducer.depth("KX") is None


def test_a_kalshi_depth_of_yes_prices() -> None:
    reducer = KalshiReducer(("KX",), Rejections(), origin=Origin.RECORDED, scale=NoPriceScale.YES)
    reducer.apply(kalshi("orderbook_snapshot", no_dollars_fp=[["0.6000", "1.00"]]), NOW)
    depth = reducer.depth("KX")
    assert depth is not None
    assert (depth.bids, depth.asks) == ((), (Level(6_000, 100),))


def book(bids: dict[str, str], asks: dict[str, str]) -> dict[str, Any]:
    sides = {
        name: [{"price": price, "size": size} for price, size in side.items()]
        for name, side in (("bids", bids), ("asks", asks))
    }
    return {"event_type": "book", "asset_id": "7", "timestamp": str(NOW), **sides}


def changed(price: str, size: str, side: str, **best: str) -> dict[str, Any]:
    row = {"asset_id": "7", "price": price, "size": size, "side": side, **best}
    return {"event_type": "price_change", "timestamp": str(NOW + 1), "price_changes": [row]}


def test_a_polymarket_depth_while_crossed_is_what_the_statement_leaves() -> None:
    reducer = PolymarketReducer(("7",), Rejections(), origin=Origin.RECORDED)
    assert reducer.depth("7") is None
    reducer.apply(book({"0.311": "5", "0.29": "4"}, {"0.387": "60"}), NOW)
    reducer.apply(changed("0.301", "45.83", "SELL", best_bid="0.29", best_ask="0.301"), NOW)
    asks = (Level(3_010, 4_583), Level(3_870, 6_000))
    assert reducer.depth("7") == Depth("7", NOW + 1, (Level(2_900, 400),), asks)
    reducer.apply(changed("0.311", "0", "BUY", best_bid="0.29", best_ask="0.301"), NOW)
    assert reducer.depth("7") == Depth("7", NOW + 1, (Level(2_900, 400),), asks)


@pytest.mark.parametrize("best", [{}, {"best_bid": "0.311", "best_ask": "0.301"}])
def test_a_polymarket_depth_stays_crossed_without_a_sound_statement(best: dict[str, str]) -> None:
    reducer = PolymarketReducer(("7",), Rejections(), origin=Origin.RECORDED)
    reducer.apply(book({"0.311": "5"}, {"0.387": "60"}), NOW)
    reducer.apply(changed("0.301", "1", "SELL", **best), NOW)
    depth = reducer.depth("7")
    assert depth is not None
    assert depth.is_crossed
    assert depth.uncrossed() == Depth("7", NOW + 1, (), (Level(3_870, 6_000),))


def test_sessions_give_the_depth_of_what_they_follow() -> None:
    live = KalshiSession(("KX",), Rejections())
    assert live.depth("KX") is None
    snapshot = kalshi("orderbook_snapshot", yes_dollars_fp=[["0.4200", "13.00"]]) | {"seq": 1}
    live.received(orjson.dumps(snapshot), NOW)
    assert live.depth("KX") == Depth("KX", NOW, (Level(4_200, 1_300),), ())
    live.closed()
    assert live.depth("KX") is None
    other = PolymarketSession(("7",), Rejections())
    other.received(orjson.dumps(book({"0.3": "1"}, {})), NOW)
    assert other.depth("7") == Depth("7", NOW, (Level(3_000, 100),), ())
    assert other.depth("8") is None


def test_recorded_depth_has_the_items_of_the_recording(data: Path) -> None:
    path = data / "kalshi_gold15m_ws" / "events" / "KXGOLD15M-26AUG050800-00" / "2026-08-05.ndjson.gz"
    counted, alone = Rejections(), Rejections()
    pairs = list(recorded_depth("kalshi", path, rejections=counted))
    assert [item for item, _ in pairs] == list(open_recorded("kalshi", path, rejections=alone))
    assert counted.ignored == alone.ignored == {"trade": 399}
    for item, depth in pairs[::1000]:
        assert depth is not None
        bid = depth.bids[0].price_ticks * 100 if depth.bids else None
        ask = depth.asks[0].price_ticks * 100 if depth.asks else None
        assert getattr(item, "quote", None) == Quote(bid, ask)


def test_a_tape_without_its_snapshot_counts_what_it_refuses(data: Path) -> None:
    path = data / "kalshi_gold15m_ws" / "events" / "KXGOLD15M-26AUG102000-00" / "2026-08-11.ndjson.gz"
    counted = Rejections()
    depths = [depth for _, depth in recorded_depth("kalshi", path, rejections=counted)]
    assert depths[:4] == [None] * 4
    assert depths[4] == Depth("KXGOLD15M-26AUG102000-00", 1_786_406_400_797, (), ())
    assert counted.total == 4


def test_prices_alone_are_no_depth(data: Path) -> None:
    path = data / "election2024_history" / "kalshi" / "PRES-2024-DJT_candlesticks.csv"
    with pytest.raises(NoDepthError, match="Kalshi WebSocket messages, one JSON a line"):
        recorded_depth("kalshi", path)
