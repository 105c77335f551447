"""Puts a bindings module together and formats it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

from secant_build.project import ScriptError

from .render_instructions import InstructionRenderer
from .render_types import TypeRenderer, docstring
from .schema import Schema, WireType, parse

if TYPE_CHECKING:
    from collections.abc import Sequence

# Rules that the programs' own names and sentences may break.
_NOQA: Final = "A001, A002, C901, D205, D400, D415, E501, ERA001, FBT001, PLR0911, RUF002, RUF100"
_HEADER: Final = """# Generated from {source} by scripts/bindings: do not edit.
# ruff: noqa: {noqa}
{doc}

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from struct import Struct
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from . import _wire

if TYPE_CHECKING:
    from collections.abc import Sequence
"""
_DECODE: Final = """def decode_{kind}(data: bytes) -> {alias}:
    {doc}
    discriminator = bytes(data[: _wire.DISCRIMINATOR_LENGTH])
    found = {table}.get(discriminator)
    if found is None:
        raise _wire.DecodeError("{kind}", f"no {kind} of this program begins with {{discriminator.hex()}}")
    return found.decode(data)"""
# Names that a module itself uses, so that nothing in an IDL can have them.
_TAKEN: Final = frozenset(
    (
        "AccountMeta",
        "Any",
        "ClassVar",
        "Final",
        "Instruction",
        "IntEnum",
        "Pubkey",
        "Sequence",
        "Struct",
        "TypeAlias",
        "bool",
        "bytes",
        "cache",
        "dataclass",
        "dict",
        "int",
        "isinstance",
        "range",
        "str",
        "tuple",
        "type",
    )
)


def render_module(idl: dict[str, Any], source: str) -> str:
    """The bindings of one program; `source` names the IDL in the banner.

    Raises:
        ScriptError: the IDL holds something that has no place in the bindings.
    """
    schema = parse(idl)
    instructions = InstructionRenderer(schema)
    parts = [
        *_tables(schema),
        *instructions.addresses(),
        *TypeRenderer(schema).render(),
        *_decoders(schema),
        *instructions.render(),
    ]
    body = "\n\n\n".join(parts)
    public = _public_names(body, instructions.names(), schema)
    listed = ", ".join(f'"{name}"' for name in public)
    name = schema.name.removeprefix("secant_")
    doc = docstring([f"The {name} program: its accounts, events, errors, addresses and instructions."])
    header = _HEADER.format(source=source, noqa=_NOQA, doc=doc)
    return _formatted(_without_unused_imports(f"{header}\n__all__ = [{listed}]\n\n{body}\n"))


def _tables(schema: Schema) -> list[str]:
    lines = [f'PROGRAM_ID: Final = Pubkey.from_string("{schema.address}")']
    lines += [f"{name}: Final = {_constant(name, kind, value)}" for name, kind, value in schema.constants]
    errors = ", ".join(
        f"{code}: _wire.ProgramErrorInfo({code}, {name!r}, {(message or name)!r})"
        for code, name, message in schema.errors
    )
    lines.append(f"ERRORS: Final[dict[int, _wire.ProgramErrorInfo]] = {{{errors}}}")
    return ["\n".join(lines)]


def _constant(name: str, kind: WireType, value: str) -> str:
    if re.fullmatch(r"[ui]\d+", kind.kind):
        return str(int(value))
    if kind.kind == "bool" and value in {"true", "false"}:
        return value.capitalize()
    if kind.kind in {"bytes", "fixed_bytes"}:
        return repr(bytes(json.loads(value)))
    if kind.kind == "string":
        return repr(
            json.loads(re.sub(r"\\u\{([0-9a-f]+)\}", lambda m: json.dumps(chr(int(m[1], 16)))[1:-1], value))
        )
    if kind.kind == "pubkey":
        return f'Pubkey.from_string("{value}")'
    raise ScriptError(f"the constant {name} is of a type without a place in the bindings")


def _decoders(schema: Schema) -> list[str]:
    parts = []
    for kind, names in (("account", schema.accounts), ("event", schema.events)):
        if not names:
            continue
        alias, table = f"Any{kind.capitalize()}", f"{kind.upper()}S"
        classes = sorted(names)
        entries = ", ".join(f"{name}.DISCRIMINATOR: {name}" for name in classes)
        kinds = f"type[{' | '.join(classes)}]"
        doc = docstring(
            [f"Reads an {kind} of this program, whichever it is."],
            [("Raises", [("DecodeError", f"no {kind} of this program, or too few bytes.")])],
        ).replace("\n", "\n    ")
        parts += [
            f"{alias}: TypeAlias = {' | '.join(classes)}",
            f"{table}: Final[dict[bytes, {kinds}]] = {{{entries}}}",
            _DECODE.format(kind=kind, alias=alias, table=table, doc=doc),
        ]
    return parts


def _public_names(body: str, functions: Sequence[str], schema: Schema) -> list[str]:
    classes = re.findall(r"^class (\w+)", body, re.MULTILINE)
    assigned = re.findall(r"^([A-Za-z]\w*): (?:Final|TypeAlias)", body, re.MULTILINE)
    decoders = [
        f"decode_{kind}" for kind, names in (("account", schema.accounts), ("event", schema.events)) if names
    ]
    names = [*classes, *assigned, *decoders, *functions]
    repeated = sorted({name for name in names if names.count(name) > 1 or name in _TAKEN})
    if repeated:
        raise ScriptError(f"{schema.name}: these names would mean two things: {', '.join(repeated)}")
    return sorted(names, key=_export_order)


def _export_order(name: str) -> tuple[int, list[str | int]]:
    """Constants, then classes, then functions; numbers in names count as numbers."""
    rank = 0 if name.isupper() else 1 if name[0].isupper() else 2
    return rank, [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _ruff(arguments: Sequence[str], text: str) -> str:
    run = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "--stdin-filename", "client/secant/bindings.py", "-"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        raise ScriptError(f"ruff {arguments[0]} fails on the generated module:\n{run.stdout}{run.stderr}")
    return run.stdout


def _without_unused_imports(text: str) -> str:
    return _ruff(
        ["check", "--quiet", "--fix", "--isolated", "--select", "F401,I001,TC005", "--line-length", "110"],
        text,
    )


def _formatted(text: str) -> str:
    return _ruff(["format", "--quiet", "--isolated", "--line-length", "110"], text)
