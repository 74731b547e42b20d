"""An archive: every checkpoint that was ever archived, every tile, every bundle, and the bodies behind the leaves."""

import re
import zlib

from .checkpoint import parse_checkpoint, parse_signed_or_plain
from .leaf import check_body, has_body
from .log import check_continues, check_old
from .note import signers
from .prooffile import told
from .source import CHECKPOINT_BYTES_MAX
from .text import malformed, short
from .tiles import WIDTH, index_path, partial
from .trust import Keys
from .verdict import Rejected, Unreadable, at
from .walk import Walk

NAME = re.compile(r"checkpoints/([0-9]{20})", re.ASCII)
BODY_BYTES_MAX = 1 << 28
PIECE = 1 << 16
NONE, KEPT, ERASED = 0, 1, 2


class Inflated:
    """The bytes in one gzip member, read piece by piece; nothing may follow it."""

    def __init__(self, data):
        self._rest, self._inflate, self._ready = data, zlib.decompressobj(wbits=31), b""

    def take(self, count):
        pieces, have = [self._ready], len(self._ready)
        while have < count and not self._inflate.eof:
            try:
                piece = self._inflate.decompress(self._rest, PIECE)
            except zlib.error:
                raise malformed("bodies that are not gzip", "gzip") from None
            self._rest = self._inflate.unconsumed_tail
            if not piece and not self._rest:
                break
            pieces.append(piece)
            have += len(piece)
        whole = b"".join(pieces)
        if len(whole) < count:
            raise malformed("bodies that end too early", "a record for each leaf")
        self._ready = whole[count:]
        return whole[:count]

    def end(self):
        try:
            more = self._ready or (not self._inflate.eof and self._inflate.decompress(self._rest, 1))
        except zlib.error:
            raise malformed("bodies that are not gzip", "gzip") from None
        if more or not self._inflate.eof or self._inflate.unused_data:
            raise malformed("data after the last body", "one record for each leaf, in one gzip member")


class Bodies:
    """Checks bundles of bodies against the leaves, and keeps those of key operations."""

    def __init__(self, source):
        self.source, self.visited, self._missing = source, set(), None
        self.counts = {"checked": 0, "erased": 0, "none": 0}

    def see(self, first, leaves):
        """Checks every copy of a bundle's bodies that covers these leaves or the first of them.

        Gives the bodies of key operations by their index. A full bundle may stand in for a partial one of it."""
        path, found = f"bodies/{index_path(first // WIDTH)}", {}
        narrower = [width for width in self.source.widths(path) if width < len(leaves)]
        for width in [*narrower, len(leaves)]:
            found.update(self._copy(f"{partial(path, width)}.gz", leaves[:width], first, width == len(leaves)))
        if f"{partial(path, len(leaves))}.gz" not in self.visited:
            found.update(self._copy(f"{path}.gz", leaves, first, True, is_longer=True))
            if f"{path}.gz" not in self.visited:
                self._missing = self._missing or f"{partial(path, len(leaves))}.gz"
        return found

    def _copy(self, name, leaves, first, is_widest, is_longer=False):
        data, found = self.source.read(name, 1 << 32), {}
        if data is None:
            return found
        self.visited.add(name)
        records = Inflated(data)
        with at(name):
            for index, leaf in enumerate(leaves, first):
                with at(f"leaf {index}"):
                    mark, body = self._record(records, leaf)
                if body is not None and leaf and leaf["kind"] == "key_operation":
                    found[index] = body
                if is_widest:
                    self.counts[("none", "checked", "erased")[mark]] += 1
            if not is_longer:
                records.end()
        return found

    def _record(self, records, leaf):
        mark, body = records.take(1)[0], None
        if mark not in (NONE, KEPT, ERASED):
            raise malformed(f"the mark {mark}", "0, 1 or 2")
        if mark == KEPT:
            opening, length = records.take(32), int.from_bytes(records.take(4), "big")
            if length > BODY_BYTES_MAX:
                raise malformed(f"a body of {length} bytes", f"at most {BODY_BYTES_MAX}")
            body = records.take(length)
            if leaf:
                check_body(leaf, opening, body)
        elif leaf and (mark == NONE) == has_body(leaf):
            raise Rejected("body-mismatch", f"the mark {mark} for a {leaf['kind']} leaf", "0 exactly where there is no body")
        return mark, body

    def check_complete(self):
        if self._missing and self.visited:
            raise Rejected("missing-bodies", f"{self._missing} is not there", "bodies beside each bundle, or none at all")


def archived(source):
    """Every archived checkpoint by its object's name."""
    found = {}
    for name in ["checkpoint", *(name for name in source.names() if name.startswith("checkpoints/"))]:
        data = source.read(name, CHECKPOINT_BYTES_MAX)
        if data is None:
            continue
        with at(name):
            found[name] = parse_checkpoint(data)
            number = NAME.fullmatch(name)
            if name != "checkpoint" and (not number or int(number[1]) != found[name].size):
                raise malformed(f"{short(name)} for size {found[name].size}", f"checkpoints/{found[name].size:020}")
    if not found:
        raise Unreadable(f"{source.path}: no checkpoint")
    return found


def check_archive(source, origin, given, old_bytes=None):
    checkpoints = archived(source)
    for name, each in checkpoints.items():
        if each.origin != origin:
            raise Rejected("wrong-origin", str(each), origin, name)
        if each.size == 0:
            raise Rejected("size-zero", "an empty tree", "leaf 0, which every tree has", name)
    newest = max(checkpoints, key=lambda name: checkpoints[name].size)
    head, keys, bodies = checkpoints[newest], Keys(given, origin), Bodies(source)
    old = None
    if old_bytes is not None:
        with at("the old checkpoint"):
            old = parse_signed_or_plain(old_bytes)
        check_old(old, head, keys)
    faults = []

    def see(first, entries, leaves):
        try:
            shown = bodies.see(first, leaves)
            for index, leaf in enumerate(leaves, first):
                if leaf:
                    keys.add(index, leaf, shown.get(index))
        except Rejected as failure:
            faults.append(failure)

    sizes = {each.size for each in checkpoints.values()} | ({old.size} if old else set())
    walk = Walk(source, origin, head.size, sizes, see).run()
    # There may be two of the newest size; the one that the leaves make is judged first, and the other is then a fork.
    twins = [name for name, each in checkpoints.items() if each.size == head.size]
    for name in twins:
        with at(name):
            signers(checkpoints[name].note, keys.known())
    newest = next((name for name in twins if checkpoints[name].root == walk.roots[head.size]), newest)
    head = checkpoints[newest]
    walk.check_root(head)
    for failure in faults[:1]:
        raise failure
    bodies.check_complete()
    with at(newest):
        signed = keys.judge(head)
    for name, each in checkpoints.items():
        with at(name):
            check_archived(each, keys, walk.roots[each.size])
    if old:
        check_continues(old, walk.roots[old.size], head)
    unchecked = sorted(set(source.names()) - walk.visited - bodies.visited - set(checkpoints))
    behind = checkpoints["checkpoint"].size if "checkpoint" in checkpoints else 0
    return {
        **told(head, signed, given), "leaves": walk.kinds, "bodies": bodies.counts if bodies.visited else "none archived",
        "checkpoints": len([name for name in checkpoints if name != "checkpoint"]),
        "keys": keys.history(), "newest_object_is_of_size": behind,
        "unchecked_objects": {"count": len(unchecked), "first": unchecked[:5]},
        **({"continues": str(old)} if old else {}),
    }


def check_archived(checkpoint, keys, root):
    """An older checkpoint: a key that the tree knows of has signed it, and it is of this tree. Whether that key is revoked by
    now does not matter, for the newest covers it."""
    if not signers(checkpoint.note, keys.known()):
        raise Rejected("unknown-key", f"{checkpoint} is signed by no key that its tree knows of", "one that leaf 0 or a rotation names")
    if checkpoint.root != root:
        raise Rejected("fork", f"{checkpoint} was signed with {checkpoint.root.hex()}", root.hex())
