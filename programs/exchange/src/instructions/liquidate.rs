use {
    crate::{
        error::ExchangeError,
        event::Liquidated,
        perp_margin::{health_elsewhere, require_initial, unpaid_atoms, with, Known},
        require_book, BookParts, Exchange, MarginAccount, PerpMarket, PERP_PAUSE_LIQUIDATE,
    },
    anchor_lang::prelude::*,
    secant_engine::{
        fixed::portion_up,
        liquidation::{Closing, Unhealthy},
        margin::Health,
        quality::Action,
    },
    secant_oracle::event::log_event,
};

/// An account that is taken over, in part or whole. The markets of both accounts' other perpetual legs follow as
/// remaining accounts, in any order, each brought up to date in this slot.
#[derive(Accounts)]
pub struct Liquidate {
    /// Owner or delegate of the account that takes over.
    pub liquidator: Signer,
    #[account(address = account.exchange @ ExchangeError::ExchangeMismatch)]
    pub exchange: Account<Exchange>,
    /// Takes the position over; must afford it.
    #[account(mut)]
    pub taker: Account<MarginAccount>,
    /// The unhealthy account, without open orders at any perpetual.
    #[account(mut)]
    pub account: Account<MarginAccount>,
    #[account(mut)]
    pub market: Account<PerpMarket>,
    /// The feed that the market follows.
    #[account(address = market.feed @ ExchangeError::FeedMismatch)]
    pub feed: UncheckedAccount,
    /// The market's book.
    #[account(mut)]
    pub book: UncheckedAccount,
}

/// An unhealthy account, as it stands.
pub(crate) struct Case {
    pub leg: usize,
    pub unhealthy: Unhealthy,
    /// The account without the leg.
    pub elsewhere: Health,
    pub clock: Clock,
}

impl Liquidate {
    pub fn run(ctx: &mut Context<Self>, lots_max: u64) -> Result<()> {
        let markets = ctx.remaining_accounts()?;
        let accounts = &mut ctx.accounts;
        let case = accounts.open_case(&markets)?;
        let rules = accounts.market.rules;
        let terms = rules.terms();
        require!(case.unhealthy.lots > 0, ExchangeError::NothingToLiquidate);
        require!(accounts.market.settlement_ticks == 0, ExchangeError::PerpClosed);
        require!(
            !case.unhealthy.is_bankrupt(&terms).map_err(ExchangeError::from)?,
            ExchangeError::AccountBankrupt
        );
        let lots_max = lots_max.min(accounts.closable_lots(&case)?);
        let closing = case
            .unhealthy
            .closing(&rules.schedule(), &terms, lots_max)
            .map_err(ExchangeError::from)?;
        require!(closing.lots > 0, ExchangeError::AmountZero);
        accounts.market.insurance_due_atoms += closing.insurance_atoms;
        accounts.take_over(&case, &closing)?;
        accounts.require_affordable(&case, &markets)?;
        log_event(Liquidated {
            account: *accounts.account.address(),
            taker: *accounts.taker.address(),
            market: *accounts.market.address(),
            lots: closing.lots,
            mark_ticks: u64::from(accounts.market.mark_ticks),
            reward_atoms: closing.reward_atoms,
            insurance_atoms: closing.insurance_atoms,
            shortfall_atoms: 0,
            haircut_atoms: 0,
        });
        Ok(())
    }

    /// Brings the market up to date, and refuses an account that is healthy, or whose orders are still open.
    pub(crate) fn open_case(&mut self, markets: &[AccountView]) -> Result<Case> {
        let Self {
            liquidator,
            exchange,
            taker,
            account,
            market,
            feed,
            book,
        } = self;
        taker.require_trader(liquidator.address())?;
        let of_exchange = |other: &Address| anchor_lang::address_eq(other, exchange.address());
        require!(
            of_exchange(&taker.exchange) && of_exchange(&market.exchange),
            ExchangeError::ExchangeMismatch
        );
        let clock = Clock::get()?;
        let now = clock.unix_timestamp;
        require_book(book.account())?;
        let mut view = *book.account();
        let mut data = view.try_borrow_mut()?;
        let parts = BookParts::of(&mut data, market.address())?;
        let quality = market.accrue(feed.account(), &parts.ladder, &clock)?;
        PerpMarket::require_quality(quality, Action::Liquidate)?;
        // A settled market's bankrupts are resolved in its losers' day, or its winners race for what is there.
        let is_settled = market.settlement_ticks != 0;
        let is_paused = market.pause_bits & PERP_PAUSE_LIQUIDATE != 0;
        require!(is_settled || !is_paused, ExchangeError::Paused);
        // What open orders have brought since they were last drawn is not in the legs.
        let has_orders = account.perp_legs.iter().any(|leg| leg.seat != 0);
        require!(!has_orders, ExchangeError::OrdersOpen);
        let leg = account.perp_leg(market.address())?;
        market.settle_leg(&mut account.perp_legs[leg])?;
        let elsewhere = health_elsewhere(account, Some(leg), markets, &clock, Known::All)?;
        let health = with(&elsewhere, account, leg, market, now)?;
        let surplus_atoms = health.maintenance_surplus().map_err(ExchangeError::from)?;
        require!(surplus_atoms < 0, ExchangeError::AccountHealthy);
        let unhealthy = Unhealthy {
            equity_atoms: health.equity().map_err(ExchangeError::from)?,
            elsewhere_atoms: elsewhere.maintenance_atoms,
            lots: account.perp_legs[leg].position_lots.unsigned_abs(),
            value_ticks: market
                .prices(now)
                .value_ticks(account.perp_legs[leg].position_lots),
        };
        Ok(Case {
            leg,
            unhealthy,
            elsewhere,
            clock,
        })
    }

    /// How many lots can go without leaving a debt, which only a profit elsewhere stands for, with fewer than could lose as
    /// much: the profit is to be settled first, or taken over.
    pub(crate) fn closable_lots(&self, case: &Case) -> Result<u64> {
        let rules = &self.market.rules;
        let mut position = self.account.perp_legs[case.leg].position(&self.market)?;
        let lots = position.lots.unsigned_abs();
        let mark_ticks = u64::from(self.market.mark_ticks);
        let cost_bps = u64::from(rules.reward_max_bps) + u64::from(rules.insurance_bps);
        let value_atoms = lots * u64::from(case.unhealthy.value_ticks);
        let cost_atoms = portion_up(value_atoms, cost_bps, 10_000).map_err(ExchangeError::from)?;
        let cost_atoms = cost_atoms.min(case.unhealthy.equity_atoms.max(0) as u64);
        position.quote_atoms = position.quote_atoms.saturating_sub_unsigned(cost_atoms);
        // What the account lacks in all, insurance and the other side bear lot by lot.
        let lacking_atoms = case.unhealthy.equity_atoms.min(0).unsigned_abs();
        let unpaid_atoms =
            unpaid_atoms(&position, &self.market, &case.elsewhere)?.saturating_sub(lacking_atoms);
        Ok(lots.saturating_sub(unpaid_atoms.div_ceil(mark_ticks)))
    }

    /// Moves lots of the position to the taker at the mark, less what that earns.
    pub(crate) fn take_over(&mut self, case: &Case, closing: &Closing) -> Result<()> {
        let Self {
            taker,
            account,
            market,
            ..
        } = self;
        let value_atoms = closing.lots * u64::from(market.mark_ticks);
        let sign = account.perp_legs[case.leg].position_lots.signum();
        let (lots, value_atoms) = (sign * closing.lots as i64, sign * value_atoms as i64);
        let (reward, insurance) = (closing.reward_atoms as i64, closing.insurance_atoms as i64);
        let leg = &mut account.perp_legs[case.leg];
        market.move_leg(leg, -lots, value_atoms - reward - insurance)?;
        let leg = taker.perp_leg_or_open(market.address())?;
        let leg = &mut taker.perp_legs[leg];
        market.settle_leg(leg)?;
        market.move_leg(leg, lots, reward - value_atoms)?;
        if account.perp_legs[case.leg].position_lots == 0 {
            let claim_atoms = account.perp_legs[case.leg].quote_atoms;
            market.settle_loss(account, case.leg, claim_atoms.min(0).unsigned_abs())?;
            account.free_perp_leg(case.leg);
        }
        account.void_reserve()?;
        market.assert_invariants()
    }

    /// Refuses a taker that could not have opened the position.
    pub(crate) fn require_affordable(&mut self, case: &Case, markets: &[AccountView]) -> Result<()> {
        let Self { taker, market, .. } = self;
        // Taking over may have closed what was opposite, and the leg with it.
        let health = match taker.perp_leg(market.address()) {
            Ok(leg) => {
                let held = &taker.perp_legs[leg];
                let lots = held.position_lots.unsigned_abs();
                require!(
                    lots <= market.rules.position_max_lots,
                    ExchangeError::PositionTooLarge
                );
                let elsewhere = health_elsewhere(taker, Some(leg), markets, &case.clock, Known::All)?;
                let health = with(&elsewhere, taker, leg, market, case.clock.unix_timestamp)?;
                taker.free_perp_leg(leg);
                health
            }
            Err(_) => health_elsewhere(taker, None, markets, &case.clock, Known::All)?,
        };
        require_initial(&health)?;
        // What its own seat here has yet to bear is not in that: nothing leaves before it is stated anew.
        taker.void_reserve()
    }
}
