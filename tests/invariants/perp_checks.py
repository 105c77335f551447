"""What holds over perpetuals after every instruction: pools, positions, prices, and who may do what."""

from __future__ import annotations

from base64 import b64decode
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from account_book import Margin
from invariant import demand
from order_books import NOBODY
from perp_accounts import (
    AVERAGE_BITS,
    ONE,
    PPM,
    Stake,
    average_ticks,
    ceil_div,
    closing_ticks,
    health_of,
    is_paying,
    may_liquidate,
    may_open,
    moved,
    near_band,
    price_max_ticks,
    sample_of,
    shock_band,
    stakes,
    uncovered,
)
from perp_conduct import check_insurance, check_known, check_reserves, dues_paid, jump_atoms
from perp_orders import SIDE_AT, changes_at, check_draw, check_met, check_reduction, cost_max
from perp_takeovers import check_takeover

from secant import exchange

if TYPE_CHECKING:
    from account_book import AccountBook, Change
    from order_books import OrderBook
    from perp_accounts import Place
    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

# Where an instruction's market and its margin account are among its accounts.
MARKET_AT = {
    "trade_perp": 3, "cancel_perp_orders": 2, "cancel_all_perp": 2, "draw_perp_seat": 1, "settle_pnl": 1,
    "liquidate": 4, "resolve_bankruptcy": 4, "update_funding": 0, "add_insurance": 2, "collect_perp_fees": 1,
    "execute_trigger": 2, "settle_perp": 0, "apply_perp_rules": 0, "propose_perp_rules": 2, "close_perp": 2,
    "remove_insurance": 2, "return_haircut": 0, "waive_haircut": 2,
}  # fmt: skip
ACCOUNT_AT = {
    "trade_perp": 2, "cancel_perp_orders": 1, "cancel_all_perp": 1, "draw_perp_seat": 0, "settle_pnl": 0,
    "liquidate": 3, "resolve_bankruptcy": 3, "add_insurance": 1, "execute_trigger": 1, "remove_insurance": 3,
    "waive_haircut": 1,
}  # fmt: skip
ACCRUING = {
    "trade_perp", "draw_perp_seat", "settle_pnl", "liquidate", "resolve_bankruptcy", "update_funding",
    "execute_trigger", "settle_perp",
}  # fmt: skip
TRADES = {"trade_perp", "execute_trigger"}
INSURING = {"add_insurance", "remove_insurance"}
TAKEOVERS = {"liquidate", "resolve_bankruptcy"}
# What no state of an oracle and no pause stops.
ALWAYS = {
    "cancel_perp_orders", "cancel_all_perp", "draw_perp_seat", "refresh_margin", "add_insurance",
    "place_trigger", "cancel_trigger",
}  # fmt: skip
REDUCE_AT = SIDE_AT + 3
HOUR_S, DAY_S = 3_600, 86_400


class Landed(NamedTuple):
    """An instruction that landed, its logs, who signed, when, and which markets were updated before it.

    Before it are, in the same transaction, the statements that it needs.
    """

    name: str
    instruction: Instruction
    logs: list[str]
    signers: set[Pubkey]
    now: int
    slot: int
    brought: frozenset[Pubkey] = frozenset()
    """Those that were brought up to date by an instruction of their own."""
    updated: frozenset[Pubkey] = frozenset()
    """Those, and those in which something was drawn."""

    def account(self, at: int) -> Pubkey:
        key: Pubkey = self.instruction.accounts[at].pubkey
        return key

    @property
    def market(self) -> Pubkey | None:
        at = MARKET_AT.get(self.name)
        return None if at is None else self.account(at)

    @property
    def reduces(self) -> bool:
        return reduces(self.name, self.instruction)

    def accrues(self, market: Pubkey) -> bool:
        """Whether a market was brought up to date by it."""
        return market in self.updated or (self.name in ACCRUING and self.market == market)

    def events(self) -> list[object]:
        lines = (line for line in self.logs if line.startswith("Program data: "))
        return [exchange.decode_event(b64decode(line.removeprefix("Program data: "))) for line in lines]


class Move(NamedTuple):
    """What an account's position in a market gained: signed lots, and cost with nothing owed."""

    lots: int = 0
    quote_atoms: int = 0


class PerpAudit:
    """Every perpetual as last seen, and the dust its roundings have left, in 2⁻³² atoms."""

    def __init__(self, ledger: AccountBook) -> None:
        self.ledger = ledger
        self.markets: dict[Pubkey, exchange.PerpMarket] = {}
        self.stakes: dict[Pubkey, dict[Place, Stake]] = {}
        self.books: dict[Pubkey, OrderBook] = {}
        self.dust: Counter[Pubkey] = Counter()
        self.outflows: dict[Pubkey, list[tuple[int, int, int]]] = defaultdict(list)
        """When profits were paid in the last hour, how much, and by which limit."""
        self.lives: Counter[tuple[Pubkey, Pubkey]] = Counter()
        """How many positions each account has ended in each market."""
        self.triggers: dict[Pubkey, int] = {}
        """How many it had ended when a trigger order was placed."""
        self.loss_dust: Counter[Pubkey] = Counter()
        """What of it roundings of losses have left, which returns with them."""
        self.recovered: Counter[Pubkey] = Counter()
        """Atoms that insurance has given back to who bore debts, and that are not settled yet."""

    def check(self, landed: Landed | None, changes: list[Change]) -> None:
        """Checks what one instruction did; without one, takes in what is there."""
        if not self.ledger.perps.found:
            return
        by_key = {change.key: change for change in changes}
        if landed is not None:
            self._check_collateral(landed, changes)
            check_reserves(landed, self.ledger, changes)
            self._check_triggers(landed)
            if landed.name == "refresh_margin":
                check_known(landed, self.ledger, landed.account(0))
        for key, market in self.ledger.perps.found.items():
            old, before = self.markets.get(key), self.stakes.get(key, {})
            after = stakes(self.ledger, key)
            book = self.ledger.perp_books.found[self._book_key(key)]
            if market is old and after == before and book is self.books.get(key):
                continue
            if landed is not None:
                self._check_market(landed, key, old, market)
                self._check_moves(landed, key, after, by_key)
            if landed is not None and landed.name == "return_haircut" and old is not None:
                self.recovered[key] += old.insurance_atoms - market.insurance_atoms
            resolved = landed is not None and landed.name == "resolve_bankruptcy"
            bankrupt = ("leg", landed.account(3)) if landed is not None and resolved else None
            self._check_pool(key, old, market, before, after, bankrupt)
            self._check_seats(key)
            self._count_lives(key, before, after)
            self.markets[key], self.stakes[key] = market, after
            self.books[key] = book

    def _book_key(self, market: Pubkey) -> Pubkey:
        return exchange.find_book(event=market, outcome=0)

    def _count_lives(self, key: Pubkey, before: dict[Place, Stake], after: dict[Place, Stake]) -> None:
        """A position ends when its lots do, when they turn, and with its leg."""
        for (where, account), stake in before.items():
            lots = after[where, account].lots if (where, account) in after else None
            if where == "leg" and (lots is None or (stake.lots and stake.lots * lots <= 0)):
                self.lives[account, key] += 1

    def _check_triggers(self, landed: Landed) -> None:
        """A trigger order is of the position that it was placed for."""
        if landed.name == "place_trigger":
            self.triggers[landed.account(3)] = self.lives[landed.account(1), landed.account(2)]
        elif landed.name == "execute_trigger":
            lives = self.lives[landed.account(1), landed.account(2)]
            placed = self.triggers[landed.account(5)]
            demand(
                placed == lives, "a trigger order ends with its position", landed.account(5), placed, lives
            )

    # Collateral

    def _check_collateral(self, landed: Landed, changes: list[Change]) -> None:
        """Perpetuals leave events' reserves alone, and nothing else spends what they need."""
        name = landed.name
        for change in changes:
            old, new = change.old, change.new
            if not isinstance(old, Margin) or not isinstance(new, Margin):
                continue
            if name in ACCOUNT_AT or name == "refresh_margin":
                same = old.raw.event_legs == new.raw.event_legs and old.raw.floor_atoms == new.raw.floor_atoms
                demand(same, "perpetuals touch no event's reserve", name, change.key)
            elif (
                new.owner not in landed.signers
            ):  # seats drawn before it change legs, and nothing that is free
                same = new.free_atoms >= old.free_atoms
                demand(same, "nobody else makes an account poorer", name, change.key)
            if name in ACCOUNT_AT and name not in TAKEOVERS | {"settle_pnl", *INSURING}:
                demand(old.cash_atoms == new.cash_atoms, "trades move no cash", name, change.key)
            lowered = new.free_atoms < old.free_atoms and new.perps
            if lowered and name not in TAKEOVERS | {"settle_pnl"}:
                health = health_of(new, self.ledger.perps.found, landed.now)
                demand(health.initial_surplus >= 0, "what perpetuals need stays", name, change.key, health)

    # One market

    def _check_market(
        self, landed: Landed, key: Pubkey, old: exchange.PerpMarket | None, new: exchange.PerpMarket
    ) -> None:
        rules = new.rules
        _check_mark(key, new)
        cap = rules.funding_ticks + ceil_div(new.index_ticks * rules.funding_bps, 10_000)
        demand(new.open_lots <= 2**38, "open lots are bounded", key, new.open_lots)
        if old is None:
            return
        self._check_terms(landed, key, old, new)
        demand(new.updated_at >= old.updated_at, "a market's time only passes", key)
        if landed.accrues(key):
            self._check_accrual(landed, key, old, new)
        else:
            prices = [
                (each.updated_at, each.funding_index, each.funding_rate, each.index_ticks, each.mark_ticks)
                for each in (old, new)
            ]
            demand(prices[0] == prices[1], "prices move only when brought up to date", landed.name, prices)
        if new.funding_rate != old.funding_rate:
            rate = abs(new.funding_rate)
            demand(rate <= cap << AVERAGE_BITS, "a rate is within its cap", key, rate, cap)
            demand(new.updated_at // HOUR_S > old.updated_at // HOUR_S, "a rate holds for its hour", key)
        losses = [(each.loss_long_index, each.loss_short_index, each.haircut_atoms) for each in (old, new)]
        check_insurance(landed, old, new)
        if landed.name != "resolve_bankruptcy":
            demand(losses[0] == losses[1], "bankruptcies alone cost the other side", landed.name, losses)
        added, removed = new.pause_bits & ~old.pause_bits, old.pause_bits & ~new.pause_bits
        desk = self.ledger.exchanges.found[new.exchange]
        demand(not added or bool(landed.signers & {desk.pauser, desk.admin}), "the pauser pauses", key)
        demand(not removed or desk.admin in landed.signers, "the admin alone unpauses", key)

    def _check_terms(
        self, landed: Landed, key: Pubkey, old: exchange.PerpMarket, new: exchange.PerpMarket
    ) -> None:
        """What a market is stays; its rules and its end change by notice, or as was said before."""
        kept = [(each.exchange, each.feed, each.market_id) for each in (old, new)]
        demand(kept[0] == kept[1], "a perpetual stays what it is", key, kept)
        is_admin = self.ledger.exchanges.found[new.exchange].admin in landed.signers
        if new.rules != old.rules:
            due = 0 < old.rules_time <= landed.now and landed.name == "apply_perp_rules"
            demand(
                due and new.rules == old.next_rules, "rules change as proposed, by notice", key, landed.now
            )
        if new.next_rules != old.next_rules:
            noticed = new.rules_time >= landed.now + exchange.NOTICE_S
            demand(is_admin and noticed, "rules are proposed by notice", key, new.rules_time)
        if new.close_time != old.close_time:
            noticed = new.close_time >= landed.now + exchange.NOTICE_S
            demand(is_admin and noticed and not old.close_time, "a market closes by notice", key, new)
        if new.settlement_ticks != old.settlement_ticks:
            over = 0 < new.close_time <= landed.now
            timed = over and new.settled_time == landed.now
            demand(timed and not old.settlement_ticks, "a market settles once, after its end", key, new)

    def _check_accrual(
        self, landed: Landed, key: Pubkey, old: exchange.PerpMarket, new: exchange.PerpMarket
    ) -> None:
        """Prices are what publishers agree on; funding is its rate times the time. Both end with trading."""
        end = new.close_time or 2**62
        now = min(landed.now, end)
        if old.settlement_ticks:
            moving = ("updated_at", "funding_index", "closing_sum", "closing_seconds", "settlement_ticks")
            stays = all(getattr(old, name) == getattr(new, name) for name in moving)
            demand(stays, "a settled market has no funding", key, old, new)
            return
        demand(new.updated_at == now, "a market is brought up to now", key, new.updated_at, now)
        feed = self.ledger.perp_feeds.found.get(new.feed)
        sample = None if feed is None else sample_of(feed)  # a closed feed says nothing
        index, agreed_at, uncertain = old.index_ticks, old.agreed_at, old.is_uncertain
        if sample is not None and old.agreed_at <= sample.time <= end:
            uncertain = int(sample.value is None or sample.value < 0)
            if sample.value is not None and sample.value >= 0:
                ticks = max(
                    1, sample.value // new.rules.units_per_tick
                )  # worth next to nothing it has a price
                index, agreed_at = min(ticks, price_max_ticks(new.rules)), sample.time
        _check_closing(key, old, new)
        if landed.now >= end:  # the first look settles
            average = closing_ticks(replace(new, index_ticks=index))
            demand(new.settlement_ticks == average, "a market settles at its average", key, average, new)
            index = average
        seen = (new.index_ticks, new.agreed_at, new.is_uncertain)
        demand(seen == (index, agreed_at, uncertain), "an index is what its publishers agree on", key, seen)
        elapsed_s = now - old.updated_at
        paid = abs(moved(old.funding_index, new.funding_index))
        most = max(abs(old.funding_rate), abs(new.funding_rate)) * 2**16 * elapsed_s // DAY_S + 2
        demand(paid <= (most if elapsed_s else 0), "funding moves with time alone", key, paid, most)
        if elapsed_s == 0 and not new.settlement_ticks:
            averages = [(each.index_average, each.funding_rate, each.premium_seconds) for each in (old, new)]
            demand(averages[0] == averages[1], "averages move with time alone", key, averages)

    def _check_pool(
        self,
        key: Pubkey,
        old: exchange.PerpMarket | None,
        new: exchange.PerpMarket,
        before: dict[Place, Stake],
        after: dict[Place, Stake],
        bankrupt: Place | None,
    ) -> None:
        """Lots cancel out, and claims and dues are the pool but for the dust that each rounding has left.

        Once a market pays its winners positions end one by one, each at the settlement price.
        """
        lots = [stake.lots for stake in after.values()]
        if not new.settlement_ticks:
            demand(sum(lots) == 0, "what some are long others are short", key, after)
        longs = sum(each for each in lots if each > 0)
        demand(longs == new.open_lots, "open lots are counted", key, longs, new.open_lots)
        for place, stake in before.items():
            if after.get(place) != stake:  # it was settled, which left what its rounding took
                self.dust[key] += stake.excess(new)
                self.loss_dust[key] += stake.loss_excess(new)
                at = uncovered(old, new) if place == bankrupt and old is not None else new
                self.recovered[key] -= stake.returned_atoms(at)
        if old is not None:
            rises = moved(old.loss_long_index, new.loss_long_index) + moved(
                old.loss_short_index, new.loss_short_index
            )
            borne = rises * old.open_lots - (new.haircut_atoms - old.haircut_atoms) * ONE
            demand(0 <= borne <= 2 * old.open_lots, "the other side bears a haircut, rounded up", key, borne)
            self.dust[key] += borne
            self.loss_dust[key] += borne
        owed = new.fees_due_atoms + new.insurance_due_atoms
        owed += sum(stake.claim_atoms(new, new.settlement_ticks) for stake in after.values())
        dust = self.dust[key] + sum(stake.excess(new) for stake in after.values())
        kept = self.recovered[key] - sum(stake.returned_atoms(new) for stake in after.values())
        taken = self.loss_dust[key] + sum(stake.loss_excess(new) for stake in after.values())
        demand(kept * ONE + taken >= 0, "no more is returned than was given back", key, kept, taken, new)
        dust += kept * ONE
        left = (new.pool_atoms - owed) * ONE
        demand(left == dust, "claims and dues are the pool but for dust", key, new.pool_atoms, owed, dust)

    def _check_seats(self, key: Pubkey) -> None:
        """A leg knows its seat, and no less than the orders and fills that are in it."""
        book = self.ledger.perp_book_of(key)
        demand(book is not None, "a perpetual has its book", key)
        assert book is not None
        seats = {seat.account: (number + 1, seat) for number, seat in book.seats.items()}
        for account, margin in self.ledger.margins.found.items():
            leg = margin.perps.get(key)
            number, seat = seats.pop(account, (0, None))
            demand((0 if leg is None else leg.seat) == number, "a leg's seat is the seat taken", account, leg)
            if leg is None or seat is None:
                continue
            known = leg.bid_lots >= seat.bid_lots and leg.ask_lots >= seat.ask_lots
            bought, sold = leg.bid_lots - seat.bid_lots, leg.ask_lots - seat.ask_lots
            demand(known, "a leg knows its open orders", account, leg, seat)
            demand(-sold <= seat.lots <= bought, "fills are of orders that the leg knows", account, leg, seat)
        demand(not seats, "who sits at a perpetual's book has a leg for it", key, seats)

    # Who gained what

    def _check_moves(
        self, landed: Landed, key: Pubkey, after: dict[Place, Stake], by_key: dict[Pubkey, Change]
    ) -> None:
        """Nobody's position moves but by a fill, a settlement or a takeover, and then by exactly that."""
        market, old = self.ledger.perps.found[key], self.markets.get(key)
        moves = self._moves(landed, key, market, after)
        if landed.market != key or old is None:
            demand(not moves, "positions stay where nothing is traded", landed.name, moves)
        elif landed.name in TRADES:
            demand(moves == self._fills(landed, key), "positions move as orders fill", landed.name, moves)
            for changed in changes_at(landed, self._book_key(key)):  # a trailing stop may only have moved
                self._check_trade(landed, key, by_key, changed)
        elif landed.name == "settle_pnl":
            self._check_settlement(landed, old, moves, by_key)
        elif landed.name == "draw_perp_seat":
            demand(not moves, "positions stay where nothing is traded", landed.name, moves)
            check_draw(landed, self.ledger, self.books[key], by_key)
        elif landed.name in TAKEOVERS:
            check_takeover(landed, self.ledger, (self._before(landed, key), market), moves, by_key)
        else:
            demand(not moves, "positions stay where nothing is traded", landed.name, moves)

    def _moves(
        self, landed: Landed, key: Pubkey, market: exchange.PerpMarket, after: dict[Place, Stake]
    ) -> dict[Pubkey, Move]:
        gained: dict[Pubkey, list[int]] = defaultdict(lambda: [0, 0])
        old = self.markets.get(key, market)
        bankrupt = landed.account(3) if landed.name == "resolve_bankruptcy" else None
        for found, sign in ((self.stakes.get(key, {}), -1), (after, 1)):
            for (_, account), stake in found.items():
                at = uncovered(old, market) if account == bankrupt and sign < 0 else market
                gained[account][0] += sign * stake.lots
                gained[account][1] += sign * stake.settled_atoms(at)
        return {account: Move(*each) for account, each in gained.items() if any(each)}

    def _fills(self, landed: Landed, key: Pubkey) -> dict[Pubkey, Move]:
        """What the log's fills give to makers and the taker, fees and rebates included."""
        rules, book = self.ledger.perps.found[key].rules, self.books[key]
        seats = {order.id: book.seats[order.seat].account for order in book.orders}
        gained: dict[Pubkey, list[int]] = defaultdict(lambda: [0, 0])
        taker, volume, rebates = landed.account(ACCOUNT_AT[landed.name]), 0, 0
        changes = changes_at(landed, self._book_key(key))
        for row in (fill for event in changes for fill in event.fills):
            value = row.lots * (row.order_id >> 40)
            rebate = value * rules.maker_rebate_ppm // PPM
            sign = -1 if row.order_id & 1 == exchange.SIDE_ASK else 1  # of the maker
            maker = seats[row.order_id]
            demand(maker != taker, "nobody trades with his own account", landed.name, maker)
            for account, lots, quote in (
                (maker, sign * row.lots, rebate - sign * value),
                (taker, -sign * row.lots, sign * value),
            ):
                gained[account][0] += lots
                gained[account][1] += quote
            volume, rebates = volume + value, rebates + rebate
        fee = ceil_div(volume * rules.taker_fee_ppm, PPM)
        gained[taker][1] -= fee
        due = self.ledger.perps.found[key].fees_due_atoms - self._before(landed, key).fees_due_atoms
        demand(due == fee - rebates, "a taker's fee is its share, less rebates", due, fee, rebates)
        return {account: Move(*each) for account, each in gained.items() if any(each)}

    def _before(self, landed: Landed, key: Pubkey) -> exchange.PerpMarket:
        """A market as it was, its dues paid if it was brought up to date before the instruction."""
        market = self.markets[key]
        return dues_paid(market) if key in landed.brought else market

    def _check_trade(
        self, landed: Landed, key: Pubkey, by_key: dict[Pubkey, Change], changed: exchange.BookChanged
    ) -> None:
        """What raises a position needs a good price, room and margin; what reduces one does no harm."""
        account, markets = landed.account(ACCOUNT_AT[landed.name]), self.ledger.perps.found
        market, margin = markets[key], self.ledger.margins.found[account]
        traders = {margin.owner, margin.raw.delegate} - {NOBODY}
        signed = landed.name == "execute_trigger" or bool(landed.signers & traders)
        demand(signed, "a trader signs", account)
        ended = market.close_time and landed.now >= market.close_time
        demand(not ended, "nothing trades beyond the end", account, market)
        books = (self.books[key], self.ledger.perp_books.found[self._book_key(key)])
        check_met(landed, market, books, changed, account)
        health = health_of(margin, markets, landed.now)
        leg = margin.perps.get(key)
        lots = 0 if leg is None else leg.position_lots
        if landed.reduces:
            held = sum(
                self.stakes[key].get((where, account), Stake(0, 0, 0, 0)).lots for where in ("leg", "seat")
            )
            fewer = abs(lots) <= abs(held) and lots * held >= 0
            demand(fewer, "a reducing order leaves no more", account, held, lots)
            if (change := by_key.get(account)) is not None:
                cost_atoms = cost_max(market, changed)
                check_reduction(landed, self.ledger, change, self.books[key], cost_atoms)
            return
        desk = self.ledger.exchanges.found[market.exchange]
        paused = desk.pause_bits & exchange.PAUSE_TRADE or market.pause_bits & exchange.PERP_PAUSE_OPEN
        demand(not paused, "a pause stops opening", account, desk.pause_bits, market.pause_bits)
        demand(may_open(market, landed.now), "opening needs a good price", account, market)
        demand(health.initial_surplus >= 0, "opening needs initial margin", account, health)
        bids, asks = (0, 0) if leg is None else (leg.bid_lots, leg.ask_lots)
        most = max(abs(lots + bids), abs(lots - asks))
        demand(most <= market.rules.position_max_lots, "a position is within its limit", account, most)
        demand(market.open_lots <= market.rules.open_max_lots, "open lots are within their limit", key)
        closing = market.close_time and landed.now >= market.close_time - exchange.CLOSING_WINDOW_S
        demand(not closing, "nothing opens in the last hour", key, market.close_time)
        check_known(landed, self.ledger, account)
        jump = jump_atoms(market)
        demand(jump <= market.insurance_atoms, "a jump is insured before it can happen", key, jump)

    def _check_settlement(
        self,
        landed: Landed,
        old: exchange.PerpMarket,
        moves: dict[Pubkey, Move],
        by_key: dict[Pubkey, Change],
    ) -> None:
        """A loss is paid as far as free collateral reaches, a profit as far as the pool does."""
        key, account = landed.account(1), landed.account(0)
        market, change = self.ledger.perps.found[key], by_key[account]
        assert isinstance(change.old, Margin)
        assert isinstance(change.new, Margin)
        gained = change.new.cash_atoms - change.old.cash_atoms
        stake = Stake.of(change.old.perps[key])
        paying = is_paying(market, landed.now)
        lots = stake.lots if paying else 0
        expected = Move(-lots, lots * market.settlement_ticks - gained)
        said = {account: expected} if any(expected) else {}
        demand(moves == said, "what is settled moves from cost to cash", moves, expected)
        sources = (market.mark_ticks, market.index_ticks, average_ticks(market))
        loss = -min(0, stake.claim_atoms(market, market.mark_ticks))
        if loss:
            due = -min(loss, max(0, change.old.free_atoms))
            fair = stake.lots == 0 or may_liquidate(market, landed.now)
            demand(fair, "losses need a fair price", account, market)
        else:
            strict = max(sources) if stake.lots < 0 else min(sources)
            left = 2**63 if market.settlement_ticks else _outflow_left(old, landed.now)
            demand(not market.settlement_ticks or paying, "losers pay before winners", account, market)
            due = min(max(0, stake.claim_atoms(market, strict)), old.pool_atoms, left)
            paused = market.pause_bits & exchange.PERP_PAUSE_PROFITS and not market.settlement_ticks
            demand(not paused, "a pause stops profits", account)
            good = stake.lots == 0 or may_open(market, landed.now)
            demand(good, "profits need a good price", account, market)
        demand(gained == due, "what is settled is the claim, as far as it is covered", account, gained, due)
        if gained > 0 and not market.settlement_ticks:
            self._check_outflow(key, market, gained, landed.now)

    def _check_outflow(self, key: Pubkey, market: exchange.PerpMarket, gained: int, now: int) -> None:
        """No hour, whenever it begins, pays out more than its limit, the highest that was in force in it."""
        paid = [each for each in self.outflows[key] if now - each[0] <= HOUR_S]
        paid.append((now, gained, market.rules.profits_max_atoms))
        self.outflows[key] = paid
        total, limit = sum(each[1] for each in paid), max(each[2] for each in paid)
        demand(total <= limit, "no hour pays out more than its limit", key, total, limit)


def _outflow_left(old: exchange.PerpMarket, now: int) -> int:
    """What of its profits a market may let leave: a bucket of half its limit, filled in an hour."""
    limit = old.rules.profits_max_atoms
    refill = limit // 2
    held = min(old.profits_held_atoms, limit - refill)
    gone = refill * max(0, now - old.profits_let_go_at) // HOUR_S
    return limit - refill - max(0, held - gone)


def _check_mark(key: Pubkey, market: exchange.PerpMarket) -> None:
    """A mark is within both bands; in the last hour it is what the market will settle at, and then that."""
    demand(market.mark_ticks <= price_max_ticks(market.rules), "a mark is a price", key, market)
    prices = {market.index_ticks, market.mark_ticks, average_ticks(market)}
    if market.settlement_ticks:
        demand(prices == {market.settlement_ticks}, "a settled market has one price", key, prices)
        return
    if market.close_time and market.updated_at >= market.close_time - exchange.CLOSING_WINDOW_S:
        expected = closing_ticks(market)
        demand(market.mark_ticks == expected, "a closing market's mark is its average", key, expected)
        return
    low, high = shock_band(market)
    demand(low <= market.mark_ticks <= high, "a mark is near its index's average", key, market)
    near = near_band(market, market.index_ticks)
    edges = (low, high, price_max_ticks(market.rules))
    is_near = near[0] <= market.mark_ticks <= near[1] or market.mark_ticks in edges
    demand(is_near, "a mark is near its index", key, market)


def _check_closing(key: Pubkey, old: exchange.PerpMarket, new: exchange.PerpMarket) -> None:
    """Of the last hour counts what was seen, for as long as it was fresh."""
    seconds = 0
    if new.close_time and may_liquidate(old, old.updated_at):
        start = max(old.updated_at, new.close_time - exchange.CLOSING_WINDOW_S)
        seconds = max(0, min(new.updated_at - start, old.rules.stale_s))
    expected = (old.closing_sum + old.index_ticks * seconds, old.closing_seconds + seconds)
    seen = (new.closing_sum, new.closing_seconds)
    demand(seen == expected, "the last hour is averaged as it was seen", key, seen, expected)


def reduces(name: str, instruction: Instruction) -> bool:
    """Whether an instruction's order only reduces."""
    data = bytes(instruction.data)
    return name == "execute_trigger" or (
        name == "trade_perp" and len(data) > REDUCE_AT and data[REDUCE_AT] == 1
    )


def check_refusal(name: str, instruction: Instruction, refusal: str) -> None:
    """No state of an oracle and no pause stops what reduces."""
    if name in ALWAYS or (name == "trade_perp" and reduces(name, instruction)):
        stopped = refusal in {"PriceUnfit", "Paused"}
        demand(not stopped, "neither price nor pause stops what reduces", name, refusal)
