"""What a JSON-RPC method works on, and the answers several of them share."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from solders.keypair import Keypair

from .account_encoding import AccountEncoding, account_json
from .errors import MIN_CONTEXT_SLOT_NOT_REACHED, RpcError
from .ledger import Ledger

if TYPE_CHECKING:
    from solders.account import Account
    from solders.pubkey import Pubkey

    from .params import Config

API_VERSION: Final = "3.0.0"


def _identity() -> Pubkey:
    return Keypair.from_seed(sha256(b"localnet identity").digest()).pubkey()


@dataclass(slots=True)
class Node:
    """A ledger with the identity it has on the network.

    Attributes:
        ledger: The ledger.
        rpc_address: host:port of the HTTP server, None without one.
        identity: The node's key.
    """

    ledger: Ledger = field(default_factory=Ledger)
    rpc_address: str | None = None
    identity: Pubkey = field(default_factory=_identity)

    def with_context(self, value: Any, slot: int | None = None) -> dict[str, Any]:
        """Wrap a value with the slot it was read at (the present one unless given)."""
        at_slot = self.ledger.slot if slot is None else slot
        return {"context": {"apiVersion": API_VERSION, "slot": at_slot}, "value": value}

    def check_min_context_slot(self, config: Config) -> None:
        """Refuse a request for a slot that has not come.

        Raises:
            RpcError: config.minContextSlot is after the present slot (-32016).
        """
        slot = config.integer("minContextSlot")
        if slot is not None and slot > self.ledger.slot:
            raise RpcError(
                MIN_CONTEXT_SLOT_NOT_REACHED,
                "Minimum context slot has not been reached",
                {"contextSlot": self.ledger.slot},
            )

    def account_json(self, account: Account | None, encoding: AccountEncoding) -> dict[str, Any] | None:
        """Return the wire form of an account, None for none."""
        return None if account is None else account_json(account, encoding, self.ledger.mint_decimals)
