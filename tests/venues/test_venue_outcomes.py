from __future__ import annotations

import csv
import gzip
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from secant_keeper.venues import OutcomeState, Quote, Reason
from secant_keeper.venues.kalshi.payloads import event_outcomes, market_outcome, market_quote, orderbook_quote
from secant_keeper.venues.observation import RefusalError
from secant_keeper.venues.polymarket.payloads import clob_outcome, gamma_outcome, resolved_outcomes

if TYPE_CHECKING:
    from pathlib import Path


def loaded(path: Path) -> Any:
    return orjson.loads(path.read_bytes())


def test_every_recorded_gold_market_has_the_result_of_its_table(data: Path) -> None:
    with (data / "kalshi_gold15m_ws" / "MARKETS.csv").open() as file:
        table = {row["window"]: row for row in csv.DictReader(file)}
    assert len(table) == 27
    read = {}
    for path in (data / "kalshi_gold15m_ws" / "metadata").glob("*.json"):
        read.update(event_outcomes(loaded(path)))
    assert read.keys() == table.keys()
    for ticker, outcome in read.items():
        assert outcome.is_final
        assert outcome.winner == table[ticker]["result"]
        assert outcome.payout_ppm == int(float(table[ticker]["settlement_value_dollars"])) * 1_000_000


def test_an_open_market_has_no_result(data: Path) -> None:
    outcome = market_outcome(loaded(data / "kalshi_rest_golden" / "market_single_response.json")["response"])
    assert (outcome.state, outcome.payouts_ppm, outcome.payout_ppm) == (OutcomeState.OPEN, None, None)


@pytest.mark.parametrize(
    ("fields", "state", "payouts"),
    [
        ({"status": "closed", "result": ""}, OutcomeState.CLOSED, None),
        ({"status": "determined", "result": "yes"}, OutcomeState.DETERMINED, (1_000_000, 0)),
        ({"status": "disputed", "result": "no"}, OutcomeState.DISPUTED, (0, 1_000_000)),
        ({"status": "brand new", "result": "no"}, OutcomeState.UNKNOWN, (0, 1_000_000)),
        (
            {"status": "finalized", "result": "scalar", "settlement_value_dollars": "0.2500"},
            OutcomeState.FINAL,
            (250_000, 750_000),
        ),
        (
            {"status": "settled", "result": "scalar", "settlement_value": 40},
            OutcomeState.FINAL,
            (400_000, 600_000),
        ),
    ],
)
def test_states_and_payouts_of_a_kalshi_market(fields: Any, state: OutcomeState, payouts: Any) -> None:
    outcome = market_outcome({"market": {"ticker": "A", **fields}})
    assert (outcome.state, outcome.payouts_ppm, outcome.labels) == (state, payouts, ("yes", "no"))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ([], Reason.MALFORMED),
        ({"ticker": "A"}, Reason.MISSING_FIELD),
        ({"ticker": "A", "status": "finalized"}, Reason.MISSING_FIELD),
        ({"ticker": "A", "status": "finalized", "result": 5}, Reason.MALFORMED),
        ({"ticker": "A", "status": "finalized", "result": "maybe"}, Reason.UNKNOWN_SIDE),
        ({"ticker": "A", "status": "finalized", "result": "scalar"}, Reason.MISSING_FIELD),
        (
            {"ticker": "A", "status": "finalized", "result": "yes", "settlement_value_dollars": "0.0000"},
            Reason.CONTRADICTION,
        ),
    ],
)
def test_a_bad_kalshi_result_is_refused(payload: Any, reason: Reason) -> None:
    with pytest.raises(RefusalError) as caught:
        market_outcome(payload)
    assert caught.value.reason is reason


def test_kalshi_books_by_rest(data: Path) -> None:
    empty = loaded(data / "kalshi_rest_golden" / "orderbook_response.json")["response"]
    assert orderbook_quote(empty) == Quote(None, None)
    present = {"orderbook_fp": {"yes_dollars": [["0.1500", "100.00"]], "no_dollars": [["0.8000", "1.00"]]}}
    assert orderbook_quote(present) == Quote(150_000, 200_000)
    assert orderbook_quote({"orderbook": {"yes": [[15, 100]], "no": None}}) == Quote(150_000, None)
    for bad in ({}, {"orderbook": []}, {"orderbook": {"yes": [[60, 1]], "no": [[60, 1]]}}):
        with pytest.raises(RefusalError):
            orderbook_quote(bad)


def test_recorded_market_lists_are_unquoted(data: Path) -> None:
    markets = loaded(data / "kalshi_rest_golden" / "markets_list_response.json")["response"]["markets"]
    assert {market_quote(market) for market in markets} == {Quote(None, None)}


def test_recorded_polymarket_results(data: Path) -> None:
    folder = data / "polymarket_ws_rest_captured"
    gamma = loaded(folder / "gamma_market_closed_binary_accepting_true.json")
    yes, no = orjson.loads(gamma["clobTokenIds"])
    assert (gamma_outcome(gamma, yes).payout_ppm, gamma_outcome(gamma, no).payout_ppm) == (1_000_000, 0)
    clob = loaded(folder / "clob_market_closed_binary_accepting_true.json")
    assert clob_outcome(clob, yes) == gamma_outcome(gamma, yes)
    scalar = loaded(folder / "gamma_market_closed_nonbinary_legacy.json")
    long_token = orjson.loads(scalar["clobTokenIds"])[0]
    outcome = gamma_outcome(scalar, long_token)
    assert (outcome.payouts_ppm, outcome.winner, outcome.is_final) == ((584_331, 415_669), None, True)
    still_open = loaded(folder / "gamma_market.json")
    token = orjson.loads(still_open["clobTokenIds"])[0]
    assert gamma_outcome(still_open, token).state is OutcomeState.OPEN
    announced = resolved_outcomes(loaded(folder / "ws_market_resolved_msg.json"))
    assert [outcome.payout_ppm for outcome in announced.values()] == [1_000_000, 0]


def test_every_recorded_five_minute_market_pays_as_its_table_says(data: Path) -> None:
    path = data / "polymarket_btc5m_resolved" / "BTC-5m-markets-2026-07-24.jsonl.gz"
    with gzip.open(path) as file:
        markets = [orjson.loads(line) for line in file]
    assert len(markets) == 292
    for market in markets:
        for token, price in zip(market["token_ids"], market["outcome_prices"], strict=True):
            outcome = gamma_outcome(market["raw"], token)
            assert outcome.is_final
            assert outcome.payout_ppm == int(price) * 1_000_000


def gamma(**fields: object) -> dict[str, Any]:
    return {"outcomes": '["Yes","No"]', "clobTokenIds": '["1","2"]', "closed": True, **fields}


def test_closed_without_a_resolution_has_prices_and_no_payouts() -> None:
    pending = gamma_outcome(gamma(outcomePrices='["0.5","0.5"]'), "1")
    assert (pending.state, pending.payouts_ppm) == (OutcomeState.CLOSED, None)
    split = gamma_outcome(gamma(outcomePrices='["0.5","0.5"]', umaResolutionStatus="resolved"), "1")
    assert (split.state, split.payout_ppm) == (OutcomeState.FINAL, 500_000)
    assert gamma_outcome(gamma(outcomePrices='["0","0"]'), "1").state is OutcomeState.CLOSED


@pytest.mark.parametrize(
    "market",
    [
        5,
        gamma(outcomePrices="[", umaResolutionStatus="resolved"),
        gamma(outcomePrices='["0","0"]', umaResolutionStatus="resolved"),
        gamma(outcomePrices='["x","0"]'),
        gamma(outcomePrices='["1","0"]', clobTokenIds='["3","4"]'),
        gamma(outcomePrices='["1","0"]', outcomes='["Yes"]'),
        gamma(outcomePrices='["1","0"]', outcomes="[1,2]"),
        gamma(outcomePrices='["1","0","0"]'),
    ],
)
def test_a_bad_gamma_market_is_refused(market: Any) -> None:
    with pytest.raises(RefusalError):
        gamma_outcome(market, "1")


def clob(won: tuple[bool, bool], **fields: object) -> dict[str, Any]:
    tokens = [
        {"token_id": str(i + 1), "outcome": "NY"[i], "winner": wins, "price": 0.5}
        for i, wins in enumerate(won)
    ]
    return {"closed": True, "tokens": tokens, **fields}


def test_states_of_a_clob_market() -> None:
    assert clob_outcome(clob((False, True)), "2").winner == "Y"
    assert clob_outcome(clob((False, False)), "2").state is OutcomeState.CLOSED
    assert clob_outcome(clob((False, True), closed=False), "2").state is OutcomeState.OPEN
    assert clob_outcome(clob((False, False), is_50_50_outcome=True), "2").payouts_ppm == (500_000, 500_000)
    assert clob_outcome(clob((False, True), is_50_50_outcome=True), "2").winner == "Y"
    for bad in (clob((True, True)), {"closed": True, "tokens": [5]}, clob((True, False), tokens=None)):
        with pytest.raises(RefusalError):
            clob_outcome(bad, "2")
