"""Whatever rules the program refuses, it is said what of them does not fit, and of those it takes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from perp_world import RULES
from perps.scene import BOUNDED
from perps.test_create_perp import INVALID
from secant.client.perp_unfit import unfit_rules

if TYPE_CHECKING:
    from secant import exchange

_UNKNOWN = "a number is outside of its range"


@pytest.mark.parametrize("title", INVALID)
def test_what_the_program_refuses_is_named(title: str) -> None:
    assert _UNKNOWN not in unfit_rules(replace(RULES, **INVALID[title]))[0]


@pytest.mark.parametrize("changes", [{}, BOUNDED])
def test_nothing_is_said_of_sound_rules(changes: dict[str, Any]) -> None:
    rules: exchange.PerpRules = replace(RULES, **changes)
    assert unfit_rules(rules)[0].endswith(_UNKNOWN)
