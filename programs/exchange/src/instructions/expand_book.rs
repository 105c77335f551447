use {
    crate::{
        error::ExchangeError, require_book, BookParts, BOOK_HEAD_LEN, ORDERS_MAX, ORDER_LEN, SEATS_MAX,
        SEAT_LEN,
    },
    anchor_lang::prelude::*,
    secant_engine::matching::Side,
};

/// Bytes that an account may grow by in one instruction.
const GROWTH_MAX: usize = 10_240;

#[derive(Accounts)]
pub struct ExpandBook {
    /// Pays the rent, which goes to the book's creator when it is closed.
    #[account(mut)]
    pub payer: Signer,
    /// A book.
    #[account(mut)]
    pub book: UncheckedAccount,
    pub system_program: Program<System>,
}

impl ExpandBook {
    pub fn run(ctx: &mut Context<Self>, seats: u16, orders: u16) -> Result<()> {
        let Self { payer, book, .. } = &mut ctx.accounts;
        require_book(book.account())?;
        let mut view = *book.account();
        let (seats, orders) = (usize::from(seats), usize::from(orders));
        let growth = seats * SEAT_LEN + orders * ORDER_LEN;
        let len = view.data_len();
        let (seats_before, bids_len, asks_len) = {
            let mut data = view.try_borrow_mut()?;
            let parts = BookParts::of_any(&mut data)?;
            let rest = |side| parts.ladder.len(side) * ORDER_LEN;
            let orders_before =
                parts.ladder.room() + parts.ladder.len(Side::Bid) + parts.ladder.len(Side::Ask);
            let sound = growth > 0
                && growth <= GROWTH_MAX
                && parts.seats.len() + seats <= SEATS_MAX
                && orders_before + orders <= ORDERS_MAX;
            require!(sound, ExchangeError::BookSizeInvalid);
            (parts.seats.len(), rest(Side::Bid), rest(Side::Ask))
        };
        anchor_lang::realloc_account(&mut view, len + growth, payer.account(), true)?;
        let mut data = view.try_borrow_mut()?;
        let tail = BOOK_HEAD_LEN + seats_before * SEAT_LEN;
        let tail_after = tail + seats * SEAT_LEN;
        data.copy_within(len - asks_len..len, len + growth - asks_len);
        data.copy_within(tail..tail + bids_len, tail_after);
        data[tail..tail_after].fill(0);
        let head: &mut crate::Book = bytemuck::from_bytes_mut(&mut data[8..BOOK_HEAD_LEN]);
        head.seats += seats as u32;
        Ok(())
    }
}
