"""Kalshi REST payloads and quote-carrying messages, parsed purely.

Prices come as `*_dollars` decimal text, beside (January 2026) or instead of (August 2026) integer cents; both
are read, the text first. A bid of 0 and an ask of 1 dollar stand for "no order": nothing can rest there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from secant_keeper.venues.kalshi.book import KalshiBook, NoPriceScale, book_sides
from secant_keeper.venues.numbers import (
    list_of,
    object_of,
    price_cents_ppm,
    price_ppm,
    text_field,
    time_ms,
    time_seconds_ms,
)
from secant_keeper.venues.observation import (
    PPM,
    Item,
    Observation,
    Outcome,
    OutcomeState,
    Quote,
    Reason,
    RefusalError,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable

LABELS = ("yes", "no")

_STATES = {
    "unopened": OutcomeState.OPEN,
    "initialized": OutcomeState.OPEN,
    "open": OutcomeState.OPEN,
    "active": OutcomeState.OPEN,
    "inactive": OutcomeState.OPEN,
    "paused": OutcomeState.OPEN,
    "closed": OutcomeState.CLOSED,
    "determined": OutcomeState.DETERMINED,
    "amended": OutcomeState.DETERMINED,
    "disputed": OutcomeState.DISPUTED,
    "settled": OutcomeState.FINAL,
    "finalized": OutcomeState.FINAL,
}


def dollars_or_cents_ppm(payload: dict[str, Any], name: str) -> int | None:
    """A price in ppm from `<name>_dollars`, else from `<name>` in cents; None when both are absent or null.

    Raises:
        RefusalError: The price is no number or outside 0 to 1 dollar.
    """
    dollars = payload.get(f"{name}_dollars")
    if dollars is not None:
        return price_ppm(dollars, f"{name}_dollars")
    cents = payload.get(name)
    return None if cents is None else price_cents_ppm(cents, name)


def resting_quote(bid_ppm: int | None, ask_ppm: int | None) -> Quote:
    """The quote, with a bid of 0 and an ask of 1 dollar read as no order.

    Raises:
        RefusalError: CROSSED.
    """
    quote = Quote(bid_ppm or None, None if ask_ppm in (0, PPM) else ask_ppm)
    if quote.is_crossed:
        raise RefusalError(Reason.CROSSED, f"bid {quote.bid_ppm} ppm is above ask {quote.ask_ppm} ppm")
    return quote


def market_quote(payload: Any) -> Quote:
    """Best bid and ask of a market object or `ticker` message.

    Raises:
        RefusalError: MISSING_FIELD when it carries neither side, CROSSED, or a price that is none.
    """
    market = object_of(payload, "market")
    bid, ask = dollars_or_cents_ppm(market, "yes_bid"), dollars_or_cents_ppm(market, "yes_ask")
    if bid is None and ask is None:
        raise RefusalError(Reason.MISSING_FIELD, "yes_bid_dollars and yes_ask_dollars are absent")
    return resting_quote(bid, ask)


def ticker_observation(message: dict[str, Any], series: str) -> Observation:
    """The quote of a `ticker` message at its `ts_ms`, or at `ts` (seconds) in older ones.

    Raises:
        RefusalError: As `market_quote`, or BAD_TIME.
    """
    at_ms = message.get("ts_ms")
    moment = time_seconds_ms(message.get("ts"), "ts") if at_ms is None else time_ms(at_ms, "ts_ms")
    return Observation.at(series, moment, market_quote(message))


def orderbook_quote(payload: Any) -> Quote:
    """Best bid and ask of `GET /markets/{ticker}/orderbook`, in its present and its older shape.

    Raises:
        RefusalError: The payload holds no book, a level is malformed, or the book is crossed.
    """
    answer = object_of(payload, "orderbook answer")
    book = answer.get("orderbook_fp")
    if book is None:
        book = answer.get("orderbook")
    sides = book_sides(object_of(book, "orderbook"), NoPriceScale.NO)
    reduced = KalshiBook()
    reduced.replace(*sides)
    quote = reduced.quote()
    if quote.is_crossed:
        raise RefusalError(Reason.CROSSED, f"bid {quote.bid_ppm} ppm is above ask {quote.ask_ppm} ppm")
    return quote


def candle_item(candle: Any, series: str, take: Callable[[int], None] = lambda _time_ms: None) -> Item:
    """The closing quote of one REST candlestick at the end of its period, or why it is refused.

    A candle without a quote gives an unquoted observation.

    Args:
        candle: The candlestick.
        series: The market's ticker.
        take: Refuses a time that does not rise.
    """
    moment_ms = None
    try:
        row = object_of(candle, "candlestick")
        moment_ms = time_seconds_ms(row.get("end_period_ts"), "end_period_ts")
        bid = dollars_or_cents_ppm(object_of(row.get("yes_bid") or {}, "yes_bid"), "close")
        ask = dollars_or_cents_ppm(object_of(row.get("yes_ask") or {}, "yes_ask"), "close")
        quote = resting_quote(bid, ask)
        take(moment_ms)
    except RefusalError as refusal:
        return refusal.rejection(series, moment_ms, example=candle)
    return Observation.at(series, moment_ms, quote)


def candles_by_market(payload: Any) -> dict[str, list[Any]]:
    """Candlestick rows by market ticker, of the one-market and the many-market answer.

    A recording's wrapper (`{"_metadata": ..., "response": ...}`) is opened.

    Raises:
        RefusalError: MALFORMED or MISSING_FIELD: the payload is no candlestick answer.
    """
    answer = object_of(payload, "candlestick answer")
    if "response" in answer:
        answer = object_of(answer["response"], "response")
    if "candlesticks" in answer:
        return {text_field(answer, "ticker"): list_of(answer["candlesticks"], "candlesticks")}
    read: dict[str, list[Any]] = {}
    for entry in list_of(answer.get("markets"), "markets"):
        market = object_of(entry, "an entry of markets")
        if "candlesticks" in market:
            read[text_field(market, "market_ticker")] = list_of(market["candlesticks"], "candlesticks")
    if not read:
        raise RefusalError(Reason.MISSING_FIELD, "candlesticks is absent")
    return read


def _result_payouts_ppm(result: str, yes_ppm: int | None) -> tuple[int, ...] | None:
    """What YES and NO pay by a result and the stated value of a YES share; None before a result.

    Raises:
        RefusalError: UNKNOWN_SIDE for a result beyond yes, no and scalar; CONTRADICTION; MISSING_FIELD.
    """
    if not result:
        return None
    if result == "scalar":
        if yes_ppm is None:
            raise RefusalError(Reason.MISSING_FIELD, "a scalar result without its settlement value")
        return (yes_ppm, PPM - yes_ppm)
    if result not in LABELS:
        raise RefusalError(Reason.UNKNOWN_SIDE, f"result {shown(result)!r} is none of yes, no, scalar")
    paid = (PPM, 0) if result == "yes" else (0, PPM)
    if yes_ppm is not None and yes_ppm != paid[0]:
        raise RefusalError(Reason.CONTRADICTION, f"result {result} with a YES share worth {yes_ppm} ppm")
    return paid


def _outcome(series: str, state: OutcomeState, payouts: tuple[int, ...] | None) -> Outcome:
    if payouts is None and state is OutcomeState.FINAL:
        raise RefusalError(Reason.MISSING_FIELD, f"{series} is final without a result")
    return Outcome(series, state, LABELS, payouts, None if payouts is None else payouts[0])


def _result_text(payload: dict[str, Any]) -> str:
    result = payload.get("result") or ""
    if not isinstance(result, str):
        raise RefusalError(Reason.MALFORMED, f"result is {shown(result)}, not text")
    return result


def market_outcome(payload: Any) -> Outcome:
    """The venue's result from `GET /markets/{ticker}` (`{"market": ...}`) or a market object.

    Raises:
        RefusalError: The payload is malformed, or its result is unknown or contradicts its value.
    """
    market = object_of(payload, "market answer")
    if "market" in market:
        market = object_of(market["market"], "market")
    series = text_field(market, "ticker")
    state = _STATES.get(text_field(market, "status"), OutcomeState.UNKNOWN)
    payouts = _result_payouts_ppm(_result_text(market), dollars_or_cents_ppm(market, "settlement_value"))
    return _outcome(series, state, payouts)


def event_outcomes(payload: Any) -> dict[str, Outcome]:
    """The results of all markets of a `GET /events/{ticker}` answer, by market ticker.

    Raises:
        RefusalError: As `market_outcome`.
    """
    answer = object_of(payload, "event answer")
    if "response" in answer:
        answer = object_of(answer["response"], "response")
    markets = answer.get("markets")
    if markets is None:
        markets = object_of(answer.get("event"), "event").get("markets")
    outcomes = [market_outcome(market) for market in list_of(markets, "markets")]
    return {outcome.series: outcome for outcome in outcomes}


def lifecycle_outcome(message: dict[str, Any]) -> Outcome | None:
    """The result a `market_lifecycle_v2` message announces; None for any other step of a market's life.

    Raises:
        RefusalError: As `market_outcome`.
    """
    kind = message.get("event_type")
    if kind not in ("determined", "settled"):
        return None
    series = text_field(message, "market_ticker")
    value = message.get("settlement_value")
    yes_ppm = None if value in (None, "") else price_ppm(value, "settlement_value")
    payouts = _result_payouts_ppm(_result_text(message), yes_ppm)
    state = OutcomeState.DETERMINED if kind == "determined" else OutcomeState.FINAL
    if payouts is None and state is OutcomeState.FINAL:
        # The settlement notice need not repeat the result the determination announced.
        return Outcome(series, OutcomeState.DETERMINED, LABELS, None, None)
    return _outcome(series, state, payouts)
