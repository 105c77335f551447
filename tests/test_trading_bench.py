"""The trading row of scripts/bench runs, trades, and ends by itself."""

from __future__ import annotations

from secant_bench.trading import trading_figures


def test_makers_and_takers_meet() -> None:
    figures = trading_figures(seconds=1.5)
    assert min(figures.values()) > 0
    assert figures["fills by takers, a second"] < figures["orders placed, makers' and takers', a second"]
    for who in ("taker, call to confirmed fill", "maker, call to confirmed quote"):
        assert figures[f"{who}, ms, median"] <= figures[f"{who}, ms, 99th percentile"]
