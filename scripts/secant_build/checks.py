"""Runs every check of the project and reports all that fail: scripts/check."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from .artifacts import disagreements
from .bindings.__main__ import generate as generate_bindings
from .limits import problems
from .program_idl import check_legacy
from .program_idl import generate as generate_idl
from .project import ROOT, ScriptError, run_script

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PACKAGES = ("client", "keeper", "scripts/secant_build", "tests")


def command(*arguments: str) -> None:
    """Runs a command in the project.

    Raises:
        ScriptError: it failed; it has said why.
    """
    run = subprocess.run(arguments, cwd=ROOT, check=False)
    if run.returncode != 0:
        raise ScriptError(f"{' '.join(arguments)}: exit code {run.returncode}")


def python_tool(*arguments: str) -> None:
    """Runs a tool of the environment."""
    command(sys.executable, "-m", *arguments)


def check_limits() -> None:
    """The limits of the house."""
    if found := list(problems(ROOT)):
        raise ScriptError("\n".join(found))


def check_lock() -> None:
    """Sources, artifacts and lock agree."""
    if found := disagreements(ROOT):
        raise ScriptError("\n".join(found))


def check_types() -> None:
    """Types of the packages, and of the scripts."""
    python_tool("mypy")
    python_tool("mypy", "--strict", "-p", "secant_build")


PYTHON_CHECKS: dict[str, Callable[[], None]] = {
    "ruff check": lambda: python_tool("ruff", "check", "--quiet"),
    "ruff format": lambda: python_tool("ruff", "format", "--check", "--quiet"),
    "mypy": check_types,
    "house limits": check_limits,
    "bindings are current": lambda: generate_bindings(ROOT, check=True),
    "legacy IDL is current": lambda: check_legacy(ROOT),
    "artifacts are current": check_lock,
}
RUST_CHECKS: dict[str, Callable[[], None]] = {
    "cargo fmt": lambda: command("cargo", "fmt", "--all", "--check"),
    "cargo clippy": lambda: command(
        "cargo", "clippy", "--locked", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"
    ),
    "IDL is current": lambda: generate_idl(ROOT, check=True),
}
RUST_TOOLS = {"cargo fmt": "cargo-fmt", "cargo clippy": "cargo-clippy", "IDL is current": "cargo"}


def main(arguments: Sequence[str]) -> None:
    """Runs the checks and names those that fail.

    Raises:
        ScriptError: a check failed.
    """
    parser = argparse.ArgumentParser(
        prog="scripts/check", description="Lint, format, types, limits, stale files."
    )
    parser.add_argument("--without-rust", action="store_true", help="leave out what needs cargo")
    without_rust = parser.parse_args(arguments).without_rust
    failed = []
    for name, check in {**PYTHON_CHECKS, **({} if without_rust else RUST_CHECKS)}.items():
        tool = RUST_TOOLS.get(name)
        if tool is not None and shutil.which(tool) is None:
            print(f"{name}: not run, {tool} is missing", flush=True)
            continue
        print(f"{name}", flush=True)
        try:
            check()
        except ScriptError as error:
            print(error, file=sys.stderr, flush=True)
            failed.append(name)
    if failed:
        raise ScriptError(f"failed: {', '.join(failed)}")
    print("all checks pass")


if __name__ == "__main__":
    run_script(main)
