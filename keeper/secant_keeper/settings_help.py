"""The reference of `secant-keeper run --help`, made from the settings themselves."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from secant_keeper.config import ENVIRONMENT_PREFIX, SECTIONS
from secant_keeper.venues import VENUES

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

EXAMPLE: Final = """\
url = "http://127.0.0.1:8899"
keypair = "~/.config/solana/id.json"

[[feeds]]
address = "<a feed>"
source = { venue = "polymarket", series = "<token id>" }

[[feeds]]
address = "<another feed>"
source = { venue = "kalshi", file = "tape.ndjson.gz", speed = 10, rebase = true }

[kalshi]
key_id = "<id>"
key_file = "kalshi.pem"
"""
_CODES: Final = """\
exit codes: 0 told to stop, or done; 2 a setting, the key file or a recording will not do; 3 the cluster does
not answer, lacks the programs or a feed, or is no localnet though its clock is to be driven; 4 done, but for
work that failed for good; 130 interrupted at the start"""
_WIDTH: Final = 110
_INDENT: Final = 34


def settings_reference() -> str:
    """Every key with its meaning and default, an example, and the exit codes."""
    parts = [
        f"settings, in TOML; in brackets, what holds where one is left out (venues: {', '.join(VENUES)})"
    ]
    for title, model in SECTIONS.values():
        parts.append(f"\n{title}:")
        parts += [_line(key, field) for key, field in model.model_fields.items()]
    variable = f"{ENVIRONMENT_PREFIX}DRY_RUN=true"
    override = f"A variable {ENVIRONMENT_PREFIX}<KEY> overrides a key of the top level, as {variable} does."
    parts.append(f"\n{fill(override, _WIDTH)}")
    parts.append("\nan example:\n")
    parts.append("".join(f"  {line}" if line.strip() else line for line in EXAMPLE.splitlines(keepends=True)))
    parts.append(_CODES)
    return "\n".join(parts)


def _line(key: str, field: FieldInfo) -> str:
    text = " ".join((field.description or "").split())
    default = _default(field)
    return fill(
        f"{text} {default}" if default else text,
        _WIDTH,
        initial_indent=f"  {key}".ljust(_INDENT),
        subsequent_indent=" " * _INDENT,
        break_on_hyphens=False,
    )


def _default(field: FieldInfo) -> str:
    default = field.default
    if default is PydanticUndefined:
        return "[must be given]"
    if default is None or default == ():
        return ""
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, bool):
        default = str(default).lower()
    elif isinstance(default, tuple):
        default = ", ".join(default)
    elif isinstance(default, float):
        default = f"{default:g}"
    return f"[{default}]"
