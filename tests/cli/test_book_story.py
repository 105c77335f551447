"""Order books from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from .conftest import Shell

if TYPE_CHECKING:
    from pathlib import Path

SOMEBODY = "So11111111111111111111111111111111111111112"


@pytest.fixture
def event(funded: Shell) -> str:
    name = f"book-{uuid4().hex[:12]}"
    funded.say("event", "create", name)
    assert funded.say("book", "create", name).startswith("created book ")
    return name


def test_orders_rest_trade_and_go(funded: Shell, event: str) -> None:
    said = funded.say("book", "place", event, "sell", "YES", "10", "0.60")
    order = int(said.removeprefix("10.00 YES rest as order "))
    funded.say("book", "place", event, "buy", "NO", "5", "0.45", "--expires", "2h", "--client-id", "7")
    shown = funded.say("book", "show", event)
    assert "0.5500" in shown
    assert "0.6000" in shown
    assert "that open orders may cost" in funded.say("account")
    listed = funded.json("book", "orders", event)
    assert [(each["side"], each["price"], each["client_id"]) for each in listed] == [
        ("sell", "0.5500", 7),
        ("sell", "0.6000", 0),
    ]
    # Its own orders are not traded with: they make way.
    said = funded.say("book", "place", event, "buy", "YES", "1", "0.55", "--kind", "ioc")
    assert said == "nothing was there to trade with; nothing rests\n"
    assert funded.say("book", "cancel", event, str(order)) == "cancelled 1 order\n"
    assert funded.say("book", "cancel", event, "--all") == "cancelled 0 orders\n"
    assert funded.say("book", "close", event).startswith("closed book ")


def test_taking_says_where_from(funded: Shell, event: str) -> None:
    funded.say("pool", "create", event)
    quoted = funded.say("book", "quote", event, "buy", "YES", "4", "0.60")
    assert "4.00 YES; 4.00 of them with a pool" in quoted
    said = funded.say("book", "take", event, "buy", "YES", "4", "0.60")
    assert said.startswith("bought 4.00 YES for 2.019999 (price 0.505000, fee ")
    assert said.endswith("; 4.00 of them with a pool\n")
    said = funded.say("book", "take", event, "buy", "YES", "4", "0.50")
    assert said == "nothing was there to trade with at this price\n"
    line = funded.fail(1, ["book", "take", event, "sell", "YES", "2", "0.10", "--as-tokens"])
    assert "the wallet holds no tokens of YES" in line
    assert funded.json("book", "take", event, "sell", "YES", "4", "0.10")["pool_shares"] == "4.00"


def test_a_book_is_watched(funded: Shell, event: str) -> None:
    funded.say("book", "place", event, "sell", "YES", "10", "0.60")
    watched = funded.say("book", "watch", event, "--updates", "1")
    assert watched == "YES: bid none, ask 10.00 at 0.6000\n"
    assert funded.json("book", "watch", event, "NO", "--updates", "1")["bids"][0]["price"] == "0.4000"


def test_fills_are_listed(funded: Shell, event: str, tmp_path: Path) -> None:
    assert funded.json("book", "fills", event) == {"fills": [], "before": None}
    funded.say("book", "place", event, "sell", "YES", "10", "0.60")
    taker = Shell(funded.url, tmp_path / "taker.json", funded.capsys)
    for arguments in (["airdrop"], ["account", "open"], ["deposit", "50"]):
        taker.run(*arguments)
    for _ in range(2):
        taker.say("book", "place", event, "buy", "YES", "1.25", "0.60", "--kind", "ioc")
    shown = funded.say("book", "fills", event, "--limit", "1")
    assert "maker" not in shown
    before = shown.rsplit("older ones: --before ", 1)[1].strip()
    assert len(funded.json("book", "fills", event, "--before", before)["fills"]) == 1
    mine = funded.say("book", "fills", event, "--mine")
    assert "maker" in mine
    assert mine == taker.say("book", "fills", event, "--owner", _address(funded))
    (newest, _) = taker.json("book", "fills", event, "NO", "--mine")["fills"]
    assert (newest["role"], newest["taker_side"], newest["price"]) == ("taker", "sell", "0.4000")


def _address(shell: Shell) -> str:
    return str(shell.json("wallet", "show")["address"])


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["place", "EVENT", "hold", "YES", "1", "0.5"], 2, "hold"),
        (["place", "EVENT", "buy", "YES", "1", "1.5"], 2, "price"),
        (["place", "EVENT", "buy", "YES", "1", "1"], 2, "use a price from 0.0001 to 0.9999"),
        (["place", "EVENT", "buy", "MAYBE", "1", "0.5"], 2, "use one of YES, NO"),
        (["place", "EVENT", "buy", "YES", "1", "0.5", "--expires", "soon"], 2, "--expires"),
        (["place", "EVENT", "buy", "YES", "1", "0.5", "--kind", "fok"], 1, "cannot fill"),
        (["place", "EVENT", "buy", "YES", "1", "0.5", "--builder", SOMEBODY], 2, "--builder-fee-bps"),
        (["take", "EVENT", "buy", "YES", "1", "0.5", "--builder-fee-bps", "5"], 2, "give --builder and"),
        (
            ["take", "EVENT", "buy", "YES", "1", "0.5", "--builder", "x", "--builder-fee-bps", "5"],
            2,
            "builder",
        ),
        (["take", "EVENT", "buy", "YES", "1", "0.5", "--whole"], 1, "cannot fill"),
        (["take", "EVENT", "buy", "YES", "1", "0"], 2, "use a price from 0.0001 to 0.9999"),
        (["take", "EVENT", "buy", "YES", "1", "0.5", "--pool", "x", "--book-only"], 2, "give one of the two"),
        (["cancel", "EVENT"], 2, "give ORDER or --all"),
        (["fills", "EVENT", "--before", "x"], 2, "is no signature"),
        (["fills", "EVENT", "--mine", "--owner", "11111111111111111111111111111111"], 2, "leave out --owner"),
        (["sweep", "EVENT"], 1, "has expired"),
        (["draw", "EVENT"], 1, "no seat"),
        (["show", "nowhere"], 2, "nowhere"),
    ],
)
def test_wrong_usage(funded: Shell, event: str, arguments: list[str], code: int, text: str) -> None:
    line = funded.fail(code, ["book", *(event if each == "EVENT" else each for each in arguments)])
    assert text in line
