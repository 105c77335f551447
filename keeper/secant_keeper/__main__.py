"""The command line: `secant-keeper replay`, `run`, and the reports `spread`, `perps` and `export`.

Whatever is wrong with what an operator gives is told in one line on stderr. Exit codes: 0 done, 2 bad input,
3 the cluster cannot be used, 4 not whole (a recording that breaks off, a keeper that ended with work
undone), 5 nothing to report, 130 interrupted, 141 nobody reads the output.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from secant_keeper.errors import EXIT_USAGE, KeeperError, one_line
from secant_keeper.stores.place import place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EXIT_INTERRUPTED = 130
EXIT_PIPE = 141
"""What a shell shows of a process that SIGPIPE ended."""
TERMS_HELP = """\
terms: a JSON list of objects with these keys; in brackets, what holds where one is left out. That is laxer
than what `secant record create` asks for (samples at most 10 minutes apart, 90 % of the window, a quote no
wider than the feed allows): to see what such a record would say, give max_gap_s, min_coverage, max_spread.
  name          how the report calls it
  series        outcome, ticker, slug or feed; may be left out where the file holds one
  statistic     first, last, twap, touch_up, touch_down, range, change or variance
  barrier       of a touch, 0 to 1, or to the highest price of a venue that prints dollars
  strike        of the others: yes at or above it
  low, high     of the others, instead of a strike: paid in proportion, nothing at low, all at high [0, 1]
  start, end    ISO 8601 times with their zone, such as 2024-10-04T13:00:00Z
  sustain_s     seconds that a touch must last [0]
  max_gap_s     longest silence between two samples that counts as observed
                [the whole window: then no silence after the first sample is a gap]
  min_coverage  least observed share of the window, 0 to 1; less voids [0]
  max_spread    widest quote or confidence interval that counts, as a barrier [1]
  grid_s        cell of a variance, seconds

exit codes: 0 done; 2 the terms, the file or an option will not do; 4 the recording breaks off in the
middle (a cut line or gzip file): the report is printed, but holds only what could be read"""

SPREAD_HELP = """\
Of every event with a book whose record's feed the keeper publishes to: the book of its first outcome beside
the venue's readings. Prices are in ticks of 0.0001, shares of time from 0 to 1, times in seconds; the table
is rounded, JSON is exact. Means are over time: a snapshot holds until the next, a reading until the next or
until the feed would call it stale, and nothing holds over a time in which the keeper did not run. A book
that lies apart from its venue is an opportunity only where the event pays as the venue's market does: a touch
or a range does not.

exit codes: 0 done; 2 the file or an option will not do; 5 there is nothing to report"""


PERPS_HELP = """\
Of every perpetual in the history: how things stood last, what each clock hour was like on average over the
time that is known of it, and where positions would be liquidated. Prices are the feed's, sizes in base units,
amounts in collateral. Funding is what a long paid a day for each base unit, and that times 365 as a share of
the index; basis is the book's middle less the index. Open is what the program counts: fills in a seat that
nobody has drawn count by themselves, and held is what accounts are long with them. Long/short is accounts
long for each one short, and largest the same in size among the largest tenth of all positions (of all as much
is long as short). Depth is what rests within 1 and 5 % of the mark. Nothing holds over a time in which the
keeper did not run. JSON is exact, and has integers beside what they are: after each ..._ticks a ..._price,
after ..._lots a ..._size, after ..._atoms an ..._amount. Rates of the last snapshot are in 2^-16 ticks a day,
averages of index and basis in 2^-16 ticks, the funding index in 2^-32 atoms a lot.

exit codes: 0 done; 2 the history or an option will not do; 5 there is nothing to report"""

EXPORT_HELP = """\
One file a table, named as the table, over one that is there. Rows are those with a time in the period, of
stretches those that overlap it, of links and perpetuals all. A value holds until the next row of the same
thing, and never beyond its stretch. A tick of a perpetual is units_per_tick x 10^feed_exponent of collateral
a base unit, both in perp.parquet; a lot is a millionth divided by that; an atom is a millionth of collateral.

exit codes: 0 done; 2 the history, the folder or an option will not do"""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, and whose help may end with a text that is made only for it."""

    reference: Callable[[], str] | None = None

    def format_help(self) -> str:
        text = super().format_help()
        return text if self.reference is None else f"{text}\n{self.reference()}\n"

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_USAGE, f"{self.prog}: {one_line(message)} (see {self.prog} --help)\n")


def _venues_reference() -> str:
    # Imported here because no other help needs the venues.
    from secant_keeper.venues import VENUES  # noqa: PLC0415

    return f"venues: {', '.join(VENUES)}"


def _settings_reference() -> str:
    # Imported here because only this help and the command itself need the settings.
    from secant_keeper.settings_help import settings_reference  # noqa: PLC0415

    return settings_reference()


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="secant-keeper", description="Feeds, records and settlements, kept by anyone.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    replay = commands.add_parser(
        "replay",
        help="recorded quotes through the real programs",
        description="Runs a recording through the oracle program on a chain in this process, with a clock "
        "driven by source times, and reports outcome, payout and evidence of every term.",
        epilog=TERMS_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    replay.reference = _venues_reference
    replay.add_argument("--venue", required=True, help="the venue the recording is of")
    replay.add_argument(
        "--file",
        required=True,
        type=Path,
        action="append",
        dest="files",
        metavar="FILE",
        help="the recording, plain or gzip; once for each file where it is split over several",
    )
    replay.add_argument("--terms", required=True, type=Path, help="JSON list of terms")
    replay.add_argument("--series", help="outcome, ticker or slug for terms that name none")
    replay.add_argument("--json", action="store_true", help="the report as a JSON list on stdout")
    run = commands.add_parser(
        "run",
        help="publish, observe, settle, draw and redeem on a cluster",
        description="Keeps the feeds, records and events of a cluster until it is told to stop.",
    )
    run.reference = _settings_reference
    run.add_argument("--config", required=True, type=Path, help="TOML file of settings")
    spread = _add_report(
        commands,
        "spread",
        "how far books lie from their feeds' venues",
        'Reports on the history that `secant-keeper run` writes with history = "...".',
        SPREAD_HELP,
    )
    spread.add_argument("--event", help="only this event: its name, of whichever creators, or its address")
    spread.add_argument("--json", action="store_true", help="the report as a JSON list on stdout")
    perps = _add_report(
        commands,
        "perps",
        "funding, basis, open interest and liquidations of perpetuals",
        'Reports on the history that `secant-keeper run` writes with history = "...".',
        PERPS_HELP,
    )
    perps.add_argument(
        "--market", help="only this perpetual: its name, of whichever exchange, or its address"
    )
    perps.add_argument("--json", action="store_true", help="the report as a JSON list on stdout")
    export = _add_report(
        commands,
        "export",
        "a history as Parquet",
        'Writes the history that `secant-keeper run` keeps with history = "..." as Parquet.',
        EXPORT_HELP,
    )
    export.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="the folder; made if there is none"
    )
    return parser


def _add_report(
    commands: Any, name: str, brief: str, description: str, epilog: str
) -> argparse.ArgumentParser:
    """A command that reads a history."""
    report: argparse.ArgumentParser = commands.add_parser(
        name,
        help=brief,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    report.add_argument(
        "--history",
        required=True,
        type=place_of,
        metavar="PLACE",
        help="the history: a file or a PostgreSQL URL; leave its password to ~/.pgpass",
    )
    report.add_argument(
        "--from",
        "--since",
        dest="start",
        metavar="TIME",
        help="not before: ISO 8601 with its zone, or Unix seconds",
    )
    report.add_argument("--to", "--until", dest="end", metavar="TIME", help="not from then on")
    return report


def _dispatch(options: argparse.Namespace) -> int:
    # Imported here because each command has dependencies the other does not pay for.
    if options.command == "replay":
        from secant_keeper.replay_report import replay_command  # noqa: PLC0415

        return replay_command(
            options.venue, options.files, options.terms, options.series, as_json=options.json
        )
    if options.command == "spread":
        from secant_keeper.spread_report import spread_command  # noqa: PLC0415

        return spread_command(
            options.history, options.event, options.start, options.end, as_json=options.json
        )
    if options.command == "perps":
        from secant_keeper.perp_report import perps_command  # noqa: PLC0415

        return perps_command(
            options.history, options.market, options.start, options.end, as_json=options.json
        )
    if options.command == "export":
        from secant_keeper.history_export import export_command  # noqa: PLC0415

        return export_command(options.history, options.out, options.start, options.end)
    from secant_keeper.service import run_command  # noqa: PLC0415

    return run_command(options.config)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit."""
    try:
        code = _dispatch(_parser().parse_args(arguments))
    except ImportError as error:
        missing = (
            f"the keeper needs the package {error.name}; in the project's folder: pip install '.[keeper]'"
        )
        sys.stderr.write(f"secant-keeper: {missing}\n")
        code = EXIT_USAGE
    except KeeperError as error:
        sys.stderr.write(f"secant-keeper: {one_line(error)}\n")
        code = error.exit_code
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        # What is left in the buffer would be written, and complained of, at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = EXIT_PIPE
    sys.exit(code)


if __name__ == "__main__":
    main()
