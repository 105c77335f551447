from __future__ import annotations

import pytest

from .scene import PerpScene


@pytest.fixture
def scene() -> PerpScene:
    """A fresh scene for one test."""
    return PerpScene()


@pytest.fixture
def arranged(request: pytest.FixtureRequest) -> PerpScene:
    """A fresh scene that the module has arranged so that its `call` would land."""
    scene = PerpScene()
    request.module.arrange(scene)
    return scene


@pytest.fixture(scope="module")
def standing(request: pytest.FixtureRequest) -> PerpScene:
    """As `arranged`, one for all the module's tests in which nothing lands."""
    scene = PerpScene()
    request.module.arrange(scene)
    return scene
