"""What holds over perpetuals after every instruction: pools, positions, prices, and who may do what."""

from __future__ import annotations

from base64 import b64decode
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from account_book import Margin
from invariant import demand
from order_books import NOBODY
from perp_accounts import (
    AVERAGE_BITS,
    ONE,
    PPM,
    PRICE_MAX_TICKS,
    Stake,
    average_ticks,
    ceil_div,
    health_of,
    may_open,
    moved,
    near_band,
    price_max_ticks,
    sample_of,
    shock_band,
    stakes,
)
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
SIDE_AT = 8 + 26  # after the discriminator, in an order
REDUCE_AT = SIDE_AT + 3
HOUR_S, DAY_S = 3_600, 86_400


class Landed(NamedTuple):
    """An instruction that landed, its logs, who signed, when, and which markets were updated before it."""

    name: str
    instruction: Instruction
    logs: list[str]
    signers: set[Pubkey]
    now: int
    updated: frozenset[Pubkey] = frozenset()

    def account(self, at: int) -> Pubkey:
        key: Pubkey = self.instruction.accounts[at].pubkey
        return key

    @property
    def market(self) -> Pubkey | None:
        at = MARKET_AT.get(self.name)
        return None if at is None else self.account(at)

    @property
    def reduces(self) -> bool:
        return self.name == "execute_trigger" or bytes(self.instruction.data)[REDUCE_AT] == 1

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
        self.recovered: Counter[Pubkey] = Counter()
        """Atoms that insurance has given back to who bore debts, and that are not settled yet."""

    def check(self, landed: Landed | None, changes: list[Change]) -> None:
        """Checks what one instruction did; without one, takes in what is there."""
        if not self.ledger.perps.found:
            return
        by_key = {change.key: change for change in changes}
        if landed is not None:
            self._check_collateral(landed, changes)
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
            self._check_pool(key, old, market, before, after)
            self._check_seats(key)
            self.markets[key], self.stakes[key] = market, after
            self.books[key] = book

    def _book_key(self, market: Pubkey) -> Pubkey:
        return exchange.find_book(event=market, outcome=0)

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
            else:
                demand(old.perps == new.perps, "what is no perpetual's moves no position", name, change.key)
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
        low, high = shock_band(new)
        demand(low <= new.mark_ticks <= high, "a mark is near its index's average", key, new)
        near = near_band(new, new.index_ticks)
        edges = (low, high, price_max_ticks(rules))
        is_near = near[0] <= new.mark_ticks <= near[1] or new.mark_ticks in edges
        demand(is_near, "a mark is near its index", key, new)
        demand(new.mark_ticks <= price_max_ticks(rules), "a mark is a price", key, new)
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
        if new.settlement_ticks:
            prices = (new.index_ticks, new.mark_ticks, average_ticks(new))
            demand(set(prices) == {new.settlement_ticks}, "a settled market has one price", key, prices)
            funding = moved(old.funding_index, new.funding_index)
            demand(not old.settlement_ticks or funding == 0, "a settled market has no funding", key, funding)
            return
        demand(new.updated_at == now, "a market is brought up to now", key, new.updated_at, now)
        feed = self.ledger.perp_feeds.found.get(new.feed)
        sample = None if feed is None else sample_of(feed)  # a closed feed says nothing
        index, agreed_at, uncertain = old.index_ticks, old.agreed_at, old.is_uncertain
        if sample is not None and old.agreed_at <= sample.time <= end:
            ticks = None if sample.value is None else sample.value // new.rules.units_per_tick
            uncertain = int(ticks is None or not 1 <= ticks <= PRICE_MAX_TICKS)
            if not uncertain and ticks is not None:
                index, agreed_at = min(ticks, price_max_ticks(new.rules)), sample.time
        seen = (new.index_ticks, new.agreed_at, new.is_uncertain)
        demand(seen == (index, agreed_at, uncertain), "an index is what its publishers agree on", key, seen)
        elapsed_s = now - old.updated_at
        paid = abs(moved(old.funding_index, new.funding_index))
        most = max(abs(old.funding_rate), abs(new.funding_rate)) * 2**16 * elapsed_s // DAY_S + 2
        demand(paid <= (most if elapsed_s else 0), "funding moves with time alone", key, paid, most)
        if elapsed_s == 0:
            averages = [(each.index_average, each.funding_rate, each.premium_seconds) for each in (old, new)]
            demand(averages[0] == averages[1], "averages move with time alone", key, averages)

    def _check_pool(
        self,
        key: Pubkey,
        old: exchange.PerpMarket | None,
        new: exchange.PerpMarket,
        before: dict[Place, Stake],
        after: dict[Place, Stake],
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
                self.recovered[key] -= stake.returned_atoms(new)
        if old is not None:
            rises = moved(old.loss_long_index, new.loss_long_index) + moved(
                old.loss_short_index, new.loss_short_index
            )
            borne = rises * old.open_lots - (new.haircut_atoms - old.haircut_atoms) * ONE
            demand(0 <= borne <= 2 * old.open_lots, "the other side bears a haircut, rounded up", key, borne)
            self.dust[key] += borne
        owed = new.fees_due_atoms + new.insurance_due_atoms
        owed += sum(stake.claim_atoms(new, new.settlement_ticks) for stake in after.values())
        dust = self.dust[key] + sum(stake.excess(new) for stake in after.values())
        kept = self.recovered[key] - sum(stake.returned_atoms(new) for stake in after.values())
        demand(kept >= 0, "no more is returned than was given back", key, kept, new)
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
        moves = self._moves(key, market, after)
        if landed.market != key or old is None:
            demand(not moves, "positions stay where nothing is traded", landed.name, moves)
        elif landed.name in TRADES:
            demand(moves == self._fills(landed, key), "positions move as orders fill", landed.name, moves)
            # A trailing stop may only have moved its trigger.
            if any(isinstance(event, exchange.BookChanged) for event in landed.events()):
                self._check_trade(landed, key, by_key)
        elif landed.name == "settle_pnl":
            self._check_settlement(landed, old, moves, by_key)
        elif landed.name in TAKEOVERS:
            check_takeover(landed, self.ledger, (old, market), moves, by_key)
        else:
            demand(not moves, "positions stay where nothing is traded", landed.name, moves)

    def _moves(
        self, key: Pubkey, market: exchange.PerpMarket, after: dict[Place, Stake]
    ) -> dict[Pubkey, Move]:
        gained: dict[Pubkey, list[int]] = defaultdict(lambda: [0, 0])
        for found, sign in ((self.stakes.get(key, {}), -1), (after, 1)):
            for (_, account), stake in found.items():
                gained[account][0] += sign * stake.lots
                gained[account][1] += sign * stake.settled_atoms(market)
        return {account: Move(*each) for account, each in gained.items() if any(each)}

    def _fills(self, landed: Landed, key: Pubkey) -> dict[Pubkey, Move]:
        """What the log's fills give to makers and the taker, fees and rebates included."""
        rules, book = self.ledger.perps.found[key].rules, self.books[key]
        seats = {order.id: book.seats[order.seat].account for order in book.orders}
        gained: dict[Pubkey, list[int]] = defaultdict(lambda: [0, 0])
        taker, volume, rebates = landed.account(ACCOUNT_AT[landed.name]), 0, 0
        changes = [event for event in landed.events() if isinstance(event, exchange.BookChanged)]
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
        due = self.ledger.perps.found[key].fees_due_atoms - self.markets[key].fees_due_atoms
        demand(due == fee - rebates, "a taker's fee is its share, less rebates", due, fee, rebates)
        return {account: Move(*each) for account, each in gained.items() if any(each)}

    def _check_trade(self, landed: Landed, key: Pubkey, by_key: dict[Pubkey, Change]) -> None:
        """What raises a position needs a good price, room and margin; what reduces one does no harm."""
        account, markets = landed.account(ACCOUNT_AT[landed.name]), self.ledger.perps.found
        market, margin = markets[key], self.ledger.margins.found[account]
        traders = {margin.owner, margin.raw.delegate} - {NOBODY}
        signed = landed.name == "execute_trigger" or bool(landed.signers & traders)
        demand(signed, "a trader signs", account)
        ended = market.close_time and landed.now >= market.close_time
        demand(not ended, "nothing trades beyond the end", account, market)
        health = health_of(margin, markets, landed.now)
        leg = margin.perps.get(key)
        lots = 0 if leg is None else leg.position_lots
        if landed.reduces:
            held = sum(
                self.stakes[key].get((where, account), Stake(0, 0, 0, 0)).lots for where in ("leg", "seat")
            )
            fewer = abs(lots) <= abs(held) and lots * held >= 0
            demand(fewer, "a reducing order leaves no more", account, held, lots)
            change = by_key.get(account)
            if (
                change is not None
                and isinstance(change.old, Margin)
                and self.books[key].seat_of(account) is None
            ):
                before = health_of(change.old, markets, landed.now, settled=key).maintenance_surplus
                worse = health.maintenance_surplus < min(0, before) and health.initial_surplus < 0
                demand(not worse, "reducing makes no account unhealthy", account, before, health)
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
        uncovered = 10_000 - market.rules.tiers[0].maintenance_bps
        jump = ceil_div(market.open_lots * market.rules.face_ticks * uncovered, 10_000)
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
        paying = market.settlement_ticks and landed.now >= market.settled_time + exchange.LOSSES_FIRST_S
        lots = stake.lots if paying else 0
        expected = Move(-lots, lots * market.settlement_ticks - gained)
        said = {account: expected} if any(expected) else {}
        demand(moves == said, "what is settled moves from cost to cash", moves, expected)
        sources = (market.mark_ticks, market.index_ticks, average_ticks(market))
        loss = -min(0, stake.claim_atoms(market, market.mark_ticks))
        if loss:
            due = -min(loss, max(0, change.old.free_atoms))
        else:
            strict = max(sources) if stake.lots < 0 else min(sources)
            window = landed.now - old.profits_window_start < exchange.PROFITS_WINDOW_S
            left = max(0, market.rules.profits_max_atoms - (old.profits_paid_atoms if window else 0))
            left = 2**63 if market.settlement_ticks else left
            demand(not market.settlement_ticks or paying, "losers pay before winners", account, market)
            due = min(max(0, stake.claim_atoms(market, strict)), old.pool_atoms, left)
            demand(not market.pause_bits & exchange.PERP_PAUSE_PROFITS, "a pause stops profits", account)
            good = stake.lots == 0 or may_open(market, landed.now)
            demand(good, "profits need a good price", account, market)
        demand(gained == due, "what is settled is the claim, as far as it is covered", account, gained, due)


def check_refusal(name: str, instruction: Instruction, refusal: str) -> None:
    """No state of an oracle and no pause stops what reduces."""
    data = bytes(instruction.data)
    reduces = name == "trade_perp" and len(data) > REDUCE_AT and data[REDUCE_AT] == 1
    if name in ALWAYS or reduces:
        stopped = refusal in {"PriceUnfit", "Paused"}
        demand(not stopped, "neither price nor pause stops what reduces", name, refusal)
