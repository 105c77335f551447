"""Where the built programs are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secant.bootstrap import artifact_path
from secant.errors import SecantError
from secant_keeper.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


def program_elf(name: str) -> Path:
    """The ELF of a program of this project, "oracle" or "exchange".

    Raises:
        InputError: It is not there.
    """
    try:
        return artifact_path(name)
    except SecantError as error:
        raise InputError(str(error)) from error
