"""Kalshi REST: books, candles and results. Market data needs no key; with one, requests are signed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from secant_keeper.venues.kalshi.payloads import (
    candle_item,
    candles_by_market,
    market_outcome,
    market_quote,
)
from secant_keeper.venues.observation import Item, Outcome, Quote, RefusalError
from secant_keeper.venues.rest import RestClient, RetryPolicy, payload_error
from secant_keeper.venues.stream import unix_ms

if TYPE_CHECKING:
    import random

    from secant_keeper.venues.kalshi.auth import KalshiSigner

REST_URL = "https://external-api.kalshi.com/trade-api/v2"
DEMO_REST_URL = "https://external-api.demo.kalshi.co/trade-api/v2"


class KalshiRest(RestClient):
    """The part of Kalshi's REST API a keeper reads."""

    def __init__(
        self,
        base_url: str = REST_URL,
        *,
        signer: KalshiSigner | None = None,
        policy: RetryPolicy | None = None,
        rng: random.Random | None = None,
    ) -> None:
        headers = None if signer is None else lambda method, path: signer.headers(method, path, unix_ms())
        super().__init__(base_url, policy=policy, headers=headers, rng=rng)

    async def market(self, ticker: str) -> Any:
        """The answer of `GET /markets/{ticker}`; errors as `RestClient.get`."""
        return await self.get(f"markets/{ticker}")

    async def orderbook(self, ticker: str) -> Any:
        """The answer of `GET /markets/{ticker}/orderbook`; errors as `RestClient.get`."""
        return await self.get(f"markets/{ticker}/orderbook")

    async def quote(self, ticker: str) -> Quote:
        """Best bid and ask a market states of itself.

        Raises:
            PayloadError: The answer is not as documented; else as `RestClient.get`.
        """
        answer = await self.market(ticker)
        try:
            return market_quote(answer.get("market") if isinstance(answer, dict) else answer)
        except RefusalError as refusal:
            raise payload_error(f"markets/{ticker}", refusal) from refusal

    async def candles(
        self, series_ticker: str, ticker: str, start_s: int, end_s: int, period_minutes: int
    ) -> list[Item]:
        """Closing quotes of the candles between two Unix times; the period is 1, 60 or 1440 minutes.

        Raises:
            PayloadError: The answer is not as documented; else as `RestClient.get`.
        """
        path = f"series/{series_ticker}/markets/{ticker}/candlesticks"
        params = {"start_ts": start_s, "end_ts": end_s, "period_interval": period_minutes}
        answer = await self.get(path, params)
        try:
            rows = candles_by_market(answer).get(ticker, [])
        except RefusalError as refusal:
            raise payload_error(path, refusal) from refusal
        return [candle_item(row, ticker) for row in rows]

    async def outcome(self, ticker: str) -> Outcome:
        """The venue's own result of a market.

        Raises:
            PayloadError: The answer is not as documented; else as `RestClient.get`.
        """
        answer = await self.market(ticker)
        try:
            return market_outcome(answer)
        except RefusalError as refusal:
            raise payload_error(f"markets/{ticker}", refusal) from refusal
