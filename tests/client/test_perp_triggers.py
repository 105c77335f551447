"""Trigger orders, closes and faces of perpetuals through the client."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from secant.client import (
    PerpChanges,
    PerpStatus,
    PerpTerms,
    PerpTierTerms,
    PositionSide,
    Side,
    TriggerKind,
    perp_rules,
)
from secant.errors import AccountNotFound, InputError, ProgramError, UnitError

from .perp_markets import HOUR_S, PerpMarkets, perp_markets
from .test_perps import meet

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from secant import Client

    from .conftest import Market

DAY_S = 24 * HOUR_S


@pytest.fixture
async def perps(market: Market) -> AsyncIterator[PerpMarkets]:
    async for made in perp_markets(market):
        await made.create()
        yield made


@pytest.fixture
async def long(perps: PerpMarkets) -> AsyncIterator[Client]:
    async for client in perps.trader():
        yield client


@pytest.fixture
async def short(perps: PerpMarkets) -> AsyncIterator[Client]:
    async for client in perps.trader():
        yield client


async def test_a_stop_and_a_profit_are_placed_by_a_stranger(
    perps: PerpMarkets, long: Client, short: Client
) -> None:
    await meet(long, short, 100, "1.0000")
    await short.cancel_all_perp("SOL")
    stop = await long.place_trigger("SOL", "stop-loss", "0.9900")
    await long.place_trigger("SOL", TriggerKind.TAKE_PROFIT, "1.1000", size=40, expires=perps.now + HOUR_S)
    await short.place_trigger("SOL", "stop-loss", "1.0500")
    first, second = await long.triggers("SOL")
    assert (first.kind, first.side, first.size, first.price) == (
        TriggerKind.STOP_LOSS,
        Side.SELL,
        100,
        Decimal("0.99"),
    )
    assert (second.kind, second.size, second.id, second.is_reached) == (TriggerKind.TAKE_PROFIT, 40, 1, False)
    (against,) = await short.triggers()
    assert (against.kind, against.side) == (TriggerKind.STOP_LOSS, Side.BUY)
    with pytest.raises(ProgramError, match=r"the mark is 1.0000, the trigger 0.9900"):
        await short.execute_trigger(stop.address)
    await perps.settle_down("SOL", "0.9800")
    await perps.say("SOL", "0.9800")
    with pytest.raises(ProgramError, match=r"nothing for it within 0\.0200 of the mark"):
        await short.execute_trigger(stop.address)
    await short.trade_perp("SOL", "buy", 60, "0.9750")
    done = await short.execute_trigger(stop.address)
    assert done is not None
    assert (done.filled, done.side, done.price) == (60, Side.SELL, Decimal("0.975"))
    assert (await long.triggers("SOL"))[0].size == 40  # what it could not sell it still waits for
    await long.cancel_trigger(stop.address)
    with pytest.raises(AccountNotFound, match="secant perp triggers"):
        await short.execute_trigger(stop.address)
    with pytest.raises(ProgramError, match="does not own this margin account"):
        await short.cancel_trigger(second.address)
    await perps.go_on(HOUR_S)
    (lapsed,) = await long.triggers()
    assert (lapsed.is_expired, lapsed.is_reached) == (True, False)
    await short.cancel_trigger(second.address)  # it has lapsed
    assert await long.triggers() == ()


async def test_a_trailing_stop_follows_the_mark(perps: PerpMarkets, long: Client, short: Client) -> None:
    await meet(long, short, 100, "1.0000")
    trailing = await long.place_trigger("SOL", "trailing-stop", trail="0.0500")
    assert (await long.triggers())[0].price == Decimal("0.95")
    await perps.settle_down("SOL", "1.0400")
    await perps.say("SOL", "1.0400")
    assert await short.execute_trigger(trailing.address) is None
    assert (await long.triggers())[0].price == Decimal("0.99")
    for arguments, options, text in (
        (("trailing-stop",), {}, "a trailing stop has a trail, and none is given — give --trail"),
        (("trailing-stop", "1.1"), {"trail": "0.05"}, "has reached that trailing-stop of what is long"),
        (("trailing-stop",), {"trail": "5"}, "give a trail that is less than the mark"),
        (("stop-loss", "0.9"), {"trail": "0.01"}, "others have none"),
        (("stop-loss",), {}, "give the mark"),
        (("stop-loss", "1.1"), {}, "give a price below it"),
        (("take-profit", "1.0"), {}, "give a price above it"),
        (("stop", "1.0"), {}, "stop-loss, take-profit, trailing-stop"),
    ):
        with pytest.raises(InputError, match=text):
            await long.place_trigger("SOL", *arguments, **options)
    await perps.admin.open_account()
    with pytest.raises(InputError, match="no position in SOL"):
        await perps.admin.place_trigger("SOL", "stop-loss", "0.9")


async def test_a_market_closes_and_everybody_is_paid(perps: PerpMarkets, long: Client, short: Client) -> None:
    await meet(long, short, 100, "1.0000")
    with pytest.raises(ProgramError, match="only the exchange's admin"):
        await long.close_perp("SOL", perps.now + 3 * DAY_S)
    with pytest.raises(ProgramError, match="2 days' notice"):
        await perps.admin.close_perp("SOL", perps.now + DAY_S)
    with pytest.raises(ProgramError, match="SOL has no close"):
        await long.settle_perp("SOL")
    end = perps.now + 3 * DAY_S
    await perps.admin.close_perp("SOL", end)
    with pytest.raises(ProgramError, match="already"):
        await perps.admin.close_perp("SOL", end)
    await perps.go_on(end - perps.now - HOUR_S)
    view = await long.perp("SOL")
    assert (view.status, view.closes and view.closes.timestamp()) == (PerpStatus.CLOSING, end)
    await perps.say("SOL", "0.9500")
    with pytest.raises(ProgramError, match=r"in its last hour positions only get smaller.*--reduce-only"):
        await long.trade_perp("SOL", "buy", 1, "0.95")
    while perps.now < end - 60:
        await perps.say("SOL", "0.9500", seconds=60)
        await perps.admin.update_perp("SOL")
    await perps.say("SOL", "0.9500", seconds=60)
    await short.settle_perp("SOL")
    view = await long.perp("SOL")
    assert view.status is PerpStatus.SETTLED
    assert view.settlement is not None
    assert Decimal("0.95") <= view.settlement < Decimal("0.951")  # its first minute was at 1.00
    lost = await long.settle_pnl("SOL")
    assert lost.amount < -5 + 1
    with pytest.raises(ProgramError, match=r"SOL pays its winners from 20.* UTC on"):
        await short.settle_pnl("SOL")
    assert view.pays is not None
    await perps.go_on(int(view.pays.timestamp()) - perps.now)
    won = await short.settle_pnl("SOL")
    assert Decimal("4.9") < won.amount < Decimal("5.1")
    assert (await long.perp("SOL")).status is PerpStatus.PAYING
    assert (await short.perp_health()).positions == ()


async def test_a_stop_of_what_a_resting_order_made_is_not_void(long: Client, short: Client) -> None:
    """A short that an order of one's own has made of a long, and nobody has drawn."""
    await meet(long, short, 10, "1.0000")
    await long.trade_perp("SOL", "sell", 20, "1.0100")
    await short.trade_perp("SOL", "buy", 20, "1.0100")
    await long.place_trigger("SOL", "stop-loss", "1.0500")
    (stop,) = await long.triggers()
    assert (stop.side, stop.size, stop.is_void) == (Side.BUY, 10, False)
    with pytest.raises(ProgramError, match="neither orders nor a position"):
        await long.draw_perp("SOL")  # that was done


async def test_rules_change_by_notice(perps: PerpMarkets, long: Client) -> None:
    view = await perps.admin.feed(perps.feeds["SOL"])
    rules = perp_rules(view, PerpTerms(tiers=(PerpTierTerms(0, "0.2", "0.1"),), near="0.05", shock="0.5"))
    await perps.admin.propose_perp_rules("SOL", rules)
    due = (await long.perp("SOL")).new_rules
    assert due is not None
    with pytest.raises(ProgramError, match="may come into force from"):
        await long.apply_perp_rules("SOL")
    await perps.go_on(2 * DAY_S)
    await long.apply_perp_rules("SOL")
    assert ((await long.perp("SOL")).tiers[0].leverage, (await long.perp("SOL")).new_rules) == (5, None)


async def test_changes_are_named_and_the_rest_stays(perps: PerpMarkets, long: Client) -> None:
    before = await long.perp("SOL")
    assert before.rule_changes == ()
    changes = PerpChanges(
        tiers=(PerpTierTerms(0, "0.2", "0.1"), PerpTierTerms(1_000, "0.5", "0.25")),
        position_max="10",
        profits_hour=5,
        taker_fee="0.001",
        stale_s=30,
    )
    await perps.admin.propose_perp_rules("SOL", changes)
    changed = {each.rule: (each.before, each.after) for each in (await long.perp("SOL")).rule_changes}
    lots = int(10 / before.lot_size)
    assert changed == {
        "tiers[0].initial_bps": (1_000, 2_000),
        "tiers[0].maintenance_bps": (500, 1_000),
        "tiers[1].from_atoms": (None, 1_000 * 10**6),
        "tiers[1].initial_bps": (None, 5_000),
        "tiers[1].maintenance_bps": (None, 2_500),
        "position_max_lots": (int(before.limits.position / before.lot_size), lots),
        "profits_max_atoms": (int(before.limits.profits_hour * 10**6), 5 * 10**6),
        "stale_s": (60, 30),
        "taker_fee_ppm": (450, 1_000),
    }
    await perps.go_on(2 * DAY_S)
    await long.apply_perp_rules("SOL")
    after = await long.perp("SOL")
    assert (len(after.tiers), after.limits.position, after.rule_changes) == (2, 10, ())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (PerpChanges(), "are that already"),
        (PerpChanges(taker_fee="0.00045"), "are that already"),
        (PerpChanges(tiers=()), "1 to 4"),
        (PerpChanges(near="2"), "near"),
        (PerpChanges(position_max="0.0000000001"), "position max"),
    ],
)
async def test_changes_that_are_none(perps: PerpMarkets, changes: PerpChanges, says: str) -> None:
    with pytest.raises((InputError, UnitError), match=says):
        await perps.admin.propose_perp_rules("SOL", changes)
    assert (await perps.admin.perp("SOL")).new_rules is None


async def test_a_probability_has_a_face_and_needs_insurance(
    perps: PerpMarkets, long: Client, short: Client
) -> None:
    """What is short is worth what it can lose, and a price above one liquidates nobody."""
    feed = await perps.admin.create_feed("rain", width_max=1)
    perps.feeds["RAIN"] = feed.address
    await perps.say("RAIN", "0.6000")
    view = await perps.admin.feed(feed.address)
    terms = PerpTerms(
        tick_size="0.0001",
        face=1,
        tiers=(PerpTierTerms(0, 1, "0.99"),),
        near_price="0.03",
        shock_price="0.3",
        funding=0,
        funding_price="0.01",
    )
    rules = perp_rules(view, terms)
    with pytest.raises(ProgramError, match="one with a face must close"):
        await perps.admin.create_perp("RAIN", view, rules)
    await perps.admin.create_perp("RAIN", view, rules, closes=perps.now + 30 * DAY_S)
    with pytest.raises(ProgramError, match="secant perp insure"):
        await meet(long, short, 100, "0.6000", "RAIN")
    await short.insure_perp("RAIN", 20)
    await short.cancel_all_perp("RAIN")
    await meet(long, short, 100, "0.6000", "RAIN")
    assert (await long.perp("RAIN")).face == 1
    (position,) = (await short.perp_health()).positions
    assert (position.side, position.value) == (PositionSide.SHORT, 60)
    assert position.initial == 40  # all that a hundred can lose at 0.6
    with pytest.raises(ProgramError, match="only the exchange's admin"):
        await long.remove_insurance("RAIN", 1)
    await perps.admin.open_account()
    assert (await perps.admin.remove_insurance("RAIN", 1)).amount == 1
    # A tenth of the twenty at first, less the one; a tenth of the sixty that are open stays.
    with pytest.raises(
        ProgramError, match=r"a tenth of the 20\.0.*, and 6\.0.* at most 1\.0\d* now, and more"
    ):
        await perps.admin.remove_insurance("RAIN", 15)
    await perps.admin.remove_insurance("RAIN", 1)


async def test_collateral_moves_between_own_accounts(perps: PerpMarkets, long: Client, short: Client) -> None:
    await meet(long, short, 100, "1.0000")
    with pytest.raises(AccountNotFound, match="--account-index 3"):
        await long.transfer(100, 3)
    async with perps.market.connect(long.wallet, account_index=3) as other:  # type: ignore[arg-type]
        await other.open_account()
        moved = await long.transfer(100, 3)
        assert (moved.amount, (await other.account()).cash) == (100, 100)
    with pytest.raises(InputError, match="use another one"):
        await long.transfer(1, 0)
    with pytest.raises(ProgramError, match="that its perpetuals need"):
        await long.transfer(399, 3)
