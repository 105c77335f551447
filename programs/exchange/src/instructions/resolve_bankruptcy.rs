use {
    crate::{error::ExchangeError, event::Liquidated, Liquidate},
    anchor_lang::prelude::*,
    secant_engine::liquidation::Closing,
    secant_oracle::event::log_event,
};

/// The accounts are those of [`Liquidate`].
pub struct ResolveBankruptcy;

impl ResolveBankruptcy {
    pub fn run(ctx: &mut Context<Liquidate>) -> Result<()> {
        let markets = ctx.remaining_accounts()?;
        let accounts = &mut ctx.accounts;
        let case = accounts.open_case(&markets)?;
        let terms = accounts.market.rules.terms();
        let bankrupt = case.unhealthy.is_bankrupt(&terms).map_err(ExchangeError::from)?;
        require!(bankrupt, ExchangeError::AccountSolvent);
        let reward_atoms = case
            .unhealthy
            .least_reward_up(&terms)
            .map_err(ExchangeError::from)?;
        let haircut_before = accounts.market.haircut_atoms;
        let (shortfall_atoms, covered_atoms) = accounts.cover(&case, reward_atoms)?;
        let closing = Closing {
            lots: case.unhealthy.lots,
            reward_atoms,
            insurance_atoms: 0,
        };
        if closing.lots > 0 {
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
            mark_ticks: u64::from(case.unhealthy.mark_ticks),
            reward_atoms,
            insurance_atoms: 0,
            shortfall_atoms,
            haircut_atoms: accounts.market.haircut_atoms - haircut_before,
        });
        Ok(())
    }
}

impl Liquidate {
    /// Pays what the position will be short of: from the account's own collateral as far as it goes, and the rest, as
    /// far as all of the account together is worth less than nothing, from insurance and the other side. What its
    /// other positions are still owed stays its debt, to be settled out of them. Before anything is taken over,
    /// so that whoever takes over opposite lots bears his part too.
    fn cover(
        &mut self,
        case: &crate::instructions::liquidate::Case,
        reward_atoms: u64,
    ) -> Result<(u64, u64)> {
        let Self { account, market, .. } = self;
        let leg = &account.perp_legs[case.leg];
        let claim_atoms = leg
            .position(market)?
            .claim(case.unhealthy.mark_ticks)
            .map_err(ExchangeError::from)?;
        let after_atoms = claim_atoms
            .checked_sub_unsigned(reward_atoms)
            .ok_or(ExchangeError::Overflow)?;
        let short_atoms = after_atoms.min(0).unsigned_abs();
        let paid_atoms = market.settle_loss(account, case.leg, short_atoms)?;
        let worth_atoms = case
            .unhealthy
            .equity_atoms
            .checked_sub_unsigned(reward_atoms)
            .ok_or(ExchangeError::Overflow)?;
        let deficit_atoms = (short_atoms - paid_atoms).min(worth_atoms.min(0).unsigned_abs());
        let lots = account.perp_legs[case.leg].position_lots;
        let covered_atoms = market.cover(deficit_atoms, lots, case.now)?;
        let leg = &mut account.perp_legs[case.leg];
        leg.quote_atoms += covered_atoms as i64; // towards zero
        Ok((deficit_atoms, covered_atoms))
    }
}
