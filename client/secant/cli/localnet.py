"""Commands about the network on this machine: running it, and its clock."""

import asyncio
import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from secant.bootstrap import bootstrap, programs
from secant.chain import Chain
from secant.errors import InputError, RpcRefused, SecantError

from .moments import seconds_from
from .output import answer, facts, moment, note, say
from .settings import Settings, settings_of

clocks = typer.Typer(help="A localnet's clock: show (default), set, run.", invoke_without_command=True)

_PORT_DEFAULT = 8899
_RUN_CLOCK = "`secant localnet-clock run` lets it run"


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
            if net.ledger.is_clock_driven:
                note(f"the ledger's clock stands still at {_time(net.ledger.unix_timestamp)}: {_RUN_CLOCK}")
            await stopped.wait()
    except LocalnetError as error:
        raise SecantError(str(error), "choose another --port or --ledger") from error


@clocks.callback()
def clock(context: typer.Context) -> None:
    """A localnet's clock: show (default), set, run."""
    if context.invoked_subcommand is None:
        show_clock(context)


@clocks.command("show")
def show_clock(context: typer.Context) -> None:
    """The localnet's time, and whether it runs."""
    told = asyncio.run(_call(settings_of(context), "localnet_getClock"))
    if not answer(context, told):
        stands = f"stands still, as it was set: {_RUN_CLOCK}"
        facts([("time", _time(told["unixTimestamp"])), ("clock", stands if told["driven"] else "runs")])


@clocks.command("set")
def set_clock(
    context: typer.Context,
    time: Annotated[
        str,
        typer.Argument(
            help="UTC, such as 2026-08-05T03:30, or a duration from the clock's present, such as 2h."
        ),
    ],
) -> None:
    """Set the clock to a time, past or to come, where it stands still: a recording is played at its own."""
    told = asyncio.run(_set(settings_of(context), time))
    if not answer(context, told):
        say(f"the clock stands still at {_time(told['unixTimestamp'])}: {_RUN_CLOCK}")


async def _set(settings: Settings, time: str) -> dict[str, int]:
    now = (await _call(settings, "localnet_getClock"))["unixTimestamp"]
    return await _call(settings, "localnet_setClock", {"unixTimestamp": seconds_from(time, now, "the time")})


@clocks.command("run")
def run_clock(context: typer.Context) -> None:
    """Let a clock that was set run again: with the present, or on from where it stands if that is later."""
    told = asyncio.run(_call(settings_of(context), "localnet_runClock"))
    if not answer(context, told):
        say(f"the clock runs: it is {_time(told['unixTimestamp'])}")


async def _call(settings: Settings, method: str, *parameters: object) -> dict[str, int]:
    """What one of the localnet's own methods answers.

    Raises:
        RpcUnreachable: nobody answers. InputError: it is no localnet.
    """
    async with settings.chain() as chain:
        try:
            told = await chain.call(method, *parameters)
        except RpcRefused as error:
            raise InputError(f"{chain.url} is no localnet", "its clock runs by itself") from error
    assert isinstance(told, dict)
    return told


def _time(unix_timestamp: int) -> str:
    return moment(datetime.fromtimestamp(unix_timestamp, UTC))
