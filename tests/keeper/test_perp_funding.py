"""The job that brings perpetuals up to date, applies announced rules and settles what has closed."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from perp_keeper_world import PRICE, UNITS_PER_TICK, PerpKeeperWorld
from solders.keypair import Keypair

from perp_world import RULES
from secant import exchange, oracle
from secant_keeper.jobs import funding
from secant_keeper.perps.sample import Sample, index_ticks, is_behind, sample_of

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

HOUR_S, DAY_S = 3_600, 86_400


@pytest.fixture
def world() -> PerpKeeperWorld:
    return PerpKeeperWorld(begin=1_700_000_000 // HOUR_S * HOUR_S)


def planned(world: PerpKeeperWorld, **settings: object) -> list[bytes]:
    works = funding.plan(world.take_in(), world.now, world.task(**settings))
    return [instruction.data for work in works for instruction in work.instructions]


def wait(world: PerpKeeperWorld, seconds: int) -> None:
    world.ledger.set_unix_timestamp(world.now + seconds)


UPDATE = exchange.update_funding(
    market=Keypair().pubkey(), feed=Keypair().pubkey(), book=Keypair().pubkey()
).data


def test_a_market_follows_its_feed_at_once(world: PerpKeeperWorld) -> None:
    assert not planned(world)
    wait(world, 1)
    world.say(PRICE + 1)
    (work,) = funding.plan(world.take_in(), world.now, world.task())
    assert work.keys == (world.market,)
    world.land([work])
    assert world.perp().index_ticks == PRICE + 1
    assert not planned(world)


def test_an_operator_may_have_fewer_updates_for_prices(world: PerpKeeperWorld) -> None:
    """For 5,000 lamports each; RULES have a price fresh for a minute."""
    seldom: dict[str, object] = {"price_interval_s": 20}
    sent = {"at once": 0, "seldom": 0}
    for _ in range(40):
        wait(world, 1)
        world.say(PRICE + world.now % 2 + 1)
        sent["at once"] += len(planned(world))
        works = list(funding.plan(world.take_in(), world.now, world.task(**seldom)))
        sent["seldom"] += world.land(works)
    assert sent == {"at once": 40, "seldom": 2}


@pytest.mark.parametrize("change", ["far", "disagreed", "stale rules", "closing"])
def test_what_matters_is_taken_in_at_once(change: str) -> None:
    world = PerpKeeperWorld(
        begin=1_700_000_000 // HOUR_S * HOUR_S, changes={"stale_s": 4} if change == "stale rules" else {}
    )
    seldom: dict[str, object] = {"price_interval_s": 300, "refresh_interval_s": 300}
    if change == "closing":
        close_time = world.now + exchange.NOTICE_S
        named = {"exchange": world.exchange, "market": world.market, "close_time": close_time}
        world.run(exchange.close_perp(admin=world.admin.pubkey(), **named))
        world.ledger.set_unix_timestamp(close_time - HOUR_S)
        world.tick(PRICE, seconds=0)
    wait(world, 1)
    world.say(PRICE + 9)
    assert bool(planned(world, **seldom)) == (change == "closing")
    wait(world, 1)
    if change == "disagreed":
        reading = _reading(world.now, 1, 3_000_000)
        feed = world.feeds[world.market]
        world.run(oracle.publish(publisher=world.admin.pubkey(), feed=feed, readings=reading))
    else:
        world.say(PRICE + (10 if change == "far" else 9))
    assert planned(world, **seldom) == [UPDATE]


def test_a_quiet_market_is_brought_up_to_date_on_the_clock(world: PerpKeeperWorld) -> None:
    wait(world, 59)
    assert not planned(world)
    wait(world, 1)
    assert planned(world) == [UPDATE]
    assert not planned(world, refresh_interval_s=61)


def test_no_hour_turns_unseen(world: PerpKeeperWorld) -> None:
    wait(world, HOUR_S - 10)
    world.update()
    wait(world, 9)
    assert not planned(world)
    wait(world, 1)
    assert planned(world) == [UPDATE]
    world.update()
    assert not planned(world)


def test_another_exchanges_markets_are_left_alone(world: PerpKeeperWorld) -> None:
    wait(world, 100)
    assert planned(world)
    assert not planned(world, exchange=world.market)


def test_announced_rules_are_applied_when_they_are_due(world: PerpKeeperWorld) -> None:
    rules = replace(RULES, stale_s=61)
    world.run(
        exchange.propose_perp_rules(
            admin=world.admin.pubkey(), exchange=world.exchange, market=world.market, rules=rules
        )
    )
    wait(world, exchange.NOTICE_S - 1)
    world.tick(PRICE, seconds=0)
    assert not planned(world)
    wait(world, 1)
    (work,) = funding.plan(world.take_in(), world.now, world.task())
    world.land([work])
    assert (world.perp().rules.stale_s, world.perp().rules_time) == (61, 0)


def test_a_closed_market_is_settled_once(world: PerpKeeperWorld) -> None:
    close_time = world.now + exchange.NOTICE_S
    world.run(
        exchange.close_perp(
            admin=world.admin.pubkey(),
            exchange=world.exchange,
            market=world.market,
            close_time=close_time,
        )
    )
    for before_s in (HOUR_S, 1):
        world.ledger.set_unix_timestamp(close_time - before_s)
        world.say(PRICE + 5)
        world.update()
    assert not planned(world)
    wait(world, 1)
    (work,) = funding.plan(world.take_in(), world.now, world.task())
    world.land([work])
    assert world.perp().settlement_ticks == PRICE + 5
    wait(world, DAY_S)
    assert not planned(world)


def test_what_publishers_disagree_on_is_noted_once(world: PerpKeeperWorld) -> None:
    wait(world, 1)
    world.run(
        oracle.publish(
            publisher=world.admin.pubkey(),
            feed=world.feeds[world.market],
            readings=_reading(world.now, 1, 3_000_000),
        )
    )
    (work,) = funding.plan(world.take_in(), world.now, world.task())
    world.land([work])
    assert world.perp().is_uncertain == 1
    assert not planned(world)
    world.tick(PRICE, seconds=1)
    assert world.perp().is_uncertain == 0


def _reading(time: int, bid: int, ask: int) -> bytes:
    return b"".join(value.to_bytes(8, "little", signed=True) for value in (time, bid, ask))


def test_samples_are_the_programs(world: PerpKeeperWorld) -> None:
    """Random readings of several publishers: what was foreseen is what the market takes."""
    rng = random.Random(5)
    keys = [world.keeper, world.admin]
    for quorum in (1, 2):
        feed = world.new_feed(f"of {quorum}", *(key.pubkey() for key in keys), quorum=quorum)
        market_id = bytes([quorum]) * 32
        market = exchange.find_market(exchange=world.exchange, market_id=market_id)
        world.feeds[market] = feed
        _publish(world, feed, rng, spread=0)
        world.run(
            exchange.create_perp(
                admin=world.admin.pubkey(),
                exchange=world.exchange,
                feed=feed,
                market_id=market_id,
                rules=RULES,
                close_time=0,
            )
        )
        for _ in range(40):
            wait(world, rng.randrange(1, 3))
            _publish(world, feed, rng, spread=rng.choice([0, 10**6]))
            before, state = world.perp(market), world.take_in()
            known = state.feed(feed)
            assert known is not None
            sample = sample_of(known)
            behind = is_behind(before, sample)
            world.update(market)
            after = world.perp(market)
            assert isinstance(sample, Sample)
            ticks = index_ticks(sample, RULES)
            if sample.time >= before.agreed_at:
                assert after.is_uncertain == (ticks is None)
                assert after.index_ticks == (before.index_ticks if ticks is None else ticks)
            changed = (after.is_uncertain, after.agreed_at) != (before.is_uncertain, before.agreed_at)
            assert changed == behind


def _publish(world: PerpKeeperWorld, feed: Pubkey, rng: random.Random, *, spread: int) -> None:
    for key, send in ((world.keeper, world.land_as_keeper), (world.admin, world.run)):
        if spread == 0 or rng.random() < 0.7:
            middle = PRICE * UNITS_PER_TICK + rng.randint(-spread, spread)
            half = rng.randint(0, spread) * 2 // 3
            time = world.now - rng.randrange(2) * (spread > 0)
            reading = _reading(time, middle - half, middle + half)
            data = world.ledger.account_data(feed)
            assert data is not None
            known = oracle.Feed.decode(data)
            place = known.publishers.index(key.pubkey())
            if known.readings[place].source_time < time:
                send(oracle.publish(publisher=key.pubkey(), feed=feed, readings=reading))
