//! What an order trades with a book, and with a pool beside it: fills land in the makers' seats.
use {
    crate::{
        error::ExchangeError,
        event::{BookChanged, BuilderPaid, OrderLots, PlacedOrder, PoolTraded},
        Book, BookParts, MarginAccount, Order, Pool, Seat, BUILDER_FEE_MAX_BPS,
    },
    alloc::vec::Vec,
    anchor_lang::prelude::*,
    secant_engine::{
        fee::{fill_basis, fills_fee_up, fills_volume_down, rebate_down, volume_fee_up, Charge},
        matching::{take, Ladder, Resting, Settle, Side, Taker},
        quantity::{Atoms, Bps},
        routing::{route, Routed},
        Fault,
    },
    secant_oracle::event::log_event,
};

/// How many resting orders one instruction meets, or takes out, at most: the bound of its work and of its log.
pub const SWEEP_MAX: usize = 256;

/// What an order traded with a book or a pool.
#[derive(Clone, Copy)]
pub struct Part {
    pub lots: u64,
    /// What was paid or received for them, the fee, and the volume.
    pub charge: Charge,
}

/// What an order traded.
#[derive(Clone, Copy)]
pub struct Deal {
    pub booked: Part,
    pub pooled: Part,
    /// Lots that neither traded nor were decremented.
    pub left: u64,
    /// Whether those may rest: nothing in the book crosses them any more.
    pub may_rest: bool,
}

/// A pool beside a book, and who trades with it.
pub struct Beside<'a> {
    pub pool: &'a mut Account<Pool>,
    pub trader: Address,
}

impl BookParts<'_> {
    /// Trades an incoming order; `fee_up` says what its trader pays of a full rate.
    ///
    /// # Errors
    /// BookInvalid if the book contradicts itself; PriceOutOfRange, InsolventPool by the pool.
    #[inline(always)]
    pub fn trade(
        &mut self,
        taker: &Taker,
        beside: Option<Beside>,
        log: &mut BookChanged,
        now: i64,
        fee_up: impl FnOnce(Bps) -> Result<Bps>,
    ) -> Result<Deal> {
        let mut ledger = Ledger {
            head: self.head,
            seats: self.seats,
            fills: &mut log.fills,
            dropped: &mut log.dropped,
            rebate: Bps(self.head.rebate_bps),
            lots: 0,
            paid_atoms: 0,
            basis: 0,
            rebates_atoms: 0,
        };
        let outcome = usize::from(self.head.outcome);
        let (curve_lots, left, may_rest) = match &beside {
            Some(beside) => {
                let routed = route_beside(&mut self.ladder, beside.pool, outcome, taker, now, &mut ledger)?;
                (routed.curve_lots, routed.left, false)
            }
            None => {
                let taken = take(&mut self.ladder, taker, now, &mut ledger).map_err(book_fault)?;
                (0, taken.left, taken.may_rest)
            }
        };
        let (basis, rebates_atoms) = (ledger.basis, ledger.rebates_atoms);
        let mut deal = Deal {
            booked: Part {
                lots: ledger.lots,
                charge: Charge {
                    gross: Atoms(ledger.paid_atoms),
                    fee: Atoms(0),
                    volume: fills_volume_down(basis),
                },
            },
            pooled: Part::NONE,
            left,
            may_rest,
        };
        if deal.booked.lots + curve_lots == 0 {
            return Ok(deal);
        }
        let fee = fee_up(Bps(self.head.fee_bps))?;
        deal.booked.charge.fee = fills_fee_up(basis, fee).map_err(ExchangeError::from)?;
        self.head.fees_atoms += deal.booked.charge.fee.0 - rebates_atoms; // no rebates exceed their fee
        if let Some(beside) = beside.filter(|_| curve_lots > 0) {
            deal.pooled = trade_pool(beside, taker.side, outcome, curve_lots, fee)?;
        }
        Ok(deal)
    }
}

impl Part {
    const NONE: Self = Self {
        lots: 0,
        charge: Charge {
            gross: Atoms(0),
            fee: Atoms(0),
            volume: Atoms(0),
        },
    };
}

impl Deal {
    /// With book and pool together.
    #[inline(always)]
    pub fn total(&self) -> Part {
        let (booked, pooled) = (&self.booked.charge, &self.pooled.charge);
        Part {
            lots: self.booked.lots + self.pooled.lots,
            charge: Charge {
                gross: Atoms(booked.gross.0 + pooled.gross.0),
                fee: Atoms(booked.fee.0 + pooled.fee.0),
                volume: Atoms(booked.volume.0 + pooled.volume.0),
            },
        }
    }

    /// The order's row in the book's log: what it traded there.
    #[inline(always)]
    pub fn log(&self, placed: &mut PlacedOrder) {
        placed.filled_lots = self.booked.lots;
        placed.paid_atoms = self.booked.charge.gross.0;
        placed.fee_atoms = self.booked.charge.fee.0;
    }
}

/// Trades with the book as far as the pool is dearer; apart, because few instructions need it.
#[inline(never)]
fn route_beside(
    ladder: &mut Ladder<Order>,
    pool: &Pool,
    outcome: usize,
    taker: &Taker,
    now: i64,
    ledger: &mut Ledger,
) -> Result<Routed> {
    let depth = pool.depth(outcome)?;
    route(ladder, &depth, taker, now, ledger).map_err(|fault| book_fault(fault).into())
}

/// Trades with a pool, and logs it.
#[inline(never)]
fn trade_pool(beside: Beside, side: Side, outcome: usize, lots: u64, fee: Bps) -> Result<Part> {
    let Beside { pool, trader } = beside;
    let signed = |amount: u64| {
        if side == Side::Bid {
            amount as i64
        } else {
            -(amount as i64)
        }
    };
    // The pool's own rate is the book's: both are the exchange's.
    let charge = pool.trade(outcome, signed(lots), fee)?;
    log_event(PoolTraded {
        pool: *pool.address(),
        account: trader,
        lots: signed(lots),
        cost_atoms: signed(charge.gross.0),
        fee_atoms: charge.fee.0,
        outcome: outcome as u64,
    });
    Ok(Part { lots, charge })
}

/// Pays a builder `fee_bps` of what a trader has taken, rounded up, and returns it. The builder's margin account is
/// the first of the accounts that follow an instruction's own.
///
/// # Errors
/// BuilderFeeInvalid above [`BUILDER_FEE_MAX_BPS`], and for an account that is missing, no margin account of the
/// exchange, or not writable.
#[inline(never)]
pub fn pay_builder(
    builders: &[AccountView],
    fee_bps: u16,
    volume: Atoms,
    trader: &Address,
    exchange: &Address,
) -> Result<u64> {
    if fee_bps == 0 {
        return Ok(0);
    }
    let view = builders.first().filter(|view| view.is_writable());
    let view = *view.ok_or(ExchangeError::BuilderFeeInvalid)?;
    // SAFETY: the framework refuses a trailing account that aliases a declared one, and only one is loaded.
    let builder = unsafe { Account::<MarginAccount>::load_mut(view) };
    let mut builder = builder.map_err(|_| ExchangeError::BuilderFeeInvalid)?;
    require!(
        fee_bps <= BUILDER_FEE_MAX_BPS && anchor_lang::address_eq(&builder.exchange, exchange),
        ExchangeError::BuilderFeeInvalid
    );
    let fee_atoms = volume_fee_up(volume, Bps(fee_bps))
        .map_err(ExchangeError::from)?
        .0;
    builder.add_cash(fee_atoms as i64)?;
    // What it earns is checked as a deposit is: nothing of it leaves before margin is stated.
    builder.checked_free_atoms = builder.checked_free_atoms.saturating_add(fee_atoms as i64);
    if fee_atoms > 0 {
        log_event(BuilderPaid {
            builder: *builder.address(),
            trader: *trader,
            amount_atoms: fee_atoms,
        });
    }
    Ok(fee_atoms)
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
        let (head, seats) = (&*book.head, &mut *book.seats);
        book.ladder
            .sweep(*side, |order| {
                if dropped.len() >= SWEEP_MAX || !leaves(order) {
                    return Ok(false);
                }
                dropped.push(OrderLots {
                    order_id: order.id,
                    lots: order.lots,
                });
                release(head, seats, order, order.lots).map(|()| true)
            })
            .map_err(book_fault)?;
    }
    Ok(())
}

/// The seats' side of a taking.
struct Ledger<'a> {
    head: &'a Book,
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
        seat.close_lots(maker, lots, self.head.locked_atoms(maker.id(), lots));
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
        release(self.head, self.seats, order, lots)
    }
}

/// Lots that leave the book without a trade are no risk of their owner's any more.
#[inline(always)]
pub fn release(head: &Book, seats: &mut [Seat], order: &Order, lots: u64) -> core::result::Result<(), Fault> {
    let seat = seats.get_mut(usize::from(order.seat)).ok_or(Fault::Domain)?;
    seat.close_lots(order, lots, head.locked_atoms(order.id(), lots));
    Ok(())
}

/// A book that contradicts itself.
pub fn book_fault(_: Fault) -> ExchangeError {
    ExchangeError::BookInvalid
}
