"""Kalshi WebSocket messages in, observations out: the one reducer behind stream and recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from secant_keeper.venues.depth import Depth
from secant_keeper.venues.kalshi.book import GRID, PRICE_MAX, KalshiBook, NoPriceScale, book_sides, change
from secant_keeper.venues.kalshi.payloads import lifecycle_outcome, ticker_observation
from secant_keeper.venues.numbers import object_of, text_field, time_ms
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
from secant_keeper.venues.staleness import BookState, Track

if TYPE_CHECKING:
    from collections.abc import Iterable


class KalshiTrack(Track):
    """One market: its book, and where in which subscription it stands."""

    __slots__ = ("book", "seq", "sid")

    def __init__(self) -> None:
        super().__init__()
        self.book = KalshiBook()
        self.sid: object = None
        self.seq: int | None = None


class KalshiReducer:
    """Books of the chosen markets, kept by applying messages in order.

    With `Origin.LIVE` the sequence number of each subscription must rise by one from message to message: a
    hole makes every book of the subscription stale until its next snapshot, and a repeated number is dropped.
    With `Origin.RECORDED` holes are passed over, because the recording of one market lacks the numbers of the
    others.

    Attributes:
        tracks: State of each market by ticker.
        outcomes: Results announced so far, by ticker.
        resync: Tickers whose book needs a new snapshot; the reader takes them and clears the set.
    """

    def __init__(
        self,
        series: Iterable[str] | None,
        rejections: Rejections,
        *,
        origin: Origin = Origin.LIVE,
        scale: NoPriceScale = NoPriceScale.NO,
    ) -> None:
        """Follow `series`, or every market that appears when it is None."""
        self._every = series is None
        self._is_live = origin is Origin.LIVE
        self._scale = scale
        self._is_no_scale = scale is NoPriceScale.NO
        self._rejections = rejections
        self._last_seq: dict[object, int] = {}
        self.tracks: dict[str, KalshiTrack] = {name: KalshiTrack() for name in series or ()}
        self.outcomes: dict[str, Outcome] = {}
        self.resync: set[str] = set()

    def disconnected(self) -> None:
        """Forget the connection's sequence numbers and stop trusting every book."""
        self._last_seq.clear()
        self.resync.clear()
        for track in self.tracks.values():
            track.sid = None
            track.distrust()

    def apply(self, message: Any, recv_ms: int | None) -> Item | None:
        """Apply one message.

        Args:
            message: The decoded JSON of a frame.
            recv_ms: When it was received, Unix milliseconds; stands in for the source time of snapshots,
                which have none.

        Returns:
            The observation of the series it concerns, why there is none, or None if it carries no quote of a
            followed series.
        """
        series = ""
        try:
            kind = (message if type(message) is dict else object_of(message, "a message")).get("type")
            if kind not in ("orderbook_delta", "orderbook_snapshot", "ticker"):
                self._other(kind, message)
                return None
            content = message.get("msg")
            if type(content) is not dict:
                content = object_of(content, "msg")
            name = content.get("market_ticker")
            series = name if type(name) is str else text_field(content, "market_ticker")
            track = self._track(series)
            if self._is_live:
                self._take_seq(message)
            if track is None:
                return None
            if kind == "orderbook_delta":
                return self._delta(series, track, message, recv_ms)
            if kind == "orderbook_snapshot":
                return self._snapshot(series, track, message, recv_ms)
            observation = ticker_observation(content, series)
            track.take_time(observation.source_time_ms, recv_ms)
        except RefusalError as refusal:
            return refusal.rejection(series, _time_of(message), message)
        return observation

    def depth(self, series: str) -> Depth | None:
        """What rests in a market, for YES shares; None while its book awaits a snapshot.

        An offer to buy NO at q is an ask at 1 - q.
        """
        track = self.tracks.get(series)
        if track is None or not track.is_live:
            return None
        book = track.book
        return Depth(series, track.latest_ms, GRID.bids(book.bids), GRID.asks(book.asks))

    def _track(self, series: str) -> KalshiTrack | None:
        track = self.tracks.get(series)
        if track is None and self._every:
            track = self.tracks[series] = KalshiTrack()
        return track

    def _take_seq(self, message: dict[str, Any]) -> None:
        """Check the number of a live message; on a hole every book of its subscription is stale.

        Raises:
            RefusalError: DUPLICATE, and MALFORMED for a number that is none.
        """
        sid, seq = message.get("sid"), message.get("seq")
        if seq is None or sid is None:
            return
        if type(seq) is not int or type(sid) is not int:
            raise RefusalError(Reason.MALFORMED, f"sid {shown(sid)} or seq {shown(seq)} is not an integer")
        last = self._last_seq.get(sid)
        if seq == last and message.get("type") == "orderbook_snapshot":
            return  # An answer to get_snapshot may repeat the number it is true at, and is harmless twice.
        if last is not None and seq <= last:
            raise RefusalError(Reason.DUPLICATE, f"seq {seq} of sid {sid} comes after {last}")
        self._last_seq[sid] = seq
        if last is None or seq == last + 1:
            return
        for name, track in self.tracks.items():
            if track.sid in (sid, None):  # None: its snapshot may be what was lost
                track.distrust()
                self.resync.add(name)
        missed = f"seq of sid {sid} went from {last} to {seq}"
        self._rejections.count(Rejection(Reason.SEQUENCE_GAP, missed, example=shown(message)))

    def _delta(
        self, series: str, track: KalshiTrack, message: dict[str, Any], recv_ms: int | None
    ) -> Observation:
        if track.state is not BookState.LIVE:
            waiting = track.state is BookState.WAITING
            reason = Reason.NO_SNAPSHOT if waiting else Reason.STALE_BOOK
            raise RefusalError(reason, f"a change of {series}, which awaits a snapshot")
        content = message["msg"]
        try:
            self._check_order(track, message)
            self._change(track.book, content)
        except RefusalError as refusal:
            if self._is_live and refusal.reason is not Reason.DUPLICATE:
                track.distrust()
                self.resync.add(series)
            raise
        at_ms = content.get("ts_ms")
        if at_ms is None:
            moment = time_ms(recv_ms, "receive time")
            track.received_ms = recv_ms
        else:
            moment = at_ms if type(at_ms) is int else time_ms(at_ms, "ts_ms")
            track.take_time(moment, recv_ms)
        quote = track.book.quote()
        if quote.is_crossed or quote.is_locked:
            raise RefusalError(
                Reason.CROSSED, f"bid {quote.bid_ppm} ppm is not below ask {quote.ask_ppm} ppm"
            )
        return Observation(series, moment // 1000, moment, quote)

    def _change(self, book: KalshiBook, content: dict[str, Any]) -> None:
        price, delta = change(content)
        side = content.get("side")
        if side == "yes":
            is_whole = book.change_bid(price, delta)
        elif side == "no":
            is_whole = book.change_ask(PRICE_MAX - price if self._is_no_scale else price, delta)
        else:
            raise RefusalError(Reason.UNKNOWN_SIDE, f"side {shown(side)} is neither yes nor no")
        if not is_whole:
            raise RefusalError(Reason.NEGATIVE_SIZE, f"a change took the {side} level {price}e-4 below zero")

    def _check_order(self, track: KalshiTrack, message: dict[str, Any]) -> None:
        """Place a change within its market's numbers.

        Raises:
            RefusalError: DUPLICATE for a recorded number not above the last, MISSING_FIELD for a live change
                without one.
        """
        sid, seq = message.get("sid"), message.get("seq")
        if self._is_live:
            if seq is None or sid is None:
                raise RefusalError(Reason.MISSING_FIELD, "sid or seq is absent")
        elif type(seq) is int:
            if sid == track.sid and track.seq is not None and seq <= track.seq:
                raise RefusalError(Reason.DUPLICATE, f"seq {seq} comes after {track.seq}")
            track.sid, track.seq = sid, seq

    def _snapshot(
        self, series: str, track: KalshiTrack, message: dict[str, Any], recv_ms: int | None
    ) -> Observation:
        content = message["msg"]
        try:
            sides = book_sides(content, self._scale)
        except RefusalError:
            if self._is_live:
                track.distrust()
                self.resync.add(series)
            raise
        track.book.replace(*sides)
        track.sid = message.get("sid")
        seq = message.get("seq")
        track.seq = seq if type(seq) is int else None
        track.trust()
        self.resync.discard(series)
        at_ms = content.get("ts_ms")
        moment = time_ms(recv_ms if at_ms is None else at_ms, "ts_ms or receive time")
        track.received_ms = recv_ms or moment
        quote = track.book.quote()
        if quote.is_crossed or quote.is_locked:
            raise RefusalError(
                Reason.CROSSED, f"bid {quote.bid_ppm} ppm is not below ask {quote.ask_ppm} ppm"
            )
        return Observation.at(series, moment, quote)

    def _other(self, kind: object, message: dict[str, Any]) -> None:
        if kind is None:
            raise RefusalError(Reason.MISSING_FIELD, "type is absent")
        if self._is_live:
            self._take_seq(message)
        if kind == "market_lifecycle_v2":
            outcome = lifecycle_outcome(object_of(message.get("msg"), "msg"))
            if outcome is not None and (self._every or outcome.series in self.tracks):
                self._announce(outcome)
        self._rejections.ignore(kind)

    def _announce(self, outcome: Outcome) -> None:
        known = self.outcomes.get(outcome.series)
        if outcome.payouts_ppm is None and known is not None:
            return
        self.outcomes[outcome.series] = outcome


def _time_of(message: Any) -> int | None:
    content = message.get("msg") if isinstance(message, dict) else None
    at_ms = content.get("ts_ms") if isinstance(content, dict) else None
    return at_ms if type(at_ms) is int else None
