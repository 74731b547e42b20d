"""Proof files (`ledgerline-proof-1`) and single tlog-proofs."""

from dataclasses import dataclass

from .checkpoint import cosigned, parse_checkpoint
from .leaf import check_body, check_place, decode, has_body
from .merkle import leaf_hash, root_of_path
from .text import json_value, malformed, members, short, typed, unbase64, unhex
from .tlogproof import parse_tlog_proof
from .trust import Keys
from .verdict import Rejected, at

FORMAT = "ledgerline-proof-1"
LEAVES_MAX = 1000
SUBJECTS = ("event", "leaf", "run", "dataset", "edge", "alert", "key")
# What the leaves themselves show of a subject; of the others it is the server's word that these leaves are behind it.
SHOWN = ("event", "leaf", "run")
WITHHELD = ("none", "erased", "not-permitted", "left-out")


@dataclass
class Proved:
    """A leaf that stands in the tree of a checkpoint; `shown` is `body` or why it is withheld."""

    index: int
    leaf: dict
    shown: str
    body: bytes | None = None


def prove(leaf_bytes, proof, checkpoint):
    """Shows that a leaf stands where a proof puts it; the signature is judged elsewhere."""
    root = root_of_path(proof.index, checkpoint.size, leaf_hash(leaf_bytes), proof.path)
    if root != checkpoint.root:
        raise Rejected("proof-mismatch", f"the path from leaf {proof.index} leads to {root.hex()}", checkpoint.root.hex())
    leaf = decode(leaf_bytes)
    check_place(leaf, checkpoint.origin, proof.index)
    return leaf


def text_bytes(value, what):
    return typed(value, str, what).encode("utf-8")


def prove_entry(entry, checkpoint, checkpoint_bytes):
    """One entry of a proof file. All of a file's proofs hold the same checkpoint, byte for byte."""
    disclosed = isinstance(entry, dict) and "opening" in entry
    names = ["leaf", "proof", "opening", "body"] if disclosed else ["leaf", "proof", "withheld"]
    leaf_bytes, proof_bytes, *rest = members(entry, names, "an entry")
    proof = parse_tlog_proof(text_bytes(proof_bytes, "a proof"))
    with at(f"leaf {proof.index}"):
        if proof.checkpoint != checkpoint_bytes:
            raise malformed("a proof with another checkpoint than the first", "the same bytes in every proof of the file")
        leaf = prove(text_bytes(leaf_bytes, "a leaf"), proof, checkpoint)
        if disclosed:
            opening = unhex(rest[0], "the opening", 32)
            body = unbase64(typed(rest[1], str, "the body"), "the body")
            check_body(leaf, opening, body)
            return Proved(proof.index, leaf, "body", body)
        if rest[0] not in WITHHELD:
            raise malformed(f"withheld is {short(rest[0])}", "one of " + ", ".join(WITHHELD))
        if (rest[0] == "none") == has_body(leaf):
            raise Rejected("body-mismatch", f"withheld is {rest[0]} for a {leaf['kind']} leaf",
                           "none exactly where the leaf commits to no body")
        return Proved(proof.index, leaf, rest[0])


def checkpoint_in(entry):
    """The checkpoint's bytes in an entry's proof."""
    proof = entry.get("proof") if isinstance(entry, dict) else None
    return parse_tlog_proof(text_bytes(proof, "a proof")).checkpoint


def prove_keys(entries, checkpoint, checkpoint_bytes, given):
    """Leaf 0 and the key operations below the checkpoint's size, rising."""
    keys = Keys(given, checkpoint.origin)
    if not typed(entries, list, "keys"):
        raise malformed("no keys", "leaf 0 and the key operations")
    newest = -1
    for entry in entries:
        proved = prove_entry(entry, checkpoint, checkpoint_bytes)
        with at(f"leaf {proved.index} of keys"):
            if proved.index <= newest or (newest < 0) != (proved.leaf["kind"] == "genesis"):
                raise malformed("keys that do not begin with leaf 0 and rise", "leaf 0, then key operations, rising")
            if proved.leaf["kind"] not in ("genesis", "key_operation"):
                raise malformed(f"a {proved.leaf['kind']} leaf among keys", "leaf 0 and key operations")
            keys.add(proved.index, proved.leaf, proved.body)
        newest = proved.index
    return keys


def check_subject(kind, key, proved):
    """Whether the leaves are of what the file says it is about, as far as leaves can show it."""
    for each in proved:
        detail = each.leaf["detail"]
        run = detail.get("subject", {}).get("run", {}) if each.leaf["kind"] == "event" else {}
        has = {"event": detail.get("event_id") if each.leaf["kind"] == "event" else None,
               "leaf": str(each.index), "run": run.get("id")}
        if kind in SHOWN and has[kind] != key:
            raise Rejected("wrong-subject", f"leaf {each.index} is of {kind} {short(has[kind])}", short(key))
    if kind in ("event", "leaf") and len(proved) != 1:
        raise Rejected("wrong-subject", f"{len(proved)} leaves of one {kind}", "1")


def check_proof_file(data, given, believe):
    """Checks a proof file; `believe(keys, checkpoint)` judges the signatures."""
    value = json_value(data, "the proof file")
    names = ["format", "origin", "subject", "leaves", "complete", "keys"]
    form, origin, subject, leaves, complete, key_entries = members(value, names, "the proof file")
    if form != FORMAT:
        raise malformed(f"the format {short(form)}", FORMAT)
    kind, key = members(subject, ["kind", "key"], "the subject")
    if kind not in SUBJECTS or type(key) is not str:
        raise malformed(f"the subject {short(kind)}", "one of " + ", ".join(SUBJECTS) + " with a key")
    typed(complete, bool, "complete")
    if not 1 <= len(typed(leaves, list, "leaves")) <= LEAVES_MAX:
        raise malformed(f"{len(leaves)} leaves", f"1 to {LEAVES_MAX}")
    checkpoint_bytes = checkpoint_in(leaves[0])
    checkpoint = parse_checkpoint(checkpoint_bytes)
    if checkpoint.origin != origin:
        raise Rejected("wrong-origin", f"a checkpoint of {checkpoint.origin}", short(origin))
    proved = [prove_entry(entry, checkpoint, checkpoint_bytes) for entry in leaves]
    if len({each.index for each in proved}) != len(proved):
        raise malformed("a leaf that stands twice", "each leaf once")
    keys = prove_keys(key_entries, checkpoint, checkpoint_bytes, given)
    signed = believe(keys, checkpoint)
    check_subject(kind, key, proved)
    return {
        **told(checkpoint, signed, given),
        "subject": {"kind": kind, "key": key, "shown_by_leaves": kind in SHOWN},
        "complete": complete,
        "leaves": [summary(each) for each in proved],
        "keys": keys.history(),
    }


def check_tlog_proof(data, leaf_bytes, given, believe):
    """Checks a single tlog-proof for the leaf whose bytes were given."""
    proof = parse_tlog_proof(data)
    checkpoint = parse_checkpoint(proof.checkpoint)
    leaf = prove(leaf_bytes, proof, checkpoint)
    signed = believe(Keys(given, checkpoint.origin), checkpoint)
    return {**told(checkpoint, signed, given), "leaves": [summary(Proved(proof.index, leaf, "left-out"))]}


def told(checkpoint, signed, given):
    """What a good checkpoint tells, with the times at which given witnesses saw it."""
    return {
        "origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex(),
        "signed_by": [str(key) for key in signed],
        "cosigned": [{"witness": str(key), "seconds": seconds} for key, seconds in cosigned(checkpoint, given.witnesses)],
    }


def summary(proved):
    leaf = {"index": proved.index, "kind": proved.leaf["kind"], "body": proved.shown}
    event = proved.leaf["detail"].get("event_id") if proved.leaf["kind"] == "event" else None
    return {**leaf, "event_id": event} if event else leaf
