"""Perpetuals from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from .conftest import Shell

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def admin(shell: Shell, tmp_path: Path) -> Shell:
    """The exchange's admin, who also publishes prices."""
    own = Shell(shell.url, tmp_path / "admin.json", shell.capsys)
    own.say("wallet", "create", "--faucet")
    return own


@pytest.fixture
def feed(admin: Shell) -> str:
    name = f"px-{uuid4().hex[:12]}"
    admin.say("feed", "create", name, "--max-spread", "10")
    admin.say("feed", "publish", name, "1.0000")
    return name


def publish(admin: Shell, feed: str, price: str) -> None:
    """A reading of a later second than the last one's, which comes as the localnet's clock runs."""
    for _ in range(100):
        code, _, error = admin.run("feed", "publish", feed, price)
        if code == 0:
            return
        assert "clock run" in error
    raise AssertionError(error)


@pytest.fixture
def perp(admin: Shell, feed: str) -> str:
    name = f"P{uuid4().hex[:8]}"
    said = admin.say("perp", "create", name, feed)
    assert said.startswith(f"created perpetual {name} at ")
    return name


@pytest.fixture
def maker(shell: Shell, tmp_path: Path) -> Shell:
    """Another wallet with an account that holds 100."""
    other = Shell(shell.url, tmp_path / "maker.json", shell.capsys)
    for arguments in (["airdrop"], ["account", "open"], ["deposit", "100"]):
        other.run(*arguments)
    return other


def test_a_position_is_opened_watched_and_closed(
    funded: Shell, maker: Shell, admin: Shell, feed: str, perp: str
) -> None:
    shown = funded.say("perp", "show", perp)
    assert "0.0001 and 0.01" in shown
    assert "from 0.9500 to 1.0500 by the mark now" in shown
    row = next(line for line in funded.say("perp", "list").splitlines() if perp in line)
    assert "10x" in row
    assert "good" in row
    said = maker.say("perp", "order", perp, "sell", "200", "1.0010", "--client-id", "7")
    assert said.startswith("200.00 rest at 1.0010 as order ")
    book = funded.say("perp", "book", perp)
    assert "200.200000" in book
    quoted = funded.say("perp", "quote", perp, "buy", "100")
    assert "0x now, 1x after" in quoted
    said = funded.say("perp", "long", perp, "100")
    assert said.startswith("bought 100.00 at 1.0010 (value 100.100000, fee 0.045045)\nnow long 100.00 worth")
    assert "break-even 1.00145045" in said
    assert "leverage 1x in all" in said
    position = funded.json("perp", "position")[0]
    assert (position["side"], position["size"]) == ("long", "100.00")
    health = funded.say("perp", "health")
    assert "(liquidated above 100%)" in health
    assert f"{position['liquidation_price']}" in health
    assert "short" in maker.say("perp", "position")
    assert "drawn: short 100.00 worth" in maker.say("perp", "draw", perp)
    clusters = funded.say("perp", "clusters", perp)
    assert "1 long, 1 short (long/short 1)" in clusters
    assert "100.00 either way; a long holds 100.00 on average, a short 100.00" in clusters
    assert "█" in clusters
    assert "0.0000% a day" in funded.say("perp", "funding", perp, "--update")
    assert funded.say("perp", "liquidate", perp) == "no account can be liquidated\n"
    # A perpetual keeps what it needs.
    line = funded.fail(1, ["withdraw", "95"])
    assert "is free beside the" in line
    assert "that its perpetuals need" in line
    assert funded.say("withdraw", "50") == "withdrew 50.000000\n"
    assert f"close it: `secant perp close {perp}`" in funded.fail(1, ["account", "close"])
    assert f"perpetuals  {perp} (`secant perp health`)" in funded.say("account")

    publish(admin, feed, "0.9900")
    (order,) = maker.json("perp", "orders", perp)
    assert (order["side"], order["size"], order["client_id"]) == ("sell", "100.00", 7)
    assert maker.say("perp", "cancel", perp, str(order["id"])) == "cancelled 1 order\n"
    maker.say("perp", "order", perp, "buy", "100", "0.9900")
    said = funded.say("perp", "close", perp)
    assert said.startswith("sold 100.00 at 0.9900 ")
    sold, bought = funded.json("perp", "fills", perp, "--mine")["fills"]
    assert (sold["taker_side"], sold["size"], sold["role"]) == ("sell", "100.00", "taker")
    assert (bought["price"], bought["value"], bought["fee"]) == ("1.0010", "100.100000", "0.045045")
    rebates = [each["rebate"] for each in maker.json("perp", "fills", perp, "--mine")["fills"]]
    assert rebates == ["0.004950", "0.005005"]
    assert "taker" in funded.say("perp", "fills", perp)
    assert "now flat, -1.189" in said
    assert funded.say("perp", "settle", perp).startswith("paid 1.189")
    assert funded.say("perp", "collect-fees", perp).startswith("moved fees of 0.0")
    assert funded.say("perp", "position") == "no positions in perpetuals\n"
    assert maker.say("perp", "settle", perp).startswith("received 1.1")
    assert maker.say("perp", "orders", perp) == "no orders\n"
    for shell in (funded, maker):
        shell.say("withdraw", "all")
        assert shell.say("account", "close").count("\n") == 1


def test_taking_over(funded: Shell, maker: Shell, admin: Shell, feed: str, perp: str, tmp_path: Path) -> None:
    maker.say("perp", "order", perp, "sell", "900", "1.0000")
    funded.say("perp", "long", perp, "900")
    account = funded.json("account")["address"]
    taker = Shell(funded.url, tmp_path / "taker.json", funded.capsys)
    for arguments in (["airdrop"], ["account", "open"], ["deposit", "500"]):
        taker.run(*arguments)
    line = taker.fail(1, ["perp", "liquidate", perp, account])
    assert "more than keeping its positions requires" in line
    publish(admin, feed, "0.9300")
    assert "anyone may take its positions over" in funded.say("perp", "health")
    listed = taker.say("perp", "liquidate", perp)
    assert account in listed
    assert f"long 900.00 {perp}" in listed
    assert "the account can still pay" in taker.fail(1, ["perp", "liquidate", perp, account, "--resolve"])
    said = taker.say("perp", "liquidate", perp, account, "10")
    assert said.startswith("took over long 10.00 at 0.9300, reward 0.0")
    taken = taker.json("perp", "liquidate", perp, account)
    assert taken["side"] == "long"
    assert taker.say("perp", "liquidate", perp) == "no account can be liquidated\n"
    publish(admin, feed, "0.8100")
    assert "--resolve" in taker.fail(1, ["perp", "liquidate", perp, account])
    said = taker.say("perp", "liquidate", perp, account, "--resolve")
    assert " was missing, of which the other side bore " in said
    kinds = [past["kind"] for past in funded.json("perp", "history")["past"]]
    assert kinds == ["bankrupt", "liquidated", "liquidated", "bought"]
    assert "short of" in funded.say("perp", "history")
    assert "nothing happened" in admin.say("perp", "history")


def test_keeping_a_market(funded: Shell, admin: Shell, perp: str) -> None:
    assert funded.say("perp", "insure", perp, "5") == f"gave 5.000000 to the insurance of {perp}\n"
    assert funded.json("perp", "show", perp)["insurance"] == "5.000000"
    assert admin.say("perp", "pause", perp, "all") == "paused: open, liquidate, profits\n"
    line = funded.fail(1, ["perp", "long", perp, "1"])
    assert f"`secant perp show {perp}` says what is paused" in line
    assert admin.say("perp", "unpause", perp, "liquidate", "open") == "paused: profits\n"
    assert admin.say("perp", "unpause", perp, "all") == "paused: nothing\n"
    assert "sign with the key of" in funded.fail(1, ["perp", "pause", perp, "open"])
    assert funded.say("perp", "expand", perp, "--seats", "1").startswith("made room for 1 seat and 0 orders")
    assert "no fees that its pool could pay" in funded.fail(1, ["perp", "collect-fees", perp])
    assert "`secant account open --account-index 9`" in funded.fail(
        1, ["perp", "position", "--account-index", "9"]
    )
    who = admin.json("wallet")["address"]
    assert funded.say("perp", "delegate", who).startswith(f"{who} may trade")
    assert f" {who} may trade its perpetuals" in funded.say("account")
    owner = funded.json("wallet")["address"]
    assert " rest at 0.9900 " in admin.say("perp", "order", perp, "buy", "5", "0.99", "--owner", owner)
    assert admin.say("perp", "cancel", perp, "--all", "--owner", owner) == "cancelled 1 order\n"
    assert funded.say("perp", "delegate", "nobody").startswith("nobody may trade")


def test_triggers_and_the_end_of_a_market(
    funded: Shell, maker: Shell, admin: Shell, feed: str, perp: str
) -> None:
    maker.say("perp", "order", perp, "sell", "100", "1.0000")
    funded.say("perp", "long", perp, "100")
    said = funded.say("perp", "trigger", perp, "stop-loss", "0.9950", "--expires", "2h")
    assert said.startswith(f"stop-loss of {perp} waits at ")
    assert said.endswith(": sells 100.00 at most once the mark is 0.9950, up to 0.0200 from it\n")
    (view,) = funded.json("perp", "triggers", perp)
    assert (view["kind"], view["price"], view["is_reached"]) == ("stop-loss", "0.9950", False)
    line = maker.fail(1, ["perp", "execute-trigger", view["address"]])
    assert "the mark is 1.0000, the trigger 0.9950" in line
    publish(admin, feed, "0.9900")
    maker.say("perp", "order", perp, "buy", "100", "0.9890")
    assert maker.say("perp", "execute-trigger", view["address"]) == "sold 100.00 at 0.9890\n"
    assert funded.say("perp", "triggers") == "no trigger orders\n"
    maker.say("perp", "order", perp, "sell", "10", "0.9900")
    funded.say("perp", "long", perp, "10")
    address = funded.json("perp", "trigger", perp, "trailing-stop", "--trail", "0.05")["address"]
    assert "0.0500" in funded.say("perp", "triggers")
    assert funded.say("perp", "cancel-trigger", address) == f"cancelled trigger order {address}\n"
    assert "no address" in funded.fail(2, ["perp", "cancel-trigger", "nobody"])
    assert "give TRIGGER or --all" in funded.fail(2, ["perp", "cancel-trigger"])
    for price in ("0.9", "0.8"):
        funded.say("perp", "trigger", perp, "stop-loss", price)
    maker.say("perp", "order", perp, "buy", "10", "0.9900")
    said = funded.say("perp", "close", perp)
    assert funded.say("perp", "triggers").count("(void: its position is gone)") == 2
    assert f"2 trigger orders are void: `secant perp cancel-trigger --all {perp}` returns their rent" in said
    line = funded.fail(1, ["perp", "close", perp])
    assert f"2 trigger orders are void: `secant perp cancel-trigger --all {perp}`" in line
    assert funded.say("perp", "cancel-trigger", "--all", perp).count("cancelled trigger order") == 2
    assert "no trigger order" in funded.fail(1, ["perp", "cancel-trigger", "--all"])
    said = admin.say("perp", "end", perp, "3d")
    assert "in the hour before, positions only get smaller" in said
    assert ": open" in funded.say("perp", "show", perp)
    assert "closes at" in funded.fail(1, ["perp", "settle-market", perp])
    assert "none are proposed" in funded.fail(1, ["perp", "apply-rules", perp])
    assert "only the exchange's admin" in funded.fail(1, ["perp", "remove-insurance", perp, "1"])
    said = admin.say("perp", "propose-rules", perp, "--leverage", "5", "--taker-fee", "0.001")
    names = "tiers[0].initial_bps, tiers[0].maintenance_bps, taker_fee_ppm"
    assert said.startswith(f"proposed for {perp}: {names}; `secant perp apply-rules` from ")
    assert "taker_fee_ppm: 450 -> 1,000" in funded.say("perp", "show", perp)
    assert "may come into force from" in funded.fail(1, ["perp", "apply-rules", perp])
    other = Shell(funded.url, funded.keypair, funded.capsys)
    other.say("account", "open", "--account-index", "5")
    assert funded.say("transfer", "10", "5").startswith("moved 10.000000 to account ")
    most = funded.json("perp", "health")["withdrawable"]
    assert funded.say("transfer", "all", "5").startswith(f"moved {most} to account ")
    assert "nothing is free to move" in funded.fail(1, ["transfer", "all", "5"])


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["show", "nowhere"], 2, "none is named 'nowhere'"),
        (["long", "PERP", "0.001"], 2, "size '0.001' is not a multiple of 0.01 from 0.01 to 171,798,691.84"),
        (["order", "PERP", "buy", "1", "1.00001"], 2, "price '1.00001' is not a multiple of 0.0001"),
        (["order", "PERP", "hold", "1", "1"], 2, "hold"),
        (["order", "PERP", "buy", "1", "1", "--expires", "2020-01-01"], 2, "not in the future"),
        (["order", "PERP", "buy", "1", "1.2", "--kind", "post-only"], 1, "bid at most 1.0500"),
        (["long", "PERP", "1", "--slippage", "2"], 2, "a number from 0 to 1"),
        (["long", "PERP", "5000"], 1, "nobody asks"),
        (["order", "PERP", "buy", "5000", "1"], 1, "more is needed"),
        (["close", "PERP"], 1, "holds no position"),
        (["settle", "PERP"], 1, "`secant perp position` lists what it holds"),
        (["draw", "PERP"], 1, "`secant perp position` lists what it holds"),
        (["cancel", "PERP"], 2, "give ORDER or --all"),
        (["clusters", "PERP", "--bucket", "0"], 2, "wider than nothing"),
        (["liquidate", "PERP", "nobody"], 2, "is no address"),
        (["pause", "PERP", "all", "open"], 2, "leave out the others"),
        (["pause", "PERP", "trade"], 2, "open, liquidate, profits"),
        (["insure", "PERP", "0"], 2, "give more than 0"),
        (["create", "other", "no-such-feed"], 2, "none is named"),
        (["expand", "PERP"], 2, "nothing to add"),
        (["propose-rules", "PERP"], 2, "are that already"),
        (["propose-rules", "PERP", "--near", "0.06"], 1, "only the exchange's admin"),
    ],
)
def test_wrong_usage(funded: Shell, perp: str, arguments: list[str], code: int, text: str) -> None:
    given = ["perp", *(perp if each == "PERP" else each for each in arguments)]
    if code == 0:
        assert text in funded.say(*given)
    else:
        assert text in funded.fail(code, given)
