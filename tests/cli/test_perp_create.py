"""Creating perpetuals from the command line: what a probability needs, and what does not fit together."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from .test_perp_story import admin, feed

if TYPE_CHECKING:
    from .conftest import Shell

__all__ = ["admin", "feed"]  # fixtures


@pytest.fixture
def chance(admin: Shell) -> str:
    """A feed of a probability."""
    name = f"fed-{uuid4().hex[:12]}"
    admin.say("feed", "create", name)
    admin.say("feed", "publish", name, "0.64", "0.66")
    return name


def test_a_probability_has_a_face(admin: Shell, chance: str) -> None:
    name = f"F{uuid4().hex[:8]}"
    line = admin.fail(2, ["perp", "create", name, chance])
    assert "says 0.650000, as a probability does — add `--face 1` and `--closes`" in line
    face = ["perp", "create", name, chance, "--face", "1"]
    assert "give --closes" in admin.fail(2, face)
    assert "leave out --leverage" in admin.fail(2, [*face, "--closes", "30d", "--leverage", "5"])
    assert "leave out --face" in admin.fail(2, [*face, "--closes", "30d", "--unbounded"])
    assert "the face is no more" in admin.fail(1, [*face[:-1], "0.6", "--closes", "30d"])
    said = admin.say(*face, "--closes", "30d")
    assert f"once it is insured, by 1 % of their face: `secant perp insure {name} AMOUNT`" in said
    view = admin.json("perp", "show", name)
    assert (view["face"], view["tick_size"], view["limits"]["price_min"]) == ("1.0000", "0.0001", "0.6200")
    assert (view["tiers"][0]["initial"], view["tiers"][0]["maintenance"]) == ("1.0000", "0.9900")
    assert view["funding"]["max_day"] == "0.0153846154"  # a hundredth of the face, by an index of 0.65
    other = f"U{uuid4().hex[:8]}"
    admin.say("perp", "create", other, chance, "--unbounded")
    assert admin.json("perp", "show", other)["face"] is None


def test_rules_that_do_not_fit(admin: Shell, feed: str) -> None:
    create = ["perp", "create", f"R{uuid4().hex[:8]}", feed]
    line = admin.fail(2, [*create, "--near", "0.06", "--reward-max", "0.05"])
    assert "near 0.06 is more than the 0.05 that keeping requires" in line
    assert "greatest reward and insurance fee, 0.055, are more than the 0.05 that keeping requires" in line
    assert "`secant perp create --help` says what fits together" in line
    said = admin.run("perp", "create", "--help")[1]
    assert "What fits together" in said
    admin.say(*create, "--insurance-fee", "0.001", "--reward", "0.002", "--funding", "0.1", "--dust", "5",
              "--profits-hour", "7", "--size-premium", "9")  # fmt: skip
    shown = admin.json("perp", "show", create[2])
    assert shown["limits"]["profits_hour"] == "7.000000"
    assert shown["funding"]["max_day"] == "0.1000000000"


def test_a_reading_too_wide_for_its_feed(admin: Shell) -> None:
    name = f"btc-{uuid4().hex[:12]}"
    admin.say("feed", "create", name)
    assert "too wide" in admin.say("feed", "publish", name, "64000", "64010")
    line = admin.fail(1, ["perp", "create", "BTC", name])
    assert "is 10.000000 wide, and it allows 0.050000, which never changes" in line
    assert "create another feed with a wider `--max-spread`" in line
