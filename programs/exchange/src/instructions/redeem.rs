use {
    crate::{error::ExchangeError, event::Redeemed, EventMarket, MarginAccount},
    anchor_lang::prelude::*,
    secant_engine::payout,
    secant_oracle::event::log_event,
};

#[derive(Accounts)]
pub struct Redeem {
    #[account(mut)]
    pub account: Account<MarginAccount>,
    #[account(mut)]
    pub event: Account<EventMarket>,
}

impl Redeem {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let Self { account, event } = &mut ctx.accounts;
        event.require_settled()?;
        let leg = account.leg(event.address())?;
        let outcomes = event.outcome_count();
        let held = &account.event_legs[leg];
        require!(!held.has_orders(), ExchangeError::OrdersOpen);
        let amount_atoms =
            payout::value_atoms(&held.lots[..outcomes], &event.payout_ticks).map_err(ExchangeError::from)?;
        account.clear_positions(leg, outcomes)?;
        account.add_cash(amount_atoms)?;
        event.add_escrow(-amount_atoms);
        account.assert_invariants()?;
        log_event(Redeemed {
            account: *account.address(),
            event: *event.address(),
            amount_atoms,
        });
        Ok(())
    }
}
