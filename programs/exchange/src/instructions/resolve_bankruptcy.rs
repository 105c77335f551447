use {
    crate::{error::ExchangeError, event::Liquidated, instructions::liquidate::Case, Liquidate},
    anchor_lang::prelude::*,
    secant_engine::{
        fixed::mul_div_up,
        liquidation::{Closing, Terms, Unhealthy},
    },
    secant_oracle::event::log_event,
};

/// The accounts are those of [`Liquidate`].
pub struct ResolveBankruptcy;

impl ResolveBankruptcy {
    pub fn run(ctx: &mut Context<Liquidate>, lots_max: u64) -> Result<()> {
        let markets = ctx.remaining_accounts()?;
        let accounts = &mut ctx.accounts;
        let case = accounts.open_case(&markets)?;
        let mut terms = accounts.market.rules.terms();
        // Of a closed market nothing is taken over: its positions stay until all of its losers have paid.
        let is_settled = accounts.market.settlement_ticks != 0;
        if is_settled {
            terms.reward_bps = 0;
        }
        let bankrupt = case.unhealthy.is_bankrupt(&terms).map_err(ExchangeError::from)?;
        require!(bankrupt, ExchangeError::AccountSolvent);
        let lots = if is_settled || lots_max >= case.unhealthy.lots {
            case.unhealthy.lots
        } else {
            lots_max.min(accounts.closable_lots(&case)?)
        };
        require!(lots > 0 || case.unhealthy.lots == 0, ExchangeError::AmountZero);
        let haircut_before = accounts.market.haircut_atoms;
        let (shortfall_atoms, covered_atoms) = accounts.cover(&case, &terms, lots)?;
        let reward_atoms = least_reward_up(&case, &terms, lots)?;
        let closing = Closing {
            lots,
            reward_atoms,
            insurance_atoms: 0,
        };
        if closing.lots > 0 && !is_settled {
            accounts.take_over(&case, &closing)?;
            accounts.require_affordable(&case, &markets)?;
        } else {
            require!(covered_atoms > 0, ExchangeError::InsuranceInsufficient);
            accounts.account.free_perp_leg(case.leg);
            accounts.account.void_reserve()?;
        }
        log_event(Liquidated {
            account: *accounts.account.address(),
            taker: *accounts.taker.address(),
            market: *accounts.market.address(),
            lots: closing.lots,
            mark_ticks: u64::from(accounts.market.mark_ticks),
            reward_atoms,
            insurance_atoms: 0,
            shortfall_atoms,
            haircut_atoms: accounts.market.haircut_atoms - haircut_before,
        });
        Ok(())
    }
}

/// The least reward for taking over so many lots.
fn least_reward_up(case: &Case, terms: &Terms, lots: u64) -> Result<u64> {
    let part = Unhealthy {
        lots,
        ..case.unhealthy
    };
    part.least_reward_up(terms)
        .map_err(|fault| ExchangeError::from(fault).into())
}

impl Liquidate {
    /// Pays the part of what the position will be short of that goes with `lots` of it: from the account's own
    /// collateral as far as it goes, and the rest, as far as all of the account together is worth less than nothing,
    /// from insurance and the other side. What its other positions are still owed stays its debt, to be settled out of
    /// them. Before anything is taken over, so that whoever takes over opposite lots bears his part too.
    ///
    /// Returns what was missing, and what of that was covered.
    fn cover(&mut self, case: &Case, terms: &Terms, lots: u64) -> Result<(u64, u64)> {
        let Self { account, market, .. } = self;
        let whole_reward_atoms = least_reward_up(case, terms, case.unhealthy.lots)?;
        let short_of = |atoms: i64| -> Result<u64> {
            let left = atoms.checked_sub_unsigned(whole_reward_atoms);
            Ok(left.ok_or(ExchangeError::Overflow)?.min(0).unsigned_abs())
        };
        let position = account.perp_legs[case.leg].position(market)?;
        let claim_atoms = position.claim(market.mark_ticks).map_err(ExchangeError::from)?;
        let short_atoms = short_of(claim_atoms)?;
        let paid_atoms = market.settle_loss(account, case.leg, short_atoms)?;
        let deficit_atoms = (short_atoms - paid_atoms).min(short_of(case.unhealthy.equity_atoms)?);
        let deficit_atoms = if lots == case.unhealthy.lots {
            deficit_atoms
        } else {
            mul_div_up(deficit_atoms, lots, case.unhealthy.lots).map_err(ExchangeError::from)?
        };
        let covered_atoms = market.cover(deficit_atoms, position.lots, case.clock.unix_timestamp)?;
        let leg = &mut account.perp_legs[case.leg];
        // What others pay for it now it has not borne: nothing of it comes back.
        market.waive_haircut(leg)?;
        leg.quote_atoms += covered_atoms as i64; // towards zero
        Ok((deficit_atoms, covered_atoms))
    }
}
