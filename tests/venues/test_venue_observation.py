from __future__ import annotations

import pytest

from secant_keeper.venues import (
    Observation,
    Outcome,
    OutcomeState,
    Price,
    Quote,
    Reason,
    Rejection,
    Rejections,
)
from secant_keeper.venues.observation import RefusalError


def test_the_mid_is_defined_for_two_sides_only() -> None:
    both = Observation.at("A", 1_999, Quote(640_000, 680_000))
    assert (both.value_ppm, both.width_ppm, both.is_two_sided) == (660_000, 40_000, True)
    assert (both.source_time, both.source_time_ms) == (1, 1_999)
    for quote in (Quote(640_000, None), Quote(None, 680_000), Quote(None, None)):
        one = Observation.at("A", 1, quote)
        assert (one.value_ppm, one.width_ppm, one.is_two_sided) == (None, None, False)


def test_mids_of_four_decimals_are_exact() -> None:
    assert Quote(560_100, 560_200).value_ppm == 560_150


def test_a_bare_price_has_no_width_and_a_confidence_has_twice_itself() -> None:
    assert Observation.at("A", 1, Price(500_000)).width_ppm == 0
    assert Observation.at("A", 1, Price(500_000, 1_000)).width_ppm == 2_000
    assert Price(500_000).value_ppm == 500_000
    assert not Price(500_000).is_two_sided
    assert not Price(500_000).is_crossed


def test_a_locked_book_is_not_crossed() -> None:
    assert Quote(510_000, 500_000).is_crossed
    assert not Quote(500_000, 500_000).is_crossed
    assert Quote(500_000, 500_000).is_locked
    assert not Quote(None, None).is_locked
    assert not Quote(500_000, 510_000).is_crossed
    assert not Quote(500_000, None).is_crossed


def test_times_that_disagree_are_refused() -> None:
    with pytest.raises(ValueError, match="whole seconds"):
        Observation("A", 2, 1_999, Price(1))


def test_rejections_are_counted_with_their_last_example() -> None:
    counter = Rejections()
    counter.count(Rejection(Reason.CROSSED, "first"))
    counter.count(Rejection(Reason.CROSSED, "second"))
    counter.ignore("trade")
    counter.ignore(None)
    assert counter.counts == {Reason.CROSSED: 2}
    assert counter.last[Reason.CROSSED].detail == "second"
    assert counter.ignored == {"trade": 1, "unnamed": 1}
    assert counter.total == 2


def test_invented_kinds_cannot_grow_the_counter_without_limit() -> None:
    counter = Rejections()
    for number in range(1_000):
        counter.ignore(f"kind {number}")
    assert len(counter.ignored) == Rejections.KINDS_MAX + 1
    assert counter.ignored["other"] == 1_000 - Rejections.KINDS_MAX


def test_examples_are_cut_to_length() -> None:
    refusal = RefusalError(Reason.MALFORMED, "bad")
    for example in (b"\xff" * 500, "x" * 500, ["x" * 500]):
        assert len(refusal.rejection("A", 5, example).example) == 200


def test_the_winner_is_the_one_that_pays_everything() -> None:
    won = Outcome("A", OutcomeState.FINAL, ("yes", "no"), (0, 1_000_000), 0)
    assert (won.winner, won.is_final) == ("no", True)
    assert Outcome("A", OutcomeState.FINAL, ("yes", "no"), (500_000, 500_000), 500_000).winner is None
    assert Outcome("A", OutcomeState.OPEN, ("yes", "no"), None, None).winner is None
