"""What the keeper counts, under one Prometheus registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secant_keeper.venues import Rejections

_LATENCY_BUCKETS_S = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60)


class _VenueRejections:
    """Reads the venues' own counts when asked."""

    def __init__(self, sources: dict[str, list[Rejections]]) -> None:
        self._sources = sources

    def collect(self) -> Iterator[CounterMetricFamily]:
        """The counts by venue and reason."""
        family = CounterMetricFamily(
            "secant_keeper_venue_rejections",
            "Messages of venues that gave no reading",
            labels=["venue", "reason"],
        )
        for venue, counters in self._sources.items():
            totals: dict[str, int] = {}
            for counter in counters:
                for reason, count in counter.counts.items():
                    totals[reason.value] = totals.get(reason.value, 0) + count
            for label, count in sorted(totals.items()):
                family.add_metric([venue, label], count)
        yield family


class Metrics:
    """The keeper's metrics; each has its meaning as its help text."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.rejections: dict[str, list[Rejections]] = {}
        registry.register(_VenueRejections(self.rejections))

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"secant_keeper_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"secant_keeper_{name}", text, labels, registry=registry)

        self.sent = counter("transactions_sent", "Transactions sent, rebroadcasts not counted", "job")
        self.landed = counter("transactions_landed", "Transactions that landed and succeeded", "job")
        self.failed = counter(
            "transactions_failed", "Transactions refused by the simulation or on chain", "job", "error"
        )
        self.expired = counter("transactions_expired", "Transactions whose blockhash expired", "job")
        self.simulated = counter("transactions_simulated", "Transactions a dry run did not send", "job")
        self.dropped = counter(
            "instructions_dropped", "Instructions left out because they alone failed", "job", "error"
        )
        self.pending = gauge("transactions_pending", "Transactions under way")
        self.latency = Histogram(
            "secant_keeper_confirmation_seconds",
            "Seconds from sending to confirmation",
            buckets=_LATENCY_BUCKETS_S,
            registry=registry,
        )
        self.source_time = gauge("feed_source_time", "Source time last published, Unix seconds", "feed")
        self.accounts = gauge("state_accounts", "Accounts known", "kind")
        self.turns = counter("loop_turns", "Turns of the loop")
        self.turn_errors = counter("loop_errors", "Turns that ended in an unforeseen error")
        self.readings_dropped = counter("readings_dropped", "Readings too old for the chain")
        self.slot = gauge("slot", "Newest slot heard of")
        self.slot_age = gauge("slot_age_seconds", "Seconds since a new slot was heard of")
        self.balance = gauge("wallet_balance_lamports", "Balance of the keeper's key")
        self.throttled = gauge("throttled_accounts", "Accounts left alone because their work keeps failing")
        self.snapshots = counter("snapshots", "Snapshots of all accounts")
        self.notifications = counter("notifications", "Account notifications taken in")
        self.reader_restarts = counter("reader_restarts", "Connections to the node that ended")
        self.source_restarts = counter("source_restarts", "Venue streams that ended", "venue")
        self.history_rows = counter("history_rows", "Rows written to the history", "kind")
        self.history_lost = counter("history_rows_lost", "Rows that could not be written to the history")
        self.history_failures = counter("history_failures", "Writes to the history that failed")
        self.near_risk = gauge("perp_accounts_near_risk", "Accounts with perpetuals marked at every tick")
        self.at_risk = gauge(
            "perp_accounts_at_risk", "Accounts with less than keeping their positions requires"
        )
        self.overdue = gauge(
            "perp_accounts_overdue", "Accounts at risk for some time that are not taken over"
        )
        self.audits = counter("audits", "Audits of the exchange that were done", "outcome")
        self.audit_repeats = counter("audit_repeats", "Reads of an audit begun anew as a slot had passed")
        self.audit_surplus = gauge(
            "audit_vault_surplus_atoms", "What the vault holds beyond what is owed; below 0 it lacks"
        )
        self.audit_dust = gauge(
            "audit_pool_dust_atoms",
            "What a perpetual's pool holds beyond its claims; below 0 it lacks",
            "market",
        )
        self.mid_difference = gauge(
            "book_mid_minus_venue_mid_ticks",
            "Middle of an event's first book less that of this key's last reading of its feed",
            "event",
        )
