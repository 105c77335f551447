"""Instruction builders and addresses of generated bindings."""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Any

import pytest
from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from secant._wire import ArgumentError

if TYPE_CHECKING:
    from types import ModuleType

OWNER, OTHER, VAULT = (Pubkey.from_bytes(bytes([n]) * 32) for n in (1, 2, 3))
CLOCK = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")


def meta(key: Pubkey, *flags: str) -> AccountMeta:
    return AccountMeta(key, is_signer="signer" in flags, is_writable="writable" in flags)


def deposit(probe: ModuleType, **changes: Any) -> Any:
    terms = probe.Terms(OTHER, probe.RuleDigital(-3, True), probe.Status.PAUSED, (1, 2, 3, 4), None)
    arguments = {"amount_atoms": 7, "terms": terms, "side": probe.Status.RESOLVED}
    return probe.deposit(**{"owner": OWNER, "margin_account": OTHER, "vault": VAULT, **arguments, **changes})


def test_data_is_the_discriminator_and_the_arguments_in_borsh(probe: ModuleType) -> None:
    terms = bytes(OTHER) + struct.pack("<Bq?B4HB", 1, -3, True, 1, 1, 2, 3, 4, 0)
    expected = hashlib.sha256(b"global:deposit").digest()[:8] + struct.pack("<Q", 7) + terms + b"\x02"
    assert bytes(deposit(probe).data) == expected


def test_dynamic_arguments(probe: ModuleType) -> None:
    instruction = probe.push(
        authority=OWNER, note=OTHER, data=b"ab", label="é", maybe=-3, flags=[True, False, True]
    )
    expected = hashlib.sha256(b"global:push").digest()[:8] + b"".join(
        [
            struct.pack("<I2s", 2, b"ab"),
            struct.pack("<I2s", 2, "é".encode()),
            struct.pack("<Bh???", 1, -3, 1, 0, 1),
        ]
    )
    assert bytes(instruction.data) == expected


def test_accounts_stand_in_order_with_their_flags(probe: ModuleType) -> None:
    extra = meta(VAULT, "writable")
    instruction = deposit(probe, referrer=OTHER, config=OWNER, remaining_accounts=[extra])
    assert instruction.program_id == probe.PROGRAM_ID
    assert instruction.accounts == [
        meta(OWNER, "signer"),
        meta(OTHER, "writable"),
        meta(OTHER, "writable"),
        meta(VAULT),
        meta(OWNER),
        meta(CLOCK),
        extra,
    ]


def test_absent_optional_account_is_the_program_itself(probe: ModuleType) -> None:
    assert deposit(probe).accounts[2] == meta(probe.PROGRAM_ID)


def test_addresses_follow_from_the_seeds(probe: ModuleType) -> None:
    seeds = [b"margin", bytes(OWNER), struct.pack("<H", 513)]
    expected, _ = Pubkey.find_program_address(seeds, probe.PROGRAM_ID)
    assert probe.find_margin_account(owner=OWNER, index=513) == expected
    assert probe.find_config() == Pubkey.find_program_address([b"config"], probe.PROGRAM_ID)[0]


def test_addresses_left_out_are_found(probe: ModuleType) -> None:
    opened = probe.open(owner=OWNER, index=513)
    assert opened.accounts == [
        meta(OWNER, "signer", "writable"),
        meta(probe.find_margin_account(owner=OWNER, index=513), "writable"),
        meta(Pubkey.default()),
    ]
    assert deposit(probe).accounts[4] == meta(probe.find_config())
    assert probe.open(owner=OWNER, index=1, margin_account=VAULT).accounts[1] == meta(VAULT, "writable")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"amount_atoms": -1}, "amount_atoms: -1 is not an integer from 0 to 18,446,744,073,709,551,615"),
        ({"amount_atoms": 2**64}, "amount_atoms"),
        ({"amount_atoms": 1.5}, "amount_atoms: 1.5 is not an integer"),
        ({"amount_atoms": "1"}, "amount_atoms: '1' is not an integer"),
        ({"terms": None}, "terms: None is not a Terms"),
        ({"side": 9}, "side: 9 is not a Status"),
    ],
)
def test_arguments_out_of_range_are_named(probe: ModuleType, change: dict[str, Any], problem: str) -> None:
    with pytest.raises(ArgumentError, match=problem):
        deposit(probe, **change)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"data": "ab"}, "data: 'ab' is not bytes"),
        ({"label": b"ab"}, "label: b'ab' is not a string"),
        ({"label": "\ud800"}, "whole Unicode characters"),
        ({"maybe": 2**15}, "maybe: 32768 is not an integer from -32,768 to 32,767"),
        ({"flags": [True]}, "flags: .* is not a sequence of 3 items"),
        ({"flags": [True, 0, True]}, r"flags\[1\]: 0 is not True or False"),
    ],
)
def test_dynamic_arguments_out_of_range_are_named(
    probe: ModuleType, change: dict[str, Any], problem: str
) -> None:
    good = {"data": b"", "label": "", "maybe": None, "flags": [True, True, True]}
    probe.push(authority=OWNER, note=OTHER, **good)
    with pytest.raises(ArgumentError, match=problem):
        probe.push(authority=OWNER, note=OTHER, **{**good, **change})


def test_seed_out_of_range_is_named(probe: ModuleType) -> None:
    with pytest.raises(ArgumentError, match="index: 65536"):
        probe.find_margin_account(owner=OWNER, index=2**16)


def test_documentation_reaches_the_user(probe: ModuleType) -> None:
    text = probe.open.__doc__
    assert text.startswith("Opens a margin account.")
    assert "owner: Pays rent. [signer, writable]" in text
    assert "Left out: `find_margin_account(owner=owner," in text
    assert "lots: Signed shares." in probe.Leg.__doc__
