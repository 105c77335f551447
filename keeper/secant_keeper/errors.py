"""What the keeper tells its operator when it cannot go on."""

from __future__ import annotations

EXIT_USAGE = 2
"""Exit code for input that must be corrected: a file, an option, a setting."""

EXIT_UNAVAILABLE = 3
"""Exit code for a cluster that does not answer, or is not the one meant, at the start."""


EXIT_INCOMPLETE = 4
"""Exit code of what ended without being whole: a replay whose recording breaks off, whose report holds only
what could be read, or a keeper that is done but for work that failed for good."""

EXIT_EMPTY = 5
"""Exit code of a report that has nothing to say: its input is sound, but holds nothing of what was asked."""


class KeeperError(Exception):
    """Something the operator must put right; the message is one line and says what.

    KeeperError
     ├── InputError    a file, an option or a setting: exit code 2
     │    └── HistoryFileError       the place of a history
     ├── ClusterError  the cluster cannot be used: exit code 3
     ├── HistoryUnavailableError      a history cannot be used now; the keeper goes on without it
     └── NothingToReportError         a report would be empty: exit code 5

    Attributes:
        exit_code: What the process ends with.
    """

    exit_code = EXIT_USAGE


class InputError(KeeperError):
    """A file, an option or a setting is not what it must be."""


class ClusterError(KeeperError):
    """The cluster does not answer, or the programs are not on it."""

    exit_code = EXIT_UNAVAILABLE


def one_line(text: object) -> str:
    """The text with every run of white space as one space."""
    return " ".join(str(text).split())
