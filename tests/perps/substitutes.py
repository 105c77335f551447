"""What is passed in place of an account of each kind at a perpetual, and how that is refused.

The tables hold for instructions of Alice's at `market`; what the program itself refuses, each test file adds.
"""

from __future__ import annotations

from typing import Final

from exchange.refusals import (
    NOT_WRITABLE,
    TOO_SMALL,
    UNAUTHORIZED,
    UNINITIALIZED,
    UNSIGNED,
    WRONG_OWNER,
    WRONG_SEEDS,
    WRONG_TYPE,
)

SIGNER: Final = {
    "unsigned": UNSIGNED,
    "nobody": "OwnerMismatch",
    "mallory": "OwnerMismatch",
    "admin": "OwnerMismatch",
}
EXCHANGE: Final = {
    "clone": WRONG_OWNER,
    "other_type": WRONG_TYPE,
    "nobody": UNINITIALIZED,
    "mallory_account": WRONG_TYPE,
    "other_market": WRONG_TYPE,
    "other_feed": WRONG_OWNER,
    "mallory_wallet": WRONG_OWNER,
}
EXCHANGE_WRITABLE: Final = {
    "read_only": NOT_WRITABLE,
    "clone": WRONG_OWNER,
    "other_type": WRONG_TYPE,
    "nobody": TOO_SMALL,
    "mallory_account": WRONG_TYPE,
    "other_feed": WRONG_OWNER,
    "mallory_wallet": TOO_SMALL,
}
MARGIN_ACCOUNT: Final = {
    "read_only": NOT_WRITABLE,
    "clone": WRONG_OWNER,
    "other_type": WRONG_TYPE,
    "nobody": TOO_SMALL,
    "foreign_exchange": TOO_SMALL,
    "foreign_market": TOO_SMALL,
    "other_book": WRONG_TYPE,
    "mallory_wallet": TOO_SMALL,
}
MARKET: Final = {
    "read_only": NOT_WRITABLE,
    "clone": WRONG_OWNER,
    "other_type": WRONG_TYPE,
    "nobody": TOO_SMALL,
    "foreign_account": WRONG_TYPE,
    "foreign_exchange": TOO_SMALL,
    "other_book": WRONG_TYPE,
    "other_feed": TOO_SMALL,
    "mallory_wallet": TOO_SMALL,
}
FEED: Final = dict.fromkeys(
    ("clone", "other_type", "nobody", "other_feed", "foreign_feed", "foreign_exchange", "mallory_wallet"),
    "FeedMismatch",
)
BOOK: Final = {"read_only": NOT_WRITABLE} | dict.fromkeys(
    (
        "clone",
        "other_type",
        "nobody",
        "other_book",
        "foreign_book",
        "foreign_account",
        "foreign_exchange",
        "other_market",
        "other_feed",
        "mallory_wallet",
    ),
    "BookInvalid",
)
NEW_ACCOUNT: Final = {
    "read_only": UNAUTHORIZED,
    "nobody": WRONG_SEEDS,
    "mallory_account": WRONG_SEEDS,
    "market": WRONG_SEEDS,
    "book": WRONG_SEEDS,
    "mallory_wallet": WRONG_SEEDS,
}
