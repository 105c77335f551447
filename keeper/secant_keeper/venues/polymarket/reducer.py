"""Polymarket market-channel frames in, observations out: the one reducer behind stream and recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from secant_keeper.venues.depth import Depth
from secant_keeper.venues.numbers import list_of, object_of, price_ppm, text_field, time_ms
from secant_keeper.venues.observation import (
    PPM,
    Item,
    Observation,
    Origin,
    Outcome,
    Quote,
    Reason,
    RefusalError,
    Rejection,
    Rejections,
    shown,
)
from secant_keeper.venues.polymarket.book import GRID, PolymarketBook, book_sides, size_of
from secant_keeper.venues.polymarket.payloads import resolved_outcomes
from secant_keeper.venues.staleness import BookState, Track

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class PolymarketTrack(Track):
    """One token: its book and the best prices the venue last stated beside a change."""

    __slots__ = ("book", "stated")

    def __init__(self) -> None:
        super().__init__()
        self.book = PolymarketBook()
        self.stated: Quote | None = None


class _Frame:
    """What one frame has brought so far: the time of each token it touched, and one fault at most of each."""

    __slots__ = ("faults", "recv_ms", "stated", "touched", "unattributed")

    def __init__(self, recv_ms: int | None) -> None:
        self.recv_ms = recv_ms
        self.touched: dict[str, int] = {}
        self.stated: dict[str, Observation] = {}
        self.faults: dict[str, Rejection] = {}
        self.unattributed: list[Rejection] = []

    def fault(self, refusal: RefusalError, token: str, message: object) -> None:
        rejection = refusal.rejection(token, example=message)
        if token:
            self.faults.setdefault(token, rejection)
        else:
            self.unattributed.append(rejection)


class PolymarketReducer:
    """Books of the chosen tokens, kept by applying frames in order.

    Observations are made after a whole frame: within a burst the best bid and ask cross. A frame gives at
    most one item for each token it touches, and a rejection for each message that cannot be attributed to
    one.

    A change before the first `book` is refused, and so is one after a `tick_size_change` until the next
    `book`. With `Origin.LIVE` a change that cannot be read makes the token's book stale; with
    `Origin.RECORDED` it is left out.

    Attributes:
        tracks: State of each token.
        outcomes: Results announced so far, by token.
        resync: Tokens whose book must be fetched again; the reader takes them and clears the set.
        crossings_within_frames: How often a book was crossed between the changes of one frame.
    """

    def __init__(
        self, series: Iterable[str] | None, rejections: Rejections, *, origin: Origin = Origin.LIVE
    ) -> None:
        """Follow `series`, or every token that appears when it is None."""
        self._every = series is None
        self._is_live = origin is Origin.LIVE
        self._rejections = rejections
        self._handlers: dict[str, Callable[[dict[str, Any], _Frame], None]] = {
            "book": self._book,
            "price_change": self._price_change,
            "best_bid_ask": self._best_bid_ask,
            "tick_size_change": self._tick_size_change,
            "market_resolved": self._market_resolved,
        }
        self.tracks: dict[str, PolymarketTrack] = {name: PolymarketTrack() for name in series or ()}
        self.outcomes: dict[str, Outcome] = {}
        self.resync: set[str] = set()
        self.crossings_within_frames = 0

    def disconnected(self) -> None:
        """Stop trusting every book: without sequence numbers nothing tells what was missed."""
        self.resync.clear()
        for track in self.tracks.values():
            track.distrust()
            track.stated = None

    def apply(self, frame: Any, recv_ms: int | None) -> list[Item]:
        """Apply one frame.

        Args:
            frame: The decoded JSON: an event, or an array of them.
            recv_ms: When it was received, Unix milliseconds, None if that is not known.

        Returns:
            One item for each followed token it touches, then the rejections of messages that name none.
        """
        state = _Frame(recv_ms)
        for message in frame if isinstance(frame, list) else (frame,):
            token = ""
            try:
                event = object_of(message, "an event")
                name = event.get("asset_id")
                token = name if isinstance(name, str) and name in self.tracks else ""
                self._event(event, state)
            except RefusalError as refusal:
                state.fault(refusal, token, message)
        return self._items(state)

    def depth(self, token: str) -> Depth | None:
        """What rests for a token; None while its book awaits a snapshot.

        Within a burst the changes cross the book, while the best bid and ask stated beside each of them are
        those after the burst: levels of a crossed book beyond the stated best are gone at the venue, and are
        left out.
        """
        track = self.tracks.get(token)
        if track is None or not track.is_live:
            return None
        bids, asks, stated = track.book.bids, track.book.asks, track.stated
        quote = track.book.quote()
        if stated is not None and (quote.is_crossed or quote.is_locked):
            bid, ask = stated.bid_ppm or 0, stated.ask_ppm or PPM
            bids = {price: size for price, size in bids.items() if price <= bid}
            asks = {price: size for price, size in asks.items() if price >= ask}
        return Depth(token, track.latest_ms, GRID.bids(bids), GRID.asks(asks))

    def _event(self, event: dict[str, Any], state: _Frame) -> None:
        kind = event.get("event_type")
        if kind is None:
            if "bids" not in event or "asks" not in event:
                raise RefusalError(Reason.MISSING_FIELD, "event_type is absent")
            kind = "book"
        handler = self._handlers.get(kind) if isinstance(kind, str) else None
        if handler is None:
            self._rejections.ignore(kind)
        else:
            handler(event, state)

    def _items(self, state: _Frame) -> list[Item]:
        items: list[Item] = []
        for token in {**state.touched, **state.stated, **state.faults}:
            if token in state.faults:
                items.append(state.faults[token])
            elif token in state.touched:
                items.append(self._top(token, state.touched[token]))
            else:
                items.append(state.stated[token])
        return [*items, *state.unattributed]

    def _top(self, token: str, moment_ms: int) -> Item:
        """The observation of a token's book after a frame, or why it is not to be believed."""
        track = self.tracks[token]
        quote = track.book.quote()
        if quote.is_crossed or quote.is_locked:
            detail = f"bid {quote.bid_ppm} ppm is not below ask {quote.ask_ppm} ppm"
            return Rejection(Reason.CROSSED, detail, token, moment_ms)
        stated = track.stated
        if stated is not None and stated != quote:
            self.resync.add(token)
            detail = f"the book says {_shown(quote)} ppm, the venue {_shown(stated)} ppm"
            return Rejection(Reason.BOOK_MISMATCH, detail, token, moment_ms)
        return Observation.at(token, moment_ms, quote)

    def _track(self, token: str) -> PolymarketTrack | None:
        track = self.tracks.get(token)
        if track is None and self._every:
            track = self.tracks[token] = PolymarketTrack()
        return track

    def _book(self, event: dict[str, Any], state: _Frame) -> None:
        token = text_field(event, "asset_id")
        track = self._track(token)
        if track is None:
            return
        moment = time_ms(event.get("timestamp"), "timestamp")
        try:
            sides = book_sides(event)
        except RefusalError:
            self._doubt(token, track)
            raise
        track.take_time(moment, state.recv_ms)
        track.book.replace(*sides)
        track.stated = None
        track.trust()
        self.resync.discard(token)
        state.faults.pop(token, None)
        state.touched[token] = moment

    def _price_change(self, event: dict[str, Any], state: _Frame) -> None:
        moment_text = event.get("timestamp")
        changes = event.get("price_changes")
        if changes is None:
            raise RefusalError(Reason.MISSING_FIELD, "price_changes is absent")
        for entry in list_of(changes, "price_changes"):
            token = ""
            try:
                level = object_of(entry, "a price change")
                token = text_field(level, "asset_id")
                track = self._track(token)
                if track is not None:
                    self._change(token, track, level, moment_text, state)
            except RefusalError as refusal:
                state.fault(refusal, token, entry)

    def _change(
        self, token: str, track: PolymarketTrack, level: dict[str, Any], moment_text: Any, state: _Frame
    ) -> None:
        if track.state is not BookState.LIVE:
            waiting = track.state is BookState.WAITING
            reason = Reason.NO_SNAPSHOT if waiting else Reason.STALE_BOOK
            raise RefusalError(reason, f"a change of {token}, which awaits a book")
        moment = time_ms(moment_text, "timestamp")
        track.take_time(moment, state.recv_ms)
        try:
            _put(track.book, level)
        except RefusalError:
            self._doubt(token, track)
            raise
        track.stated = _stated(level)
        quote = track.book.quote()
        self.crossings_within_frames += quote.is_crossed or quote.is_locked
        state.touched[token] = moment

    def _best_bid_ask(self, event: dict[str, Any], state: _Frame) -> None:
        token = text_field(event, "asset_id")
        track = self._track(token)
        if track is None:
            return
        bid, ask = price_ppm(event.get("best_bid"), "best_bid"), price_ppm(event.get("best_ask"), "best_ask")
        quote = Quote(bid or None, None if ask in (0, PPM) else ask)
        moment = time_ms(event.get("timestamp"), "timestamp")
        track.take_time(moment, state.recv_ms)
        if quote.is_crossed or quote.is_locked:
            raise RefusalError(Reason.CROSSED, f"bid {bid} ppm is not below ask {ask} ppm")
        state.stated[token] = Observation.at(token, moment, quote)

    def _tick_size_change(self, event: dict[str, Any], _state: _Frame) -> None:
        token = text_field(event, "asset_id")
        track = self._track(token)
        if track is not None:
            track.distrust()
            self.resync.add(token)
        self._rejections.ignore("tick_size_change")

    def _market_resolved(self, event: dict[str, Any], _state: _Frame) -> None:
        for token, outcome in resolved_outcomes(event).items():
            if self._every or token in self.tracks:
                self.outcomes[token] = outcome
        self._rejections.ignore("market_resolved")

    def _doubt(self, token: str, track: PolymarketTrack) -> None:
        if self._is_live:
            track.distrust()
            self.resync.add(token)


def _put(book: PolymarketBook, level: dict[str, Any]) -> None:
    price, size = price_ppm(level.get("price"), "price"), size_of(level.get("size"), "size")
    side = level.get("side")
    if side == "BUY":
        book.put_bid(price, size)
    elif side == "SELL":
        book.put_ask(price, size)
    else:
        raise RefusalError(Reason.UNKNOWN_SIDE, f"side {shown(side)} is neither BUY nor SELL")


def _stated(level: dict[str, Any]) -> Quote | None:
    """The best bid and ask a change states, if it states two that lie inside 0 to 1.

    How an empty side is spelled is not documented, so 0 and 1 are taken as no statement.
    """
    try:
        bid, ask = price_ppm(level.get("best_bid"), "best_bid"), price_ppm(level.get("best_ask"), "best_ask")
    except RefusalError:
        return None
    return Quote(bid, ask) if 0 < bid < PPM and 0 < ask < PPM else None


def _shown(quote: Quote) -> str:
    return f"{quote.bid_ppm}/{quote.ask_ppm}"
