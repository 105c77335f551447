use {
    crate::{error::ExchangeError, perp_trade::PerpTrade, Exchange, MarginAccount, OrderRequest, PerpMarket},
    anchor_lang::prelude::*,
};

/// The markets of the account's other perpetual legs follow as remaining accounts, in any order, each brought up to
/// date in this slot unless the order only reduces.
#[derive(Accounts)]
pub struct TradePerp {
    /// The account's owner or delegate.
    pub trader: Signer,
    #[account(address = account.exchange @ ExchangeError::ExchangeMismatch)]
    pub exchange: Account<Exchange>,
    #[account(mut)]
    pub account: Account<MarginAccount>,
    #[account(mut)]
    pub market: Account<PerpMarket>,
    /// The feed that the market follows.
    #[account(address = market.feed @ ExchangeError::FeedMismatch)]
    pub feed: UncheckedAccount,
    /// The market's book.
    #[account(mut)]
    pub book: UncheckedAccount,
}

impl TradePerp {
    pub fn run(ctx: &mut Context<Self>, request: OrderRequest) -> Result<()> {
        let markets = if ctx.accounts.account.perps == 0 {
            alloc::vec::Vec::new()
        } else {
            ctx.remaining_accounts()?
        };
        let Self {
            trader,
            exchange,
            account,
            market,
            feed,
            book,
        } = &mut ctx.accounts;
        account.require_trader(trader.address())?;
        let trade = PerpTrade {
            exchange,
            account,
            market,
            feed: feed.account(),
            book,
            markets: &markets,
        };
        trade.run(|_| Ok(request))?;
        Ok(())
    }
}
