"""What a broken invariant raises."""

from __future__ import annotations


class BrokenInvariantError(AssertionError):
    """A rule that must hold after every instruction does not."""


def demand(holds: bool, rule: str, *facts: object) -> None:  # noqa: FBT001 - the rule's own truth
    """Raises BrokenInvariantError naming the rule and the facts unless it holds."""
    if not holds:
        raise BrokenInvariantError(f"{rule}: {', '.join(str(fact) for fact in facts)}")
