use {
    crate::{event::TriggerPlaced, MarginAccount, PerpMarket, TriggerOrder, TriggerTerms},
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
#[instruction(id: u8)]
pub struct PlaceTrigger {
    /// The account's owner or delegate; pays the rent, and gets it back.
    #[account(mut)]
    pub trader: Signer,
    pub account: Account<MarginAccount>,
    pub market: Account<PerpMarket>,
    #[account(
        init,
        payer = trader,
        space = 8 + core::mem::size_of::<TriggerOrder>(),
        seeds = [b"trigger", account.address().as_ref(), market.address().as_ref(), &id.to_le_bytes()],
        bump
    )]
    pub trigger: Account<TriggerOrder>,
    pub system_program: Program<System>,
}

impl PlaceTrigger {
    pub fn run(ctx: &mut Context<Self>, id: u8, terms: TriggerTerms) -> Result<()> {
        let bump = ctx.bumps.trigger;
        let Self {
            trader,
            account,
            market,
            trigger,
            ..
        } = &mut ctx.accounts;
        account.require_trader(trader.address())?;
        let leg = account.perp_leg(market.address())?;
        terms.require_sound(Clock::get()?.unix_timestamp)?;
        trigger.account = *account.address();
        trigger.market = *market.address();
        trigger.payer = *trader.address();
        trigger.terms = terms;
        trigger.opening = account.perp_legs[leg].opening;
        trigger.id = id;
        trigger.bump = bump;
        trigger.layout = 1;
        emit!(TriggerPlaced {
            trigger: *trigger.address(),
            account: *account.address(),
            market: *market.address(),
        });
        Ok(())
    }
}
