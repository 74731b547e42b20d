"""The Merkle tree of RFC 6962 over SHA-256: hashes, inclusion, consistency, and a root that grows leaf by leaf."""

from hashlib import sha256

from .verdict import Rejected

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(leaf):
    return sha256(b"\x00" + leaf).digest()


def node_hash(left, right):
    return sha256(b"\x01" + left + right).digest()


def path_length(index, size):
    """How many hashes the audit path of a leaf has (RFC 6962, 2.1.1)."""
    length, last = 0, size - 1
    while last > 0:
        # On the right edge a node without a sibling goes up unchanged.
        length += index & 1 or index < last
        index, last = index >> 1, last >> 1
    return length


def root_of_path(index, size, start, path):
    """The root that an audit path leads to (RFC 9162, 2.1.3.2)."""
    if size == 0:
        raise Rejected("size-zero", "the tree has no leaves", "a size of at least 1")
    if index >= size:
        raise Rejected("index-beyond-size", f"index {index} in a tree of size {size}", "an index below the size")
    if len(path) != path_length(index, size):
        raise Rejected("wrong-length", f"{len(path)} hashes", f"{path_length(index, size)} for leaf {index} of {size}")
    hashes, last, current = iter(path), size - 1, start
    while last > 0:
        if index & 1:
            current = node_hash(next(hashes), current)
        elif index < last:
            current = node_hash(current, next(hashes))
        index, last = index >> 1, last >> 1
    return current


def check_consistency(old_size, new_size, old_root, new_root, proof):
    """Whether the tree of the old size is a prefix of the other (RFC 9162, 2.1.4.2)."""
    if old_size == 0 or new_size == 0:
        raise Rejected("size-zero", "a tree has no leaves", "a size of at least 1")
    if old_size > new_size:
        raise Rejected("rollback", f"size {new_size} after size {old_size}", f"a size of at least {old_size}")
    if old_size == new_size:
        if old_root != new_root:
            raise Rejected("fork", f"two roots of size {new_size}", f"{old_root.hex()}, there is {new_root.hex()}")
        if proof:
            raise Rejected("wrong-length", f"{len(proof)} hashes", "none between trees of one size")
        return
    if len(proof) != consistency_length(old_size, new_size):
        raise Rejected("wrong-length", f"{len(proof)} hashes", f"{consistency_length(old_size, new_size)}")
    # A whole subtree is its own start; then the proof leaves it out.
    whole = old_size & (old_size - 1) == 0
    first, *rest = [old_root, *proof] if whole else proof
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = first
    for sibling in rest:
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    if old != old_root or new != new_root:
        which = "old" if old != old_root else "new"
        raise Rejected("proof-mismatch", f"the consistency proof does not lead to the {which} root",
                       (old_root if old != old_root else new_root).hex())


def consistency_length(old_size, new_size):
    """How many hashes a consistency proof between two different sizes has (RFC 6962, 2.1.2)."""

    def below(old, size, is_whole):
        if old == size:
            return 0 if is_whole else 1
        half = 1 << ((size - 1).bit_length() - 1)
        if old <= half:
            return below(old, half, is_whole) + 1
        return below(old - half, size - half, False) + 1

    return below(old_size, new_size, True)


class Growing:
    """A tree that keeps only its full subtrees of the right edge, largest first."""

    def __init__(self):
        self.size, self._full = 0, []

    def append(self, hashed):
        self.size += 1
        for _ in range((self.size & -self.size).bit_length() - 1):
            hashed = node_hash(self._full.pop(), hashed)
        self._full.append(hashed)

    def root(self):
        if not self._full:
            return EMPTY_ROOT
        root = self._full[-1]
        for left in reversed(self._full[:-1]):
            root = node_hash(left, root)
        return root


def root_of(hashes):
    tree = Growing()
    for hashed in hashes:
        tree.append(hashed)
    return tree.root()
