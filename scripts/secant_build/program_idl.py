"""Generates the programs' IDL from their crates: scripts/idl [--check].

Anchor's macros print the parts of an IDL from tests that exist under the crate feature `idl-build`. They are
run with any cargo, gathered, and brought into one order, so that the files change only when the programs do.
A crate may print further types between `--- IDL begin type ---` and `--- IDL end type ---`, for instance an
enum that nothing but its `Pod` wrapper names.

The files beside, idl/legacy/*.json, are derived from these and need no cargo.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Final

from .artifacts import locked_entry, read_lock, sources_sha256, write_lock
from .legacy_idl import legacy_idl
from .project import ROOT, Program, ScriptError, programs, run_script, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

EXIT_CARGO_MISSING: Final = 2
_SECTION: Final = re.compile(
    r"^--- IDL begin (\w+) ---\n(.*?)\n--- IDL end \1 ---$", re.MULTILINE | re.DOTALL
)
_KEY_ORDER: Final = (
    "name",
    "code",
    "address",
    "metadata",
    "version",
    "spec",
    "description",
    "docs",
    "msg",
    "discriminator",
    "serialization",
    "repr",
    "generics",
    "kind",
    "writable",
    "signer",
    "optional",
    "relations",
    "pda",
    "seeds",
    "program",
    "path",
    "account",
    "value",
    "instructions",
    "accounts",
    "args",
    "events",
    "errors",
    "type",
    "fields",
    "variants",
    "types",
    "constants",
)


def printed_sections(program: Program, cargo: str) -> list[tuple[str, Any]]:
    """What the crate prints about itself: pairs of section name and content.

    Raises:
        ScriptError: the crate does not compile, or prints no program.
    """
    run = subprocess.run(
        [
            cargo,
            "test",
            "--locked",
            "--quiet",
            "--package",
            program.crate,
            "--lib",
            "--features",
            "idl-build",
            "__anchor_private_print_idl",
            "--",
            "--show-output",
        ],
        cwd=program.root,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ANCHOR_IDL_BUILD_PROGRAM_PATH": str(program.crate_folder)},
    )
    if run.returncode != 0:
        raise ScriptError(f"{run.stdout}{run.stderr}\n{program.crate}: the IDL tests fail")
    sections = [
        (kind, content.strip() if kind == "address" else json.loads(content))
        for kind, content in _SECTION.findall(run.stdout)
    ]
    if "program" not in {kind for kind, _ in sections}:
        raise ScriptError(f"{program.crate}: prints no IDL; has it a #[program] and the feature idl-build?")
    return sections


def assemble(sections: Sequence[tuple[str, Any]], name: str) -> dict[str, Any]:
    """One IDL from the printed sections.

    Raises:
        ScriptError: two types of one name differ, or a discriminator is not unique.
    """
    found: dict[str, list[Any]] = {}
    for kind, content in sections:
        found.setdefault(kind, []).append(content)
    [program] = found["program"]
    events = found.get("event", [])
    types: dict[str, Any] = {}
    for definition in (
        *program["types"],
        *(t for event in events for t in event["types"]),
        *found.get("type", []),
    ):
        if types.setdefault(definition["name"], definition) != definition:
            raise ScriptError(f"{name}: two different types are named {definition['name']}")
    idl = {
        "address": found["address"][0],
        "metadata": {**program["metadata"], "name": name},
        "instructions": program["instructions"],
        "accounts": program["accounts"],
        "events": [event["event"] for event in events],
        "errors": [error for block in found.get("errors", []) for error in block],
        "types": list(types.values()),
        "constants": found.get("const", []),
    }
    for kind in ("instructions", "accounts", "events"):
        discriminators = [bytes(item["discriminator"]) for item in idl[kind]]
        if len(set(discriminators)) != len(discriminators):
            raise ScriptError(f"{name}: two {kind} share a discriminator")
    ordered: dict[str, Any] = _ordered(_sorted(_with_referenced_types(_with_rejoined_enums(idl))))
    return ordered


def _with_rejoined_enums(idl: dict[str, Any]) -> dict[str, Any]:
    """`Pod<Enum>` is a byte that holds an `<Enum>`: where both are known, the enum takes its place."""
    types = {definition["name"]: definition for definition in idl["types"]}
    aliases = {
        name: name.removeprefix("Pod")
        for name, definition in types.items()
        if name.startswith("Pod")
        and definition["type"] == {"kind": "type", "alias": "u8"}
        and types.get(name.removeprefix("Pod"), {}).get("type", {}).get("kind") == "enum"
    }

    def renamed(node: Any) -> Any:
        if isinstance(node, dict):
            defined = node.get("defined")
            if isinstance(defined, dict) and defined.get("name") in aliases:
                return {"defined": {"name": aliases[defined["name"]]}}
            return {key: renamed(value) for key, value in node.items()}
        return [renamed(item) for item in node] if isinstance(node, list) else node

    kept = [definition for definition in idl["types"] if definition["name"] not in aliases]
    return {key: renamed(value) for key, value in {**idl, "types": kept}.items()}


def _referenced(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("defined"), dict):
            yield node["defined"]["name"]
        for value in node.values():
            yield from _referenced(value)
    elif isinstance(node, list):
        for item in node:
            yield from _referenced(item)


def _with_referenced_types(idl: dict[str, Any]) -> dict[str, Any]:
    """Leaves out aliases that nothing names (every `Pod` integer prints one).

    Raises:
        ScriptError: a type is named but not defined.
    """
    names = set(_referenced({key: idl[key] for key in ("instructions", "types", "constants")}))
    unknown = names - {definition["name"] for definition in idl["types"]}
    if unknown:
        raise ScriptError(
            f"{idl['metadata']['name']}: undefined types {', '.join(sorted(unknown))}: derive IdlType"
        )
    kept = [item for item in idl["types"] if item["type"]["kind"] != "type" or item["name"] in names]
    return {**idl, "types": kept}


def _sorted(idl: dict[str, Any]) -> dict[str, Any]:
    by_name = ("instructions", "accounts", "events", "types", "constants")
    return {
        **idl,
        **{kind: sorted(idl[kind], key=lambda item: item["name"]) for kind in by_name},
        "errors": sorted(idl["errors"], key=lambda item: item["code"]),
    }


def _ordered(node: Any) -> Any:
    """The same tree with the keys of every object in one order, and empty optional lists left out."""
    if isinstance(node, list):
        return [_ordered(item) for item in node]
    if not isinstance(node, dict):
        return node
    rank = {key: place for place, key in enumerate(_KEY_ORDER)}
    optional = ("docs", "relations", "events", "errors", "constants")
    return {
        key: _ordered(node[key])
        for key in sorted(node, key=lambda key: (rank.get(key, len(rank)), key))
        if not (key in optional and node[key] == [])
    }


def json_text(idl: dict[str, Any]) -> str:
    """The IDL as it is committed: indented, with lists of bytes on one line."""
    text = json.dumps(idl, indent=2, ensure_ascii=False)
    bytes_on_one_line = re.compile(r"\[\s+(\d+(?:,\s+\d+)*)\s+\]")
    return bytes_on_one_line.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"


def find_cargo() -> str:
    """Any cargo: the one on the path, or Debian's.

    Raises:
        ScriptError: there is none.
    """
    cargo = shutil.which("cargo")
    if cargo is None:
        raise ScriptError(
            "cargo is missing: install Rust 1.85 or newer, or run scripts/sbf/install", EXIT_CARGO_MISSING
        )
    return cargo


def _write_or_compare(path: Path, text: str, command: str, *, check: bool) -> None:
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"{shown(path)}: written")
    elif not path.exists() or path.read_text(encoding="utf-8") != text:
        raise ScriptError(f"{shown(path)} is stale: run {command}")
    else:
        print(f"{shown(path)}: current")


def generate(root: Path = ROOT, *, check: bool) -> None:
    """Writes, or compares, both formats of every program's IDL; writing also updates the lock.

    Raises:
        ScriptError: cargo is missing, a crate does not compile, or (check) a file is stale.
    """
    cargo = find_cargo()
    for program in programs(root):
        sources = sources_sha256(program)
        idl = assemble(printed_sections(program, cargo), f"secant_{program.name}")
        _write_or_compare(program.idl, json_text(idl), "scripts/idl", check=check)
        _write_or_compare(program.legacy_idl, json_text(legacy_idl(idl)), "scripts/idl", check=check)
        if not check:
            lock = read_lock(root)
            entry = locked_entry(program, program.idl.read_bytes(), sources)
            lock["programs"].setdefault(program.name, {})["idl"] = entry
            write_lock(lock, root)


def check_legacy(root: Path = ROOT) -> None:
    """Compares idl/legacy with what follows from idl/. Needs no cargo.

    Raises:
        ScriptError: a file is stale.
    """
    for program in programs(root):
        idl = json.loads(program.idl.read_text(encoding="utf-8"))
        _write_or_compare(program.legacy_idl, json_text(legacy_idl(idl)), "scripts/idl", check=True)


def main(arguments: Sequence[str]) -> None:
    """Parses the command line."""
    parser = argparse.ArgumentParser(prog="scripts/idl", description="Generates idl/ from the programs.")
    parser.add_argument("--check", action="store_true", help="fail when a file is stale; write nothing")
    generate(check=parser.parse_args(arguments).check)


if __name__ == "__main__":
    run_script(main)
