"""What a taker's volume does to the fee. No IDL tells it: a test holds it against the program."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

__all__ = ["fee_share", "worn_down"]

_WINDOW_S: Final = 30 * 86_400
# From which volume on, in atoms, which share of the fee is paid.
_TIERS: Final = (
    (1_000_000 * 10**6, Decimal("0.7")),
    (100_000 * 10**6, Decimal("0.8")),
    (10_000 * 10**6, Decimal("0.9")),
)


def worn_down(volume_atoms: int, age_s: int) -> int:
    """A volume after so many seconds without a trade: it wears off evenly in 30 days, rounded down."""
    return volume_atoms * max(_WINDOW_S - max(age_s, 0), 0) // _WINDOW_S


def fee_share(volume_atoms: int) -> Decimal:
    """The share of the full fee that a taker of this volume pays, from 0 to 1."""
    return next((share for least, share in _TIERS if volume_atoms >= least), Decimal(1))
