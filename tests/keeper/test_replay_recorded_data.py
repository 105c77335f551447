"""Replays of the recorded data against the plain model, every field of every answer."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from reference_model import (
    Sample,
    expected,
    iso,
    kalshi_candles,
    kalshi_tape,
    oracle_prices,
    polymarket_prices,
    polymarket_quotes,
)

from secant_keeper.__main__ import main

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
GOLD = tuple(sorted((DATA / "kalshi_gold15m_ws" / "events").glob("*/*.gz")))
ELECTION = DATA / "election2024_history"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the recorded data is not at {DATA}")


class Replayer:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._terms = folder / "terms.json"
        self._capsys = capsys

    def __call__(self, venue: str, file: Path, terms: list[dict[str, Any]], *options: str) -> Any:
        self._terms.write_text(json.dumps(terms))
        arguments = ["replay", "--venue", venue, "--file", str(file), "--terms", str(self._terms), "--json"]
        with pytest.raises(SystemExit) as ended:
            main([*arguments, *options])
        shown = self._capsys.readouterr()
        assert ended.value.code == 0, shown.err
        return json.loads(shown.out)


@pytest.fixture
def replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Replayer:
    return Replayer(tmp_path, capsys)


def questions(start: str, end: str, gap: int, *levels: str) -> list[dict[str, Any]]:
    """Terms of every statistic over one window."""
    middle, low, high = levels
    window: dict[str, Any] = {"start": start, "end": end, "max_gap_s": gap}
    terms: list[dict[str, Any]] = [
        {"statistic": "first"},
        {"statistic": "first", "strike": middle},
        {"statistic": "last"},
        {"statistic": "last", "strike": middle},
        {"statistic": "twap", "min_coverage": 0.5},
        {"statistic": "twap", "strike": middle, "min_coverage": "0.999999"},
        {"statistic": "range"},
        {"statistic": "range", "strike": "0.1", "max_spread": "0.01"},
        {"statistic": "change"},
        {"statistic": "change", "strike": "-0.02"},
        {"statistic": "variance", "grid_s": 3 * gap},
        {"statistic": "variance", "grid_s": gap, "strike": "0.001"},
        {"statistic": "touch_up", "barrier": high},
        {"statistic": "touch_up", "barrier": middle, "sustain_s": 5 * gap, "max_spread": 0.01},
        {"statistic": "touch_down", "barrier": low},
        {"statistic": "touch_down", "barrier": middle, "sustain_s": 3 * gap, "min_coverage": 1},
    ]
    return [{**window, "name": f"{place} {term['statistic']}", **term} for place, term in enumerate(terms)]


def check(answers: Any, terms: list[dict[str, Any]], samples: dict[str, list[Sample]] | list[Sample]) -> None:
    for term, found in zip(terms, answers, strict=True):
        chosen = samples if isinstance(samples, list) else samples[term["series"]]
        assert found == expected(term, chosen), term


def test_election_candles_answer_every_statistic(replay: Replayer) -> None:
    path = ELECTION / "kalshi" / "PRES-2024-DJT_candlesticks.csv"
    terms = [
        *questions("2024-10-10T00:00:00Z", "2024-11-05T00:00:00Z", 3600, "0.57", "0.45", "0.65"),
        *questions("2024-10-07T14:30:00+02:00", "2024-10-14T00:00:01Z", 3601, "0.53", "0.49", "0.54"),
        *questions("2024-11-05T00:00:00Z", "2024-11-06T20:00:00Z", 7200, "0.9", "0.5", "0.97"),
    ]
    for place, term in enumerate(terms):
        term["name"] = f"{place} {term['name']}"
    check(replay("kalshi", path, terms), terms, kalshi_candles(path))


@pytest.mark.parametrize(
    ("state", "outcome"), [("PA", "Donald Trump"), ("WI", "Kamala Harris"), ("OH", "Other")]
)
def test_election_hours(replay: Replayer, state: str, outcome: str) -> None:
    path = ELECTION / "polymarket" / "csv_hour" / f"{state}_hourly.csv"
    terms = questions("2024-09-01T00:00:00Z", "2024-11-03T12:00:00Z", 3610, "0.5", "0.42", "0.6")
    answers = replay("polymarket", path, terms, "--series", outcome)
    check(answers, terms, polymarket_prices(path, outcome))


@pytest.mark.parametrize(
    ("state", "outcome"), [("TX", "Republican"), ("PA", "Kamala Harris"), ("CA", "Other")]
)
def test_election_minutes(replay: Replayer, state: str, outcome: str) -> None:
    path = ELECTION / "polymarket" / "csv_minute" / f"{state}_minutely.csv"
    terms = questions("2024-11-03T04:00:00Z", "2024-11-04T05:00:00Z", 60, "0.5", "0.42", "0.55")
    for term in terms:
        term["series"] = outcome
    check(replay("polymarket", path, terms), terms, polymarket_prices(path, outcome))


def test_quotes_of_several_slugs_answer_every_statistic(replay: Replayer) -> None:
    path = DATA / "polymarket_us_quotes_outcomes" / "quotes_dev.csv.gz"
    quotes = polymarket_quotes(path)
    terms: list[dict[str, Any]] = []
    for slug in list(quotes)[::25]:
        times = [time for time, _, _ in quotes[slug]]
        asked = questions(iso(times[0] + 600), iso(times[-1] - 1), 130, "0.5", "0.2", "0.8")
        terms += [{**term, "name": f"{slug} {term['name']}", "series": slug} for term in asked]
    check(replay("polymarket", path, terms), terms, quotes)


def test_touches_of_every_slug(replay: Replayer) -> None:
    path = DATA / "polymarket_us_quotes_outcomes" / "quotes_dev.csv.gz"
    quotes = polymarket_quotes(path)
    terms: list[dict[str, Any]] = []
    for slug, samples in quotes.items():
        window = {"series": slug, "start": iso(samples[0][0]), "end": iso(samples[-1][0]), "max_gap_s": 400}
        window["max_spread"] = "0.05"
        up = {"name": f"up {slug}", "statistic": "touch_up", "barrier": 0.9, "sustain_s": 600}
        down = {"name": f"down {slug}", "statistic": "touch_down", "barrier": "0.1"}
        terms += [{**window, **up}, {**window, **down}]
    answers = replay("polymarket", path, terms)
    check(answers, terms, quotes)
    assert {answer["outcome"] for answer in answers} == {"yes", "no", "void"}


@pytest.mark.parametrize("path", GOLD, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_gold_windows(replay: Replayer, path: Path) -> None:
    samples = kalshi_tape(path)
    first = datetime.fromtimestamp(samples[0][0], UTC).replace(second=0)
    start, end = int(first.timestamp()), samples[-1][0] + 2
    terms = questions(iso(start + 60), iso(max(end, start + 120)), 2, "0.5", "0.2", "0.8")
    check(replay("kalshi", path, terms), terms, samples)


def test_a_crash_in_dollars_answers_every_statistic(replay: Replayer) -> None:
    path = DATA / "drift_luna_oracle" / "luna_oracle_2022-05-09_10.csv"
    terms = questions("2022-05-10T21:00:00Z", "2022-05-10T23:00:00Z", 30, "25", "13.6", "29.87")
    terms += [
        {**terms[0], "name": "share of a bound", "statistic": "twap", "low": "10", "high": 60},
        {**terms[0], "name": "fall", "statistic": "change", "strike": "-13.5"},
    ]
    check(replay("pyth", path, terms), terms, oracle_prices(path))


def test_two_thousand_observations_a_second(replay: Replayer) -> None:
    path = ELECTION / "polymarket" / "csv_hour" / "PA_hourly.csv"
    window = {"start": "2024-08-04T00:00:00Z", "end": "2024-11-05T00:00:00Z"}
    names = ("Donald Trump", "Kamala Harris", "Other")
    terms = [{**window, "name": name, "series": name, "statistic": "twap"} for name in names]
    begun = time.process_time()
    answers = replay("polymarket", path, terms)
    spent_s = time.process_time() - begun
    assert sum(answer["samples_accepted"] for answer in answers) / spent_s >= 2_000
