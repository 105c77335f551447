use {
    crate::{error::ExchangeError, event::TriggerClosed, MarginAccount, TriggerOrder},
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct CancelTrigger {
    /// The account's owner or delegate; anyone once the order has lapsed.
    pub canceller: Signer,
    /// CHECK: gets the rent.
    #[account(mut, address = trigger.payer @ ExchangeError::OwnerMismatch)]
    pub payer: UncheckedAccount,
    #[account(address = trigger.account @ ExchangeError::AccountMismatch)]
    pub account: Account<MarginAccount>,
    #[account(mut, close = payer)]
    pub trigger: Account<TriggerOrder>,
}

impl CancelTrigger {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let Self {
            canceller,
            account,
            trigger,
            ..
        } = &mut ctx.accounts;
        let expires_at = trigger.terms.expires_at;
        let has_lapsed = expires_at != 0 && Clock::get()?.unix_timestamp >= expires_at;
        if !has_lapsed {
            account.require_trader(canceller.address())?;
        }
        emit!(TriggerClosed {
            trigger: *trigger.address(),
            filled_lots: 0,
        });
        Ok(())
    }
}
