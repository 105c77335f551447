"""The lock of the artifacts: which sources and tools the committed ELFs and IDLs were made from.

`artifacts/lock.json` holds, per program, the SHA-256 of its sources, of its ELF and of its IDL. Comparing
needs no compiler, so a test notices on any machine when sources and artifacts disagree.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from typing import TYPE_CHECKING, Any, Final

from .project import ROOT, Program, ScriptError, programs, shown

if TYPE_CHECKING:
    from pathlib import Path

LOCK_NAME: Final = "artifacts/lock.json"
DEPENDENCY_TABLES: Final = ("dependencies", "build-dependencies")


def sha256(data: bytes) -> str:
    """The SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's content.

    Raises:
        ScriptError: there is no such file.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ScriptError(f"{path} is missing") from None


def crate_folders(program: Program) -> tuple[Path, ...]:
    """The program's crate and the workspace crates that it is compiled with, sorted by path."""
    shared = read_toml(program.root / "Cargo.toml").get("workspace", {}).get("dependencies", {})
    found: set[Path] = set()
    pending = [program.crate_folder]
    while pending:
        folder = pending.pop().resolve()
        if folder in found:
            continue
        found.add(folder)
        manifest = read_toml(folder / "Cargo.toml")
        for table in (manifest, *manifest.get("target", {}).values()):
            for name, wanted in (
                (n, w) for kind in DEPENDENCY_TABLES for n, w in table.get(kind, {}).items()
            ):
                if not isinstance(wanted, dict):
                    continue
                entry, base = (
                    (shared.get(name), program.root) if wanted.get("workspace") else (wanted, folder)
                )
                if isinstance(entry, dict) and "path" in entry:
                    pending.append(base / entry["path"])
    return tuple(sorted(found))


def source_files(program: Program) -> tuple[Path, ...]:
    """Every file that the program's bytes depend on, sorted by its path in the project."""
    root = program.root.resolve()
    files = {root / "Cargo.toml", root / "Cargo.lock"}
    files.update(path for path in (root / "scripts" / "sbf").iterdir() if path.is_file())
    for folder in crate_folders(program):
        files.add(folder / "Cargo.toml")
        files.update(path for path in (folder / "src").rglob("*") if path.is_file())
        files.update(path for path in (folder / "build.rs",) if path.is_file())
    return tuple(sorted(files, key=lambda path: path.relative_to(root).as_posix()))


def sources_sha256(program: Program) -> str:
    """One hash of all source files: of each, in order, its path, its length and its bytes."""
    root = program.root.resolve()
    digest = hashlib.sha256()
    for path in source_files(program):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise ScriptError(f"{shown(path, root)} is missing") from None
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()


def read_lock(root: Path = ROOT) -> dict[str, Any]:
    """The lock's content; without a lock, an empty one.

    Raises:
        ScriptError: the file is no lock.
    """
    path = root / LOCK_NAME
    if not path.exists():
        return {"programs": {}, "tools": {}}
    try:
        lock = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ScriptError(f"{LOCK_NAME} is not JSON: {error}") from None
    if not isinstance(lock, dict) or not {"programs", "tools"} <= lock.keys():
        raise ScriptError(f"{LOCK_NAME} lacks its programs or its tools: run scripts/build")
    return lock


def write_lock(lock: dict[str, Any], root: Path = ROOT) -> None:
    """Writes the lock with sorted keys."""
    path = root / LOCK_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(lock, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def locked_entry(program: Program, artifact: bytes, sources: str) -> dict[str, Any]:
    """What the lock says about an ELF or an IDL; `sources` is the hash taken before it was made.

    Raises:
        ScriptError: the sources were edited meanwhile, so that nobody knows which of them it was made from.
    """
    if sources != sources_sha256(program):
        raise ScriptError(f"the sources of {program.crate} changed while they were compiled: run this again")
    return {"sha256": sha256(artifact), "size_bytes": len(artifact), "sources_sha256": sources}


def disagreements(root: Path = ROOT) -> list[str]:
    """One sentence for each point in which sources, artifacts and lock disagree. Needs no compiler."""
    lock = read_lock(root)["programs"]
    problems: list[str] = []
    for program in programs(root):
        entries = lock.get(program.name, {})
        sources = sources_sha256(program)
        for kind, path, command in (
            ("elf", program.elf, "scripts/build"),
            ("idl", program.idl, "scripts/idl"),
        ):
            name = shown(path, root)
            entry = entries.get(kind)
            if entry is None or not path.exists():
                problems.append(f"{name}: missing, or not in {LOCK_NAME}: run {command}")
                continue
            if sha256(path.read_bytes()) != entry["sha256"]:
                problems.append(f"{name}: not the file that {LOCK_NAME} describes: run {command}")
            if sources != entry["sources_sha256"]:
                problems.append(f"{name}: made from other sources of {program.crate}: run {command}")
    return problems
