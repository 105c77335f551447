"""Writes enums, structs, accounts and events."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from .wire_types import WireTypes, article, snake_case

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .schema import Definition, Field, Schema, Variant

DOC_WIDTH: Final = 104


def docstring(
    paragraphs: Sequence[str], sections: Iterable[tuple[str, Iterable[tuple[str, str]]]] = ()
) -> str:
    """A docstring of wrapped paragraphs and Google-style sections, without indentation."""
    lines: list[str] = []
    for paragraph in paragraphs:
        lines += [*([""] if lines else []), *textwrap.wrap(paragraph, DOC_WIDTH)]
    for title, entries in sections:
        entry_lines = [
            line
            for name, text in entries
            for line in textwrap.wrap(
                f"{name}: {text}", DOC_WIDTH - 4, initial_indent=" " * 4, subsequent_indent=" " * 8
            )
        ]
        if entry_lines:
            lines += ["", f"{title}:", *entry_lines]
    text = "\n".join(lines).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'"""{text}\n"""' if len(lines) > 1 else f'"""{text}"""'


def paragraphs_of(docs: Sequence[str], otherwise: str) -> list[str]:
    """The paragraphs of an item's documentation: the first sentence by itself, then the rest."""
    joined = "\n".join(docs).strip() or otherwise
    paragraphs = [" ".join(paragraph.split()) for paragraph in joined.split("\n\n")]
    head, point, rest = paragraphs[0].partition(". ")
    first = [f"{head}.", rest] if point else [head if head.endswith((".", "!", "?", ":")) else f"{head}."]
    return [*first, *paragraphs[1:]]


def sentence(docs: Sequence[str], otherwise: str) -> str:
    """The documentation of a field, on one line."""
    return " ".join(" ".join(docs).split()) or otherwise


def indented(text: str) -> str:
    """One level deeper."""
    return textwrap.indent(text, "    ")


def enum_member(variant: str) -> str:
    """A variant's name as the member of an IntEnum."""
    return snake_case(variant).upper()


class TypeRenderer:
    """Writes the definitions of one schema."""

    def __init__(self, schema: Schema) -> None:
        """Keeps the schema."""
        self._schema = schema
        self._types = WireTypes(schema)

    def render(self) -> list[str]:
        """The source of every definition, each after those it is made of."""
        return [self._definition(definition) for definition in self._types.ordered_definitions()]

    def _definition(self, definition: Definition) -> str:
        if definition.is_plain_enum:
            return self._plain_enum(definition)
        if definition.variants is not None:
            return self._tagged_enum(definition, definition.variants)
        return self._struct(definition)

    def _plain_enum(self, definition: Definition) -> str:
        doc = docstring(paragraphs_of(definition.docs, f"The values of {definition.name}"))
        members = "\n".join(
            f"{enum_member(variant.name)} = {tag}" for tag, variant in enumerate(definition.variants or ())
        )
        body = indented(f"{doc}\n\n{members}")
        return f"class {definition.name}(IntEnum):\n{body}"

    def _attributes(self, fields: Sequence[Field]) -> tuple[str, list[tuple[str, str]]]:
        return "Attributes", [
            (field.name, sentence(field.docs, f"{self._types.spoken(field.type)}."))
            for field in _visible(fields)
        ]

    def _annotations(self, fields: Sequence[Field]) -> str:
        return "\n".join(f"{field.name}: {self._types.annotation(field.type)}" for field in _visible(fields))

    def _encoded(self, fields: Sequence[Field], owner: str) -> list[str]:
        return [
            f"bytes({self._types.size(field.type)})"
            if field.is_filler
            else self._types.encode(field.type, f"{owner}.{field.name}", f'f"{{name}}.{field.name}"')
            for field in fields
            if not (field.is_filler and self._types.size(field.type) == 0)
        ]

    def _struct(self, definition: Definition) -> str:
        is_fixed = self._types.is_fixed_definition(definition)
        parts = [self._layout(definition)] if is_fixed else []
        parts += [
            self._struct_class(definition, is_fixed=is_fixed),
            self._decoder(definition, is_fixed=is_fixed),
        ]
        parts.append(self._encoder(definition))
        return "\n\n\n".join(parts)

    def _layout(self, definition: Definition) -> str:
        return f"_{snake_case(definition.name).upper()} = Struct({self._types.layout(definition)})"

    def _struct_class(self, definition: Definition, *, is_fixed: bool) -> str:
        name, snake = definition.name, snake_case(definition.name)
        discriminator = self._schema.accounts.get(name) or self._schema.events.get(name)
        what = "account" if name in self._schema.accounts else "event" if discriminator else "struct"
        doc = docstring(
            paragraphs_of(definition.docs, f"The {what} {name}"), [self._attributes(definition.fields)]
        )
        constants = []
        if discriminator:
            constants.append(f"DISCRIMINATOR: ClassVar[bytes] = {discriminator!r}")
        if is_fixed:
            constants.append(
                f"SIZE: ClassVar[int] = {self._types.definition_size(definition) + len(discriminator or b'')}"
            )
        if is_fixed and name in self._schema.accounts:
            offsets = self._types.offsets(definition, len(discriminator or b""))
            constants.append(f"OFFSETS: ClassVar[dict[str, int]] = {offsets!r}")
        behind = ", cls.DISCRIMINATOR" if discriminator else ""
        source = (
            f'_{snake}(_wire.unpack(_{snake.upper()}, data, "{name}"{behind}), 0)'
            if is_fixed
            else f'_read_{snake}(_wire.body(data, "{name}"{behind}))'
        )
        starts = "and checks the discriminator before it" if discriminator else "from its first byte on"
        decode = "\n".join(
            [
                "@classmethod",
                f"def decode(cls, data: bytes) -> {name}:",
                indented(
                    docstring(
                        [f"Reads {article(name)} {starts}; bytes after it are left alone."], [_RAISES_DECODE]
                    )
                ),
                indented(f"return {source}"),
            ]
        )
        prefix = "self.DISCRIMINATOR + " if discriminator else ""
        encode = "\n".join(
            [
                f'def encode(self, name: str = "{snake}") -> bytes:',
                indented(
                    docstring(
                        ["The bytes that `decode` reads; `name` is its name in errors."], [_RAISES_ARGUMENT]
                    )
                ),
                indented(f"return {prefix}_encode_{snake}(self, name)"),
            ]
        )
        body = "\n\n".join(
            part
            for part in (doc, self._annotations(definition.fields), "\n".join(constants), decode, encode)
            if part
        )
        return f"@dataclass(frozen=True, slots=True)\nclass {name}:\n{indented(body)}"

    def _decoder(self, definition: Definition, *, is_fixed: bool) -> str:
        snake = snake_case(definition.name)
        if not is_fixed:
            return f"def _read_{snake}(reader: _wire.Reader) -> {definition.name}:\n" + indented(
                f"return {definition.name}({', '.join(self._read(definition.fields))})"
            )
        values, offset = [], 0
        for field in _visible(definition.fields):
            values.append(self._types.unpacked(field.type, "at", offset))
            offset += self._types.field_width(field)
        unused = "" if values else "  # noqa: ARG001"
        return f"def _{snake}(values: tuple[Any, ...], at: int) -> {definition.name}:{unused}\n" + indented(
            f"return {definition.name}({', '.join(values)})"
        )

    def _read(self, fields: Sequence[Field]) -> list[str]:
        return [f"{field.name}={self._types.read(field.type)}" for field in fields]

    def _encoder(self, definition: Definition) -> str:
        encoded = self._encoded(definition.fields, "value")
        body = f"b''.join(({', '.join(encoded)},))" if encoded else "b''"
        return "\n".join(
            [
                f"def _encode_{snake_case(definition.name)}(value: {definition.name}, name: str) -> bytes:",
                indented(f"if not isinstance(value, {definition.name}):"),
                indented(indented(f'raise _wire.ArgumentError(name, value, "{article(definition.name)}")')),
                indented(f"return {body}"),
            ]
        )

    # Enums whose variants carry fields

    def _tagged_enum(self, definition: Definition, variants: tuple[Variant, ...]) -> str:
        name = definition.name
        classes = [self._variant_class(definition, variant) for variant in variants]
        names = [f"{name}{variant.name}" for variant in variants]
        doc = docstring(paragraphs_of(definition.docs, f"The values of {name}"))
        return "\n\n\n".join(
            [
                *classes,
                f"{name}: TypeAlias = {' | '.join(names)}\n{doc}",
                self._tagged_reader(definition, variants),
                self._tagged_encoder(definition, variants),
            ]
        )

    def _variant_class(self, definition: Definition, variant: Variant) -> str:
        doc = docstring([f"`{definition.name}`: {variant.name}."], [self._attributes(variant.fields)])
        body = "\n\n".join(part for part in (doc, self._annotations(variant.fields)) if part)
        return (
            f"@dataclass(frozen=True, slots=True)\nclass {definition.name}{variant.name}:\n{indented(body)}"
        )

    def _tagged_reader(self, definition: Definition, variants: tuple[Variant, ...]) -> str:
        name = definition.name
        lines = [f"def _read_{snake_case(name)}(reader: _wire.Reader) -> {name}:", "    tag = reader.u8()"]
        for tag, variant in enumerate(variants):
            lines.append(f"    if tag == {tag}:")
            lines.append(f"        return {name}{variant.name}({', '.join(self._read(variant.fields))})")
        lines.append(f'    raise _wire.DecodeError("{name}", f"no variant has the tag {{tag}}")')
        return "\n".join(lines)

    def _tagged_encoder(self, definition: Definition, variants: tuple[Variant, ...]) -> str:
        name = definition.name
        lines = [f"def _encode_{snake_case(name)}(value: {name}, name: str) -> bytes:"]
        for tag, variant in enumerate(variants):
            encoded = [repr(bytes((tag,))), *self._encoded(variant.fields, "value")]
            lines.append(f"    if isinstance(value, {name}{variant.name}):")
            lines.append(f"        return {' + '.join(encoded)}")
        lines.append(f'    raise _wire.ArgumentError(name, value, "{article(name)}")')
        return "\n".join(lines)


_RAISES_DECODE: Final = ("Raises", [("DecodeError", "other bytes, or too few.")])
_RAISES_ARGUMENT: Final = ("Raises", [("ArgumentError", "a field is out of its range.")])


def _visible(fields: Sequence[Field]) -> list[Field]:
    return [field for field in fields if not field.is_filler]
