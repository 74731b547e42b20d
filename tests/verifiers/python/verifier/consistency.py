"""Consistency files (`ledgerline-consistency-1`), on their own and as anchors."""

from dataclasses import dataclass

from .checkpoint import Checkpoint, parse_checkpoint, parse_signed_or_plain
from .merkle import check_consistency
from .note import signers
from .prooffile import prove_keys, text_bytes, told
from .text import json_value, malformed, members, short, typed, unbase64
from .tlogproof import HASHES_MAX
from .trust import Keys
from .verdict import Rejected, at

FORMAT = "ledgerline-consistency-1"


@dataclass
class Consistency:
    """A proof that holds between two checkpoints. Whether `new` is to be believed is for `keys` to judge."""

    old: Checkpoint
    new: Checkpoint
    keys: Keys


def parse_consistency(data, given):
    """Reads the file and checks its hashes and the leaves of its keys."""
    value = json_value(data, "the consistency file")
    names = ["format", "origin", "old", "new", "hashes", "keys"]
    form, origin, old, new, hashes, key_entries = members(value, names, "the consistency file")
    if form != FORMAT:
        raise malformed(f"the format {short(form)}", FORMAT)
    with at("the old checkpoint"):
        before = parse_signed_or_plain(text_bytes(old, "old"))
    with at("the new checkpoint"):
        after = parse_checkpoint(text_bytes(new, "new"))
    for checkpoint in (before, after):
        if checkpoint.origin != origin:
            raise Rejected("wrong-origin", f"a checkpoint of {checkpoint.origin}", short(origin))
    if len(typed(hashes, list, "hashes")) > 2 * HASHES_MAX:
        raise malformed(f"{len(hashes)} hashes", f"at most {2 * HASHES_MAX}")
    path = [unbase64(typed(each, str, "a hash"), "a hash", 32) for each in hashes]
    check_consistency(before.size, after.size, before.root, after.root, path)
    keys = prove_keys(key_entries, after, text_bytes(new, "new"), given)
    if before.note:
        with at("the old checkpoint"):
            signers(before.note, keys.authorised({}))
    return Consistency(before, after, keys)


def check_consistency_file(data, given, believe):
    found = parse_consistency(data, given)
    signed = believe(found.keys, found.new)
    return {**told(found.new, signed, given), "old_size": found.old.size, "old_root": found.old.root.hex(),
            "keys": found.keys.history()}


class Belief:
    """Judges checkpoints by their keys, and by anchors where only revoked keys have signed."""

    def __init__(self, anchors=()):
        self.anchors = list(anchors)

    def __call__(self, keys, checkpoint):
        mine = [each for each in self.anchors if each.old.origin == checkpoint.origin]
        revoked = {public for each in mine for public in each.keys.revocations()}
        for anchor in mine:
            if anchor.old.size == checkpoint.size and anchor.old.root != checkpoint.root:
                raise Rejected("fork", f"two roots of size {checkpoint.size}: the anchor has {anchor.old.root.hex()}",
                               checkpoint.root.hex())
        try:
            return keys.judge(checkpoint, revoked)
        except Rejected as failure:
            if failure.verdict not in ("key-status-unknown", "revoked-key"):
                raise
            covering = [each for each in mine if each.old.same_tree(checkpoint)]
            if not covering:
                raise
        revoked |= set(keys.revocations())
        return self._covered(keys, checkpoint, covering[0], revoked)

    def _covered(self, keys, checkpoint, anchor, revoked):
        """Revoked keys suffice where a later tree, signed by an unrevoked key, holds their revocation and this very tree."""
        with at("the anchor"):
            later = anchor.keys.judge(anchor.new, revoked)
            held = anchor.keys.revoked_by_leaves()
            # Of every revoked key, for a key that signed may rest on one that did not.
            every = keys.authorised({})
            for key in every:
                names = {key.public.hex(), key.id}
                if names & revoked and not names & set(held):
                    raise Rejected("key-status-unknown", f"its tree does not hold the revocation of {key}",
                                   "a checkpoint late enough to cover it")
            return [*signers(checkpoint.note, every), *later]
