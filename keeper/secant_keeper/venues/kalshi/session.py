"""The Kalshi WebSocket protocol without its I/O: commands, replies, gaps, terminal errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from secant_keeper.venues.errors import AuthenticationError
from secant_keeper.venues.kalshi.book import NoPriceScale
from secant_keeper.venues.kalshi.payloads import orderbook_quote
from secant_keeper.venues.kalshi.reducer import KalshiReducer, KalshiTrack
from secant_keeper.venues.observation import (
    Item,
    Observation,
    Origin,
    Outcome,
    Reason,
    RefusalError,
    Rejection,
    Rejections,
    shown,
)
from secant_keeper.venues.stream import Reaction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from secant_keeper.venues.depth import Depth
    from secant_keeper.venues.staleness import Freshness

BOOK_CHANNEL = "orderbook_delta"
LIFECYCLE_CHANNEL = "market_lifecycle_v2"
AUTHENTICATION_ERROR = 9
TERMINAL_ERRORS = frozenset({10, 25})
"""Channel error and subscription buffer overflow: the subscription is gone and must be made anew."""
TERMINAL_ERRORS_MAX = 3
"""Terminal errors of one connection after which it is given up, so that resubscribing cannot spin."""


class KalshiSession:
    """Order books and results of a set of market tickers over one connection after another."""

    heartbeat = None

    def __init__(
        self, series: Iterable[str], rejections: Rejections, *, scale: NoPriceScale = NoPriceScale.NO
    ) -> None:
        self._reducer = KalshiReducer(series, rejections, origin=Origin.LIVE, scale=scale)
        self._scale = scale
        self._command_id = 0
        self._book_sid: int | None = None
        self._subscribed: set[str] = set()
        self._asked: set[str] = set()
        self._terminal_errors = 0

    @property
    def series(self) -> frozenset[str]:
        """The followed market tickers."""
        return frozenset(self._reducer.tracks)

    def opening(self) -> list[str]:
        """Subscribe to the books of everything followed, and to the lifecycle of all markets."""
        self._terminal_errors = 0
        return [self._command("subscribe", {"channels": [LIFECYCLE_CHANNEL]}), *self._subscribe()]

    def closed(self) -> None:
        """Forget the connection and stop trusting every book."""
        self._book_sid = None
        self._subscribed.clear()
        self._asked.clear()
        self._reducer.disconnected()

    def is_heartbeat(self, frame: bytes) -> bool:  # noqa: ARG002  the venue pings by ping frames
        """Always False: the venue's heartbeats are ping frames."""
        return False

    def received(self, frame: bytes, recv_ms: int) -> Reaction:
        """React to a frame: data to the reducer, replies and errors here."""
        try:
            message: Any = orjson.loads(frame)
        except orjson.JSONDecodeError as error:
            problem = Rejection(Reason.MALFORMED, f"a frame is not JSON: {error}", example=shown(frame))
            return Reaction(items=[problem])
        reaction = Reaction()
        item = self._reducer.apply(message, recv_ms)
        if item is not None:
            reaction.items.append(item)
        kind = message.get("type") if isinstance(message, dict) else None
        if kind == "subscribed":
            self._acknowledged(message, reaction)
        elif kind == "error":
            self._failed(message, reaction)
        elif kind == "orderbook_snapshot":
            tracks = self._reducer.tracks
            self._asked = {name for name in self._asked if name in tracks and not tracks[name].is_live}
        missing = self._reducer.resync - self._asked
        self._reducer.resync.clear()
        reaction.send.extend(self._get_snapshot(missing))
        return reaction

    def add(self, names: Iterable[str]) -> list[str]:
        """Follow more markets."""
        for name in names:
            self._reducer.tracks.setdefault(name, KalshiTrack())
        return self._catch_up()

    def remove(self, names: Iterable[str]) -> list[str]:
        """Follow fewer markets."""
        gone = [name for name in names if self._reducer.tracks.pop(name, None) is not None]
        for name in gone:
            self._reducer.outcomes.pop(name, None)
        dropped = [name for name in gone if name in self._subscribed]
        self._subscribed.difference_update(dropped)
        return self._update("delete_markets", dropped)

    def ask(self, names: Iterable[str]) -> list[str]:
        """Ask for fresh snapshots of markets, whether or not they were asked for before."""
        return self._get_snapshot(set(names))

    def rest_snapshot(self, series: str, payload: object, recv_ms: int) -> list[Item]:
        """The top of a REST book at its receive time, which is all the time it has.

        It does not become the book: without a sequence number, changes cannot be joined to it.
        """
        track = self._reducer.tracks[series]
        if track.source_time_ms is not None and recv_ms < track.source_time_ms:
            raise RefusalError(Reason.TIME_BACKWARDS, "the local clock is behind the venue's last message")
        return [Observation.at(series, recv_ms, orderbook_quote(payload))]

    def freshness(self, series: str) -> Freshness:
        """How fresh a market's book is."""
        return self._reducer.tracks[series].freshness()

    def depth(self, series: str) -> Depth | None:
        """What rests in a market; None while its book awaits a snapshot."""
        return self._reducer.depth(series)

    def announced(self, series: str) -> Outcome | None:
        """The result the lifecycle channel announced."""
        return self._reducer.outcomes.get(series)

    def _command(self, name: str, params: dict[str, object]) -> str:
        self._command_id += 1
        return orjson.dumps({"id": self._command_id, "cmd": name, "params": params}).decode()

    def _subscribe(self) -> list[str]:
        names = sorted(self._reducer.tracks)
        if not names:
            return []
        self._subscribed = set(names)
        # The default of use_yes_price is to change, so it is always stated.
        params = {
            "channels": [BOOK_CHANNEL],
            "market_tickers": names,
            "use_yes_price": self._scale is NoPriceScale.YES,
        }
        return [self._command("subscribe", params)]

    def _catch_up(self) -> list[str]:
        """Subscribe to what is followed and not subscribed; the first reply leads here again."""
        missing = sorted(set(self._reducer.tracks) - self._subscribed)
        if not self._subscribed:
            return self._subscribe()
        if self._book_sid is None:
            return []
        self._subscribed.update(missing)
        return self._update("add_markets", missing)

    def _update(self, action: str, names: list[str]) -> list[str]:
        if not names or self._book_sid is None:
            return []
        params = {"sid": self._book_sid, "action": action, "market_tickers": names}
        return [self._command("update_subscription", params)]

    def _get_snapshot(self, names: set[str]) -> list[str]:
        wanted = sorted(names & self._subscribed)
        if self._book_sid is None:
            return []
        self._asked.update(wanted)
        return self._update("get_snapshot", wanted)

    def _acknowledged(self, message: dict[str, Any], reaction: Reaction) -> None:
        content = message.get("msg")
        if isinstance(content, dict) and content.get("channel") == BOOK_CHANNEL:
            sid = content.get("sid")
            self._book_sid = sid if type(sid) is int else None
            reaction.send.extend(self._catch_up())

    def _failed(self, message: dict[str, Any], reaction: Reaction) -> None:
        content = message.get("msg")
        code = content.get("code") if isinstance(content, dict) else None
        problem = (
            f"error {shown(code)}: {shown(content.get('msg') if isinstance(content, dict) else content)}"
        )
        reaction.items.append(Rejection(Reason.VENUE_ERROR, problem, example=shown(message)))
        if type(code) is not int:
            return
        if code == AUTHENTICATION_ERROR:
            reaction.fatal = AuthenticationError(
                f"Kalshi refused the credentials: {problem}.",
                "Check the API key id, its key file and the clock.",
            )
        elif code in TERMINAL_ERRORS:
            self._terminal_errors += 1
            if self._terminal_errors >= TERMINAL_ERRORS_MAX:
                reaction.reconnect = problem
                return
            terminal_errors = self._terminal_errors
            self.closed()
            reaction.send.extend(self.opening())
            self._terminal_errors = terminal_errors
