"""Accounts, events and types of generated bindings: their bytes, and what is refused."""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from secant._wire import ArgumentError, DecodeError, ProgramErrorInfo

if TYPE_CHECKING:
    from types import ModuleType

KEY = Pubkey.from_string("So11111111111111111111111111111111111111112")


def integers(bits: int, *, signed: bool = False) -> st.SearchStrategy[int]:
    return (
        st.integers(-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else st.integers(0, (1 << bits) - 1)
    )


keys = st.binary(min_size=32, max_size=32).map(Pubkey.from_bytes)


def legs(probe: ModuleType) -> st.SearchStrategy[Any]:
    return st.builds(
        probe.Leg,
        event=keys,
        lots=st.tuples(*[integers(64, signed=True)] * 4),
        total=integers(128),
        flags=integers(32),
        kind=st.sampled_from(probe.Status),
    )


def margin_accounts(probe: ModuleType) -> st.SearchStrategy[Any]:
    return st.builds(
        probe.MarginAccount,
        owner=keys,
        cash_atoms=integers(64, signed=True),
        big=integers(128, signed=True),
        status=st.sampled_from(probe.Status),
        hidden=st.sampled_from(probe.Hidden),
        is_open=st.booleans(),
        legs=st.tuples(*[legs(probe)] * 3),
        matrix=st.tuples(*[st.tuples(integers(16), integers(16))] * 4),
    )


def rules(probe: ModuleType) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.just(probe.RuleVoid()),
        st.builds(probe.RuleDigital, strike=integers(64, signed=True), above=st.booleans()),
        st.builds(probe.RuleLinear, integers(64, signed=True), integers(64, signed=True)),
    )


def notes(probe: ModuleType) -> st.SearchStrategy[Any]:
    return st.builds(
        probe.Note,
        author=keys,
        body=st.text(st.characters(exclude_categories=["Cs"])),
        tags=st.lists(integers(32)).map(tuple),
        memo=st.none() | integers(64),
        rule=rules(probe),
    )


def leg_bytes(leg: Any) -> bytes:
    total = leg.total.to_bytes(16, "little")
    return bytes(leg.event) + struct.pack("<4q16sIB11x", *leg.lots, total, leg.flags, leg.kind)


def margin_account_bytes(account: Any) -> bytes:
    """The layout of the program's repr(C) struct, by hand."""
    big = account.big.to_bytes(16, "little", signed=True)
    flags = struct.pack("<BB?5x", account.status, account.hidden, account.is_open)
    matrix = b"".join(struct.pack("<2H", *row) for row in account.matrix)
    return b"".join(
        [
            hashlib.sha256(b"account:MarginAccount").digest()[:8],
            bytes(account.owner) + struct.pack("<q", account.cash_atoms) + big + flags,
            *(leg_bytes(leg) for leg in account.legs),
            matrix,
        ]
    )


def rule_bytes(probe: ModuleType, rule: Any) -> bytes:
    match rule:
        case probe.RuleVoid():
            return b"\0"
        case probe.RuleDigital(strike=strike, above=above):
            return struct.pack("<Bq?", 1, strike, above)
        case _:
            return struct.pack("<Bqq", 2, rule.field_0, rule.field_1)


def note_bytes(probe: ModuleType, note: Any) -> bytes:
    """Borsh, by hand."""
    body = note.body.encode()
    memo = b"\0" if note.memo is None else struct.pack("<BQ", 1, note.memo)
    return b"".join(
        [
            hashlib.sha256(b"account:Note").digest()[:8],
            bytes(note.author),
            struct.pack(f"<I{len(body)}s", len(body), body),
            struct.pack(f"<I{len(note.tags)}I", len(note.tags), *note.tags),
            memo,
            rule_bytes(probe, note.rule),
        ]
    )


def test_zero_copy_account_has_the_layout_of_the_program(probe: ModuleType) -> None:
    @given(margin_accounts(probe))
    def run(account: Any) -> None:
        data = margin_account_bytes(account)
        assert len(data) == probe.MarginAccount.SIZE
        assert account.encode() == data
        assert probe.MarginAccount.decode(data) == account
        assert probe.decode_account(memoryview(data + b"tail")) == account

    run()


def test_borsh_account_has_the_layout_of_the_program(probe: ModuleType) -> None:
    @given(notes(probe))
    def run(note: Any) -> None:
        data = note_bytes(probe, note)
        assert note.encode() == data
        assert probe.Note.decode(data) == note
        assert probe.decode_account(data) == note

    run()


def test_events(probe: ModuleType) -> None:
    deposited = probe.Deposited(KEY, 7, probe.Status.RESOLVED)
    ticked = probe.Ticked(price=1, time_s=-2)
    data = hashlib.sha256(b"event:Deposited").digest()[:8] + bytes(KEY) + struct.pack("<QB", 7, 2)
    assert deposited.encode() == data
    assert [probe.decode_event(event.encode()) for event in (deposited, ticked)] == [deposited, ticked]


def test_filler_is_read_over_and_written_as_zeros(probe: ModuleType) -> None:
    leg = probe.Leg(KEY, (0, 0, 0, 0), 0, 0, probe.Status.OPEN)
    assert probe.Leg.decode(leg.encode()[:-11] + b"\xff" * 11) == leg
    assert leg.encode()[-11:] == bytes(11)
    assert "padding" not in {*probe.Leg.__dataclass_fields__, *probe.MarginAccount.__dataclass_fields__}


def test_values_cannot_be_changed(probe: ModuleType) -> None:
    ticked = probe.Ticked(1, 2)
    with pytest.raises(AttributeError):
        ticked.price = 3
    assert not hasattr(ticked, "__dict__")


def test_discriminators_are_anchors(probe: ModuleType) -> None:
    for table, space in ((probe.ACCOUNTS, "account"), (probe.EVENTS, "event")):
        assert table
        for discriminator, kind in table.items():
            assert discriminator == hashlib.sha256(f"{space}:{kind.__name__}".encode()).digest()[:8]


def test_every_exported_name_exists(probe: ModuleType) -> None:
    assert len(set(probe.__all__)) == len(probe.__all__)
    assert [name for name in probe.__all__ if not hasattr(probe, name)] == []


def test_enums_are_rejoined_with_their_pod_wrappers(probe: ModuleType) -> None:
    assert {member.name: member.value for member in probe.Status} == {"OPEN": 0, "PAUSED": 1, "RESOLVED": 2}
    assert probe.MarginAccount.__annotations__["status"] == "Status"
    assert probe.Leg.__annotations__["kind"] == "Status"


def test_errors_and_constants(probe: ModuleType) -> None:
    assert probe.ERRORS[6000] == ProgramErrorInfo(
        6000, "AmountZero", "The amount is zero; give at least 1 atom."
    )
    assert probe.ERRORS[6001].message == 'a "quote"'
    assert probe.ERRORS[6002].message == "Bare"
    assert (probe.LEGS_MAX, probe.RATIO) == (3, -7)
    assert (probe.MARGIN_SEED, probe.LABEL) == (b"margin", 'probe "quoted"')


def test_truncated_bytes_are_refused_at_every_length(probe: ModuleType) -> None:
    leg = probe.Leg(KEY, (1, 2, 3, 4), 5, 6, probe.Status.OPEN)
    account = probe.MarginAccount(
        KEY, 1, 2, probe.Status.OPEN, probe.Hidden.A, True, (leg,) * 3, ((1, 2),) * 4
    )
    note = probe.Note(KEY, "text", (1, 2), 3, probe.RuleDigital(4, True))
    for value in (account, note, probe.Ticked(1, 2)):
        data = value.encode()
        for length in range(len(data)):
            with pytest.raises(DecodeError, match=type(value).__name__):
                type(value).decode(data[:length])


def test_bytes_of_another_kind_are_refused(probe: ModuleType) -> None:
    event = probe.Ticked(1, 2).encode()
    with pytest.raises(DecodeError, match="discriminator is 3e26"):
        probe.MarginAccount.decode(event)
    with pytest.raises(DecodeError, match="no account of this program"):
        probe.decode_account(event)
    with pytest.raises(DecodeError, match="no event of this program"):
        probe.decode_event(b"")


@pytest.mark.parametrize(
    ("tail", "problem"),
    [
        (struct.pack("<I1sI", 1, b"\xff", 0), "not UTF-8"),
        (struct.pack("<II", 0, 2**32 - 1), "4294967295 items in 0 bytes"),
        (struct.pack("<IIB", 0, 0, 2), "2 is no bool"),
        (struct.pack("<IIBB", 0, 0, 0, 3), "no variant has the tag 3"),
        (struct.pack("<IIBBqB", 0, 0, 0, 1, 0, 9), "9 is no bool"),
    ],
)
def test_impossible_values_are_refused(probe: ModuleType, tail: bytes, problem: str) -> None:
    with pytest.raises(DecodeError, match=problem):
        probe.Note.decode(probe.Note.DISCRIMINATOR + bytes(KEY) + tail)


def test_unknown_member_is_refused(probe: ModuleType) -> None:
    data = bytearray(probe.Deposited(KEY, 1, probe.Status.OPEN).encode())
    data[-1] = 3
    with pytest.raises(DecodeError, match="Status: no member has the tag 3"):
        probe.Deposited.decode(bytes(data))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"cash_atoms": 2**63}, r"margin_account.cash_atoms: .* from -9,223,372,036,854,775,808 to"),
        ({"big": -(2**127) - 1}, "margin_account.big"),
        ({"cash_atoms": 1.0}, "margin_account.cash_atoms: 1.0 is not an integer"),
        ({"cash_atoms": True}, "margin_account.cash_atoms: True is not an integer"),
        ({"owner": b"\0" * 32}, "margin_account.owner: .* is not a Pubkey"),
        ({"status": 3}, r"margin_account.status: 3 is not a Status: OPEN \(0\), PAUSED"),
        ({"is_open": 1}, "margin_account.is_open: 1 is not True or False"),
        ({"legs": ()}, "margin_account.legs: .* is not a sequence of 3 items"),
        ({"legs": (1, 2, 3)}, r"margin_account.legs\[0\]: 1 is not a Leg"),
        ({"matrix": ((1, 2), (3, 2**16), (5, 6), (7, 8))}, r"margin_account.matrix\[1\]\[1\]: 65536"),
    ],
)
def test_fields_out_of_range_are_named(probe: ModuleType, change: dict[str, Any], problem: str) -> None:
    leg = probe.Leg(KEY, (1, 2, 3, 4), 5, 6, probe.Status.OPEN)
    good = {
        "owner": KEY,
        "cash_atoms": 1,
        "big": 2,
        "status": probe.Status.OPEN,
        "hidden": probe.Hidden.A,
        "is_open": True,
        "legs": (leg,) * 3,
        "matrix": ((1, 2),) * 4,
    }
    probe.MarginAccount(**good).encode()
    with pytest.raises(ArgumentError, match=problem):
        probe.MarginAccount(**{**good, **change}).encode()
