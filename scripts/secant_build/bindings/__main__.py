"""Writes client/secant/{oracle,exchange}.py from idl/: scripts/bindings [--check]."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from secant_build.bindings.module import render_module
from secant_build.project import ROOT, ScriptError, programs, run_script, shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def generate(root: Path = ROOT, *, check: bool) -> None:
    """Writes, or compares, the bindings of every program.

    Raises:
        ScriptError: an IDL is missing or holds a type without a place in Python; (check) a module is stale.
    """
    for program in programs(root):
        if not program.idl.exists():
            raise ScriptError(f"{shown(program.idl, root)} is missing: run scripts/idl")
        text = render_module(json.loads(program.idl.read_text(encoding="utf-8")), shown(program.idl, root))
        name = shown(program.bindings, root)
        if not check:
            program.bindings.write_text(text, encoding="utf-8")
            print(f"{name}: written")
        elif not program.bindings.exists() or program.bindings.read_text(encoding="utf-8") != text:
            raise ScriptError(f"{name} is stale: run scripts/bindings")
        else:
            print(f"{name}: current")


def main(arguments: Sequence[str]) -> None:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/bindings", description="Generates the Python bindings from idl/."
    )
    parser.add_argument("--check", action="store_true", help="fail when a module is stale; write nothing")
    generate(check=parser.parse_args(arguments).check)


if __name__ == "__main__":
    run_script(main)
