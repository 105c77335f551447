"""What the machine draws: sizes, portions and times, mostly sensible and now and then absurd."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
U64_MAX = 2**64 - 1
I64_MAX = 2**63 - 1
I64_MIN = -(2**63)

# Counted round over whatever there is to choose from.
which = st.integers(0, 15)
users = st.integers(0, 3)
# 16 stands for one beyond the last outcome and 17 for 255.
outcomes = st.integers(0, 17)
lots = st.one_of(
    st.integers(1, 2_000),
    st.integers(1, 2_000),
    st.integers(1, 100_000),
    st.sampled_from([0, 10**6, 10**12, 9 * 10**13, 9 * 10**13 + 1, 2**49, I64_MAX, U64_MAX]),
)
atoms = st.one_of(
    st.integers(1, 10**8),
    st.integers(1, 10**10),
    st.sampled_from([0, 10**12, I64_MAX, 2**63, U64_MAX]),
)
# Thousandths of a pool's liquidity.
trades = st.one_of(
    st.integers(-500, 500),
    st.integers(-500, 500),
    st.integers(-5_000, 5_000),
    st.sampled_from([I64_MIN, -(10**12), 10**12, I64_MAX]),
)
limits = st.sampled_from(["open", "open", "open", "open", "tight", "shut"])
portions = st.sampled_from(["all", "all", "half", "half", "one", "none", "more", "huge"])
liquidity = st.one_of(
    st.integers(10, 5_000), st.integers(10, 5_000), st.sampled_from([0, 1, 10**12, U64_MAX])
)
# Near each other, so that orders meet.
prices = st.one_of(
    *[st.integers(4_980, 5_020)] * 4, st.integers(1, 9_999), st.sampled_from([1, 9_999, 0, 10_000, 65_535])
)
order_lots = st.one_of(
    *[st.integers(1, 3_000)] * 4,
    st.integers(1, 200_000),
    st.sampled_from([0, 10**9, 5 * 10**11, 5 * 10**11 + 1, U64_MAX]),
)
# Kind, self-trade mode, seconds to live (0 for ever), meets_max, and whether it is to reduce only.
_sane_marks = st.tuples(
    st.sampled_from([0, 0, 0, 1, 2, 3, 4, 4]),
    st.integers(0, 2),
    st.sampled_from([0, 0, 0, 30, 60, 600, 3_600]),
    st.sampled_from([64, 256, 8, 2]),
    st.sampled_from([False, False, False, True]),
)
_wild_marks = st.tuples(
    st.integers(0, 5),
    st.integers(0, 3),
    st.sampled_from([0, 1, -1]),
    st.sampled_from([0, 1, 256, 257]),
    st.booleans(),
)
order_marks = st.one_of(*[_sane_marks] * 5, _wild_marks)
# Marks of orders that only take, and now and then of others.
_taking_marks = st.tuples(
    st.sampled_from([1, 1, 1, 2]),
    st.integers(0, 2),
    st.just(0),
    st.sampled_from([64, 256, 8, 2, 1, 0]),
    st.sampled_from([False, False, False, True]),
)
taking_marks = st.one_of(*[_taking_marks] * 6, _wild_marks)
# A builder, counted round over the exchange's accounts, and its rate in bps; none at no rate.
builders = st.tuples(which, st.sampled_from([0, 0, 0, 1, 33, 100, 100, 101]))
# What tokens are said to be of, while mint and token account agree with each other.
claims = st.sampled_from(["true", "true", "true", "true", "other outcome", "other event"])
pause_bits = st.sampled_from([1, 2, 4, 8, 3, 15, 0, 16, 255])
# Short waits are the most common, so that markets live; long ones end them.
waits = st.sampled_from([1, 5, 10, 30, 30, 60, 60, 60, 300, 300, 600, 600, 600, 3_600, 3_600, 20_000])


def pick(candidates: list[T], place: int) -> T:
    """The candidate at a place, counted round."""
    return candidates[place % len(candidates)]


def portion_of(amount: int, portion: str) -> int:
    """A named part of an amount."""
    parts = {"all": amount, "half": amount // 2, "one": 1, "none": 0, "more": amount + 1, "huge": U64_MAX}
    return min(U64_MAX, max(0, parts[portion]))


def outcome_index(drawn: int, count: int) -> int:
    """An outcome of an event with `count`, or one that it lacks."""
    return drawn % count if drawn < 16 else count if drawn == 16 else 255
