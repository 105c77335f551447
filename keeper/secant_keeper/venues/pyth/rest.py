"""Hermes' REST: the latest prices. Public; ten requests in ten seconds from one address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from secant_keeper.venues.rest import RestClient, RetryPolicy

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

HERMES_URL = "https://hermes.pyth.network"


class PythRest:
    """The part of Hermes' REST API a keeper reads."""

    def __init__(
        self, url: str = HERMES_URL, *, policy: RetryPolicy | None = None, rng: random.Random | None = None
    ) -> None:
        self._rest = RestClient(url, policy=policy, rng=rng)

    async def close(self) -> None:
        """Close the connections."""
        await self._rest.close()

    async def latest(self, feed_ids: Iterable[str]) -> Any:
        """The answer of `GET /v2/updates/price/latest`; ids that Hermes does not know are left out.

        Raises:
            VenueError: As `RestClient.get`.
        """
        return await self._rest.get("v2/updates/price/latest", query(feed_ids))


def query(feed_ids: Iterable[str]) -> dict[str, str | list[str]]:
    """The parameters that ask for the parsed prices of feeds."""
    return {"ids[]": sorted(feed_ids), "parsed": "true", "ignore_invalid_price_ids": "true"}
