"""An order book in plain Python: what the program must do, in the simplest way that says it.

Two sorted lists, best order first; every sum is summed anew; whole numbers only.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Literal

from secant import exchange

BID, ASK = exchange.SIDE_BID, exchange.SIDE_ASK
SET_ATOMS = 10_000
ATOM_BASIS = 10_000 * 10_000  # of lots, ticks, ticks and bps multiplied
SIDE_ORDERS_MAX = 1_024  # once a book cannot grow any more
SWEEP_MAX = 256
SEAT_LOTS_MAX = 500_000_000_000
WINDOW_S = 30 * 86_400
# From which volume on a taker pays how many percent of the rate.
TIERS = ((1_000_000 * 10**6, 70), (100_000 * 10**6, 80), (10_000 * 10**6, 90), (0, 100))
POSITION_MAX_LOTS = 90_000_000_000_000


class Refused(Exception):  # noqa: N818 - an outcome, by the program's name for it
    """The program refuses the instruction, by this name."""


@dataclass(slots=True)
class Resting:
    """An order in the book."""

    side: int
    price: int
    age: int
    lots: int
    client_id: int
    expires_at: int
    owner: int
    seat: int

    @property
    def id(self) -> int:
        return self.price << 40 | self.age << 1 | self.side

    def is_expired(self, now: int) -> bool:
        return 0 < self.expires_at <= now


def reducible(held: list[int], outcome: int, side: int) -> int:
    """Lots that only reduce: the way to complete sets, or what is held, or short, beyond them."""
    others = held[:outcome] + held[outcome + 1 :]
    own, least, greatest = held[outcome], min(others), max(others)
    if len(held) == 2:
        return max(0, least - own if side == BID else own - least)
    if side == BID:
        return max(0, least - own, min(-own, greatest - own))
    return max(0, own - greatest, min(own, own - least))


def locked_atoms(side: int, price: int, lots: int) -> int:
    """What an order loses at worst."""
    return lots * (price if side == BID else SET_ATOMS - price)


def priority(order: Resting) -> tuple[int, int]:
    """Best price first, then oldest."""
    return (-order.price if order.side == BID else order.price, order.age)


@dataclass(slots=True)
class Account:
    """A margin account.

    Cash, drawn lots by event, what bids and asks reserve by (event, outcome), and what it has taken.
    """

    number: int
    cash: int = 0
    lots: dict[int, list[int]] = field(default_factory=dict)
    reserved: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    volume: int = 0
    volume_time: int = 0

    def clone(self) -> Account:
        lots = {event: list(held) for event, held in self.lots.items()}
        return replace(self, lots=lots, reserved=dict(self.reserved))

    def volume_at(self, now: int) -> int:
        """What is left of the volume."""
        return self.volume * max(0, WINDOW_S - (now - self.volume_time)) // WINDOW_S

    def percent_at(self, now: int) -> int:
        """How much of a rate it pays."""
        return next(percent for least, percent in TIERS if self.volume_at(now) >= least)

    def note_taken(self, basis: int, now: int) -> None:
        """Adds lots x ticks x (10,000 - ticks) to the volume."""
        self.volume, self.volume_time = self.volume_at(now) + basis // SET_ATOMS, now

    def worst(self, event: int) -> int:
        """The event's worst outcome, every order filled that is worse for it."""
        values = []
        for state, held in enumerate(self.lots[event]):
            risks = [
                asks if outcome == state else bids
                for (of, outcome), (bids, asks) in self.reserved.items()
                if of == event
            ]
            values.append(SET_ATOMS * held - sum(risks))
        return min(values)

    @property
    def free(self) -> int:
        return self.cash + sum(self.worst(event) for event in self.lots)


@dataclass(slots=True)
class Log:
    """What one instruction did to a book; `silent` if it came to nothing and is not logged."""

    fills: list[tuple[int, int]] = field(default_factory=list)
    dropped: list[tuple[int, int]] = field(default_factory=list)
    placed: list[tuple[int, ...]] = field(default_factory=list)
    silent: bool = False

    @property
    def room(self) -> int:
        """How many resting orders may still be met."""
        return max(0, SWEEP_MAX - len(self.fills) - len(self.dropped))


@dataclass(slots=True)
class Book:
    """A book of one outcome."""

    event: int
    outcome: int
    lots_min: int
    fee_bps: int
    rebate_bps: int
    room: int
    seats: int
    sides: tuple[list[Resting], list[Resting]] = field(default_factory=lambda: ([], []))
    seat_of: dict[int, int] = field(default_factory=dict)
    undrawn: dict[int, tuple[int, int]] = field(default_factory=dict)
    given_up: list[int] = field(default_factory=list)
    seats_used: int = 0
    fees: int = 0
    age: int = 0
    changes: int = 0

    def clone(self) -> Book:
        twin = copy(self)
        twin.sides = ([copy(order) for order in self.sides[BID]], [copy(order) for order in self.sides[ASK]])
        twin.seat_of, twin.undrawn = dict(self.seat_of), dict(self.undrawn)
        twin.given_up = list(self.given_up)
        return twin

    # What accounts have here

    def open_lots(self, account: Account, side: int) -> int:
        return sum(order.lots for order in self.sides[side] if order.owner == account.number)

    def open_atoms(self, account: Account) -> tuple[int, int]:
        """What the open bids pay, and what the open asks lose if the outcome wins."""
        own = [[o for o in side if o.owner == account.number] for side in self.sides]
        return (
            sum(order.lots * order.price for order in own[BID]),
            sum(order.lots * (SET_ATOMS - order.price) for order in own[ASK]),
        )

    def _draw(self, account: Account) -> None:
        cash, lots = self.undrawn.pop(account.number, (0, 0))
        account.cash += cash
        account.lots[self.event][self.outcome] += lots

    def _settle(self, account: Account, log: Log) -> Log:
        """Reserves, gives up an empty seat, and checks."""
        if account.number in self.seat_of:
            account.reserved[self.event, self.outcome] = self.open_atoms(account)
            if not any(order.owner == account.number for side in self.sides for order in side):
                self.given_up.append(self.seat_of.pop(account.number))
                del account.reserved[self.event, self.outcome]
        if account.free < 0:
            raise Refused("InsolventAccount")
        self.changes += 1
        return log

    # Instructions

    def replace(
        self,
        account: Account,
        cancelled: list[int],
        requests: list[exchange.OrderRequest],
        now: int,
    ) -> Log:
        """Cancels, then places; also what place_order and cancel_orders do."""
        if not requests and account.number not in self.seat_of:
            return Log(silent=True)
        log = Log()
        self._draw(account)
        for order_id in cancelled if account.number in self.seat_of else ():
            order = next((each for each in self.sides[order_id & 1] if each.id == order_id), None)
            if order is not None and order.owner != account.number:
                raise Refused("OrderNotOwned")
            if order is not None:
                self._drop(order, log)
        for request in requests:
            log.placed.append(self._place(account, request, now, log))
        return self._settle(account, log)

    def take(self, account: Account, request: exchange.OrderRequest, now: int) -> Log:
        """One order that never rests: where it would and how long, the log does not say."""
        log = Log()
        self._draw(account)
        client_id, _, filled, paid, fee, *_ = self._place(account, request, now, log)
        log.placed.append((client_id, 0, filled, paid, fee, 0, 0, 0))
        return self._settle(account, log)

    def cancel_all(self, account: Account, sides: list[int]) -> Log:
        if account.number not in self.seat_of:
            return Log(silent=True)
        self._draw(account)
        log = Log()
        self._sweep(sides, log, account.number, None)
        return self._settle(account, log)

    def draw_seat(self, account: Account, *, trades: bool) -> Log:
        if account.number not in self.seat_of:
            raise Refused("SeatAbsent")
        self._draw(account)
        log = Log()
        if not trades:
            self._sweep([BID, ASK], log, account.number, None)
        return self._settle(account, log)

    def crank_expired(self, now: int, *, trades: bool) -> Log:
        log = Log()
        self._sweep([BID, ASK], log, None, now if trades else None)
        if not log.dropped:
            raise Refused("NothingExpired")
        self.changes += 1
        return log

    # Parts of them

    def _sweep(self, sides: list[int], log: Log, owner: int | None, now: int | None) -> None:
        """Drops the worst first: an owner's, the expired at a time, or all."""
        for side in sides:
            for order in list(reversed(self.sides[side])):
                theirs = owner is None or order.owner == owner
                due = now is None or order.is_expired(now)
                if theirs and due and len(log.dropped) < SWEEP_MAX:
                    self._drop(order, log)

    def _drop(self, order: Resting, log: Log) -> None:
        side = self.sides[order.side]
        side.pop(bisect_left(side, priority(order), key=priority))
        log.dropped.append((order.id, order.lots))

    def _place(self, account: Account, request: exchange.OrderRequest, now: int, log: Log) -> tuple[int, ...]:
        sound = (
            request.side in {BID, ASK}
            and 1 <= request.price_ticks <= exchange.PRICE_MAX_TICKS
            and request.kind <= exchange.ORDER_POST_ONLY_SLIDE
            and request.self_trade <= exchange.SELF_TRADE_DECREMENT
            and request.lots <= SEAT_LOTS_MAX
            and request.meets_max <= SWEEP_MAX
            and (request.expires_at == 0 or request.expires_at > now)
        )
        if not sound:
            raise Refused("OrderInvalid")
        if request.lots == 0:
            raise Refused("AmountZero")
        lots = request.lots
        if request.reduce_only:
            held = reducible(account.lots[self.event], self.outcome, request.side)
            lots = min(lots, held - self.open_lots(account, request.side))
            if lots <= 0:
                raise Refused("NothingToReduce")
        order_id = filled = paid = fee = rested = 0
        if request.kind >= exchange.ORDER_POST_ONLY:
            rested = lots
            order_id = self._rest(account, request, self._post_price(request, now, log), lots, log)
        else:
            filled, paid, fee, may_rest = self._take(account, request, lots, now, log)
            seated = account.number in self.seat_of or self.given_up or self.seats_used < self.seats
            rests = not filled or (
                may_rest >= self.lots_min
                and seated
                and self._evicts(request.side, request.price_ticks, may_rest) is not False
            )
            if request.kind == exchange.ORDER_LIMIT and may_rest and rests:
                rested = may_rest
                order_id = self._rest(account, request, request.price_ticks, may_rest, log)
            if request.kind == exchange.ORDER_FILL_OR_KILL and filled < lots:
                raise Refused("OrderNotFilled")
        seat = self.seat_of.get(account.number, 0)
        return (request.client_id, order_id, filled, paid, fee, rested, request.expires_at, seat)

    def _take(
        self, account: Account, request: exchange.OrderRequest, lots: int, now: int, log: Log
    ) -> tuple[int, int, int, int]:
        """Lots filled, paid, the fee, and what may rest."""
        others = self.sides[1 - request.side]
        left, met, filled, paid, basis, rebates, stopped = lots, 0, 0, 0, 0, 0, False
        meets = min(request.meets_max, log.room)
        while left and met < meets and others and crosses(request, others[0]):
            met += 1
            best = others[0]
            if best.is_expired(now):
                self._drop(best, log)
                continue
            own = best.owner == account.number
            if own and request.self_trade == exchange.SELF_TRADE_CANCEL_TAKE:
                stopped = True
                break
            if own and request.self_trade == exchange.SELF_TRADE_CANCEL_PROVIDE:
                self._drop(best, log)
                continue
            gone = min(left, best.lots)
            left -= gone
            (log.dropped if own else log.fills).append((best.id, gone))
            if not own:
                filled += gone
                paid += gone * best.price
                basis += gone * best.price * (SET_ATOMS - best.price)
                rebates += self._fill_maker(best, gone)
            best.lots -= gone
            if best.lots == 0:
                others.pop(0)
        fee = 0
        if filled:
            rate = -(-self.fee_bps * account.percent_at(now) // 100)
            fee = -(-basis * rate // ATOM_BASIS)
            account.note_taken(basis, now)
        self.fees += fee - rebates
        sign = 1 if request.side == BID else -1
        account.cash -= sign * paid + fee
        position = account.lots[self.event][self.outcome]
        if abs(position + sign * filled) > max(POSITION_MAX_LOTS, abs(position)):
            raise Refused("PositionTooLarge")
        account.lots[self.event][self.outcome] += sign * filled
        crossed = bool(others) and crosses(request, others[0])
        return filled, paid, fee, 0 if stopped or crossed else left

    def _fill_maker(self, maker: Resting, lots: int) -> int:
        rebate = lots * maker.price * (SET_ATOMS - maker.price) * self.rebate_bps // ATOM_BASIS
        sign = 1 if maker.side == BID else -1
        cash, held = self.undrawn.get(maker.owner, (0, 0))
        self.undrawn[maker.owner] = (cash + rebate - sign * lots * maker.price, held + sign * lots)
        return rebate

    def _post_price(self, request: exchange.OrderRequest, now: int, log: Log) -> int:
        others = self.sides[1 - request.side]
        for _ in range(min(request.meets_max, log.room)):
            if not others or not others[0].is_expired(now):
                break
            self._drop(others[0], log)
        if not others or not crosses(request, others[0]):
            return request.price_ticks
        price = others[0].price + (1 if request.side == ASK else -1)
        if request.kind == exchange.ORDER_POST_ONLY or not 1 <= price <= exchange.PRICE_MAX_TICKS:
            raise Refused("OrderWouldTake")
        return price

    def _evicts(self, side: int, price: int, lots: int) -> Resting | Literal[False] | None:
        """Who makes way on a full side: of those that lock least the last. None if there is room."""
        orders = self.sides[side]
        if len(orders) < self.room // 2:
            return None
        least = min(reversed(orders), key=lambda order: locked_atoms(side, order.price, order.lots))
        is_less = locked_atoms(side, least.price, least.lots) < locked_atoms(side, price, lots)
        return least if is_less else False

    def _rest(self, account: Account, request: exchange.OrderRequest, price: int, lots: int, log: Log) -> int:
        if lots < self.lots_min:
            raise Refused("OrderTooSmall")
        evicted = self._evicts(request.side, price, lots)
        if evicted is False:
            raise Refused("BookFull")
        if evicted is not None:
            self._drop(evicted, log)
        seat = self._seat(account)
        order = Resting(
            request.side,
            price,
            self.age,
            lots,
            request.client_id,
            request.expires_at,
            account.number,
            seat,
        )
        self.age += 1
        insort(self.sides[request.side], order, key=priority)
        open_ = self.open_lots(account, request.side)
        position = account.lots[self.event][self.outcome] * (1 if request.side == BID else -1)
        if open_ > SEAT_LOTS_MAX or position + open_ > POSITION_MAX_LOTS:
            raise Refused("PositionTooLarge")
        return order.id

    def _seat(self, account: Account) -> int:
        """The account's seat: its own, the last one given up, or the next."""
        if account.number not in self.seat_of:
            if self.given_up:
                self.seat_of[account.number] = self.given_up.pop()
            elif self.seats_used < self.seats:
                self.seat_of[account.number] = self.seats_used
                self.seats_used += 1
            else:
                raise Refused("SeatsFull")
        return self.seat_of[account.number]


def crosses(request: exchange.OrderRequest, other: Resting) -> bool:
    """Whether the request's limit reaches the other side's order."""
    if request.side == BID:
        return request.price_ticks >= other.price
    return request.price_ticks <= other.price
