from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from solders.system_program import TransferParams, transfer

from exchange.refusals import TOO_SMALL, UNSIGNED, Refusal, Substitution, substitutions
from secant import oracle

from .scene import BARRIER, STALENESS_S, WINDOW_S, Scene
from .substitutes import FEED_WRITABLE

if TYPE_CHECKING:
    from solders.instruction import Instruction

DAY_S = 86_400
NOTICE_S = 30 * DAY_S


def arrange(scene: Scene) -> None:
    """A second and thirty days after the feed's last reading of the last window could still be fresh."""
    scene.at(WINDOW_S + STALENESS_S + NOTICE_S + 1)


def call(scene: Scene) -> Instruction:
    return oracle.close_feed(authority=scene.publisher.pubkey(), feed=scene.feed)


SUBSTITUTED = substitutions(
    "close_feed",
    {
        "authority": {"unsigned": UNSIGNED, "read_only": UNSIGNED}
        | dict.fromkeys(("nobody", "stranger", "second"), "AuthorityMismatch"),
        "feed": FEED_WRITABLE | {"foreign_feed": "AuthorityMismatch"},
    },
)


def _decide_in_time(scene: Scene) -> None:
    scene.sample(0, BARRIER)


REFUSED: list[Refusal[Scene]] = [
    Refusal("a second too soon", "FeedInUse", call, lambda s: s.at(WINDOW_S + STALENESS_S + NOTICE_S)),
    Refusal("in the window", "FeedInUse", call, lambda s: s.at(5)),
    Refusal(
        "needed by a new record",
        "FeedInUse",
        call,
        lambda s: s.new_record(oracle.STATISTIC_LAST, end=s.world.now + 1),
    ),
    Refusal(
        "even with every record decided",
        "FeedInUse",
        call,
        _decide_in_time,
    ),
    Refusal("closed already", TOO_SMALL, call, lambda s: s.run(call(s))),
]


def test_returns_the_rent_to_the_authority(arranged: Scene) -> None:
    scene = arranged
    rent = scene.world.svm.get_balance(scene.feed) or 0
    owned = scene.world.svm.get_balance(scene.publisher.pubkey()) or 0
    assert scene.run(call(scene)) == [oracle.FeedClosed(feed=scene.feed)]
    assert rent > 0
    assert scene.world.svm.get_balance(scene.publisher.pubkey()) == owned + rent
    assert not scene.world.exists(scene.feed)


def test_a_feed_without_records_closes_at_once(scene: Scene) -> None:
    closing = oracle.close_feed(authority=scene.publisher.pubkey(), feed=scene.shared_feed)
    scene.run(closing)
    assert not scene.world.exists(scene.shared_feed)


def test_every_record_can_be_decided_before_its_feed_closes(scene: Scene) -> None:
    scene.at(WINDOW_S + STALENESS_S + NOTICE_S)
    scene.assert_refused("FeedInUse", call(scene))
    scene.run(scene.observe())
    assert scene.record_state().status == oracle.RECORD_VOID


def test_other_rules_make_another_address(arranged: Scene) -> None:
    """Whoever holds a feed's address can rely on its publishers: nobody can put others in their place."""
    scene = arranged
    old = scene.feed_state()
    scene.run(call(scene))
    rules = oracle.FeedRules(
        width_max=1,
        step_max=1,
        staleness_s=DAY_S,
        exponent=-6,
        quorum=1,
        publishers=(scene.stranger.pubkey(),),
    )
    creating = oracle.create_feed(
        authority=scene.publisher.pubkey(),
        feed_id=old.feed_id,
        rules_hash=hashlib.sha256(rules.encode()).digest(),
        rules=rules,
    )
    assert creating.accounts[1].pubkey != scene.feed
    scene.run(creating)
    assert not scene.world.exists(scene.feed)


def test_lamports_sent_back_in_the_same_transaction_revive_nothing(arranged: Scene) -> None:
    ahead = TransferParams(from_pubkey=arranged.stranger.pubkey(), to_pubkey=arranged.feed, lamports=10**8)
    arranged.run(call(arranged), transfer(ahead))
    assert arranged.world.data(arranged.feed) == b""


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
