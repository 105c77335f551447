//! One margin account at one book: what it has there is drawn, orders are taken, placed and cancelled, and what
//! the open ones could lose is reserved.
use {
    crate::{
        error::ExchangeError,
        event::{BookChanged, OrderLots, PlacedOrder},
        order_request::*,
        BookParts, MarginAccount, Order, Seat, ORDERS_MAX, POSITION_MAX_LOTS, PRICE_MAX_TICKS, SEAT_LOTS_MAX,
    },
    alloc::vec::Vec,
    anchor_lang::prelude::*,
    secant_engine::{
        fee::{fill_basis, fills_fee_up, rebate_down},
        margin::reducible_lots,
        matching::{slide, take, OrderId, Resting, SelfTrade, Settle, Side, Taker},
        quantity::Bps,
        Fault,
    },
};

/// How many resting orders one instruction meets, or takes out, at most: the bound of its work and of its log.
pub const SWEEP_MAX: usize = 256;

/// A margin account at a book, between its instructions' checks and their log.
pub struct Desk<'a> {
    account: &'a mut MarginAccount,
    book: BookParts<'a>,
    log: BookChanged,
    address: Address,
    leg: usize,
    seat: Option<u16>,
}

impl<'a> Desk<'a> {
    /// Sits down, and draws what the seat's fills have brought.
    ///
    /// # Errors
    /// BookInvalid if the account's seat is another's.
    #[inline(always)]
    pub fn open(
        account: &'a mut Account<MarginAccount>,
        book: BookParts<'a>,
        leg: usize,
        log: BookChanged,
    ) -> Result<Self> {
        let own = *account.address();
        let outcome = usize::from(book.head.outcome);
        let seat = account.event_legs[leg].seats[outcome].checked_sub(1);
        let mut desk = Self {
            account,
            book,
            log,
            address: own,
            leg,
            seat,
        };
        if let Some(seat) = desk.seat {
            desk.draw(seat, outcome)?;
        }
        Ok(desk)
    }

    #[inline(always)]
    fn draw(&mut self, seat: u16, outcome: usize) -> Result<()> {
        let seat = self
            .book
            .seats
            .get_mut(usize::from(seat))
            .ok_or(ExchangeError::BookInvalid)?;
        require!(
            anchor_lang::address_eq(&seat.account, &self.address),
            ExchangeError::BookInvalid
        );
        let (cash_atoms, lots) = (seat.cash_atoms, seat.lots);
        if cash_atoms == 0 && lots == 0 {
            return Ok(());
        }
        seat.cash_atoms = 0;
        seat.lots = 0;
        self.account.add_cash(cash_atoms)?;
        // Within 64 bits by SEAT_LOTS_MAX: a fill is never refused its owner.
        self.account.event_legs[self.leg].lots[outcome] += lots;
        Ok(())
    }

    /// Lots of the book's outcome that the account holds.
    fn position(&self) -> i64 {
        self.account.event_legs[self.leg].lots[usize::from(self.book.head.outcome)]
    }

    /// Takes and rests an order.
    ///
    /// # Errors
    /// What [`OrderRequest`] says of each field; OrderWouldTake, OrderNotFilled by its kind; BookFull, SeatsFull,
    /// PositionTooLarge.
    pub fn place(&mut self, request: &OrderRequest, now: i64) -> Result<()> {
        let side = match request.side {
            SIDE_BID => Side::Bid,
            SIDE_ASK => Side::Ask,
            _ => return Err(ExchangeError::OrderInvalid.into()),
        };
        let sound = (1..=PRICE_MAX_TICKS).contains(&request.price_ticks)
            && request.kind <= ORDER_POST_ONLY_SLIDE
            && request.self_trade <= SELF_TRADE_DECREMENT
            && request.lots <= SEAT_LOTS_MAX
            && usize::from(request.meets_max) <= SWEEP_MAX
            && (request.expires_at == 0 || i64::from(request.expires_at) > now);
        require!(sound, ExchangeError::OrderInvalid);
        require!(request.lots > 0, ExchangeError::AmountZero);
        let lots = self.reducing(request, side);
        require!(lots > 0, ExchangeError::NothingToReduce);
        let mut placed = PlacedOrder {
            client_id: request.client_id,
            expires_at: request.expires_at,
            ..bytemuck::Zeroable::zeroed()
        };
        if request.kind >= ORDER_POST_ONLY {
            placed.order_id = self.post(request, side, lots, now)?;
            placed.rested_lots = lots;
        } else {
            let may_rest = self.take(request, side, lots, now, &mut placed)?;
            // After a trade, a rest too small, or without a seat, is dropped: nobody can spoil what was traded.
            let rests = placed.filled_lots == 0 || (may_rest >= self.book.head.lots_min && self.may_sit());
            if request.kind == ORDER_LIMIT && may_rest > 0 && rests {
                placed.order_id = self.rest(request, side, u32::from(request.price_ticks), may_rest)?;
                placed.rested_lots = may_rest;
            }
            let whole = request.kind != ORDER_FILL_OR_KILL || placed.filled_lots == lots;
            require!(whole, ExchangeError::OrderNotFilled);
        }
        placed.seat = self.seat.unwrap_or_default();
        self.log.placed.push(placed);
        Ok(())
    }

    /// The order's lots, cut down to what it reduces if it is to.
    #[inline(always)]
    fn reducing(&self, request: &OrderRequest, side: Side) -> u64 {
        if !request.reduce_only {
            return request.lots;
        }
        let outcome = usize::from(self.book.head.outcome);
        let outcomes = usize::from(self.book.head.outcomes);
        let held = reducible_lots(&self.account.event_legs[self.leg].lots[..outcomes], outcome, side);
        let seated = match side {
            Side::Bid => self.seated(|seat| seat.bid_lots),
            Side::Ask => self.seated(|seat| seat.ask_lots),
        };
        request.lots.min(held.saturating_sub(seated))
    }

    /// How many resting orders the order may still meet: each leaves a row in the log.
    #[inline(always)]
    fn meets_left(&self, request: &OrderRequest) -> u32 {
        let met = self.log.fills.len() + self.log.dropped.len();
        u32::from(request.meets_max).min(SWEEP_MAX.saturating_sub(met) as u32)
    }

    fn seated(&self, of: impl Fn(&Seat) -> u64) -> u64 {
        let seat = self.seat.and_then(|seat| self.book.seats.get(usize::from(seat)));
        seat.map_or(0, of)
    }

    /// Takes from the other side, notes what traded, and returns how much of the rest may rest.
    #[inline(always)]
    fn take(
        &mut self,
        request: &OrderRequest,
        side: Side,
        lots: u64,
        now: i64,
        placed: &mut PlacedOrder,
    ) -> Result<u64> {
        let self_trade = match request.self_trade {
            SELF_TRADE_CANCEL_PROVIDE => SelfTrade::CancelProvide,
            SELF_TRADE_CANCEL_TAKE => SelfTrade::CancelTake,
            SELF_TRADE_DECREMENT => SelfTrade::Decrement,
            _ => return Err(ExchangeError::OrderInvalid.into()),
        };
        let taker = Taker {
            side,
            limit_ticks: u32::from(request.price_ticks),
            lots,
            seat: self.seat,
            self_trade,
            meets_max: self.meets_left(request),
        };
        let mut ledger = Ledger {
            seats: self.book.seats,
            fills: &mut self.log.fills,
            dropped: &mut self.log.dropped,
            rebate: Bps(self.book.head.rebate_bps),
            lots: 0,
            paid_atoms: 0,
            basis: 0,
            rebates_atoms: 0,
        };
        let taken = take(&mut self.book.ladder, &taker, now, &mut ledger).map_err(book_fault)?;
        let (lots, paid_atoms, rebates_atoms) = (ledger.lots, ledger.paid_atoms, ledger.rebates_atoms);
        let may_rest = if taken.may_rest { taken.left } else { 0 };
        if lots == 0 {
            return Ok(may_rest);
        }
        let fee_atoms = fills_fee_up(ledger.basis, Bps(self.book.head.fee_bps))
            .map_err(ExchangeError::from)?
            .0;
        self.book.head.fees_atoms += fee_atoms - rebates_atoms; // no rebates exceed their fee
        let signed = |bid: bool, amount: u64| if bid { amount as i64 } else { -(amount as i64) };
        let is_bid = side == Side::Bid;
        self.account.add_cash(-signed(is_bid, paid_atoms))?;
        self.account.add_cash(-(fee_atoms as i64))?;
        let outcome = usize::from(self.book.head.outcome);
        self.account.add_lots(self.leg, outcome, signed(is_bid, lots))?;
        placed.filled_lots = lots;
        placed.paid_atoms = paid_atoms;
        placed.fee_atoms = fee_atoms;
        Ok(may_rest)
    }

    /// Rests an order that takes nothing.
    #[inline(always)]
    fn post(&mut self, request: &OrderRequest, side: Side, lots: u64, now: i64) -> Result<u64> {
        self.drop_expired_best(side.opposite(), self.meets_left(request), now)?;
        let asked_ticks = u32::from(request.price_ticks);
        let price_ticks = slide(&self.book.ladder, side, asked_ticks, u32::from(PRICE_MAX_TICKS))
            .filter(|price_ticks| request.kind == ORDER_POST_ONLY_SLIDE || *price_ticks == asked_ticks)
            .ok_or(ExchangeError::OrderWouldTake)?;
        self.rest(request, side, price_ticks, lots)
    }

    fn drop_expired_best(&mut self, side: Side, meets_max: u32, now: i64) -> Result<()> {
        for _ in 0..meets_max {
            let Some(best) = self.book.ladder.best(side).filter(|best| best.is_expired(now)) else {
                return Ok(());
            };
            let id = best.id();
            self.cancel(id, usize::MAX, None)?;
        }
        Ok(())
    }

    #[inline(always)]
    fn rest(&mut self, request: &OrderRequest, side: Side, price_ticks: u32, lots: u64) -> Result<u64> {
        require!(lots >= self.book.head.lots_min, ExchangeError::OrderTooSmall);
        let id = OrderId::new(side, price_ticks, self.book.head.age).map_err(|_| ExchangeError::BookFull)?;
        self.book.head.age += 1;
        self.make_room(id, lots)?;
        let seat = self.seat_taken()?;
        let order = Order {
            id: id.0,
            lots,
            client_id: request.client_id,
            expires_at: request.expires_at,
            seat,
            reserved: 0,
        };
        let position = self.position();
        let held = &mut self.book.seats[usize::from(seat)];
        held.open_lots(&order);
        let (open, filled_lots) = match side {
            Side::Bid => (held.bid_lots, position + held.bid_lots as i64),
            Side::Ask => (held.ask_lots, held.ask_lots as i64 - position),
        };
        require!(
            open <= SEAT_LOTS_MAX && filled_lots <= POSITION_MAX_LOTS as i64,
            ExchangeError::PositionTooLarge
        );
        self.book
            .ladder
            .insert(order)
            .map_err(|_| ExchangeError::BookFull)?;
        Ok(id.0)
    }

    /// Room for an order: the worst of its side makes way for a better one that is no smaller, once the side is
    /// at its limit. By dust alone nobody is evicted.
    #[inline(always)]
    fn make_room(&mut self, id: OrderId, lots: u64) -> Result<()> {
        let side = id.side();
        if self.book.ladder.len(side) < ORDERS_MAX / 2 {
            require!(self.book.ladder.room() > 0, ExchangeError::BookFull);
            return Ok(());
        }
        let evicted = *self.book.ladder.worst(side).ok_or(ExchangeError::BookInvalid)?;
        let worst = evicted.id();
        let better = match side {
            Side::Bid => id.price_ticks() > worst.price_ticks(),
            Side::Ask => id.price_ticks() < worst.price_ticks(),
        };
        require!(better && lots >= evicted.lots, ExchangeError::BookFull);
        self.cancel(worst, usize::MAX, None)?;
        Ok(())
    }

    /// Whether the account has a seat, or there is a free one.
    fn may_sit(&self) -> bool {
        let head = &self.book.head;
        self.seat.is_some() || head.seat_free != 0 || head.seats_used < head.seats
    }

    /// The account's seat; a free one if it has none.
    #[inline(always)]
    fn seat_taken(&mut self) -> Result<u16> {
        if let Some(seat) = self.seat {
            return Ok(seat);
        }
        let head = &mut *self.book.head;
        let given_up = head.seat_free.checked_sub(1);
        let seat = given_up.unwrap_or(head.seats_used);
        let place = self
            .book
            .seats
            .get_mut(seat as usize)
            .ok_or(ExchangeError::SeatsFull)?;
        if given_up.is_some() {
            head.seat_free = place.seat_free;
        } else {
            head.seats_used += 1;
        }
        head.seats_taken += 1;
        *place = bytemuck::Zeroable::zeroed();
        place.account = self.address;
        let seat = seat as u16; // below SEATS_MAX
        self.seat = Some(seat);
        self.account.event_legs[self.leg].seats[usize::from(head.outcome)] = seat + 1;
        Ok(seat)
    }

    /// Takes an order out of the book, if it is there; `of` says whose it must be.
    ///
    /// # Errors
    /// OrderNotOwned if it is another's.
    #[inline(always)]
    fn cancel(&mut self, id: OrderId, hint: usize, of: Option<u16>) -> Result<bool> {
        let Some(place) = self.book.ladder.find(id, hint) else {
            return Ok(false);
        };
        let order = self.book.ladder.remove(place).map_err(book_fault)?;
        require!(
            of.is_none_or(|seat| seat == order.seat),
            ExchangeError::OrderNotOwned
        );
        self.log.dropped.push(OrderLots {
            order_id: order.id,
            lots: order.lots,
        });
        release(self.book.seats, &order, order.lots).map_err(book_fault)?;
        Ok(true)
    }

    /// Takes orders of the account out of the book, those that are still there.
    ///
    /// # Errors
    /// OrderNotOwned if one is another's.
    #[inline(always)]
    pub fn cancel_each(&mut self, cancellations: &[Cancellation]) -> Result<()> {
        let Some(seat) = self.seat else {
            return Ok(()); // without a seat, no order is left
        };
        for cancellation in cancellations {
            let id = OrderId(cancellation.order_id);
            self.cancel(id, usize::from(cancellation.hint), Some(seat))?;
        }
        Ok(())
    }

    /// Cancels the account's orders on the sides named, at most [`SWEEP_MAX`] of them.
    ///
    /// # Errors
    /// BookInvalid if the book is corrupt.
    pub fn cancel_all(&mut self, sides: &[Side]) -> Result<()> {
        let Some(seat) = self.seat else {
            return Ok(());
        };
        sweep(&mut self.book, sides, &mut self.log.dropped, |order| {
            order.seat == seat
        })
    }

    /// Reserves what the open orders could lose, gives up an empty seat, and checks the account.
    ///
    /// # Errors
    /// InsolventAccount if free collateral does not cover it.
    #[inline(always)]
    pub fn close(self) -> Result<BookChanged> {
        let outcomes = usize::from(self.book.head.outcomes);
        let outcome = usize::from(self.book.head.outcome);
        if let Some(seat) = self.seat {
            let leg = &mut self.account.event_legs[self.leg];
            let held = &mut self.book.seats[usize::from(seat)];
            let (bid_atoms, ask_atoms) = (held.bid_atoms, held.ask_atoms);
            for (state, risk_atoms) in leg.risk_atoms[..outcomes].iter_mut().enumerate() {
                // What one book adds is taken off again as it was added.
                let (before, after) = if state == outcome {
                    (held.ask_reserved_atoms, ask_atoms)
                } else {
                    (held.bid_reserved_atoms, bid_atoms)
                };
                *risk_atoms = risk_atoms.wrapping_sub(before).wrapping_add(after);
            }
            held.bid_reserved_atoms = bid_atoms;
            held.ask_reserved_atoms = ask_atoms;
            if held.orders == 0 {
                held.account = Address::default();
                held.seat_free = self.book.head.seat_free;
                self.book.head.seat_free = u32::from(seat) + 1;
                self.book.head.seats_taken -= 1;
                leg.seats[outcome] = 0;
            }
        }
        self.account.restate_floor(self.leg, outcomes)?;
        self.account.assert_invariants()?;
        self.book.close();
        Ok(self.log)
    }
}

/// Takes out at most [`SWEEP_MAX`] of the orders that `leaves` names, and releases them.
///
/// # Errors
/// BookInvalid if the book is corrupt.
pub fn sweep(
    book: &mut BookParts,
    sides: &[Side],
    dropped: &mut Vec<OrderLots>,
    leaves: impl Fn(&Order) -> bool,
) -> Result<()> {
    for side in sides {
        let seats = &mut *book.seats;
        book.ladder
            .sweep(*side, |order| {
                if dropped.len() >= SWEEP_MAX || !leaves(order) {
                    return Ok(false);
                }
                dropped.push(OrderLots {
                    order_id: order.id,
                    lots: order.lots,
                });
                release(seats, order, order.lots).map(|()| true)
            })
            .map_err(book_fault)?;
    }
    Ok(())
}

/// The seats' side of a taking.
struct Ledger<'a> {
    seats: &'a mut [Seat],
    fills: &'a mut Vec<OrderLots>,
    dropped: &'a mut Vec<OrderLots>,
    rebate: Bps,
    lots: u64,
    paid_atoms: u64,
    basis: u64,
    rebates_atoms: u64,
}

impl Settle<Order> for Ledger<'_> {
    #[inline(always)]
    fn fill(&mut self, maker: &Order, lots: u64) -> core::result::Result<(), Fault> {
        let price_ticks = u64::from(maker.id().price_ticks());
        let paid_atoms = lots.wrapping_mul(price_ticks);
        let basis = fill_basis(price_ticks, lots);
        let rebate_atoms = rebate_down(basis, self.rebate)?.0;
        let seat = self.seats.get_mut(usize::from(maker.seat)).ok_or(Fault::Domain)?;
        seat.close_lots(maker, lots);
        if maker.id().side() == Side::Bid {
            seat.lots += lots as i64;
            seat.cash_atoms += rebate_atoms as i64 - paid_atoms as i64;
        } else {
            seat.lots -= lots as i64;
            seat.cash_atoms += rebate_atoms as i64 + paid_atoms as i64;
        }
        self.lots += lots;
        self.paid_atoms += paid_atoms;
        self.basis += basis;
        self.rebates_atoms += rebate_atoms;
        self.fills.push(OrderLots {
            order_id: maker.id,
            lots,
        });
        Ok(())
    }

    #[inline(always)]
    fn release(&mut self, order: &Order, lots: u64) -> core::result::Result<(), Fault> {
        self.dropped.push(OrderLots {
            order_id: order.id,
            lots,
        });
        release(self.seats, order, lots)
    }
}

/// Lots that leave the book without a trade are no risk of their owner's any more.
#[inline(always)]
fn release(seats: &mut [Seat], order: &Order, lots: u64) -> core::result::Result<(), Fault> {
    let seat = seats.get_mut(usize::from(order.seat)).ok_or(Fault::Domain)?;
    seat.close_lots(order, lots);
    Ok(())
}

/// A book that contradicts itself.
fn book_fault(_: Fault) -> ExchangeError {
    ExchangeError::BookInvalid
}
