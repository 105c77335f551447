"""Compiles the programs to artifacts/*.so and locks them: scripts/build [--check].

Exit codes: 1 the artifacts disagree with the sources, 2 the compiler is missing, 3 (--check only) the
artifacts were made with other tool versions, so that bytes cannot be compared.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .artifacts import disagreements, locked_entry, read_lock, sha256, sources_sha256, write_lock
from .project import ROOT, Program, ScriptError, programs, run_script, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_COMPILER_MISSING: Final = 2
EXIT_OTHER_TOOLS: Final = 3
PINNED_CRATE: Final = "anchor-lang"


def toolchain_folder() -> Path:
    """Where scripts/sbf/install puts the linker."""
    return Path(os.environ.get("SECANT_SBF_TOOLCHAIN") or Path.home() / ".cache" / "sbf-toolchain")


def _version(*command: str | Path) -> str:
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise OSError(run.stderr)
    return run.stdout.splitlines()[0].strip()


def tool_versions(root: Path = ROOT) -> dict[str, str]:
    """Versions of everything that decides the bytes of an ELF.

    Raises:
        ScriptError: the compiler is missing.
    """
    folder = toolchain_folder()
    try:
        versions = {
            "rustc": _version("/usr/bin/rustc", "--version"),
            "cargo": _version("/usr/bin/cargo", "--version"),
            "llvm": _version(folder / "llvm" / "bin" / "llvm-config", "--version"),
            "sbpf-linker": _version(folder / "bin" / "sbpf-linker", "--version").removeprefix("sbpf-linker "),
        }
    except OSError:
        raise ScriptError(
            "the compiler for on-chain programs is missing: run scripts/sbf/install (Debian 12, amd64)",
            EXIT_COMPILER_MISSING,
        ) from None
    packages = tomllib.loads((root / "Cargo.lock").read_text(encoding="utf-8"))["package"]
    versions |= {
        package["name"]: package["version"] for package in packages if package["name"] == PINNED_CRATE
    }
    return versions


def compile_program(program: Program, out: Path, target_folder: Path) -> bytes:
    """Compiles one program to `out` and returns its bytes.

    Raises:
        ScriptError: the compiler failed; it has said why.
    """
    print(f"compiling {program.crate}", flush=True)
    run = subprocess.run(
        [program.root / "scripts" / "sbf" / "compile", program.root, program.crate, out],
        env={**os.environ, "CARGO_TARGET_DIR": str(target_folder)},
        check=False,
    )
    if run.returncode != 0:
        raise ScriptError(f"{program.crate} does not compile")
    return out.read_bytes()


def build(root: Path = ROOT) -> None:
    """Compiles every program into artifacts/ and writes the lock."""
    tools = tool_versions(root)
    target_folder = Path(os.environ.get("CARGO_TARGET_DIR") or root / "target") / "sbf"
    lock = read_lock(root)
    for program in programs(root):
        sources = sources_sha256(program)
        elf = compile_program(program, program.elf, target_folder)
        lock["programs"].setdefault(program.name, {})["elf"] = locked_entry(program, elf, sources)
        print(f"{shown(program.elf, root)}: {len(elf):,} bytes, sha256 {sha256(elf)}")
    lock["tools"] = tools
    write_lock(lock, root)


def check(root: Path = ROOT) -> None:
    """Compiles every program in a temporary folder and compares with the committed artifacts.

    Raises:
        ScriptError: the lock, the sources and the artifacts disagree; or other tools made them.
    """
    tools = tool_versions(root)
    problems = [problem for problem in disagreements(root) if "scripts/build" in problem]
    if problems:
        raise ScriptError("\n".join(problems))
    locked = read_lock(root)["tools"]
    changed = [
        f"{name} {locked.get(name)} then, {tools.get(name)} now"
        for name in sorted({*locked, *tools})
        if locked.get(name) != tools.get(name)
    ]
    with tempfile.TemporaryDirectory() as folder:
        for program in programs(root):
            elf = compile_program(program, Path(folder) / f"{program.name}.so", Path(folder) / "target")
            if elf == program.elf.read_bytes():
                print(f"{shown(program.elf, root)}: the same {len(elf):,} bytes")
            elif changed:
                raise ScriptError(
                    f"{shown(program.elf, root)}: other bytes, from other tools ({'; '.join(changed)}): "
                    "scripts/build makes the artifacts with the tools here",
                    EXIT_OTHER_TOOLS,
                )
            else:
                raise ScriptError(
                    f"{shown(program.elf, root)}: the same sources and tools give other bytes "
                    f"(sha256 {sha256(elf)}): run scripts/build"
                )


def main(arguments: Sequence[str]) -> None:
    """Parses the command line."""
    parser = argparse.ArgumentParser(prog="scripts/build", description="Compiles the programs to artifacts/.")
    parser.add_argument(
        "--check", action="store_true", help="compare with a build in a temporary folder instead"
    )
    if parser.parse_args(arguments).check:
        check()
    else:
        build()


if __name__ == "__main__":
    run_script(main)
