"""Standing columns hold what was put last, however accounts come, change and go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from perp_states import Account, address_of, random_account, random_market

from secant_keeper.perps.at_risk import at_marks, mark_all
from secant_keeper.perps.columns import Columns, Leg
from secant_keeper.perps.errors import AccountInvalidError

if TYPE_CHECKING:
    import random

    from solders.pubkey import Pubkey


def with_markets(count: int) -> Columns:
    columns = Columns()
    for index in range(count):
        assert columns.add_market() == index
    return columns


def stored(columns: Columns) -> dict[int, set[tuple[int, ...]]]:
    """The legs of each row, from the runs of the markets."""
    found: dict[int, set[tuple[int, ...]]] = {}
    for market, legs in columns.runs(legs_max=3):
        rows = legs.rows.tolist()
        assert 0 < len(rows) <= 3
        assert len(set(rows)) == len(rows)
        for row, *values in zip(*(column.tolist() for column in legs), strict=True):
            found.setdefault(row, set()).add((market, *values))
    return found


@given(st.randoms(use_true_random=False))
def test_columns_hold_the_last_word_on_every_account(rng: random.Random) -> None:
    markets = [random_market(rng) for _ in range(rng.randint(1, 9))]
    columns = with_markets(len(markets))
    model: dict[Pubkey, Account] = {}
    rows: dict[Pubkey, int] = {}
    for _ in range(40):
        address = address_of(rng.randint(0, 9))
        if rng.random() < 0.25:
            assert columns.remove(address) == (model.pop(address, None) is not None)
            if address in rows:
                assert columns.address(rows.pop(address)) is None
            continue
        account = random_account(rng, markets)
        row = columns.put(address, account.free_atoms, account.legs)
        # An account keeps its row, and no two share one.
        assert rows.setdefault(address, row) == row
        model[address] = account
        assert row in columns.touched
    assert len(columns) == len(model)
    assert len(set(rows.values())) == len(rows)
    assert columns.row_count <= 10
    legs = stored(columns)
    for address, account in model.items():
        row = columns.row(address)
        assert row == rows[address]
        assert columns.address(row) == address
        kept = all(leg.is_bounded() for leg in account.legs) and abs(account.free_atoms) <= 2**60
        assert columns.is_unbounded[row] == (not kept)
        assert columns.free_atoms[row] == (account.free_atoms if kept else 0)
        assert legs.pop(row, set()) == (set(map(tuple, account.legs)) if kept else set())
    assert legs == {}
    assert columns.leg_count == sum(map(len, stored(columns).values()))


@given(st.randoms(use_true_random=False))
def test_legs_of_some_rows_are_those_of_the_runs(rng: random.Random) -> None:
    markets = [random_market(rng) for _ in range(5)]
    columns = with_markets(5)
    for number in range(12):
        account = random_account(rng, markets)
        columns.put(address_of(number), account.free_atoms, account.legs)
    asked = rng.sample(range(12), rng.randint(0, 12))
    found: dict[int, set[tuple[int, ...]]] = {}
    for market, legs in columns.legs_of(np.array(asked, dtype=np.int64)):
        for at, *values in zip(*(column.tolist() for column in legs), strict=True):
            found.setdefault(asked[at], set()).add((market, *values))
    assert found == {row: legs for row, legs in stored(columns).items() if row in asked}


def test_growing_past_every_capacity_loses_nothing() -> None:
    columns = with_markets(2)
    count = 1_000
    for number in range(count):
        columns.put(address_of(number), number, [Leg(1, number, -number), Leg(0, -number, 7)])
    assert columns.free_atoms[:count].tolist() == list(range(count))
    assert stored(columns)[count - 1] == {
        (1, count - 1, 1 - count, 0, 0, 0, 0, 0, 0),
        (0, 1 - count, 7, 0, 0, 0, 0, 0, 0),
    }
    for number in range(0, count, 2):
        assert columns.remove(address_of(number))
    assert columns.leg_count == count
    assert not columns.remove(address_of(0))
    assert columns.put(address_of(5_000), 1, []) < count
    assert columns.row_count == count


def test_a_row_without_an_account_is_worth_nothing_and_lacks_nothing() -> None:
    columns = with_markets(1)
    columns.put(address_of(1), -5, [Leg(0, 3, -(2**58))])
    columns.put(address_of(2), -5, [])
    assert columns.is_unbounded.tolist()[:2] == [True, False]
    for number in (1, 2):
        columns.remove(address_of(number))
    surpluses = mark_all(columns, at_marks([None]))
    assert surpluses.atoms.tolist() == [0, 0]
    assert surpluses.unknown().tolist() == []


@pytest.mark.parametrize(
    ("legs", "said"),
    [
        ([Leg(0, 1, 1)] * 2, "each in another market"),
        ([Leg(at, 1, 1) for at in range(9)], "at most 8 legs"),
        ([Leg(9, 1, 1)], "add_market comes before"),
        ([Leg(-1, 1, 1)], "add_market comes before"),
    ],
)
def test_legs_that_contradict_each_other_are_refused_and_nothing_is_written(
    legs: list[Leg], said: str
) -> None:
    columns = with_markets(9)
    columns.put(address_of(1), 5, [Leg(0, 3, 4)])
    before = stored(columns)
    for number in (1, 2):
        with pytest.raises(AccountInvalidError, match=said):
            columns.put(address_of(number), 6, legs)
    assert stored(columns) == before
    assert len(columns) == 1
    assert columns.free_atoms[0] == 5
