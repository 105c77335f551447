from __future__ import annotations

import pytest

from .scene import Scene


@pytest.fixture
def scene() -> Scene:
    """A fresh scene for one test."""
    return Scene()


@pytest.fixture
def arranged(request: pytest.FixtureRequest) -> Scene:
    """A fresh scene that the module has arranged so that its `call` would land."""
    scene = Scene()
    request.module.arrange(scene)
    return scene


@pytest.fixture(scope="module")
def standing(request: pytest.FixtureRequest) -> Scene:
    """As `arranged`, one for all the module's tests in which nothing lands."""
    scene = Scene()
    request.module.arrange(scene)
    return scene
