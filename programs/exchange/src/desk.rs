//! One margin account at one book: what it has there is drawn, orders are taken, placed and cancelled, and what
//! the open ones could lose is reserved.
use {
    crate::{
        error::ExchangeError,
        event::{BookChanged, PlacedOrder},
        order_request::*,
        trade::{pay_builder, sweep, Beside, Deal, Part, SWEEP_MAX},
        BookParts, MarginAccount, Pool, Seat, POSITION_MAX_LOTS, SEAT_LOTS_MAX,
    },
    anchor_lang::prelude::*,
    secant_engine::{
        fee::Charge,
        margin::reducible_lots,
        matching::{Side, Taker},
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
        request.require_sound(self.book.head.price_max_ticks, now)?;
        let side = request.side()?;
        let lots = self.reducing(request, side)?;
        let mut placed = PlacedOrder {
            client_id: request.client_id,
            expires_at: request.expires_at,
            ..bytemuck::Zeroable::zeroed()
        };
        if request.kind >= ORDER_POST_ONLY {
            let meets_max = self.meets_left(request);
            let price_ticks = self
                .book
                .post_ticks(request, side, meets_max, now, &mut self.log.dropped)?;
            placed.order_id = self.rest(request, side, price_ticks, lots)?;
            placed.rested_lots = lots;
        } else {
            let deal = self.trade(request, lots, None, now, &mut placed)?;
            let may_rest = if deal.may_rest { deal.left } else { 0 };
            // After a trade, a rest too small, or without seat or room, is dropped: nobody can spoil what was
            // traded.
            let is_seated = self.seat.is_some();
            let rests = deal.booked.lots == 0
                || self
                    .book
                    .has_place(request.price_ticks, side, may_rest, is_seated);
            if request.kind == ORDER_LIMIT && may_rest > 0 && rests {
                placed.order_id = self.rest(request, side, request.price_ticks, may_rest)?;
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
        request.require_sound(self.book.head.price_max_ticks, now)?;
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
            limit_ticks: request.price_ticks,
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

    #[inline(always)]
    fn rest(&mut self, request: &OrderRequest, side: Side, price_ticks: u32, lots: u64) -> Result<u64> {
        let (id, seat) = self.book.rest(
            request,
            (side, price_ticks, lots),
            (&self.address, self.seat),
            &mut self.log.dropped,
        )?;
        if self.seat.is_none() {
            self.seat = Some(seat);
            let outcome = usize::from(self.book.head.outcome);
            self.account.event_legs[self.leg].seats[outcome] = seat + 1;
        }
        let position = self.position();
        let held = &self.book.seats[usize::from(seat)];
        let (open, filled_lots) = match side {
            Side::Bid => (held.bid_lots, position + held.bid_lots as i64),
            Side::Ask => (held.ask_lots, held.ask_lots as i64 - position),
        };
        require!(
            open <= SEAT_LOTS_MAX && filled_lots <= POSITION_MAX_LOTS as i64,
            ExchangeError::PositionTooLarge
        );
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
    pub fn close(mut self) -> Result<BookChanged> {
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
            if self.book.give_up(seat) {
                leg.seats[outcome] = 0;
            }
        }
        self.account.restate_floor(self.leg, outcomes)?;
        self.account.assert_invariants()?;
        self.book.close();
        Ok(self.log)
    }
}
