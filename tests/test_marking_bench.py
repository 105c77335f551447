"""The marking rows of scripts/bench: they run, and find what there is to find."""

from __future__ import annotations

from secant_bench.marking import marking_figures


def test_accounts_are_marked_and_their_process_measured() -> None:
    found = marking_figures((2_000,))
    figures = {name.removeprefix("2,000 accounts: "): figure for name, figure in found.items()}
    assert len(figures) == len(found)
    assert min(figures.values()) > 0
    assert figures["marked and picked, ms, median"] <= figures["marked and picked, ms, slowest"]
    assert 1.9 < figures["legs an account"] < 2.1
    # Some are liquidatable, more are near it, and most are far.
    assert figures["liquidatable at the last pass"] < figures["accounts near"] < 200
    assert figures["tick of one market, ms, median"] < figures["survey of all, ms"]
    assert 20 < figures["peak memory, MiB"] < 400
