//! An order book: one account that holds the orders, and a seat for everybody who has one.
//!
//! After the head come the seats, then the orders. Whoever places orders takes a seat; fills land in it, final,
//! without the maker's margin account; whatever it holds is drawn into that account by the owner's next
//! instruction at the book, or by anyone. What the orders could lose at worst is reserved in the margin
//! account from the moment they rest.
use {
    crate::error::ExchangeError,
    anchor_lang::prelude::*,
    secant_engine::matching::{Ladder, OrderId, Resting, Side},
};

/// The most orders of a book, half of them on a side.
pub const ORDERS_MAX: usize = 2_048;

/// The most seats of a book.
pub const SEATS_MAX: usize = 4_096;

/// Most lots that one seat's open orders have on a side; a seat's fills stay far below 64 bits with it.
pub const SEAT_LOTS_MAX: u64 = 500_000_000_000;

/// The most that a book may ask as the least lots of an order that rests.
#[constant]
pub const LOTS_MIN_MAX: u64 = 1_000;

/// The highest price of an event's outcome, in ticks; the lowest is 1.
#[constant]
pub const PRICE_MAX_TICKS: u32 = 9_999;

/// One per outcome of an event; of two outcomes only the first has one, as buying NO is selling YES.
#[account]
pub struct Book {
    /// The exchange whose collateral it pays.
    pub exchange: Address,
    /// The event whose outcome it trades, or the perpetual.
    pub event: Address,
    /// Who created it and gets the rent.
    pub creator: Address,
    /// Fees not yet collected, rebates deducted.
    pub fees_atoms: u64,
    /// How often the orders have changed; every log carries it.
    pub changes: u64,
    /// Least lots of an order that rests.
    pub lots_min: u64,
    /// Age of the next order.
    pub age: u64,
    /// Orders that buy, at the start of the room for orders.
    pub bids: u32,
    /// Orders that sell, at its end.
    pub asks: u32,
    /// How many seats there are.
    pub seats: u32,
    /// How many of them are taken.
    pub seats_taken: u32,
    /// First seat that was given up, counted from 1; 0 without.
    pub seat_free: u32,
    /// How many seats were ever taken: those after are free too.
    pub seats_used: u32,
    /// Taker's fee in bps of lots × p × (1 − p).
    pub fee_bps: u16,
    /// Maker's rebate, out of that.
    pub rebate_bps: u16,
    /// The outcome traded.
    pub outcome: u8,
    /// How many outcomes the event has.
    pub outcomes: u8,
    /// PDA bump.
    pub bump: u8,
    /// Layout of this account; 1.
    pub layout: u8,
    /// What a lot of the outcome pays if it wins, in ticks: what an ask cannot lose more than, its price deducted. 0
    /// for a perpetual, whose asks count at their price.
    pub face_ticks: u32,
    /// The highest price of an order.
    pub price_max_ticks: u32,
    pub reserved: [u8; 24],
}

/// What the orders of one margin account have done and may yet do.
#[derive(Clone, Copy, IdlType, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Seat {
    /// The margin account; the zero address if the seat is free.
    pub account: Address,
    /// Cash of fills not yet drawn, rebates included; a perpetual's: their signed cost.
    pub cash_atoms: i64,
    /// Lots of fills not yet drawn.
    pub lots: i64,
    /// Lots of open bids.
    pub bid_lots: u64,
    /// Lots of open asks.
    pub ask_lots: u64,
    /// What open bids pay in all.
    pub bid_atoms: u64,
    /// What open asks lose in all if the outcome wins; a perpetual's: what they bring.
    pub ask_atoms: u64,
    /// `bid_atoms` as the margin account reserves them.
    pub bid_reserved_atoms: u64,
    /// `ask_atoms` as the margin account reserves them.
    pub ask_reserved_atoms: u64,
    /// Open orders.
    pub orders: u32,
    /// Next seat that was given up, counted from 1, while this one is.
    pub seat_free: u32,
    /// A perpetual's: its cumulative funding index when the lots were last settled.
    pub funding_index: i64,
    /// A perpetual's: the loss index of the lots' side then.
    pub loss_index: i64,
    /// A perpetual's: what the lots have borne of losers' debts since they were last drawn.
    pub haircut_atoms: u64,
    /// The highest price of its bids since it last had none.
    pub bid_max_ticks: u32,
    /// The lowest price of its asks since it last had none.
    pub ask_min_ticks: u32,
}

/// An order that rests.
#[derive(Clone, Copy, IdlType, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Order {
    /// Price in ticks (24 bits), age (39 bits), 1 for an ask: unique in its book.
    pub id: u64,
    /// Lots still open.
    pub lots: u64,
    /// The owner's own mark.
    pub client_id: u64,
    /// When it stops trading, Unix seconds; 0 for never.
    pub expires_at: u32,
    /// The owner's seat, counted from 0.
    pub seat: u16,
    pub reserved: u16,
}

impl Resting for Order {
    #[inline(always)]
    fn id(&self) -> OrderId {
        OrderId(self.id)
    }

    #[inline(always)]
    fn lots(&self) -> u64 {
        self.lots
    }

    #[inline(always)]
    fn set_lots(&mut self, lots: u64) {
        self.lots = lots;
    }

    #[inline(always)]
    fn seat(&self) -> u16 {
        self.seat
    }

    #[inline(always)]
    fn is_expired(&self, now: i64) -> bool {
        self.expires_at != 0 && i64::from(self.expires_at) <= now
    }
}

/// Bytes before the seats.
pub const BOOK_HEAD_LEN: usize = 8 + core::mem::size_of::<Book>();
/// Bytes of a seat.
pub const SEAT_LEN: usize = core::mem::size_of::<Seat>();
/// Bytes of an order.
pub const ORDER_LEN: usize = core::mem::size_of::<Order>();

/// A book's parts, each writable.
pub struct BookParts<'a> {
    pub head: &'a mut Book,
    pub seats: &'a mut [Seat],
    pub ladder: Ladder<'a, Order>,
}

impl<'a> BookParts<'a> {
    /// The parts of a book of `event`.
    ///
    /// # Errors
    /// BookInvalid if the bytes are no book, or another event's.
    #[inline(always)]
    pub fn of(data: &'a mut [u8], event: &Address) -> Result<Self> {
        let parts = Self::of_any(data)?;
        require!(
            anchor_lang::address_eq(&parts.head.event, event),
            ExchangeError::BookInvalid
        );
        Ok(parts)
    }

    /// The parts of a book's account data.
    ///
    /// # Errors
    /// BookInvalid if the bytes are no book.
    #[inline(always)]
    pub fn of_any(data: &'a mut [u8]) -> Result<Self> {
        require!(
            data.len() >= BOOK_HEAD_LEN && data[..8] == *Book::DISCRIMINATOR,
            ExchangeError::BookInvalid
        );
        let (head, tail) = data[8..].split_at_mut(BOOK_HEAD_LEN - 8);
        let head: &mut Book = bytemuck::from_bytes_mut(head);
        let (seats, orders) = tail
            .split_at_mut_checked(head.seats as usize * SEAT_LEN)
            .ok_or(ExchangeError::BookInvalid)?;
        let whole = orders.len() / ORDER_LEN * ORDER_LEN;
        let ladder = Ladder::new(
            bytemuck::cast_slice_mut(&mut orders[..whole]),
            head.bids as usize,
            head.asks as usize,
        )
        .map_err(|_| ExchangeError::BookInvalid)?;
        Ok(Self {
            head,
            seats: bytemuck::cast_slice_mut(seats),
            ladder,
        })
    }

    /// Notes in the head what the orders have become.
    #[inline(always)]
    pub fn close(self) {
        self.head.bids = self.ladder.len(Side::Bid) as u32;
        self.head.asks = self.ladder.len(Side::Ask) as u32;
        self.head.changes = self.head.changes.wrapping_add(1);
    }
}

/// A book's account, owned by this program and writable.
///
/// # Errors
/// BookInvalid for any other.
#[inline(always)]
pub fn require_book(view: &AccountView) -> Result<()> {
    require!(
        view.is_writable() && view.owned_by(&crate::ID),
        ExchangeError::BookInvalid
    );
    Ok(())
}

impl Book {
    /// What so many lots of an order lock: a bid what it pays, an ask what the outcome costs above it; at a perpetual
    /// both their price.
    #[inline(always)]
    pub fn locked_atoms(&self, id: OrderId, lots: u64) -> u64 {
        let price_ticks = id.price_ticks();
        let locked_ticks = match id.side() {
            Side::Bid => price_ticks,
            Side::Ask => self.face_ticks.abs_diff(price_ticks),
        };
        lots.wrapping_mul(u64::from(locked_ticks))
    }

    /// What so many lots of an order have at stake where somebody must make way: what they lock; at a perpetual without a
    /// face the lots themselves, which require margin by the mark, however far from it they rest.
    #[inline(always)]
    pub fn at_stake(&self, id: OrderId, lots: u64) -> u64 {
        if self.face_ticks == 0 {
            lots
        } else {
            self.locked_atoms(id, lots)
        }
    }
}

impl Seat {
    /// Takes `lots` of an order, which lock `atoms`, off what is open.
    #[inline(always)]
    pub fn close_lots(&mut self, order: &Order, lots: u64, atoms: u64) {
        if order.id().side() == Side::Bid {
            self.bid_lots -= lots;
            self.bid_atoms -= atoms;
        } else {
            self.ask_lots -= lots;
            self.ask_atoms -= atoms;
        }
        self.orders -= u32::from(lots == order.lots);
    }

    /// Adds an order, which locks `atoms`, to what is open.
    #[inline(always)]
    pub fn open_lots(&mut self, order: &Order, atoms: u64) {
        let price_ticks = order.id().price_ticks();
        if order.id().side() == Side::Bid {
            if self.bid_lots == 0 || price_ticks > self.bid_max_ticks {
                self.bid_max_ticks = price_ticks;
            }
            self.bid_lots += order.lots;
            self.bid_atoms += atoms;
        } else {
            if self.ask_lots == 0 || price_ticks < self.ask_min_ticks {
                self.ask_min_ticks = price_ticks;
            }
            self.ask_lots += order.lots;
            self.ask_atoms += atoms;
        }
        self.orders += 1;
    }
}

const _: () = assert!(
    SEAT_LOTS_MAX <= secant_engine::fee::FILL_LOTS_MAX,
    "an order's fees fit 64 bits"
);

/// The book's tail is no field of any account: its types are named for the IDL here.
#[cfg(all(test, feature = "idl-build"))]
mod idl {
    use super::{Order, Seat};
    use anchor_lang::IdlAccountType;

    #[test]
    fn __anchor_private_print_idl_types_of_the_tail() {
        for definition in [Seat::__idl_type_def(), Order::__idl_type_def()] {
            println!("--- IDL begin type ---");
            println!("{}", definition.expect("derived by IdlType"));
            println!("--- IDL end type ---");
        }
    }
}
