"""The perps report: figures over a history against a second reckoning of them, second by second."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from keeper_running import TIMEOUT_S
from keeper_world import iso
from perp_keeper_world import BID, PRICE, PerpKeeperWorld
from test_history_stores import MARKET, PERP, SCAN

from perp_world import UNIT_ATOMS
from secant.localnet import Localnet
from secant_keeper.__main__ import main
from secant_keeper.config import FeedSettings, PerpSettings, Settings, SourceSettings
from secant_keeper.evidence import plain
from secant_keeper.history_rows import Batch, Cluster
from secant_keeper.history_store import HistoryWriter
from secant_keeper.metrics import Metrics
from secant_keeper.service import keep
from secant_keeper.sources import load_recordings
from secant_keeper.stores.place import PostgresPlace

if TYPE_CHECKING:
    from pathlib import Path

    from secant_keeper.history_rows import PerpSnapshot
    from secant_keeper.stores.place import HistoryPlace

NOON = 1_700_049_600
"""A clock hour begins."""
HOUR = 3_600


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite"


def row(time: int, **more: Any) -> PerpSnapshot:
    """A snapshot some seconds from noon, whose figures are those given or as the time has it."""
    size = abs(time) % 1_000
    chosen: dict[str, Any] = {
        "index_ticks": 10_000 + size,
        "mark_ticks": 10_001 + size,
        "basis_ticks": size - 50,
        "funding_rate": (size - 300) * 2**16 + 1,
        "open_lots": 10 * size,
        "long_accounts": size,
        "short_accounts": size // 3,
        **more,
    }
    return MARKET._replace(time=NOON + time, **chosen)


def stretch(begun: int, seen: int, *rows: PerpSnapshot) -> Batch:
    return Batch(begins=True, begun=NOON + begun, seen=NOON + seen, perps=[PERP], perp_snapshots=list(rows))


def write(path: Path, *batches: Batch) -> Path:
    writer = HistoryWriter(path)
    for batch in batches:
        writer.write(batch)
    writer.close()
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(["perps", *arguments])
    captured = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, captured.out, captured.err


def report(capsys: pytest.CaptureFixture[str], place: HistoryPlace, *options: str) -> dict[str, Any]:
    name = place.url if isinstance(place, PostgresPlace) else str(place)
    code, out, _ = run(capsys, "--history", name, "--json", *options)
    assert code == 0
    (one,) = json.loads(out)
    assert isinstance(one, dict)
    return one


STRETCHES = [
    (-1_000, 900, [row(-1_000), row(-10), row(500)]),
    # Nobody looked for 100 seconds; then one is settled.
    (1_000, HOUR + 700, [row(1_000), row(HOUR), row(HOUR + 600, quality="settled")]),
    (4 * HOUR - 5, 4 * HOUR + 5, [row(4 * HOUR - 5), row(4 * HOUR + 4, quality="gone")]),
]


def reckoned(start: int, end: int) -> dict[int, list[PerpSnapshot]]:
    """What held in each second of each hour."""
    found = defaultdict(list)
    for begun, seen, rows in STRETCHES:
        for second in range(max(begun, start), min(seen, end)):
            held = [one for one in rows if one.time <= NOON + second][-1]
            if held.quality == "open":
                found[second - second % HOUR].append(held)
    return found


def mean(values: list[int]) -> str:
    return plain(Fraction(sum(values), len(values)))


@pytest.mark.parametrize("period", [(-10_000, 10 * HOUR), (-5, HOUR + 3), (4 * HOUR - 2, 4 * HOUR + 5)])
def test_each_hour_is_what_its_seconds_are(
    capsys: pytest.CaptureFixture[str], path: Path, period: tuple[int, int]
) -> None:
    write(path, *(stretch(begun, seen, *rows) for begun, seen, rows in STRETCHES))
    options = ("--from", str(NOON + period[0]), "--to", str(NOON + period[1]))
    found = report(capsys, path, *options)
    expected = reckoned(*period)
    assert [hour["hour"] for hour in found["hours"]] == [iso(NOON + hour) for hour in sorted(expected)]
    for hour, held in zip(found["hours"], (expected[key] for key in sorted(expected)), strict=True):
        assert hour["observed_s"] == len(held)
        for name in ("index_ticks", "mark_ticks", "basis_ticks", "open_lots", "long_accounts"):
            assert hour[name] == mean([getattr(one, name) for one in held])
        rate, index = (sum(getattr(one, name) for one in held) for name in ("funding_rate", "index_ticks"))
        assert hour["funding_ticks_a_day"] == plain(Fraction(rate, 2**16 * len(held)))
        assert hour["funding_annualised"] == plain(Fraction(rate * 365, 2**16 * index))
        assert hour["basis_share"] == plain(Fraction(sum(one.basis_ticks for one in held), index))
        longs, shorts = (sum(getattr(one, f"{side}_accounts") for one in held) for side in ("long", "short"))
        assert hour["long_short_accounts"] == (plain(Fraction(longs, shorts)) if shorts else None)
    assert found["observed_s"] == sum(len(held) for held in expected.values())


def test_a_constant_rate_is_annualised_by_365_days(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    write(
        path,
        stretch(0, 2 * HOUR, row(0, index_ticks=10_000, funding_rate=3 * 2**16, predicted_rate=-(2**15))),
    )
    found = report(capsys, path)
    assert [hour["funding_annualised"] for hour in found["hours"]] == ["0.1095"] * 2
    last = found["last"]
    assert (last["funding_ticks_a_day"], last["funding_annualised"]) == ("3", "0.1095")
    assert (last["predicted_ticks_a_day"], last["predicted_annualised"]) == ("-0.5", "-0.01825")


@pytest.mark.parametrize(("quality", "hours"), [("open", 0), ("settled", 1), ("gone", 1)])
def test_the_last_word_counts_though_it_held_for_no_time(
    capsys: pytest.CaptureFixture[str], path: Path, quality: str, hours: int
) -> None:
    rows = [row(0), row(9, quality=quality)] if hours else [row(9)]
    write(path, stretch(0, 9, *rows))
    found = report(capsys, path)
    assert found["last"]["quality"] == quality
    assert found["last"]["time"] == iso(NOON + 9)
    assert len(found["hours"]) == hours
    assert found["observed_s"] == 9 * hours
    assert run(capsys, "--history", str(path))[0] == 0
    assert run(capsys, "--history", str(path), "--to", str(NOON + 9))[0] == (0 if hours else 5)


def test_what_the_history_could_not_hold_has_no_mean(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    write(path, stretch(0, 10, row(0), row(5, open_lots=None)))
    (hour,) = report(capsys, path)["hours"]
    assert hour["open_lots"] is None
    assert hour["index_ticks"] == mean([10_000] * 5 + [10_005] * 5)


def test_the_last_scan_of_the_time_is_shown(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    batch = stretch(0, 100, row(0))
    for time in (10, 60):
        batch.scans.append(SCAN._replace(time=NOON + time))
        batch.clusters.append(Cluster("market", NOON + time, 9_000 + time, 1, 2, 3, 4, 5, 6))
    write(path, batch)
    for options, time in (((), 60), (("--to", str(NOON + 50)), 10)):
        scan = report(capsys, path, *options)["liquidations"]
        assert scan["time"] == iso(NOON + time)
        assert scan["clusters"] == [
            {
                "from_ticks": 9_000 + time,
                "from_price": plain(Fraction(9_000 + time, 10_000)),
                "from_mark": plain(Fraction(9_000 + time - 10_001, 10_001)),
                "long_accounts": 1,
                "long_lots": 2,
                "long_size": "0.02",
                "long_atoms": 3,
                "long_amount": "0.000003",
                "short_accounts": 4,
                "short_lots": 5,
                "short_size": "0.05",
                "short_atoms": 6,
                "short_amount": "0.000006",
            }
        ]
    assert report(capsys, path, "--to", str(NOON + 5))["liquidations"] is None


def test_the_table_shows_bars_and_the_last_hours(
    capsys: pytest.CaptureFixture[str], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "110")
    rows = [row(HOUR * hour, funding_rate=rate * 2**16) for hour, rate in enumerate((0, 100, -50, 5))]
    batch = stretch(0, HOUR * 60, *rows)
    batch.scans.append(SCAN._replace(time=NOON + 10))
    batch.clusters.append(Cluster("market", NOON + 10, 9_000, 1, 2, 3, 4, 5, 6))
    write(path, batch)
    code, out, _ = run(capsys, "--history", str(path), "--to", str(NOON + 4 * HOUR))
    assert code == 0
    shown = [line for line in out.splitlines() if "|" in line and line.startswith("20")]
    assert [line[line.index("|") - 10 : line.index("|") + 11] for line in shown] == [
        f"{'':10}|{'':10}",
        f"{'':10}|{'█' * 10}",
        f"{'█' * 5:>10}|{'':10}",
        f"{'':10}|{'':10}",
    ]
    # The clusters are at the distance that they have from the mark now: it has risen by a twelfth.
    assert "at the mark 1.0000 (now 1.0801, 8.01 % from there)" in " ".join(out.split())
    assert [line.split()[:3] for line in out.splitlines() if line.startswith("0.9000")] == [
        ["0.9000", "-16.67", "%"]
    ] * 2
    _, out, _ = run(capsys, "--history", str(path))
    assert "the last 48 hours; --json has 12 more" in out
    assert sum(line.startswith("20") for line in out.splitlines()) == 48


def test_prices_and_sizes_are_those_that_people_read(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    held = {"index_ticks": 13_005, "mark_ticks": 13_010, "last_ticks": 12_990, "basis_ticks": -5}
    held |= {"open_lots": 9_000, "long_lots": 8_000, "short_lots": 8_000, "pool_atoms": 12_500_000}
    batch = stretch(0, HOUR, row(0, **held, funding_rate=3 * 2**15, bids_1pct_lots=1, long_top_lots=6))
    # A tick is 0.01, a lot 0.0001.
    batch.perps = [PERP._replace(units_per_tick=10_000)]
    write(path, batch)
    found = report(capsys, path)
    assert (found["units_per_tick"], found["feed_exponent"]) == (10_000, -6)
    assert (found["tick_size"], found["lot_size"]) == ("0.01", "0.0001")
    prices = {"index_price": "130.05", "mark_price": "130.1", "last_price": "129.9", "basis_price": "-0.05"}
    sizes = {"open_size": "0.9", "undrawn_lots": 1_000, "undrawn_size": "0.1", "bids_1pct_size": "0.0001"}
    funding = {"funding_ticks_a_day": "1.5", "funding_price_a_day": "0.015", "pool_amount": "12.5"}
    for name, value in (held | prices | sizes | funding).items():
        assert found["last"][name] == value, name
    (hour,) = found["hours"]
    assert (hour["mark_ticks"], hour["mark_price"], hour["long_size"]) == ("13010", "130.1", "0.8")
    assert "long_short_top_size" not in hour
    _, out, _ = run(capsys, "--history", str(path))
    assert "a tick is 0.01, a lot 0.0001" in out
    assert "index 130.05, mark 130.10, last 129.90: open" in out
    assert "0.0150 a day" in out
    assert "0.9000, of which 0.1000 offset by fills that nobody has drawn" in " ".join(out.split())
    assert "pool 12.500000; insurance" in " ".join(out.split())


def test_without_a_scale_it_says_that_these_are_ticks_and_lots(
    capsys: pytest.CaptureFixture[str], path: Path
) -> None:
    batch = stretch(0, 10, row(0, mark_ticks=13_010, open_lots=9_000))
    batch.perps = [PERP._replace(units_per_tick=None, feed_exponent=None)]
    write(path, batch)
    found = report(capsys, path)
    assert (found["tick_size"], found["last"]["mark_ticks"], found["last"]["mark_price"]) == (
        None,
        13_010,
        None,
    )
    _, out, _ = run(capsys, "--history", str(path))
    assert "prices in ticks, sizes in lots" in out
    assert "mark 13010," in out


def test_it_reads_at_80_columns(
    capsys: pytest.CaptureFixture[str], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    held = {"index_ticks": 9_234_567, "mark_ticks": 9_239_999, "basis_ticks": -12_345, "open_lots": 10**10}
    held |= {"long_lots": 10**10, "long_accounts": 99_999, "short_accounts": 7, "funding_rate": -(2**30)}
    batch = stretch(0, HOUR * 3, row(0, **held), row(HOUR, **held), row(2 * HOUR, **held))
    batch.perps = [PERP._replace(units_per_tick=10_000)]
    batch.scans.append(SCAN._replace(time=NOON + 10, mark_ticks=9_000_000))
    batch.clusters.append(Cluster("market", NOON + 10, 8_000_000, 1, 10**10, 3, 4, 10**10, 6))
    write(path, batch)
    _, out, _ = run(capsys, "--history", str(path))
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in out
    hours = [line for line in lines if "|" in line and line.startswith("11-15")]
    assert [line.split()[:3] for line in hours] == [["11-15", f"{hour}", "3600"] for hour in (12, 13, 14)]
    assert all("1000000.0000" in line and "14285.57" in line and "█" * 6 in line for line in hours)


@pytest.mark.parametrize(
    ("options", "code", "complaint"),
    [
        (("--market", "nonsense"), 5, "has no perpetual nonsense; it has SOL (market)"),
        (("--market", ""), 5, "has no perpetual "),
        (("--from", str(NOON + 100)), 5, "no perpetual was seen in that time"),
        (("--from", "5", "--to", "5"), 2, "--from 5 is not before --to 5"),
    ],
)
def test_options_that_will_not_do(
    capsys: pytest.CaptureFixture[str], path: Path, options: tuple[str, ...], code: int, complaint: str
) -> None:
    write(path, stretch(0, 100, row(0)))
    ended, out, err = run(capsys, "--history", str(path), *options)
    assert (ended, out, err.count("\n")) == (code, "", 1)
    assert complaint in err


def test_a_history_without_perpetuals(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    write(path)
    code, _, err = run(capsys, "--history", str(path))
    assert code == 5
    assert "holds no perpetual" in err


def test_one_by_name_or_address(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    other = PERP._replace(market="other", name="LUNA")
    batch = stretch(0, 100, row(0), row(0)._replace(market="other"))
    batch.perps.append(other)
    write(path, batch)
    for option, name in (("SOL", "SOL"), ("other", "LUNA")):
        assert report(capsys, path, "--market", option)["name"] == name


# --- a whole run ------------------------------------------------------------------------------------------


async def test_a_keeper_writes_what_the_report_says(
    tmp_path: Path, place: HistoryPlace, capsys: pytest.CaptureFixture[str]
) -> None:
    world = PerpKeeperWorld(keeper_publishes=True)
    begin = world.now
    world.position(100_000, 2_000 * UNIT_ATOMS)
    world.place(world.maker, BID, 50, PRICE)
    prices = {20 * step: PRICE + 10 * step for step in range(1, 11)}
    lines = [f"{begin + after},{ticks / 10_000}" for after, ticks in prices.items()]
    recording = tmp_path / "prices.csv"
    recording.write_text("\n".join(["blockchainTimestamp,oraclePrice", *lines, ""]))
    metrics = Metrics()
    async with Localnet(port=0, ledger=world.ledger) as net:
        source = SourceSettings(venue="pyth", file=recording, speed=0)
        settings = Settings(
            url=net.url,  # type: ignore[arg-type]
            ws_url=net.ws_url,  # type: ignore[arg-type]
            drive_clock=True,
            exit_when_done=True,
            metrics_port=None,
            poll_interval_s=0.01,
            history=place,
            history_scan_interval_s=60,
            feeds=(FeedSettings(address=world.feeds[world.market], source=source),),
            perps=PerpSettings(exchange=world.exchange),
        )
        async with asyncio.timeout(TIMEOUT_S):
            assert await keep(settings, world.keeper, metrics, load_recordings(settings, metrics)) == 0
    assert metrics.history_lost._value.get() == 0
    assert metrics.history_rows.labels("perp")._value.get() >= len(prices)
    assert metrics.history_rows.labels("liquidation")._value.get() >= 3
    found = report(capsys, place)
    assert (found["name"], found["market"]) == ("LUNA", str(world.market))
    assert found["last"]["index_ticks"] == world.perp().index_ticks == PRICE + 100
    assert found["last"]["long_accounts"] == found["last"]["short_accounts"] == 1
    assert found["liquidations"]["accounts"] + found["liquidations"]["unreached_accounts"] == 2
