"""The command that runs a network on this machine."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Annotated

import typer

from secant.bootstrap import bootstrap, programs
from secant.chain import Chain
from secant.errors import InputError, SecantError

from .output import answer, facts, say

_PORT_DEFAULT = 8899


def localnet(
    context: typer.Context,
    port: Annotated[
        int, typer.Option(min=0, max=65_534, help="HTTP port, WebSocket on the next; 0 for any.")
    ] = _PORT_DEFAULT,
    ledger: Annotated[Path | None, typer.Option(help="File to keep the accounts in between runs.")] = None,
    *,
    reset: Annotated[bool, typer.Option("--reset", help="Forget what the ledger file holds.")] = False,
) -> None:
    """Run a network on this machine, with both programs, an exchange and a faucet, until interrupted."""
    if reset and ledger is None:
        raise InputError("--reset forgets a ledger file, and none was named", "give --ledger too, or neither")
    file = None if ledger is None else _writable(ledger)
    asyncio.run(_serve(context, port, file, forgotten=file if reset else None))


def _writable(ledger: Path) -> Path:
    """The ledger file with its ``~`` written out.

    Raises:
        SecantError: a file cannot be written there.
    """
    try:
        file = ledger.expanduser().absolute()
        is_writable = not file.is_dir() and os.access(file.parent, os.W_OK)
    except (OSError, RuntimeError):
        is_writable = False
    if not is_writable:
        raise SecantError(
            f"the ledger file {ledger} cannot be written", "name a file in a folder that can be"
        )
    return file


async def _serve(context: typer.Context, port: int, ledger: Path | None, *, forgotten: Path | None) -> None:
    try:
        from secant.localnet import Localnet, LocalnetError, forget  # noqa: PLC0415 - an extra, of this alone
    except ModuleNotFoundError as error:
        raise SecantError(
            f"the localnet needs the package {error.name}",
            "install it in the project's folder: pip install '.[localnet]'",
        ) from error
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
        loop.add_signal_handler(signal.SIGHUP, stopped.set)
    try:
        if forgotten is not None:
            forget(forgotten)
        async with Localnet(port=port, programs=programs(), ledger_path=ledger) as net:
            async with Chain(net.url, ws_url=net.ws_url) as chain:
                made = await bootstrap(chain)
            result = {
                "url": net.url,
                "ws_url": net.ws_url,
                "exchange": made.exchange,
                "mint": made.mint,
                "faucet": made.faucet,
            }
            if not answer(context, result):
                facts(result.items())
                say("ready: `secant airdrop` in another terminal funds a wallet; Ctrl-C stops the network")
            await stopped.wait()
    except LocalnetError as error:
        raise SecantError(str(error), "choose another --port or --ledger") from error
