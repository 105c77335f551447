//! One margin account at one book: what it has there is drawn, orders are taken, placed and cancelled, and what
//! the open ones could lose is reserved.
use {
    crate::{
        error::ExchangeError,
        event::{BookChanged, OrderLots, PlacedOrder},
        locked_atoms,
        order_request::*,
        trade::{book_fault, pay_builder, release, sweep, Beside, Deal, Part, SWEEP_MAX},
        BookParts, MarginAccount, Order, Pool, Seat, POSITION_MAX_LOTS, PRICE_MAX_TICKS, SEAT_LOTS_MAX,
    },
    anchor_lang::prelude::*,
    secant_engine::{
        fee::Charge,
        margin::reducible_lots,
        matching::{slide, OrderId, Resting, Side, Taker},
        quantity::Atoms,
    },
};

/// A margin account at a book, between its instructions' checks and their log.
pub struct Desk<'a> {
    account: &'a mut MarginAccount,
    book: BookParts<'a>,
    log: BookChanged,
    address: Address,
    leg: usize,
    seat: Option<u16>,
    /// What it has taken, Σ lots × p × (1 − p).
    volume: Atoms,
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
            volume: Atoms(0),
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
        request.require_sound(now)?;
        let side = request.side()?;
        let lots = self.reducing(request, side)?;
        let mut placed = PlacedOrder {
            client_id: request.client_id,
            expires_at: request.expires_at,
            ..bytemuck::Zeroable::zeroed()
        };
        if request.kind >= ORDER_POST_ONLY {
            placed.order_id = self.post(request, side, lots, now)?;
            placed.rested_lots = lots;
        } else {
            let deal = self.trade(request, lots, None, now, &mut placed)?;
            let may_rest = if deal.may_rest { deal.left } else { 0 };
            // After a trade, a rest too small, or without seat or room, is dropped: nobody can spoil what was
            // traded.
            let rests = deal.booked.lots == 0 || self.has_place(request, side, may_rest);
            if request.kind == ORDER_LIMIT && may_rest > 0 && rests {
                placed.order_id = self.rest(request, side, u32::from(request.price_ticks), may_rest)?;
                placed.rested_lots = may_rest;
            }
        }
        placed.seat = self.seat.unwrap_or_default();
        self.log.placed.push(placed);
        Ok(())
    }

    /// Takes an order that never rests, from the book and the pool beside it.
    ///
    /// # Errors
    /// As [`Self::place`], and OrderInvalid for another kind of order.
    #[inline(never)]
    pub fn take(&mut self, request: &OrderRequest, pool: Option<&mut Account<Pool>>, now: i64) -> Result<()> {
        request.require_sound(now)?;
        request.require_taking()?;
        let lots = self.reducing(request, request.side()?)?;
        let mut placed = PlacedOrder {
            client_id: request.client_id,
            ..bytemuck::Zeroable::zeroed()
        };
        let trader = self.address;
        let beside = pool.map(|pool| Beside { pool, trader });
        self.trade(request, lots, beside, now, &mut placed)?;
        self.log.placed.push(placed);
        Ok(())
    }

    /// The order's lots, cut down to what it reduces if it is to.
    ///
    /// # Errors
    /// NothingToReduce.
    #[inline(always)]
    fn reducing(&self, request: &OrderRequest, side: Side) -> Result<u64> {
        if !request.reduce_only {
            return Ok(request.lots);
        }
        let outcome = usize::from(self.book.head.outcome);
        let outcomes = usize::from(self.book.head.outcomes);
        let held = reducible_lots(&self.account.event_legs[self.leg].lots[..outcomes], outcome, side);
        let seated = match side {
            Side::Bid => self.seated(|seat| seat.bid_lots),
            Side::Ask => self.seated(|seat| seat.ask_lots),
        };
        let lots = request.lots.min(held.saturating_sub(seated));
        require!(lots > 0, ExchangeError::NothingToReduce);
        Ok(lots)
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

    /// Takes from the other side, and notes what traded.
    #[inline(always)]
    fn trade(
        &mut self,
        request: &OrderRequest,
        lots: u64,
        beside: Option<Beside>,
        now: i64,
        placed: &mut PlacedOrder,
    ) -> Result<Deal> {
        let side = request.side()?;
        let taker = Taker {
            side,
            limit_ticks: u32::from(request.price_ticks),
            lots,
            seat: self.seat,
            self_trade: request.self_trade()?,
            meets_max: self.meets_left(request),
        };
        let account = &*self.account;
        let deal = self.book.trade(&taker, beside, &mut self.log, now, |full| {
            account.fee_up(full, now)
        })?;
        let Part { lots: traded, charge } = deal.total();
        if traded > 0 {
            let Charge { gross, fee, volume } = charge;
            let signed = |amount: u64| {
                if side == Side::Bid {
                    amount as i64
                } else {
                    -(amount as i64)
                }
            };
            self.account.add_cash(-signed(gross.0))?;
            self.account.add_cash(-(fee.0 as i64))?;
            self.account.add_volume(volume, now)?;
            let outcome = usize::from(self.book.head.outcome);
            self.account.add_lots(self.leg, outcome, signed(traded))?;
            self.volume.0 += volume.0;
            deal.log(placed);
        }
        let whole = request.kind != ORDER_FILL_OR_KILL || traded == lots;
        require!(whole, ExchangeError::OrderNotFilled);
        Ok(deal)
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
        let id = OrderId::new(side, price_ticks, self.book.head.age).map_err(|_| ExchangeError::Overflow)?;
        self.book.head.age += 1;
        if let Some(evicted) = self.makes_way(side, locked_atoms(id, lots))? {
            self.cancel(evicted, usize::MAX, None)?;
        }
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

    /// Who makes way for an order that locks `atoms`; nobody if there is room. Each side has half of the book's, and
    /// of a full side the order that locks least goes, for one that locks more: dust keeps nobody out, and whoever
    /// puts others out has more at stake than they.
    ///
    /// # Errors
    /// BookFull if all orders of the side lock as much.
    #[inline(always)]
    fn makes_way(&self, side: Side, atoms: u64) -> Result<Option<OrderId>> {
        let ladder = &self.book.ladder;
        if ladder.len(side) < ladder.capacity() / 2 {
            return Ok(None);
        }
        let orders = ladder.orders(side).iter();
        let locked = |order: &&Order| locked_atoms(order.id(), order.lots);
        // Of equals the one that trades last.
        let least = match side {
            Side::Bid => orders.min_by_key(locked),
            Side::Ask => orders.rev().min_by_key(locked),
        };
        let evicted = least.filter(|order| locked(order) < atoms);
        Ok(Some(evicted.ok_or(ExchangeError::BookFull)?.id()))
    }

    /// Whether so many lots of an order may rest: large enough, with a seat and with room.
    #[inline(never)]
    fn has_place(&self, request: &OrderRequest, side: Side, lots: u64) -> bool {
        let head = &self.book.head;
        let may_sit = self.seat.is_some() || head.seat_free != 0 || head.seats_used < head.seats;
        let id = OrderId::new(side, u32::from(request.price_ticks), head.age);
        lots >= head.lots_min
            && may_sit
            && id.is_ok_and(|id| self.makes_way(side, locked_atoms(id, lots)).is_ok())
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

    /// Pays a builder for what the account has taken.
    ///
    /// # Errors
    /// BuilderFeeInvalid, as of [`pay_builder`].
    #[inline(always)]
    pub fn pay_builder(&mut self, builders: &[AccountView], fee_bps: u16, exchange: &Address) -> Result<()> {
        if fee_bps != 0 {
            let fee_atoms = pay_builder(builders, fee_bps, self.volume, &self.address, exchange)?;
            self.account.add_cash(-(fee_atoms as i64))?;
        }
        Ok(())
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
