from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secant_keeper.venues import BookState, Observation, OutcomeState, Quote, Reason, Rejection, Rejections
from secant_keeper.venues.kalshi.book import KalshiBook, NoPriceScale
from secant_keeper.venues.kalshi.reducer import KalshiReducer
from secant_keeper.venues.observation import Origin

NOW = 1_785_901_540_000
LIVE, RECORDED = Origin.LIVE, Origin.RECORDED


def snapshot(seq: int, yes: object = (), no: object = (), ticker: str = "A", sid: int = 1) -> dict[str, Any]:
    message: dict[str, Any] = {"market_ticker": ticker}
    if yes:
        message["yes_dollars_fp"] = list(yes)  # type: ignore[call-overload]
    if no:
        message["no_dollars_fp"] = list(no)  # type: ignore[call-overload]
    return {"type": "orderbook_snapshot", "sid": sid, "seq": seq, "msg": message}


def delta(seq: int, price: object, size: object, side: object = "yes", **extra: object) -> dict[str, Any]:
    message = {
        "market_ticker": "A",
        "price_dollars": price,
        "delta_fp": size,
        "side": side,
        "ts_ms": NOW + seq,
    }
    sid = extra.pop("sid", 1)
    return {"type": "orderbook_delta", "sid": sid, "seq": seq, "msg": {**message, **extra}}


def reducer(origin: Origin = LIVE, **options: Any) -> KalshiReducer:
    return KalshiReducer(("A", "B"), Rejections(), origin=origin, **options)


def started(origin: Origin = LIVE) -> KalshiReducer:
    books = reducer(origin)
    item = books.apply(snapshot(1, [["0.6400", "50.00"]], [["0.3200", "49.09"]]), NOW)
    assert item == Observation.at("A", NOW, Quote(640_000, 680_000))
    return books


def reason(item: object) -> Reason:
    assert isinstance(item, Rejection), item
    return item.reason


def test_no_bids_are_asks_for_yes() -> None:
    books = started()
    item = books.apply(delta(2, "0.3500", "1.00", "no"), NOW)
    assert item == Observation.at("A", NOW + 2, Quote(640_000, 650_000))


def test_with_use_yes_price_the_no_side_is_printed_as_asks() -> None:
    books = reducer(scale=NoPriceScale.YES)
    books.apply(snapshot(1, [["0.6400", "50.00"]], [["0.6800", "49.09"]]), NOW)
    item = books.apply(delta(2, "0.6600", "1.00", "no"), NOW)
    assert isinstance(item, Observation)
    assert item.quote == Quote(640_000, 660_000)


def test_changes_are_relative_and_an_empty_side_is_absent() -> None:
    books = started()
    assert books.apply(delta(2, "0.6400", "-20.00"), NOW).quote == Quote(640_000, 680_000)  # type: ignore[union-attr]
    assert books.apply(delta(3, "0.6400", "-30.00"), NOW).quote == Quote(None, 680_000)  # type: ignore[union-attr]
    assert books.apply(delta(4, "0.3200", "-49.09", "no"), NOW).quote == Quote(None, None)  # type: ignore[union-attr]


def test_whole_cents_are_read_where_there_is_no_dollar_text() -> None:
    books = reducer()
    old = {"market_ticker": "A", "yes": [[64, 50]], "no": [[32, 49]]}
    books.apply({"type": "orderbook_snapshot", "sid": 1, "seq": 1, "msg": old}, NOW)
    change = {"market_ticker": "A", "price": 65, "delta": 5, "side": "yes", "ts_ms": NOW}
    item = books.apply({"type": "orderbook_delta", "sid": 1, "seq": 2, "msg": change}, NOW)
    assert isinstance(item, Observation)
    assert item.quote == Quote(650_000, 680_000)


def test_a_second_snapshot_rebases_the_book() -> None:
    books = started()
    books.apply(snapshot(2, [["0.1000", "1.00"]]), NOW)
    assert books.apply(delta(3, "0.0900", "1.00"), NOW).quote == Quote(100_000, None)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (5, Reason.MALFORMED),
        ({"sid": 1}, Reason.MISSING_FIELD),
        ({"type": "orderbook_delta", "sid": 1, "seq": 2, "msg": []}, Reason.MALFORMED),
        ({"type": "orderbook_delta", "sid": 1, "seq": 2, "msg": {}}, Reason.MISSING_FIELD),
        ({"type": "orderbook_delta", "sid": 1, "seq": 2, "msg": {"market_ticker": 5}}, Reason.MALFORMED),
        (delta(2, None, "1.00"), Reason.MISSING_FIELD),
        (delta(2, "x", "1.00"), Reason.NOT_A_NUMBER),
        (delta(2, "NaN", "1.00"), Reason.NOT_FINITE),
        (delta(2, "1.0001", "1.00"), Reason.OUT_OF_RANGE),
        (delta(2, "-0.0100", "1.00"), Reason.OUT_OF_RANGE),
        (delta(2, "0.56001", "1.00"), Reason.PRECISION),
        (delta(2, "0.6500", "1.001"), Reason.PRECISION),
        (delta(2, "0.6500", "9" * 30), Reason.OUT_OF_RANGE),
        (delta(2, "0.6500", None), Reason.MISSING_FIELD),
        (delta(2, "0.6500", "1.00", "maybe"), Reason.UNKNOWN_SIDE),
        (delta(2, "0.6500", "1.00", None), Reason.UNKNOWN_SIDE),
        (delta(2, "0.6400", "-50.01"), Reason.NEGATIVE_SIZE),
        (delta(2, "0.6500", "1.00", ts_ms="soon"), Reason.BAD_TIME),
        (delta(2, "0.6500", "1.00", ts_ms=0), Reason.BAD_TIME),
        (delta(2, "0.6500", "1.00", ts_ms=NOW + 3_600_000), Reason.TIME_AHEAD),
        (delta(2, "0.7000", "1.00"), Reason.CROSSED),
        (delta(2, "0.6800", "1.00"), Reason.CROSSED),
        (delta(1, "0.6500", "1.00"), Reason.DUPLICATE),
        (delta(2, "0.6500", "1.00", market_ticker="B"), Reason.NO_SNAPSHOT),
        (snapshot(2, [["0.5", "1.00"]], [["0.6", "1.00"]]), Reason.CROSSED),
        (snapshot(2, [["0.5"]]), Reason.MALFORMED),
        (snapshot(2, [["0.5", "-1.00"]]), Reason.OUT_OF_RANGE),
    ],
)
def test_each_bad_message_is_rejected_by_its_reason(message: Any, expected: Reason) -> None:
    for origin in (LIVE, RECORDED):
        assert reason(started(origin).apply(message, NOW)) is expected


def test_time_must_not_go_backwards_but_the_change_counts() -> None:
    books = started()
    books.apply(delta(2, "0.6500", "1.00"), NOW)
    assert reason(books.apply(delta(3, "0.6600", "1.00", ts_ms=NOW), NOW)) is Reason.TIME_BACKWARDS
    assert books.apply(delta(4, "0.0100", "1.00"), NOW).quote == Quote(660_000, 680_000)  # type: ignore[union-attr]


def test_a_change_without_a_time_is_at_its_receipt() -> None:
    books = started()
    assert books.apply(delta(2, "0.6500", "1.00", ts_ms=None), NOW + 9).source_time_ms == NOW + 9  # type: ignore[union-attr]
    assert reason(books.apply(delta(3, "0.6500", "1.00", ts_ms=None), None)) is Reason.BAD_TIME


def test_a_gap_makes_every_book_of_the_subscription_stale_until_its_snapshot() -> None:
    rejections = Rejections()
    books = KalshiReducer(("A", "B", "C"), rejections)
    books.apply(snapshot(1), NOW)
    books.apply(snapshot(2, ticker="B"), NOW)
    books.apply(snapshot(1, ticker="C", sid=2), NOW)
    assert reason(books.apply(delta(4, "0.6500", "1.00"), NOW)) is Reason.STALE_BOOK
    assert rejections.counts == {Reason.SEQUENCE_GAP: 1}
    assert books.resync == {"A", "B"}
    states = {name: track.state for name, track in books.tracks.items()}
    assert states == {"A": BookState.STALE, "B": BookState.STALE, "C": BookState.LIVE}
    assert isinstance(books.apply(snapshot(5, [["0.5000", "1.00"]]), NOW), Observation)
    assert books.tracks["A"].state is BookState.LIVE
    assert books.resync == {"B"}
    assert isinstance(books.apply(delta(6, "0.5100", "1.00"), NOW), Observation)


def test_a_gap_before_the_first_snapshot_asks_for_it_too() -> None:
    books = KalshiReducer(("A", "B"), Rejections())
    books.apply(snapshot(1), NOW)
    books.apply(delta(3, "0.6500", "1.00"), NOW)
    assert books.resync == {"A", "B"}


def test_control_replies_and_trades_carry_numbers_too() -> None:
    books = started()
    assert books.apply({"type": "ok", "sid": 1, "seq": 2, "id": 3}, NOW) is None
    assert books.apply({"type": "trade", "sid": 1, "seq": 3, "msg": {"market_ticker": "A"}}, NOW) is None
    assert isinstance(books.apply(delta(4, "0.6500", "1.00"), NOW), Observation)


def test_a_recorded_market_has_holes_that_are_no_gaps_and_still_no_duplicates() -> None:
    books = started(RECORDED)
    assert isinstance(books.apply(delta(900, "0.6500", "1.00"), NOW), Observation)
    assert reason(books.apply(delta(900, "0.6500", "1.00"), NOW)) is Reason.DUPLICATE
    assert isinstance(books.apply(snapshot(1, [["0.5000", "1.00"]]), NOW), Observation)
    assert isinstance(books.apply(delta(2, "0.5100", "1.00", ts_ms=NOW + 900), NOW), Observation)


@pytest.mark.parametrize(
    "bad", [delta(2, "x", "1.00"), delta(2, "0.6500", "1.00", "maybe"), delta(2, "0.64", "-99.00")]
)
def test_a_live_change_that_cannot_be_read_makes_the_book_stale(bad: dict[str, Any]) -> None:
    books = started()
    assert isinstance(books.apply(bad, NOW), Rejection)
    assert books.tracks["A"].state is BookState.STALE
    assert books.resync == {"A"}
    recorded = started(RECORDED)
    recorded.apply(bad, NOW)
    assert isinstance(recorded.apply(delta(3, "0.0100", "1.00"), NOW), Observation)


def test_a_live_change_needs_its_number() -> None:
    bad = delta(2, "0.6500", "1.00")
    del bad["seq"]
    assert reason(started().apply(bad, NOW)) is Reason.MISSING_FIELD
    assert isinstance(started(RECORDED).apply(bad, NOW), Observation)
    assert reason(started().apply({**bad, "seq": "2"}, NOW)) is Reason.MALFORMED


def test_a_snapshot_may_repeat_the_last_number_and_not_an_older_one() -> None:
    books = started()
    books.apply(delta(2, "0.6500", "1.00"), NOW)
    assert isinstance(books.apply(snapshot(2, [["0.5000", "1.00"]]), NOW), Observation)
    assert reason(books.apply(snapshot(1, [["0.4000", "1.00"]]), NOW)) is Reason.DUPLICATE


def test_disconnecting_distrusts_every_book_and_restarts_the_numbers() -> None:
    books = started()
    books.disconnected()
    assert books.tracks["A"].state is BookState.STALE
    assert reason(books.apply(delta(1, "0.6500", "1.00"), NOW)) is Reason.STALE_BOOK


def test_other_markets_are_passed_over_and_unknown_kinds_counted_apart() -> None:
    rejections = Rejections()
    books = KalshiReducer(("A",), rejections)
    assert books.apply(snapshot(1, ticker="Z"), NOW) is None
    assert books.apply({"type": "brand_new"}, NOW) is None
    assert books.apply({"type": ["odd"]}, NOW) is None
    assert rejections.ignored == {"brand_new": 1, "unnamed": 1}
    assert rejections.total == 0


def test_every_market_is_followed_when_none_is_named() -> None:
    books = KalshiReducer(None, Rejections())
    assert isinstance(books.apply(snapshot(1, ticker="Z"), NOW), Observation)


def test_ticker_messages_carry_a_quote_with_zero_and_one_for_no_order() -> None:
    books = reducer()
    fields = {"market_ticker": "A", "yes_bid": 97, "yes_ask": 100, "price": 0, "ts": NOW // 1000}
    item = books.apply({"type": "ticker", "sid": 1, "msg": fields}, NOW)
    assert item == Observation.at("A", NOW // 1000 * 1000, Quote(970_000, None))
    fields = {
        "market_ticker": "A",
        "yes_bid_dollars": "0.0000",
        "yes_ask_dollars": "0.0500",
        "yes_ask": 6,
        "ts_ms": NOW,
    }
    item = books.apply({"type": "ticker", "sid": 1, "msg": fields}, NOW)
    assert item == Observation.at("A", NOW, Quote(None, 50_000))
    bare = {"market_ticker": "A", "ts_ms": NOW}
    assert reason(books.apply({"type": "ticker", "sid": 1, "msg": bare}, NOW)) is Reason.MISSING_FIELD


def test_lifecycle_messages_announce_results() -> None:
    books = reducer()

    def life(**fields: object) -> None:
        message = {"market_ticker": "A", **fields}
        assert books.apply({"type": "market_lifecycle_v2", "sid": 9, "msg": message}, NOW) is None

    life(event_type="closed")
    assert books.outcomes == {}
    life(event_type="determined", result="scalar", settlement_value="0.2500")
    assert books.outcomes["A"].payouts_ppm == (250_000, 750_000)
    assert books.outcomes["A"].state is OutcomeState.DETERMINED
    life(event_type="settled")
    assert books.outcomes["A"].payout_ppm == 250_000
    life(event_type="settled", result="yes", settlement_value="1.0000")
    assert (books.outcomes["A"].winner, books.outcomes["A"].is_final) == ("yes", True)
    bad = {"market_ticker": "A", "event_type": "settled", "result": "perhaps"}
    assert reason(books.apply({"type": "market_lifecycle_v2", "msg": bad}, NOW)) is Reason.UNKNOWN_SIDE


levels = st.tuples(st.sampled_from(["yes", "no"]), st.integers(1, 9_999), st.integers(-500, 500))


@given(
    st.lists(
        st.one_of(levels, st.dictionaries(st.integers(1, 9_999), st.integers(1, 500), max_size=5)),
        max_size=60,
    )
)
def test_the_book_equals_a_naive_one(steps: list[Any]) -> None:
    book = KalshiBook()
    naive: dict[str, dict[int, int]] = {"yes": {}, "no": {}}
    for step in steps:
        if isinstance(step, dict):
            naive = {"yes": dict(step), "no": {10_000 - price: size for price, size in step.items()}}
            book.replace(dict(naive["yes"]), dict(naive["no"]))
        else:
            side, price, change = step
            after = naive[side].get(price, 0) + change
            is_whole = (book.change_bid if side == "yes" else book.change_ask)(price, change)
            assert is_whole == (after >= 0)
            naive[side] = {**naive[side], price: after}
            naive[side] = {p: size for p, size in naive[side].items() if size > 0}
        bid, ask = max(naive["yes"], default=None), min(naive["no"], default=None)
        assert book.quote() == Quote(None if bid is None else bid * 100, None if ask is None else ask * 100)
        assert (book.bids, book.asks) == (naive["yes"], naive["no"])
