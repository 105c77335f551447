"""Random streams and terms through the real program, against the plain model."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from reference_model import Sample, expected, iso

from secant_keeper.recordings import Reading, RecordedSeries
from secant_keeper.replay import replay_terms
from secant_keeper.terms import Term

BEGIN = 1_700_000_000
PPM = 1_000_000

ppm_prices = st.one_of(
    st.sampled_from([0, 1, 499_999, 500_000, 500_001, 999_999, PPM]),
    st.integers(45, 55).map(lambda cents: cents * 10_000),
    st.integers(0, PPM),
)


@st.composite
def streams(draw: st.DrawFn) -> list[Reading]:
    moment, found = BEGIN, []
    for step in draw(st.lists(st.sampled_from([0, 0, 1, 1, 2, 3, 10, 11, 60, 500]), max_size=60)):
        moment += step
        low, high = sorted((draw(ppm_prices), draw(ppm_prices)))
        if draw(st.integers(0, 2)):
            high = min(PPM, low + draw(st.sampled_from([0, 1, 10_000, 50_000])))
        missing = draw(st.integers(0, 15))
        found.append(Reading(moment, None if missing == 0 else low, None if missing == 1 else high))
    return found


@st.composite
def term_dicts(draw: st.DrawFn, place: int = 0) -> dict[str, Any]:
    start = BEGIN + draw(st.integers(-50, 300))
    end = start + draw(st.sampled_from([1, 2, 10, 100, 600, 5_000]))
    statistic = draw(
        st.sampled_from(["first", "last", "twap", "touch_up", "touch_down", "range", "change", "variance"])
    )
    term: dict[str, Any] = {
        "name": f"term {place}",
        "statistic": statistic,
        "start": iso(start),
        "end": iso(end),
        "max_spread": draw(st.sampled_from(["0", "0.01", "0.05", "1"])),
    }
    if draw(st.booleans()):
        term["max_gap_s"] = draw(st.sampled_from([1, 2, 10, 60]))
    level = str(Decimal(draw(ppm_prices)) / PPM)
    if statistic.startswith("touch"):
        term |= {"barrier": level, "sustain_s": draw(st.sampled_from([0, 1, 5, 30]))}
    elif draw(st.booleans()):
        term["strike"] = level
    elif draw(st.booleans()):
        lowest = -PPM if statistic == "change" else 0
        low, high = sorted(draw(st.lists(st.integers(lowest, PPM), min_size=2, max_size=2, unique=True)))
        term |= {"low": str(Decimal(low) / PPM), "high": str(Decimal(high) / PPM)}
    if statistic == "variance":
        term["grid_s"] = draw(st.sampled_from([1, 5, 60]))
    if statistic != "first":
        term["min_coverage"] = draw(st.sampled_from(["0", "0.333333", "0.5", "1"]))
    return term


@settings(max_examples=120)
@given(readings=streams(), data=st.data())
def test_the_program_agrees_with_the_definitions(readings: list[Reading], data: st.DataObject) -> None:
    terms = [data.draw(term_dicts(place)) for place in range(data.draw(st.integers(1, 4)))]
    series = RecordedSeries("random", readings, [reading.time for reading in readings])
    replayed = replay_terms([(Term.model_validate(term), series) for term in terms])
    samples: list[Sample] = [
        (time, None if bid is None else Fraction(bid, PPM), None if ask is None else Fraction(ask, PPM))
        for time, bid, ask in readings
    ]
    for term, answer in zip(terms, replayed.answers, strict=True):
        assert answer.as_json() == expected(term, samples), (term, asdict(answer))
