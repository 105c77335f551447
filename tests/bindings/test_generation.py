"""The generators themselves: what they refuse, and that they notice stale files."""

from __future__ import annotations

import copy
import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from secant_build.bindings.__main__ import generate
from secant_build.bindings.module import render_module
from secant_build.legacy_idl import camel_case, legacy_idl
from secant_build.limits import FUNCTION_LINES_MAX, problems
from secant_build.program_idl import assemble, json_text
from secant_build.project import ScriptError, programs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path, probe_idl: dict[str, Any]) -> Path:
    for program in programs(tmp_path):
        program.idl.parent.mkdir(exist_ok=True)
        program.idl.write_text(json.dumps(probe_idl), encoding="utf-8")
        program.bindings.parent.mkdir(parents=True, exist_ok=True)
    return tmp_path


def test_bindings_are_current_after_writing_and_stale_after_a_change(root: Path) -> None:
    with pytest.raises(ScriptError, match=r"client/secant/oracle\.py is stale: run scripts/bindings"):
        generate(root, check=True)
    generate(root, check=False)
    generate(root, check=True)
    module = programs(root)[1].bindings
    module.write_text(module.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(ScriptError, match=r"client/secant/exchange\.py is stale"):
        generate(root, check=True)


def test_checking_writes_nothing(root: Path) -> None:
    with pytest.raises(ScriptError):
        generate(root, check=True)
    assert not any(program.bindings.exists() for program in programs(root))


def test_missing_idl_is_named(root: Path) -> None:
    programs(root)[0].idl.unlink()
    with pytest.raises(ScriptError, match=r"idl/oracle\.json is missing: run scripts/idl"):
        generate(root, check=False)


def test_generating_twice_gives_the_same_module(probe_idl: dict[str, Any]) -> None:
    text = render_module(probe_idl, "probe.json")
    assert text == render_module(copy.deepcopy(probe_idl), "probe.json")
    assert text.startswith("# Generated from probe.json by scripts/bindings: do not edit.\n")


def add_float(idl: dict[str, Any]) -> None:
    idl["instructions"][0]["args"].append({"name": "ratio", "type": "f64"})


def add_undefined(idl: dict[str, Any]) -> None:
    idl["instructions"][0]["args"].append({"name": "thing", "type": {"defined": {"name": "Thing"}}})


def add_name_in_use(idl: dict[str, Any]) -> None:
    idl["types"].append({"name": "Pubkey", "type": {"kind": "enum", "variants": [{"name": "A"}]}})


def add_bad_constant(idl: dict[str, Any]) -> None:
    idl["constants"].append({"name": "PAIR", "type": {"array": ["u16", 2]}, "value": "[1, 2]"})


def add_account_data_seed(idl: dict[str, Any]) -> None:
    seed = {"kind": "account", "path": "owner.key"}
    idl["instructions"][0]["accounts"][3]["pda"] = {"seeds": [seed]}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (add_float, "f64 has no place in the bindings"),
        (add_undefined, "Thing is not in the IDL"),
        (add_name_in_use, "these names would mean two things: Pubkey"),
        (add_bad_constant, "PAIR is of a type without a place"),
        (add_account_data_seed, "the seed owner.key is no account of the instruction"),
    ],
)
def test_what_has_no_place_in_python_is_refused(
    probe_idl: dict[str, Any], change: Callable[[dict[str, Any]], None], problem: str
) -> None:
    idl = copy.deepcopy(probe_idl)
    change(idl)
    with pytest.raises(ScriptError, match=problem):
        render_module(idl, "probe.json")


def enum(name: str, *variants: str) -> dict[str, Any]:
    return {"name": name, "type": {"kind": "enum", "variants": [{"name": variant} for variant in variants]}}


def alias(name: str, target: str) -> dict[str, Any]:
    return {"name": name, "type": {"kind": "type", "alias": target}}


def struct(name: str, **fields: Any) -> dict[str, Any]:
    listed = [{"name": field, "type": wire_type} for field, wire_type in fields.items()]
    return {"name": name, "type": {"kind": "struct", "fields": listed}}


def printed(*types: dict[str, Any], accounts: tuple[str, ...] = ("Market",)) -> list[tuple[str, Any]]:
    program = {
        "address": "",
        "metadata": {"name": "crate", "version": "0.1.0", "spec": "0.1.0"},
        "instructions": [],
        "accounts": [{"name": name, "discriminator": [1] * 8} for name in accounts],
        "types": list(types),
    }
    return [("address", "So11111111111111111111111111111111111111112"), ("program", program)]


def test_assembling_rejoins_enums_and_leaves_out_unused_aliases() -> None:
    market = struct("Market", side={"array": [{"defined": {"name": "PodSide"}}, 2]}, size="u64")
    parts = printed(market, alias("PodSide", "u8"), alias("PodU64", "u64"))
    idl = assemble([*parts, ("type", enum("Side", "Bid", "Ask"))], "secant_market")
    assert idl["metadata"]["name"] == "secant_market"
    assert [definition["name"] for definition in idl["types"]] == ["Market", "Side"]
    assert idl["types"][0]["type"]["fields"][0]["type"] == {"array": [{"defined": {"name": "Side"}}, 2]}


def test_assembling_keeps_a_wrapper_whose_enum_is_unknown() -> None:
    idl = assemble(
        printed(struct("Market", side={"defined": {"name": "PodSide"}}), alias("PodSide", "u8")), "m"
    )
    assert [definition["name"] for definition in idl["types"]] == ["Market", "PodSide"]
    assert "Side" not in render_module(idl, "m.json").replace("side", "")


def test_assembling_refuses_what_is_ambiguous() -> None:
    with pytest.raises(ScriptError, match="two different types are named Market"):
        assemble([*printed(struct("Market", a="u8")), ("type", struct("Market", a="u16"))], "m")
    with pytest.raises(ScriptError, match="undefined types Side"):
        assemble(printed(struct("Market", side={"defined": {"name": "Side"}})), "m")
    with pytest.raises(ScriptError, match="two accounts share a discriminator"):
        assemble(printed(struct("A"), struct("B"), accounts=("A", "B")), "m")


def test_idl_text_keeps_bytes_on_one_line(probe_idl: dict[str, Any]) -> None:
    text = json_text(probe_idl)
    assert json.loads(text) == probe_idl
    assert '"discriminator": [133, 220, 173, 213, 179, 211, 43, 238]' in text


def test_legacy_format(probe_idl: dict[str, Any]) -> None:
    legacy = legacy_idl(probe_idl)
    deposit = next(item for item in legacy["instructions"] if item["name"] == "deposit")
    assert deposit["accounts"][1] == {"name": "marginAccount", "isMut": True, "isSigner": False}
    assert deposit["accounts"][2]["isOptional"] is True
    assert deposit["args"][:2] == [
        {"name": "amountAtoms", "type": "u64"},
        {"name": "terms", "type": {"defined": "Terms"}},
    ]
    assert [account["name"] for account in legacy["accounts"]] == ["MarginAccount", "Note"]
    assert {event["name"] for event in legacy["events"]} == {"Deposited", "Ticked"}
    assert {item["name"] for item in legacy["types"]} == {"Hidden", "Leg", "Rule", "Status", "Terms"}
    assert legacy["accounts"][0]["type"]["fields"][0]["type"] == "publicKey"
    assert legacy["metadata"] == {"address": probe_idl["address"]}
    assert "discriminator" not in json.dumps(legacy)


def test_legacy_format_refuses_a_discriminator_of_its_own(probe_idl: dict[str, Any]) -> None:
    idl = copy.deepcopy(probe_idl)
    idl["accounts"][0]["discriminator"] = [1]
    with pytest.raises(ScriptError, match="MarginAccount: the old IDL format has no place"):
        legacy_idl(idl)


def test_camel_case() -> None:
    assert [camel_case(name) for name in ("open", "place_limit_order", "a_1")] == [
        "open",
        "placeLimitOrder",
        "a1",
    ]


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.py", "def f():\n" + "    x = 1\n" * FUNCTION_LINES_MAX, "a.py:1: f has 71 lines"),
        ("a.rs", "fn f() {\n" + "    g();\n" * FUNCTION_LINES_MAX + "}\n", "a.rs:1: f has 72 lines"),
        ("a.py", "x = 1\n" * 601, "a.py: 601 lines"),
        ("a.rs", "// TO" + "DO later\n", "a.rs:1: a to-do names its issue"),
        ("a.py", "class OrderV2:\n    pass\n", "a.py:1: OrderV2: a name carries no version"),
        ("a.rs", "pub(crate) fn price_v3() {\n}\n", "a.rs:1: price_v3: a name carries no version"),
    ],
)
def test_limits_are_noticed(tmp_path: Path, name: str, text: str, problem: str) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert [found[: len(problem)] for found in problems(tmp_path)] == [problem]


def test_limits_allow_what_is_within(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / "a.py").write_text("# TO" + "DO (#12)\ndef f():\n" + "    x = 1\n" * 69, encoding="utf-8")
    (tmp_path / "b.py").write_text("# Generated from idl\n" + "x = 1\n" * 700, encoding="utf-8")
    (tmp_path / "c.txt").write_text("TO" + "DO\n", encoding="utf-8")
    assert list(problems(tmp_path)) == []
