//! What every book does alike, an event's and a perpetual's: who sits where, what rests, and who makes way.
use {
    crate::{
        error::ExchangeError,
        event::OrderLots,
        order_request::OrderRequest,
        trade::{book_fault, release},
        BookParts, Cancellation, Order, ORDER_POST_ONLY_SLIDE,
    },
    alloc::vec::Vec,
    anchor_lang::prelude::*,
    secant_engine::matching::{slide, OrderId, Resting, Side},
};

impl BookParts<'_> {
    /// Rests an order of `account`, which takes a seat if it has none; the order's number, and its seat.
    ///
    /// # Errors
    /// OrderTooSmall, BookFull, SeatsFull.
    #[inline(always)]
    pub fn rest(
        &mut self,
        request: &OrderRequest,
        (side, price_ticks, lots): (Side, u32, u64),
        (account, seat): (&Address, Option<u16>),
        dropped: &mut Vec<OrderLots>,
    ) -> Result<(u64, u16)> {
        require!(lots >= self.head.lots_min, ExchangeError::OrderTooSmall);
        let id = OrderId::new(side, price_ticks, self.head.age).map_err(|_| ExchangeError::Overflow)?;
        self.head.age += 1;
        let atoms = self.head.locked_atoms(id, lots);
        if let Some(evicted) = self.makes_way(side, self.head.at_stake(id, lots))? {
            self.cancel(evicted, usize::MAX, None, dropped)?;
        }
        let taken = match seat {
            Some(seat) => seat,
            None => self.seat_taken(account)?,
        };
        let order = Order {
            id: id.0,
            lots,
            client_id: request.client_id,
            expires_at: request.expires_at,
            seat: taken,
            reserved: 0,
        };
        self.seats[usize::from(taken)].open_lots(&order, atoms);
        self.ladder.insert(order).map_err(|_| ExchangeError::BookFull)?;
        Ok((id.0, taken))
    }

    /// At which price an order that takes nothing rests; expired orders in its way leave the book.
    ///
    /// # Errors
    /// OrderWouldTake if it would take, and may not slide.
    #[inline(always)]
    pub fn post_ticks(
        &mut self,
        request: &OrderRequest,
        side: Side,
        meets_max: u32,
        now: i64,
        dropped: &mut Vec<OrderLots>,
    ) -> Result<u32> {
        for _ in 0..meets_max {
            let best = self.ladder.best(side.opposite());
            let Some(id) = best.filter(|best| best.is_expired(now)).map(Resting::id) else {
                break;
            };
            self.cancel(id, usize::MAX, None, dropped)?;
        }
        let slid = slide(&self.ladder, side, request.price_ticks, self.head.price_max_ticks);
        slid.filter(|ticks| request.kind == ORDER_POST_ONLY_SLIDE || *ticks == request.price_ticks)
            .ok_or_else(|| ExchangeError::OrderWouldTake.into())
    }

    /// Who makes way for an order that has so much at stake; nobody if there is room. Each side has half of the book's,
    /// and of a full side the order with least at stake goes, for one with more: dust keeps nobody out, and whoever
    /// puts others out has more at stake than they.
    ///
    /// # Errors
    /// BookFull if all orders of the side have as much.
    #[inline(always)]
    pub fn makes_way(&self, side: Side, stake: u64) -> Result<Option<OrderId>> {
        let ladder = &self.ladder;
        if ladder.len(side) < ladder.capacity() / 2 {
            return Ok(None);
        }
        let orders = ladder.orders(side).iter();
        let at_stake = |order: &&Order| self.head.at_stake(order.id(), order.lots);
        // Of equals the one that trades last.
        let least = match side {
            Side::Bid => orders.min_by_key(at_stake),
            Side::Ask => orders.rev().min_by_key(at_stake),
        };
        let evicted = least.filter(|order| at_stake(order) < stake);
        Ok(Some(evicted.ok_or(ExchangeError::BookFull)?.id()))
    }

    /// Whether so many lots of an order may rest: large enough, with a seat and with room.
    #[inline(never)]
    pub fn has_place(&self, price_ticks: u32, side: Side, lots: u64, is_seated: bool) -> bool {
        let head = &self.head;
        let may_sit = is_seated || head.seat_free != 0 || head.seats_used < head.seats;
        let id = OrderId::new(side, price_ticks, head.age);
        lots >= head.lots_min
            && may_sit
            && id.is_ok_and(|id| self.makes_way(side, head.at_stake(id, lots)).is_ok())
    }

    /// A free seat, given to `account`.
    #[inline(always)]
    fn seat_taken(&mut self, account: &Address) -> Result<u16> {
        let head = &mut *self.head;
        let given_up = head.seat_free.checked_sub(1);
        let seat = given_up.unwrap_or(head.seats_used);
        let place = self
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
        place.account = *account;
        Ok(seat as u16) // below SEATS_MAX
    }

    /// Gives a seat up if no order is left in it, and says whether it did. What its fills brought must be drawn.
    #[inline(always)]
    pub fn give_up(&mut self, seat: u16) -> bool {
        let held = &mut self.seats[usize::from(seat)];
        if held.orders != 0 {
            return false;
        }
        held.account = Address::default();
        held.seat_free = self.head.seat_free;
        self.head.seat_free = u32::from(seat) + 1;
        self.head.seats_taken -= 1;
        true
    }

    /// Takes an order out of the book, if it is there; `of` says whose it must be.
    ///
    /// # Errors
    /// OrderNotOwned if it is another's.
    #[inline(always)]
    pub fn cancel(
        &mut self,
        id: OrderId,
        hint: usize,
        of: Option<u16>,
        dropped: &mut Vec<OrderLots>,
    ) -> Result<bool> {
        let Some(place) = self.ladder.find(id, hint) else {
            return Ok(false);
        };
        let order = self.ladder.remove(place).map_err(book_fault)?;
        require!(
            of.is_none_or(|seat| seat == order.seat),
            ExchangeError::OrderNotOwned
        );
        dropped.push(OrderLots {
            order_id: order.id,
            lots: order.lots,
        });
        release(self.head, self.seats, &order, order.lots).map_err(book_fault)?;
        Ok(true)
    }

    /// Takes orders of a seat out of the book, those that are still there.
    ///
    /// # Errors
    /// OrderNotOwned if one is another's.
    #[inline(always)]
    pub fn cancel_each(
        &mut self,
        cancellations: &[Cancellation],
        seat: Option<u16>,
        dropped: &mut Vec<OrderLots>,
    ) -> Result<()> {
        if seat.is_none() {
            return Ok(()); // without a seat, no order is left
        }
        for cancellation in cancellations {
            let id = OrderId(cancellation.order_id);
            self.cancel(id, usize::from(cancellation.hint), seat, dropped)?;
        }
        Ok(())
    }
}
