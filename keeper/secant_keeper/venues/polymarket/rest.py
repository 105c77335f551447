"""Polymarket REST: books and price history of the CLOB, results of gamma and the CLOB. All public."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from secant_keeper.venues.numbers import list_of, object_of, price_ppm, time_seconds_ms
from secant_keeper.venues.observation import (
    Item,
    Observation,
    Outcome,
    Price,
    Reason,
    RefusalError,
)
from secant_keeper.venues.polymarket.payloads import clob_outcome, gamma_outcome
from secant_keeper.venues.rest import RestClient, RetryPolicy, payload_error

if TYPE_CHECKING:
    import random

CLOB_URL = "https://clob.polymarket.com"
GAMMA_URL = "https://gamma-api.polymarket.com"


class PolymarketRest:
    """The part of Polymarket's REST APIs a keeper reads."""

    def __init__(
        self,
        clob_url: str = CLOB_URL,
        gamma_url: str = GAMMA_URL,
        *,
        policy: RetryPolicy | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._clob = RestClient(clob_url, policy=policy, rng=rng)
        self._gamma = RestClient(gamma_url, policy=policy, rng=rng)

    async def close(self) -> None:
        """Close the connections."""
        await self._clob.close()
        await self._gamma.close()

    async def book(self, token: str) -> Any:
        """The answer of `GET /book?token_id=`; errors as `RestClient.get`."""
        return await self._clob.get("book", {"token_id": token})

    async def prices(self, token: str, start_s: int, end_s: int, period_minutes: int) -> list[Item]:
        """The price history of a token between two Unix times, one point a period.

        Raises:
            PayloadError: The answer is not as documented; else as `RestClient.get`.
        """
        params: dict[str, str | int] = {
            "market": token,
            "startTs": start_s,
            "endTs": end_s,
            "fidelity": period_minutes,
        }
        answer = await self._clob.get("prices-history", params)
        try:
            points = list_of(object_of(answer, "price history").get("history"), "history")
        except RefusalError as refusal:
            raise payload_error("prices-history", refusal) from refusal
        return [_price_point(token, point) for point in points]

    async def condition_outcome(self, condition_id: str, token: str) -> Outcome:
        """The venue's own result by the CLOB's market of a condition id.

        Raises:
            PayloadError: The answer is not as documented; else as `RestClient.get`.
        """
        answer = await self._clob.get(f"markets/{condition_id}")
        try:
            return clob_outcome(answer, token)
        except RefusalError as refusal:
            raise payload_error(f"markets/{condition_id}", refusal) from refusal

    async def outcome(self, token: str) -> Outcome:
        """The venue's own result of a token's market, by gamma.

        Closed and open markets are asked for in turn, because gamma's documentation and gamma disagree on the
        default.

        Raises:
            PayloadError: Gamma knows no such token, or the answer is not as documented; else as
                `RestClient.get`.
        """
        for closed in ("true", "false"):
            answer = await self._gamma.get("markets", {"clob_token_ids": token, "closed": closed})
            try:
                markets = list_of(answer, "markets")
                if markets:
                    return gamma_outcome(markets[0], token)
            except RefusalError as refusal:
                raise payload_error("gamma markets", refusal) from refusal
        missing = RefusalError(Reason.MISSING_FIELD, f"no market has the token {token}")
        raise payload_error("gamma markets", missing)


def _price_point(token: str, point: Any) -> Item:
    moment_ms = None
    try:
        row = object_of(point, "a point of the history")
        moment_ms = time_seconds_ms(row.get("t"), "t")
        return Observation.at(token, moment_ms, Price(price_ppm(row.get("p"), "p")))
    except RefusalError as refusal:
        return refusal.rejection(token, moment_ms, example=point)
