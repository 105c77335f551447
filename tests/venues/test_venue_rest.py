from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from secant_keeper.venues import (
    AuthenticationError,
    KalshiRest,
    KalshiSigner,
    Observation,
    OutcomeState,
    PayloadError,
    PolymarketRest,
    Price,
    Quote,
    Reason,
    Rejection,
    RequestError,
    RetryPolicy,
    UnavailableError,
)
from secant_keeper.venues.rest import full_jitter_s

if TYPE_CHECKING:
    from local_venue import LocalVenue

FAST = RetryPolicy(attempts=3, timeout_s=2.0, backoff_base_s=0.001, backoff_cap_s=0.002)
MARKET = {
    "ticker": "A",
    "status": "active",
    "result": "",
    "yes_bid_dollars": "0.4000",
    "yes_ask_dollars": "0.4200",
}


async def test_passing_refusals_are_retried(venue: LocalVenue) -> None:
    venue.answers["/v2/markets/A"] = [(429, "slow down"), (503, "busy"), (200, {"market": MARKET})]
    async with KalshiRest(venue.url("/v2"), policy=FAST) as rest:
        assert await rest.quote("A") == Quote(400_000, 420_000)
    assert len(venue.requests) == 3


async def test_the_tries_are_limited(venue: LocalVenue) -> None:
    venue.answers["/v2/markets/A"] = [(500, "broken")]
    async with KalshiRest(venue.url("/v2"), policy=FAST) as rest:
        with pytest.raises(UnavailableError, match=r"3 tries.*HTTP 500"):
            await rest.outcome("A")
    assert len(venue.requests) == 3


async def test_no_listener_is_unavailable(unused_tcp_port: int) -> None:
    async with KalshiRest(f"http://127.0.0.1:{unused_tcp_port}", policy=FAST) as rest:
        with pytest.raises(UnavailableError, match="ConnectError"):
            await rest.orderbook("A")


async def test_final_refusals_are_not_retried(venue: LocalVenue) -> None:
    venue.answers["/v2/markets/B"] = [(401, "who are you")]
    async with KalshiRest(venue.url("/v2"), policy=FAST) as rest:
        with pytest.raises(RequestError, match="404") as caught:
            await rest.market("A")
        with pytest.raises(AuthenticationError):
            await rest.market("B")
    assert caught.value.status == 404
    assert len(venue.requests) == 2


async def test_undocumented_answers_are_payload_errors(venue: LocalVenue) -> None:
    venue.answers["/v2/markets/A"] = [(200, b"<html>")]
    venue.answers["/v2/markets/B"] = [(200, {"market": {"ticker": "B"}})]
    async with KalshiRest(venue.url("/v2"), policy=FAST) as rest:
        for call in (rest.outcome("A"), rest.outcome("B"), rest.quote("B")):
            with pytest.raises(PayloadError) as caught:
                await call
            assert caught.value.remedy


async def test_requests_are_signed_with_a_key(venue: LocalVenue) -> None:
    venue.answers["/v2/markets/A"] = [(200, {"market": MARKET})]
    signer = KalshiSigner("id", ed25519.Ed25519PrivateKey.generate())
    async with KalshiRest(venue.url("/v2"), signer=signer, policy=FAST) as rest:
        assert (await rest.outcome("A")).state is OutcomeState.OPEN


async def test_kalshi_candles(venue: LocalVenue) -> None:
    candle = {"end_period_ts": 1_760_500_800, "yes_bid": {"close": 8}, "yes_ask": {"close": 11}}
    path = "/v2/series/S/markets/A/candlesticks"
    venue.answers[path] = [(200, {"ticker": "A", "candlesticks": [candle, {}]})]
    async with KalshiRest(venue.url("/v2"), policy=FAST) as rest:
        first, second = await rest.candles("S", "A", 1, 2, 60)
    assert first == Observation.at("A", 1_760_500_800_000, Quote(80_000, 110_000))
    assert isinstance(second, Rejection)
    assert second.reason is Reason.BAD_TIME
    assert venue.requests == [f"{path}?start_ts=1&end_ts=2&period_interval=60"]


async def test_polymarket_history_and_results(venue: LocalVenue) -> None:
    rest = PolymarketRest(venue.url("/clob"), venue.url("/gamma"), policy=FAST)
    venue.answers["/clob/prices-history"] = [
        (200, {"history": [{"t": 1_760_500_800, "p": 0.615}, {"t": 5}, 7]})
    ]
    points = await rest.prices("7", 1, 2, 1)
    assert points[0] == Observation.at("7", 1_760_500_800_000, Price(615_000))
    assert all(isinstance(point, Rejection) for point in points[1:])
    market = {
        "outcomes": '["Yes","No"]',
        "clobTokenIds": '["7","8"]',
        "closed": True,
        "outcomePrices": '["0","1"]',
    }
    venue.answers["/gamma/markets"] = [(200, []), (200, [market])]
    outcome = await rest.outcome("7")
    assert (outcome.payout_ppm, outcome.winner) == (0, "No")
    assert [request.rpartition("=")[2] for request in venue.requests[-2:]] == ["true", "false"]
    venue.answers["/gamma/markets"] = [(200, [])]
    with pytest.raises(PayloadError, match="no market has the token"):
        await rest.outcome("7")
    tokens = [{"token_id": "7", "outcome": "Yes", "winner": True}, {"token_id": "8", "outcome": "No"}]
    venue.answers["/clob/markets/0x1"] = [(200, {"closed": True, "tokens": tokens})]
    assert (await rest.condition_outcome("0x1", "7")).payout_ppm == 1_000_000
    with pytest.raises(PayloadError):
        await rest.condition_outcome("0x1", "9")
    for answer in ({"history": 5}, []):
        venue.answers["/clob/prices-history"] = [(200, answer)]
        with pytest.raises(PayloadError):
            await rest.prices("7", 1, 2, 1)
    await rest.close()


def test_jitter_is_full_and_capped() -> None:
    rng = random.Random(7)
    waits = [full_jitter_s(attempt, 0.5, 30.0, rng) for attempt in range(200)]
    assert all(0 <= wait <= min(30.0, 0.5 * 2**attempt) for attempt, wait in enumerate(waits))
    assert max(waits) > 20
