"""The limits of the house: lengths, to-dos with an issue number, names without versions."""

from __future__ import annotations

import ast
import re
import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FUNCTION_LINES_MAX: Final = 70
FILE_LINES_MAX: Final = 600
_HEAD_LENGTH: Final = 400  # where a generated file says that it is
_TODO: Final = re.compile(r"\b(?:TODO|FIXME|XXX)\b(?!\s*\(#\d+\))")
_VERSIONED: Final = re.compile(r"_v\d+(?:_|$)|[a-z]V\d+(?:[A-Z]|$)")
_RUST_ITEM: Final = re.compile(
    r"^(?P<indent>[ \t]*)(?:pub(?:\([a-z ]+\))? )?(?:(?:const|unsafe|async|extern \"C\") )*"
    r"(?P<kind>fn|struct|enum|trait|mod) (?P<name>\w+)",
    re.MULTILINE,
)


def source_files(root: Path) -> list[Path]:
    """The project's Python, Rust and shell sources: what git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        check=True,
    ).stdout.decode()
    paths = [root / name for name in listed.split("\0") if name]
    return sorted(path for path in paths if path.is_file() and _is_source(path))


def _is_source(path: Path) -> bool:
    if path.suffix:
        return path.suffix in {".py", ".rs", ".sh"}
    return path.parent.name in {"scripts", "sbf", ".ci"}


def problems(root: Path) -> Iterator[str]:
    """One sentence for each limit that a source file breaks."""
    for path in source_files(root):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(root).as_posix()
        for number, line in enumerate(text.splitlines(), 1):
            if _TODO.search(line) and path.name != "limits.py":
                yield f"{name}:{number}: a to-do names its issue, as in (#12)"
        if "generated" in text[:_HEAD_LENGTH].lower():
            continue
        lines = text.count("\n")
        if lines > FILE_LINES_MAX:
            yield f"{name}: {lines} lines, at most {FILE_LINES_MAX} are allowed"
        items = (
            _python_items(text) if path.suffix == ".py" else _rust_items(text) if path.suffix == ".rs" else ()
        )
        for number, item, length in items:
            if length > FUNCTION_LINES_MAX:
                yield f"{name}:{number}: {item} has {length} lines, at most {FUNCTION_LINES_MAX} are allowed"
            if _VERSIONED.search(item):
                yield f"{name}:{number}: {item}: a name carries no version"


def _python_items(text: str) -> Iterator[tuple[int, str, int]]:
    """Line, name and length (classes: 0) of every definition."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name, (node.end_lineno or node.lineno) - node.lineno + 1
        elif isinstance(node, ast.ClassDef):
            yield node.lineno, node.name, 0


def _rust_items(text: str) -> Iterator[tuple[int, str, int]]:
    """Line, name and length (no function: 0) of every item; the closing brace stands under the item."""
    for found in _RUST_ITEM.finditer(text):
        length = 0
        end = re.compile(rf"^{found['indent']}\}}", re.MULTILINE).search(text, found.end())
        signature = text[found.end() :].partition("{")[0]
        bodyless = re.search(r";$", signature, re.MULTILINE)  # as a trait declares it
        if found["kind"] == "fn" and end is not None and not bodyless:
            length = text.count("\n", found.start(), end.end()) + 1
        yield text.count("\n", 0, found.start()) + 1, found["name"], length
