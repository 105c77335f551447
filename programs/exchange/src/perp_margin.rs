//! An account's perpetuals against its free collateral, each at its own market's prices.
use {
    crate::{error::ExchangeError, event::CollateralMissing, MarginAccount, PerpMarket},
    anchor_lang::prelude::*,
    secant_engine::margin::{Health, Schedule},
    secant_oracle::event::log_event,
};

/// What must be known of an account's other legs.
#[derive(Clone, Copy, PartialEq, Eq)]
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

/// The health of an account but for the leg `apart`. The markets of its other legs are among `markets`, each as
/// up to date as `known` asks; what opening requires of one whose price is in doubt by now counts twice.
///
/// # Errors
/// PerpMarketMissing for a leg whose market is not there, PerpMarketStale for one that is behind, Overflow outside 64
/// bits.
#[inline(never)]
pub fn health_elsewhere(
    account: &MarginAccount,
    apart: Option<usize>,
    markets: &[AccountView],
    clock: &Clock,
    known: Known,
) -> Result<Health> {
    let mut health = Health::new(account.free_atoms()?);
    let legs_apart = u8::from(apart.is_some_and(|leg| !account.perp_legs[leg].is_free()));
    if account.perps == legs_apart {
        return Ok(health);
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
        let is_behind = market.updated_slot != clock.slot;
        // What a seat bears in this slot it may bear after it was drawn.
        let is_drawn = leg.drawn_slot == clock.slot && market.loss_slot != clock.slot;
        let is_undrawn = leg.seat != 0 && !is_drawn;
        let is_unknown = (is_behind && known != Known::Somehow) || (is_undrawn && known == Known::All);
        require!(!is_unknown, ExchangeError::PerpMarketStale);
        add(&mut health, account, place, &market, clock.unix_timestamp)?;
    }
    Ok(health)
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
    // What a settled position is worth is known, but for what its side may yet bear until winners are paid.
    let schedule = if market.settlement_ticks == 0 {
        market.rules.schedule()
    } else if market.is_paying(now) {
        Schedule::NOTHING
    } else {
        market.rules.schedule().without_maintenance()
    };
    health
        .add(&position, &market.prices(now), &schedule)
        .map_err(|fault| ExchangeError::from(fault).into())
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
/// it brings the account nearer to health, and costs an unhealthy one no more than `cost_max_atoms`, what its
/// liquidation would have.
///
/// # Errors
/// InsolventAccount.
pub fn require_no_worse(before: &Health, after: &Health, cost_max_atoms: u64) -> Result<()> {
    let surplus = |health: &Health| -> Result<(i64, i64, i64)> {
        Ok((
            health.initial_surplus().map_err(ExchangeError::from)?,
            health.maintenance_surplus().map_err(ExchangeError::from)?,
            health.equity().map_err(ExchangeError::from)?,
        ))
    };
    let (initial, maintenance, equity) = surplus(after)?;
    if initial >= 0 {
        return Ok(());
    }
    let (initial_before, maintenance_before, equity_before) = surplus(before)?;
    let healthy = maintenance >= 0 && initial >= initial_before.min(0);
    // Worth less than nothing, its debt would be left to fewer than won it.
    let nearer = equity >= 0
        && maintenance >= maintenance_before
        && equity >= equity_before.saturating_sub_unsigned(cost_max_atoms);
    if healthy || nearer {
        return Ok(());
    }
    require_initial(after)
}
