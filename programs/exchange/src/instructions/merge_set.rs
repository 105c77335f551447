use {
    crate::{
        error::ExchangeError, event::SetsChanged, instructions::mint_set::sets, EventMarket, MarginAccount,
    },
    anchor_lang::prelude::*,
    secant_oracle::event::log_event,
};

#[derive(Accounts)]
pub struct MergeSet {
    #[account(address = account.owner @ ExchangeError::OwnerMismatch)]
    pub owner: Signer,
    #[account(mut)]
    pub account: Account<MarginAccount>,
    #[account(mut)]
    pub event: Account<EventMarket>,
}

impl MergeSet {
    pub fn run(ctx: &mut Context<Self>, lots: u64) -> Result<()> {
        let Self { account, event, .. } = &mut ctx.accounts;
        event.require_unsettled()?;
        let (lots, face_atoms) = sets(lots)?;
        let leg = account.leg(event.address())?;
        let outcomes = event.outcome_count();
        require!(
            account.event_legs[leg].lots[..outcomes]
                .iter()
                .all(|held| *held >= lots),
            ExchangeError::SetsInsufficient
        );
        account.add_sets(leg, outcomes, -lots)?;
        account.add_cash(face_atoms)?;
        event.add_escrow(-face_atoms);
        account.assert_invariants()?;
        log_event(SetsChanged {
            account: *account.address(),
            event: *event.address(),
            lots: -lots,
        });
        Ok(())
    }
}
