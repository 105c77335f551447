"""What other programs on Solana cost for the same work.

The figures were measured on one SVM with p-token as its token program, whole transactions without a compute
budget instruction; but for those that say published. They move by one to three thousand units with the
addresses of programs that search for their PDAs, and with the version of the runtime by a little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Peer:
    """One operation of another program beside ours.

    Attributes:
        row: our row for the same work.
        program: the other program.
        operation: what it calls the work.
        compute_units: what it costs there.
    """

    row: str
    program: str
    operation: str
    compute_units: int


PEERS: Final = (
    Peer("publish 1 feed", "Pyth receiver (Drift's fork)", "post_update_atomic, 2 signatures", 68_854),
    Peer("deposit", "Manifest", "deposit", 5_093),
    Peer("withdraw", "Manifest", "withdraw", 5_659),
    Peer("place_order, 0 resting, best", "Manifest", "post 1, empty book", 3_072),
    Peer("place_order, 32 resting, middle", "Manifest", "post 1, 30 resting, middle", 3_425),
    Peer("place_order, 200 resting, best", "Manifest", "post 1, 200 resting, best", 3_973),
    Peer("cancel_orders 1, 32 resting, middle", "Manifest", "cancel 1, with hint", 2_659),
    Peer("replace_orders, 1 for 1, 32 resting", "Manifest", "replace 1", 3_853),
    Peer("place_order, matching 1, 32 resting", "Manifest", "take 1, from deposit", 4_309),
    Peer("place_order, matching 5, 32 resting", "Manifest", "take 5, from deposit", 10_448),
    Peer("mint_set n=2, first position", "MetaDAO conditional vault", "split, 2 outcomes", 44_258),
    Peer("merge_set n=2", "MetaDAO conditional vault", "merge, 2 outcomes", 45_873),
    Peer("redeem, n=2", "MetaDAO conditional vault", "redeem, 2 outcomes", 46_545),
    Peer("resolve_event n=2", "MetaDAO conditional vault", "resolve", 13_529),
    Peer("trade_pool LMSR n=2, first buy", "Meteora DAMM v2", "swap, exact in", 18_537),
    Peer("trade_pool LMSR n=2, further buy", "MetaDAO amm", "swap", 31_340),
    Peer("trade_pool LMSR n=2, sell", "Raydium CPMM", "swap, exact in", 33_133),
    Peer("trade_pool pm-AMM, first buy", "Orca Whirlpool", "swap, no tick crossed", 28_752),
    Peer("trade_pool pm-AMM, sell", "Meteora DLMM", "swap2, in one bin", 35_405),
    Peer("create_pool LMSR n=2", "MetaDAO amm", "create", 87_729),
    # As published by the projects themselves, for positions of one market.
    Peer("trade_perp, one fill", "Percolator v12.15, published", "trade", 10_094),
    Peer("trade_perp, resting", "Mango v4, published", "place a perp order", 20_700),
    Peer("cancel_perp_orders 1", "Mango v4, published", "cancel a perp order", 9_000),
    Peer("update_funding, 16 resting", "Percolator v12.15, published", "crank", 17_639),
    Peer("liquidate, 1 perpetual and 1 event legs", "Percolator v12.15, published", "liquidate", 7_278),
)
