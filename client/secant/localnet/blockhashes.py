"""The recent blockhashes and the signatures processed under each, forgotten together."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from solders.hash import Hash
    from solders.signature import Signature

BLOCKS_VALID: Final = 150


class RecentBlockhashes:
    """Which blockhashes a transaction may name, by block height.

    A hash first offered at height h is good through height h + 150 (MAX_PROCESSING_AGE). Signatures are
    remembered for as long as their blockhash is good, which is as long as they could be processed twice.
    """

    def __init__(self) -> None:
        self._order: deque[tuple[int, Hash]] = deque()
        self._last_valid_height: dict[Hash, int] = {}
        self._processed: dict[Hash, set[Signature]] = {}

    def add(self, blockhash: Hash, block_height: int) -> None:
        """Offer a new blockhash at a block height, and forget those it ends."""
        last_valid_height = block_height + BLOCKS_VALID
        self._order.append((last_valid_height, blockhash))
        self._last_valid_height[blockhash] = last_valid_height
        while self._order[0][0] < block_height:
            _, expired = self._order.popleft()
            del self._last_valid_height[expired]
            self._processed.pop(expired, None)

    def last_valid_height(self, blockhash: Hash) -> int | None:
        """Return the last block height at which the hash is good; None when it is not good now."""
        return self._last_valid_height.get(blockhash)

    def is_processed(self, blockhash: Hash, signature: Signature) -> bool:
        """Tell whether the signature was processed under this blockhash."""
        signatures = self._processed.get(blockhash)
        return signatures is not None and signature in signatures

    def record(self, blockhash: Hash, signature: Signature) -> None:
        """Remember a processed signature while its blockhash is good."""
        if blockhash in self._last_valid_height:
            self._processed.setdefault(blockhash, set()).add(signature)
