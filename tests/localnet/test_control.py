from __future__ import annotations

import base64
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from solders.pubkey import Pubkey

if TYPE_CHECKING:
    from secant.localnet import Localnet

    from .conftest import Rpc

CLOCK = "SysvarC1ock11111111111111111111111111111111"
ADDRESS = "Vote111111111111111111111111111111111111111"


async def test_the_clock_is_driven_over_rpc(net: Localnet, rpc: Rpc) -> None:
    answer = await rpc.result("localnet_setClock", {"unixTimestamp": 1_730_000_000})
    assert answer == {"slot": net.ledger.slot, "unixTimestamp": 1_730_000_000}
    assert net.ledger.svm.get_clock().unix_timestamp == 1_730_000_000
    assert await rpc.result("localnet_getClock") == {"unixTimestamp": 1_730_000_000, "driven": True}
    before = int(time.time())
    answer = await rpc.result("localnet_runClock")
    assert before <= answer["unixTimestamp"] <= time.time()
    told = await rpc.result("localnet_getClock")
    assert told["driven"] is False
    assert told["unixTimestamp"] >= before


async def test_a_clock_set_ahead_runs_on(net: Localnet, rpc: Rpc) -> None:
    ahead = int(time.time()) + 10**6
    await rpc.result("localnet_setClock", {"unixTimestamp": ahead})
    assert (await rpc.result("localnet_runClock"))["unixTimestamp"] >= ahead
    told = await rpc.result("localnet_getClock")
    assert told["unixTimestamp"] >= ahead
    assert told["driven"] is net.ledger.is_clock_driven is False


async def test_asking_for_the_clock_does_not_drive_it(net: Localnet, rpc: Rpc) -> None:
    assert (await rpc.result("localnet_getClock"))["driven"] is False
    assert not net.ledger.is_clock_driven


async def clock_shown(rpc: Rpc) -> list[int]:
    """What the clock account says, by each method that reads accounts."""
    info = await rpc.result("getAccountInfo", CLOCK, {"encoding": "base64"})
    several = await rpc.result("getMultipleAccounts", [CLOCK], {"encoding": "base64"})
    wires = [info["value"], several["value"][0]]
    return [int.from_bytes(base64.b64decode(wire["data"][0])[32:40], "little") for wire in wires]


async def test_a_running_clock_is_shown_running(
    net: Localnet, rpc: Rpc, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = await clock_shown(rpc)
    later = shown[0] + 1_000  # as if nobody had sent anything for so long
    monkeypatch.setattr("secant.localnet.ledger.time", SimpleNamespace(time=lambda: later))
    assert await clock_shown(rpc) == [later, later]
    net.ledger.set_unix_timestamp(5)
    assert await clock_shown(rpc) == [5, 5]


async def test_slots_are_warped_over_rpc(net: Localnet, rpc: Rpc) -> None:
    slot = net.ledger.slot
    assert (await rpc.result("localnet_warpSlots", 10))["slot"] == slot + 10
    assert (await rpc.result("localnet_setSlot", slot + 20))["slot"] == slot + 20
    assert await rpc.result("getSlot") == slot + 20


async def test_an_account_is_written_over_rpc(net: Localnet, rpc: Rpc) -> None:
    address, owner = Pubkey.new_unique(), Pubkey.new_unique()
    wire = {
        "address": str(address),
        "lamports": 5,
        "data": base64.b64encode(b"xyz").decode(),
        "owner": str(owner),
    }
    await rpc.result("localnet_setAccount", wire)
    account = net.ledger.account(address)
    assert account is not None
    assert (account.lamports, account.data, account.owner, account.executable) == (5, b"xyz", owner, False)


@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("localnet_setClock", [{}], "must have unixTimestamp"),
        ("localnet_setClock", [{"unixTimestamp": None}], "localnet_runClock lets it run"),
        ("localnet_runClock", [None], "expected 0 parameters"),
        ("localnet_setClock", [5], "clock must be an object"),
        ("localnet_setClock", [{"unixTimestamp": -1}], "from 0 to"),
        ("localnet_setSlot", [0], "slot must be from"),
        ("localnet_warpSlots", [0], "slots must be from 1"),
        ("localnet_warpSlots", [2**60], "slots must be from 1"),
        ("localnet_setAccount", [{"address": ADDRESS}], "lamports must be given"),
        ("localnet_setAccount", [{"lamports": 1}], "account.address must be a string"),
        ("localnet_setAccount", [{"address": ADDRESS, "lamports": 1, "data": "!"}], "must be base64"),
        (
            "localnet_setAccount",
            [{"address": ADDRESS, "lamports": 1, "data": "A" * 13_981_020}],
            "at most 10485760 bytes",
        ),
        (
            "localnet_setAccount",
            [
                {
                    "address": ADDRESS,
                    "lamports": 1,
                    "owner": "BPFLoader2111111111111111111111111111111111",
                    "executable": True,
                }
            ],
            "was refused",
        ),
        ("localnet_addProgram", [ADDRESS, "AAAA"], "was refused"),
    ],
)
async def test_bad_control_says_what_is_wrong(rpc: Rpc, method: str, params: list[Any], message: str) -> None:
    error = await rpc.error(method, *params)
    assert error["code"] == -32602
    assert message in error["message"]
