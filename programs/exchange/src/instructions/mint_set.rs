use {
    crate::{error::ExchangeError, event::SetsChanged, EventMarket, Exchange, MarginAccount, PAUSE_CREATE},
    anchor_lang::prelude::*,
    secant_engine::quantity::signed_face_value,
    secant_oracle::event::log_event,
};

#[derive(Accounts)]
pub struct MintSet {
    #[account(address = account.owner @ ExchangeError::OwnerMismatch)]
    pub owner: Signer,
    #[account(address = account.exchange @ ExchangeError::ExchangeMismatch)]
    pub exchange: Account<Exchange>,
    #[account(mut)]
    pub account: Account<MarginAccount>,
    #[account(mut)]
    pub event: Account<EventMarket>,
}

impl MintSet {
    pub fn run(ctx: &mut Context<Self>, lots: u64) -> Result<()> {
        let Self {
            exchange,
            account,
            event,
            ..
        } = &mut ctx.accounts;
        require!(
            anchor_lang::address_eq(&event.exchange, exchange.address()),
            ExchangeError::ExchangeMismatch
        );
        event.require_open(Clock::get()?.unix_timestamp)?;
        let (lots, face_atoms) = sets(lots)?;
        let leg = account.leg_or_open(event.address())?;
        let outcomes = event.outcome_count();
        if exchange.pause_bits & PAUSE_CREATE != 0 {
            let held = &account.event_legs[leg];
            require!(!held.has_orders(), ExchangeError::OrdersOpen);
            let reduces = held.lots[..outcomes].iter().all(|held| *held <= -lots);
            require!(reduces, ExchangeError::Paused);
        }
        account.add_cash(-face_atoms)?;
        account.add_sets(leg, outcomes, lots)?;
        event.add_escrow(face_atoms);
        account.assert_invariants()?;
        log_event(SetsChanged {
            account: *account.address(),
            event: *event.address(),
            lots,
        });
        Ok(())
    }
}

/// Signed lots of complete sets, and their face value in atoms.
pub(crate) fn sets(lots: u64) -> Result<(i64, i64)> {
    require!(lots > 0, ExchangeError::AmountZero);
    let lots = i64::try_from(lots).map_err(|_| ExchangeError::Overflow)?;
    let face_atoms = signed_face_value(lots).map_err(ExchangeError::from)?;
    Ok((lots, face_atoms))
}
