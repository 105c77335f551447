"""How each type of an IDL stands in Python and on the wire.

A type is *fixed* when all its values have one length: it is then unpacked by a `struct.Struct`, whose format
and number of values compose. Everything else is read value by value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from secant_build.project import ScriptError

if TYPE_CHECKING:
    from .schema import Definition, Field, Schema, WireType

_FORMATS: Final = {
    "u8": "B", "i8": "b", "u16": "H", "i16": "h", "u32": "I", "i32": "i", "u64": "Q", "i64": "q",
    "u128": "16s", "i128": "16s", "bool": "?", "pubkey": "32s",
}  # fmt: skip
_SIZES: Final = {"bool": 1, "pubkey": 32} | {
    f"{sign}{bits}": bits // 8 for sign in "ui" for bits in (8, 16, 32, 64, 128)
}
_PYTHON: Final = {
    "bool": "bool",
    "pubkey": "Pubkey",
    "string": "str",
    "bytes": "bytes",
    "fixed_bytes": "bytes",
}
_READERS: Final = {"bool": "boolean", "bytes": "sized_bytes"}


def snake_case(name: str) -> str:
    """PascalCase in snake_case."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def article(name: str) -> str:
    """The name with the article it is spoken with."""
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"


class WireTypes:
    """Answers for the types of one schema."""

    def __init__(self, schema: Schema) -> None:
        """Keeps the schema."""
        self._definitions = schema.definitions

    def definition(self, wire_type: WireType) -> Definition:
        """The definition behind a defined type."""
        if wire_type.name not in self._definitions:
            raise ScriptError(f"the type {wire_type.name} is not in the IDL")
        return self._definitions[wire_type.name]

    def ordered_definitions(self) -> list[Definition]:
        """All definitions, each after those it is made of."""
        ordered: dict[str, Definition] = {}

        def visit(definition: Definition) -> None:
            fields = [*definition.fields, *(f for v in definition.variants or () for f in v.fields)]
            for wire_type in (field.type for field in fields):
                inner = wire_type
                while inner.item is not None:
                    inner = inner.item
                if inner.kind == "defined":
                    visit(self.definition(inner))
            ordered.setdefault(definition.name, definition)

        for name in sorted(self._definitions):
            visit(self._definitions[name])
        return list(ordered.values())

    # Python

    def annotation(self, wire_type: WireType) -> str:
        """The type as Python annotates it."""
        match wire_type.kind:
            case "defined":
                return wire_type.name
            case "array" | "vec":
                return f"tuple[{self.annotation(wire_type.inner())}, ...]"
            case "option":
                return f"{self.annotation(wire_type.inner())} | None"
            case kind:
                return _PYTHON.get(kind, "int")

    def parameter(self, wire_type: WireType) -> str:
        """The annotation of an argument: any sequence will do where the wire has one."""
        match wire_type.kind:
            case "array" | "vec":
                return f"Sequence[{self.parameter(wire_type.inner())}]"
            case "option":
                return f"{self.parameter(wire_type.inner())} | None"
            case _:
                return self.annotation(wire_type)

    def spoken(self, wire_type: WireType) -> str:  # noqa: PLR0911 - one per kind
        """The type as a docstring names it."""
        match wire_type.kind:
            case "fixed_bytes":
                return f"{wire_type.length} bytes"
            case "array":
                return f"{wire_type.length} of {self.spoken(wire_type.inner())}"
            case "vec":
                return f"any number of {self.spoken(wire_type.inner())}"
            case "option":
                return f"{self.spoken(wire_type.inner())} or None"
            case "defined":
                return f"`{wire_type.name}`"
            case "pubkey":
                return "key"
            case kind:
                return kind

    # Fixed layouts

    def is_fixed(self, wire_type: WireType) -> bool:
        """Whether all values have one length."""
        match wire_type.kind:
            case "defined":
                return self.is_fixed_definition(self.definition(wire_type))
            case "array":
                return self.is_fixed(wire_type.inner())
            case kind:
                return kind in _SIZES or kind == "fixed_bytes"

    def is_fixed_definition(self, definition: Definition) -> bool:
        """Whether all values of a struct or enum have one length."""
        if definition.variants is not None:
            return definition.is_plain_enum
        return all(self.is_fixed(field.type) for field in definition.fields)

    def size(self, wire_type: WireType) -> int:
        """Bytes of a fixed type."""
        match wire_type.kind:
            case "defined":
                return self.definition_size(self.definition(wire_type))
            case "array":
                return wire_type.length * self.size(wire_type.inner())
            case "fixed_bytes":
                return wire_type.length
            case kind:
                return _SIZES[kind]

    def definition_size(self, definition: Definition) -> int:
        """Bytes of a fixed struct or enum."""
        return (
            1
            if definition.variants is not None
            else sum(self.size(field.type) for field in definition.fields)
        )

    def offsets(self, definition: Definition, start: int) -> dict[str, int]:
        """Where each field of a fixed struct stands that begins at `start`; filler is left out."""
        offsets = {}
        for field in definition.fields:
            if not field.is_filler:
                offsets[field.name] = start
            start += self.size(field.type)
        return offsets

    def width(self, wire_type: WireType) -> int:
        """How many values the format of a fixed type yields."""
        match wire_type.kind:
            case "defined":
                definition = self.definition(wire_type)
                return 1 if definition.is_plain_enum else sum(self.field_width(f) for f in definition.fields)
            case "array":
                return wire_type.length * self.width(wire_type.inner())
            case _:
                return 1

    def field_width(self, field: Field) -> int:
        """How many values a field yields; filler yields none."""
        return 0 if field.is_filler else self.width(field.type)

    def layout(self, definition: Definition) -> str:
        """The expression of a fixed struct's format."""
        parts = ['"<"']
        for field in definition.fields:
            part = f'"{self.size(field.type)}x"' if field.is_filler else self._format(field.type)
            if part.startswith('"') and parts[-1].endswith('"'):
                parts[-1] = f"{parts[-1][:-1]}{part[1:]}"
            else:
                parts.append(part)
        return " + ".join(parts)

    def _format(self, wire_type: WireType) -> str:
        match wire_type.kind:
            case "defined" if self.definition(wire_type).is_plain_enum:
                return '"B"'
            case "defined":
                return f"_{snake_case(wire_type.name).upper()}.format[1:]"
            case "array" if len(_FORMATS.get(wire_type.inner().kind, "??")) == 1:
                return f'"{wire_type.length}{_FORMATS[wire_type.inner().kind]}"'
            case "array":
                return f"{wire_type.length} * ({self._format(wire_type.inner())})"
            case "fixed_bytes":
                return f'"{wire_type.length}s"'
            case kind:
                return f'"{_FORMATS[kind]}"'

    def unpacked(self, wire_type: WireType, at: str, offset: int) -> str:
        """The expression of a value of a fixed type among the unpacked `values`, from `at` + offset on."""
        place = at if offset == 0 else f"{at} + {offset}"
        match wire_type.kind:
            case "defined" if self.definition(wire_type).is_plain_enum:
                return f"_wire.member({wire_type.name}, values[{place}])"
            case "defined":
                return f"_{snake_case(wire_type.name)}(values, {place})"
            case "array":
                return self._unpacked_array(wire_type, at, offset)
            case "pubkey":
                return f"Pubkey.from_bytes(values[{place}])"
            case "u128" | "i128" as kind:
                return f"_wire.{kind}(values[{place}])"
            case _:
                return f"values[{place}]"

    def _unpacked_array(self, wire_type: WireType, at: str, offset: int) -> str:
        item, step = wire_type.inner(), self.width(wire_type.inner())
        start, end = (f"{at} + {offset}" if offset else at), f"{at} + {offset + wire_type.length * step}"
        if item.kind in {"pubkey", "u128", "i128"} or (item.kind == "defined" and step == 1):
            one = (
                self.unpacked(item, at, 0)
                .replace(f"values[{at}]", "value")
                .replace(f"(values, {at})", "((value,), 0)")
            )
            return f"tuple([{one} for value in values[{start} : {end}]])"
        if item.kind in {"defined", "array"}:
            index = f"{at}_"
            return f"tuple([{self.unpacked(item, index, 0)} for {index} in range({start}, {end}, {step})])"
        return f"values[{start} : {end}]"

    # Reading and writing value by value

    def read(self, wire_type: WireType) -> str:  # noqa: PLR0911 - one per kind
        """The expression that reads a value from `reader`."""
        match wire_type.kind:
            case "defined":
                definition, name = self.definition(wire_type), snake_case(wire_type.name)
                if definition.is_plain_enum:
                    return f"reader.enum({wire_type.name})"
                if self.is_fixed_definition(definition):
                    return f"_{name}(reader.unpack(_{name.upper()}), 0)"
                return f"_read_{name}(reader)"
            case "fixed_bytes":
                return f"reader.take({wire_type.length})"
            case "array":
                return f"reader.array({self._read_call(wire_type.inner())}, {wire_type.length})"
            case "vec" | "option" as kind:
                return f"reader.{kind}({self._read_call(wire_type.inner())})"
            case kind:
                return f"reader.{_READERS.get(kind, kind)}()"

    def _read_call(self, wire_type: WireType) -> str:
        expression = self.read(wire_type)
        return expression.removesuffix("()") if expression.endswith("()") else f"lambda: {expression}"

    def encode(self, wire_type: WireType, value: str, name: str) -> str:
        """The expression of a value's bytes; `value` and `name` are expressions."""
        match wire_type.kind:
            case "defined" if self.definition(wire_type).is_plain_enum:
                return f"_wire.encode_enum({value}, {name}, {wire_type.name})"
            case "defined":
                return f"_encode_{snake_case(wire_type.name)}({value}, {name})"
            case "fixed_bytes":
                return f"_wire.encode_fixed_bytes({value}, {name}, {wire_type.length})"
            case "array":
                item = self._encode_call(wire_type.inner())
                return f"_wire.encode_array({value}, {name}, {item}, {wire_type.length})"
            case "vec" | "option" as kind:
                return f"_wire.encode_{kind}({value}, {name}, {self._encode_call(wire_type.inner())})"
            case kind:
                return f"_wire.encode_{kind}({value}, {name})"

    def _encode_call(self, wire_type: WireType) -> str:
        expression = self.encode(wire_type, "item", "item_name")
        call = expression.removesuffix("(item, item_name)")
        return call if call != expression else f"lambda item, item_name: {expression}"
