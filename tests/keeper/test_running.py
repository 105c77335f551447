"""The parts of a running keeper: reader, sources, health, outages."""

from __future__ import annotations

import asyncio
import json
import random
import signal
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web
from book_world import ASK, BID, BookWorld, Wanted, state_of
from keeper_running import TIMEOUT_S, Changes, a_reader, run_keeper, settings_of
from keeper_world import BEGIN, TWAP, World, settlements, write_quotes
from node_proxy import FORWARD, Refusal
from prometheus_client import generate_latest
from solders.account import Account
from solders.keypair import Keypair
from structlog.testing import capture_logs

from secant import exchange, oracle
from secant_keeper import reader as reader_module
from secant_keeper.chain_clock import ChainClock
from secant_keeper.config import FeedSettings, Settings, SourceSettings
from secant_keeper.errors import ClusterError
from secant_keeper.health import Health
from secant_keeper.loop import Loop
from secant_keeper.metrics import Metrics
from secant_keeper.reader import Reader, backoff_s
from secant_keeper.recordings import Reading
from secant_keeper.rpc import Rpc, RpcRefusedError, RpcUnavailableError, account_data
from secant_keeper.sender import Sender
from secant_keeper.service import check_feeds, configure_logging
from secant_keeper.sources import Sources, load_recordings, rebased
from secant_keeper.state import State
from secant_keeper.venues import PolymarketStream, Timing

if TYPE_CHECKING:
    from node_proxy import NodeProxy

    from secant.localnet import Localnet

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CRASH = DATA / "drift_luna_oracle" / "luna_oracle_2022-05-09_10.csv"


async def test_the_reader_snapshots_follows_and_comes_back(
    world: World, net: Localnet, rpc: Rpc, session: aiohttp.ClientSession
) -> None:
    world.add_record(BEGIN, BEGIN + 100)
    state, changes = State(), Changes()
    reader = a_reader(rpc, net, state, changes, session)
    running = asyncio.create_task(reader.run())
    await asyncio.wait_for(reader.synced.wait(), TIMEOUT_S)
    assert state.feed(world.feed) is not None
    assert len(list(state.records())) == 1

    second = world.add_record(BEGIN, BEGIN + 200)
    await changes.until(lambda: state.record(second) is not None)

    for websocket in tuple(net._websockets):
        await websocket.close()
    third = world.add_record(BEGIN, BEGIN + 300)
    world.ledger.set_account(second, _gone(world))
    await changes.until(lambda: state.record(third) is not None and state.record(second) is None)
    running.cancel()


def _gone(world: World) -> Any:
    return Account(0, b"", world.admin.pubkey())


async def test_silence_renews_the_subscriptions(
    net: Localnet, rpc: Rpc, proxy: NodeProxy, session: aiohttp.ClientSession
) -> None:
    state, changes = State(), Changes()
    reader = a_reader(rpc, net, state, changes, session, silence_s=0.01)
    running = asyncio.create_task(reader.run())
    await changes.until(lambda: proxy.calls.count("getProgramAccounts") >= 4)
    assert reader._metrics.reader_restarts._value.get() >= 1
    running.cancel()


@pytest.mark.parametrize("is_localnet", [False, True])
async def test_a_silent_localnet_is_no_trouble(
    net: Localnet, rpc: Rpc, proxy: NodeProxy, session: aiohttp.ClientSession, *, is_localnet: bool
) -> None:
    changes = Changes()
    reader = a_reader(rpc, net, State(), changes, session, silence_s=0.01, may_be_silent=is_localnet)
    with capture_logs() as logs:
        running = asyncio.create_task(reader.run())
        await changes.until(lambda: proxy.calls.count("getProgramAccounts") >= 6)
        running.cancel()
    told = [(entry["log_level"], entry["event"]) for entry in logs]
    quiet = ("info", "nothing happens on the localnet: subscriptions are renewed now and then")
    assert (told == [quiet]) == is_localnet
    assert (("warning", "connection ended") in told) != is_localnet


async def test_a_due_snapshot_is_no_silence(
    net: Localnet, rpc: Rpc, proxy: NodeProxy, session: aiohttp.ClientSession
) -> None:
    state, changes = State(), Changes()
    reader = a_reader(rpc, net, state, changes, session, snapshot_interval_s=0.01)
    running = asyncio.create_task(reader.run())
    await changes.until(lambda: proxy.calls.count("getProgramAccounts") >= 6)
    assert reader._metrics.reader_restarts._value.get() == 0
    running.cancel()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"context": {}}, RpcUnavailableError),
        ({"context": {"slot": 1}, "value": []}, RpcUnavailableError),
        ("text", RpcUnavailableError),
    ],
)
async def test_answers_of_no_known_shape(
    world: World, rpc: Rpc, proxy: NodeProxy, answer: Any, error: type[Exception]
) -> None:
    proxy.hooks["getMultipleAccounts"] = lambda _: answer
    with pytest.raises(error):
        await rpc.accounts([world.feed])
    with pytest.raises(RpcRefusedError):
        await rpc.call("noSuchMethod")
    proxy.is_down = True
    with pytest.raises(RpcUnavailableError, match="HTTP 503"):
        await rpc.call("getSlot")


async def test_a_node_that_talks_but_never_confirms_is_given_up(
    rpc: Rpc, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections: list[web.WebSocketResponse] = []
    again = asyncio.Event()

    async def talk(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        connections.append(socket)
        if len(connections) > 1:
            again.set()
        with suppress(ConnectionError):
            while True:
                await socket.send_json({"method": "slotNotification", "params": {"result": {"slot": 1}}})
                await asyncio.sleep(0)
        return socket

    application = web.Application()
    application.router.add_get("/", talk)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setattr(reader_module, "CONNECT_S", 0.05)
    monkeypatch.setattr(reader_module, "BACKOFF_BASE_S", 0.0)
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    reader = Reader(
        rpc, session, url, State(), Metrics(), changed=Changes(), silence_s=30, snapshot_interval_s=300
    )
    running = asyncio.create_task(reader.run())
    await asyncio.wait_for(again.wait(), TIMEOUT_S)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await runner.cleanup()


@pytest.mark.parametrize("code", [-32005, None, "busy", [1]])
async def test_an_error_whose_code_is_none(rpc: Rpc, proxy: NodeProxy, code: Any) -> None:
    proxy.hooks["getSlot"] = lambda _: Refusal({"code": code, "message": "not\nnow"})
    with pytest.raises(RpcRefusedError, match="getSlot: not now") as caught:
        await rpc.call("getSlot")
    assert caught.value.code == (code if isinstance(code, int) else 0)


async def test_the_reader_outlives_a_slot_that_is_none(
    net: Localnet, rpc: Rpc, proxy: NodeProxy, session: aiohttp.ClientSession
) -> None:
    def once_nonsense(_params: list[Any]) -> Any:
        del proxy.hooks["getSlot"]
        return {"no": "slot"}

    proxy.hooks["getSlot"] = once_nonsense
    reader = a_reader(rpc, net, State(), Changes(), session)
    running = asyncio.create_task(reader.run())
    await asyncio.wait_for(reader.synced.wait(), TIMEOUT_S)
    assert reader._metrics.reader_restarts._value.get() == 1
    running.cancel()


async def test_the_same_slot_again_is_no_new_slot(
    world: World, net: Localnet, rpc: Rpc, proxy: NodeProxy, session: aiohttp.ClientSession
) -> None:
    state = State()
    reader = a_reader(rpc, net, state, Changes(), session)
    slot = [7]
    proxy.hooks["getMultipleAccounts"] = lambda _: {"context": {"slot": slot[0]}, "value": [None]}
    await reader.refresh([world.feed], 0)
    first = reader.slot_heard_at
    assert first > 0
    await reader.refresh([world.feed], 0)
    assert reader.slot_heard_at == first
    slot[0] = 8
    await reader.refresh([world.feed], 0)
    assert reader.slot_heard_at > first


@pytest.mark.parametrize("data", [["!", "base64"], ["AAAA", "base64+zstd"], ["AAAA", "base58"], "x", None])
def test_accounts_that_cannot_be_read(data: Any) -> None:
    with pytest.raises(RpcUnavailableError):
        account_data({"data": data})


def test_the_backoff_is_bounded() -> None:
    assert all(0 <= backoff_s(failures) <= 15 for failures in range(100))


async def test_bad_venue_rows_are_counted_and_the_keeper_stays_up(
    tmp_path: Path, world: World, net: Localnet
) -> None:
    record = world.add_record(BEGIN, BEGIN + 100, TWAP, low=1)
    good = [(BEGIN + 10 * place, "0.5", "0.52") for place in range(10)]
    bad = [good[3], (BEGIN + 1, "0.4", "0.6"), (BEGIN + 95, "0.9", "0.1"), (BEGIN + 96, "-1", "2")]
    quotes = write_quotes(tmp_path / "quotes.csv", good + bad)
    with quotes.open("ab") as file:
        file.write(b"test,\xff\xfe,,,\nnot a row\n")
    metrics = Metrics()
    await run_keeper(world, settings_of(world, net, net.url, quotes), metrics)
    assert world.record(record).accepted == len(good)
    page = generate_latest(metrics.registry).decode()
    for reason in ("time_backwards", "crossed", "out_of_range", "malformed"):
        assert f'venue_rejections_total{{reason="{reason}",venue="polymarket"}}' in page
    assert f'feed_source_time{{feed="{world.feed}"}}' in page


async def test_an_outage_is_waited_out(tmp_path: Path, world: World, net: Localnet, proxy: NodeProxy) -> None:
    record = world.add_record(BEGIN, BEGIN + 400, TWAP, low=1)
    quotes = write_quotes(tmp_path / "q.csv", [(BEGIN + 20 * place, "0.5", "0.52") for place in range(20)])
    rng = random.Random(3)
    outages = {rng.randrange(20, 150) for _ in range(6)}

    def fail_now_and_then(_params: list[Any]) -> Any:
        if len(proxy.calls) in outages:
            return {"neither": "shape"}
        return FORWARD

    for method in (
        "getSignatureStatuses",
        "simulateTransaction",
        "getLatestBlockhash",
        "getMultipleAccounts",
    ):
        proxy.hooks[method] = fail_now_and_then
    await run_keeper(world, settings_of(world, net, proxy.url, quotes), Metrics())
    assert world.record(record).accepted == 20
    assert world.record(record).status == oracle.RECORD_DECIDED


async def test_one_turn_is_one_that_was_had(
    tmp_path: Path, world: World, net: Localnet, proxy: NodeProxy
) -> None:
    record = world.add_record(BEGIN, BEGIN + 400, TWAP, low=1)
    world.ledger.set_unix_timestamp(BEGIN)
    quotes = write_quotes(tmp_path / "q.csv", [(BEGIN, "0.5", "0.52")])

    def fail_the_first_turn(_params: list[Any]) -> Any:
        if proxy.calls.count("getProgramAccounts") < 2:
            return FORWARD
        del proxy.hooks["getMultipleAccounts"]
        return Refusal({"code": -32005, "message": "node is behind"})

    proxy.hooks["getMultipleAccounts"] = fail_the_first_turn
    settings = settings_of(world, net, proxy.url, quotes, run_once=True, drive_clock=False)
    await run_keeper(world, settings, Metrics())
    assert "getMultipleAccounts" not in proxy.hooks
    assert world.record(record).accepted == 1


async def test_a_loop_cancelled_as_it_is_woken_ends(
    tmp_path: Path, world: World, net: Localnet, rpc: Rpc, session: aiohttp.ClientSession
) -> None:
    quotes = write_quotes(tmp_path / "q.csv", [(BEGIN, "0.5", "0.52")])
    settings = settings_of(world, net, net.url, quotes, drive_clock=False, poll_interval_s=TIMEOUT_S)
    state, metrics = State(), Metrics()
    reader = a_reader(rpc, net, state, Changes(), session)
    sender = Sender(rpc, world.keeper, metrics, fee_max_micro_lamports=0, dry_run=True)
    sources = Sources(settings, state, metrics, {world.feed: []}, changed=lambda: None)
    loop = Loop(settings, state, reader, sender, ChainClock(rpc), sources, metrics)
    running = asyncio.create_task(loop.run())
    async with asyncio.timeout(TIMEOUT_S):
        while not loop.turned_at:
            await rpc.call("getSlot")
    loop.wake()
    await asyncio.sleep(0)  # the wake has come, the loop has not gone on yet
    running.cancel()
    assert await asyncio.wait({running}, timeout=5) == ({running}, set())
    assert running.cancelled()


async def test_a_second_signal_gives_up_what_the_first_waits_for(
    tmp_path: Path, world: World, net: Localnet, proxy: NodeProxy
) -> None:
    world.ledger.set_unix_timestamp(BEGIN)
    quotes = write_quotes(tmp_path / "q.csv", [(BEGIN, "0.5", "0.52")])

    def insist(_params: list[Any]) -> Any:
        if proxy.calls.count("getSignatureStatuses") <= 2:
            signal.raise_signal(signal.SIGTERM)
        return FORWARD

    proxy.hooks["sendTransaction"] = lambda _: "lost"
    proxy.hooks["getSignatureStatuses"] = insist
    settings = settings_of(world, net, proxy.url, quotes, drive_clock=False)
    await run_keeper(world, settings, Metrics())
    assert proxy.calls.count("getSignatureStatuses") >= 2


@pytest.mark.parametrize(
    "resolver", ["an authority that is silent", "a record nobody cranks", "a void record"]
)
async def test_what_nobody_settles_in_time_is_voided_and_redeemed(
    world: World, net: Localnet, resolver: str
) -> None:
    deadline = BEGIN + 10 * 86_400
    by_record = resolver != "an authority that is silent"
    key = world.add_record(BEGIN, BEGIN + 100, TWAP, low=1) if by_record else world.admin.pubkey()
    kind = exchange.RESOLVER_RECORD if by_record else exchange.RESOLVER_AUTHORITY
    event = world.add_event(key, kind, BEGIN, deadline)
    holders = [world.add_holder(index, event) for index in range(2)]
    jobs = ("settle", "redeem") if resolver == "a record nobody cranks" else Settings().running
    settings = Settings(
        url=net.url,
        ws_url=net.ws_url,
        jobs=jobs,
        exit_when_done=True,
        metrics_port=None,
        poll_interval_s=0.01,
    )
    world.ledger.set_unix_timestamp(deadline)
    if resolver != "a void record":
        await run_keeper(world, settings, Metrics())
        assert settlements(world.ledger) == {}
        world.ledger.set_unix_timestamp(deadline + 1)
    await run_keeper(world, settings, Metrics())
    assert world.event(event).status == exchange.EVENT_VOID
    act = "settle" if resolver == "a void record" else "void"
    assert settlements(world.ledger) == {
        f"{act} {event} {key}": 1,
        **{f"redeem {holder} {event}": 1 for holder in holders},
    }
    assert {world.holder(holder).cash_atoms for holder in holders} == {100 * 10_000}


async def test_a_driven_keeper_plays_a_crash_in_dollars(tmp_path: Path, world: World, net: Localnet) -> None:
    if not CRASH.is_file():
        pytest.skip(f"the recorded data is not at {CRASH}")
    lines = CRASH.read_text().splitlines(keepends=True)
    crash = tmp_path / "luna_oracle.csv"
    crash.write_text(lines[0] + "".join(lines[-200:]))
    last_s, last_price = lines[-1].strip().split(",")
    world.ledger.set_unix_timestamp(int(lines[-200].split(",")[0]) - 100)
    feeds = (FeedSettings(address=world.feed, source=SourceSettings(venue="pyth", file=crash, speed=0)),)
    await run_keeper(world, settings_of(world, net, net.url, crash, feeds=feeds), Metrics())
    assert world.published_time() == int(last_s)
    data = world.ledger.account_data(world.feed)
    assert data is not None
    reading = oracle.Feed.decode(data).readings[0]
    assert reading.bid == reading.ask == int(Decimal(last_price) * 10**6)


def test_a_recording_that_breaks_off_is_played_to_there_and_said(
    tmp_path: Path, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    quotes = write_quotes(tmp_path / "q.csv", [(BEGIN, "0.5", "0.52"), (BEGIN + 1, "0.5", "0.52")])
    quotes.write_bytes(quotes.read_bytes()[:-9])
    source = SourceSettings(venue="polymarket", file=quotes)
    metrics = Metrics()
    configure_logging()
    loaded = load_recordings(Settings(feeds=(FeedSettings(address=world.feed, source=source),)), metrics)
    assert loaded == {world.feed: [Reading(BEGIN, 500_000, 520_000)]}
    said = json.loads(capsys.readouterr().err)
    assert (said["level"], said["event"], said["file"]) == ("warning", "recording breaks off", str(quotes))
    assert b'reason="truncated",venue="polymarket"' in generate_latest(metrics.registry)


async def test_the_watch_compares_books(
    tmp_path: Path, world: World, net: Localnet, rpc: Rpc, session: aiohttp.ClientSession
) -> None:
    record = world.add_record(BEGIN, BEGIN + 500, TWAP, low=1)
    event = world.add_event(record, exchange.RESOLVER_RECORD, BEGIN + 500, BEGIN + 30 * 86_400)
    books = BookWorld(event, world)
    books.place(Wanted(BID, 5_000, 1), Wanted(ASK, 5_300, 1))
    quotes = write_quotes(tmp_path / "q.csv", [(BEGIN, "0.5", "0.52")])
    settings = settings_of(world, net, net.url, quotes, drive_clock_until=BEGIN)
    await run_keeper(world, settings, Metrics())
    state, metrics = state_of(world), Metrics()
    reader = a_reader(rpc, net, state, Changes(), session)
    sender = Sender(rpc, world.keeper, metrics, fee_max_micro_lamports=0, dry_run=True)
    sources = Sources(settings, state, metrics, {}, changed=lambda: None)
    loop = Loop(settings, state, reader, sender, ChainClock(rpc), sources, metrics)
    health = Health(settings, state, reader, loop, sources, metrics)
    gauge = f'secant_keeper_book_mid_minus_venue_mid_ticks{{event="{event}"}} 50.0'
    health._compare_books()
    assert gauge in generate_latest(metrics.registry).decode()
    del state.accounts[books.book]
    health._compare_books()
    assert gauge not in generate_latest(metrics.registry).decode()


async def test_health_names_what_is_wrong(
    tmp_path: Path, world: World, net: Localnet, rpc: Rpc, session: aiohttp.ClientSession
) -> None:
    quotes = write_quotes(tmp_path / "q.csv", [(BEGIN, "0.5", "0.52")])
    settings = settings_of(world, net, net.url, quotes, balance_min_lamports=10**18)
    state, metrics, now = State(), Metrics(), [100.0]
    reader = a_reader(rpc, net, state, Changes(), session)
    sender = Sender(rpc, world.keeper, metrics, fee_max_micro_lamports=0, dry_run=True)
    sources = Sources(settings, state, metrics, {world.feed: []}, changed=lambda: None)
    loop = Loop(settings, state, reader, sender, ChainClock(rpc), sources, metrics)
    health = Health(settings, state, reader, loop, sources, metrics, clock=lambda: now[0])
    runner = await health.serve("127.0.0.1", 0)
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def get(page: str) -> tuple[int, str]:
        async with session.get(f"{base}/{page}") as response:
            return response.status, await response.text()

    assert (await get("livez"))[0] == 200
    status, body = await get("healthz")
    assert (status, "not been read yet" in body) == (503, True)
    await reader.snapshot()
    reader.slot_heard_at = loop.turned_at = now[0]
    assert (await get("healthz"))[0] == 200
    sources.refused.append("kalshi")
    assert "kalshi refuses the key" in (await get("healthz"))[1]
    health.balance_lamports = 5
    now[0] += 1000
    status, body = await get("healthz")
    assert status == 503
    assert all(words in body for words in ("the loop does not turn", "no new slot", "balance is 5"))
    assert (await get("livez"))[0] == 503
    status, body = await get("metrics")
    assert status == 200
    assert "secant_keeper_wallet_balance_lamports" in body
    await runner.cleanup()


@pytest.mark.parametrize("fault", ["missing", "another kind", "another publisher"])
async def test_a_feed_that_this_key_cannot_publish_to(world: World, rpc: Rpc, fault: str) -> None:
    stranger = Keypair().pubkey()
    address = {"missing": stranger, "another kind": world.exchange}.get(fault, world.feed)
    key = stranger if fault == "another publisher" else world.keeper.pubkey()
    feed = FeedSettings(address=address, source=SourceSettings(venue="polymarket", series="x"))
    with pytest.raises(ClusterError, match=r"there is no feed|is no feed|not among the publishers"):
        await check_feeds(rpc, ChainClock(rpc), Settings(feeds=(feed,)), key, {})


def test_a_rebased_recording_keeps_its_order_and_one_reading_a_second() -> None:
    readings = [Reading(100, 1, 2), Reading(105, 3, 4), Reading(109, 5, 6), Reading(130, 7, 8)]
    assert rebased(readings, 1_000, 10.0) == [Reading(1_000, 1, 2), Reading(1_003, 7, 8)]
    assert rebased(readings, 1_000, 1.0)[1] == Reading(1_005, 3, 4)
    assert rebased([], 1_000, 1.0) == []


async def test_live_frames_become_readings_and_garbage_is_counted(world: World) -> None:
    token = "123"
    book = {"event_type": "book", "asset_id": token, "market": "m", "timestamp": str(BEGIN * 1000)}
    book |= {"bids": [{"price": "0.40", "size": "1"}], "asks": [{"price": "0.42", "size": "1"}]}

    async def venue(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        await socket.send_str("garbage")
        await socket.send_json([book])
        await socket.receive()
        return socket

    application = web.Application()
    application.router.add_get("/ws", venue)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/ws"
    source = SourceSettings(venue="polymarket", series=token)
    settings = Settings(feeds=(FeedSettings(address=world.feed, source=source),))
    state, metrics, changes = State(), Metrics(), Changes()
    timing = Timing(refresh_check_s=60)
    sources = Sources(
        settings,
        state,
        metrics,
        {},
        changed=changes,
        streams=lambda _venue, series, _kalshi: PolymarketStream(series, url=url, timing=timing),
    )
    running = asyncio.create_task(sources.run())
    await changes.until(lambda: bool(state.readings[world.feed]))
    (reading,) = state.readings[world.feed]
    assert reading == (BEGIN, 400_000, 420_000)
    assert b'reason="malformed",venue="polymarket"' in generate_latest(metrics.registry)
    assert not sources.finished.is_set()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await runner.cleanup()
