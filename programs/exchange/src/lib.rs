//! secant exchange: custody, margin accounts, event markets, pools and settlement.
//!
//! One vault holds all collateral of an exchange; everything else is a ledger. After every instruction
//! the vault equals the sum of cash, pool cash, fees and event escrows, and every account and every
//! pool is solvent whichever outcome wins.
#![cfg_attr(target_os = "solana", no_std)]
#![allow(unused_variables)] // the accounts derive binds every argument named for seeds a second time

extern crate alloc;

use {alloc::vec::Vec, anchor_lang::prelude::*};
#[cfg(target_arch = "bpf")]
use {sbf_libcalls as _, solana_compiler_builtins as _}; // linked for their symbols

pub mod desk;
pub mod error;
pub mod event;
pub mod order_request;
pub mod perp_desk;
pub mod perp_margin;
pub mod perp_trade;
pub mod seating;
pub mod token;
pub mod trade;
pub mod state {
    pub mod book;
    pub mod exchange;
    pub mod margin;
    pub mod market;
    pub mod perp;
    pub mod perp_price;
    pub mod perp_rules;
    pub mod pool;
    pub mod trigger;
}
pub mod instructions {
    pub mod add_insurance;
    pub mod apply_perp_rules;
    pub mod cancel_all;
    pub mod cancel_all_perp;
    pub mod cancel_orders;
    pub mod cancel_perp_orders;
    pub mod cancel_trigger;
    pub mod close_account;
    pub mod close_book;
    pub mod close_perp;
    pub mod close_pool;
    pub mod collect_fees;
    pub mod collect_perp_fees;
    pub mod crank_expired;
    pub mod create_book;
    pub mod create_event;
    pub mod create_outcome_mint;
    pub mod create_perp;
    pub mod create_pool;
    pub mod deposit;
    pub mod detokenize;
    pub mod draw_perp_seat;
    pub mod draw_seat;
    pub mod execute_trigger;
    pub mod expand_book;
    pub mod initialize;
    pub mod liquidate;
    pub mod lock_event;
    pub mod merge_set;
    pub mod mint_set;
    pub mod net_pool;
    pub mod open_account;
    pub mod pause;
    pub mod pause_perp;
    pub mod place_order;
    pub mod place_trigger;
    pub mod propose_perp_rules;
    pub mod redeem;
    pub mod redeem_tokens;
    pub mod refresh_margin;
    pub mod remove_insurance;
    pub mod replace_orders;
    pub mod resolve_bankruptcy;
    pub mod resolve_event;
    pub mod return_haircut;
    pub mod set_delegate;
    pub mod settle_event;
    pub mod settle_perp;
    pub mod settle_pnl;
    pub mod take_order;
    pub mod take_tokens;
    pub mod tokenize;
    pub mod trade_perp;
    pub mod trade_pool;
    pub mod transfer;
    pub mod unpause;
    pub mod unpause_perp;
    pub mod update_funding;
    pub mod void_event;
    pub mod waive_haircut;
    pub mod withdraw;
}

pub use {
    instructions::{
        add_insurance::*, apply_perp_rules::*, cancel_all::*, cancel_all_perp::*, cancel_orders::*,
        cancel_perp_orders::*, cancel_trigger::*, close_account::*, close_book::*, close_perp::*,
        close_pool::*, collect_fees::*, collect_perp_fees::*, crank_expired::*, create_book::*,
        create_event::*, create_outcome_mint::*, create_perp::*, create_pool::*, deposit::*, detokenize::*,
        draw_perp_seat::*, draw_seat::*, execute_trigger::*, expand_book::*, initialize::*, liquidate::*,
        lock_event::*, merge_set::*, mint_set::*, net_pool::*, open_account::*, pause::*, pause_perp::*,
        place_order::*, place_trigger::*, propose_perp_rules::*, redeem::*, redeem_tokens::*,
        refresh_margin::*, remove_insurance::*, replace_orders::*, resolve_bankruptcy::*, resolve_event::*,
        return_haircut::*, set_delegate::*, settle_event::*, settle_perp::*, settle_pnl::*, take_order::*,
        take_tokens::*, tokenize::*, trade_perp::*, trade_pool::*, transfer::*, unpause::*, unpause_perp::*,
        update_funding::*, void_event::*, waive_haircut::*, withdraw::*,
    },
    order_request::*,
    state::{book::*, exchange::*, margin::*, market::*, perp::*, perp_rules::*, pool::*, trigger::*},
};

declare_id!("Engr6zCXt6ZopVYw68FkaTVbX8perQcMJcmdjZa5iA3M");

#[program]
pub mod exchange {
    use super::*;

    /// Buys (positive lots) or sells (negative lots) one outcome from a pool. `limit_atoms` is the most
    /// to pay, or the least to receive, fee included.
    pub fn trade_pool(ctx: &mut Context<TradePool>, outcome: u8, lots: i64, limit_atoms: u64) -> Result<()> {
        TradePool::run(ctx, outcome, lots, limit_atoms)
    }

    /// Places one order: takes from the other side, and rests by its kind. What it takes pays a builder's front
    /// end, if it names one.
    pub fn place_order(
        ctx: &mut Context<PlaceOrder>,
        request: OrderRequest,
        builder_fee_bps: u16,
    ) -> Result<()> {
        PlaceOrder::run(ctx, request, builder_fee_bps)
    }

    /// Takes an order that never rests (kinds 1 and 2) from a book and a pool beside it, each lot where it is
    /// cheaper.
    pub fn take_order(
        ctx: &mut Context<TakeOrder>,
        request: OrderRequest,
        builder_fee_bps: u16,
    ) -> Result<()> {
        TakeOrder::run(ctx, request, builder_fee_bps)
    }

    /// Buys or sells SPL tokens of one outcome against collateral, without a margin account, as take_order: side
    /// and price are the book's outcome's. `limit_atoms` is the most to pay, or the least to receive, fees
    /// included. Selling is never paused.
    pub fn take_tokens(
        ctx: &mut Context<TakeTokens>,
        outcome: u8,
        request: OrderRequest,
        limit_atoms: u64,
        builder_fee_bps: u16,
    ) -> Result<()> {
        TakeTokens::run(ctx, outcome, request, limit_atoms, builder_fee_bps)
    }

    /// Cancels orders, those that are still there, and places others.
    pub fn replace_orders(
        ctx: &mut Context<ReplaceOrders>,
        cancellations: Vec<Cancellation>,
        requests: Vec<OrderRequest>,
    ) -> Result<()> {
        ReplaceOrders::run(ctx, &cancellations, &requests)
    }

    /// Cancels orders, those that are still there. Never paused.
    pub fn cancel_orders(ctx: &mut Context<CancelOrders>, cancellations: Vec<Cancellation>) -> Result<()> {
        CancelOrders::run(ctx, &cancellations)
    }

    /// Cancels all orders of a side (0 bids, 1 asks) or of both, at most 256. Never paused.
    pub fn cancel_all(ctx: &mut Context<CancelAll>, side: Option<u8>) -> Result<()> {
        CancelAll::run(ctx, side)
    }

    /// Moves what a seat's fills have brought into its margin account; once the event trades no more, cancels
    /// its orders too, at most 256. Anyone may; never paused.
    pub fn draw_seat(ctx: &mut Context<DrawSeat>) -> Result<()> {
        DrawSeat::run(ctx)
    }

    /// Takes expired orders out of a book, at most 256; all of them once its event trades no more. Anyone may.
    pub fn crank_expired(ctx: &mut Context<CrankExpired>) -> Result<()> {
        CrankExpired::run(ctx)
    }

    /// Turns cash into complete sets: 10,000 atoms a lot.
    pub fn mint_set(ctx: &mut Context<MintSet>, lots: u64) -> Result<()> {
        MintSet::run(ctx, lots)
    }

    /// Turns complete sets back into cash. Never paused.
    pub fn merge_set(ctx: &mut Context<MergeSet>, lots: u64) -> Result<()> {
        MergeSet::run(ctx, lots)
    }

    /// Pays a settled event's shares into a margin account. Anyone may, for any account.
    pub fn redeem(ctx: &mut Context<Redeem>) -> Result<()> {
        Redeem::run(ctx)
    }

    /// Moves collateral from a token account into a margin account.
    pub fn deposit(ctx: &mut Context<Deposit>, amount_atoms: u64) -> Result<()> {
        Deposit::run(ctx, amount_atoms)
    }

    /// Moves free collateral from a margin account to a token account, for the greatest amount all that perpetuals do not
    /// need. Never paused.
    pub fn withdraw(ctx: &mut Context<Withdraw>, amount_atoms: u64) -> Result<()> {
        Withdraw::run(ctx, amount_atoms)
    }

    /// Turns ledger shares of one outcome into SPL tokens (2 decimals: one unit is one lot); those that are not held
    /// are written short, as long as the event trades.
    pub fn tokenize(ctx: &mut Context<Tokenize>, outcome: u8, lots: u64) -> Result<()> {
        Tokenize::run(ctx, outcome, lots)
    }

    /// Turns SPL tokens of one outcome back into ledger shares. Never paused.
    pub fn detokenize(ctx: &mut Context<Detokenize>, outcome: u8, lots: u64) -> Result<()> {
        Detokenize::run(ctx, outcome, lots)
    }

    /// Burns SPL tokens of a settled event for what they pay, without a margin account. Never paused.
    pub fn redeem_tokens(ctx: &mut Context<RedeemTokens>, outcome: u8, lots: u64) -> Result<()> {
        RedeemTokens::run(ctx, outcome, lots)
    }

    /// Settles an event by its record. Anyone may, once the record is decided.
    pub fn settle_event(ctx: &mut Context<SettleEvent>) -> Result<()> {
        SettleEvent::run(ctx)
    }

    /// Settles an event by its authority's payout vector: ticks of 1/10,000 per outcome, summing to 10,000.
    pub fn resolve_event(ctx: &mut Context<ResolveEvent>, payout_ticks: [u16; 16]) -> Result<()> {
        ResolveEvent::run(ctx, payout_ticks)
    }

    /// Voids an event that nobody settled before its deadline: every outcome pays alike. Anyone may.
    pub fn void_event(ctx: &mut Context<VoidEvent>) -> Result<()> {
        VoidEvent::run(ctx)
    }

    /// Stops an event's trading: anyone from its lock time on, its authority at any time.
    pub fn lock_event(ctx: &mut Context<LockEvent>) -> Result<()> {
        LockEvent::run(ctx)
    }

    /// Opens a margin account for any owner. Anyone may pay for it; that gives no right over it.
    pub fn open_account(ctx: &mut Context<OpenAccount>, owner: Address, index: u8) -> Result<()> {
        OpenAccount::run(ctx, owner, index)
    }

    /// Closes an empty margin account and returns its rent to its owner.
    pub fn close_account(ctx: &mut Context<CloseAccount>) -> Result<()> {
        CloseAccount::run(ctx)
    }

    /// Creates an event with 2 to 16 labelled outcomes and its resolver.
    pub fn create_event(
        ctx: &mut Context<CreateEvent>,
        event_id: [u8; 32],
        resolver_kind: u8,
        lock_time: i64,
        settlement_deadline: i64,
        title: [u8; 64],
        labels: Vec<[u8; 16]>,
    ) -> Result<()> {
        CreateEvent::run(
            ctx,
            event_id,
            resolver_kind,
            lock_time,
            settlement_deadline,
            title,
            &labels,
        )
    }

    /// Creates the SPL mint of one outcome, once, before it is first tokenized.
    pub fn create_outcome_mint(ctx: &mut Context<CreateOutcomeMint>, outcome: u8) -> Result<()> {
        CreateOutcomeMint::run(ctx, outcome)
    }

    /// Creates a pool (kind 0 LMSR, 1 pm-AMM) and funds it from the creator's margin account.
    pub fn create_pool(ctx: &mut Context<CreatePool>, kind: u8, liquidity_lots: u64) -> Result<()> {
        CreatePool::run(ctx, kind, liquidity_lots)
    }

    /// Closes a pool into its creator's margin account: its creator at any time, anyone once the event is
    /// settled.
    pub fn close_pool(ctx: &mut Context<ClosePool>) -> Result<()> {
        ClosePool::run(ctx)
    }

    /// Creates the order book of an outcome; orders that rest in it have at least `lots_min` lots.
    pub fn create_book(ctx: &mut Context<CreateBook>, outcome: u8, lots_min: u64) -> Result<()> {
        CreateBook::run(ctx, outcome, lots_min)
    }

    /// Adds room for seats and orders to a book. Anyone may.
    pub fn expand_book(ctx: &mut Context<ExpandBook>, seats: u16, orders: u16) -> Result<()> {
        ExpandBook::run(ctx, seats, orders)
    }

    /// Closes an empty book: its creator as long as nobody has expanded it, anyone once the event is settled.
    pub fn close_book(ctx: &mut Context<CloseBook>) -> Result<()> {
        CloseBook::run(ctx)
    }

    /// Takes the complete sets out of what a pool has sold, which changes no price and keeps its numbers
    /// small. Anyone may; never paused.
    pub fn net_pool(ctx: &mut Context<NetPool>) -> Result<()> {
        NetPool::run(ctx)
    }

    /// Pays the fees of closed pools, and of the pools and books passed, to the treasury. Anyone may.
    pub fn collect_fees(ctx: &mut Context<CollectFees>) -> Result<()> {
        CollectFees::run(ctx)
    }

    /// Adds pause bits: the pauser or the admin. A pause never stops reducing, redeeming or withdrawing.
    pub fn pause(ctx: &mut Context<Pause>, pause_bits: u8) -> Result<()> {
        Pause::run(ctx, pause_bits)
    }

    /// Removes pause bits: the admin alone.
    pub fn unpause(ctx: &mut Context<Unpause>, pause_bits: u8) -> Result<()> {
        Unpause::run(ctx, pause_bits)
    }

    /// Creates the exchange of a collateral mint under an admin, with its vault.
    pub fn initialize(ctx: &mut Context<Initialize>, pauser: Address, fee_bps: u16) -> Result<()> {
        Initialize::run(ctx, pauser, fee_bps)
    }

    /// Creates a perpetual over a feed, and its book: the admin alone.
    pub fn create_perp(
        ctx: &mut Context<CreatePerp>,
        market_id: [u8; 32],
        rules: PerpRules,
        close_time: i64,
    ) -> Result<()> {
        CreatePerp::run(ctx, market_id, rules, close_time)
    }

    /// Proposes other rules for a perpetual, to come into force after two days: the admin alone.
    pub fn propose_perp_rules(ctx: &mut Context<ProposePerpRules>, rules: PerpRules) -> Result<()> {
        ProposePerpRules::run(ctx, rules)
    }

    /// Brings a perpetual's proposed rules into force, two days after their proposal. Anyone may.
    pub fn apply_perp_rules(ctx: &mut Context<ApplyPerpRules>) -> Result<()> {
        ApplyPerpRules::run(ctx)
    }

    /// Sets when a perpetual closes, once, at least two days ahead: the admin alone. In the hour before, positions can
    /// only be reduced.
    pub fn close_perp(ctx: &mut Context<ClosePerp>, close_time: i64) -> Result<()> {
        ClosePerp::run(ctx, close_time)
    }

    /// Fixes the price at which a closed perpetual settles: its index's average over the last hour. Anyone may.
    pub fn settle_perp(ctx: &mut Context<SettlePerp>) -> Result<()> {
        SettlePerp::run(ctx)
    }

    /// Takes insurance that nobody needs into the admin's margin account, within limits: the admin alone.
    pub fn remove_insurance(ctx: &mut Context<RemoveInsurance>, amount_atoms: u64) -> Result<()> {
        RemoveInsurance::run(ctx, amount_atoms)
    }

    /// Moves free collateral between two margin accounts of one owner.
    pub fn transfer(ctx: &mut Context<Transfer>, amount_atoms: u64) -> Result<()> {
        Transfer::run(ctx, amount_atoms)
    }

    /// Brings a perpetual's index, mark and funding up to date, and pays what its pool owes. Anyone may; never paused.
    pub fn update_funding(ctx: &mut Context<UpdateFunding>) -> Result<()> {
        UpdateFunding::run(ctx)
    }

    /// Places one order at a perpetual: takes from the other side no further than the market allows from the mark, and
    /// rests by its kind. An order that is to reduce only is never paused, and needs no fresh price.
    ///
    /// Remaining accounts: the markets of the account's other perpetual legs, read-only, in any order; unless the
    /// order only reduces, each brought up to date (update_funding) and drawn (draw_perp_seat) in this slot.
    pub fn trade_perp(ctx: &mut Context<TradePerp>, request: OrderRequest) -> Result<()> {
        TradePerp::run(ctx, request)
    }

    /// Leaves an order that reduces a perpetual position, for anyone to place once the mark reaches its trigger: a stop
    /// loss, a take profit, or a trailing stop.
    pub fn place_trigger(ctx: &mut Context<PlaceTrigger>, id: u8, terms: TriggerTerms) -> Result<()> {
        PlaceTrigger::run(ctx, id, terms)
    }

    /// Cancels a trigger order: the account's owner or delegate, anyone once it has lapsed or is void. Never paused.
    pub fn cancel_trigger(ctx: &mut Context<CancelTrigger>) -> Result<()> {
        CancelTrigger::run(ctx)
    }

    /// Places a trigger order whose mark is reached, or moves a trailing stop after the mark. Anyone may; never paused.
    ///
    /// Remaining accounts: the markets of the account's other perpetual legs, read-only, in any order.
    pub fn execute_trigger(ctx: &mut Context<ExecuteTrigger>) -> Result<()> {
        ExecuteTrigger::run(ctx)
    }

    /// Cancels orders at a perpetual, those that are still there. Never paused.
    pub fn cancel_perp_orders(
        ctx: &mut Context<CancelPerpOrders>,
        cancellations: Vec<Cancellation>,
    ) -> Result<()> {
        CancelPerpOrders::run(ctx, &cancellations)
    }

    /// Cancels all orders of a side (0 bids, 1 asks) or of both at a perpetual, at most 256. Never paused.
    pub fn cancel_all_perp(ctx: &mut Context<CancelAllPerp>, side: Option<u8>) -> Result<()> {
        CancelAllPerp::run(ctx, side)
    }

    /// Moves what a seat's fills have brought into its margin account, and cancels its expired orders; those of an
    /// account to be liquidated all, at most 256. Anyone may; never paused.
    ///
    /// Remaining accounts: the markets of the account's other perpetual legs, read-only, in any order, each brought
    /// up to date (update_funding) in this slot.
    pub fn draw_perp_seat(ctx: &mut Context<DrawPerpSeat>) -> Result<()> {
        DrawPerpSeat::run(ctx)
    }

    /// States what an account's perpetuals need of its free collateral, as long as the slot lasts: before anything else
    /// of that is spent. Anyone may.
    ///
    /// Remaining accounts: the markets of all of the account's perpetual legs, read-only, in any order, each brought up
    /// to date (update_funding) and drawn (draw_perp_seat) in this slot.
    pub fn refresh_margin(ctx: &mut Context<RefreshMargin>) -> Result<()> {
        RefreshMargin::run(ctx)
    }

    /// Moves a perpetual's loss from an account's free collateral into the market's pool, or its profit out of that.
    /// Anyone may, for any account.
    pub fn settle_pnl(ctx: &mut Context<SettlePnl>) -> Result<()> {
        SettlePnl::run(ctx)
    }

    /// Takes over as much of an unhealthy account's position as restores it, at most `lots_max`, at the mark less a
    /// reward. Anyone may who affords it.
    ///
    /// Remaining accounts: the markets of both accounts' other perpetual legs, read-only, in any order, each brought up
    /// to date (update_funding), and for the taker drawn (draw_perp_seat), in this slot.
    pub fn liquidate(ctx: &mut Context<Liquidate>, lots_max: u64) -> Result<()> {
        Liquidate::run(ctx, lots_max)
    }

    /// Takes over the position of an account that cannot pay for its liquidation, at most `lots_max`; insurance, then the
    /// other side of the market, pay the part of what is missing. Anyone may who affords it.
    ///
    /// Remaining accounts: as of liquidate.
    pub fn resolve_bankruptcy(ctx: &mut Context<Liquidate>, lots_max: u64) -> Result<()> {
        ResolveBankruptcy::run(ctx, lots_max)
    }

    /// Gives back, as fast as insurance may pay, what a perpetual's winners have borne of its losers' debts: to those who
    /// bore it. Anyone may.
    pub fn return_haircut(ctx: &mut Context<ReturnHaircut>) -> Result<()> {
        ReturnHaircut::run(ctx)
    }

    /// Gives up what a position has borne and not had returned, so that its leg becomes free; the others get it.
    pub fn waive_haircut(ctx: &mut Context<WaiveHaircut>) -> Result<()> {
        WaiveHaircut::run(ctx)
    }

    /// Gives collateral to a perpetual's insurance.
    pub fn add_insurance(ctx: &mut Context<AddInsurance>, amount_atoms: u64) -> Result<()> {
        AddInsurance::run(ctx, amount_atoms)
    }

    /// Moves a perpetual's fees, as far as its pool has paid them, to those the exchange collects. Anyone may.
    pub fn collect_perp_fees(ctx: &mut Context<CollectPerpFees>) -> Result<()> {
        CollectPerpFees::run(ctx)
    }

    /// Adds pause bits of a perpetual: the pauser or the admin. Reducing and settling losses stay open.
    pub fn pause_perp(ctx: &mut Context<PausePerp>, pause_bits: u8) -> Result<()> {
        PausePerp::run(ctx, pause_bits)
    }

    /// Removes pause bits of a perpetual: the admin alone.
    pub fn unpause_perp(ctx: &mut Context<UnpausePerp>, pause_bits: u8) -> Result<()> {
        UnpausePerp::run(ctx, pause_bits)
    }

    /// Names who else may trade a margin account's perpetuals, and never withdraw; the zero address for nobody.
    pub fn set_delegate(ctx: &mut Context<SetDelegate>, delegate: Address) -> Result<()> {
        SetDelegate::run(ctx, delegate)
    }
}
