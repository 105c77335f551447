"""Compute units beside other programs' and rates of this machine: scripts/bench [--json] [--update]."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from .compute_units import compute_units
from .liquidating import liquidating_figures
from .marking import marking_figures
from .measuring import SNAPSHOT, differences, over_budget, read_snapshot, write_snapshot
from .peers import PEERS
from .rates import rates
from .trading import trading_figures

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Measures and prints; 1 if a budget is exceeded or, without --update, the snapshot is stale."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--update", action="store_true", help="rewrite tests/snapshots/cu.json")
    options = parser.parse_args(arguments)
    figures = compute_units()
    excesses = over_budget(figures)
    if options.update:
        write_snapshot(figures)
    stale = differences(figures, read_snapshot()) if SNAPSHOT.exists() else ["there is no snapshot"]
    found, traded, marked = rates(), trading_figures(), marking_figures()
    liquidated = liquidating_figures()
    if options.json:
        print(json.dumps(_as_json(figures, found, traded, marked, liquidated, stale, excesses), indent=2))
    else:
        _print_tables(figures, found)
        _print_trading(traded)
        _print_marking(marked)
        _print_liquidating(liquidated)
    for sentence in excesses:
        print(sentence, file=sys.stderr)
    if stale:
        print("tests/snapshots/cu.json is stale, scripts/bench --update rewrites it:", file=sys.stderr)
        print("\n".join(stale), file=sys.stderr)
    return 1 if excesses or stale else 0


def _as_json(
    figures: dict[str, int],
    found: dict[str, int],
    traded: dict[str, float],
    marked: dict[str, float],
    liquidated: dict[str, float],
    stale: list[str],
    excesses: list[str],
) -> dict[str, object]:
    peers = [
        {
            "row": peer.row,
            "program": peer.program,
            "operation": peer.operation,
            "compute_units": peer.compute_units,
        }
        for peer in PEERS
    ]
    return {
        "compute_units": figures,
        "peers": peers,
        "rates_per_second": found,
        "trading_on_a_localnet": traded,
        "marking_of_accounts": marked,
        "liquidating": liquidated,
        "stale": stale,
        "over_budget": excesses,
    }


def _print_tables(figures: dict[str, int], found: dict[str, int]) -> None:
    width = max(map(len, figures))
    print("Compute units, whole transactions of one instruction")
    for row, figure in figures.items():
        print(f"  {row:{width}} {figure:>8,}")
    print("\nBeside other programs (measured on one SVM with p-token)")
    for peer in PEERS:
        ours = figures[peer.row]
        times = peer.compute_units / ours
        print(
            f"  {peer.row:{width}} {ours:>8,}   {peer.compute_units:>7,} {times:>6.1f}x"
            f"   {peer.program}, {peer.operation}"
        )
    print("\nThis machine, a second, one core")
    for name, rate in found.items():
        print(f"  {name:{width}} {rate:>8,}")


def _print_trading(traded: dict[str, float]) -> None:
    width = max(map(len, traded))
    print("\nTrading on a localnet: 3 makers, 3 takers and a keeper at once, all on this machine")
    for name, figure in traded.items():
        print(f"  {name:{width}} {figure:>8,.1f}")


def _print_marking(marked: dict[str, float]) -> None:
    width = max(map(len, marked))
    print(
        "\nMarking of margin accounts with perpetuals, one thread, each number of accounts in its own process"
    )
    for name, figure in marked.items():
        print(f"  {name:{width}} {figure:>12,}")


def _print_liquidating(liquidated: dict[str, float]) -> None:
    width = max(map(len, liquidated))
    print("\nFrom a price to a signed liquidation, 100,000 accounts with perpetuals known, no network")
    for name, figure in liquidated.items():
        print(f"  {name:{width}} {figure:>8,.2f}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
