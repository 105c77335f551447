from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest
from solana.rpc.async_api import AsyncClient
from solders.account import Account
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM_PROGRAM_ID
from spl.memo.constants import MEMO_PROGRAM_ID

from secant.localnet import Ledger, Localnet, LocalnetError, dump, forget, load, serve
from secant.localnet.token_accounts import NATIVE_MINT

from .network import SOL, funded_keypair, mint_tokens, signed, signed_transfer

if TYPE_CHECKING:
    from pathlib import Path


async def test_the_websocket_port_follows_the_http_port() -> None:
    async with Localnet(port=0) as net:
        assert net.ws_port == net.port + 1
        assert net.url == f"http://127.0.0.1:{net.port}"
        assert net.ws_url == f"ws://127.0.0.1:{net.port + 1}"
        with pytest.raises(LocalnetError, match="started already"):
            await net.start()
    await net.stop()


async def test_a_taken_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalnetError, match=f"ports {port}"):
            await Localnet(port=port).start()
        with pytest.raises(LocalnetError, match="in use"):
            await Localnet(port=0, ws_port=port).start()
    for port in (-1, 65_535, 70_000):
        with pytest.raises(LocalnetError, match="port must be from 0 to 65535"):
            await Localnet(port=port).start()


def test_contradictory_arguments() -> None:
    with pytest.raises(LocalnetError, match="slot_ms must be 1 or more"):
        Localnet(slot_ms=0)
    with pytest.raises(LocalnetError, match="slot_per_transaction=False"):
        Localnet(slot_ms=400, ledger=Ledger())


async def test_a_program_that_is_none_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "program.so"
    path.write_bytes(b"no elf")
    with pytest.raises(LocalnetError, match="was refused"):
        await Localnet(port=0, programs={Pubkey.new_unique(): path}).start()


async def test_serve_runs_until_cancelled() -> None:
    started: asyncio.Future[Localnet] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(port=0, started=started))
    net = await started
    async with AsyncClient(net.url) as client:
        assert await client.is_connected()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(OSError, match=str(net.port)):
        await asyncio.open_connection("127.0.0.1", net.port)


async def test_a_ledger_file_survives_restarts(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    address = Pubkey.new_unique()
    async with Localnet(port=0, ledger_path=path) as net:
        net.ledger.airdrop(address, SOL)
        slot = net.ledger.slot
    async with Localnet(port=0, ledger_path=path) as net:
        assert net.ledger.svm.get_balance(address) == SOL
        assert net.ledger.slot == slot + 1


def test_everything_touched_is_dumped_and_loaded(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    first = Ledger()
    payer = funded_keypair(first)
    minted = mint_tokens(first, payer)
    gone = Pubkey.new_unique()
    first.airdrop(gone, SOL)
    first.set_account(gone, Account(0, b"", SYSTEM_PROGRAM_ID))
    first.set_unix_timestamp(1_730_000_000)
    dump(first, path)
    second = Ledger()
    load(second, path)
    for address in (payer.pubkey(), minted.mint, minted.holder, first.faucet.pubkey(), NATIVE_MINT):
        assert second.account(address) == first.account(address)
    assert second.account(gone) is None
    assert second.unix_timestamp == 1_730_000_000
    assert second.block_height == first.block_height + 1
    assert second.send(signed_transfer(second, payer, gone, SOL)).err is None
    dump(second, path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["ledger"]


def test_a_clock_that_runs_ahead_is_dumped_and_loaded(tmp_path: Path) -> None:
    first, second, third = Ledger(), Ledger(), Ledger()
    first.set_unix_timestamp(first.unix_timestamp + 86_400)
    first.run_clock()
    dump(first, tmp_path / "ledger")
    load(second, tmp_path / "ledger")
    assert not second.is_clock_driven
    assert first.unix_timestamp <= second.unix_timestamp <= first.unix_timestamp + 60
    second.set_unix_timestamp(5)
    second.run_clock()
    dump(second, tmp_path / "ledger")
    load(third, tmp_path / "ledger")
    assert third.ahead_s == 0


def test_deployed_programs_are_dumped_and_loaded(tmp_path: Path) -> None:
    first, second = Ledger(), Ledger()
    elf = first.svm.get_account(MEMO_PROGRAM_ID)
    assert elf is not None
    program_id = Pubkey.new_unique()
    first.add_program(program_id, elf.data)
    dump(first, tmp_path / "ledger")
    load(second, tmp_path / "ledger")
    payer = funded_keypair(second)
    memo = Instruction(program_id, b"again", [])
    outcome = second.send(signed([memo], [payer], second.latest_blockhash))
    assert outcome.err is None, outcome.logs
    assert any("again" in line for line in outcome.logs)


def test_only_a_ledger_file_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    forget(path)
    for is_whole in (True, False):
        dump(Ledger(), path)
        if not is_whole:
            path.write_bytes(path.read_bytes()[:9])
        forget(path)
        assert not path.exists()
    path.write_bytes(b"")
    forget(path)
    assert not path.exists()
    path.write_text("of many years")
    with pytest.raises(LocalnetError, match="is no ledger file, and is not deleted"):
        forget(path)
    assert path.read_text() == "of many years"
    with pytest.raises(LocalnetError, match="cannot be deleted: Is a directory"):
        forget(tmp_path)


def test_a_bad_ledger_file_is_told(tmp_path: Path) -> None:
    import zstandard

    path = tmp_path / "ledger"
    dump(Ledger(), path)
    whole = path.read_bytes()
    body = zstandard.ZstdDecompressor().decompress(whole)
    line, _, rest = body.partition(b"\n")
    for content in (
        b"",
        b"junk",
        whole[:-5],
        zstandard.compress(b"{}\n"),
        zstandard.compress(b"not json\n"),
        zstandard.compress(line + b"\n" + rest[:-1]),
        zstandard.compress(line + b"\n" + rest[:40]),
        zstandard.compress(body + b"x"),
        zstandard.compress(line.replace(b'"slot":', b'"slot":"a","x":') + b"\n" + rest),
    ):
        path.write_bytes(content)
        with pytest.raises(LocalnetError, match="cannot be read"):
            load(Ledger(), path)
    with pytest.raises(LocalnetError, match="cannot be read"):
        load(Ledger(), tmp_path / "absent")
    with pytest.raises(LocalnetError, match="cannot be written"):
        dump(Ledger(), tmp_path / "absent" / "ledger")
    path.write_bytes(whole)
    ahead = Ledger()
    ahead.advance_slot(10)
    with pytest.raises(LocalnetError, match="after the present one"):
        load(ahead, path)
