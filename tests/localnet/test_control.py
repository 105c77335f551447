from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from solders.pubkey import Pubkey

if TYPE_CHECKING:
    from secant.localnet import Localnet

    from .conftest import Rpc

ADDRESS = "Vote111111111111111111111111111111111111111"


async def test_the_clock_is_driven_over_rpc(net: Localnet, rpc: Rpc) -> None:
    answer = await rpc.result("localnet_setClock", {"unixTimestamp": 1_730_000_000})
    assert answer == {"slot": net.ledger.slot, "unixTimestamp": 1_730_000_000}
    assert net.ledger.svm.get_clock().unix_timestamp == 1_730_000_000
    answer = await rpc.result("localnet_setClock", {"unixTimestamp": None})
    assert answer["unixTimestamp"] > 1_730_000_000


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
