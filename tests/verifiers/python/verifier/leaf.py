"""One leaf: decoded, shown to be in its one encoding, and compared with where it stands."""

import hmac
import json
from hashlib import sha256

from .checkpoint import tenant_of
from .fields import DETAILS, POSITION, TENANT
from .note import parse_key
from .shape import OneOf, Record
from .text import json_value, short, utf8
from .verdict import Rejected

LEAF_BYTES_MAX = 8192


class _One:
    def check(self, value, path):
        if type(value) is not int or value != 1:
            raise Rejected("not-canonical", f"the leaf's format is {short(value)}", "1")


class _Anything:
    def check(self, value, path):
        pass


_WHOLE = Record(format=_One(), kind=OneOf(tuple(DETAILS)), position=POSITION, tenant=TENANT, detail=_Anything())


def encode(leaf):
    """The one encoding of a leaf."""
    return json.dumps(leaf, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def decode(data):
    """The leaf in these bytes. Whatever is not exactly as the format has it is `not-canonical`."""
    if len(data) > LEAF_BYTES_MAX:
        raise Rejected("not-canonical", f"a leaf of {len(data)} bytes", f"at most {LEAF_BYTES_MAX}")
    try:
        leaf = json_value(data, "the leaf")
    except Rejected as failure:
        raise Rejected("not-canonical", failure.what, failure.expected) from None
    _WHOLE.check(leaf, "")
    DETAILS[leaf["kind"]].check(leaf["detail"], "detail")
    if encode(leaf) != data:
        raise Rejected("not-canonical", "the leaf is not in its one encoding", short(utf8(encode(leaf), "the leaf")))
    return leaf


def check_place(leaf, origin, index):
    """Whether a leaf may stand at this index of the tree of this origin."""
    if leaf["tenant"] != tenant_of(origin):
        raise Rejected("wrong-origin", f"a leaf of the tenant {leaf['tenant']}", tenant_of(origin))
    detail = leaf["detail"]
    if (leaf["kind"] == "genesis") != (index == 0):
        raise Rejected("wrong-leaf", f"a {leaf['kind']} leaf at index {index}", "genesis at index 0 and nowhere else")
    if leaf["kind"] == "genesis":
        if detail["origin"] != origin:
            raise Rejected("wrong-origin", f"leaf 0 of {short(detail['origin'])}", origin)
        for member, name in (("verifier_key", origin), ("root_key", origin + "#root")):
            key = parse_key(detail[member], what=f"the {member} of leaf 0")
            if key.name != name:
                raise Rejected("wrong-leaf", f"the {member} of leaf 0 is named {short(key.name)}", name)
    if leaf["kind"] == "key_operation" and detail["outcome"] == "applied" and detail["effective_size"] != index + 1:
        raise Rejected("wrong-leaf", f"the effective size {detail['effective_size']} at index {index}", f"{index + 1}")


def has_body(leaf):
    """Whether a leaf of this kind commits to a body."""
    return "commitment" in leaf["detail"]


def check_body(leaf, opening, body):
    """Whether the opening opens the leaf's commitment for this body."""
    if not has_body(leaf):
        raise Rejected("body-mismatch", f"a body for a {leaf['kind']} leaf", "none, for it commits to none")
    commitment = hmac.new(opening, body, sha256).hexdigest()
    if not hmac.compare_digest(commitment, leaf["detail"]["commitment"]):
        raise Rejected("body-mismatch", f"opening and body make {commitment}", leaf["detail"]["commitment"])


class InOrder:
    """What only a look along the leaves of a tree shows: none is of an earlier record, no command makes two."""

    def __init__(self):
        self._newest, self._commands = {}, set()

    def add(self, leaf):
        position = leaf["position"]
        stream = (position["incarnation"], position["partition"])
        if position["offset"] < self._newest.get(stream, 0):
            raise Rejected("out-of-order", f"a leaf of offset {position['offset']}", f"{self._newest[stream]} or later")
        self._newest[stream] = position["offset"]
        command = leaf["detail"].get("idempotency_key")
        if command in self._commands:
            raise Rejected("replayed", f"a second leaf of the command {command}", "one leaf for each command")
        if command:
            self._commands.add(command)
