use {
    crate::token,
    crate::{error::ExchangeError, event::FeesCollected, Book, EventMarket, Exchange, Pool},
    anchor_lang::prelude::*,
    anchor_spl::token::TokenAccount,
};

/// Open pools and books whose fees are collected too follow as remaining accounts, each writable and with its
/// event: pool, event, book, event …
#[derive(Accounts)]
pub struct CollectFees {
    #[account(mut)]
    pub exchange: Account<Exchange>,
    #[account(mut, address = exchange.vault @ ExchangeError::VaultMismatch)]
    pub vault: Account<TokenAccount>,
    #[account(mut, address = exchange.treasury @ ExchangeError::TreasuryMismatch)]
    pub treasury: Account<TokenAccount>,
    pub token_program: Program<Token>,
}

impl CollectFees {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let pools = ctx.remaining_accounts()?;
        let Self {
            exchange,
            vault,
            treasury,
            ..
        } = &mut ctx.accounts;
        let mut amount_atoms = exchange.fees_atoms;
        exchange.fees_atoms = 0;
        for pair in pools.chunks(2) {
            let [pool, event] = pair else {
                return Err(ExchangeError::PoolMismatch.into());
            };
            let fees_atoms = take(*pool, *event, exchange.address())?;
            amount_atoms = amount_atoms
                .checked_add(fees_atoms)
                .ok_or(ExchangeError::Overflow)?;
        }
        require!(amount_atoms > 0, ExchangeError::AmountZero);
        exchange.assert_invariants()?;
        emit!(FeesCollected {
            exchange: *exchange.address(),
            amount_atoms
        });
        token::transfer(
            vault,
            treasury,
            exchange.cpi_handle(),
            &[&exchange.signer_seeds()],
            amount_atoms,
        );
        Ok(())
    }
}

/// Takes the fees out of one open pool or book of this exchange.
fn take(holder: AccountView, event: AccountView, exchange: &Address) -> Result<u64> {
    let event = Account::<EventMarket>::load(event).map_err(|_| ExchangeError::PoolMismatch)?;
    require!(
        anchor_lang::address_eq(&event.exchange, exchange),
        ExchangeError::ExchangeMismatch
    );
    require!(holder.is_writable(), ExchangeError::PoolMismatch);
    // SAFETY: the framework refuses a trailing account that aliases a declared one, and one passed twice is
    // loaded and dropped in turn.
    if let Ok(mut pool) = unsafe { Account::<Pool>::load_mut(holder) } {
        require!(
            anchor_lang::address_eq(&pool.event, event.address()),
            ExchangeError::PoolMismatch
        );
        return Ok(core::mem::take(&mut pool.fees_atoms));
    }
    // SAFETY: as above.
    let mut book = unsafe { Account::<Book>::load_mut(holder) }.map_err(|_| ExchangeError::PoolMismatch)?;
    require!(
        anchor_lang::address_eq(&book.event, event.address()),
        ExchangeError::PoolMismatch
    );
    Ok(core::mem::take(&mut book.fees_atoms))
}
