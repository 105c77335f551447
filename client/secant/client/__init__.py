"""What a user does on an exchange: `Client`, and what its methods return."""

from __future__ import annotations

from .accounts import AccountMethods
from .admin import AdminMethods
from .book_past import FillRole
from .events import EventRef
from .feeds import FeedRef
from .fills import Fill, FillsMethods, FillsPage
from .levels import RoundedOrder, rounded_order
from .orders import (
    BookView,
    Builder,
    DroppedOrder,
    DropReceipt,
    Level,
    LocalBook,
    OrderKind,
    OrderReceipt,
    OrderView,
    SelfTrade,
    TakeQuote,
    TakeReceipt,
)
from .perp_changes import PerpChanges
from .perp_fills import PerpFill, PerpFillsMethods, PerpFillsPage
from .perp_history import PerpHistoryMethods, PerpHistoryPage, PerpPast, PerpPastKind
from .perp_keeping import PerpKeepingMethods, PerpPauseReceipt
from .perp_liquidation import LiquidationReceipt, PerpLiquidationMethods
from .perp_orders import PerpOrderReceipt, PerpQuote
from .perp_results import (
    Funding,
    PerpBookView,
    PerpCluster,
    PerpCrowd,
    PerpHealth,
    PerpLevel,
    PerpLimits,
    PerpOrderView,
    PerpPausable,
    PerpPosition,
    PerpRuleChange,
    PerpRulesView,
    PerpStatus,
    PerpTierView,
    PerpView,
    PositionSide,
    PriceProblem,
    PriceQuality,
)
from .perp_rules import PerpTerms, PerpTierTerms, perp_rules
from .perp_state import PerpRef
from .perp_trading import PerpSettlement
from .perp_triggers import PerpTriggerMethods, TriggerKind, TriggerView
from .perps import PerpMethods
from .quoting import QuotedOrder, QuoteReceipt, QuotingMethods
from .receipts import (
    CashReceipt,
    DrawReceipt,
    ExpandReceipt,
    FeesReceipt,
    NetReceipt,
    PauseReceipt,
    PoolReceipt,
    Receipt,
    RedemptionReceipt,
    SetReceipt,
    SettlementReceipt,
    TokenReceipt,
    TokenRedemptionReceipt,
    TradeReceipt,
)
from .records import RecordMethods, record_terms
from .results import (
    AccountView,
    EventStatus,
    EventView,
    ExchangeView,
    FeedView,
    Outcome,
    Pausable,
    PoolKind,
    PoolView,
    Position,
    Quote,
    Reading,
    RecordStatus,
    RecordView,
    ResolverKind,
    Side,
    Statistic,
    TokenView,
)
from .takes import TakeMethods
from .tokens import TokenMethods

__all__ = [
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
]


class Client(
    AccountMethods,
    AdminMethods,
    TakeMethods,
    QuotingMethods,
    FillsMethods,
    TokenMethods,
    RecordMethods,
    PerpMethods,
    PerpFillsMethods,
    PerpHistoryMethods,
    PerpKeepingMethods,
    PerpTriggerMethods,
    PerpLiquidationMethods,
):
    """One wallet on one exchange.

    ``async with Client.connect("localnet", Wallet.load()) as client: await client.buy("rain", "YES", 10)``

    Amounts, shares and prices are `Decimal`, `int` or text, never floats. Every method that sends returns
    once its transaction has landed and succeeded, with what the programs say it did; every refusal is raised,
    most of them before anything is sent.
    """
