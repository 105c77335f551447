"""What is passed in place of an account of each kind; what the program refuses, each test file adds."""

from __future__ import annotations

from typing import Final

from exchange.refusals import (
    NOT_EXECUTABLE,
    NOT_WRITABLE,
    TOO_SMALL,
    UNAUTHORIZED,
    UNINITIALIZED,
    WRONG_OWNER,
    WRONG_PROGRAM,
    WRONG_SEEDS,
    WRONG_TYPE,
)

FEED: Final = {
    "clone": WRONG_OWNER,
    "other_type": WRONG_TYPE,
    "nobody": UNINITIALIZED,
    "foreign_record": TOO_SMALL,
    "margin_account": WRONG_OWNER,
    "exchange": WRONG_OWNER,
}
FEED_WRITABLE: Final = {
    "read_only": NOT_WRITABLE,
    "clone": WRONG_OWNER,
    "other_type": WRONG_TYPE,
    "nobody": TOO_SMALL,
    "foreign_record": TOO_SMALL,
    "margin_account": WRONG_OWNER,
    "exchange": TOO_SMALL,
}
RECORD: Final = {
    "read_only": NOT_WRITABLE,
    "clone": WRONG_OWNER,
    "other_type": WRONG_TYPE,
    "nobody": TOO_SMALL,
    "foreign_feed": WRONG_TYPE,
    "margin_account": WRONG_OWNER,
    "exchange": TOO_SMALL,
}
NEW_ACCOUNT: Final = {
    "read_only": UNAUTHORIZED,
    "nobody": WRONG_SEEDS,
    "shared_feed": WRONG_SEEDS,
    "foreign_record": WRONG_SEEDS,
    "margin_account": WRONG_SEEDS,
}
SYSTEM_PROGRAM: Final = {
    "token_program": WRONG_PROGRAM,
    "oracle_program": WRONG_PROGRAM,
    "nobody": NOT_EXECUTABLE,
    "exchange": NOT_EXECUTABLE,
}
