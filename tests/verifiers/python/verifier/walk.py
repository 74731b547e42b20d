"""A walk along a whole ledger: every leaf hashed, every tile of every level and every root made anew and compared.

What is wrong is known only at the end: a tile that differs from the leaves is at fault where the leaves make the signed root,
and the leaves are where they do not."""

from .leaf import InOrder, check_place, decode
from .merkle import Growing, leaf_hash, root_of
from .tiles import BUNDLE_BYTES_MAX, TILE_BYTES_MAX, WIDTH, bundle_path, joined, partial, split_bundle, tile_path
from .verdict import Rejected, at


class Walk:
    """Reads a tree of `size` leaves from `source`. `roots` are of the sizes in `noted`, once `run` is done.

    `see(first, entries, leaves)` is called for each bundle, with None for a leaf that can't be read."""

    def __init__(self, source, origin, size, noted=(), see=lambda first, entries, leaves: None):
        self.source, self.origin, self.size, self.noted, self.see = source, origin, size, set(noted), see
        self.roots, self.kinds, self.visited = {}, {}, set()
        self._tree, self._levels, self._order = Growing(), [], InOrder()
        self._faults = {}

    def run(self):
        for index in range((self.size + WIDTH - 1) // WIDTH):
            self._bundle(index, min(WIDTH, self.size - index * WIDTH))
        for level in range(len(self._levels)):
            self._tile_done(level)
        return self

    def check_root(self, checkpoint):
        """Names the first thing wrong in a tree whose root was signed."""
        root = self._tree.root()
        if root != checkpoint.root:
            raise self._faults.get("bundle") or Rejected(
                "root-mismatch", f"the leaves make {root.hex()}", f"{checkpoint.root.hex()}, as signed", str(checkpoint))
        for fault in ("tile", "leaf"):
            if fault in self._faults:
                raise self._faults[fault]

    def _fault(self, about, rejected, where):
        rejected.where = f"{where}, {rejected.where}" if rejected.where else where
        self._faults.setdefault(about, rejected)

    def _read(self, path, width, bytes_max, missing):
        """An object's bytes and how many items they should hold. A full object may stand in for a partial one of it."""
        for wanted in dict.fromkeys((width, WIDTH)):
            name = partial(path, wanted)
            data = self.source.read(name, bytes_max)
            if data is not None:
                self.visited.add(name)
                return data, wanted, name
        raise Rejected(missing, f"{partial(path, width)} is not there", f"it, for a tree of size {self.size}")

    def _bundle(self, index, width):
        path = bundle_path(index)
        data, count, name = self._read(path, width, BUNDLE_BYTES_MAX, "missing-bundle")
        with at(name):
            entries = split_bundle(data, count)[:width]
        hashes = [leaf_hash(entry) for entry in entries]
        first = index * WIDTH
        leaves = [self._leaf(first + number, entry) for number, entry in enumerate(entries)]
        self._partials(path, lambda n: joined(entries[:n]), width, "bundle-mismatch", BUNDLE_BYTES_MAX)
        self.see(first, entries, leaves)
        for hashed in hashes:
            self._tree.append(hashed)
            if self._tree.size in self.noted:
                self.roots[self._tree.size] = self._tree.root()
            self._grow(0, hashed)

    def _leaf(self, index, entry):
        try:
            leaf = decode(entry)
            check_place(leaf, self.origin, index)
            self._order.add(leaf)
        except Rejected as failure:
            self._fault("leaf", failure, f"leaf {index}")
            return None
        self.kinds[leaf["kind"]] = self.kinds.get(leaf["kind"], 0) + 1
        return leaf

    def _grow(self, level, hashed):
        if level == len(self._levels):
            self._levels.append([0, []])
        self._levels[level][1].append(hashed)
        if len(self._levels[level][1]) == WIDTH:
            self._tile_done(level)

    def _tile_done(self, level):
        """Compares the tile that is being gathered; a full one goes into the level above."""
        index, hashes = self._levels[level]
        if not hashes:
            return
        path, width = tile_path(level, index), len(hashes)
        data, count, name = self._read(path, width, TILE_BYTES_MAX, "missing-tile")
        if len(data) != 32 * count or data[:32 * width] != b"".join(hashes):
            expected = f"{32 * count} bytes" if len(data) != 32 * count else "what the leaves make"
            self._fault("tile", Rejected("tile-mismatch", f"{len(data)} bytes, not as the leaves have it", expected), name)
            if level == 0:
                fault = Rejected("bundle-mismatch", "entries that are not those of the tile", "the hashes of " + name)
                self._fault("bundle", fault, partial(bundle_path(index), width))
        self._partials(path, lambda n: b"".join(hashes[:n]), width, "tile-mismatch", TILE_BYTES_MAX)
        self._levels[level] = [index + 1, []]
        if width == WIDTH:
            self._grow(level + 1, root_of(hashes))

    def _partials(self, path, expected, width, verdict, bytes_max):
        """Compares the narrower copies that are kept, as an archive does."""
        for narrower in self.source.widths(path):
            name = partial(path, narrower)
            if narrower > width or name in self.visited:
                continue
            self.visited.add(name)
            if self.source.read(name, bytes_max) != expected(narrower):
                self._fault("tile", Rejected(verdict, "not the beginning of what is there", "the same leaves"), name)
