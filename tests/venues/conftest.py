"""Recorded data and the local venue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from local_venue import LocalVenue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    if not DATA.is_dir():
        pytest.skip(f"the recorded data is not at {DATA}")
    return DATA


@pytest.fixture
async def venue() -> AsyncIterator[LocalVenue]:
    local = LocalVenue()
    await local.server.start_server()
    yield local
    await local.server.close()
