"""Derives the IDL format before Anchor 0.30 from specification 0.1.0, for clients such as anchorpy.

That format has no discriminators: its readers compute Anchor's default ones from the names.
"""

from __future__ import annotations

import hashlib
from typing import Any

from .project import ScriptError


def legacy_idl(idl: dict[str, Any]) -> dict[str, Any]:
    """The same program in the old format.

    Raises:
        ScriptError: a discriminator is not Anchor's default one, or a type has no place in the old format.
    """
    accounts = {item["name"] for item in idl["accounts"]}
    events = {item["name"] for item in idl.get("events", [])}
    for space, kind in (("global", "instructions"), ("account", "accounts"), ("event", "events")):
        for item in idl.get(kind, []):
            default = hashlib.sha256(f"{space}:{item['name']}".encode()).digest()[:8]
            if bytes(item["discriminator"]) != default:
                raise ScriptError(
                    f"{item['name']}: the old IDL format has no place for a discriminator of its own"
                )
    definitions = {item["name"]: item for item in idl["types"]}
    legacy = {
        "version": idl["metadata"]["version"],
        "name": idl["metadata"]["name"],
        "instructions": [_instruction(item) for item in idl["instructions"]],
        "accounts": [_definition(definitions[name]) for name in sorted(accounts)],
        "types": [_definition(item) for name, item in definitions.items() if name not in accounts | events],
        "events": [_event(definitions[name]) for name in sorted(events)],
        "errors": [{**error, "msg": error.get("msg", error["name"])} for error in idl.get("errors", [])],
        "constants": [{**item, "type": _type(item["type"])} for item in idl.get("constants", [])],
        "metadata": {"address": idl["address"]},
    }
    return {key: value for key, value in legacy.items() if value != []}


def camel_case(name: str) -> str:
    """snake_case in camelCase."""
    first, *others = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def _documented(item: dict[str, Any], rest: dict[str, Any]) -> dict[str, Any]:
    docs = {"docs": item["docs"]} if item.get("docs") else {}
    return {"name": item["name"], **docs, **rest}


def _instruction(item: dict[str, Any]) -> dict[str, Any]:
    accounts = [
        _documented(
            {**account, "name": camel_case(account["name"])},
            {
                "isMut": account.get("writable", False),
                "isSigner": account.get("signer", False),
                **({"isOptional": True} if account.get("optional") else {}),
            },
        )
        for account in item["accounts"]
    ]
    arguments = [_field(argument) for argument in item["args"]]
    return _documented({**item, "name": camel_case(item["name"])}, {"accounts": accounts, "args": arguments})


def _field(field: dict[str, Any]) -> dict[str, Any]:
    return _documented({**field, "name": camel_case(field["name"])}, {"type": _type(field["type"])})


def _event(definition: dict[str, Any]) -> dict[str, Any]:
    fields = [{**_field(field), "index": False} for field in definition["type"].get("fields", [])]
    for field in fields:
        field.pop("docs", None)
    return {"name": definition["name"], "fields": fields}


def _fields(fields: list[Any]) -> list[Any]:
    return [_field(item) if isinstance(item, dict) and "name" in item else _type(item) for item in fields]


def _definition(definition: dict[str, Any]) -> dict[str, Any]:
    body = definition["type"]
    if body["kind"] == "type":
        return _documented(definition, {"type": {"kind": "alias", "value": _type(body["alias"])}})
    if body["kind"] == "struct":
        return _documented(
            definition, {"type": {"kind": "struct", "fields": _fields(body.get("fields", []))}}
        )
    variants = [
        {"name": variant["name"], **({"fields": _fields(variant["fields"])} if variant.get("fields") else {})}
        for variant in body["variants"]
    ]
    return _documented(definition, {"type": {"kind": "enum", "variants": variants}})


def _type(wire_type: Any) -> Any:
    if wire_type == "pubkey":
        return "publicKey"
    if isinstance(wire_type, str):
        return wire_type
    if "defined" in wire_type:
        if wire_type["defined"].get("generics"):
            raise ScriptError(f"{wire_type['defined']['name']}: the old IDL format has no generic types")
        return {"defined": wire_type["defined"]["name"]}
    if "array" in wire_type:
        item, length = wire_type["array"]
        return {"array": [_type(item), length]}
    [(kind, item)] = wire_type.items()
    return {kind: _type(item)}
