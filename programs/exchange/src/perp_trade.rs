//! One order of one margin account at a perpetual, from the price it is judged by to the margin it leaves.
use {
    crate::{
        error::ExchangeError,
        event::{BookChanged, PlacedOrder},
        perp_desk::PerpDesk,
        perp_margin::{
            elsewhere, require_debt_held, require_initial, require_no_worse, schedule_at, with, Elsewhere,
            Known,
        },
        require_book,
        trade::SWEEP_MAX,
        BookParts, Exchange, MarginAccount, OrderRequest, PerpMarket, PAUSE_TRADE, PERP_PAUSE_OPEN,
    },
    anchor_lang::prelude::*,
    secant_engine::{
        fixed::portion_up,
        margin::{Health, Position},
        quality::Action,
    },
};

/// The accounts of a trade; `markets` are those of the account's other perpetual legs, in any order.
pub struct PerpTrade<'a> {
    pub exchange: &'a Account<Exchange>,
    pub account: &'a mut Account<MarginAccount>,
    pub market: &'a mut Account<PerpMarket>,
    pub feed: &'a AccountView,
    pub book: &'a UncheckedAccount,
    pub markets: &'a [AccountView],
}

impl PerpTrade<'_> {
    /// Brings the market up to date and places the order; `order_of` makes it, by the mark as it is then.
    ///
    /// # Errors
    /// What [`PerpDesk::place`] says; Paused, PriceUnfit, PerpClosed, InsuranceInsufficient, InsolventAccount.
    #[inline(never)]
    pub fn run(self, order_of: impl FnOnce(&PerpMarket) -> Result<OrderRequest>) -> Result<PlacedOrder> {
        let Self {
            exchange,
            account,
            market,
            feed,
            book,
            markets,
        } = self;
        require!(
            anchor_lang::address_eq(&market.exchange, exchange.address()),
            ExchangeError::ExchangeMismatch
        );
        let clock = Clock::get()?;
        let now = clock.unix_timestamp;
        require_book(book.account())?;
        let mut view = *book.account();
        let mut data = view.try_borrow_mut()?;
        let parts = BookParts::of(&mut data, market.address())?;
        let quality = market.accrue(feed, &parts.ladder, &clock)?;
        let request = order_of(market)?;
        require!(!market.is_closed(now), ExchangeError::PerpClosed);
        if !request.reduce_only {
            require!(!market.is_closing(now), ExchangeError::PerpClosed);
            let paused = exchange.pause_bits & PAUSE_TRADE | market.pause_bits & PERP_PAUSE_OPEN;
            require!(paused == 0, ExchangeError::Paused);
            PerpMarket::require_quality(quality, Action::Open)?;
        }

        let meets = usize::from(request.meets_max).min(SWEEP_MAX);
        let log = BookChanged::new(book.address(), parts.head.changes, meets, meets + 1, 1);
        let leg = account.perp_leg_or_open(market.address())?;
        let others = elsewhere(account, Some(leg), markets, &clock)?;
        let mut desk = PerpDesk::open(account, market, parts, leg, log)?;
        if request.reduce_only {
            reduce(&mut desk, &request, &others, now)?;
        } else {
            require!(others.known == Known::All, ExchangeError::PerpMarketStale);
            open(&mut desk, &request, &others.health, &clock)?;
        }
        let log = desk.close();
        log.log();
        if request.reduce_only {
            // Not judged by all of what opening requires: nothing leaves before that is stated anew.
            account.void_reserve()?;
        }
        market.assert_invariants()?;
        let placed = log.placed.last();
        placed.copied().ok_or_else(|| ExchangeError::BookInvalid.into())
    }
}

/// Places an order that opening may require more for, and states what is required.
///
/// # Errors
/// What [`PerpDesk::place`] says; PositionTooLarge, InsuranceInsufficient, InsolventAccount.
#[inline(always)]
fn open(desk: &mut PerpDesk, request: &OrderRequest, elsewhere: &Health, clock: &Clock) -> Result<()> {
    desk.place(request, clock.unix_timestamp)?;
    desk.note_orders();
    require!(desk.is_within_limits(), ExchangeError::PositionTooLarge);
    desk.market.require_jump_covered()?;
    let health = with(
        elsewhere,
        desk.account,
        desk.leg,
        desk.market,
        clock.unix_timestamp,
    )?;
    require_initial(&health)?;
    desk.account.state_reserve(&health, clock.slot);
    Ok(())
}

/// Places an order that reduces, and refuses it if it leaves the account worse off, or a debt with fewer lots than could
/// lose as much: as it stands, and as if all that rests on that side were filled, as nobody looks again when it is.
///
/// # Errors
/// What [`PerpDesk::place`] says; InsolventAccount, PerpMarketStale.
#[inline(always)]
fn reduce(desk: &mut PerpDesk, request: &OrderRequest, others: &Elsewhere, now: i64) -> Result<()> {
    let (prices, schedule) = (desk.market.prices(now), schedule_at(desk.market, now));
    let health = |position: &Position| -> Result<Health> {
        let mut health = others.health;
        health
            .add(position, &prices, &schedule)
            .map_err(ExchangeError::from)?;
        Ok(health)
    };
    desk.note_orders();
    let before = desk.position()?;
    desk.place(request, now)?;
    desk.note_orders();
    let after = desk.position()?;
    let rate = u64::from(desk.market.rules.reward_bps);
    let cost_max_atoms = portion_up(desk.placed_atoms, rate, 10_000).map_err(ExchangeError::from)?;
    let is_known = others.known == Known::All;
    let require = |before: &Position, after: &Position| -> Result<()> {
        require_no_worse(&health(before)?, &health(after)?, cost_max_atoms, is_known)?;
        require_debt_held(after, desk.market, &others.health)
    };
    require(&before, &after)?;
    if !before.has_reducing() && !after.has_reducing() {
        return Ok(());
    }
    let mark_ticks = prices.mark_ticks;
    require(&before.reduced(mark_ticks), &after.reduced(mark_ticks))
}
