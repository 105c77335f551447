"""Recorded Kalshi depth, shown in our book by the adapter, the mirror and the real programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from kalshi_tape import Compared, lines, replay

from secant_keeper.venues import Observation, Quote, recorded_depth, recorded_series

if TYPE_CHECKING:
    from pathlib import Path

# Of the four long tapes the beginning, the end of trading (a snapshot without any level, while the changes
# before it leave some), and the one reconnection there is (a snapshot that differs from what was kept).
WINDOWS = (
    ("KXGOLD15M-26AUG050800-00", ("2026-08-05",), (range(1, 28_617),)),
    ("KXGOLD15M-26AUG050000-00", ("2026-08-05",), (range(1, 2_001), range(36_595, 37_095))),
    ("KXGOLD15M-26AUG051300-00", ("2026-08-05",), (range(1, 2_001), range(34_635, 35_135))),
    ("KXGOLD15M-26AUG102000-00", ("2026-08-10", "2026-08-11"), (range(1, 2_001), range(45_861, 46_366))),
    ("KXGOLD15M-26AUG102130-30", ("2026-08-11",), (range(1, 1_001), range(12_431, 13_432))),
)
EXPECTED = {
    "KXGOLD15M-26AUG050800-00": Compared(
        messages=28_616, quotes=4_980, trades=399, crossed_clocks=26_253, transactions=28_616
    ),
    "KXGOLD15M-26AUG050000-00": Compared(messages=2_500, quotes=282, trades=185, transactions=2_504),
    "KXGOLD15M-26AUG051300-00": Compared(
        messages=2_500, quotes=157, trades=199, crossed_clocks=1_995, transactions=2_504
    ),
    "KXGOLD15M-26AUG102000-00": Compared(messages=2_505, quotes=72, trades=108, transactions=2_509),
    "KXGOLD15M-26AUG102130-30": Compared(messages=2_001, quotes=193, trades=32, transactions=2_004),
}


@pytest.mark.parametrize(("ticker", "days", "windows"), WINDOWS, ids=[window[0] for window in WINDOWS])
def test_our_book_is_the_venues_after_every_message(
    data: Path, tmp_path: Path, ticker: str, days: tuple[str, ...], windows: tuple[range, ...]
) -> None:
    folder = data / "kalshi_gold15m_ws" / "events" / ticker
    tape = tmp_path / "tape.ndjson.gz"
    # A window that spans midnight is in two files; gzip files one after the other are one.
    tape.write_bytes(b"".join((folder / f"{day}.ndjson.gz").read_bytes() for day in days))
    found = replay(tape, windows)
    assert found == EXPECTED[ticker]
    assert found.messages == sum(map(len, windows))


def test_no_tape_has_a_ticker_and_no_ticker_has_a_depth(data: Path) -> None:
    """So the venue's `ticker` has nothing of ours to be compared with, and trades stand in for it."""
    tapes = sorted((data / "kalshi_gold15m_ws" / "events").glob("*/*.gz"))
    assert len(tapes) == 6
    for tape in tapes:
        start = {line["event"]["type"] for line, _ in zip(lines(tape), range(3_000), strict=False)}
        assert start <= {"orderbook_snapshot", "orderbook_delta", "trade"}
    path = data / "kalshi_polymarket_ssmd" / "kalshi_ticker.jsonl"
    tickers = recorded_series("kalshi", path)
    assert len(tickers) == 10
    assert not {tape.parent.name for tape in tapes} & set(tickers)
    for ticker in tickers:
        assert [depth for _, depth in recorded_depth("kalshi", path, ticker)] == [None]


def test_a_tickers_price_is_no_quote_and_a_size_of_nothing_no_order(data: Path) -> None:
    """They seem to contradict themselves: a last price of 0 under a bid of 97, an ask of 100 for no size."""
    path = data / "kalshi_polymarket_ssmd" / "kalshi_ticker.jsonl"
    outside = without_ask = 0
    for line in path.read_text().splitlines():
        message = json.loads(line)["msg"]
        ((item, _),) = recorded_depth("kalshi", path, message["market_ticker"])
        assert isinstance(item, Observation)
        bid = message["yes_bid"] * 10_000 if message["yes_bid_size_fp"] != "0.00" else None
        ask = message["yes_ask"] * 10_000 if message["yes_ask_size_fp"] != "0.00" else None
        assert item.quote == Quote(bid, ask)
        without_ask += ask is None
        outside += not message["yes_bid"] <= message["price"] <= message["yes_ask"]
    assert (outside, without_ask) == (7, 5)
