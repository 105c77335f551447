"""Jobs as pure functions: a state in, instructions out."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from struct import unpack
from typing import get_args

import pytest
from keeper_world import BEGIN, STALENESS_S, TOUCH_UP, TWAP, World
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from secant import exchange, oracle
from secant_keeper.config import JobName, PerpSettings, Settings
from secant_keeper.jobs import JOBS, PERP_JOBS, jobs_of, observe, publish, redeem, settle
from secant_keeper.loop import next_moment
from secant_keeper.recordings import Reading
from secant_keeper.state import SLOTS_LATE_MAX, State
from secant_keeper.throttle import PAUSE_BASE_S, PAUSE_CAP_S, Throttle

END = BEGIN + 1000
DEADLINE = END + 10 * 86_400


def state_of(world: World) -> State:
    state = State(publisher=world.keeper.pubkey())
    for program in (oracle.PROGRAM_ID, exchange.PROGRAM_ID):
        for address, account in world.ledger.program_accounts(program):
            state.apply(address, program, account.data, world.ledger.slot)
    return state


def with_sample(state: State, feed: Pubkey, time: int) -> State:
    """The state after the keeper published at a time."""
    known = state.feed(feed)
    assert known is not None
    first = oracle.FeedReading(time, 500_000, 510_000)
    state.accounts[feed] = replace(known, readings=(first, *known.readings[1:]))
    return state


def ask(state: State, feed: Pubkey, *readings: Reading) -> State:
    state.readings[feed] = deque(readings)
    return state


def test_the_registry_names_every_job() -> None:
    assert [name for name, _ in JOBS] == ["publish", "observe", "settle", "sweep", "draw", "redeem"]
    assert {name for name, _ in (*JOBS, *PERP_JOBS)} == set(get_args(JobName))


def test_jobs_for_perpetuals_run_for_those_who_ask_for_them() -> None:
    key = Keypair().pubkey()
    assert [name for name, _ in jobs_of(Settings(), key)] == [name for name, _ in JOBS]
    perps = PerpSettings(exchange=key)
    assert [name for name, _ in jobs_of(Settings(perps=perps), key)] == list(get_args(JobName))
    some = Settings(perps=perps, jobs=("audit", "draw"))
    assert [name for name, _ in jobs_of(some, key)] == ["audit", "draw"]
    assert [name for name, _ in jobs_of(Settings(perps=perps), None)] == [name for name, _ in JOBS]


def test_publish_carries_the_observations_of_its_open_records(world: World) -> None:
    inside = world.add_record(BEGIN, END)
    world.add_record(END + 10, END + 20)
    state = ask(state_of(world), world.feed, Reading(BEGIN + 5, 400_000, 420_000))
    (work,) = publish.plan(state, BEGIN)
    assert work.source_time == BEGIN + 5
    assert work.instructions[1:] == (oracle.observe(feed=world.feed, record=inside),)
    assert unpack("<qqq", work.instructions[0].data[-24:]) == (BEGIN + 5, 400_000, 420_000)


def test_publish_waits_for_the_clock_and_skips_what_is_published(world: World) -> None:
    early, late = Reading(BEGIN, 1, 2), Reading(BEGIN + 100, 3, 4)
    state = with_sample(ask(state_of(world), world.feed, early, late), world.feed, BEGIN)
    assert not list(publish.plan(state, BEGIN + 84))
    (work,) = publish.plan(state, BEGIN + 85)
    assert work.source_time == BEGIN + 100
    assert next_moment(state, BEGIN) == BEGIN + 100


def test_readings_are_dropped_once_published_or_stale(world: World) -> None:
    state = with_sample(state_of(world), world.feed, BEGIN)
    ask(state, world.feed, *(Reading(BEGIN + age, 1, 2) for age in (0, 10, 50)))
    assert state.drop_readings(BEGIN + 10 + STALENESS_S + 1) == 1
    assert [reading.time for reading in state.readings[world.feed]] == [BEGIN + 50]


def test_publish_leaves_alone_what_the_key_may_not_write(world: World) -> None:
    foreign = world.new_feed("foreign", Keypair().pubkey())
    state = ask(state_of(world), foreign, Reading(BEGIN, 1, 2))
    assert not list(publish.plan(state, BEGIN))
    state.publisher = None
    assert not list(publish.plan(state, BEGIN))
    assert not list(publish.plan(ask(state_of(world), Pubkey.default(), Reading(BEGIN, 1, 2)), BEGIN))


def test_a_missing_side_and_a_coarse_feed() -> None:
    assert unpack("<qqq", publish.packed(Reading(1, None, None), -6)) == (1, -(2**63), 2**63 - 1)
    assert unpack("<qqq", publish.packed(Reading(1, 123_456, 123_456), -4)) == (1, 1234, 1235)
    assert unpack("<qqq", publish.packed(Reading(1, 123_456, 123_456), -8)) == (1, 12_345_600, 12_345_600)


def test_many_records_are_observed_before_the_next_reading(world: World) -> None:
    for place in range(publish.OBSERVES_MAX + 1):
        world.add_record(BEGIN, END, TOUCH_UP, barrier=place)
    state = ask(state_of(world), world.feed, Reading(BEGIN + 1, 1, 2), Reading(BEGIN + 2, 1, 2))
    (first,) = publish.plan(state, BEGIN)
    assert len(first.instructions) == 1 + publish.OBSERVES_MAX
    with_sample(state, world.feed, BEGIN + 1)
    assert not list(publish.plan(state, BEGIN))
    assert len(list(observe.plan(state, BEGIN))) == publish.OBSERVES_MAX + 1


def test_records_that_nobody_settles_by_stop_no_reading(world: World) -> None:
    for place in range(publish.WAITED_FOR_MAX + 1):
        world.add_record(BEGIN, END, TOUCH_UP, barrier=place)
    staked = world.add_record(BEGIN, END, TOUCH_UP, barrier=10**6)
    world.add_event(staked, exchange.RESOLVER_RECORD, END - 1, END + 10 * 86_400)
    state = ask(state_of(world), world.feed, Reading(BEGIN + 1, 1, 2), Reading(BEGIN + 2, 1, 2))
    (first,) = publish.plan(state, BEGIN)
    assert staked in {meta.pubkey for meta in first.instructions[1].accounts}
    with_sample(state, world.feed, BEGIN + 1)
    ranked = publish._records_by_feed(state)[world.feed]
    for key, record in ranked[: publish.WAITED_FOR_MAX]:
        state.accounts[key] = replace(record, seen_time=BEGIN + 1)
    assert list(publish.plan(state, BEGIN))


def test_observe_takes_in_and_decides(world: World) -> None:
    record = world.add_record(BEGIN, END, TWAP, low=1)
    state = state_of(world)
    assert not list(observe.plan(state, BEGIN))
    due = [observe.work(world.feed, record)]
    assert list(observe.plan(with_sample(state, world.feed, BEGIN), BEGIN)) == due
    assert not list(observe.plan(state, BEGIN + STALENESS_S + 1))
    assert not list(observe.plan(state, END + STALENESS_S))
    assert list(observe.plan(state, END + STALENESS_S + 1)) == due
    assert list(observe.plan(with_sample(state, world.feed, END + 1), END + 1)) == due
    assert next_moment(state, BEGIN) == END + STALENESS_S + 1


def test_a_sample_already_seen_is_not_observed_again(world: World) -> None:
    record = world.add_record(BEGIN, END, TWAP, low=1)
    state = with_sample(state_of(world), world.feed, BEGIN)
    known = state.record(record)
    assert known is not None
    state.accounts[record] = replace(known, seen_time=BEGIN)
    assert not list(observe.plan(state, BEGIN))


def test_the_sample_time_is_the_quorums(world: World) -> None:
    keys = [Keypair().pubkey() for _ in range(3)]
    feed = state_of(world).feed(world.feed)
    assert feed is not None
    readings = tuple(oracle.FeedReading(time, 1, 2) for time in (5, 9, 7)) + feed.readings[3:]
    several = replace(feed, publisher_count=3, publishers=(*keys, *feed.publishers[3:]), readings=readings)
    assert [observe.sample_time(replace(several, quorum=quorum)) for quorum in (1, 2, 3)] == [9, 7, 5]


def test_settle_and_void(world: World) -> None:
    record = world.add_record(BEGIN, END, TWAP, low=1)
    event = world.add_event(record, 0, BEGIN, DEADLINE)
    human = world.add_event(world.admin.pubkey(), 1, BEGIN, DEADLINE)
    state = state_of(world)
    assert not list(settle.plan(state, DEADLINE))
    voided = {work.keys[0]: work.instructions[0] for work in settle.plan(state, DEADLINE + 1)}
    assert voided[event] == exchange.void_event(event=event, resolver=record)
    assert voided[human] == exchange.void_event(event=human, resolver=world.admin.pubkey())
    known = state.record(record)
    assert known is not None
    for status in (oracle.RECORD_DECIDED, oracle.RECORD_VOID):
        state.accounts[record] = replace(known, status=status)
        (work,) = (one for one in settle.plan(state, BEGIN) if one.keys == (event,))
        assert work.instructions == (exchange.settle_event(event=event, record=record),)


def test_redeem_batches_every_leg_of_settled_events(world: World) -> None:
    event = world.add_event(world.admin.pubkey(), 1, BEGIN, DEADLINE)
    other = world.add_event(world.keeper.pubkey(), 1, BEGIN, DEADLINE)
    holders = [world.add_holder(index, event, other) for index in range(redeem.REDEEMS_MAX + 1)]
    state = state_of(world)
    assert not list(redeem.plan(state, BEGIN))
    known = state.event(event)
    assert known is not None
    state.accounts[event] = replace(known, status=exchange.EVENT_RESOLVED)
    works = list(redeem.plan(state, BEGIN))
    assert [len(work.instructions) for work in works] == [redeem.REDEEMS_MAX, 1]
    planned = [instruction for work in works for instruction in work.instructions]
    assert planned == [exchange.redeem(account=holder, event=event) for holder in sorted(holders, key=bytes)]


def test_the_state_takes_the_newer_word(world: World) -> None:
    state = State()
    data = world.ledger.account_data(world.feed)
    assert state.apply(world.feed, oracle.PROGRAM_ID, data, 10)
    assert not state.apply(world.feed, oracle.PROGRAM_ID, None, 9)
    state.forget_missing(oracle.PROGRAM_ID, [], 9)
    state.forget_missing(exchange.PROGRAM_ID, [], 11)
    assert state.feed(world.feed) is not None
    state.forget_missing(oracle.PROGRAM_ID, [], 11)
    assert state.feed(world.feed) is None
    assert state.apply(world.feed, oracle.PROGRAM_ID, b"not an account", 12)
    assert world.feed in state.undecodable
    assert state.apply(world.feed, oracle.PROGRAM_ID, data, 13)
    assert not state.undecodable
    assert state.slot == 13


def test_the_state_keeps_nothing_of_accounts_long_gone(world: World) -> None:
    state = State()
    assert state.apply(world.feed, oracle.PROGRAM_ID, b"not an account", 10)
    assert state.apply(world.feed, oracle.PROGRAM_ID, None, 11)
    assert not state.undecodable
    assert not state.apply(world.feed, oracle.PROGRAM_ID, world.ledger.account_data(world.feed), 10)
    state.forget_missing(oracle.PROGRAM_ID, [], 11 + SLOTS_LATE_MAX)
    assert state.slots == {world.feed: 11}
    state.forget_missing(oracle.PROGRAM_ID, [], 12 + SLOTS_LATE_MAX)
    assert not state.slots


def test_the_throttle_keeps_nothing_of_accounts_long_gone() -> None:
    now = 0.0
    throttle = Throttle(lambda: now)
    gone, other = Keypair().pubkey(), Keypair().pubkey()
    throttle.failed("settle", [gone])
    now = PAUSE_BASE_S + PAUSE_CAP_S
    throttle.failed("settle", [other])
    assert len(throttle._until) == len(throttle._failures) == 2
    now += 1
    throttle.failed("settle", [other])
    assert list(throttle._until) == list(throttle._failures) == [("settle", other)]
    assert throttle._failures["settle", other] == 2


def test_the_throttle_doubles_and_forgets() -> None:
    now = 0.0
    throttle = Throttle(lambda: now)
    key = Pubkey.default()
    throttle.failed("settle", [key])
    assert throttle.is_paused("settle", [key])
    assert not throttle.is_paused("redeem", [key])
    now = PAUSE_BASE_S
    assert not throttle.is_paused("settle", [key])
    for _ in range(30):
        throttle.failed("settle", [key])
    now += PAUSE_CAP_S - 1
    assert throttle.paused == 1
    throttle.succeeded("settle", [key])
    assert throttle.paused == 0


@pytest.mark.parametrize("now", [BEGIN, END + STALENESS_S + 1, DEADLINE + 1])
def test_planning_changes_nothing(world: World, now: int) -> None:
    record = world.add_record(BEGIN, END)
    world.add_holder(0, world.add_event(record, 0, BEGIN, DEADLINE))
    state = ask(state_of(world), world.feed, Reading(BEGIN + 5, 1, 2), Reading(BEGIN + 9, 1, 2))
    before = (dict(state.accounts), list(state.readings[world.feed]))
    first, second = ([work for _, plan in JOBS for work in plan(state, now)] for _ in range(2))
    assert first == second
    assert (state.accounts, list(state.readings[world.feed])) == before
