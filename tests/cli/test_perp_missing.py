"""What of an order of a perpetual neither trades nor rests is said, with why and what helps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .test_perp_story import admin, feed, maker, perp

if TYPE_CHECKING:
    from .conftest import Shell

__all__ = ["admin", "feed", "maker", "perp"]  # fixtures


def test_an_order_that_trades_nothing_fails_and_says_why(funded: Shell, maker: Shell, perp: str) -> None:
    line = funded.fail(1, ["perp", "long", perp, "5"])
    assert line == (
        "error: nothing traded, and nothing rests: nobody asks — let one wait:"
        f" `secant perp order {perp} buy SIZE PRICE`"
    )
    maker.say("perp", "order", perp, "sell", "20", "1.0200")
    line = funded.fail(1, ["perp", "long", perp, "5"])
    assert "the best of who asks is 1.0200, and the order pays at most 1.0100" in line
    assert "allow more slippage, 0.0200 at least, or give a price of 1.0200" in line
    assert "give a price of 1.0200" in funded.fail(
        1, ["perp", "order", perp, "buy", "5", "1", "--kind", "ioc"]
    )
    code, out, err = funded.run("perp", "long", perp, "5", "--json")
    assert (code, out) == (1, "")
    said = json.loads(err)
    assert said["error"] == "SecantError"
    assert "the order pays at most 1.0100" in said["message"]
    assert "allow more slippage" in said["remedy"]
    # What takes part of it says what is missing.
    said = funded.say("perp", "long", perp, "50", "1.03")
    assert said.startswith("bought 20.00 at 1.0200 ")
    assert f"30.00 did not trade: nobody asks any more — let one wait: `secant perp order {perp} buy" in said
    maker.say("perp", "order", perp, "sell", "5", "1.0200")
    part = funded.json("perp", "long", perp, "50", "1.03")
    assert (part["filled"], part["missing"], part["why"]) == ("5.00", "45.00", "nobody asks any more")
    assert "45.00: nobody" not in funded.say("perp", "quote", perp, "sell", "1")
    assert "1.00: nobody bids" in funded.say("perp", "quote", perp, "sell", "1")


def test_a_quote_needs_no_collateral(shell: Shell, maker: Shell, perp: str) -> None:
    maker.say("perp", "order", perp, "sell", "20", "1.0000")
    maker.say("perp", "order", perp, "sell", "20", "1.0020")
    shell.run("airdrop")
    for has_account in (False, True):
        if has_account:
            shell.say("account", "open")
            assert shell.say("perp", "orders") == "no orders\n"
        said = shell.say("perp", "quote", perp, "buy", "30")
        for text in ("30.00", "1.0007", "30.020000", "0.013509"):
            assert f"  {text}  " in said
        assert ("more is needed" if has_account else "`secant account open`") in said
        order = shell.json("perp", "quote", perp, "buy", "50", "1.001")["order"]
        assert (order["filled"], order["value"]) == ("20.00", "20.000000")
        assert "not a multiple" in shell.fail(2, ["perp", "quote", perp, "buy", "0.001"])


def test_a_limit_beyond_the_band_fails_as_a_post_does(funded: Shell, perp: str) -> None:
    line = funded.fail(1, ["perp", "order", perp, "buy", "1", "1.0600"])
    for words in (
        "no order rests so far beyond the mark of 1.0000",
        "bid at most 1.0500, ask at least 0.9500",
    ):
        assert words in line
        assert words in funded.fail(1, ["perp", "order", perp, "buy", "1", "1.0600", "--kind", "post-only"])


def test_closing_says_what_keeps_a_position_open(funded: Shell, maker: Shell, perp: str) -> None:
    maker.say("perp", "order", perp, "sell", "20", "1.0000")
    maker.say("perp", "order", perp, "buy", "20", "0.9700")
    funded.say("perp", "long", perp, "20")
    line = funded.fail(1, ["perp", "close", perp])
    assert "the best of who bids is 0.9700, and the order takes at least 0.9900" in line
    assert "allow more slippage, 0.0300 at least, or give a price of 0.9700" in line
    funded.say("perp", "order", perp, "sell", "5", "1.0400", "--reduce-only", "--client-id", "77")
    listed = funded.say("perp", "orders")
    assert "client id" in listed
    row = next(line for line in listed.splitlines() if "77" in line)
    assert perp in row
    said = funded.say("perp", "close", perp, "--slippage", "0.03")
    assert said.startswith("sold 15.00 at 0.9700 ")
    assert (
        "5.00 did not trade: 5.00 is left to your own open orders that reduce it —"
        f" `secant perp cancel {perp} --all`, then once more" in said
    )
    line = funded.fail(1, ["perp", "close", perp])
    assert "your own open orders already sell 5.00, and the position is 5.00" in line
    assert f"`secant perp cancel {perp} --all`, then once more" in line
    line = funded.fail(1, ["perp", "cancel", perp, "12345"])
    assert "none of these orders of the account rests" in line
    assert funded.say("perp", "cancel", perp, "--all") == "cancelled 1 order\n"
    assert "no order of the account rests" in funded.fail(1, ["perp", "cancel", perp, "--all"])
    assert funded.say("perp", "close", perp, "--price", "0.9600").startswith("sold 5.00 at 0.9700 ")
