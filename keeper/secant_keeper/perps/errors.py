"""What the mirror of margin refuses to take in."""

from __future__ import annotations


class MirrorError(ValueError):
    """Something that no program could have stored; the message is one line and says what is allowed.

    MirrorError
     ├── MarketInvalidError   a market's prices, indices or leverage tiers
     └── AccountInvalidError  an account's legs
    """


class MarketInvalidError(MirrorError):
    """A market's prices, indices or leverage tiers are outside their ranges."""


class AccountInvalidError(MirrorError):
    """An account's legs contradict each other, or name a market that was never added."""
