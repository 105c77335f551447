"""Nobody keeps an account from being created by sending lamports to its address first."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from secant_bench.seeded_world import SeededWorld
from solders.account import Account
from solders.pubkey import Pubkey

from secant import exchange, oracle
from world import terms

if TYPE_CHECKING:
    from solders.instruction import Instruction

SYSTEM_PROGRAM = Pubkey.default()
PREFUNDED_LAMPORTS = (1, 10**6, 10**9)


@pytest.mark.parametrize("lamports", PREFUNDED_LAMPORTS)
def test_prefunded_addresses_can_be_created(lamports: int) -> None:
    world = SeededWorld.start("prefunded")
    user = world.new_user(deposit_atoms=10**10)
    key, desk = user.key, world.exchange_address

    def create(instruction: Instruction, *places: int) -> Pubkey:
        for place in places:
            address = instruction.accounts[place].pubkey
            assert not world.exists(address)
            world.svm.set_account(address, Account(lamports, b"", SYSTEM_PROGRAM))
        world.run(instruction, signers=[user.keys])
        return instruction.accounts[places[0]].pubkey

    create(exchange.initialize(admin=key, mint=world.mint, treasury=user.wallet, pauser=key, fee_bps=0), 2, 3)
    create(exchange.open_account(payer=key, exchange=desk, owner=key, index=7), 2)
    event = create(
        exchange.create_event(
            creator=key,
            exchange=desk,
            resolver=key,
            event_id=bytes(32),
            resolver_kind=exchange.RESOLVER_AUTHORITY,
            lock_time=world.now + 10,
            settlement_deadline=world.now + 20,
            title=bytes(64),
            labels=[bytes(16)] * 2,
        ),
        3,
    )
    create(exchange.create_book(creator=key, exchange=desk, event=event, outcome=0, lots_min=1), 3)
    create(exchange.create_outcome_mint(payer=key, event=event, outcome=0), 2)
    create(
        exchange.create_pool(
            creator=key,
            exchange=desk,
            account=user.account,
            event=event,
            kind=exchange.POOL_LMSR,
            liquidity_lots=100,
        ),
        4,
    )
    rules = oracle.FeedRules(50_000, 20_000, 60, -6, 1, (key,))
    rules_hash = hashlib.sha256(rules.encode()).digest()
    feed = create(oracle.create_feed(authority=key, feed_id=bytes(32), rules_hash=rules_hash, rules=rules), 1)
    question = terms(oracle.STATISTIC_LAST, world.now, world.now + 60)
    terms_hash = hashlib.sha256(question.encode()).digest()
    create(oracle.create_record(payer=key, feed=feed, terms_hash=terms_hash, terms=question), 2)
