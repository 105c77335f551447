use {
    crate::{
        error::ExchangeError, event::BookCreated, Book, EventMarket, Exchange, BOOK_HEAD_LEN, LOTS_MIN_MAX,
        ORDER_LEN, PAUSE_CREATE, PRICE_MAX_TICKS, SEAT_LEN,
    },
    anchor_lang::prelude::*,
    secant_engine::quantity::TICKS_PER_UNIT,
};

/// Seats and orders that a book has room for at first; expand_book adds more.
pub(crate) const SEATS_AT_FIRST: usize = 16;
const ORDERS_AT_FIRST: usize = 64;

/// Bytes of a book before it is expanded.
pub(crate) const LEN_AT_FIRST: usize =
    BOOK_HEAD_LEN + SEATS_AT_FIRST * SEAT_LEN + ORDERS_AT_FIRST * ORDER_LEN;

/// Share of the taker's fee that the maker gets back: one part in so many.
const REBATE_PARTS: u16 = 4;

#[derive(Accounts)]
#[instruction(outcome: u8)]
pub struct CreateBook {
    /// Pays the rent, and gets it back.
    #[account(mut)]
    pub creator: Signer,
    #[account(address = event.exchange @ ExchangeError::ExchangeMismatch)]
    pub exchange: Account<Exchange>,
    pub event: Account<EventMarket>,
    #[account(
        init,
        payer = creator,
        space = LEN_AT_FIRST,
        seeds = [b"book", event.address().as_ref(), &outcome.to_le_bytes()],
        bump
    )]
    pub book: Account<Book>,
    pub system_program: Program<System>,
}

impl CreateBook {
    pub fn run(ctx: &mut Context<Self>, outcome: u8, lots_min: u64) -> Result<()> {
        let bump = ctx.bumps.book;
        let Self {
            creator,
            exchange,
            event,
            book,
            ..
        } = &mut ctx.accounts;
        exchange.require_running(PAUSE_CREATE)?;
        event.require_open(Clock::get()?.unix_timestamp)?;
        event.outcome_index(outcome)?;
        require!(
            event.outcomes > 2 || outcome == 0,
            ExchangeError::BookOutcomeInvalid
        );
        require!(
            (1..=LOTS_MIN_MAX).contains(&lots_min),
            ExchangeError::LotsMinInvalid
        );

        book.exchange = *exchange.address();
        book.event = *event.address();
        book.creator = *creator.address();
        book.lots_min = lots_min;
        book.seats = SEATS_AT_FIRST as u32;
        book.fee_bps = exchange.fee_bps;
        book.rebate_bps = exchange.fee_bps / REBATE_PARTS;
        book.outcome = outcome;
        book.outcomes = event.outcomes;
        book.bump = bump;
        book.face_ticks = TICKS_PER_UNIT as u32;
        book.price_max_ticks = PRICE_MAX_TICKS;
        book.layout = 1;
        emit!(BookCreated {
            book: *book.address(),
            event: *event.address(),
            outcome,
        });
        Ok(())
    }
}
