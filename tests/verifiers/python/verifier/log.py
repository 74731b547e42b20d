"""A whole ledger, as it is served or as a plain tlog-tiles folder."""

from .checkpoint import parse_checkpoint, parse_signed_or_plain
from .merkle import check_consistency
from .note import signers
from .prooffile import told
from .source import CHECKPOINT_BYTES_MAX
from .trust import Keys
from .verdict import Rejected, Unreadable, at
from .walk import Walk


def check_old(old, checkpoint, keys):
    """What can be said of an older checkpoint before the tree is read: its signature, its origin, its size."""
    with at("the old checkpoint"):
        if old.origin != checkpoint.origin:
            raise Rejected("wrong-origin", str(old), checkpoint.origin)
        if old.note:
            signers(old.note, keys.authorised({}))
        if old.size == 0:
            raise Rejected("size-zero", "an empty tree", "a checkpoint with leaves")
    if old.size >= checkpoint.size:
        check_consistency(old.size, checkpoint.size, old.root, checkpoint.root, [])


def check_continues(old, root, checkpoint):
    """Whether the tree at the old size has the old root, and so goes on from it."""
    if root != old.root:
        raise Rejected("fork", f"the first {old.size} leaves of {checkpoint} make {root.hex()}",
                       f"{old.root.hex()}, as the old checkpoint says")


def check_log(source, given, old_bytes=None):
    data = source.read("checkpoint", CHECKPOINT_BYTES_MAX)
    if data is None:
        raise Unreadable("there is no checkpoint")
    with at("checkpoint"):
        checkpoint = parse_checkpoint(data)
        keys = Keys(given, checkpoint.origin)
        keys.judge(checkpoint)
        if checkpoint.size == 0:
            raise Rejected("size-zero", "an empty tree", "leaf 0, which every tree has")
    old = None
    if old_bytes is not None:
        with at("the old checkpoint"):
            old = parse_signed_or_plain(old_bytes)
        check_old(old, checkpoint, keys)

    def see(first, entries, leaves):
        for index, leaf in enumerate(leaves, first):
            if leaf:
                keys.add(index, leaf)

    walk = Walk(source, checkpoint.origin, checkpoint.size, [old.size] if old else [], see).run()
    walk.check_root(checkpoint)
    if old:
        check_continues(old, walk.roots[old.size], checkpoint)
    with at("checkpoint"):
        signed = keys.judge(checkpoint)
    return {**told(checkpoint, signed, given), "leaves": walk.kinds, "keys": keys.history(),
            **({"continues": str(old)} if old else {})}
