"""REST over httpx with timeouts, and retries with full jitter for what may pass: 429, 5xx, no answer."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import httpx
import orjson

from secant_keeper.venues.errors import AuthenticationError, PayloadError, RequestError, UnavailableError
from secant_keeper.venues.observation import RefusalError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

AUTHENTICATION_STATUSES = frozenset({401, 403})
TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how fast a request is repeated.

    Attributes:
        attempts: Tries in all, at least 1.
        timeout_s: Limit of each try.
        backoff_base_s: The wait before the second try is uniform in 0 to this; it doubles with each further
            try.
        backoff_cap_s: Limit of any wait, one asked for by `Retry-After` included.
    """

    attempts: int = 4
    timeout_s: float = 10.0
    backoff_base_s: float = 0.25
    backoff_cap_s: float = 8.0


def full_jitter_s(attempt: int, base_s: float, cap_s: float, rng: random.Random) -> float:
    """A wait uniform in 0 to min(cap, base x 2^attempt), `attempt` counted from 0."""
    return rng.uniform(0.0, min(cap_s, base_s * 2 ** min(attempt, 32)))


class RestClient:
    """GET requests of one host; all are idempotent, so all may be repeated."""

    def __init__(
        self,
        base_url: str,
        *,
        policy: RetryPolicy | None = None,
        headers: Callable[[str, str], Mapping[str, str]] | None = None,
        rng: random.Random | None = None,
    ) -> None:
        """Set up the client; nothing is sent.

        Args:
            base_url: Scheme, host and path prefix.
            policy: Timeouts and retries.
            headers: Makes the headers of a request from its method and full path; called again for each try.
            rng: Source of the jitter.
        """
        self._policy = policy or RetryPolicy()
        self._headers = headers
        self._rng = rng or random.Random()  # noqa: S311  jitter, no secret
        self._http = httpx.AsyncClient(base_url=base_url.rstrip("/") + "/", timeout=self._policy.timeout_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def get(self, path: str, params: Mapping[str, str | int | list[str]] | None = None) -> Any:
        """The decoded JSON of a GET.

        Raises:
            AuthenticationError: 401 or 403.
            RequestError: Any other 4xx, 429 excepted.
            UnavailableError: No good answer after every try.
            PayloadError: The answer is not JSON.
        """
        request = self._http.build_request("GET", path.lstrip("/"), params=params)
        problem = ""
        for attempt in range(self._policy.attempts):
            if self._headers is not None:
                request.headers.update(self._headers("GET", request.url.path))
            asked_s = None
            try:
                response = await self._http.send(request)
            except httpx.TransportError as error:
                problem = f"{type(error).__name__} {error}".strip()
            else:
                if response.status_code < 400:
                    return _decoded(response)
                problem = f"HTTP {response.status_code} {shown(response.text)}"
                if response.status_code < 500 and response.status_code != TOO_MANY_REQUESTS:
                    raise _refused(request, response.status_code, problem)
                asked_s = _retry_after_s(response)
            if attempt + 1 < self._policy.attempts:
                await asyncio.sleep(self._wait_s(attempt, asked_s))
        raise UnavailableError(
            f"{request.url} gave no good answer in {self._policy.attempts} tries, last: {problem}.",
            "Check the network and the venue's status page; the keeper goes on with its other sources.",
        )

    def _wait_s(self, attempt: int, asked_s: float | None) -> float:
        jitter_s = full_jitter_s(attempt, self._policy.backoff_base_s, self._policy.backoff_cap_s, self._rng)
        return jitter_s if asked_s is None else min(self._policy.backoff_cap_s, asked_s + jitter_s)


def _decoded(response: httpx.Response) -> Any:
    try:
        return orjson.loads(response.content)
    except orjson.JSONDecodeError as error:
        raise PayloadError(
            f"{response.url} answered {shown(response.content)!r}, which is not JSON.",
            "Check that the base URL is the venue's API.",
        ) from error


def _refused(request: httpx.Request, status: int, problem: str) -> RequestError | AuthenticationError:
    if status in AUTHENTICATION_STATUSES:
        return AuthenticationError(
            f"{request.url} refused the credentials: {problem}.",
            "Check the API key id, its key file and the clock.",
        )
    return RequestError(f"{request.url} refused the request: {problem}.", "Check the series' name.", status)


def _retry_after_s(response: httpx.Response) -> float | None:
    text = response.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else None


def payload_error(source: str, refusal: RefusalError) -> PayloadError:
    """The error of a REST answer that its parser refuses."""
    return PayloadError(
        f"The answer of {source} is not as documented: {refusal.detail}.",
        "The venue may have changed its format; compare it with the adapter's.",
    )
