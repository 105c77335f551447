"""The command line: `secant`. One command a thing that users do; `secant --help` lists them."""

import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from typer.main import get_command

from secant._wire import WireError
from secant.errors import (
    AccountNotFound,
    ExchangeAmbiguous,
    InputError,
    ProgramError,
    SecantError,
    TransactionFailed,
    UnitError,
)
from secant.wallet import DEFAULT_PATH

from .account import accounts, airdrop, deposit, transfer, wallets, withdraw
from .book import books
from .event import events
from .exchange import exchanges
from .feed import feeds
from .localnet import clocks, localnet
from .perp import perps
from .pool import pools
from .record import records
from .settings import Settings
from .shares import detokenize, merge_set, mint_set, redeem, redeem_tokens, tokenize

__all__ = ["main"]

FAILURE: Final = 1
USAGE: Final = 2
_INTERRUPTED: Final = 130
_VALUED: Final = frozenset({"--url", "--keypair", "--exchange", "--account-index"})
# What the programs refuse because of an argument alone, whatever the chain holds.
_ARGUMENT_REFUSED: Final = frozenset(
    {
        "AmountZero",
        "FeedRulesInvalid",
        "LiquidityInvalid",
        "OutcomesInvalid",
        "PayoutInvalid",
        "PerpRulesInvalid",
        "PoolKindInvalid",
        "PublishersInvalid",
        "ReadingCrossed",
        "RecordUnfit",
        "TermsInvalid",
        "TimesInvalid",
        "WindowInvalid",
    }
)
_NEGATIVE: Final = re.compile(r"-[0-9.]")
_HELP: Final = (
    "Prediction markets on Solana. The options below may stand before or after the command. "
    "Begin with `secant localnet` in one terminal and `secant airdrop` in another.\n\n"
    "Exit codes: 0 done; 1 refused or failed: the network, a program or a file would not, or there is "
    "nothing to do; 2 wrong usage: an argument, a value, or a name that names nothing."
)

app = typer.Typer(
    name="secant", help=_HELP, pretty_exceptions_enable=False, rich_markup_mode=None, add_completion=False
)


@app.callback()
def root(
    context: typer.Context,
    url: Annotated[
        str, typer.Option(envvar="SECANT_URL", help="URL, or localnet, devnet, testnet, mainnet.")
    ] = "localnet",
    keypair: Annotated[Path, typer.Option(envvar="SECANT_KEYPAIR", help="The wallet's file.")] = DEFAULT_PATH,
    exchange: Annotated[
        str | None, typer.Option(envvar="SECANT_EXCHANGE", help="The exchange; needed if there are several.")
    ] = None,
    account_index: Annotated[
        int, typer.Option(min=0, max=255, help="Which of the wallet's margin accounts.")
    ] = 0,
    *,
    is_json: Annotated[bool, typer.Option("--json", help="Answer in JSON; errors too.")] = False,
) -> None:
    """Prediction markets on Solana."""
    context.obj = Settings(
        url=url, keypair=keypair, exchange=exchange, account_index=account_index, is_json=is_json
    )


app.command()(localnet)
app.add_typer(clocks, name="localnet-clock")
app.command()(airdrop)
app.add_typer(wallets, name="wallet")
app.add_typer(accounts, name="account")
app.command()(deposit)
app.command()(withdraw)
app.command()(transfer)
app.add_typer(events, name="event")
app.add_typer(pools, name="pool")
app.add_typer(books, name="book")
app.add_typer(perps, name="perp")
app.command()(redeem)
app.command("mint-set")(mint_set)
app.command("merge-set")(merge_set)
app.command()(tokenize)
app.command()(detokenize)
app.command("redeem-tokens")(redeem_tokens)
app.add_typer(feeds, name="feed")
app.add_typer(records, name="record")
app.add_typer(exchanges, name="exchange")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        arguments: Without the program's name; the process's own unless given.

    Returns:
        The exit code: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted.
    """
    given = _globals_first(sys.argv[1:] if arguments is None else arguments)
    is_json = "--json" in given
    try:
        code = _run(given)
    except SecantError as error:
        return _fail(error, USAGE if _is_usage(error, given) else FAILURE, is_json=is_json)
    except WireError as error:
        return _fail(SecantError(str(error), "use a number in range"), USAGE, is_json=is_json)
    except typer.TyperException as error:
        return _fail(_usage_error(error, given), USAGE, is_json=is_json)
    except (KeyboardInterrupt, typer.Abort):
        return _INTERRUPTED
    return code if isinstance(code, int) else 0


def _run(arguments: list[str]) -> object:
    """The command's own answer.

    Raises:
        SecantError: there is nowhere to write it. Others as the command.
    """
    if sys.stdout is None:
        raise SecantError("the standard output is closed", "leave it open")
    try:
        code: object = get_command(app).main(arguments, prog_name="secant", standalone_mode=False)
        sys.stdout.flush()
    except OSError as error:
        if sys.__stdout__ is not None:  # what its buffer still holds would fail once more at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())
        raise SecantError(f"the answer cannot be written: {error.strerror}", "write it elsewhere") from error
    return code


def _is_usage(error: SecantError, given: Sequence[str]) -> bool:
    """Tell whether another command would do, rather than another state of the world."""
    match error:
        case InputError() | UnitError() | ExchangeAmbiguous():
            return True
        case ProgramError(signature=None):
            return error.name in _ARGUMENT_REFUSED
        case AccountNotFound(address=None):
            return error.kind in {
                "event",
                "feed",
                "perpetual",
            }  # only names are looked for without an address
        case AccountNotFound():
            is_named = any(str(error.address) in argument for argument in given)
            return is_named or error.kind == "exchange"  # which the environment may name
        case _:
            return False


def _usage_error(error: typer.TyperException, given: Sequence[str]) -> InputError:
    """What the parser refused, in one line."""
    if _NEGATIVE.match(getattr(error, "option_name", "")):
        number = next(argument for argument in given if _NEGATIVE.match(argument))
        return InputError(f"{number} is negative", "amounts, shares and prices are positive")
    message = " ".join(error.format_message().split()).removesuffix(".").replace("Value error, ", "")
    context, parameter = getattr(error, "ctx", None), getattr(error, "param", None)
    least, most = getattr(parameter, "min", None), getattr(parameter, "max", None)
    if least is not None and most is not None and "invalid value" in message.casefold():
        return InputError(message, f"use {least} to {most}")
    return InputError(message, f"see `{context.command_path if context else 'secant'} --help`")


def _globals_first(arguments: Sequence[str]) -> list[str]:
    """The arguments with the global options before the command, wherever they stood."""
    first: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--":
            rest += [argument, *waiting]
            break
        if argument == "--json" or argument.partition("=")[0] in _VALUED:
            first.append(argument)
            if argument in _VALUED and waiting:
                first.append(waiting.pop(0))
        else:
            rest.append(argument)
    return first + rest


def _fail(error: SecantError, code: int, *, is_json: bool) -> int:
    """One line on the standard error; never a traceback."""
    if is_json:
        fields: dict[str, object] = {
            "error": type(error).__name__,
            "message": error.message,
            "remedy": error.remedy,
        }
        if isinstance(error, TransactionFailed):
            signature = None if error.signature is None else str(error.signature)
            fields |= {
                "name": error.name,
                "program": error.program,
                "code": error.code,
                "logs": error.logs,
                "signature": signature,
            }
        sys.stderr.write(json.dumps(fields, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(f"error: {' '.join(str(error).split())}\n")
    return code
