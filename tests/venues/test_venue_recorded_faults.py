from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from secant_keeper.venues import (
    VENUES,
    BrokenFileError,
    EmptyFileError,
    Observation,
    Quote,
    Reason,
    Rejection,
    Rejections,
    UnknownFormatError,
    UnknownSeriesError,
    UnknownVenueError,
    UnreadableFileError,
    open_recorded,
    recorded_series,
)
from secant_keeper.venues.recording import CHUNK_BYTES

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_785_901_540_000


def kalshi_line(number: int, ticker: str = "A") -> bytes:
    if number == 0:
        message: dict[str, Any] = {"market_ticker": ticker, "yes_dollars_fp": [["0.4000", "9.00"]]}
        kind = "orderbook_snapshot"
    else:
        kind = "orderbook_delta"
        message = {"market_ticker": ticker, "price_dollars": "0.3000", "delta_fp": "1.00", "side": "yes"}
        message["ts_ms"] = NOW + number
    event = {"type": kind, "sid": 1, "seq": number + 1, "msg": message}
    return json.dumps({"recv_ms": NOW + number, "event": event}, separators=(",", ":")).encode()


def tape(path: Path, lines: list[bytes], *, end: bytes = b"\n") -> Path:
    path.write_bytes(b"\n".join(lines) + end)
    return path


def reasons(items: list[Any]) -> list[Reason | None]:
    return [item.reason if isinstance(item, Rejection) else None for item in items]


def test_bad_lines_are_counted_and_the_good_ones_read(tmp_path: Path) -> None:
    lines = [kalshi_line(0), b"{oops", b"\xff\xfe", b"NaN", b'{"event":7}', b"[]", b"", kalshi_line(1)]
    rejections = Rejections()
    items = list(open_recorded("kalshi", tape(tmp_path / "t", lines), "A", rejections=rejections))
    assert reasons(items) == [None, *[Reason.MALFORMED] * 5, None]
    assert rejections.counts == {Reason.MALFORMED: 5}


def test_faults_of_other_markets_are_not_this_ones(tmp_path: Path) -> None:
    lines = [kalshi_line(0), kalshi_line(1, "B"), kalshi_line(1)]
    assert reasons(list(open_recorded("kalshi", tape(tmp_path / "t", lines), "A"))) == [None, None]


def test_a_truncated_gzip_gives_all_that_was_good_then_one_rejection(tmp_path: Path) -> None:
    whole = gzip.compress(b"\n".join(kalshi_line(number) for number in range(2_000)))
    path = tmp_path / "cut.gz"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    items = list(open_recorded("kalshi", path, "A"))
    assert reasons(items)[-1] is Reason.TRUNCATED
    assert 500 < len(items) < 2_000
    assert all(isinstance(item, Observation) for item in items[:-1])


def test_a_corrupt_gzip_gives_what_was_good_then_one_rejection(tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(b"\n".join(kalshi_line(number) for number in range(2_000))))
    whole[-6] ^= 0xFF  # the checksum
    path = tmp_path / "bad.gz"
    path.write_bytes(whole)
    items = list(open_recorded("kalshi", path, "A"))
    assert reasons(items)[-1] is Reason.CORRUPT
    path.write_bytes(gzip.compress(kalshi_line(0) + b"\n") + b"trailing")
    assert reasons(list(open_recorded("kalshi", path, "A"))) == [None, Reason.CORRUPT]


def test_a_gzip_of_several_members_with_padding_is_one_file(tmp_path: Path) -> None:
    members = [gzip.compress(kalshi_line(number) + b"\n") for number in range(3)]
    path = tmp_path / "many.gz"
    path.write_bytes(b"".join(members) + b"\0" * 512)
    assert reasons(list(open_recorded("kalshi", path, "A"))) == [None] * 3


def test_lines_may_straddle_the_chunks_they_are_read_in(tmp_path: Path) -> None:
    count = 3 * CHUNK_BYTES // len(kalshi_line(1)) + 2
    lines = [kalshi_line(number) for number in range(count)]
    assert reasons(list(open_recorded("kalshi", tape(tmp_path / "t", lines), "A"))) == [None] * count


def test_a_last_line_without_its_end_is_read_and_a_cut_one_is_rejected(tmp_path: Path) -> None:
    lines = [kalshi_line(0), kalshi_line(1)]
    assert reasons(list(open_recorded("kalshi", tape(tmp_path / "t", lines, end=b""), "A"))) == [None, None]
    lines[1] = lines[1][:-9]
    assert reasons(list(open_recorded("kalshi", tape(tmp_path / "t", lines, end=b""), "A"))) == [
        None,
        Reason.TRUNCATED,
    ]


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        ("2024-10-04 14:00:00,49,51\n", None),
        ("2024-10-04 14:00:00,49,51\r", None),
        ('2024-10-04 14:00:00,49,"51"', None),
        ("2024-10-04 14:00:00,49,51", Reason.TRUNCATED),  # it may have been 51.5
        ("2024-10-04 14:00:00,4", Reason.TRUNCATED),
        ('2024-10-04 14:00:00,49,"5', Reason.TRUNCATED),
    ],
)
def test_a_last_row_that_may_be_cut_is_no_evidence(tmp_path: Path, last: str, reason: Reason | None) -> None:
    path = tmp_path / "X_candlesticks.csv"
    path.write_bytes(f"timestamp,bid_close,ask_close\n2024-10-04 13:00:00,49,50\n{last}".encode())
    assert reasons(list(open_recorded("kalshi", path))) == [None, reason]


def test_crlf_tables_are_read(tmp_path: Path) -> None:
    path = tmp_path / "X_candlesticks.csv"
    path.write_bytes(b"\xef\xbb\xbftimestamp,bid_close,ask_close\r\n2024-10-04 13:00:00,49,50\r\n")
    (item,) = open_recorded("kalshi", path)
    assert item == Observation.at("X", 1_728_046_800_000, Quote(490_000, 500_000))


def test_each_bad_row_of_a_candle_table_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "X_candlesticks.csv"
    path.write_text(
        "timestamp,bid_close,ask_close\n"
        "2024-10-04 13:00:00,49,50\n"
        "2024-10-04 13:00:00,49,50\n"
        "2024-10-04 12:00:00,49,50\n"
        "soon,49,50\n"
        "2024-10-04 14:00:00,x,50\n"
        "2024-10-04 15:00:00,nan,50\n"
        "2024-10-04 16:00:00,-1,50\n"
        "2024-10-04 17:00:00,51,50\n"
        "2024-10-04 18:00:00,51\n"
        '2024-10-04 19:00:00,"51,50\n'
        "2024-10-04 20:00:00,,\n"
        "2024-10-04 21:00:00,0,100\n"
    )
    items = list(open_recorded("kalshi", path))
    assert reasons(items) == [
        None,
        Reason.DUPLICATE,
        Reason.TIME_BACKWARDS,
        Reason.BAD_TIME,
        Reason.NOT_A_NUMBER,
        Reason.NOT_FINITE,
        Reason.OUT_OF_RANGE,
        Reason.CROSSED,
        Reason.MALFORMED,
        Reason.MALFORMED,
        None,
        None,
    ]
    assert {item.quote for item in items[-2:] if isinstance(item, Observation)} == {Quote(None, None)}


def test_each_bad_row_of_the_polymarket_tables_is_rejected(tmp_path: Path) -> None:
    prices = tmp_path / "prices.csv"
    prices.write_text(
        '"Date (UTC)","Timestamp (UTC)","Yes"\n"d","1722740401","0.5"\n"d","1722740401","0.5"\n'
        '"d","1722740400","0.5"\n"d","1722740402",""\n"d","1722740403","1.5"\n"d","x","0.5"\n"d","1722740404","0.6'
    )
    assert reasons(list(open_recorded("polymarket", prices))) == [
        None,
        Reason.DUPLICATE,
        Reason.TIME_BACKWARDS,
        Reason.MISSING_FIELD,
        Reason.OUT_OF_RANGE,
        Reason.BAD_TIME,
        Reason.TRUNCATED,
    ]
    quotes = tmp_path / "quotes.csv"
    quotes.write_text(
        "slug,ts_utc,bid,ask,mid\na,2026-07-15T15:33:53Z,,0.4,\na,2026-07-15T15:33:54Z,0.5,0.4,\n"
        "b,2026-07-15T15:33:54Z,0.5,x,\na,2026-07-15T15:33:55Z,,,\n"
    )
    assert reasons(list(open_recorded("polymarket", quotes, "a"))) == [None, Reason.CROSSED, None]
    ticks = tmp_path / "ETHUSD-prices-x.csv"
    ticks.write_text(
        "feed_ts_ms,full_accuracy_value\n1784851200000,3000000000000000000000\n1784851200001,-5\n"
    )
    assert recorded_series("polymarket", ticks) == ("ETHUSD",)
    assert reasons(list(open_recorded("polymarket", ticks))) == [None, Reason.OUT_OF_RANGE]


def test_bad_candles_of_an_answer_are_rejected(tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    good = {
        "end_period_ts": 1_760_500_800,
        "yes_bid": {"close_dollars": "0.0800", "close": 9},
        "yes_ask": {"close": 11},
    }
    rows = [good, good, 5, {"yes_bid": 5, "end_period_ts": 1_760_500_801}, {"end_period_ts": 1_760_500_802}]
    path.write_text(json.dumps({"ticker": "T", "candlesticks": rows}))
    items = list(open_recorded("kalshi", path))
    assert items[0] == Observation.at("T", 1_760_500_800_000, Quote(80_000, 110_000))
    assert reasons(items) == [None, Reason.DUPLICATE, Reason.MALFORMED, Reason.MALFORMED, None]


TABLES = {
    "kalshi": (
        "X_candlesticks.csv",
        (
            "timestamp,bid_close,ask_close\n1970-01-01 00:16:40,49,50\n1970-01-01 00:16:40,49,50\n"
            "1970-01-01 00:16:39,49,50\n1970-01-01 00:16:41,x,50\nsoon,49,50\n1970\n"
        ),
    ),
    "kalshi answer": (
        "answer.json",
        json.dumps(
            {
                "ticker": "X",
                "candlesticks": [
                    *({"end_period_ts": moment} for moment in (1000, 1000, 999)),
                    {"end_period_ts": 1001, "yes_bid": 5},
                    {"end_period_ts": "soon"},
                    5,
                ],
            }
        ),
    ),
    "polymarket prices": (
        "prices.csv",
        '"Timestamp (UTC)","X"\n"1000","0.5"\n"1000","0.5"\n"999","0.5"\n"1001","x"\n"soon","0.5"\n"1"\n',
    ),
    "polymarket quotes": (
        "quotes.csv",
        (
            "slug,ts_utc,bid,ask\nX,1970-01-01T00:16:40Z,,\nX,1970-01-01T00:16:40Z,,\n"
            "X,1970-01-01T00:16:39Z,,\nX,1970-01-01T00:16:41Z,0.5,0.4\nX,soon,,\nX\n"
        ),
    ),
    "polymarket ticks": (
        "X-prices.csv",
        f"feed_ts_ms,full_accuracy_value\n1000000,{10**18}\n1000000,{10**18}\n999000,{10**18}\n1001000,-1\nsoon,{10**18}\n1\n",
    ),
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_refused_row_keeps_its_time_if_that_is_sound(tmp_path: Path, kind: str) -> None:
    name, content = TABLES[kind]
    path = tmp_path / name
    path.write_text(content)
    first, *refused = open_recorded(kind.partition(" ")[0], path, "X")
    assert isinstance(first, Observation)
    assert all(isinstance(item, Rejection) for item in refused)
    assert [item.source_time_ms for item in refused] == [1_000_000, 999_000, 1_001_000, None, None]


def test_a_polymarket_tape_keeps_its_receive_times(tmp_path: Path) -> None:
    book = {"event_type": "book", "asset_id": "7", "timestamp": str(NOW), "bids": [], "asks": []}
    late = {**book, "timestamp": str(NOW + 3_600_000)}
    lines = [json.dumps({"recv_ms": NOW, "event": frame}).encode() for frame in ([book], late)]
    assert reasons(list(open_recorded("polymarket", tape(tmp_path / "t", lines)))) == [
        None,
        Reason.TIME_AHEAD,
    ]


def test_faults_of_the_file_are_raised_at_the_call_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(UnknownVenueError, match="kalshi, polymarket"):
        open_recorded("nyse", tmp_path / "x")
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(UnreadableFileError) as caught:
            open_recorded("kalshi", path)
        assert caught.value.remedy
    empty = tmp_path / "empty"
    for content in (b"", b" \n\n", gzip.compress(b"")):
        empty.write_bytes(content)
        with pytest.raises(EmptyFileError):
            open_recorded("kalshi", empty)
    alien = tmp_path / "alien"
    for content in (
        b"a,b\n1,2\n",
        b"{}",
        b'{"a":',
        b"\x00\xff\x00",
        b"\x1f\x8b\x08broken",
        b'{"markets":[5]}',
    ):
        alien.write_bytes(content)
        for venue in VENUES:
            with pytest.raises((UnknownFormatError, EmptyFileError)):
                open_recorded(venue, alien)
    good = tape(tmp_path / "t", [kalshi_line(0), kalshi_line(0, "B")])
    for series in ("Z", None, ""):
        with pytest.raises(UnknownSeriesError, match="'A', 'B'"):
            open_recorded("kalshi", good, series)


def test_a_long_list_of_series_is_cut_in_the_message(tmp_path: Path) -> None:
    good = tape(tmp_path / "t", [kalshi_line(0, f"M{number}") for number in range(30)])
    with pytest.raises(UnknownSeriesError, match="and 10 more") as caught:
        open_recorded("kalshi", good)
    assert len(caught.value.available) == 30


@pytest.mark.parametrize("is_gzip", [False, True])
@pytest.mark.parametrize(
    ("venue", "document"),
    [
        ("kalshi", {"candlesticks": [{"end_period_ts": 1, "yes_bid": {}}] * 40}),
        ("polymarket", [{"event_type": "book", "asset_id": "7", "bids": [], "asks": []}] * 40),
    ],
)
def test_a_document_that_breaks_off_is_said_to(
    tmp_path: Path, venue: str, document: object, *, is_gzip: bool
) -> None:
    whole = json.dumps(document).encode()
    path = tmp_path / "document.json"
    path.write_bytes(gzip.compress(whole)[:-12] if is_gzip else whole[: len(whole) // 2])
    with pytest.raises(BrokenFileError, match=r"is one JSON document that breaks off.*Record it again\."):
        recorded_series(venue, path)


def test_what_is_no_single_document_is_not_said_to_break_off(tmp_path: Path) -> None:
    for content in (b'{"a": 1}\n{"b": ', b"[1, 2}", b"a,b\n1,2"):
        (tmp_path / "t").write_bytes(content)
        with pytest.raises(UnknownFormatError):
            recorded_series("kalshi", tmp_path / "t")
