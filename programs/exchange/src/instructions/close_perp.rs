use {
    crate::{error::ExchangeError, event::PerpClosing, Exchange, PerpMarket, NOTICE_S},
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct ClosePerp {
    #[account(address = exchange.admin @ ExchangeError::AdminMismatch)]
    pub admin: Signer,
    #[account(address = market.exchange @ ExchangeError::ExchangeMismatch)]
    pub exchange: Account<Exchange>,
    #[account(mut)]
    pub market: Account<PerpMarket>,
}

impl ClosePerp {
    pub fn run(ctx: &mut Context<Self>, close_time: i64) -> Result<()> {
        let market = &mut ctx.accounts.market;
        let now = Clock::get()?.unix_timestamp;
        require!(market.close_time == 0, ExchangeError::PerpClosed);
        require!(
            close_time >= now.saturating_add(NOTICE_S),
            ExchangeError::NoticeRunning
        );
        market.close_time = close_time;
        emit!(PerpClosing {
            market: *market.address(),
            close_time,
        });
        Ok(())
    }
}
