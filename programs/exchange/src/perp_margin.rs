//! An account's perpetuals against its free collateral, each at its own market's prices.
use {
    crate::{error::ExchangeError, event::CollateralMissing, MarginAccount, PerpMarket},
    anchor_lang::prelude::*,
    secant_engine::margin::{Health, Position, Schedule},
    secant_oracle::event::log_event,
};

/// What must be known of an account's other legs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    /// Nothing: as it stands.
    Somehow,
    /// Their markets were brought up to date in this slot.
    Prices,
    /// And their seats drawn.
    All,
}

/// How long ago seats may have been drawn for their account's health to be known well enough to cancel its orders: a
/// minute, in which as many are drawn as take more transactions than one slot has room for.
const DRAWN_RECENTLY_SLOTS: u64 = 150;

/// Whether what orders of the account have brought elsewhere than in the leg `apart` was drawn recently.
pub fn are_drawn_elsewhere(account: &MarginAccount, apart: usize, slot: u64) -> bool {
    let legs = account.perp_legs.iter().enumerate();
    legs.filter(|(place, _)| *place != apart)
        .all(|(_, leg)| leg.seat == 0 || slot.saturating_sub(leg.drawn_slot) <= DRAWN_RECENTLY_SLOTS)
}

/// The health of an account but for one leg.
pub struct Elsewhere {
    pub health: Health,
    /// How well it is known.
    pub known: Known,
}

/// The health of an account but for the leg `apart`, as the markets of its other legs stand among `markets`; what opening
/// requires of one whose price is in doubt by now counts twice.
///
/// # Errors
/// PerpMarketMissing for a leg whose market is not there, Overflow outside 64 bits.
#[inline(never)]
pub fn elsewhere(
    account: &MarginAccount,
    apart: Option<usize>,
    markets: &[AccountView],
    clock: &Clock,
) -> Result<Elsewhere> {
    let mut health = Health::new(account.free_atoms()?);
    let mut known = Known::All;
    let legs_apart = u8::from(apart.is_some_and(|leg| !account.perp_legs[leg].is_free()));
    if account.perps == legs_apart {
        return Ok(Elsewhere { health, known });
    }
    for (place, leg) in account.perp_legs.iter().enumerate() {
        if Some(place) == apart || leg.is_free() {
            continue;
        }
        let view = markets
            .iter()
            .find(|view| anchor_lang::address_eq(view.address(), &leg.market))
            .ok_or(ExchangeError::PerpMarketMissing)?;
        let market = Account::<PerpMarket>::load(*view).map_err(|_| ExchangeError::PerpMarketMissing)?;
        // What a seat bears in this slot it may bear after it was drawn.
        let is_drawn = leg.seat == 0 || (leg.drawn_slot == clock.slot && market.loss_slot != clock.slot);
        known = known.min(match (market.updated_slot == clock.slot, is_drawn) {
            (false, _) => Known::Somehow,
            (true, false) => Known::Prices,
            (true, true) => Known::All,
        });
        add(&mut health, account, place, &market, clock.unix_timestamp)?;
    }
    Ok(Elsewhere { health, known })
}

/// As [`elsewhere`], as well known as `known` asks.
///
/// # Errors
/// As [`elsewhere`]; PerpMarketStale.
#[inline(always)]
pub fn health_elsewhere(
    account: &MarginAccount,
    apart: Option<usize>,
    markets: &[AccountView],
    clock: &Clock,
    known: Known,
) -> Result<Health> {
    let found = elsewhere(account, apart, markets, clock)?;
    require!(found.known >= known, ExchangeError::PerpMarketStale);
    Ok(found.health)
}

/// Adds one leg at its market's prices.
///
/// # Errors
/// Overflow outside 64 bits.
#[inline(never)]
pub fn add(
    health: &mut Health,
    account: &MarginAccount,
    leg: usize,
    market: &PerpMarket,
    now: i64,
) -> Result<()> {
    let position = account.perp_legs[leg].position(market)?;
    health
        .add(&position, &market.prices(now), &schedule_at(market, now))
        .map_err(|fault| ExchangeError::from(fault).into())
}

/// What positions in a market require at `now`.
#[inline(always)]
pub fn schedule_at(market: &PerpMarket, now: i64) -> Schedule {
    // What a settled position is worth is known, but for what its side may yet bear until winners are paid.
    if market.settlement_ticks == 0 {
        market.rules.schedule()
    } else if market.is_paying(now) {
        Schedule::NOTHING
    } else {
        market.rules.schedule().without_maintenance()
    }
}

/// The health with one leg more.
///
/// # Errors
/// As [`add`].
#[inline(always)]
pub fn with(
    elsewhere: &Health,
    account: &MarginAccount,
    leg: usize,
    market: &PerpMarket,
    now: i64,
) -> Result<Health> {
    let mut health = *elsewhere;
    add(&mut health, account, leg, market, now)?;
    Ok(health)
}

/// Refuses an account that has less than opening requires, and logs what is missing.
///
/// # Errors
/// InsolventAccount.
pub fn require_initial(health: &Health) -> Result<()> {
    let surplus_atoms = health.initial_surplus().map_err(ExchangeError::from)?;
    if surplus_atoms < 0 {
        log_event(CollateralMissing {
            amount_atoms: surplus_atoms.unsigned_abs(),
        });
        return Err(ExchangeError::InsolventAccount.into());
    }
    Ok(())
}

/// Refuses what leaves an account worse off than it was: an order that reduces may be anybody's, at any time, as long as
/// it brings the account nearer to health, and costs no more than `cost_max_atoms`, what a liquidation would have. What
/// it costs beyond that only a healthy account may pay whose other legs are known as they are now.
///
/// # Errors
/// InsolventAccount, PerpMarketStale.
pub fn require_no_worse(before: &Health, after: &Health, cost_max_atoms: u64, is_known: bool) -> Result<()> {
    let surplus = |health: &Health| -> Result<(i64, i64, i64)> {
        Ok((
            health.initial_surplus().map_err(ExchangeError::from)?,
            health.maintenance_surplus().map_err(ExchangeError::from)?,
            health.equity().map_err(ExchangeError::from)?,
        ))
    };
    let (initial, maintenance, equity) = surplus(after)?;
    if initial >= 0 && is_known {
        return Ok(());
    }
    let (initial_before, maintenance_before, equity_before) = surplus(before)?;
    let healthy = is_known && maintenance >= 0 && initial >= initial_before.min(0);
    // Worth less than nothing, its debt would be left to fewer than won it.
    let nearer = equity >= 0
        && maintenance >= maintenance_before
        && equity >= equity_before.saturating_sub_unsigned(cost_max_atoms);
    if healthy || nearer {
        return Ok(());
    }
    require!(is_known, ExchangeError::PerpMarketStale);
    require_initial(after)
}

/// Of a loss what nothing pays: neither free collateral, which pays those elsewhere first, nor anything else but a profit
/// that may be gone tomorrow.
///
/// # Errors
/// Overflow outside 64 bits.
pub fn unpaid_atoms(position: &Position, market: &PerpMarket, elsewhere: &Health) -> Result<u64> {
    let claim_atoms = position.claim(market.mark_ticks).map_err(ExchangeError::from)?;
    let free_atoms = elsewhere
        .free_atoms
        .checked_add(elsewhere.losses_atoms)
        .ok_or(ExchangeError::Overflow)?;
    let left_atoms = claim_atoms.checked_add(free_atoms.max(0));
    Ok(left_atoms.ok_or(ExchangeError::Overflow)?.min(0).unsigned_abs())
}

/// Refuses a debt that is left with fewer lots than could lose as much: with the last of them it would be nobody's, with
/// a few of them all that of whoever holds as few.
///
/// # Errors
/// InsolventAccount; Overflow outside 64 bits.
pub fn require_debt_held(position: &Position, market: &PerpMarket, elsewhere: &Health) -> Result<()> {
    let value_atoms = position.lots.unsigned_abs() * u64::from(market.mark_ticks);
    let unpaid_atoms = unpaid_atoms(position, market, elsewhere)?;
    require!(unpaid_atoms <= value_atoms, ExchangeError::InsolventAccount);
    Ok(())
}
