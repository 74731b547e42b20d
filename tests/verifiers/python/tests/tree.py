"""RFC 6962 as its text defines it: recursively, and with nothing of the verifier. Slow and plain."""

from functools import lru_cache
from hashlib import sha256


class Tree:
    """The hashes of a list of leaves."""

    def __init__(self, leaves):
        self.hashes = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
        self.root = lru_cache(maxsize=None)(self._root)

    def _root(self, start, end):
        if start == end:
            return sha256(b"").digest()
        if end - start == 1:
            return self.hashes[start]
        middle = start + split(end - start)
        return sha256(b"\x01" + self.root(start, middle) + self.root(middle, end)).digest()

    def path(self, index, start, end):
        """PATH(m, D[n]) of section 2.1.1."""
        if end - start <= 1:
            return []
        middle = start + split(end - start)
        if index < middle:
            return [*self.path(index, start, middle), self.root(middle, end)]
        return [*self.path(index, middle, end), self.root(start, middle)]

    def consistency(self, old, start, end, whole=True):
        """SUBPROOF(m, D[n], b) of section 2.1.2; `old` counts from `start`."""
        if old == end - start:
            return [] if whole else [self.root(start, end)]
        middle = start + split(end - start)
        if old <= middle - start:
            return [*self.consistency(old, start, middle, whole), self.root(middle, end)]
        return [*self.consistency(old - (middle - start), middle, end, False), self.root(start, middle)]


def split(count):
    """The largest power of two below a count."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power
