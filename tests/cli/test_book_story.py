"""Order books from the command line."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from secant.chain import Chain

from .conftest import Shell, start_localnet, stop_localnet

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
    order = int(said.removeprefix("10.00 YES rest at 0.6000 as order "))
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
    quoted = funded.say("book", "quote", event, "buy", "YES", "1", "0.55")
    assert " (sell YES at 0.5500) would be cancelled" in quoted
    assert f"holds orders of {event} — `secant book cancel {event} --all`" in funded.fail(
        1, ["account", "close"]
    )
    # Its own orders are not traded with: they make way.
    said = funded.say("book", "place", event, "buy", "YES", "1", "0.55", "--kind", "ioc")
    assert said.startswith("nothing was there to trade with; nothing rests; own order ")
    assert said.endswith(" (sell YES at 0.5500) was cancelled\n")
    said = funded.say("book", "take", event, "buy", "YES", "1", "0.60", "--self-trade", "decrement")
    assert said.endswith(" (sell YES at 0.6000) was cut by 1.00, with 9.00 left\n")
    assert funded.say("book", "cancel", event, str(order)) == "cancelled 1 order\n"
    assert funded.say("book", "cancel", event, "--all") == "cancelled 0 orders\n"
    assert funded.say("book", "close", event).startswith("closed book ")


def test_taking_says_where_from(funded: Shell, event: str) -> None:
    funded.say("pool", "create", event)
    quoted = funded.say("book", "quote", event, "buy", "YES", "4", "0.60")
    assert "4.00 YES; 4.00 of them with a pool" in quoted
    said = funded.say("book", "take", event, "buy", "YES", "4", "0.60")
    assert said.startswith("bought 4.00 YES for 2.039997 (price 0.505000, fee 0.019998)")
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
    assert funded.json("book", "fills", event) == {"fills": [], "before": None, "older": []}
    funded.say("book", "place", event, "sell", "YES", "10", "0.60")
    taker = _another(funded, tmp_path)
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


def test_what_lies_in_books_comes_home(funded: Shell, event: str, tmp_path: Path) -> None:
    assert funded.say("book", "orders", event) == "no orders\n"
    assert funded.say("book", "fills", event) == "no fills\n"
    funded.say("book", "place", event, "sell", "YES", "10", "0.50")
    rich = _another(funded, tmp_path)
    rich.say("book", "take", event, "buy", "YES", "10", "0.50")
    shown = funded.say("account")
    assert f"not drawn yet: -10.00 YES, +5.012500 (`secant book draw {event}`)" in shown
    (position,) = funded.json("account")["positions"]
    assert (position["undrawn_shares"], position["undrawn_cash"]) == (["-10.00", "0.00"], "5.012500")
    assert funded.say("book", "draw", event) == "drew -10.00 YES, +5.012500 cash into the account\n"
    assert "not drawn yet" not in funded.say("account")
    assert "volume" not in funded.say("account")
    assert "2.500000: pays 100% of fees" in rich.say("account")
    funded.say("book", "place", event, "buy", "YES", "10", "0.50")
    rich.say("book", "place", event, "sell", "YES", "4", "0.50")
    rich.say("book", "place", event, "sell", "NO", "1", "0.90")
    funded.say("event", "resolve", event, "NO")
    assert funded.say("redeem", event) == "redeemed 0.000000; -1.995000 came from its books\n"
    assert rich.say("redeem", event) == "redeemed 0.000000\n"
    assert funded.say("book", "close", event).startswith("closed book ")
    for shell in (funded, rich):
        shell.say("withdraw", "all")
        assert shell.say("account", "close").startswith("closed account ")


def test_expired_orders_are_shown_swept_and_drawn(shell: Shell, tmp_path: Path) -> None:
    """On a network of its own, whose clock goes on at a command."""
    process, said = start_localnet()
    try:
        own = Shell(said["url"], tmp_path / "own.json", shell.capsys)
        for arguments in (["airdrop"], ["account", "open"], ["deposit", "100"], ["event", "create", "e"]):
            own.run(*arguments)
        own.say("book", "create", "e")
        for price in ("0.10", "0.20"):
            own.say("book", "place", "e", "buy", "YES", "10", price, "--expires", "20s")
        asyncio.run(_go_on(said["url"]))
        listed = own.say("book", "orders", "e")
        assert listed.count(" expired ") == 2
        assert "expired orders reserve collateral until they are cancelled: `secant book cancel e" in listed
        order = own.json("book", "orders", "e")[0]
        assert order["is_expired"] is True
        assert own.say("book", "cancel", "e", str(order["id"])) == "cancelled 1 order\n"
        assert "less 2.000000 that open orders may cost" in own.say("account")
        assert own.say("book", "sweep", "e").startswith("swept 1 order; what they reserved comes free once")
        assert "orders of e are gone, and what they reserved is not free yet" in own.say("account")
        assert own.say("book", "draw", "e").startswith("drew no fills")
        assert "that open orders may cost" not in own.say("account")
    finally:
        stop_localnet(process)


async def _go_on(url: str, seconds: int = 30) -> None:
    async with Chain(url) as chain:
        await chain.call("localnet_setClock", {"unixTimestamp": await chain.clock_time() + seconds})


def test_several_books_are_one_list(funded: Shell, tmp_path: Path) -> None:
    name = f"sky-{uuid4().hex[:12]}"
    funded.say("event", "create", name, "--outcomes", "SUN,RAIN,SNOW")
    assert "no books" in funded.say("book", "list", name)
    for outcome in ("SUN", "SNOW"):
        funded.say("book", "create", name, outcome)
        funded.say("book", "place", name, "sell", outcome, "10", "0.60")
    funded.say("book", "place", name, "buy", "SUN", "5", "0.50")
    taker = _another(funded, tmp_path)
    for outcome in ("SUN", "SNOW", "SUN"):
        taker.say("book", "take", name, "buy", outcome, "1", "0.60")
    listed = [line.split() for line in funded.say("book", "fills", name, "--mine").splitlines()]
    assert {row[3] for row in listed if "maker" in row} == {"SUN", "SNOW"}
    page = funded.json("book", "fills", name, "--limit", "2")
    assert (len(page["fills"]), page["before"]) == (2, None)
    assert page["older"]
    assert "older ones: name the outcome" in funded.say("book", "fills", name, "--limit", "2")
    assert len(funded.json("book", "fills", name, "SUN")["fills"]) == 2
    signature = page["fills"][0]["signature"]
    assert "name the OUTCOME with --before" in funded.fail(2, ["book", "fills", name, "--before", signature])
    rows = [line.split()[1:] for line in funded.say("book", "list", name).splitlines()]
    assert ["SUN", "0.5000", "5.00", "0.6000", "8.00", "200", "0.01"] in rows
    shown = [line.split() for line in funded.say("event", "show", name).splitlines()]
    assert ["SUN", "0.5500", "—", "0.00"] in shown
    assert [view["outcome"] for view in funded.json("event", "show", name)["books"]] == ["SUN", "SNOW"]


def test_room_costs_what_is_said(funded: Shell, event: str) -> None:
    before = Decimal(funded.json("wallet")["holds"]["sol"])
    said = funded.say("book", "expand", event, "--seats", "1", "--orders", "2")
    assert said.startswith("made room for 1 seat and 2 orders for 0.001392000 SOL, which goes to the book's")
    spent = before - Decimal(funded.json("wallet")["holds"]["sol"])
    assert spent == Decimal("0.001392000") + Decimal("0.000005")


def test_tokens_are_all_redeemed(funded: Shell, event: str) -> None:
    funded.say("book", "place", event, "sell", "YES", "4", "0.60")
    line = funded.fail(1, ["redeem-tokens", event, "YES", "all"])
    assert "the wallet holds none of YES" in line
    funded.say("mint-set", event, "4")
    funded.say("tokenize", event, "YES", "3")
    funded.say("book", "place", event, "buy", "YES", "10", "0.20")
    assert "you hold 3.00 tokens of YES" in funded.fail(
        1, ["book", "take", event, "sell", "YES", "4", "0.10", "--as-tokens"]
    )
    funded.say("event", "resolve", event, "YES")
    assert funded.say("redeem-tokens", event, "YES", "All").startswith("redeemed 3.00 tokens of YES for 3.0")


def _another(shell: Shell, tmp_path: Path) -> Shell:
    """Another wallet with an account that holds 50."""
    other = Shell(shell.url, tmp_path / "another.json", shell.capsys)
    for arguments in (["airdrop"], ["account", "open"], ["deposit", "50"]):
        other.run(*arguments)
    return other


def _address(shell: Shell) -> str:
    return str(shell.json("wallet", "show")["address"])


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["place", "EVENT", "hold", "YES", "1", "0.5"], 2, "hold"),
        (["place", "EVENT", "buy", "YES", "1", "1.5"], 2, "price"),
        (["place", "EVENT", "BUY", "YES", "1", "1"], 2, "not a number from 0.0001 to 0.9999"),
        (["place", "EVENT", "buy", "MAYBE", "1", "0.5"], 2, "use one of YES, NO"),
        (["place", "EVENT", "buy", "YES", "1", "0.5", "--expires", "soon"], 2, "--expires"),
        (
            ["place", "EVENT", "buy", "YES", "1", "0.5", "--kind", "fok"],
            1,
            "`secant book quote` says how much",
        ),
        (["place", "EVENT", "buy", "YES", "1", "0.5", "--builder", SOMEBODY], 2, "--builder-fee-bps"),
        (["take", "EVENT", "buy", "YES", "1", "0.5", "--builder-fee-bps", "5"], 2, "give --builder and"),
        (
            ["take", "EVENT", "buy", "YES", "1", "0.5", "--builder", "x", "--builder-fee-bps", "5"],
            2,
            "builder",
        ),
        (["take", "EVENT", "buy", "YES", "1", "0.5", "--whole"], 1, "cannot fill"),
        (["take", "EVENT", "Buy", "YES", "1", "0"], 2, "not a number from 0.0001 to 0.9999"),
        (
            ["take", "EVENT", "buy", "YES", "1", "0.5", "--pool", "x", "--book-only"],
            2,
            "--pool 'x' is no address",
        ),
        (["take", "EVENT", "buy", "YES", "1", "0.5", "--pool", SOMEBODY], 2, "is no pool of event"),
        (["quote", "EVENT", "buy", "YES", "1", "0.5", "--pool", "x"], 2, "--pool 'x' is no address"),
        (["place", "EVENT", "buy", "YES", "1", "0.5", "--expires", "2020-01-01"], 2, "not in the future"),
        (["place", "EVENT", "buy", "YES", "5000000000.01", "0.5"], 2, "use at most 5,000,000,000.00"),
        (
            ["take", "EVENT", "buy", "YES", "1", "0.5", "--as-tokens", "--reduce-only"],
            2,
            "no position to reduce",
        ),
        (
            ["place", "EVENT", "sell", "YES", "1", "0.5", "--reduce-only"],
            1,
            "`secant account` lists what you hold",
        ),
        (["expand", "EVENT"], 2, "nothing to add"),
        (["expand", "EVENT", "--orders", "2048"], 2, "room for 0 to 1,984 more"),
        (["fills", "EVENT", "MAYBE"], 2, "use one of YES, NO"),
        (["cancel", "EVENT"], 2, "give ORDER or --all"),
        (["fills", "EVENT", "--before", "x"], 2, "is no signature"),
        (["fills", "EVENT", "--mine", "--owner", "11111111111111111111111111111111"], 2, "leave out --owner"),
        (["sweep", "EVENT"], 1, "there is nothing to sweep"),
        (["draw", "EVENT"], 1, "no seat"),
        (["show", "nowhere"], 2, "nowhere"),
    ],
)
def test_wrong_usage(funded: Shell, event: str, arguments: list[str], code: int, text: str) -> None:
    line = funded.fail(code, ["book", *(event if each == "EVENT" else each for each in arguments)])
    assert text in line
