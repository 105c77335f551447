"""What every command knows: which network, which wallet, which exchange, and how to answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from solders.pubkey import Pubkey

from secant.chain import Chain, cluster_url
from secant.client import Client
from secant.errors import InputError
from secant.wallet import Wallet, file_at

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    import typer

__all__ = ["Settings", "address_in", "settings_of", "with_client"]

_Result = TypeVar("_Result")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Settings:
    """The global options.

    Attributes:
        url: URL of the RPC node.
        keypair: The wallet's file.
        exchange: Address of the exchange, or None for the only one.
        account_index: Which of the wallet's margin accounts.
        is_json: Whether to answer in JSON.
    """

    url: str
    keypair: Path
    exchange: str | None
    account_index: int
    is_json: bool

    @property
    def is_on_this_machine(self) -> bool:
        """Tell whether the node runs on this machine."""
        return urlsplit(cluster_url(self.url)).hostname in _LOOPBACK

    @property
    def has_wallet(self) -> bool:
        """Tell whether something is where the wallet's file should be.

        Raises:
            WalletError: its path is none.
        """
        try:
            return file_at(self.keypair).exists()
        except OSError:
            return True  # whatever it is, loading it says what is wrong

    def wallet(self) -> Wallet:
        """The wallet.

        Raises:
            WalletError: its file is missing or malformed.
        """
        return Wallet.load(self.keypair)

    def wallet_if_any(self) -> Wallet | None:
        """The wallet, or None if there is no file: reading needs none.

        Raises:
            WalletError: its file is malformed.
        """
        return self.wallet() if self.has_wallet else None

    def chain(self) -> Chain:
        """A connection to the node, without an exchange.

        Raises:
            InputError: the URL is none.
        """
        return Chain(cluster_url(self.url))


def settings_of(context: typer.Context) -> Settings:
    """The global options, as the root command left them."""
    settings = context.obj
    assert isinstance(settings, Settings)
    return settings


def address_in(text: str | None, name: str) -> Pubkey | None:
    """The address that an option gives; None if it was not given.

    Args:
        text: What was typed.
        name: The option.

    Raises:
        InputError: it is no address.
    """
    if text is None:
        return None
    try:
        return Pubkey.from_string(text)
    except ValueError:
        raise InputError(f"{name} {text!r} is no address", "use 32 bytes in base58") from None


def with_client(
    context: typer.Context, work: Callable[[Client], Awaitable[_Result]], *, signs: bool = True
) -> _Result:
    """Connects, works, disconnects.

    Args:
        context: The command's.
        work: What to do.
        signs: Whether it needs the wallet.

    Raises:
        SecantError: any of them.
    """
    settings = settings_of(context)
    exchange = address_in(settings.exchange, "--exchange")
    wallet = settings.wallet() if signs else settings.wallet_if_any()

    async def connected() -> _Result:
        client = Client.connect(settings.url, wallet, exchange=exchange, account_index=settings.account_index)
        async with client:
            return await work(client)

    return asyncio.run(connected())
