"""Writes instruction builders and the functions that find program-derived addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secant_build.project import ScriptError

from .render_types import docstring, indented, paragraphs_of, sentence
from .wire_types import WireTypes

if TYPE_CHECKING:
    from .schema import Account, Field, Instruction, Schema, Seed


class InstructionRenderer:
    """Writes the instructions of one schema, and the addresses derived for them."""

    def __init__(self, schema: Schema) -> None:
        """Keeps the schema and names every derived address.

        An address is named after its account. Where accounts of one name have different seeds, the name of
        the instruction follows.
        """
        self._schema = schema
        self._types = WireTypes(schema)
        self._finders: dict[str, tuple[tuple[Seed, ...], Seed | None]] = {}
        self._finder_names: dict[tuple[str, str], str] = {}
        for instruction in schema.instructions:
            for account in instruction.accounts:
                if account.seeds is not None:
                    recipe = account.seeds, account.program
                    name = f"find_{account.name}"
                    if self._finders.setdefault(name, recipe) != recipe:
                        name = f"{name}_of_{instruction.name}"
                        self._finders[name] = recipe
                    self._finder_names[instruction.name, account.name] = name

        known = {
            a.address: a for i in reversed(schema.instructions) for a in i.accounts if a.address is not None
        }
        self._addresses = {address: f"_{account.name.upper()}_ADDRESS" for address, account in known.items()}
        if len(set(self._addresses.values())) != len(self._addresses):
            raise ScriptError(f"{schema.name}: accounts of one name have different fixed addresses")

    def addresses(self) -> list[str]:
        """The source of the fixed addresses that instructions name."""
        lines = [f'{name}: Final = Pubkey.from_string("{at}")' for at, name in self._addresses.items()]
        return ["\n".join(sorted(lines))] if lines else []

    def names(self) -> list[str]:
        """Every public function."""
        return [*self._finders, *(instruction.name for instruction in self._schema.instructions)]

    def render(self) -> list[str]:
        """The source of every function."""
        finders = [self._finder(name, *self._finders[name]) for name in sorted(self._finders)]
        return [*finders, *(self._builder(instruction) for instruction in self._schema.instructions)]

    # Addresses

    def _parameters(self, seeds: tuple[Seed, ...], program: Seed | None) -> list[Field]:
        values = [seed.value for seed in (*seeds, *((program,) if program else ())) if seed.value]
        return list({value.name: value for value in values}.values())

    def _finder(self, name: str, seeds: tuple[Seed, ...], program: Seed | None) -> str:
        parameters = self._parameters(seeds, program)
        signature = ", ".join(["*", *(f"{p.name}: {self._types.annotation(p.type)}" for p in parameters)])
        arguments = [(p.name, f"{self._types.spoken(p.type)}.") for p in parameters]
        raises = (
            [("ArgumentError", "a seed is out of its range.")]
            if any(p.type.kind != "pubkey" for p in parameters)
            else []
        )
        encoded = [self._seed(seed) for seed in seeds]
        owner = "PROGRAM_ID" if program is None else self._program(program)
        what = name.removeprefix("find_").replace("_", " ")
        cached = "" if parameters else "@cache\n"
        return f"{cached}def {name}({signature if parameters else ''}) -> Pubkey:\n" + indented(
            docstring([f"The address of the {what}."], [("Args", arguments), ("Raises", raises)])
            + f"\nreturn Pubkey.find_program_address([{', '.join(encoded)}], {owner})[0]"
        )

    def _seed(self, seed: Seed) -> str:
        if seed.value is None:
            return repr(seed.constant)
        if seed.value.type.kind == "string":
            return f"{seed.value.name}.encode()"
        if seed.value.type.kind == "bytes":
            return seed.value.name
        if not self._types.is_fixed(seed.value.type):
            raise ScriptError(f"the seed {seed.value.name} has no fixed length")
        return self._types.encode(seed.value.type, seed.value.name, f'"{seed.value.name}"')

    def _program(self, program: Seed) -> str:
        if program.value is not None:
            return program.value.name
        return f"Pubkey.from_bytes({program.constant!r})"

    # Builders

    def _builder(self, instruction: Instruction) -> str:
        derived = self._derived(instruction)
        given = [a for a in instruction.accounts if a.address is None]
        required = [f"{a.name}: Pubkey" for a in given if a.name not in derived and not a.is_optional]
        required += [f"{a.name}: {self._types.parameter(a.type)}" for a in instruction.arguments]
        defaulted = [f"{a.name}: Pubkey | None = None" for a in given if a.name in derived or a.is_optional]
        signature = ", ".join(["*", *required, *defaulted, "remaining_accounts: Sequence[AccountMeta] = ()"])
        lines = [self._builder_doc(instruction, derived)]
        for name, call in derived.items():
            lines += [f"if {name} is None:", f"    {name} = {call}"]
        metas = [self._meta(account) for account in instruction.accounts]
        encoded = [repr(instruction.discriminator)]
        encoded += [self._types.encode(a.type, a.name, f'"{a.name}"') for a in instruction.arguments]
        data, accounts = " + ".join(encoded), ", ".join([*metas, "*remaining_accounts"])
        lines.append(f"return Instruction(PROGRAM_ID, {data}, [{accounts}])")
        return f"def {instruction.name}({signature}) -> Instruction:\n" + indented("\n".join(lines))

    def _derived(self, instruction: Instruction) -> dict[str, str]:
        """Calls that find the addresses that the caller may leave out, each after those it needs."""
        arguments = {argument.name for argument in instruction.arguments}
        accounts = {account.name: account for account in instruction.accounts}
        derived: dict[str, str] = {}
        pending = [a for a in instruction.accounts if a.seeds and a.address is None and not a.is_optional]
        known = {
            name
            for name, a in accounts.items()
            if a not in pending and not a.is_optional and a.address is None
        }
        while pending:
            ready = [account for account in pending if self._needs(account) <= known | arguments]
            if not ready:
                break
            for account in ready:
                needed = self._parameters(account.seeds or (), account.program)
                call = ", ".join(f"{p.name}={p.name}" for p in needed)
                derived[account.name] = f"{self._finder_names[instruction.name, account.name]}({call})"
                known.add(account.name)
                pending.remove(account)
        return derived

    def _needs(self, account: Account) -> set[str]:
        return {parameter.name for parameter in self._parameters(account.seeds or (), account.program)}

    def _meta(self, account: Account) -> str:
        flags = f"is_signer={account.is_signer}, is_writable={account.is_writable}"
        if account.address is not None:
            return f"AccountMeta({self._addresses[account.address]}, {flags})"
        if not account.is_optional:
            return f"AccountMeta({account.name}, {flags})"
        absent = "AccountMeta(PROGRAM_ID, is_signer=False, is_writable=False)"
        return f"{absent} if {account.name} is None else AccountMeta({account.name}, {flags})"

    def _builder_doc(self, instruction: Instruction, derived: dict[str, str]) -> str:
        required: list[tuple[str, str]] = []
        defaulted: list[tuple[str, str]] = []
        for account in instruction.accounts:
            if account.address is not None:
                continue
            flags = [
                w for w, holds in (("signer", account.is_signer), ("writable", account.is_writable)) if holds
            ]
            text = sentence(account.docs, f"the {account.name.replace('_', ' ')}.")
            text += f" [{', '.join(flags)}]" if flags else ""
            if account.name in derived:
                text += f" Left out: `{derived[account.name]}`."
            elif account.is_optional:
                text += " May be left out."
            (defaulted if account.name in derived or account.is_optional else required).append(
                (account.name, text)
            )
        required += [
            (a.name, sentence(a.docs, f"{self._types.spoken(a.type)}.")) for a in instruction.arguments
        ]
        entries = [*required, *defaulted, ("remaining_accounts", "appended after the accounts above.")]
        raises = [("ArgumentError", "an argument is out of its range.")] if instruction.arguments else []
        what = paragraphs_of(instruction.docs, f"The instruction {instruction.name}")
        return docstring(what, [("Args", entries), ("Raises", raises)])
