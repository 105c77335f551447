"""What is passed in place of an account of each kind, and how that is refused before the program looks on.

The tables hold for instructions of Alice's on `event`; what the program itself refuses, each test file adds.
"""

from __future__ import annotations

from typing import Final

from .refusals import (
    NOT_EXECUTABLE,
    NOT_WRITABLE,
    TOO_SMALL,
    UNAUTHORIZED,
    UNINITIALIZED,
    UNSIGNED,
    WRONG_OWNER,
    WRONG_PROGRAM,
    WRONG_SEEDS,
    WRONG_TYPE,
)

SIGNER: Final = {"unsigned": UNSIGNED}
PAYER: Final = {"unsigned": UNSIGNED, "read_only": UNSIGNED}

EXCHANGE: Final = {
    "clone": WRONG_OWNER,
    "other_type": WRONG_TYPE,
    "nobody": UNINITIALIZED,
    "mallory_account": WRONG_TYPE,
    "foreign_event": WRONG_TYPE,
    "foreign_pool": TOO_SMALL,
    "record": WRONG_OWNER,
    "mallory_wallet": WRONG_OWNER,
}
EXCHANGE_WRITABLE: Final = {
    "read_only": NOT_WRITABLE,
    "clone": WRONG_OWNER,
    "other_type": WRONG_TYPE,
    "nobody": TOO_SMALL,
    "mallory_account": WRONG_TYPE,
    "foreign_event": WRONG_TYPE,
    "foreign_pool": TOO_SMALL,
    "record": WRONG_OWNER,
    "mallory_wallet": TOO_SMALL,
}
MARGIN_ACCOUNT: Final = {
    "read_only": NOT_WRITABLE,
    "clone": WRONG_OWNER,
    "other_type": WRONG_TYPE,
    "nobody": TOO_SMALL,
    "foreign_exchange": TOO_SMALL,
    "foreign_event": TOO_SMALL,
    "foreign_pool": TOO_SMALL,
    "record": TOO_SMALL,
    "mallory_wallet": TOO_SMALL,
}
EVENT: Final = {
    "clone": WRONG_OWNER,
    "other_type": WRONG_TYPE,
    "nobody": UNINITIALIZED,
    "mallory_account": WRONG_TYPE,
    "foreign_exchange": TOO_SMALL,
    "foreign_pool": TOO_SMALL,
    "record": WRONG_OWNER,
    "mallory_wallet": WRONG_OWNER,
}
EVENT_WRITABLE: Final = {
    "read_only": NOT_WRITABLE,
    "clone": WRONG_OWNER,
    "other_type": WRONG_TYPE,
    "nobody": TOO_SMALL,
    "mallory_account": WRONG_TYPE,
    "foreign_exchange": TOO_SMALL,
    "foreign_pool": TOO_SMALL,
    "other_record": TOO_SMALL,
    "mallory_wallet": TOO_SMALL,
}
POOL: Final = {
    "read_only": NOT_WRITABLE,
    "clone": WRONG_OWNER,
    "other_type": WRONG_TYPE,
    "nobody": TOO_SMALL,
    "mallory_account": WRONG_TYPE,
    "foreign_exchange": WRONG_TYPE,
    "foreign_event": WRONG_TYPE,
    "record": WRONG_OWNER,
    "mallory_wallet": TOO_SMALL,
}
BOOK: Final = {"read_only": NOT_WRITABLE} | dict.fromkeys(
    (
        "clone",
        "other_type",
        "nobody",
        "mallory_account",
        "foreign_exchange",
        "foreign_event",
        "foreign_pool",
        "record",
        "mallory_wallet",
    ),
    "BookInvalid",
)
TOKEN_ACCOUNT: Final = {
    "read_only": NOT_WRITABLE,
    "clone": WRONG_OWNER,
    "nobody": TOO_SMALL,
    "foreign_mint": TOO_SMALL,
    "mallory_account": WRONG_OWNER,
    "record": WRONG_OWNER,
}
MINT: Final = {
    "read_only": NOT_WRITABLE,
    "clone": WRONG_OWNER,
    "nobody": TOO_SMALL,
    "mallory_wallet": WRONG_TYPE,
    "mallory_account": WRONG_OWNER,
    "record": WRONG_OWNER,
}
NEW_ACCOUNT: Final = {
    "read_only": UNAUTHORIZED,
    "nobody": WRONG_SEEDS,
    "mallory_account": WRONG_SEEDS,
    "foreign_event": WRONG_SEEDS,
    "foreign_pool": WRONG_SEEDS,
    "mallory_wallet": WRONG_SEEDS,
}
TOKEN_PROGRAM: Final = {
    "system_program": WRONG_PROGRAM,
    "oracle_program": WRONG_PROGRAM,
    "nobody": NOT_EXECUTABLE,
    "foreign_exchange": NOT_EXECUTABLE,
}
SYSTEM_PROGRAM: Final = {
    "token_program": WRONG_PROGRAM,
    "oracle_program": WRONG_PROGRAM,
    "nobody": NOT_EXECUTABLE,
    "foreign_exchange": NOT_EXECUTABLE,
}
