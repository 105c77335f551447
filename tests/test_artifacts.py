"""Sources, committed programs, IDL, lock and bindings belong together. Needs no compiler."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from secant_build import artifacts  # noqa: E402 - the scripts are no installed package
from secant_build.bindings.__main__ import generate  # noqa: E402
from secant_build.legacy_idl import legacy_idl  # noqa: E402
from secant_build.program_idl import json_text  # noqa: E402
from secant_build.project import Program, ScriptError, programs  # noqa: E402

PROGRAMS = [pytest.param(program, id=program.name) for program in programs()]


def test_artifacts_are_made_from_these_sources() -> None:
    assert artifacts.disagreements() == []


def test_lock_names_the_tools() -> None:
    tools = artifacts.read_lock()["tools"]
    assert {"anchor-lang", "cargo", "llvm", "rustc", "sbpf-linker"} <= tools.keys()


def test_bindings_are_current() -> None:
    generate(check=True)


@pytest.mark.parametrize("program", PROGRAMS)
def test_legacy_idl_is_current(program: Program) -> None:
    idl = json.loads(program.idl.read_text(encoding="utf-8"))
    assert program.legacy_idl.read_text(encoding="utf-8") == json_text(legacy_idl(idl))


@pytest.mark.parametrize("program", PROGRAMS)
def test_one_address_everywhere(program: Program) -> None:
    address = json.loads(program.idl.read_text(encoding="utf-8"))["address"]
    assert f'declare_id!("{address}")' in (program.crate_folder / "src" / "lib.rs").read_text(
        encoding="utf-8"
    )
    anchor = artifacts.read_toml(ROOT / "Anchor.toml")
    assert anchor["programs"]["localnet"][f"secant_{program.name}"] == address
    assert f"programs/{program.name}" in anchor["workspace"]["members"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_is_a_solana_elf(program: Program) -> None:
    elf = program.elf.read_bytes()
    assert elf[:5] == b"\x7fELF\x02"
    machine = int.from_bytes(elf[18:20], "little")
    assert machine in {0xF7, 0x107}
    assert int.from_bytes(elf[48:52], "little") == 3, "SBPF version"


def test_program_holds_no_path_of_the_machine_that_made_it() -> None:
    for program in programs():
        assert b"/.cargo/" not in program.elf.read_bytes()
        assert b"/home/" not in program.elf.read_bytes()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace of the same shape: exchange needs oracle and, for its target alone, libcalls."""
    for name, manifest in {
        "oracle": "[dependencies]\nserde = '1'\n",
        "exchange": (
            "[dependencies]\noracle.workspace = true\n"
            "[target.'cfg(target_arch = \"bpf\")'.dependencies]\nlibcalls = { path = '../libcalls' }\n"
            "[dev-dependencies]\nunrelated = { path = '../unrelated' }\n"
        ),
        "libcalls": "",
        "unrelated": "",
    }.items():
        crate = tmp_path / "programs" / name
        (crate / "src").mkdir(parents=True)
        (crate / "tests").mkdir()
        (crate / "Cargo.toml").write_text(manifest, encoding="utf-8")
        (crate / "src" / "lib.rs").write_text(f"// {name}\n", encoding="utf-8")
        (crate / "tests" / "test.rs").write_text("", encoding="utf-8")
    (tmp_path / "scripts" / "sbf").mkdir(parents=True)
    (tmp_path / "scripts" / "sbf" / "compile").write_text("", encoding="utf-8")
    workspace = "[workspace.dependencies]\noracle = { path = 'programs/oracle' }\n"
    (tmp_path / "Cargo.toml").write_text(workspace, encoding="utf-8")
    (tmp_path / "Cargo.lock").write_text("", encoding="utf-8")
    return tmp_path


def made(root: Path) -> Path:
    """Artifacts and a lock for the workspace."""
    lock = {"programs": {}, "tools": {}}
    for program in programs(root):
        for path in (program.elf, program.idl):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(program.name.encode())
        sources = artifacts.sources_sha256(program)
        lock["programs"][program.name] = {
            "elf": artifacts.locked_entry(program, program.elf.read_bytes(), sources),
            "idl": artifacts.locked_entry(program, program.idl.read_bytes(), sources),
        }
    artifacts.write_lock(lock, root)
    return root


def test_sources_are_those_that_are_compiled(root: Path) -> None:
    oracle, exchange = programs(root)
    assert [path.name for path in artifacts.crate_folders(exchange)] == ["exchange", "libcalls", "oracle"]
    assert [path.name for path in artifacts.crate_folders(oracle)] == ["oracle"]
    listed = [path.relative_to(root).as_posix() for path in artifacts.source_files(oracle)]
    assert listed == [
        "Cargo.lock",
        "Cargo.toml",
        "programs/oracle/Cargo.toml",
        "programs/oracle/src/lib.rs",
        "scripts/sbf/compile",
    ]


@pytest.mark.parametrize(
    ("changed", "affected"),
    [
        ("programs/oracle/src/lib.rs", {"oracle", "exchange"}),
        ("programs/exchange/src/lib.rs", {"exchange"}),
        ("programs/libcalls/src/lib.rs", {"exchange"}),
        ("programs/exchange/src/new.rs", {"exchange"}),
        ("Cargo.lock", {"oracle", "exchange"}),
        ("scripts/sbf/compile", {"oracle", "exchange"}),
        ("programs/oracle/tests/test.rs", set()),
        ("programs/unrelated/src/lib.rs", set()),
    ],
)
def test_a_change_of_the_sources_is_noticed(root: Path, changed: str, affected: set[str]) -> None:
    made(root)
    assert artifacts.disagreements(root) == []
    (root / changed).write_text("changed", encoding="utf-8")
    found = artifacts.disagreements(root)
    assert {line.partition(":")[0] for line in found} == {
        path for name in affected for path in (f"artifacts/{name}.so", f"idl/{name}.json")
    }
    assert all("made from other sources" in line for line in found)


def test_an_edit_during_the_build_is_noticed(root: Path) -> None:
    oracle = programs(root)[0]
    sources = artifacts.sources_sha256(oracle)
    (root / "programs/oracle/src/lib.rs").write_text("edited", encoding="utf-8")
    with pytest.raises(ScriptError, match="secant-oracle changed while they were compiled"):
        artifacts.locked_entry(oracle, b"elf", sources)


def test_a_file_moved_is_noticed(root: Path) -> None:
    oracle = programs(root)[0]
    before = artifacts.sources_sha256(oracle)
    shutil.move(root / "programs/oracle/src/lib.rs", root / "programs/oracle/src/main.rs")
    assert artifacts.sources_sha256(oracle) != before


def test_an_artifact_changed_or_missing_is_noticed(root: Path) -> None:
    made(root)
    oracle, exchange = programs(root)
    oracle.elf.write_bytes(b"other")
    exchange.idl.unlink()
    assert artifacts.disagreements(root) == [
        "artifacts/oracle.so: not the file that artifacts/lock.json describes: run scripts/build",
        "idl/exchange.json: missing, or not in artifacts/lock.json: run scripts/idl",
    ]


def test_a_lock_that_is_none_is_refused(root: Path) -> None:
    assert artifacts.read_lock(root) == {"programs": {}, "tools": {}}
    lock = made(root) / artifacts.LOCK_NAME
    lock.write_text("{}", encoding="utf-8")
    with pytest.raises(ScriptError, match="lacks its programs or its tools"):
        artifacts.read_lock(root)
    lock.write_text("{", encoding="utf-8")
    with pytest.raises(ScriptError, match="is not JSON"):
        artifacts.read_lock(root)


def test_requirements_name_no_registry() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
