"""The bindings of a small program that uses every part of an IDL, generated anew for the tests."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "scripts"))


@pytest.fixture(scope="session")
def probe_idl() -> dict[str, Any]:
    return json.loads((HERE / "probe.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def probe(probe_idl: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    from secant_build.bindings.module import render_module

    path = tmp_path_factory.mktemp("bindings") / "probe.py"
    path.write_text(render_module(probe_idl, "tests/bindings/probe.json"), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("secant.probe", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
