from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secant_keeper.venues import BookState, Observation, Quote, Reason, Rejection, Rejections
from secant_keeper.venues.observation import Origin
from secant_keeper.venues.polymarket.reducer import PolymarketReducer

NOW = 1_790_658_661_234


def book(
    bids: Any = (("0.30", "5"),), asks: Any = (("0.40", "5"),), at: object = NOW, token: str = "7"
) -> dict[str, Any]:
    def side(levels: Any) -> list[dict[str, str]]:
        return [{"price": price, "size": size} for price, size in levels]

    stamp = str(at) if isinstance(at, int) else at
    return {
        "event_type": "book",
        "asset_id": token,
        "timestamp": stamp,
        "bids": side(bids),
        "asks": side(asks),
    }


def level(
    price: object, size: object, side: object = "BUY", token: str = "7", **extra: object
) -> dict[str, Any]:
    return {"asset_id": token, "price": price, "size": size, "side": side, **extra}


def change(*levels: Any, at: int = NOW + 1) -> dict[str, Any]:
    return {
        "event_type": "price_change",
        "market": "0x1",
        "timestamp": str(at),
        "price_changes": list(levels),
    }


def reducer(origin: Origin = Origin.LIVE) -> PolymarketReducer:
    return PolymarketReducer(("7", "8"), Rejections(), origin=origin)


def started(origin: Origin = Origin.LIVE) -> PolymarketReducer:
    books = reducer(origin)
    assert books.apply(book(), NOW) == [Observation.at("7", NOW, Quote(300_000, 400_000))]
    return books


def one(items: list[Any]) -> Any:
    assert len(items) == 1, items
    return items[0]


def test_levels_are_sorted_here() -> None:
    books = reducer()
    shuffled = book([("0.1", "1"), ("0.31", "1"), (".2", "1")], [("0.9", "1"), ("0.41", "1"), ("0.5", "1")])
    assert one(books.apply(shuffled, NOW)).quote == Quote(310_000, 410_000)


def test_sizes_are_absolute_and_zero_removes() -> None:
    books = started()
    assert one(books.apply(change(level("0.31", "9")), NOW)).quote == Quote(310_000, 400_000)
    assert one(books.apply(change(level("0.31", "1")), NOW)).quote == Quote(310_000, 400_000)
    assert one(books.apply(change(level("0.31", "0")), NOW)).quote == Quote(300_000, 400_000)
    assert one(books.apply(change(level("0.40", "0", "SELL")), NOW)).quote == Quote(300_000, None)


def test_both_tokens_of_a_market_are_two_books() -> None:
    books = started()
    books.apply(book([("0.6", "5")], [("0.7", "5")], token="8"), NOW)
    items = books.apply(change(level("0.31", "2"), level("0.69", "2", "SELL", "8")), NOW)
    assert {item.series: item.quote for item in items} == {  # type: ignore[union-attr]
        "7": Quote(310_000, 400_000),
        "8": Quote(600_000, 690_000),
    }


def test_a_burst_is_read_after_the_whole_frame_and_its_crossings_counted() -> None:
    books = started()
    burst = [change(level("0.45", "2")), change(level("0.40", "0", "SELL"), level("0.50", "1", "SELL"))]
    assert one(books.apply(burst, NOW)).quote == Quote(450_000, 500_000)
    assert books.crossings_within_frames == 1
    item = one(books.apply(change(level("0.50", "2")), NOW))
    assert isinstance(item, Rejection)
    assert item.reason is Reason.CROSSED


def test_a_book_without_an_event_type_is_a_book() -> None:
    frame = book()
    del frame["event_type"]
    assert isinstance(one(reducer().apply([frame], NOW)), Observation)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (5, Reason.MALFORMED),
        ("PONG", Reason.MALFORMED),
        ({"asset_id": "7"}, Reason.MISSING_FIELD),
        ({"event_type": "price_change", "timestamp": "1"}, Reason.MISSING_FIELD),
        ({"event_type": "price_change", "timestamp": "1", "price_changes": 5}, Reason.MALFORMED),
        (change(5), Reason.MALFORMED),
        (change({"price": "0.3"}), Reason.MISSING_FIELD),
        (change(level(None, "1")), Reason.MISSING_FIELD),
        (change(level("x", "1")), Reason.NOT_A_NUMBER),
        (change(level("NaN", "1")), Reason.NOT_FINITE),
        (change(level("1.2", "1")), Reason.OUT_OF_RANGE),
        (change(level("0.3", "-1")), Reason.OUT_OF_RANGE),
        (change(level("0.3", "1.0000001")), Reason.PRECISION),
        (change(level("0.3", "1", "HOLD")), Reason.UNKNOWN_SIDE),
        (change(level("0.3", "1"), at=NOW - 1), Reason.TIME_BACKWARDS),
        (change(level("0.3", "1"), at=NOW + 3_600_000), Reason.TIME_AHEAD),
        (change(level("0.3", "1", token="8")), Reason.NO_SNAPSHOT),
        (change(level("0.40", "1")), Reason.CROSSED),
        (change(level("0.31", "1", best_bid="0.33", best_ask="0.40")), Reason.BOOK_MISMATCH),
        (book(at="soon"), Reason.BAD_TIME),
        (book(at=NOW - 1), Reason.TIME_BACKWARDS),
        (book([("0.5", "1")], [("0.4", "1")]), Reason.CROSSED),
        ({**book(), "bids": [7]}, Reason.MALFORMED),
        ({**book(), "asset_id": None}, Reason.MISSING_FIELD),
        (
            {
                "event_type": "best_bid_ask",
                "asset_id": "7",
                "best_bid": "0.5",
                "best_ask": "0.4",
                "timestamp": str(NOW),
            },
            Reason.CROSSED,
        ),
        (
            {"event_type": "market_resolved", "assets_ids": ["7"], "winning_asset_id": "9"},
            Reason.CONTRADICTION,
        ),
        ({"event_type": "market_resolved", "assets_ids": [7], "winning_asset_id": "9"}, Reason.MALFORMED),
    ],
)
def test_each_bad_frame_is_rejected_by_its_reason(frame: Any, expected: Reason) -> None:
    for origin in (Origin.LIVE, Origin.RECORDED):
        item = one(started(origin).apply(frame, NOW))
        assert isinstance(item, Rejection)
        assert item.reason is expected


def test_the_stated_best_prices_confirm_the_book() -> None:
    books = started()
    item = one(books.apply(change(level("0.31", "1", best_bid="0.31", best_ask="0.4")), NOW))
    assert isinstance(item, Observation)
    for side in ({}, {"best_bid": "0", "best_ask": "0.4"}, {"best_bid": "x", "best_ask": "0.4"}):
        assert isinstance(one(books.apply(change(level("0.31", "1", **side)), NOW)), Observation)


def test_a_mismatch_asks_for_the_book_again() -> None:
    books = started()
    books.apply(change(level("0.31", "1", best_bid="0.33", best_ask="0.40")), NOW)
    assert books.resync == {"7"}


@pytest.mark.parametrize("bad", [level("x", "1"), level("0.3", "1", "HOLD")])
def test_a_live_change_that_cannot_be_read_makes_the_book_stale(bad: dict[str, Any]) -> None:
    books = started()
    books.apply(change(bad), NOW)
    assert books.tracks["7"].state is BookState.STALE
    assert books.resync == {"7"}
    assert one(books.apply(change(level("0.31", "1")), NOW)).reason is Reason.STALE_BOOK
    assert isinstance(one(books.apply(book(at=NOW + 5), NOW)), Observation)
    recorded = started(Origin.RECORDED)
    recorded.apply(change(bad), NOW)
    assert isinstance(one(recorded.apply(change(level("0.31", "1")), NOW)), Observation)


def test_a_change_of_tick_drops_the_book_until_the_next_one() -> None:
    books = started(Origin.RECORDED)
    assert (
        books.apply({"event_type": "tick_size_change", "asset_id": "7", "new_tick_size": "0.001"}, NOW) == []
    )
    assert one(books.apply(change(level("0.31", "1")), NOW)).reason is Reason.STALE_BOOK
    assert isinstance(one(books.apply(book(at=NOW + 9), NOW)), Observation)


def test_a_reconnection_discards_every_book() -> None:
    books = started()
    books.disconnected()
    assert one(books.apply(change(level("0.31", "1")), NOW)).reason is Reason.STALE_BOOK


def test_best_bid_ask_is_a_quote_of_its_own() -> None:
    frame = {
        "event_type": "best_bid_ask",
        "asset_id": "7",
        "best_bid": "0.73",
        "best_ask": "0.77",
        "timestamp": str(NOW),
    }
    assert one(reducer().apply(frame, NOW)) == Observation.at("7", NOW, Quote(730_000, 770_000))
    assert one(reducer().apply({**frame, "best_ask": "1"}, NOW)).quote == Quote(730_000, None)


def test_a_resolution_pays_the_winner() -> None:
    books = reducer()
    frame = {
        "event_type": "market_resolved",
        "assets_ids": ["7", "9"],
        "winning_asset_id": "9",
        "winning_outcome": "No",
    }
    assert books.apply(frame, NOW) == []
    outcome = books.outcomes["7"]
    assert (outcome.payout_ppm, outcome.winner, outcome.is_final) == (0, "No", True)
    assert "9" not in books.outcomes


def test_trades_and_unknown_kinds_are_counted_apart() -> None:
    rejections = Rejections()
    books = PolymarketReducer(None, rejections)
    for kind in ("last_trade_price", "new_market", ["odd"]):
        assert books.apply({"event_type": kind, "asset_id": "7"}, NOW) == []
    assert rejections.ignored == {"last_trade_price": 1, "new_market": 1, "unnamed": 1}
    assert isinstance(one(books.apply(book(), NOW)), Observation)


step = st.tuples(st.sampled_from(["BUY", "SELL"]), st.integers(1, 999), st.integers(0, 3))


@given(st.lists(st.lists(step, min_size=1, max_size=6), max_size=25))
def test_the_book_equals_a_naive_one(frames: list[list[tuple[str, int, int]]]) -> None:
    books = PolymarketReducer(("7",), Rejections(), origin=Origin.LIVE)
    books.apply(book((), ()), NOW)
    naive: dict[str, dict[int, int]] = {"BUY": {}, "SELL": {}}
    for frame in frames:
        for side, price, size in frame:
            naive[side][price] = size
        rows = [level(f"0.{price:03}", str(size), side) for side, price, size in frame]
        item = one(books.apply(change(*rows, at=NOW), NOW))
        bid = max((price for price, size in naive["BUY"].items() if size), default=None)
        ask = min((price for price, size in naive["SELL"].items() if size), default=None)
        if bid is not None and ask is not None and bid >= ask:
            assert item.reason is Reason.CROSSED
        else:
            assert item.quote == Quote(
                None if bid is None else bid * 1000, None if ask is None else ask * 1000
            )
