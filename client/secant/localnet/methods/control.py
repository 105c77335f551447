"""The localnet's own methods, prefix ``localnet_``: no cluster has them.

- ``localnet_getClock`` tells the clock: ``{unixTimestamp, driven}``; a driven clock stands still.
- ``localnet_setClock [{unixTimestamp}]`` drives the clock to Unix seconds, where it stands until set again.
- ``localnet_runClock`` lets a driven clock follow the wall clock again, or go on from where it stands if that
  is later: set it to an earlier time first to take it back.
- ``localnet_setSlot [slot]`` advances to a later slot; ``localnet_warpSlots [count]`` advances by so many.
- ``localnet_setAccount [{address, lamports, data, owner, executable}]`` writes an account; data is base64.
- ``localnet_addProgram [programId, elf]`` deploys a program; elf is base64.

Those that change something answer with ``{slot, unixTimestamp}`` as they then are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from solders.account import Account
from solders.system_program import ID as SYSTEM_PROGRAM_ID

from secant.localnet.errors import LocalnetError, invalid_params
from secant.localnet.ledger import I64_MAX, SLOT_MAX
from secant.localnet.params import Config, Params, read_base64, read_object, read_pubkey

from .accounts import ACCOUNT_BYTES_MAX

if TYPE_CHECKING:
    from secant.localnet.node import Node


def _clock_json(node: Node) -> dict[str, int]:
    return {"slot": node.ledger.slot, "unixTimestamp": node.ledger.unix_timestamp}


def get_clock(node: Node, _params: Params) -> Any:
    """``localnet_getClock``."""
    return {"unixTimestamp": node.ledger.unix_timestamp, "driven": node.ledger.is_clock_driven}


def set_clock(node: Node, params: Params) -> Any:
    """``localnet_setClock``."""
    config = Config(read_object(params.get(0), "clock"), "clock")
    moment = config.integer("unixTimestamp", 0, I64_MAX)
    if moment is None:
        raise invalid_params("clock must have unixTimestamp: Unix seconds; localnet_runClock lets it run")
    node.ledger.set_unix_timestamp(moment)
    return _clock_json(node)


def run_clock(node: Node, _params: Params) -> Any:
    """``localnet_runClock``."""
    node.ledger.run_clock()
    return _clock_json(node)


def set_slot(node: Node, params: Params) -> Any:
    """``localnet_setSlot``."""
    node.ledger.warp_to_slot(params.integer(0, "slot", node.ledger.slot + 1, SLOT_MAX))
    return _clock_json(node)


def warp_slots(node: Node, params: Params) -> Any:
    """``localnet_warpSlots``."""
    node.ledger.advance_slot(params.integer(0, "slots", 1, SLOT_MAX - node.ledger.slot))
    return _clock_json(node)


def set_account(node: Node, params: Params) -> Any:
    """``localnet_setAccount``."""
    config = Config(read_object(params.get(0), "account"), "account")
    address = read_pubkey(config.get("address"), "account.address")
    lamports = config.integer("lamports")
    if lamports is None:
        raise invalid_params("account.lamports must be given")
    data = b"" if config.get("data") is None else read_base64(config.get("data"), "account.data")
    if len(data) > ACCOUNT_BYTES_MAX:
        raise invalid_params(f"account.data must be at most {ACCOUNT_BYTES_MAX} bytes, got {len(data)}")
    owner = config.get("owner")
    owner_id = SYSTEM_PROGRAM_ID if owner is None else read_pubkey(owner, "account.owner")
    account = Account(lamports, data, owner_id, executable=config.boolean("executable"))
    try:
        node.ledger.set_account(address, account)
    except LocalnetError as error:
        raise invalid_params(str(error)) from error
    return _clock_json(node)


def add_program(node: Node, params: Params) -> Any:
    """``localnet_addProgram``."""
    program_id = params.pubkey(0, "programId")
    elf = read_base64(params.get(1), "elf")
    try:
        node.ledger.add_program(program_id, elf)
    except LocalnetError as error:
        raise invalid_params(str(error)) from error
    return _clock_json(node)
