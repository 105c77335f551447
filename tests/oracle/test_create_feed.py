from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from exchange.refusals import SYSTEM_ALREADY_IN_USE, WRONG_SEEDS, Refusal, Substitution, substitutions
from exchange.substitutes import PAYER
from secant import oracle
from world import NO_ASK, NO_BID

from .substitutes import NEW_ACCOUNT, SYSTEM_PROGRAM

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene

FEED_ID = hashlib.sha256(b"new").digest()
KEYS = tuple(Keypair().pubkey() for _ in range(9))
RULES = {"width_max": 1, "step_max": 2, "staleness_s": 60, "exponent": -6, "quorum": 2}


def arrange(scene: Scene) -> None:
    """Nothing: the scene suffices."""


def call(scene: Scene, publishers: tuple[Pubkey, ...] = KEYS[:3], **changes: int) -> Instruction:
    numbers: dict[str, int] = RULES | changes
    rules = oracle.FeedRules(publishers=publishers, **numbers)
    return oracle.create_feed(
        authority=scene.stranger.pubkey(), feed_id=FEED_ID, rules_hash=hash_of(rules), rules=rules
    )


def hash_of(rules: oracle.FeedRules) -> bytes:
    return hashlib.sha256(rules.encode()).digest()


def _with_another_hash(scene: Scene) -> Instruction:
    rules = oracle.FeedRules(publishers=KEYS[:3], **RULES)
    return oracle.create_feed(
        authority=scene.stranger.pubkey(), feed_id=FEED_ID, rules_hash=bytes(32), rules=rules
    )


SUBSTITUTED = substitutions(
    "create_feed",
    {
        "authority": PAYER | {"nobody": WRONG_SEEDS, "publisher": WRONG_SEEDS},
        "feed": NEW_ACCOUNT | {"feed": WRONG_SEEDS, "foreign_feed": WRONG_SEEDS},
        "system_program": SYSTEM_PROGRAM,
    },
)

REFUSED: list[Refusal[Scene]] = [
    Refusal("no publisher", "PublishersInvalid", lambda s: call(s, publishers=(), quorum=0)),
    Refusal("nine publishers", "PublishersInvalid", lambda s: call(s, publishers=KEYS)),
    Refusal("a publisher twice", "PublishersInvalid", lambda s: call(s, publishers=(*KEYS[:3], KEYS[0]))),
    Refusal("no quorum", "PublishersInvalid", lambda s: call(s, quorum=0)),
    Refusal("a quorum above the publishers", "PublishersInvalid", lambda s: call(s, quorum=4)),
    Refusal("no staleness", "FeedRulesInvalid", lambda s: call(s, staleness_s=0)),
    Refusal("a staleness above a day", "FeedRulesInvalid", lambda s: call(s, staleness_s=86_401)),
    Refusal("an exponent below -12", "FeedRulesInvalid", lambda s: call(s, exponent=-13)),
    Refusal("an exponent above 0", "FeedRulesInvalid", lambda s: call(s, exponent=1)),
    Refusal("no width", "FeedRulesInvalid", lambda s: call(s, width_max=0)),
    Refusal("no step", "FeedRulesInvalid", lambda s: call(s, step_max=0)),
    Refusal("a hash of other rules", "RulesHashMismatch", _with_another_hash),
    Refusal("created already", SYSTEM_ALREADY_IN_USE, call, lambda s: s.run(call(s))),
]


def test_stands_with_its_rules_and_no_reading(scene: Scene) -> None:
    authority = scene.stranger.pubkey()
    rules = oracle.FeedRules(publishers=KEYS[:3], **RULES)
    seeds = [b"feed", bytes(authority), FEED_ID, hash_of(rules)]
    address, bump = Pubkey.find_program_address(seeds, oracle.PROGRAM_ID)
    assert scene.run(call(scene)) == [oracle.FeedCreated(feed=address, authority=authority, feed_id=FEED_ID)]
    feed = scene.feed_state(address)
    assert (feed.authority, feed.feed_id) == (authority, FEED_ID)
    assert (feed.width_max, feed.step_max, feed.staleness_s, feed.exponent) == (1, 2, 60, -6)
    assert (feed.publisher_count, feed.quorum, feed.needed_until) == (3, 2, 0)
    assert (feed.bump, feed.layout) == (bump, 1)
    assert feed.publishers == (*KEYS[:3], *[Pubkey.default()] * 5)
    assert feed.readings == (oracle.FeedReading(source_time=0, bid=NO_BID, ask=NO_ASK),) * 8


@pytest.mark.parametrize("staleness_s", [1, 86_400])
@pytest.mark.parametrize("exponent", [-12, 0])
def test_the_edges_of_the_rules(scene: Scene, staleness_s: int, exponent: int) -> None:
    scene.run(
        call(scene, staleness_s=staleness_s, exponent=exponent, quorum=8, publishers=KEYS[:8], width_max=1)
    )


def test_lamports_sent_ahead_do_not_block_it(scene: Scene) -> None:
    address = call(scene).accounts[1].pubkey
    ahead = TransferParams(from_pubkey=scene.publisher.pubkey(), to_pubkey=address, lamports=10**8)
    scene.run(transfer(ahead))
    scene.run(call(scene))


def test_the_zero_key_never_publishes(scene: Scene) -> None:
    """Places beyond the publishers hold the zero key, and nobody is let in by them."""
    creating = call(scene)
    scene.run(creating)
    stranger = scene.publish(1, by=scene.stranger, feed=creating.accounts[1].pubkey)
    scene.assert_refused("PublisherUnknown", stranger)


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
