"""LUNA, 9 and 10 May 2022, by a recorded oracle: 61.53 to 17.34, against a thousand leveraged accounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from .crash import INSURANCE_ATOMS, Crash, ticks

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
ACCOUNTS = 1_000


@pytest.fixture(scope="module")
def recording() -> Path:
    if not DATA.is_dir():
        pytest.skip(f"the recorded data is not at {DATA}")
    return DATA / "drift_luna_oracle" / "luna_oracle_2022-05-09_10.csv"


def test_nobody_is_bankrupt_whom_a_keeper_watches(recording: Path) -> None:
    """Every move of a fiftieth is answered at once: no insurance is needed, nobody bears anything."""
    first, *rest = ticks(recording, least_move=0.02, most_s=600)
    crash = Crash(first, ACCOUNTS // 4)
    for tick in rest:
        crash.play(tick)
    report = crash.report
    assert report.liquidations > ACCOUNTS // 4
    assert (report.bankruptcies, report.haircut_atoms, report.insurance_paid_atoms) == (0, 0, 0)
    assert crash.world.perp(crash.market).insurance_atoms > INSURANCE_ATOMS


def test_what_a_sleeping_keeper_leaves_is_borne_by_insurance_and_the_winners(recording: Path) -> None:
    """Woken every ten minutes, it finds bankrupts: their debts are paid to the atom, and none is left."""
    first, *rest = ticks(recording, least_move=1.0, most_s=600)
    crash = Crash(first, ACCOUNTS)
    for tick in rest:
        crash.play(tick)
    report, perp = crash.report, crash.world.perp(crash.market)
    assert report.liquidations > ACCOUNTS
    assert report.bankruptcies > 0
    assert report.insurance_paid_atoms > 0
    # What nobody's collateral covered is what insurance paid and the winners bore.
    assert report.shortfall_atoms == report.insurance_paid_atoms + report.haircut_atoms
    for held in crash.holdings.values():
        assert held.free_atoms + crash.claim(held, perp, perp.mark_ticks) >= 0
    assert report.units_max <= 8_000
    crash.recover()
    assert crash.world.perp(crash.market).haircut_open_atoms == 0
