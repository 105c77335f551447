"""Ways to spoil an instruction that a client built right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hypothesis import strategies as st
from solders.instruction import AccountMeta, Instruction

if TYPE_CHECKING:
    from collections.abc import Callable

    from solders.pubkey import Pubkey

Kind = Literal["impostor", "alike", "any", "alias", "unsigned", "readonly", "cut", "longer"]
KINDS: tuple[Kind, ...] = (
    *("impostor", "impostor", "impostor", "alike", "alike", "alike", "alike", "any", "alias", "alias"),
    *("unsigned", "readonly", "cut", "longer"),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an instruction.

    Attributes:
        kind: `impostor` lets somebody else sign in the first signer's place; `alike` and `any` put another
            known account (of the same kind, or of any) in a place; `alias` passes one of the instruction's
            accounts twice; `unsigned` and `readonly` take a right away; `cut` and `longer` change the
            data's length.
        place: which account is wrong, counted round.
        other: which one stands there instead, counted round.
    """

    kind: Kind
    place: int = 0
    other: int = 0


def faults() -> st.SearchStrategy[Fault | None]:
    """Mostly none."""
    wrong = st.builds(Fault, st.sampled_from(KINDS), st.integers(0, 11), st.integers(0, 99))
    return st.one_of(st.none(), st.none(), st.none(), wrong)


@dataclass(frozen=True, slots=True)
class Cast:
    """The accounts that a fault can choose from.

    Attributes:
        known: all addresses, in a fixed order.
        kind_of: what kind an address is of.
        can_sign: whether somebody holds an address's key.
    """

    known: list[Pubkey]
    kind_of: Callable[[Pubkey], str | None]
    can_sign: Callable[[Pubkey], bool]


def spoil(instruction: Instruction, fault: Fault | None, cast: Cast) -> Instruction:
    """The instruction with the fault in it. Only keys that somebody holds sign."""
    if fault is None:
        return instruction
    data, metas = bytes(instruction.data), list(instruction.accounts)
    place = fault.place % len(metas)
    if fault.kind == "impostor":
        place = next((at for at, meta in enumerate(metas) if meta.is_signer), place)
    meta = metas[place]
    if fault.kind == "cut":
        data = data[:-1]
    elif fault.kind == "longer":
        data += b"\x00"
    elif fault.kind == "unsigned":
        metas = [AccountMeta(each.pubkey, is_signer=False, is_writable=each.is_writable) for each in metas]
    elif fault.kind == "readonly":
        metas[place] = AccountMeta(meta.pubkey, is_signer=meta.is_signer, is_writable=False)
    else:
        key = _other(meta.pubkey, metas, fault, cast)
        metas[place] = AccountMeta(
            key, is_signer=meta.is_signer and cast.can_sign(key), is_writable=meta.is_writable
        )
    return Instruction(instruction.program_id, data, metas)


def _other(key: Pubkey, metas: list[AccountMeta], fault: Fault, cast: Cast) -> Pubkey:
    if fault.kind == "alias":
        return metas[fault.other % len(metas)].pubkey
    choice = cast.known
    if fault.kind in {"alike", "impostor"}:
        kind = cast.kind_of(key)
        choice = [each for each in cast.known if each != key and cast.kind_of(each) == kind] or [key]
    return choice[fault.other % len(choice)]
