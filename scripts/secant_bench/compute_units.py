"""Compute units of every instruction of both programs."""

from __future__ import annotations

from .book_rows import book_rows
from .exchange_rows import exchange_rows
from .oracle_rows import oracle_rows
from .perp_rows import perp_rows
from .taking_rows import taking_rows


def compute_units() -> dict[str, int]:
    """Compute units by row, the same in every run of the same programs."""
    return {**oracle_rows(), **exchange_rows(), **book_rows(), **taking_rows(), **perp_rows()}
