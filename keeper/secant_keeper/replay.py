"""Replays: recorded quotes through the real oracle program, and what its records say.

Each series has a feed for every spread limit asked of it; each term is a record. The clock is the source's:
a record is created the second before its window opens, a sample arrives at its own time, and a record is
decided once no sample of its window could still come. All of it happens in one order of time on one chain.

A feed takes one reading a second. Of the readings of one second the replay publishes the first that passes
the spread limit, or the first of all if none does; the program judges it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from heapq import merge
from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeAlias

from secant import oracle
from secant_keeper.errors import InputError
from secant_keeper.evidence import Answer, answer
from secant_keeper.recordings import Reading, RecordedSeries, load_files
from secant_keeper.replay_chain import NO_ASK, NO_BID, STALENESS_S, ReplayChain, ReplayFeed
from secant_keeper.terms import DECIMALS_MAX, Term, decimals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from solders.pubkey import Pubkey

PPM_DECIMALS: Final = 6
I64_MAX: Final = 2**63 - 1
PROGRESS_EVENTS: Final = 1024

_STATISTICS: Final = {
    "first": oracle.STATISTIC_FIRST,
    "last": oracle.STATISTIC_LAST,
    "twap": oracle.STATISTIC_AVERAGE,
    "touch_up": oracle.STATISTIC_TOUCH_UP,
    "touch_down": oracle.STATISTIC_TOUCH_DOWN,
    "range": oracle.STATISTIC_RANGE,
    "change": oracle.STATISTIC_CHANGE,
    "variance": oracle.STATISTIC_VARIANCE,
}
_CREATE, _SAMPLE, _DECIDE = 0, 1, 2


@dataclass(slots=True)
class Question:
    """One term under way.

    Attributes:
        term: What is asked.
        series: What it is asked of.
        decimals: The feed's exponent is minus this.
        record: The record's address, once it is created.
    """

    term: Term
    series: RecordedSeries
    decimals: int = PPM_DECIMALS
    record: Pubkey | None = None


@dataclass(slots=True)
class FeedPlan:
    """A series under one spread limit, with the terms asked of it."""

    series: RecordedSeries
    max_spread: Decimal
    questions: list[Question] = field(default_factory=list)

    @property
    def decimals(self) -> int:
        """Decimals that hold every bid, ask, mid, barrier and strike exactly."""
        needed = max(PPM_DECIMALS, decimals(self.max_spread))
        for question in self.questions:
            needed = max(needed, _decimals_of(question.term))
        if needed == PPM_DECIMALS and any(
            bid is not None and ask is not None and (bid + ask) % 2 for _, bid, ask in self.series.readings
        ):
            needed += 1  # a mid half a ppm off the grid
        return needed


_Event: TypeAlias = tuple[int, int, FeedPlan, "Question | tuple[int, int, int]"]


@dataclass(slots=True)
class Replay:
    """A finished replay.

    Attributes:
        answers: One for each term, in the terms' order.
        series: What each answer is of.
        published: Samples that went through the program.
        feeds: Feeds they were published to: one for each series and spread limit.
        decimals: The feed exponents used are minus these.
    """

    answers: list[Answer]
    series: list[RecordedSeries]
    published: int
    feeds: int
    decimals: list[int]


def replay_file(
    venue: str,
    paths: Sequence[Path],
    terms: Sequence[Term],
    default_series: str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Replay:
    """Replay a recording under terms.

    Args:
        venue: The venue the recording is of.
        paths: The recording, or the files that together are one.
        terms: What to ask; terms without a series ask `default_series`.
        default_series: None for the only series the file holds.
        progress: Called now and then with the samples done and their number.

    Raises:
        VenueError: No such venue or series, or the file is not to be used.
        InputError: A strike does not fit the program's integers.
    """
    names = [term.series or default_series for term in terms]
    loaded = load_files(venue, paths, dict.fromkeys(names))
    return replay_terms([(term, loaded[name]) for term, name in zip(terms, names, strict=True)], progress)


def replay_terms(
    asked: Sequence[tuple[Term, RecordedSeries]],
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Replay:
    """Replay loaded series under terms.

    Raises:
        InputError: A strike does not fit the program's integers.
    """
    questions = [Question(term, series) for term, series in asked]
    plans: dict[tuple[str, Decimal], FeedPlan] = {}
    for question in questions:
        key = (question.series.name, question.term.max_spread)
        plan = plans.setdefault(key, FeedPlan(question.series, question.term.max_spread))
        plan.questions.append(question)
    chain = ReplayChain()
    published = _run(chain, list(plans.values()), progress)
    answers = []
    for question in questions:
        if question.record is None:
            raise AssertionError(f"{question.term.name} has no record")
        term = question.term
        seen = question.series.count_seen(term.start, term.end)
        answers.append(answer(term, chain.record(question.record), question.decimals, seen))
    series = [question.series for question in questions]
    return Replay(answers, series, published, len(plans), sorted({one.decimals for one in questions}))


def _run(chain: ReplayChain, plans: list[FeedPlan], progress: Callable[[int, int], None]) -> int:
    feeds: dict[int, ReplayFeed] = {}
    terms: dict[int, oracle.RecordTerms] = {}
    for plan in plans:
        scale = plan.decimals
        for question in plan.questions:
            question.decimals = scale
            terms[id(question)] = record_terms(question.term, scale)
        name = f"{plan.series.name}\0{plan.max_spread.normalize()}"
        width_max = max(1, _units(plan.max_spread, scale))
        feeds[id(plan)] = chain.create_feed(name, -scale, width_max)
    total = sum(len(plan.series.readings) for plan in plans)
    published = 0
    events = merge(*map(_events, plans), key=itemgetter(0, 1))
    for done, (time, kind, plan, payload) in enumerate(events):
        if done % PROGRESS_EVENTS == 0:
            progress(min(done, total), total)
        feed = feeds[id(plan)]
        if isinstance(payload, Question):
            chain.set_time(time)
            _open_or_decide(chain, feed, payload, terms[id(payload)], kind)
        elif feed.records:
            feed.publish(*payload)
            published += 1
    progress(total, total)
    return published


def _open_or_decide(
    chain: ReplayChain, feed: ReplayFeed, question: Question, terms: oracle.RecordTerms, kind: int
) -> None:
    if kind == _CREATE:
        question.record = chain.create_record(feed, terms)
        feed.open_record(question.record)
    elif question.record is not None:
        chain.observe(feed, question.record)
        feed.close_record(question.record)


def _events(plan: FeedPlan) -> Iterator[_Event]:
    """What happens on one feed, in order of time."""
    steps: list[_Event] = []
    for question in plan.questions:
        steps.append((question.term.start - 1, _CREATE, plan, question))
        # Beyond this second the clock alone proves that no sample of the window is still to come.
        steps.append((question.term.end + STALENESS_S + 1, _DECIDE, plan, question))
    steps.sort(key=itemgetter(0, 1))
    factor = 10 ** (plan.questions[0].decimals - PPM_DECIMALS)
    chosen = one_a_second(plan.series.readings, plan.max_spread)
    samples = ((reading.time, _SAMPLE, plan, _feed_units(reading, factor)) for reading in chosen)
    return merge(steps, samples, key=itemgetter(0, 1))


def one_a_second(readings: Iterable[Reading], max_spread: Decimal) -> Iterator[Reading]:
    """Of each second the first reading that passes the limit, or the first if none does; time only rises."""
    width_max_ppm = max_spread * 10**PPM_DECIMALS
    last = 0
    held: Reading | None = None
    for reading in readings:
        time, bid, ask = reading
        if time <= last:
            continue
        if held is not None and time > held.time:
            yield held
            last, held = held.time, None
        if bid is not None and ask is not None and ask - bid <= width_max_ppm:
            yield reading
            last, held = time, None
        elif held is None:
            held = reading
    if held is not None:
        yield held


def _feed_units(reading: Reading, factor: int) -> tuple[int, int, int]:
    time, bid, ask = reading
    return time, NO_BID if bid is None else bid * factor, NO_ASK if ask is None else ask * factor


def _decimals_of(term: Term) -> int:
    needed = max(decimals(term.max_spread), decimals(term.barrier or Decimal(0)))
    levels = max(decimals(level or Decimal(0)) for level in (term.strike, term.low, term.high))
    # A variance is in squared units, which have twice the decimals.
    return max(needed, (levels + 1) // 2 if term.statistic == "variance" else levels)


def _units(value: Decimal, scale: int) -> int:
    return int(value.scaleb(scale))


def record_terms(term: Term, scale: int) -> oracle.RecordTerms:
    """A term as the program takes it, for a feed with the exponent -`scale`.

    Raises:
        InputError: A strike does not fit the program's integers.
    """
    if not 0 <= scale <= DECIMALS_MAX:
        raise InputError(f"{term.name}: prices with {scale} decimals; at most {DECIMALS_MAX} are possible")
    value_scale = 2 * scale if term.statistic == "variance" else scale
    low, high, payout = 0, 0, oracle.PAYOUT_DIGITAL
    if term.strike is not None:
        low = _units(term.strike, value_scale)
    elif term.bounds is not None:
        low, high = (_units(level, value_scale) for level in term.bounds)
        payout = oracle.PAYOUT_LINEAR
    if max(abs(low), abs(high)) > I64_MAX:
        raise InputError(
            f"{term.name}: a variance of prices with {scale} decimals does not fit; at most 9 do"
        )
    return oracle.RecordTerms(
        start=term.start,
        end=term.end,
        barrier=_units(term.barrier or Decimal(0), scale),
        low=low,
        high=high,
        width_max=_units(term.max_spread, scale),
        sustain_s=term.sustain_s,
        max_gap_s=term.gap_s_max,
        grid_s=term.grid_s or 0,
        coverage_min_ppm=_units(term.min_coverage, PPM_DECIMALS),
        statistic=_STATISTICS[term.statistic],
        payout=payout,
    )
