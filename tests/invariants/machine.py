"""The state machine's frame: a marketplace per example, and its end."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from faults import Fault, faults
from hypothesis.stateful import RuleBasedStateMachine, rule
from marketplace import Marketplace, Tally
from sizes import waits
from wind_down import wind_down

FAULT = faults()


class Machine(RuleBasedStateMachine):
    """Holds the marketplace; `tally` counts over all examples."""

    tally: ClassVar[Tally] = Tally(Counter(), Counter())

    def __init__(self) -> None:
        super().__init__()
        self.market = Marketplace(self.tally)
        self.world = self.market.world
        self.book = self.market.book

    @rule(seconds=waits)
    def wait(self, seconds: int) -> None:
        self.world.set_time(self.world.now + seconds)

    def teardown(self) -> None:
        if not self.market.broken:
            self.market.tally = Tally(Counter(), Counter())  # the end is not random
            wind_down(self.market)


__all__ = ["FAULT", "Fault", "Machine"]
