use {
    crate::{error::ExchangeError, event::TriggerClosed, MarginAccount, TriggerOrder},
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct CancelTrigger {
    /// CHECK: paid the rent and gets it back; signs, unless another does or the order has lapsed or is void.
    #[account(mut, address = trigger.payer @ ExchangeError::OwnerMismatch)]
    pub payer: UncheckedAccount,
    /// The margin account; closed, it has nothing left to reduce.
    #[account(address = trigger.account @ ExchangeError::AccountMismatch)]
    pub account: UncheckedAccount,
    #[account(mut, close = payer)]
    pub trigger: Account<TriggerOrder>,
    /// The account's owner or delegate, if somebody else than him paid.
    pub trader: Option<Signer>,
}

impl CancelTrigger {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let Self {
            payer,
            account,
            trigger,
            trader,
        } = &mut ctx.accounts;
        let expires_at = trigger.terms.expires_at;
        let has_lapsed = expires_at != 0 && Clock::get()?.unix_timestamp >= expires_at;
        let open = Account::<MarginAccount>::load(*account.account()).ok();
        let waits = |account: &Account<MarginAccount>| !has_lapsed && !trigger.is_void(account);
        if let Some(account) = open.filter(waits) {
            let signer = match trader {
                Some(trader) => trader.address(),
                None => {
                    require!(payer.account().is_signer(), ExchangeError::OwnerMismatch);
                    payer.address()
                }
            };
            account.require_trader(signer)?;
        }
        emit!(TriggerClosed {
            trigger: *trigger.address(),
            filled_lots: 0,
        });
        Ok(())
    }
}
