"""A wallet: one key pair in a file as the Solana tools write it, a JSON array of 64 bytes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from solders.keypair import Keypair

from .errors import WalletError

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

__all__ = ["DEFAULT_PATH", "Wallet", "file_at"]

DEFAULT_PATH: Final = Path("~/.config/solana/id.json")
_KEYPAIR_BYTES: Final = 64
_GENERATE: Final = "create one with `solana-keygen new` or `secant wallet create`"
_NAME_ONE: Final = f"name a file with a JSON array of {_KEYPAIR_BYTES} bytes, or {_GENERATE}"


class Wallet:
    """A key pair that signs. Its representation shows the address only, never the secret.

    Args:
        keypair: The key pair.
    """

    __slots__ = ("_keypair",)

    def __init__(self, keypair: Keypair) -> None:
        self._keypair = keypair

    def __repr__(self) -> str:
        return f"Wallet({self.address})"

    @property
    def address(self) -> Pubkey:
        """Return the wallet's address."""
        return self._keypair.pubkey()

    @property
    def keypair(self) -> Keypair:
        """Return the key pair, for signing."""
        return self._keypair

    @classmethod
    def generate(cls) -> Wallet:
        """A wallet with a new random key pair, in memory only: `save` keeps it."""
        return cls(Keypair())

    @classmethod
    def load(cls, path: Path | str = DEFAULT_PATH) -> Wallet:
        """Reads a key pair file: a JSON array of 64 integers from 0 to 255, secret key then public key.

        Args:
            path: The file; ``~`` is the home folder.

        Raises:
            WalletError: the file is missing, cannot be read, or holds no key pair.
        """
        file = file_at(path)
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise WalletError(f"no key pair file at {file}", f"{_GENERATE}, or name another file") from None
        except OSError as error:
            raise WalletError(
                f"the key pair file {file} cannot be read: {error.strerror}", "name a file that can be"
            ) from None
        except UnicodeDecodeError:
            raise WalletError(f"{file} is no key pair file: it is no text", _NAME_ONE) from None
        try:
            return cls(Keypair.from_bytes(_key_bytes(text)))
        except ValueError as error:
            raise WalletError(f"{file} is no key pair file: {error}", _NAME_ONE) from None

    def save(self, path: Path | str = DEFAULT_PATH) -> Path:
        """Writes the key pair file, readable by its owner alone. Never overwrites a file.

        Returns:
            The file written.

        Raises:
            WalletError: there is a file already, or it cannot be written.
        """
        file = file_at(path)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WalletError(
                f"the folder {file.parent} cannot be made: {error.strerror}", "name another file"
            ) from None
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise WalletError(
                f"{file} exists, and a key pair is never overwritten", "name another file, or use that one"
            ) from None
        except OSError as error:
            raise WalletError(f"{file} cannot be written: {error.strerror}", "name another file") from None
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(self._keypair.to_json())
        return file


def file_at(path: Path | str) -> Path:
    """The path with its ``~`` written out.

    Raises:
        WalletError: it is the home folder of nobody.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise WalletError(f"{path} begins with nobody's home folder", "write the path out") from None


def _key_bytes(text: str) -> bytes:
    # The content never goes into a message: it is a secret, or close to one.
    try:
        values = json.loads(text)
    except ValueError:
        raise ValueError("it is not JSON") from None
    if not isinstance(values, list) or len(values) != _KEYPAIR_BYTES:
        raise ValueError(f"it is no array of {_KEYPAIR_BYTES} numbers")
    if not all(
        isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 256 for value in values
    ):
        raise ValueError("its numbers are not all from 0 to 255")
    content = bytes(values)
    if bytes(Keypair.from_seed(content[:32])) != content:
        raise ValueError("its public key does not belong to its secret key")
    return content
