"""Refusals: an instruction with one account replaced, and the proof that a refused one wrote nothing."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import pytest
from solders.account import Account
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from secant import exchange, oracle
from world import RefusedError, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

IDL_DIR: Final = Path(__file__).parent.parent.parent / "idl"
PROGRAMS: Final = {exchange.PROGRAM_ID: exchange, oracle.PROGRAM_ID: oracle}

# Refusals that have no code of our programs.
UNSIGNED: Final = "missing required signature for instruction"
WRONG_OWNER: Final = "Provided owner is not allowed"
WRONG_TYPE: Final = "invalid account data for instruction"
TOO_SMALL: Final = "account data too small for instruction"
UNINITIALIZED: Final = "instruction requires an initialized account"
WRONG_PROGRAM: Final = "incorrect program id for instruction"
WRONG_SEEDS: Final = "Provided seeds do not result in a valid address"
NOT_WRITABLE: Final = "Custom(2000)"
NOT_EXECUTABLE: Final = "Custom(2007)"
TWICE: Final = "Custom(2040)"
UNAUTHORIZED: Final = "Cross-program invocation with unauthorized signer or writable account"
TOKEN_INSUFFICIENT_FUNDS: Final = "Custom(1)"
TOKEN_MINT_MISMATCH: Final = "Custom(3)"
TOKEN_OWNER_MISMATCH: Final = "Custom(4)"
SYSTEM_ALREADY_IN_USE: Final = "Custom(0)"
SYSTEM_INSUFFICIENT_FUNDS: Final = "Custom(1)"


@dataclass(frozen=True)
class InstructionShape:
    """What the IDL says of one instruction's accounts."""

    name: str
    accounts: tuple[str, ...]
    writable: frozenset[str]
    signers: frozenset[str]


def _shapes() -> dict[tuple[Pubkey, bytes], InstructionShape]:
    shapes = {}
    for module, name in ((exchange, "exchange"), (oracle, "oracle")):
        idl: Any = json.loads((IDL_DIR / f"{name}.json").read_text())
        for entry in idl["instructions"]:
            accounts = entry["accounts"]
            shapes[module.PROGRAM_ID, bytes(entry["discriminator"])] = InstructionShape(
                entry["name"],
                tuple(account["name"] for account in accounts),
                frozenset(account["name"] for account in accounts if account.get("writable")),
                frozenset(account["name"] for account in accounts if account.get("signer")),
            )
    return shapes


SHAPES: Final = _shapes()


def shape_of(instruction: Instruction) -> InstructionShape:
    return SHAPES[instruction.program_id, bytes(instruction.data[:8])]


def shape_named(instruction: str) -> InstructionShape:
    """The shape of an instruction by its name, which no two programs share."""
    return next(shape for shape in SHAPES.values() if shape.name == instruction)


class Stage:
    """A world, the keys that sign on it, and the accounts that tests put in each other's place."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.payer = Keypair()
        world.fund(self.payer.pubkey())
        self.keys: dict[Pubkey, Keypair] = {}
        self.addresses: dict[str, Pubkey] = {}

    def own(self, *keys: Keypair) -> None:
        """Keys that sign whenever an instruction asks for them; each gets lamports."""
        for key in keys:
            self.keys[key.pubkey()] = key
            self.world.fund(key.pubkey())

    def run(self, *instructions: Instruction) -> list[Any]:
        """Lands a transaction, its fee paid by a key of no other role, and returns the events it emitted."""
        return emitted(self.world.run(*instructions, signers=self.signers_of(instructions)).logs())

    def signers_of(self, instructions: Iterable[Instruction]) -> list[Keypair]:
        signing = {
            meta.pubkey for instruction in instructions for meta in instruction.accounts if meta.is_signer
        }
        return [self.payer, *(self.keys[key] for key in sorted(signing, key=bytes))]

    def states(self, keys: Iterable[Pubkey]) -> dict[Pubkey, Account | None]:
        return {key: self.world.svm.get_account(key) for key in keys}

    def assert_refused(self, name: str, *instructions: Instruction, watched: Iterable[Pubkey] = ()) -> None:
        """Fails unless the transaction is refused by `name` and leaves every account it names as it was."""
        named = {meta.pubkey for instruction in instructions for meta in instruction.accounts}
        before = self.states(named | set(watched))
        with pytest.raises(RefusedError) as refused:
            self.run(*instructions)
        assert refused.value.name == name, refused.value.name
        assert self.states(before) == before

    def clone(self, key: Pubkey) -> Pubkey:
        """An account with the bytes of `key`, under a program of somebody else's."""
        original = self._account(key)
        return self._put(Account(original.lamports, original.data, Pubkey.new_unique()))

    def other_type(self, key: Pubkey) -> Pubkey:
        """An account with the bytes and the program of `key`, but the discriminator of no type."""
        original = self._account(key)
        return self._put(Account(original.lamports, bytes(8) + original.data[8:], original.owner))

    def _account(self, key: Pubkey) -> Account:
        account = self.world.svm.get_account(key)
        assert account is not None, key
        return account

    def _put(self, account: Account) -> Pubkey:
        key = Keypair().pubkey()
        self.world.svm.set_account(key, account)
        return key

    def substitute(self, instruction: Instruction, account: str, by: str) -> Instruction:
        """`instruction` with one account replaced.

        Args:
            instruction: a correct instruction.
            account: the account's name in the IDL.
            by: `unsigned` or `read_only` take that right away; `clone` is a copy under another program,
                `other_type` one with another discriminator; `nobody` is an address without an account;
                `=name` the instruction's own account of that name; anything else is one of `addresses`.
        """
        shape = shape_of(instruction)
        place = shape.accounts.index(account)
        metas = list(instruction.accounts)
        meta = metas[place]
        key, is_signer, is_writable = meta.pubkey, meta.is_signer, meta.is_writable
        if by == "unsigned":
            is_signer = False
        elif by == "read_only":
            is_writable = False
        elif by == "clone":
            key = self.clone(key)
        elif by == "other_type":
            key = self.other_type(key)
        elif by == "nobody":
            nobody = Keypair()
            self.keys[nobody.pubkey()] = nobody
            key = nobody.pubkey()
        elif by.startswith("="):
            key = metas[shape.accounts.index(by[1:])].pubkey
        else:
            key = self.addresses[by]
        metas[place] = AccountMeta(key, is_signer=is_signer, is_writable=is_writable)
        return Instruction(instruction.program_id, bytes(instruction.data), metas)


_Stage = TypeVar("_Stage", bound=Stage)


@dataclass(frozen=True)
class Refusal(Generic[_Stage]):
    """A situation in which an instruction is refused.

    Attributes:
        title: the situation.
        name: the refusal's name.
        build: the instruction, or the instructions of one transaction.
        arrange: brings the situation about.
    """

    title: str
    name: str
    build: Callable[[_Stage], Instruction | tuple[Instruction, ...]]
    arrange: Callable[[_Stage], object] = lambda _: None

    def __str__(self) -> str:
        return self.title

    def check(self, stage: _Stage) -> None:
        self.arrange(stage)
        instructions = self.build(stage)
        stage.assert_refused(
            self.name, *(instructions if isinstance(instructions, tuple) else (instructions,))
        )


@dataclass(frozen=True)
class Substitution:
    """One account of an instruction, what stands in its place, and the refusal's name."""

    account: str
    by: str
    name: str

    def __str__(self) -> str:
        return f"{self.account}-{self.by}"

    def check(self, stage: Stage, instruction: Instruction) -> None:
        stage.assert_refused(
            self.name,
            stage.substitute(instruction, self.account, self.by),
            watched=[meta.pubkey for meta in instruction.accounts],
        )


def substitutions(instruction: str, table: Mapping[str, Mapping[str, str]]) -> list[Substitution]:
    """The rows of `{account: {substitute: name of the refusal}}`, and each account in place of each other.

    An account in place of another is refused as passed twice wherever one of the two is writable, unless the
    table says otherwise; in place of a signer it could not sign.
    """
    shape = shape_named(instruction)
    rows = {(account, by): name for account, row in table.items() for by, name in row.items()}
    for account in shape.accounts:
        for other in shape.accounts:
            if account != other and account not in shape.signers and {account, other} & shape.writable:
                rows.setdefault((account, f"={other}"), TWICE)
    return [Substitution(account, by, name) for (account, by), name in rows.items()]


def emitted(logs: Iterable[str]) -> list[Any]:
    """The events in a transaction's logs, decoded."""
    events: list[Any] = []
    callers: list[Pubkey] = []
    for line in logs:
        words = line.split()
        if line.endswith("]") and words[2:3] == ["invoke"]:
            callers.append(Pubkey.from_string(words[1]))
        elif words[0] == "Program" and words[2] in ("success", "failed:"):
            callers.pop()
        elif line.startswith("Program data: "):
            events.append(PROGRAMS[callers[-1]].decode_event(base64.b64decode(words[2])))
    return events
