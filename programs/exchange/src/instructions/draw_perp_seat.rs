use {
    crate::{
        error::ExchangeError,
        event::BookChanged,
        order_request::BOTH_SIDES,
        perp_desk::PerpDesk,
        perp_margin::{are_drawn_elsewhere, health_elsewhere, with, Known},
        require_book,
        trade::SWEEP_MAX,
        BookParts, MarginAccount, PerpMarket,
    },
    anchor_lang::prelude::*,
    secant_engine::{
        matching::{Resting, Side},
        Fault,
    },
};

/// The markets of the account's other perpetual legs follow as remaining accounts, in any order, each brought up to
/// date in this slot.
#[derive(Accounts)]
pub struct DrawPerpSeat {
    #[account(mut)]
    pub account: Account<MarginAccount>,
    #[account(mut)]
    pub market: Account<PerpMarket>,
    /// The feed that the market follows.
    #[account(address = market.feed @ ExchangeError::FeedMismatch)]
    pub feed: UncheckedAccount,
    /// The market's book, in which the account has a seat.
    #[account(mut)]
    pub book: UncheckedAccount,
}

impl DrawPerpSeat {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let markets = ctx.remaining_accounts()?;
        let Self {
            account,
            market,
            feed,
            book,
        } = &mut ctx.accounts;
        let clock = Clock::get()?;
        let now = clock.unix_timestamp;
        require_book(book.account())?;
        let mut view = *book.account();
        let mut data = view.try_borrow_mut()?;
        let parts = BookParts::of(&mut data, market.address())?;
        market.accrue(feed.account(), &parts.ladder, &clock)?;
        let leg = account.perp_leg(market.address())?;
        require!(account.perp_legs[leg].seat != 0, ExchangeError::SeatAbsent);
        let elsewhere = health_elsewhere(account, Some(leg), &markets, &clock, Known::Prices)?;
        let are_drawn = are_drawn_elsewhere(account, leg, clock.slot);
        let log = BookChanged::new(book.address(), parts.head.changes, 0, SWEEP_MAX, 0);
        let mut desk = PerpDesk::open(account, market, parts, leg, log)?;
        desk.note_orders();
        let health = with(&elsewhere, desk.account, leg, desk.market, now)?;
        let is_over = desk.market.is_closed(now);
        // Undrawn elsewhere, it may be healthy after all: drawn here, it can be drawn there, and then again here.
        let is_below = |surplus_atoms: core::result::Result<i64, Fault>| -> Result<bool> {
            Ok(are_drawn && surplus_atoms.map_err(ExchangeError::from)? < 0)
        };
        let is_unhealthy = is_below(health.maintenance_surplus())?;
        // What a fill would leave unhealthy goes, and what only reduces stays.
        let is_exposed = is_below(health.exposed_surplus())?;
        let held = &desk.account.perp_legs[leg];
        let (side, lots) = if held.position_lots < 0 {
            (Side::Bid, held.bid_lots)
        } else {
            (Side::Ask, held.ask_lots)
        };
        let reduces = (lots <= held.position_lots.unsigned_abs()).then_some(side);
        desk.cancel_all(BOTH_SIDES, |order| {
            let raises = reduces != Some(order.id().side());
            is_over || is_unhealthy || (is_exposed && raises) || order.is_expired(now)
        })?;
        desk.note_orders();
        desk.close().log();
        account.void_reserve()
    }
}
