"""Bad input to the replay: one line, exit code 2, never a traceback; what is good of a bad file is used."""

from __future__ import annotations

import gzip
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from keeper_world import BEGIN, iso, write_quotes

from secant.bootstrap import artifact_path
from secant_keeper import replay_chain
from secant_keeper.__main__ import main
from secant_keeper.errors import InputError
from secant_keeper.terms import parse_terms

if TYPE_CHECKING:
    from pathlib import Path

GOOD: dict[str, Any] = {
    "name": "t",
    "statistic": "twap",
    "start": iso(BEGIN),
    "end": iso(BEGIN + 1000),
}
TOUCH = {"statistic": "touch_up", "barrier": "0.5"}


@pytest.fixture
def quotes(tmp_path: Path) -> Path:
    rows = [(BEGIN + 10 * place, "0.4", "0.42") for place in range(50)]
    return write_quotes(tmp_path / "quotes.csv", rows)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    shown = capsys.readouterr()
    return ended.value.code, shown.out, shown.err


def replay(
    capsys: pytest.CaptureFixture[str],
    folder: Path,
    file: Path,
    terms: object,
    *options: str,
    venue: str = "polymarket",
) -> tuple[object, str, str]:
    path = folder / "terms.json"
    path.write_text(terms if isinstance(terms, str) else json.dumps(terms))
    return run(capsys, "replay", "--venue", venue, "--file", file, "--terms", path, "--json", *options)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"statistics": 1}, "statistics: unknown key; did you mean statistic?"),
        ({"xyz": 1}, "xyz: unknown key; there are name, series, "),
        ({"name": None}, "name: "),
        ({"name": ""}, "name: "),
        ({"statistic": "mean"}, "statistic: "),
        ({"statistic": "touch_up"}, "touch_up needs a barrier"),
        ({**TOUCH, "strike": 0.5}, "takes a barrier, not a strike"),
        ({"barrier": 0.5}, "takes a strike, not a barrier"),
        ({**TOUCH, "barrier": "NaN"}, "barrier: NaN is not finite"),
        ({**TOUCH, "barrier": "1.01"}, "barrier: 1.01 is outside 0 to 1"),
        ({**TOUCH, "barrier": True}, "barrier: must be a number"),
        ({**TOUCH, "barrier": "half"}, "barrier: 'half' is not a decimal number"),
        ({"strike": -0.1}, "strike: -0.1 is outside 0 to 1"),
        ({"strike": "0.1234567890123"}, "more than 12 decimals"),
        ({"low": 0.1}, "give both low and high, or neither"),
        ({"high": 0.1}, "give both low and high, or neither"),
        ({"low": 0.6, "high": 0.6}, "low must be under high, not 0.6 and 0.6"),
        ({"low": -0.1, "high": 0.6}, "low: -0.1 is outside 0 to 1"),
        ({"low": 0.1, "high": 1.1}, "high: 1.1 is outside 0 to 1"),
        ({"low": 0.1, "high": 0.6, "strike": 0.5}, "a strike pays all or nothing"),
        ({**TOUCH, "low": 0.1, "high": 0.6}, "touch_up pays all or nothing and takes no low and high"),
        ({**TOUCH, "sustain_s": -1}, "sustain_s: "),
        ({**TOUCH, "sustain_s": 1.5}, "sustain_s: "),
        ({**TOUCH, "sustain_s": "60"}, "sustain_s: "),
        ({"sustain_s": 5}, "twap takes no sustain_s"),
        ({"max_gap_s": 0}, "max_gap_s: "),
        ({"grid_s": 5}, "twap takes no grid_s"),
        ({"statistic": "variance"}, "variance needs grid_s"),
        ({"min_coverage": 1.1}, "min_coverage: 1.1 is outside 0 to 1"),
        ({"min_coverage": "0.1234567"}, "more than 6 decimals"),
        ({"statistic": "first", "min_coverage": "0.1"}, "takes no min_coverage"),
        ({"max_spread": -1}, "max_spread: -1 is outside 0 to 1"),
        ({"start": "2023-11-14T22:13:20"}, "start: '2023-11-14T22:13:20' names no zone"),
        ({"start": 1_700_000_000}, "start: must be an ISO 8601 time"),
        ({"start": "yesterday"}, "start: 'yesterday' is no ISO 8601 time"),
        ({"start": "2023-11-14T22:13:20.5Z"}, "finer than a second"),
        ({"start": "1960-01-01T00:00:00Z"}, "before 1970"),
        ({"end": iso(BEGIN)}, "end must be after start"),
        ({"end": iso(BEGIN - 1)}, "end must be after start"),
        ({"end": "2030-01-01T00:00:00Z"}, "the window must be shorter than 732 days"),
        ({"series": 5}, "series: "),
    ],
)
def test_a_term_that_is_not_sound(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, quotes: Path, change: dict[str, Any], complaint: str
) -> None:
    code, out, err = replay(capsys, tmp_path, quotes, [{**GOOD, **change}])
    assert (code, out) == (2, "")
    assert complaint in err
    assert err.count("\n") == 1
    assert "term 1" in err


def test_a_venue_that_prints_dollars_is_asked_about_dollars(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    prices = tmp_path / "sol_oracle.csv"
    rows = [f"{BEGIN + 10 * place},{30 + place}.5\n" for place in range(50)]
    prices.write_text("blockchainTimestamp,oraclePrice\n" + "".join(rows))
    asked = {**GOOD, **TOUCH, "barrier": "33.5", "max_spread": 2}
    code, out, _ = replay(capsys, tmp_path, prices, [asked], venue="pyth")
    assert code == 0
    (answer,) = json.loads(out)
    assert (answer["outcome"], answer["first_passage"]) == ("yes", iso(BEGIN + 30))
    for change, complaint in (
        ({"barrier": "9000000.1"}, "barrier: 9000000.1 is outside 0 to 9000000"),
        ({"barrier": -1}, "barrier: -1 is outside 0 to 9000000"),
        ({"max_spread": 9000001}, "max_spread: 9000001 is outside 0 to 9000000"),
    ):
        code, out, err = replay(capsys, tmp_path, prices, [{**asked, **change}], venue="pyth")
        assert (code, out) == (2, "")
        assert complaint in err


@pytest.mark.parametrize("missing", ["name", "statistic", "start", "end"])
def test_a_missing_key(missing: str) -> None:
    term = {key: value for key, value in GOOD.items() if key != missing}
    with pytest.raises(InputError, match=f"{missing}: is missing"):
        parse_terms(json.dumps([term]), "terms")


@pytest.mark.parametrize(
    ("terms", "complaint"),
    [
        ("[]", "holds no terms"),
        ("{}", "must hold a JSON list"),
        ("[1]", "term 1 must be an object"),
        ("", "is not JSON"),
        ('[{"name": NaN}]', "NaN is not a number"),
        ('[{"name": "a", "name": "b"}]', "stands twice"),
        ("[" * 100_000, "is not JSON"),
        (json.dumps([GOOD, GOOD]), "two terms are named 't'"),
    ],
)
def test_a_terms_file_that_is_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, quotes: Path, terms: str, complaint: str
) -> None:
    code, out, err = replay(capsys, tmp_path, quotes, terms)
    assert (code, out) == (2, "")
    assert complaint in err
    assert err.count("\n") == 1


def test_files_venues_and_series_that_are_not_there(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, quotes: Path
) -> None:
    for file, terms, options, venue, complaint in (
        (tmp_path / "none.csv", [GOOD], (), "polymarket", "cannot be read"),
        (tmp_path, [GOOD], (), "polymarket", "cannot be read"),
        (quotes, [GOOD], (), "betfair", "kalshi, polymarket"),
        (quotes, [GOOD], (), "kalshi", "no recording of kalshi"),
        (quotes, [GOOD], ("--series", "other"), "polymarket", "Name one of: 'test'"),
        (quotes, [{**GOOD, "series": "x"}, {**GOOD, "name": "u"}], (), "polymarket", "Name one of: 'test'"),
    ):
        code, out, err = replay(capsys, tmp_path, file, terms, *options, venue=venue)
        assert (code, out) == (2, "")
        assert complaint in err
        assert err.count("\n") == 1
    code, _, err = run(
        capsys, "replay", "--venue", "kalshi", "--file", quotes, "--terms", tmp_path / "no.json"
    )
    assert code == 2
    assert "no.json cannot be read" in err


def test_a_command_line_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ((), ("replay",), ("run",), ("dance",)):
        code, _, err = run(capsys, *arguments)
        assert code == 2
        assert err.count("\n") == 1


def test_what_is_good_of_a_truncated_gzip_is_used(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    noise = os.urandom(8192).hex()
    rows = "".join(
        f"test,{iso(BEGIN + place)},0.4,0.42,{noise[8 * place : 8 * place + 8]}\n" for place in range(900)
    )
    whole = gzip.compress(f"slug,ts_utc,bid,ask,mid\n{rows}".encode())
    file = tmp_path / "quotes.csv.gz"
    file.write_bytes(whole[: len(whole) // 2])
    code, out, err = replay(capsys, tmp_path, file, [GOOD])
    (answer,) = json.loads(out)
    assert code == 4
    accepted = answer["samples_accepted"]
    assert 0 < accepted < 900
    assert answer["outcome"] == "value"
    (line,) = err.splitlines()
    assert f"warning: {file} is truncated (the gzip stream ends before its end mark)" in line
    assert line.endswith(f"only what could be read, up to {iso(BEGIN + accepted - 1)}")


@pytest.mark.parametrize("slugs", [["test"], ["test", "other"]])
@pytest.mark.parametrize("cut", [2, 30])
def test_a_table_that_breaks_off_in_a_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, slugs: list[str], cut: int
) -> None:
    rows = [(BEGIN, "0.4", "0.42"), (BEGIN + 10, "0.4", "0.42"), (BEGIN + 20, "0.4", "0.42")]
    file = write_quotes(tmp_path / "quotes.csv", rows)
    whole = file.read_bytes() + b"other," + iso(BEGIN).encode() + b",0.4,0.42,\r\n" * (len(slugs) - 1)
    file.write_bytes(whole[:-cut] if len(slugs) > 1 else file.read_bytes()[:-cut])
    code, out, err = replay(capsys, tmp_path, file, [{**GOOD, "series": "test"}])
    (answer,) = json.loads(out)
    assert code == 4
    assert answer["samples_accepted"] == len(slugs) + 1
    assert err.count("\n") == 1
    assert f"{file} is truncated" in err
    assert f"up to {iso(BEGIN + 10 * len(slugs))}" in err


def test_a_recording_of_which_nothing_can_be_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, quotes: Path
) -> None:
    lines = quotes.read_bytes().splitlines(keepends=True)
    quotes.write_bytes(lines[0] + lines[1] + lines[2][:-5])
    term = {**GOOD, "start": iso(BEGIN - 100), "end": iso(BEGIN - 1)}
    code, out, err = replay(capsys, tmp_path, quotes, [term])
    assert (code, json.loads(out)[0]["outcome"]) == (4, "void")
    assert err.count("\n") == 2


def test_a_window_without_a_row_is_set_beside_what_there_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, quotes: Path
) -> None:
    with quotes.open("a") as file:
        file.write(f"other,{iso(BEGIN + 5000)},0.4,0.42,\n")
    wrong_year = {"start": "2022-11-14T22:13:20Z", "end": "2022-11-14T22:30:00Z"}
    terms = [
        {**GOOD, "name": "well", "series": "test"},
        {**GOOD, "name": "year", "series": "test", **wrong_year},
        {**GOOD, "name": "series", "series": "other"},
    ]
    code, out, err = replay(capsys, tmp_path, quotes, terms)
    assert code == 0
    assert [answer["samples_seen"] for answer in json.loads(out)] == [50, 0, 0]
    year, series = err.splitlines()
    assert year == (
        "year: nothing recorded from 2022-11-14T22:13:20Z to 2022-11-14T22:30:00Z; "
        f"series 'test' goes from {iso(BEGIN)} to {iso(BEGIN + 490)}; recorded are 'test', 'other'"
    )
    assert f"series 'other' goes from {iso(BEGIN + 5000)} to {iso(BEGIN + 5000)}" in series


def test_the_help_says_what_holds_for_a_key_left_out_and_what_the_codes_mean(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = run(capsys, "replay", "--help")
    assert code == 0
    assert "[the whole window: " in out
    assert "4 the recording breaks off" in out


def test_a_missing_program_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, quotes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_chain, "artifact_path", lambda _: artifact_path("nothing"))
    code, out, err = replay(capsys, tmp_path, quotes, [GOOD])
    assert (code, out) == (2, "")
    assert "reinstall the package" in err
    assert err.count("\n") == 1


def test_bad_rows_are_reported_and_counted_apart(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    good = (BEGIN, "0.4", "0.42")
    rows = [good, good, (BEGIN + 1, "0.5", "0.3"), (BEGIN + 2, "nan", "0.4"), (BEGIN + 3, "0.4", "0.42")]
    file = write_quotes(tmp_path / "quotes.csv", rows)
    code, out, err = replay(capsys, tmp_path, file, [GOOD])
    (answer,) = json.loads(out)
    assert code == 0
    assert answer["samples_accepted"] == 2
    assert answer["samples_seen"] == 4
    assert all(reason in err for reason in ("duplicate", "crossed", "not_finite"))


def test_finer_prices_make_a_finer_feed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = write_quotes(tmp_path / "quotes.csv", [(BEGIN, "0.400001", "0.400002")])
    touch = {**GOOD, "statistic": "touch_up", "barrier": "0.4000015"}
    above = {**touch, "name": "above", "barrier": "0.400001500001"}
    code, out, _ = replay(capsys, tmp_path, file, [GOOD, touch | {"name": "at"}, above])
    answers = json.loads(out)
    assert code == 0
    assert [answer["outcome"] for answer in answers] == ["value", "yes", "no"]
    assert {answer["max"] for answer in answers} == {"0.4000015"}


def test_a_payout_between_two_bounds(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = write_quotes(tmp_path / "quotes.csv", [(BEGIN, "0.4", "0.42"), (BEGIN + 1000, "0.3", "0.32")])
    terms = [
        {**GOOD, "name": "third", "low": "0.3", "high": "0.63"},
        {**GOOD, "name": "under", "low": "0.5", "high": "0.6"},
        {**GOOD, "name": "above", "low": "0.1", "high": "0.2"},
        {**GOOD, "name": "fall", "statistic": "change", "low": "-0.2", "high": "0.2"},
    ]
    code, out, _ = replay(capsys, tmp_path, file, terms)
    assert code == 0
    assert [(one["outcome"], one["value"], one["payout"]) for one in json.loads(out)] == [
        ("value", "0.41", ["0.3333", "0.6667"]),
        ("value", "0.41", ["0", "1"]),
        ("value", "0.41", ["1", "0"]),
        ("value", "-0.1", ["0.25", "0.75"]),
    ]


def test_the_plain_report(capsys: pytest.CaptureFixture[str], tmp_path: Path, quotes: Path) -> None:
    path = tmp_path / "terms.json"
    path.write_text(json.dumps([GOOD]))
    code, out, _ = run(capsys, "replay", "--venue", "polymarket", "--file", quotes, "--terms", path)
    assert code == 0
    assert "feed exponent -6" in out
    assert "samples_accepted" in out
