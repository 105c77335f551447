"""What the lists show, and how they are narrowed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from .conftest import Shell


@pytest.fixture
def market(funded: Shell) -> dict[str, str]:
    """A feed, a record over it, an event that the record settles, and one that it does not."""
    names = {kind: f"{kind}-{uuid4().hex[:12]}" for kind in ("feed", "by-record", "by-key")}
    funded.say("feed", "create", names["feed"])
    asked = ["--statistic", "touch_up", "--barrier", "0.65", "--end", "2d"]
    names["record"] = funded.json("record", "create", names["feed"], *asked)["address"]
    funded.say("event", "create", names["by-record"], "--record", names["record"])
    funded.say("event", "create", names["by-key"], "--outcomes", "home,away")
    return names


def test_events(funded: Shell, market: dict[str, str]) -> None:
    listed = funded.say("event", "list")
    (row,) = [line for line in listed.splitlines() if market["by-record"] in line]
    assert market["record"] in row
    narrowed = funded.json("event", "list", "--feed", market["feed"])
    assert [view["name"] for view in narrowed] == [market["by-record"]]
    funded.say("event", "resolve", market["by-key"], "home")
    resolved = funded.say("event", "list", "--status", "resolved")
    (row,) = [line for line in resolved.splitlines() if market["by-key"] in line]
    assert "home pays 1, away pays 0" in row
    assert market["by-record"] not in resolved


def test_records(funded: Shell, market: dict[str, str]) -> None:
    options = ["--feed", market["feed"], "--status"]
    (view,) = funded.json("record", "list", *options, "open")
    assert view["address"] == market["record"]
    assert funded.json("record", "list", *options, "decided") == []
    (row,) = [line for line in funded.say("record", "list").splitlines() if market["record"] in line]
    assert market["feed"] in row
    assert "none is named 'no-such-feed'" in funded.fail(2, ["record", "list", "--feed", "no-such-feed"])
    assert "none is named 'no-such-feed'" in funded.fail(2, ["event", "list", "--feed", "no-such-feed"])


def test_tokens_of_the_wallet(funded: Shell, market: dict[str, str]) -> None:
    event = market["by-key"]
    assert event not in funded.say("wallet")
    funded.say("mint-set", event, "5")
    funded.say("tokenize", event, "away", "3")
    for command in (["account"], ["wallet"]):
        rows = [line.split() for line in funded.say(*command).splitlines()]
        assert [event, "away", "3.00", "open"] in rows
    wallet = funded.json("account")["wallet"]
    assert wallet == funded.json("wallet")["holds"]
    assert [view["shares"] for view in wallet["tokens"]] == ["3.00"]
    assert wallet["collateral"] == "900.000000"


def test_a_wallet_without_a_network(shell: Shell) -> None:
    created = shell.json("wallet", "create")
    code, out, err = shell.run("wallet", url="http://127.0.0.1:1")
    assert code == 0
    assert created["address"] in out
    assert err.startswith("what it holds is not known: no Solana RPC at http://127.0.0.1:1")


def test_prices(funded: Shell, market: dict[str, str]) -> None:
    event = market["by-key"]
    funded.say("pool", "create", event, "--liquidity", "20")
    assert funded.json("event", "show", event)["prices"] == ["0.5001", "0.5001"]
    assert "0.5001, 0.5001" in funded.say("pool", "list", event)
    rows = [line.split() for line in funded.say("event", "show", event).splitlines()]
    assert ["home", "0.5001", "—", "0.00"] in rows
    funded.say("wallet", "create", "--keypair", f"{funded.keypair}.poor")
    code, out, err = funded.run("pool", "list", event, "--keypair", f"{funded.keypair}.poor")
    assert (code, "lmsr" in out, err) == (0, True, "no prices: The wallet that pays the fee holds no SOL\n")
    funded.say("event", "lock", event)
    assert funded.json("event", "show", event)["prices"] is None
