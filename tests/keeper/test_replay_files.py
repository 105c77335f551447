"""Recordings over several files, with comments, of several series, and of nothing; a reader who goes away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from keeper_world import BEGIN, iso, write_quotes

from secant_keeper.__main__ import EXIT_PIPE, main

SCRIPTS = Path(__file__).parents[2] / "scripts"
TERM: dict[str, Any] = {"name": "t", "statistic": "twap", "start": iso(BEGIN), "end": iso(BEGIN + 1000)}


def replay(
    capsys: pytest.CaptureFixture[str], terms: list[dict[str, Any]], *files: Path, as_json: bool = True
) -> tuple[object, str, str]:
    path = files[0].parent / "terms.json"
    path.write_text(json.dumps(terms))
    given = [option for file in files for option in ("--file", str(file))]
    arguments = ["replay", "--venue", "polymarket", *given, "--terms", str(path)]
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--json"] if as_json else arguments)
    shown = capsys.readouterr()
    return ended.value.code, shown.out, shown.err


def test_the_bundled_recording_replays_with_the_bundled_terms(capsys: pytest.CaptureFixture[str]) -> None:
    folder = SCRIPTS / "secant_demo"
    arguments = ["--file", str(folder / "kalshi_pres_2024.csv"), "--terms", str(folder / "terms.json")]
    with pytest.raises(SystemExit) as ended:
        main(["replay", "--venue", "kalshi", "--json", *arguments])
    assert ended.value.code == 0
    touch, swing, average = json.loads(capsys.readouterr().out)
    # As the demo's markets settle by the same quotes.
    assert (touch["outcome"], touch["first_passage"]) == ("yes", "2024-10-29T19:00:00Z")
    assert (swing["outcome"], swing["value"]) == ("yes", "0.16")
    assert (average["outcome"], average["payout"]) == ("value", ["0.5534", "0.4466"])


def test_comments_stand_before_the_header_alone(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = write_quotes(tmp_path / "q.csv", [(BEGIN, "0.4", "0.42"), (BEGIN + 9, "0.4", "0.42")])
    rows = file.read_text().splitlines(keepends=True)
    file.write_text("".join(["\ufeff# where,this,is,from,x\n", "#\n", *rows[:2], "# no row\n", rows[2]]))
    code, out, err = replay(capsys, [TERM], file)
    assert (code, json.loads(out)[0]["samples_accepted"]) == (0, 2)
    assert "1 rejected as malformed" in err


def test_one_recording_in_several_files(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rows = [(BEGIN + 10 * place, f"0.{40 + place % 7}", "0.49") for place in range(60)]
    whole = write_quotes(tmp_path / "whole.csv", rows)
    late = write_quotes(tmp_path / "late.csv", rows[25:])
    early = write_quotes(tmp_path / "early.csv", rows[:25])
    with late.open("a") as file:
        file.write(f"other,{iso(BEGIN)},0.1,0.2,\n")
    terms = [
        {**TERM, "series": "test"},
        {**TERM, "name": "touch", "statistic": "touch_up", "barrier": "0.475"},
    ]
    terms[1]["series"] = "test"
    expected = replay(capsys, terms, whole)
    assert expected[0] == 0
    assert replay(capsys, terms, late, early) == expected
    assert json.loads(expected[1])[0]["samples_seen"] == 60
    code, out, _ = replay(capsys, [{**TERM, "series": "other"}], early, late)
    assert (code, json.loads(out)[0]["samples_seen"]) == (0, 1)


def test_the_part_that_breaks_off_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    early = write_quotes(tmp_path / "early.csv", [(BEGIN, "0.4", "0.42"), (BEGIN + 10, "0.4", "0.42")])
    late = write_quotes(tmp_path / "late.csv", [(BEGIN + 20, "0.4", "0.42"), (BEGIN + 30, "0.4", "0.42")])
    early.write_bytes(early.read_bytes()[:-5])
    code, out, err = replay(capsys, [TERM], early, late)
    assert (code, json.loads(out)[0]["samples_accepted"]) == (4, 3)
    assert err.startswith(f"warning: {early} is truncated")
    assert err.endswith(f"up to {iso(BEGIN)}\n")


def test_files_that_do_not_go_together(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = write_quotes(tmp_path / "q.csv", [(BEGIN, "0.4", "0.42")])
    assert "given twice" in replay(capsys, [TERM], file, file)[2]
    other = tmp_path / "other.csv"
    other.write_text(file.read_text().replace("test", "other"))
    code, out, err = replay(capsys, [TERM], file, other)
    assert (code, out) == (2, "")
    assert "holds 2 series. Name one of: 'test', 'other'" in err


@pytest.mark.parametrize("rows", ["", "test,never,0.4,0.42,\n"])
def test_a_recording_without_a_sound_row_is_said_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, rows: str
) -> None:
    file = tmp_path / "PRICES.csv"
    file.write_text("Timestamp (UTC),test\n" + rows.replace("test,", ""))
    code, out, err = replay(capsys, [{**TERM, "name": name} for name in "abc"], file)
    assert (code, out) == (2, "")
    assert err.count("nothing to replay") == 1
    assert err.count("\n") == 1 + bool(rows)


def test_a_series_without_a_row_is_said_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "PRICES.csv"
    file.write_text(f"Timestamp (UTC),test,none\n{BEGIN},0.5,\n")
    terms = [
        {**TERM, "name": name, "series": series}
        for name, series in (("a", "test"), ("b", "none"), ("c", "none"))
    ]
    code, out, err = replay(capsys, terms, file)
    assert (code, [one["outcome"] for one in json.loads(out)]) == (0, ["value", "void", "void"])
    assert err.count("series 'none' has no sound row") == 1


def test_the_number_of_feeds_is_explained(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = write_quotes(tmp_path / "q.csv", [(BEGIN, "0.4", "0.42")])
    assert "1 samples published on 1 feed; " in replay(capsys, [TERM], file, as_json=False)[1]
    narrow = {**TERM, "name": "narrow", "max_spread": "0.05"}
    out = replay(capsys, [TERM, narrow], file, as_json=False)[1]
    assert "2 samples published on 2 feeds, one for each series and max_spread; " in out


@pytest.mark.parametrize("option", ["--json", None])
def test_a_reader_who_goes_away_is_no_fault(tmp_path: Path, option: str | None) -> None:
    file = write_quotes(tmp_path / "q.csv", [(BEGIN, "0.4", "0.42")])
    terms = tmp_path / "terms.json"
    terms.write_text(json.dumps([TERM]))
    read, write = os.pipe()
    os.close(read)
    arguments = ["replay", "--venue", "polymarket", "--file", str(file), "--terms", str(terms)]
    ended = subprocess.run(
        [sys.executable, "-m", "secant_keeper", *arguments, *filter(None, [option])],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert (ended.returncode, ended.stderr) == (EXIT_PIPE, b"")
