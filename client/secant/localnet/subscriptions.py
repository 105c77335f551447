"""Subscriptions: who wants to hear of what, and the notifications they get.

Every commitment is reached at once, so an event is told once, as it happens. A subscription starts when its
reply is queued: no notification overtakes the reply that names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson
from solders.account import Account
from solders.system_program import ID as SYSTEM_PROGRAM_ID

from .account_encoding import AccountEncoding, AccountFilter, read_encoding, read_filters
from .errors import INTERNAL_ERROR, RpcError, invalid_params, transaction_error_json
from .methods import METHODS, Method
from .params import read_array, read_object, read_pubkey, read_signature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from solders.pubkey import Pubkey
    from solders.signature import Signature

    from .node import Node
    from .outcome import Outcome
    from .params import Params
    from .transaction_keys import TransactionKeys

SUBSCRIPTIONS_MAX: Final = 10_000
KINDS: Final = ("account", "logs", "program", "root", "signature", "slot")
_GONE: Final = Account(0, b"", SYSTEM_PROGRAM_ID)
_DEFAULT_ENCODING: Final = AccountEncoding("binary")
_TOO_LARGE: Final = "error: data too large for bs58 encoding"


@dataclass(slots=True, eq=False)
class Subscription:
    """One client's interest.

    Attributes:
        id: Its number, unique on this server.
        kind: One of KINDS.
        key: The address or signature; None for all.
        connection: Who hears of it.
        encoding: How accounts are wanted.
        filters: Which of a program's accounts are wanted.
        received: Whether a signature's arrival is told too.
    """

    id: int
    kind: str
    key: Pubkey | Signature | None
    connection: Connection
    encoding: AccountEncoding = _DEFAULT_ENCODING
    filters: tuple[AccountFilter, ...] = ()
    received: bool = False


class Connection:
    """A WebSocket client's subscriptions.

    Args:
        subscriptions: Where they are registered.
        push: Takes a notification to send; must not block.
    """

    def __init__(self, subscriptions: Subscriptions, push: Callable[[bytes], None]) -> None:
        self.push = push
        self.active: dict[int, Subscription] = {}
        self._subscriptions = subscriptions
        self._starting: list[Subscription] = []
        self.methods = METHODS | self._subscription_methods()

    def start(self) -> None:
        """Start what was subscribed to since last time; called when its reply is queued."""
        starting, self._starting = self._starting, []
        for subscription in starting:
            self.active[subscription.id] = subscription
            self._subscriptions.add(subscription)

    def close(self) -> None:
        """Drop every subscription."""
        for subscription in self.active.values():
            self._subscriptions.remove(subscription)
        self.active.clear()
        self._starting.clear()

    def _subscribe(self, kind: str, key: Pubkey | Signature | None, **options: Any) -> int:
        if len(self.active) + len(self._starting) >= SUBSCRIPTIONS_MAX:
            raise RpcError(
                INTERNAL_ERROR,
                f"Subscription refused. Connection subscription limit reached: {SUBSCRIPTIONS_MAX}",
            )
        subscription = Subscription(self._subscriptions.next_id(), kind, key, self, **options)
        self._starting.append(subscription)
        return subscription.id

    def _unsubscribe(self, kind: str, _node: Node, params: Params) -> bool:
        subscription_id = params.integer(0, "subscription")
        self.start()
        subscription = self.active.get(subscription_id)
        if subscription is None or subscription.kind != kind:
            raise invalid_params(f"no {kind} subscription has the id {subscription_id}")
        del self.active[subscription_id]
        self._subscriptions.remove(subscription)
        return True

    def _account(self, _node: Node, params: Params) -> int:
        return self._subscribe("account", params.pubkey(0), encoding=read_encoding(params.config(1)))

    def _program(self, _node: Node, params: Params) -> int:
        config = params.config(1)
        encoding, filters = read_encoding(config), read_filters(config.get("filters"))
        return self._subscribe("program", params.pubkey(0, "programId"), encoding=encoding, filters=filters)

    def _logs(self, _node: Node, params: Params) -> int:
        params.config(1)
        which = params.get(0)
        if which in ("all", "allWithVotes"):
            return self._subscribe("logs", None)
        allowed = 'the first parameter must be "all", "allWithVotes" or {"mentions": [address]}'
        if not isinstance(which, dict):
            raise invalid_params(allowed)
        mentions = read_array(read_object(which, "filter").get("mentions"), "mentions", 1)
        if not mentions:
            raise invalid_params(allowed)
        return self._subscribe("logs", read_pubkey(mentions[0], "mentions"))

    def _signature(self, _node: Node, params: Params) -> int:
        received = params.config(1).boolean("enableReceivedNotification")
        return self._subscribe("signature", read_signature(params.get(0), "signature"), received=received)

    def _subscription_methods(self) -> dict[str, Method]:
        methods = {
            "accountSubscribe": Method(self._account, 1, 2),
            "logsSubscribe": Method(self._logs, 1, 2),
            "programSubscribe": Method(self._program, 1, 2),
            "rootSubscribe": Method(lambda _node, _params: self._subscribe("root", None), 0, 0),
            "signatureSubscribe": Method(self._signature, 1, 2),
            "slotSubscribe": Method(lambda _node, _params: self._subscribe("slot", None), 0, 0),
        }
        for kind in KINDS:
            methods[f"{kind}Unsubscribe"] = Method(partial(self._unsubscribe, kind), 1, 1)
        return methods


class Subscriptions:
    """All subscriptions to a node's ledger, by what they are to."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._by_interest: dict[tuple[str, Pubkey | Signature | None], dict[int, Subscription]] = {}
        self._last_id = -1
        node.ledger.on_outcome(self._on_outcome)
        node.ledger.on_slot(self._on_slot)
        node.ledger.on_account(self._notify_accounts)

    def next_id(self) -> int:
        """Return a fresh subscription number."""
        self._last_id += 1
        return self._last_id

    def add(self, subscription: Subscription) -> None:
        """Start a subscription; one to a signature already processed is answered at once."""
        self._by_interest.setdefault((subscription.kind, subscription.key), {})[subscription.id] = (
            subscription
        )
        if subscription.kind == "signature":
            record = self._node.ledger.history.get(subscription.key)  # type: ignore[arg-type]
            if record is not None:
                self._notify_signature(subscription, record.outcome)

    def remove(self, subscription: Subscription) -> None:
        """Forget a subscription."""
        interest = (subscription.kind, subscription.key)
        others = self._by_interest.get(interest)
        if others is not None:
            others.pop(subscription.id, None)
            if not others:
                del self._by_interest[interest]

    def _to(self, kind: str, key: Pubkey | Signature | None = None) -> list[Subscription]:
        return list(self._by_interest.get((kind, key), {}).values())

    @staticmethod
    def _notify(subscription: Subscription, result: Any) -> None:
        params = {"result": result, "subscription": subscription.id}
        method = f"{subscription.kind}Notification"
        subscription.connection.push(orjson.dumps({"jsonrpc": "2.0", "method": method, "params": params}))

    def _on_slot(self, slot: int, parent: int) -> None:
        for subscription in self._to("slot"):
            self._notify(subscription, {"parent": parent, "root": parent, "slot": slot})
        for subscription in self._to("root"):
            self._notify(subscription, parent)

    def _on_outcome(self, outcome: Outcome, keys: TransactionKeys) -> None:
        if not self._by_interest:
            return
        # A failed transaction writes its fee payer only.
        self._notify_accounts(keys.writable_keys() if outcome.err is None else keys.keys[:1])
        self._notify_logs(outcome, keys)
        for subscription in self._to("signature", outcome.signature):
            self._notify_signature(subscription, outcome)

    def _notify_accounts(self, addresses: Iterable[Pubkey]) -> None:
        for address in addresses:
            account = self._node.ledger.account(address)
            for subscription in self._to("account", address):
                wire = self._account_json(account or _GONE, subscription.encoding)
                self._notify(subscription, self._node.with_context(wire))
            if account is None:
                continue
            for subscription in self._to("program", account.owner):
                if all(keep.matches(account.data) for keep in subscription.filters):
                    wire = self._account_json(account, subscription.encoding)
                    value = {"pubkey": str(address), "account": wire}
                    self._notify(subscription, self._node.with_context(value))

    def _account_json(self, account: Account, encoding: AccountEncoding) -> Any:
        try:
            return self._node.account_json(account, encoding)
        except RpcError:
            # The subscription was accepted before the account grew: there is nobody to refuse now.
            wire = self._node.account_json(account, AccountEncoding("base64", (0, 0)))
            return (wire or {}) | {
                "data": _TOO_LARGE if encoding.name == "binary" else [_TOO_LARGE, "base58"]
            }

    def _notify_logs(self, outcome: Outcome, keys: TransactionKeys) -> None:
        listeners = self._to("logs")
        for key in dict.fromkeys(keys.keys):
            listeners += self._to("logs", key)
        if not listeners:
            return
        value = {
            "err": transaction_error_json(outcome.err),
            "logs": outcome.logs,
            "signature": str(outcome.signature),
        }
        wire = self._node.with_context(value, outcome.slot)
        for subscription in listeners:
            self._notify(subscription, wire)

    def _notify_signature(self, subscription: Subscription, outcome: Outcome) -> None:
        """Tell a signature's fate, which ends the subscription."""
        if subscription.received:
            self._notify(subscription, self._node.with_context("receivedSignature", outcome.slot))
        value = {"err": transaction_error_json(outcome.err)}
        self._notify(subscription, self._node.with_context(value, outcome.slot))
        subscription.connection.active.pop(subscription.id, None)
        self.remove(subscription)
