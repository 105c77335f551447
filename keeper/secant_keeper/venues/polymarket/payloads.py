"""Polymarket REST payloads and result messages, parsed purely."""

from __future__ import annotations

from typing import Any

import orjson

from secant_keeper.venues.numbers import list_of, object_of, payouts_ppm, text_field
from secant_keeper.venues.observation import PPM, Outcome, OutcomeState, Reason, RefusalError, shown
from secant_keeper.venues.polymarket.book import book_sides

RESOLVED = "resolved"


def json_text_list(value: Any, name: str) -> list[Any]:
    """A list that gamma sends as JSON text within JSON ('["Yes", "No"]'), or as a plain list.

    Raises:
        RefusalError: MALFORMED.
    """
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise RefusalError(Reason.MALFORMED, f"{name} {shown(value)!r} is not JSON") from error
    return list_of(value, name)


def _texts(values: list[Any], name: str) -> tuple[str, ...]:
    if not values or not all(isinstance(value, str) for value in values):
        raise RefusalError(Reason.MALFORMED, f"{name} is {shown(values)}, not a list of texts")
    return tuple(values)


def _outcome(
    token: str,
    tokens: tuple[str, ...],
    labels: tuple[str, ...],
    state: OutcomeState,
    payouts: tuple[int, ...] | None,
) -> Outcome:
    if len(tokens) != len(labels) or (payouts is not None and len(payouts) != len(labels)):
        raise RefusalError(Reason.CONTRADICTION, f"{len(labels)} outcomes for {len(tokens)} tokens")
    if token not in tokens:
        raise RefusalError(Reason.CONTRADICTION, f"the market is of other tokens than {token}")
    return Outcome(token, state, labels, payouts, None if payouts is None else payouts[tokens.index(token)])


def gamma_outcome(payload: Any, token: str) -> Outcome:
    """The result of a token's market from a gamma market object.

    A closed market is final when its resolution status is "resolved", when one outcome pays exactly 1, or
    when it is a scalar market of the time before that status; until then its `outcomePrices` are prices, not
    payouts.

    Raises:
        RefusalError: The payload is malformed, or of another market.
    """
    market = object_of(payload, "gamma market")
    labels = _texts(json_text_list(market.get("outcomes"), "outcomes"), "outcomes")
    tokens = _texts(json_text_list(market.get("clobTokenIds"), "clobTokenIds"), "clobTokenIds")
    if market.get("closed") is not True:
        return _outcome(token, tokens, labels, OutcomeState.OPEN, None)
    prices = json_text_list(market.get("outcomePrices"), "outcomePrices")
    try:
        payouts = payouts_ppm(prices, "outcomePrices")
    except RefusalError as refusal:
        if market.get("umaResolutionStatus") == RESOLVED or refusal.reason is not Reason.OUT_OF_RANGE:
            raise
        return _outcome(token, tokens, labels, OutcomeState.CLOSED, None)
    is_scalar = market.get("marketType") == "scalar"
    if market.get("umaResolutionStatus") == RESOLVED or PPM in payouts or is_scalar:
        return _outcome(token, tokens, labels, OutcomeState.FINAL, payouts)
    return _outcome(token, tokens, labels, OutcomeState.CLOSED, None)


def clob_outcome(payload: Any, token: str) -> Outcome:
    """The result of a token's market from `GET /markets/{condition_id}` of the CLOB.

    A closed market with a winner is final, and so is one of two outcomes at 0.5 each marked as a 50/50.

    Raises:
        RefusalError: The payload is malformed, names two winners, or is of another market.
    """
    market = object_of(payload, "CLOB market")
    entries = [object_of(entry, "an entry of tokens") for entry in list_of(market.get("tokens"), "tokens")]
    tokens = tuple(text_field(entry, "token_id") for entry in entries)
    labels = tuple(text_field(entry, "outcome") for entry in entries)
    if market.get("closed") is not True:
        return _outcome(token, tokens, labels, OutcomeState.OPEN, None)
    won = [entry.get("winner") is True for entry in entries]
    halves = [entry.get("price") == 0.5 for entry in entries]
    if sum(won) > 1:
        raise RefusalError(Reason.CONTRADICTION, "two outcomes are marked as winners")
    if not any(won) and market.get("is_50_50_outcome") is True and halves == [True, True]:
        return _outcome(token, tokens, labels, OutcomeState.FINAL, (PPM // 2, PPM // 2))
    if not any(won):
        return _outcome(token, tokens, labels, OutcomeState.CLOSED, None)
    return _outcome(token, tokens, labels, OutcomeState.FINAL, tuple(PPM if wins else 0 for wins in won))


def resolved_outcomes(message: dict[str, Any]) -> dict[str, Outcome]:
    """The results a `market_resolved` event announces, by token.

    The event names only the winner's label; the labels of the others are their token ids.

    Raises:
        RefusalError: The event is malformed, or its winner is none of its tokens.
    """
    tokens = _texts(list_of(message.get("assets_ids"), "assets_ids"), "assets_ids")
    winner = text_field(message, "winning_asset_id")
    if winner not in tokens:
        raise RefusalError(Reason.CONTRADICTION, f"the winner {winner} is none of the market's tokens")
    name = message.get("winning_outcome")
    label = name if isinstance(name, str) and name else winner
    labels = tuple(label if token == winner else token for token in tokens)
    payouts = tuple(PPM if token == winner else 0 for token in tokens)
    return {token: _outcome(token, tokens, labels, OutcomeState.FINAL, payouts) for token in tokens}


def rest_book(payload: Any) -> dict[str, Any]:
    """A REST book as the `book` event it equals; the levels are checked.

    Raises:
        RefusalError: The payload is no book.
    """
    book = object_of(payload, "book")
    text_field(book, "asset_id")
    book_sides(book)
    return {**book, "event_type": "book"}
