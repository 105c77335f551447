"""An IDL (specification 0.1.0) as values that the renderers read."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from typing import Any, Final

from secant_build.project import ScriptError

# Names that an argument or a field cannot have: Python's, and those that every function or class has already.
_RESERVED: Final = frozenset(keyword.kwlist) | {"remaining_accounts", "decode", "encode"}
_FILLER: Final = re.compile(r"_?(padding|reserved)\d*")


@dataclass(frozen=True, slots=True)
class WireType:
    """A type on the wire.

    Attributes:
        kind: an integer type's name, or bool, pubkey, string, bytes, fixed_bytes, array, vec, option,
            defined.
        item: element type of an array, vec or option.
        length: of an array or of fixed bytes.
        name: of a defined type.
    """

    kind: str
    item: WireType | None = None
    length: int = 0
    name: str = ""

    def inner(self) -> WireType:
        """The element type of an array, vec or option."""
        if self.item is None:
            raise ScriptError(f"{self.kind} has no element type")
        return self.item


@dataclass(frozen=True, slots=True)
class Field:
    """A field, an argument, or a seed: its Python name, its type, its documentation.

    `is_filler` marks padding and reserved bytes: they are on the wire, as zeros, and not in Python.
    """

    name: str
    type: WireType
    docs: tuple[str, ...] = ()
    is_filler: bool = False


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant of an enum; `fields` is empty for a bare one."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """A struct (variants is None) or an enum."""

    name: str
    docs: tuple[str, ...]
    fields: tuple[Field, ...] = ()
    variants: tuple[Variant, ...] | None = None

    @property
    def is_plain_enum(self) -> bool:
        """Whether every variant is bare, so that the enum is one byte."""
        return self.variants is not None and not any(variant.fields for variant in self.variants)


@dataclass(frozen=True, slots=True)
class Seed:
    """A seed of an address: constant bytes, or a value the caller gives."""

    constant: bytes | None = None
    value: Field | None = None
    is_account: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """An account of an instruction."""

    name: str
    docs: tuple[str, ...]
    is_signer: bool
    is_writable: bool
    is_optional: bool
    address: str | None
    seeds: tuple[Seed, ...] | None
    program: Seed | None


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction, its accounts in order, its arguments in order."""

    name: str
    docs: tuple[str, ...]
    discriminator: bytes
    accounts: tuple[Account, ...]
    arguments: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Schema:
    """A whole IDL. `accounts` and `events` give the discriminators of some of the definitions."""

    name: str
    address: str
    definitions: dict[str, Definition]
    accounts: dict[str, bytes]
    events: dict[str, bytes]
    instructions: tuple[Instruction, ...]
    errors: tuple[tuple[int, str, str], ...]
    constants: tuple[tuple[str, WireType, str], ...]


def python_name(name: str) -> str:
    """The name as Python can bear it."""
    return f"{name}_" if name in _RESERVED else name


def parse(idl: dict[str, Any]) -> Schema:
    """Reads an IDL.

    Raises:
        ScriptError: it holds something that has no place in the bindings.
    """
    reader = _TypeReader({t["name"]: t["type"]["alias"] for t in idl["types"] if t["type"]["kind"] == "type"})
    definitions = {
        item["name"]: _definition(item, reader) for item in idl["types"] if item["type"]["kind"] != "type"
    }
    return Schema(
        name=idl["metadata"]["name"],
        address=idl["address"],
        definitions=definitions,
        accounts={item["name"]: bytes(item["discriminator"]) for item in idl.get("accounts", [])},
        events={item["name"]: bytes(item["discriminator"]) for item in idl.get("events", [])},
        instructions=tuple(_instruction(item, reader, definitions) for item in idl["instructions"]),
        errors=tuple((e["code"], e["name"], e.get("msg", "")) for e in idl.get("errors", [])),
        constants=tuple((c["name"], reader.read(c["type"]), c["value"]) for c in idl.get("constants", [])),
    )


class _TypeReader:
    """Reads types; an alias stands for the type behind it."""

    _PLAIN: Final = frozenset(
        {f"{sign}{bits}" for sign in "ui" for bits in (8, 16, 32, 64, 128)}
        | {"bool", "pubkey", "string", "bytes"}
    )

    def __init__(self, aliases: dict[str, Any]) -> None:
        self._aliases = aliases

    def read(self, node: Any) -> WireType:
        if isinstance(node, str):
            if node not in self._PLAIN:
                raise ScriptError(f"the type {node} has no place in the bindings")
            return WireType(node)
        [(kind, inner)] = node.items()
        if kind == "defined" and not inner.get("generics"):
            alias = self._aliases.get(inner["name"])
            return WireType("defined", name=inner["name"]) if alias is None else self.read(alias)
        if kind == "array" and isinstance(inner[1], int):
            item = self.read(inner[0])
            return (
                WireType("fixed_bytes", length=inner[1])
                if item.kind == "u8"
                else WireType("array", item, inner[1])
            )
        if kind == "vec":
            item = self.read(inner)
            return WireType("bytes") if item.kind == "u8" else WireType("vec", item)
        if kind == "option":
            return WireType("option", self.read(inner))
        raise ScriptError(f"the type {node} has no place in the bindings")


def _docs(item: dict[str, Any]) -> tuple[str, ...]:
    return tuple(item.get("docs", ()))


def _field(node: Any, index: int, reader: _TypeReader) -> Field:
    if isinstance(node, dict) and "name" in node:
        is_filler = _FILLER.fullmatch(node["name"]) is not None
        return Field(python_name(node["name"]), reader.read(node["type"]), _docs(node), is_filler)
    return Field(f"field_{index}", reader.read(node))


def _fields(nodes: list[Any] | None, reader: _TypeReader) -> tuple[Field, ...]:
    return tuple(_field(node, index, reader) for index, node in enumerate(nodes or []))


def _definition(item: dict[str, Any], reader: _TypeReader) -> Definition:
    body = item["type"]
    if body["kind"] == "struct":
        fields = _fields(body.get("fields"), reader)
        return Definition(item["name"], _docs(item), fields)
    variants = tuple(Variant(v["name"], _fields(v.get("fields"), reader)) for v in body["variants"])
    return Definition(item["name"], _docs(item), variants=variants)


def _instruction(
    item: dict[str, Any], reader: _TypeReader, definitions: dict[str, Definition]
) -> Instruction:
    names = {account["name"] for account in item["accounts"]}
    arguments = tuple(
        Field(
            python_name(f"{a['name']}_arg" if a["name"] in names else a["name"]),
            reader.read(a["type"]),
            _docs(a),
        )
        for a in item["args"]
    )
    by_name = {a["name"]: argument for a, argument in zip(item["args"], arguments, strict=True)}
    return Instruction(
        name=python_name(item["name"]),
        docs=_docs(item),
        discriminator=bytes(item["discriminator"]),
        accounts=tuple(_account(account, by_name, definitions, names) for account in item["accounts"]),
        arguments=arguments,
    )


def _account(
    item: dict[str, Any], arguments: dict[str, Field], definitions: dict[str, Definition], names: set[str]
) -> Account:
    pda = item.get("pda") or {}
    seeds = tuple(_seed(seed, arguments, definitions, names) for seed in pda.get("seeds", ()))
    address = item.get("address")
    return Account(
        name=python_name(item["name"]),
        docs=_docs(item),
        is_signer=item.get("signer", False),
        is_writable=item.get("writable", False),
        is_optional=item.get("optional", False),
        # a path such as "market.authority" is a rule of the program, not an address
        address=address if address and re.fullmatch(r"[1-9A-HJ-NP-Za-km-z]{32,44}", address) else None,
        seeds=seeds or None,
        program=_seed(pda["program"], arguments, definitions, names) if pda.get("program") else None,
    )


def _seed(
    node: dict[str, Any], arguments: dict[str, Field], definitions: dict[str, Definition], names: set[str]
) -> Seed:
    if node["kind"] == "const":
        return Seed(constant=bytes(node["value"]))
    root, *path = node["path"].split(".")
    if node["kind"] == "account":
        if root not in names or path:
            raise ScriptError(f"the seed {node['path']} is no account of the instruction")
        return Seed(value=Field(python_name(root), WireType("pubkey")), is_account=True)
    found = arguments[root]
    for part in path:
        members = {member.name: member for member in definitions[found.type.name].fields}
        found = Field(f"{found.name}_{part}", members[python_name(part)].type)
    return Seed(value=found)
