"""The liquidating rows of scripts/bench: they run, and somebody is liquidated."""

from __future__ import annotations

from secant_bench.liquidating import liquidating_figures


def test_liquidations_are_planned_and_signed() -> None:
    figures = liquidating_figures(accounts=1_500, ticks=40)
    assert figures["ticks with somebody at risk"] > 0
    assert figures["liquidations a tick, mean"] >= 1
    first, all_of_them = (
        [figure for name, figure in figures.items() if f"{which} signed" in name or f"{which} of its" in name]
        for which in ("first", "all")
    )
    assert len(first) == len(all_of_them) == 2
    assert 0 < first[0] <= all_of_them[0]
    assert first[0] <= first[1]
    assert figures["a whole turn of all jobs, ms"] > 0
