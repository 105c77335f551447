use {
    crate::{
        error::ExchangeError,
        event::{BookChanged, PlacedOrder},
        instructions::{take_order::require_pool, tokenize::require_outcome_mint},
        require_book, token,
        trade::{pay_builder, Beside, Deal, Part, SWEEP_MAX},
        BookParts, EventMarket, Exchange, OrderRequest, Pool, ORDER_FILL_OR_KILL, PAUSE_DEPOSIT,
        PAUSE_TOKENIZE, PAUSE_TRADE, PRICE_MAX_TICKS,
    },
    anchor_lang::prelude::*,
    anchor_spl::token::{Mint, TokenAccount},
    secant_engine::{
        matching::{Side, Taker},
        quantity::Lots,
    },
};

/// The margin account of a builder whose fee is not zero follows as a remaining account, writable.
#[derive(Accounts)]
pub struct TakeTokens {
    /// Authority of the token accounts that pay.
    pub holder: Signer,
    #[account(address = event.exchange @ ExchangeError::ExchangeMismatch)]
    pub exchange: Account<Exchange>,
    #[account(mut)]
    pub event: Account<EventMarket>,
    /// A book of the event.
    #[account(mut)]
    pub book: UncheckedAccount,
    /// Mint of the outcome that is bought or sold.
    #[account(mut)]
    pub outcome_mint: Account<Mint>,
    /// Token account of the outcome: gets what is bought, gives what is sold.
    #[account(mut)]
    pub tokens: Account<TokenAccount>,
    /// Token account of the collateral: pays what is bought, gets what is sold for.
    #[account(mut)]
    pub collateral: Account<TokenAccount>,
    #[account(mut, address = exchange.vault @ ExchangeError::VaultMismatch)]
    pub vault: Account<TokenAccount>,
    pub token_program: Program<Token>,
    /// A pool of the event, to trade with wherever it is better than the book.
    #[account(mut)]
    pub pool: Option<Account<Pool>>,
}

impl TakeTokens {
    pub fn run(
        ctx: &mut Context<Self>,
        outcome: u8,
        request: OrderRequest,
        limit_atoms: u64,
        builder_fee_bps: u16,
    ) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let buys = Self::check(&ctx.accounts, outcome, &request, now)?;
        let deal = Self::trade(&mut ctx.accounts, outcome, &request, now)?;
        let builders = ctx.remaining_accounts()?;
        let Self {
            exchange,
            event,
            holder,
            ..
        } = &mut ctx.accounts;
        let Part { lots, charge } = deal.total();
        let (trader, volume) = (holder.address(), charge.volume);
        let builder_fee_atoms = pay_builder(&builders, builder_fee_bps, volume, trader, exchange.address())?;
        let fee_atoms = charge.fee.0 + builder_fee_atoms;
        let is_bid = request.side()? == Side::Bid;
        let face_atoms = Lots(lots).face_value().map_err(ExchangeError::from)?.0;
        // Of two outcomes, the second is bought by selling the first and keeping the rest of a complete set.
        let gross_atoms = if buys == is_bid {
            charge.gross.0
        } else {
            event.add_escrow(if buys {
                face_atoms as i64
            } else {
                -(face_atoms as i64)
            });
            face_atoms - charge.gross.0
        };
        let amount_atoms = if buys {
            gross_atoms
                .checked_add(fee_atoms)
                .filter(|paid| *paid <= limit_atoms)
        } else {
            gross_atoms
                .checked_sub(fee_atoms)
                .filter(|got| *got >= limit_atoms)
        };
        let amount_atoms = amount_atoms.ok_or(ExchangeError::LimitExceeded)?;
        let tokenized = &mut event.tokenized_lots[usize::from(outcome)];
        *tokenized = if buys {
            tokenized.checked_add(lots).ok_or(ExchangeError::Overflow)?
        } else {
            tokenized
                .checked_sub(lots)
                .ok_or(ExchangeError::TokensInsufficient)?
        };
        event.assert_invariants()?;
        Self::move_tokens(&mut ctx.accounts, buys, lots, amount_atoms);
        Ok(())
    }

    /// Refuses what may not trade; whether tokens are bought.
    fn check(&self, outcome: u8, request: &OrderRequest, now: i64) -> Result<bool> {
        let event = &self.event;
        event.require_open(now)?;
        event.outcome_index(outcome)?;
        require_outcome_mint(event, outcome, self.outcome_mint.address())?;
        require!(
            anchor_lang::address_eq(self.collateral.mint(), &self.exchange.mint),
            ExchangeError::MintMismatch
        );
        require_pool(self.pool.as_ref(), event)?;
        require_book(self.book.account())?;
        request.require_sound(PRICE_MAX_TICKS, now)?;
        request.require_taking()?;
        // Tokens sold are always held: only a margin account can have a position to turn.
        require!(!request.reduce_only, ExchangeError::OrderInvalid);
        let of_book = self.book_outcome()?;
        require!(
            outcome == of_book || event.outcomes == 2,
            ExchangeError::BookOutcomeInvalid
        );
        let buys = (request.side()? == Side::Bid) == (outcome == of_book);
        let paused = PAUSE_TRADE | PAUSE_TOKENIZE | PAUSE_DEPOSIT;
        require!(
            !buys || self.exchange.pause_bits & paused == 0,
            ExchangeError::Paused
        );
        Ok(buys)
    }

    /// The outcome that the book trades.
    fn book_outcome(&self) -> Result<u8> {
        let mut view = *self.book.account();
        let mut data = view.try_borrow_mut()?;
        Ok(BookParts::of(&mut data, self.event.address())?.head.outcome)
    }

    /// Trades, and logs what changed in the book.
    fn trade(&mut self, outcome: u8, request: &OrderRequest, now: i64) -> Result<Deal> {
        let trader = *self.holder.address();
        let mut view = *self.book.account();
        let mut data = view.try_borrow_mut()?;
        let mut parts = BookParts::of(&mut data, self.event.address())?;
        let meets_max = u32::from(request.meets_max);
        let meets = usize::from(request.meets_max).min(SWEEP_MAX);
        let mut log = BookChanged::new(self.book.address(), parts.head.changes, meets, meets, 1);
        let taker = Taker {
            side: request.side()?,
            limit_ticks: request.price_ticks,
            lots: request.lots,
            seat: None,
            self_trade: request.self_trade()?,
            meets_max,
        };
        let beside = self.pool.as_mut().map(|pool| Beside { pool, trader });
        let deal = parts.trade(&taker, beside, &mut log, now, Ok)?;
        require!(
            request.kind != ORDER_FILL_OR_KILL || deal.total().lots == request.lots,
            ExchangeError::OrderNotFilled
        );
        let mut placed = PlacedOrder {
            client_id: request.client_id,
            ..bytemuck::Zeroable::zeroed()
        };
        deal.log(&mut placed);
        log.placed.push(placed);
        parts.close();
        log.log();
        Ok(deal)
    }

    /// Tokens against collateral.
    fn move_tokens(&mut self, buys: bool, lots: u64, amount_atoms: u64) {
        let Self {
            holder,
            exchange,
            event,
            outcome_mint,
            tokens,
            collateral,
            vault,
            ..
        } = self;
        if lots == 0 {
            return;
        }
        if buys {
            token::transfer(collateral, vault, holder.cpi_handle(), &[], amount_atoms);
            let seeds = [&event.signer_seeds()[..]];
            token::mint_to(outcome_mint, tokens, event.cpi_handle(), &seeds, lots);
            return;
        }
        token::burn(tokens, outcome_mint, holder.cpi_handle(), lots);
        if amount_atoms > 0 {
            let seeds = [&exchange.signer_seeds()[..]];
            token::transfer(vault, collateral, exchange.cpi_handle(), &seeds, amount_atoms);
        }
    }
}
