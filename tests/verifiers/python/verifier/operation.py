"""Key operations: the signed note behind a `key_operation` leaf, and what its leaf says of it."""

import re
from dataclasses import dataclass

from .checkpoint import tenant_of
from .note import Key, Note, parse_key, parse_note
from .text import decimal, malformed, short, unhex, utf8
from .verdict import Rejected

HEADER = "ledgerline key operation v1"
MEMBERS = ("origin", "action", "purpose", "key", "replaces", "overlap-seconds", "reason", "order")
ACTIONS = ("enrol", "rotate", "retire", "revoke", "recover")
PRINTABLE = re.compile(r"[ -~]+", re.ASCII)
OVERLAP_SECONDS_MAX = 315_360_000
REASON_MAX = 256
# What lets a new key in; of the others no key follows.
ENTRIES = ("enrol", "rotate")


@dataclass(frozen=True)
class Operation:
    """What a note asks for. `index` is the leaf that recorded it, None for a note from elsewhere."""

    origin: str
    action: str
    key: Key
    replaces: str | None
    order: str
    note: Note
    index: int | None = None


def parse_operation(data, index=None):
    note = parse_note(data)
    lines = utf8(note.text, "the key operation").split("\n")
    if len(lines) != len(MEMBERS) + 2 or lines[0] != HEADER or lines[-1]:
        raise malformed("a note that is no key operation", f"{HEADER} and the lines " + ", ".join(MEMBERS))
    values = {}
    for name, line in zip(MEMBERS, lines[1:]):
        if not line.startswith(name + " ") or not PRINTABLE.fullmatch(line):
            raise malformed(f"the line {short(line)} of a key operation", f"{name} and its value")
        values[name] = line[len(name) + 1:]
    tenant_of(values["origin"])
    if values["action"] not in ACTIONS or values["purpose"] != "checkpoint":
        raise malformed(f"a key operation to {short(values['action'])} a key for {short(values['purpose'])}",
                        "one of " + ", ".join(ACTIONS) + " for checkpoint")
    check_rotation(values)
    if not 1 <= len(values["reason"]) <= REASON_MAX:
        raise malformed(f"a reason of {len(values['reason'])} characters", f"1 to {REASON_MAX}")
    unhex(values["order"], "the order", 16)
    named = {(line.name, line.id) for line in note.lines}
    if len(named) != len(note.lines):
        raise malformed("a key with two lines under a key operation", "one line for each key")
    key = parse_key(values["key"], what="the key of a key operation")
    if key.name != values["origin"]:
        raise malformed(f"a key named {short(key.name)}", values["origin"])
    replaces = None if values["replaces"] == "-" else values["replaces"]
    return Operation(values["origin"], values["action"], key, replaces, values["order"], note, index)


def check_rotation(values):
    """`replaces` and `overlap-seconds` stand with a rotation and with nothing else."""
    if values["action"] == "rotate":
        unhex(values["replaces"], "replaces", 4)
        decimal(values["overlap-seconds"], "overlap-seconds", OVERLAP_SECONDS_MAX)
    elif (values["replaces"], values["overlap-seconds"]) != ("-", "-"):
        raise malformed(f"replaces or overlap-seconds with {values['action']}", "neither")


def check_against_leaf(operation, detail, origin):
    """Whether a leaf tells of its note what the note says."""
    said = {
        "origin": operation.origin, "action": operation.action, "key_name": operation.key.name,
        "key_id": operation.key.id, "public_key": operation.key.public.hex(), "replaces": operation.replaces,
        "idempotency_key": operation.order,
    }
    told = {**{name: detail.get(name) for name in said}, "origin": origin}
    for name, value in said.items():
        if told[name] != value:
            raise Rejected("operation-mismatch", f"{name} is {short(told[name])} in the leaf", f"{short(value)} as in its note")
