//! One margin account at a perpetual's book: what it has there is drawn, orders are taken, placed and cancelled.
//!
//! As [`crate::desk`] is for an event, over the same matching and seats. No cash moves here: what a trade costs is
//! the leg's, fees included.
use {
    crate::{
        error::ExchangeError,
        event::{BookChanged, OrderLots, PlacedOrder},
        order_request::*,
        trade::{book_fault, release, sweep, SWEEP_MAX},
        Book, BookParts, MarginAccount, Order, PerpMarket, Seat,
    },
    anchor_lang::prelude::*,
    secant_engine::{
        fixed::{portion_down, portion_up},
        margin::Position,
        matching::{take, Resting, Settle, Side, Taker},
        Fault,
    },
};

/// All of a value, in millionths.
const PPM: u64 = 1_000_000;

/// A margin account at a perpetual's book.
pub struct PerpDesk<'a> {
    pub account: &'a mut MarginAccount,
    pub market: &'a mut PerpMarket,
    pub leg: usize,
    book: BookParts<'a>,
    log: BookChanged,
    address: Address,
    seat: Option<u16>,
    /// Value of what it has taken, and of what it has rested.
    pub placed_atoms: u64,
}

impl<'a> PerpDesk<'a> {
    /// Sits down, settles the leg, and draws what the seat's fills have brought.
    ///
    /// # Errors
    /// BookInvalid if the account's seat is another's.
    #[inline(never)]
    pub fn open(
        account: &'a mut Account<MarginAccount>,
        market: &'a mut PerpMarket,
        book: BookParts<'a>,
        leg: usize,
        log: BookChanged,
    ) -> Result<Self> {
        let address = *account.address();
        let account: &mut MarginAccount = account;
        market.settle_leg(&mut account.perp_legs[leg])?;
        // Only with a market brought up to date do the seat's funding and losses count to the last.
        account.perp_legs[leg].drawn_slot = market.updated_slot;
        let seat = account.perp_legs[leg].seat.checked_sub(1);
        let mut desk = Self {
            account,
            market,
            leg,
            book,
            log,
            address,
            seat,
            placed_atoms: 0,
        };
        if let Some(seat) = seat {
            desk.draw(seat)?;
        }
        Ok(desk)
    }

    #[inline(always)]
    fn draw(&mut self, seat: u16) -> Result<()> {
        let seat = self
            .book
            .seats
            .get_mut(usize::from(seat))
            .ok_or(ExchangeError::BookInvalid)?;
        require!(
            anchor_lang::address_eq(&seat.account, &self.address),
            ExchangeError::BookInvalid
        );
        if seat.cash_atoms == 0 && seat.lots == 0 && seat.haircut_atoms == 0 {
            return Ok(());
        }
        self.market.move_seat(seat, 0, 0)?;
        let (lots, quote_atoms) = (seat.lots, seat.cash_atoms);
        let haircut_atoms = core::mem::take(&mut seat.haircut_atoms);
        self.market.count_open(lots, 0);
        seat.lots = 0;
        seat.cash_atoms = 0;
        let leg = &mut self.account.perp_legs[self.leg];
        // The leg was settled before: what is returned now is of what the seat has borne, and nothing twice.
        let returned_atoms = self.market.note_haircut(leg, haircut_atoms as i64)?;
        let quote_atoms = quote_atoms
            .checked_add_unsigned(returned_atoms)
            .ok_or(ExchangeError::Overflow)?;
        self.market.move_leg(leg, lots, quote_atoms)
    }

    /// Takes and rests an order.
    ///
    /// # Errors
    /// What [`OrderRequest`] says of each field; NothingToReduce, OrderWouldTake, OrderNotFilled, OrderTooSmall,
    /// BookFull, SeatsFull, PositionTooLarge.
    pub fn place(&mut self, request: &OrderRequest, now: i64) -> Result<()> {
        let rules = &self.market.rules;
        request.require_sound(rules.price_max_ticks(), now)?;
        require!(
            request.lots <= rules.position_max_lots,
            ExchangeError::PositionTooLarge
        );
        let side = request.side()?;
        let lots = self.reducing(request, side)?;
        let (low_ticks, high_ticks) = self.market.near_mark();
        let (price_ticks, is_near) = match side {
            Side::Bid => (
                request.price_ticks.min(high_ticks),
                request.price_ticks <= high_ticks,
            ),
            Side::Ask => (
                request.price_ticks.max(low_ticks),
                request.price_ticks >= low_ticks,
            ),
        };
        let mut placed = PlacedOrder {
            client_id: request.client_id,
            expires_at: request.expires_at,
            ..bytemuck::Zeroable::zeroed()
        };
        self.drop_left_behind(side.opposite())?;
        if request.kind >= ORDER_POST_ONLY {
            require!(is_near, ExchangeError::OrderOffMark);
            let meets_max = self.meets_left(request);
            let ticks = self
                .book
                .post_ticks(request, side, meets_max, now, &mut self.log.dropped)?;
            placed.order_id = self.rest(request, side, ticks, lots)?;
            placed.rested_lots = lots;
        } else {
            let (left, may_rest) = self.trade(request, side, price_ticks, lots, now, &mut placed)?;
            let may_rest = if may_rest && is_near { left } else { 0 };
            let is_seated = self.seat.is_some();
            let rests =
                placed.filled_lots == 0 || self.book.has_place(price_ticks, side, may_rest, is_seated);
            if request.kind == ORDER_LIMIT && may_rest > 0 && rests {
                placed.order_id = self.rest(request, side, price_ticks, may_rest)?;
                placed.rested_lots = may_rest;
            }
        }
        placed.seat = self.seat.unwrap_or_default();
        self.log.placed.push(placed);
        Ok(())
    }

    /// The order's lots, cut down to what it reduces if it is to.
    #[inline(always)]
    fn reducing(&self, request: &OrderRequest, side: Side) -> Result<u64> {
        if !request.reduce_only {
            return Ok(request.lots);
        }
        let position = self.account.perp_legs[self.leg].position_lots;
        let seated = self.seat.map(|seat| &self.book.seats[usize::from(seat)]);
        let (held, open) = match side {
            Side::Bid => (-position, seated.map_or(0, |seat| seat.bid_lots)),
            Side::Ask => (position, seated.map_or(0, |seat| seat.ask_lots)),
        };
        let lots = request.lots.min((held.max(0) as u64).saturating_sub(open));
        require!(lots > 0, ExchangeError::NothingToReduce);
        Ok(lots)
    }

    #[inline(always)]
    fn meets_left(&self, request: &OrderRequest) -> u32 {
        let met = self.log.fills.len() + self.log.dropped.len();
        u32::from(request.meets_max).min(SWEEP_MAX.saturating_sub(met) as u32)
    }

    /// Takes from the other side; what is left, and whether it may rest.
    #[inline(always)]
    fn trade(
        &mut self,
        request: &OrderRequest,
        side: Side,
        limit_ticks: u32,
        lots: u64,
        now: i64,
        placed: &mut PlacedOrder,
    ) -> Result<(u64, bool)> {
        let taker = Taker {
            side,
            limit_ticks,
            lots,
            seat: self.seat,
            self_trade: request.self_trade()?,
            meets_max: self.meets_left(request),
        };
        let mut ledger = Ledger {
            head: self.book.head,
            seats: self.book.seats,
            market: self.market,
            log: &mut self.log,
            lots: 0,
            value_atoms: 0,
            rebates_atoms: 0,
        };
        let taken = take(&mut self.book.ladder, &taker, now, &mut ledger).map_err(book_fault)?;
        let (traded, value_atoms, rebates_atoms) = (ledger.lots, ledger.value_atoms, ledger.rebates_atoms);
        if traded > 0 {
            let fee_atoms = portion_up(value_atoms, u64::from(self.market.rules.taker_fee_ppm), PPM)
                .map_err(ExchangeError::from)?;
            self.market.fees_due_atoms += fee_atoms - rebates_atoms; // no rebates exceed their fee
            let (lots, quote_atoms) = match side {
                Side::Bid => (traded as i64, -(value_atoms as i64)),
                Side::Ask => (-(traded as i64), value_atoms as i64),
            };
            let leg = &mut self.account.perp_legs[self.leg];
            self.market.move_leg(leg, lots, quote_atoms - fee_atoms as i64)?;
            self.market.traded_at = now;
            self.placed_atoms += value_atoms;
            placed.filled_lots = traded;
            placed.paid_atoms = value_atoms;
            placed.fee_atoms = fee_atoms;
        }
        let whole = request.kind != ORDER_FILL_OR_KILL || traded == lots;
        require!(whole, ExchangeError::OrderNotFilled);
        Ok((taken.left, taken.may_rest))
    }

    /// Takes out the best orders of a side that the mark has left behind, further than anything trades: their owners'
    /// margin is for what is lost by the mark within its band, and not for that.
    #[inline(always)]
    fn drop_left_behind(&mut self, side: Side) -> Result<()> {
        let (low_ticks, high_ticks) = self.market.near_mark();
        while let Some(id) = self.book.ladder.best(side).map(Resting::id) {
            let is_behind = match side {
                Side::Bid => id.price_ticks() > high_ticks,
                Side::Ask => id.price_ticks() < low_ticks,
            };
            if !is_behind || self.log.dropped.len() >= SWEEP_MAX {
                break; // with as many, nothing is met any more in this instruction
            }
            self.book.cancel(id, usize::MAX, None, &mut self.log.dropped)?;
        }
        Ok(())
    }

    #[inline(never)]
    fn rest(&mut self, request: &OrderRequest, side: Side, price_ticks: u32, lots: u64) -> Result<u64> {
        let (id, seat) = self.book.rest(
            request,
            (side, price_ticks, lots),
            (&self.address, self.seat),
            &mut self.log.dropped,
        )?;
        self.seat = Some(seat);
        self.placed_atoms += lots * u64::from(price_ticks); // below 2⁵⁸
        self.account.perp_legs[self.leg].seat = seat + 1;
        Ok(id)
    }

    /// Takes orders of the account out of the book, those that are still there.
    ///
    /// # Errors
    /// OrderNotOwned if one is another's.
    #[inline(always)]
    pub fn cancel_each(&mut self, cancellations: &[Cancellation]) -> Result<()> {
        self.book
            .cancel_each(cancellations, self.seat, &mut self.log.dropped)
    }

    /// Cancels the account's orders on the sides named that `leaves` names, at most [`SWEEP_MAX`] of them.
    ///
    /// # Errors
    /// BookInvalid if the book is corrupt.
    pub fn cancel_all(&mut self, sides: &[Side], leaves: impl Fn(&Order) -> bool) -> Result<()> {
        let Some(seat) = self.seat else {
            return Ok(());
        };
        sweep(&mut self.book, sides, &mut self.log.dropped, |order| {
            order.seat == seat && leaves(order)
        })
    }

    /// The position with its open orders, as the leg notes them.
    ///
    /// # Errors
    /// Overflow outside 64 bits.
    #[inline(always)]
    pub fn position(&self) -> Result<Position> {
        self.account.perp_legs[self.leg].position(self.market)
    }

    /// Notes in the leg what its open orders are, and gives up an empty seat.
    #[inline(never)]
    pub fn note_orders(&mut self) {
        let leg = &mut self.account.perp_legs[self.leg];
        let Some(seat) = self.seat else {
            return;
        };
        let held = &self.book.seats[usize::from(seat)];
        // Counted at their dearest, so that no order far away makes up for one at a loss.
        leg.bid_lots = held.bid_lots;
        leg.bid_atoms = held.bid_lots.wrapping_mul(u64::from(held.bid_max_ticks));
        leg.ask_lots = held.ask_lots;
        leg.ask_atoms = held.ask_lots.wrapping_mul(u64::from(held.ask_min_ticks));
        if self.book.give_up(seat) {
            leg.seat = 0;
            self.seat = None;
        }
    }

    /// Whether the position, with what its open orders can add, and all that is open, are within the market's limits.
    #[inline(always)]
    pub fn is_within_limits(&self) -> bool {
        let leg = &self.account.perp_legs[self.leg];
        let rules = &self.market.rules;
        let long = leg.position_lots + leg.bid_lots as i64;
        let short = leg.position_lots - leg.ask_lots as i64;
        long.unsigned_abs().max(short.unsigned_abs()) <= rules.position_max_lots
            && self.market.open_lots <= rules.open_max_lots
    }

    /// Stands up: an empty leg becomes free, and the book's log is what is left.
    #[inline(always)]
    pub fn close(self) -> BookChanged {
        self.account.free_perp_leg(self.leg);
        self.book.close();
        self.log
    }
}

/// The seats' side of a taking.
struct Ledger<'a> {
    head: &'a Book,
    seats: &'a mut [Seat],
    market: &'a mut PerpMarket,
    log: &'a mut BookChanged,
    lots: u64,
    value_atoms: u64,
    rebates_atoms: u64,
}

impl Settle<Order> for Ledger<'_> {
    #[inline(always)]
    fn fill(&mut self, maker: &Order, lots: u64) -> core::result::Result<(), Fault> {
        let price_ticks = maker.id().price_ticks();
        let value_atoms = lots.wrapping_mul(u64::from(price_ticks));
        let rebate_atoms = portion_down(value_atoms, u64::from(self.market.rules.maker_rebate_ppm), PPM)?;
        let seat = self.seats.get_mut(usize::from(maker.seat)).ok_or(Fault::Domain)?;
        seat.close_lots(maker, lots, self.head.locked_atoms(maker.id(), lots));
        let (moved, quote_atoms) = match maker.id().side() {
            Side::Bid => (lots as i64, -(value_atoms as i64)),
            Side::Ask => (-(lots as i64), value_atoms as i64),
        };
        self.market
            .move_seat(seat, moved, quote_atoms + rebate_atoms as i64)
            .map_err(|_| Fault::Overflow)?;
        self.market.last_ticks = price_ticks;
        self.lots += lots;
        self.value_atoms += value_atoms;
        self.rebates_atoms += rebate_atoms;
        self.log.fills.push(OrderLots {
            order_id: maker.id,
            lots,
        });
        Ok(())
    }

    #[inline(always)]
    fn release(&mut self, order: &Order, lots: u64) -> core::result::Result<(), Fault> {
        self.log.dropped.push(OrderLots {
            order_id: order.id,
            lots,
        });
        release(self.head, self.seats, order, lots)
    }
}
