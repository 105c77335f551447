from __future__ import annotations

import importlib
import inspect

import pytest

PUBLIC = {
    "secant": {
        "Builder",
        "Client",
        "PerpTerms",
        "PerpTierTerms",
        "PoolKind",
        "ProgramError",
        "Quote",
        "SecantError",
        "SyncClient",
        "Wallet",
        "perp_rules",
        "record_terms",
    },
    "secant.client": {
        "AccountView",
        "BookView",
        "Builder",
        "CashReceipt",
        "Client",
        "DrawReceipt",
        "DropReceipt",
        "DroppedOrder",
        "EventRef",
        "EventStatus",
        "EventView",
        "ExchangeView",
        "ExpandReceipt",
        "FeedRef",
        "FeedView",
        "FeesReceipt",
        "Fill",
        "FillRole",
        "FillsPage",
        "Funding",
        "Level",
        "LiquidationReceipt",
        "LocalBook",
        "NetReceipt",
        "OrderKind",
        "OrderReceipt",
        "OrderView",
        "Outcome",
        "Pausable",
        "PauseReceipt",
        "PerpBookView",
        "PerpChanges",
        "PerpCluster",
        "PerpCrowd",
        "PerpFill",
        "PerpFillsPage",
        "PerpHealth",
        "PerpHistoryPage",
        "PerpLevel",
        "PerpLimits",
        "PerpOrderReceipt",
        "PerpOrderView",
        "PerpPast",
        "PerpPastKind",
        "PerpPausable",
        "PerpPauseReceipt",
        "PerpPosition",
        "PerpQuote",
        "PerpRef",
        "PerpRuleChange",
        "PerpRulesView",
        "PerpSettlement",
        "PerpStatus",
        "PerpTerms",
        "PerpTierTerms",
        "PerpTierView",
        "PerpView",
        "PoolKind",
        "PoolReceipt",
        "PoolView",
        "Position",
        "PositionSide",
        "PriceProblem",
        "PriceQuality",
        "Quote",
        "QuoteReceipt",
        "QuotedOrder",
        "Reading",
        "Receipt",
        "RecordStatus",
        "RecordView",
        "RedemptionReceipt",
        "ResolverKind",
        "RoundedOrder",
        "SelfTrade",
        "SetReceipt",
        "SettlementReceipt",
        "Side",
        "Statistic",
        "TakeQuote",
        "TakeReceipt",
        "TokenReceipt",
        "TokenRedemptionReceipt",
        "TokenView",
        "TradeReceipt",
        "TriggerKind",
        "TriggerView",
        "perp_rules",
        "record_terms",
        "rounded_order",
    },
    "secant.wallet": {"DEFAULT_PATH", "Wallet", "file_at"},
    "secant.sync": {"SyncClient"},
}
MODULES = [
    "secant.bootstrap",
    "secant.chain",
    "secant.client.admin",
    "secant.client.book_room",
    "secant.client.books",
    "secant.client.events",
    "secant.client.feeds",
    "secant.client.fees",
    "secant.client.fills",
    "secant.client.levels",
    "secant.client.orders",
    "secant.client.perp_accounts",
    "secant.client.perp_crowd",
    "secant.client.perp_health",
    "secant.client.perp_keeping",
    "secant.client.perp_liquidation",
    "secant.perp_margin",
    "secant.client.perp_missing",
    "secant.client.perp_orders",
    "secant.client.perp_results",
    "secant.client.perp_rules",
    "secant.client.perp_state",
    "secant.client.perp_trading",
    "secant.client.perp_triggers",
    "secant.client.perp_unfit",
    "secant.client.perp_views",
    "secant.client.perps",
    "secant.client.quoting",
    "secant.client.records",
    "secant.client.receipts",
    "secant.client.requests",
    "secant.client.results",
    "secant.client.seats",
    "secant.client.takes",
    "secant.client.tokens",
    "secant.client.views",
    "secant.errors",
    "secant.units",
    *PUBLIC,
]


@pytest.mark.parametrize("name", PUBLIC)
def test_exactly_these_names(name: str) -> None:
    assert set(importlib.import_module(name).__all__) == PUBLIC[name]


@pytest.mark.parametrize("name", MODULES)
def test_all_is_exact(name: str) -> None:
    module = importlib.import_module(name)
    listed = module.__all__
    assert list(listed) == sorted(set(listed), key=lambda item: (not item.isupper(), item)), (
        "sorted, each once"
    )
    for item in listed:
        assert hasattr(module, item), item
    own = {
        item
        for item, value in vars(module).items()
        if not item.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == name
    }
    assert own <= set(listed)


@pytest.mark.parametrize("name", MODULES)
def test_documented(name: str) -> None:
    module = importlib.import_module(name)
    for item in module.__all__:
        value = getattr(module, item)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert inspect.getdoc(value), item
