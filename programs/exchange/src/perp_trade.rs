//! One order of one margin account at a perpetual, from the price it is judged by to the margin it leaves.
use {
    crate::{
        error::ExchangeError,
        event::{BookChanged, PlacedOrder},
        perp_desk::PerpDesk,
        perp_margin::{health_elsewhere, require_initial, require_no_worse, with, Known},
        require_book,
        trade::SWEEP_MAX,
        BookParts, Exchange, MarginAccount, OrderRequest, PerpMarket, PAUSE_TRADE, PERP_PAUSE_OPEN,
    },
    anchor_lang::prelude::*,
    secant_engine::{fixed::portion_up, margin::Health, quality::Action},
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
        let is_strict = !request.reduce_only;
        let known = if is_strict { Known::All } else { Known::Somehow };
        let elsewhere = health_elsewhere(account, Some(leg), markets, &clock, known)?;
        let mut desk = PerpDesk::open(account, market, parts, leg, log)?;
        let before = if request.reduce_only {
            desk.note_orders();
            Some(with(&elsewhere, desk.account, leg, desk.market, now)?)
        } else {
            None
        };
        desk.place(&request, now)?;
        desk.note_orders();
        let after = with(&elsewhere, desk.account, leg, desk.market, now)?;
        judge(&desk, before.as_ref(), &after)?;
        // An order that reduces was not judged by markets of this slot.
        if is_strict {
            desk.account.state_reserve(&after, clock.slot);
        }
        let log = desk.close();
        log.log();
        if !is_strict {
            account.void_reserve()?;
        }
        market.assert_invariants()?;
        let placed = log.placed.last();
        placed.copied().ok_or_else(|| ExchangeError::BookInvalid.into())
    }
}

/// Refuses what leaves an account worse off than it may be: after an order that reduces than it was `before`, after any
/// other than opening requires.
///
/// # Errors
/// InsolventAccount, PositionTooLarge, InsuranceInsufficient.
fn judge(desk: &PerpDesk, before: Option<&Health>, after: &Health) -> Result<()> {
    let Some(before) = before else {
        require!(desk.is_within_limits(), ExchangeError::PositionTooLarge);
        desk.market.require_jump_covered()?;
        return require_initial(after);
    };
    let rate = u64::from(desk.market.rules.reward_bps);
    let cost_max_atoms = portion_up(desk.taken_atoms, rate, 10_000).map_err(ExchangeError::from)?;
    require_no_worse(before, after, cost_max_atoms)?;
    // A loss that nothing here pays stays with lots that could lose as much: with the last of them it would be nobody's,
    // with a few of them all that of whoever holds as few.
    let held = &desk.account.perp_legs[desk.leg];
    let position = held.position(desk.market)?;
    let claim_atoms = position
        .claim(desk.market.mark_ticks)
        .map_err(ExchangeError::from)?;
    let unpaid_atoms = claim_atoms.saturating_add(after.free_atoms).min(0).unsigned_abs();
    let value_atoms = position.lots.unsigned_abs() * u64::from(desk.market.mark_ticks);
    require!(unpaid_atoms <= value_atoms, ExchangeError::InsolventAccount);
    Ok(())
}
