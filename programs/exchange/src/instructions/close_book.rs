use {
    crate::{
        error::ExchangeError, event::BookClosed, instructions::create_book::LEN_AT_FIRST, Book, EventMarket,
        Exchange,
    },
    anchor_lang::prelude::*,
};

#[derive(Accounts)]
pub struct CloseBook {
    /// CHECK: gets the rent; must sign unless the event is settled.
    #[account(mut, address = book.creator @ ExchangeError::CreatorMismatch)]
    pub creator: UncheckedAccount,
    #[account(mut, address = event.exchange @ ExchangeError::ExchangeMismatch)]
    pub exchange: Account<Exchange>,
    #[account(address = book.event @ ExchangeError::BookInvalid)]
    pub event: Account<EventMarket>,
    #[account(mut, close = creator)]
    pub book: Account<Book>,
}

impl CloseBook {
    pub fn run(ctx: &mut Context<Self>) -> Result<()> {
        let Self {
            creator,
            exchange,
            event,
            book,
        } = &mut ctx.accounts;
        require!(
            event.is_settled() || creator.account().is_signer(),
            ExchangeError::CreatorMismatch
        );
        // Else whoever created the book could pocket at once what others paid to expand it.
        require!(
            event.is_settled() || book.account().data_len() == LEN_AT_FIRST,
            ExchangeError::EventNotSettled
        );
        require!(
            book.bids == 0 && book.asks == 0 && book.seats_taken == 0,
            ExchangeError::BookNotEmpty
        );
        exchange.fees_atoms = exchange
            .fees_atoms
            .checked_add(book.fees_atoms)
            .ok_or(ExchangeError::Overflow)?;
        emit!(BookClosed {
            book: *book.address(),
            fees_atoms: book.fees_atoms,
        });
        Ok(())
    }
}
