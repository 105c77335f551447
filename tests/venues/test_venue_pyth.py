"""Pyth prices: exact rounding, the recorded updates byte by byte, and the crash of 2022."""

from __future__ import annotations

import base64
import csv
import gzip
import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secant_keeper.venues import (
    BrokenFileError,
    Item,
    NoDepthError,
    Observation,
    Price,
    Reason,
    Rejection,
    Rejections,
    SeriesNameError,
    UnknownSeriesError,
    open_recorded,
    recorded_depth,
    recorded_series,
)
from secant_keeper.venues.numbers import DOLLARS_MAX
from secant_keeper.venues.observation import PPM, RefusalError
from secant_keeper.venues.pyth.accumulator import MAGIC, messages
from secant_keeper.venues.pyth.payloads import PriceUpdate, feed_id
from secant_keeper.venues.pyth.reducer import PythReducer

if TYPE_CHECKING:
    from pathlib import Path

BTC = "e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43"
ETH = "ff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace"
NOW_S = 1_785_901_540


def update(price: int, confidence: int, exponent: int, publish_time_s: int = NOW_S) -> PriceUpdate:
    return PriceUpdate(BTC, price, confidence, exponent, publish_time_s * 1000)


def entry(price: str = "6163260000000", publish_time: object = NOW_S, **extra: object) -> dict[str, Any]:
    stated = {"price": price, "conf": "3268548120", "expo": -8, "publish_time": publish_time}
    return {"id": BTC, "price": {**stated, **extra}, "ema_price": {}, "metadata": {"slot": 1}}


def hermes(*entries: object) -> dict[str, Any]:
    return {"binary": {"encoding": "hex", "data": []}, "parsed": list(entries)}


def reasons(items: list[Item]) -> list[Reason | None]:
    return [item.reason if isinstance(item, Rejection) else None for item in items]


@given(
    st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**64 - 1) | st.integers(0, 1000), st.integers(-20, 12)
)
def test_the_interval_holds_the_venues_and_no_ppm_more(price: int, confidence: int, exponent: int) -> None:
    unit = Fraction(10) ** exponent * PPM
    if price * unit < 1 or (price + confidence) * unit > DOLLARS_MAX * PPM:
        with pytest.raises(RefusalError):
            update(price, confidence, exponent).quote()
        return
    quote = update(price, confidence, exponent).quote()
    assert quote.price_ppm == int(price * unit)
    low, high = quote.price_ppm - quote.confidence_ppm, quote.price_ppm + quote.confidence_ppm
    assert low <= (price - confidence) * unit
    assert high >= (price + confidence) * unit
    if quote.confidence_ppm:
        assert low + 1 > (price - confidence) * unit or high - 1 < (price + confidence) * unit


@pytest.mark.parametrize(
    ("price", "confidence", "exponent", "reason"),
    [
        (0, 0, -8, Reason.OUT_OF_RANGE),
        (-5, 0, -8, Reason.OUT_OF_RANGE),
        (99, 0, -8, Reason.PRECISION),
        (9, 1, 6, Reason.OUT_OF_RANGE),
        (1, -1, 0, Reason.OUT_OF_RANGE),
        (1, 0, -41, Reason.OUT_OF_RANGE),
        (1, 0, 2**31 - 1, Reason.OUT_OF_RANGE),
    ],
)
def test_a_price_that_is_none_is_refused(price: int, confidence: int, exponent: int, reason: Reason) -> None:
    with pytest.raises(RefusalError) as caught:
        update(price, confidence, exponent).quote()
    assert caught.value.reason is reason


def test_a_name_is_a_feed_id_however_it_is_spelled() -> None:
    assert feed_id(f"0x{BTC.upper()}") == BTC
    for name in ("", "BTC", BTC[:-1], BTC + "0", f"{BTC[:-1]}g", f" {BTC}"):
        with pytest.raises(SeriesNameError, match="64 hexadecimal digits"):
            feed_id(name)
    with pytest.raises(SeriesNameError, match="one Pyth feed"):
        PythReducer((BTC, f"0x{BTC}"), Rejections())


def test_observations_have_the_name_that_was_asked_for() -> None:
    reducer = PythReducer((f"0x{BTC}",), Rejections())
    (item,) = reducer.apply(hermes(entry()), None)
    assert item == Observation.at(f"0x{BTC}", NOW_S * 1000, Price(61_632_600_000, 32_685_482))


def test_what_an_update_says_again_is_no_reading_and_what_it_corrects_is() -> None:
    rejections = Rejections()
    reducer = PythReducer((BTC,), rejections)
    again = hermes(entry())
    recv_ms = NOW_S * 1000
    assert reasons(reducer.apply(again, recv_ms - 60_001)) == [Reason.TIME_AHEAD]
    assert reasons(reducer.apply(again, recv_ms)) == [None]
    assert reducer.apply(again, recv_ms + 9) == []
    assert rejections.ignored == {"repeated": 1}
    assert reducer.freshness(BTC).received_ms == recv_ms, "what says nothing new makes nothing fresher"
    assert reasons(reducer.apply(hermes(entry("6163260100000")), recv_ms)) == [None]
    assert reasons(reducer.apply(hermes(entry(publish_time=NOW_S - 1)), recv_ms)) == [Reason.TIME_BACKWARDS]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (5, Reason.MALFORMED),
        ({}, Reason.MISSING_FIELD),
        ({"parsed": {}}, Reason.MALFORMED),
        (hermes(5), Reason.MALFORMED),
        (hermes({}), Reason.MISSING_FIELD),
        (hermes({"id": "BTC"}), Reason.MALFORMED),
        (hermes({"id": BTC}), Reason.MISSING_FIELD),
        (hermes(entry("x")), Reason.NOT_A_NUMBER),
        (hermes(entry("1.5")), Reason.PRECISION),
        (hermes(entry("0")), Reason.OUT_OF_RANGE),
        (hermes(entry(conf=None)), Reason.MISSING_FIELD),
        (hermes(entry(expo="-8")), Reason.MALFORMED),
        (hermes(entry(expo=True)), Reason.MALFORMED),
        (hermes(entry(publish_time=None)), Reason.BAD_TIME),
        (hermes(entry(publish_time=-1)), Reason.BAD_TIME),
    ],
)
def test_an_update_that_is_none_is_rejected(payload: object, reason: Reason) -> None:
    assert reasons(PythReducer((BTC,), Rejections()).apply(payload, None)) == [reason]


def test_every_recorded_update_gives_the_prices_of_its_index(data: Path) -> None:
    folder = data / "pyth_hermes_updates"
    index = json.loads((folder / "index.json").read_text())
    assert len(index) == 19
    read = 0
    for listed in index:
        prices = [one for one in listed["updates"] if "feed_id" in one]
        assert recorded_series("pyth", folder / listed["file"]) == tuple(one["feed_id"] for one in prices)
        for price in prices:
            (item,) = open_recorded("pyth", folder / listed["file"], price["feed_id"])
            assert isinstance(item, Observation)
            assert isinstance(item.quote, Price)
            assert item.source_time == price["publish_time"]
            unit = Fraction(10) ** price["expo"] * PPM
            assert item.quote.price_ppm == int(price["price"] * unit)
            assert 0 <= item.quote.confidence_ppm - price["conf"] * unit < 2
            read += 1
    assert read == 35


def test_an_update_without_prices_holds_no_series(data: Path) -> None:
    path = data / "pyth_hermes_updates" / "hermes_update_1733155135_1e4999fc.bin"
    with pytest.raises(UnknownSeriesError, match="no series"):
        open_recorded("pyth", path, BTC)
    assert [message.kind for message in messages(path.read_bytes())[0]] == [1, 1, 1]


def test_a_proof_that_fails_is_not_the_keepers_to_see(data: Path) -> None:
    folder = data / "pyth_hermes_updates"
    good, bad = (folder / f"hermes_update_1710723231_{mark}.bin" for mark in ("f953686e", "cd68b366"))
    assert good.read_bytes() != bad.read_bytes()
    assert list(open_recorded("pyth", bad, ETH)) == list(open_recorded("pyth", good, ETH))


def joined(data: Path, *names: str) -> bytes:
    return b"".join(
        (data / "pyth_hermes_updates" / f"hermes_update_{name}.bin").read_bytes() for name in names
    )


def test_updates_follow_each_other_in_one_file_and_faults_are_counted(data: Path, tmp_path: Path) -> None:
    names = ("1714748301_0f93af31", "1714748301_abe94dcd", "1733155135_1e4999fc", "1714748301_0f93af31")
    whole, path = joined(data, *names), tmp_path / "updates.bin"
    cases: dict[bytes, list[Reason | None]] = {
        whole: [None, None, Reason.TIME_BACKWARDS],
        whole[:-1]: [None, None, Reason.TRUNCATED],
        whole + b"\0\0\0": [None, None, Reason.TIME_BACKWARDS, Reason.TRUNCATED],
        whole + b"\0\0\0\0": [None, None, Reason.TIME_BACKWARDS, Reason.MALFORMED],
        whole + MAGIC + b"\2": [None, None, Reason.TIME_BACKWARDS, Reason.TRUNCATED],
        whole + MAGIC + b"\2\0\0\0": [None, None, Reason.TIME_BACKWARDS, Reason.MALFORMED],
    }
    for content, expected in cases.items():
        path.write_bytes(content)
        rejections = Rejections()
        assert reasons(list(open_recorded("pyth", path, BTC, rejections=rejections))) == expected
        assert rejections.ignored == {"twap": 3}
        assert rejections.total == len(expected) - 2
    path.write_bytes(gzip.compress(whole)[:-4])
    assert reasons(list(open_recorded("pyth", path, BTC)))[-1] is Reason.TRUNCATED


def test_the_same_update_twice_is_a_duplicate(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "updates.bin"
    path.write_bytes(joined(data, *["1714748301_0f93af31"] * 2))
    assert reasons(list(open_recorded("pyth", path))) == [None, Reason.DUPLICATE]


def hermes_answer(data: Path, name: str) -> dict[str, Any]:
    """A recorded update as Hermes' JSON states it."""
    index = json.loads((data / "pyth_hermes_updates" / "index.json").read_text())
    (listed,) = (one for one in index if one["file"] == f"hermes_update_{name}.bin")
    encoded = base64.b64encode(joined(data, name)).decode()
    parsed = [
        {
            "id": one["feed_id"],
            "price": {
                "price": str(one["price"]),
                "conf": str(one["conf"]),
                "expo": one["expo"],
                "publish_time": one["publish_time"],
            },
        }
        for one in listed["updates"]
    ]
    return {"binary": {"encoding": "base64", "data": [encoded]}, "parsed": parsed}


@pytest.mark.parametrize("form", ["document", "lines", "tape"])
def test_hermes_json_says_what_its_bytes_say(data: Path, tmp_path: Path, form: str) -> None:
    names = ["1754405040_93d77f7d", "1754408230_cb976ff1"][: 1 if form == "document" else 2]
    answers = [hermes_answer(data, name) for name in names]
    path = tmp_path / "updates"
    if form == "document":
        path.write_text(json.dumps(answers[0], indent=1))
    else:
        recv = [one["parsed"][0]["price"]["publish_time"] * 1000 + 300 for one in answers]
        rows = [{"recv_ms": at, "event": one} for at, one in zip(recv, answers, strict=True)]
        path.write_text("".join(f"{json.dumps(row)}\n" for row in (answers if form == "lines" else rows)))
    (tmp_path / "bytes").write_bytes(joined(data, *names))
    assert len(recorded_series("pyth", path)) == 7
    for series in recorded_series("pyth", path):
        assert list(open_recorded("pyth", path, series)) == list(
            open_recorded("pyth", tmp_path / "bytes", series)
        )


def test_bad_lines_of_a_tape_are_rejected_and_the_others_read(tmp_path: Path) -> None:
    path = tmp_path / "tape"
    lines = [
        json.dumps(hermes(entry())),
        "{oops",
        '{"parsed": 5}',
        json.dumps(hermes(5, entry("x", NOW_S + 1))),
    ]
    path.write_text("\n".join([*lines, json.dumps(hermes(entry(publish_time=NOW_S + 2)))[:-7]]))
    assert recorded_series("pyth", path) == (BTC,)
    assert reasons(list(open_recorded("pyth", path, BTC))) == [
        None,
        Reason.MALFORMED,
        Reason.MALFORMED,
        Reason.MALFORMED,
        Reason.NOT_A_NUMBER,
        Reason.TRUNCATED,
    ]
    (tmp_path / "cut").write_text(json.dumps(hermes(entry()), indent=1)[:-9])
    with pytest.raises(BrokenFileError):
        recorded_series("pyth", tmp_path / "cut")


def luna(data: Path) -> Path:
    return data / "drift_luna_oracle" / "luna_oracle_2022-05-09_10.csv"


def test_the_crash_is_read_row_by_row(data: Path) -> None:
    rejections = Rejections()
    items = list(open_recorded("pyth", luna(data), rejections=rejections))
    with luna(data).open() as file:
        rows = [
            (int(row["blockchainTimestamp"]), Fraction(row["oraclePrice"])) for row in csv.DictReader(file)
        ]
    assert len(rows) == 39_016
    expected = [Observation.at("luna", at * 1000, Price(int(price * PPM))) for at, price in rows]
    assert items == expected
    assert rejections.total == 0
    with pytest.raises(NoDepthError):
        recorded_depth("pyth", luna(data))


def test_each_bad_row_of_an_oracle_table_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "sol_oracle.csv"
    path.write_text(
        "blockchainTimestamp,oraclePrice\n1652069091,61.5\n1652069091,61.5\n1652069090,61.5\n1652069092,\n"
        "1652069093,nan\n1652069094,0\n1652069095,9000000.0000001\n1652069096,0.0000009\nsoon,1\n1652069097\n"
        "1652069098,0.61"
    )
    assert recorded_series("pyth", path) == ("sol",)
    assert reasons(list(open_recorded("pyth", path))) == [
        None,
        Reason.DUPLICATE,
        Reason.TIME_BACKWARDS,
        Reason.MISSING_FIELD,
        Reason.NOT_FINITE,
        Reason.OUT_OF_RANGE,
        Reason.OUT_OF_RANGE,
        Reason.PRECISION,
        Reason.BAD_TIME,
        Reason.MALFORMED,
        Reason.TRUNCATED,
    ]
