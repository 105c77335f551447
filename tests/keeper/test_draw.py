"""The job that brings home what orders have done, so that everybody can redeem."""

from __future__ import annotations

from keeper_world import BEGIN, World

from secant import exchange, oracle
from secant_keeper.jobs import draw, redeem
from secant_keeper.state import State

DAY_S = 86_400


def state_of(world: World) -> State:
    state = State(publisher=world.keeper.pubkey())
    for program in (oracle.PROGRAM_ID, exchange.PROGRAM_ID):
        for address, account in world.ledger.program_accounts(program):
            state.apply(address, program, account.data, world.ledger.slot)
    return state


def test_seats_are_drawn_before_their_accounts_redeem(world: World) -> None:
    admin = world.admin.pubkey()
    event = world.add_event(admin, exchange.RESOLVER_AUTHORITY, BEGIN + DAY_S, BEGIN + 9 * DAY_S)
    maker, holder = (world.add_holder(index, event) for index in range(2))
    book = exchange.find_book(event=event, outcome=0)
    order = exchange.OrderRequest(
        client_id=0,
        lots=50,
        expires_at=0,
        price_ticks=6_000,
        meets_max=0,
        side=exchange.SIDE_ASK,
        kind=exchange.ORDER_LIMIT,
        self_trade=0,
        reduce_only=False,
    )
    world.run(
        exchange.create_book(creator=admin, exchange=world.exchange, event=event, outcome=0, lots_min=1),
        exchange.place_order(
            owner=admin,
            exchange=world.exchange,
            account=maker,
            event=event,
            book=book,
            request=order,
            builder_fee_bps=0,
        ),
    )
    assert not list(draw.plan(state_of(world), BEGIN))
    world.run(
        exchange.lock_event(locker=admin, event=event),
        exchange.resolve_event(authority=admin, event=event, payout_ticks=[10_000, *[0] * 15]),
    )
    state = state_of(world)
    (drawing,) = draw.plan(state, BEGIN)
    assert drawing.instructions == (exchange.draw_seat(account=maker, event=event, book=book),)
    (redeeming,) = redeem.plan(state, BEGIN)
    assert redeeming.instructions == (exchange.redeem(account=holder, event=event),)
    world.run(*drawing.instructions)
    state = state_of(world)
    assert not list(draw.plan(state, BEGIN))
    (redeeming,) = redeem.plan(state, BEGIN)
    world.run(*redeeming.instructions)
    assert world.holder(maker).cash_atoms == world.holder(holder).cash_atoms == 100 * 10_000
