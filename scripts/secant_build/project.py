"""Where things are in the project, and the error that ends a script with a sentence instead of a trace."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT: Final = Path(__file__).resolve().parents[2]


class ScriptError(Exception):
    """Ends a script: the message is for its user, `exit_code` for its caller."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        """Keeps the exit code beside the message."""
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Program:
    """An on-chain program and the files made from it.

    Attributes:
        name: name of its folder, its IDL and its bindings.
        root: the project's folder.
    """

    name: str
    root: Path = ROOT

    @property
    def crate(self) -> str:
        """Name of the Rust crate."""
        return f"secant-{self.name}"

    @property
    def crate_folder(self) -> Path:
        """Folder of the Rust crate."""
        return self.root / "programs" / self.name

    @property
    def elf(self) -> Path:
        """The committed program."""
        return self.root / "artifacts" / f"{self.name}.so"

    @property
    def idl(self) -> Path:
        """The committed IDL, specification 0.1.0."""
        return self.root / "idl" / f"{self.name}.json"

    @property
    def legacy_idl(self) -> Path:
        """The committed IDL in the format before Anchor 0.30."""
        return self.root / "idl" / "legacy" / f"{self.name}.json"

    @property
    def bindings(self) -> Path:
        """The generated Python module."""
        return self.root / "client" / "secant" / f"{self.name}.py"


def programs(root: Path = ROOT) -> tuple[Program, ...]:
    """The on-chain programs, in the order in which they depend on each other."""
    return Program("oracle", root), Program("exchange", root)


def shown(path: Path, root: Path = ROOT) -> str:
    """A path as the user knows it: relative to the project where it lies inside."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def run_script(main: Callable[[Sequence[str]], None]) -> NoReturn:
    """Runs `main` with the command line's arguments and leaves with its exit code."""
    try:
        main(sys.argv[1:])
    except ScriptError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    sys.exit(0)
