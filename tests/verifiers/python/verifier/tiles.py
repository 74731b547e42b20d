"""Tiles and entry bundles (c2sp.org/tlog-tiles): their paths and their bytes."""

from .verdict import Rejected

WIDTH = 256
TILE_BYTES_MAX = WIDTH * 32
BUNDLE_BYTES_MAX = WIDTH * (2 + 65535)


def index_path(index):
    """`1234067` as `x001/x234/067`."""
    parts = [f"{index % 1000:03}"]
    while index := index // 1000:
        parts.append(f"x{index % 1000:03}")
    return "/".join(reversed(parts))


def partial(path, width):
    return path if width == WIDTH else f"{path}.p/{width}"


def tile_path(level, index):
    return f"tile/{level}/{index_path(index)}"


def bundle_path(index):
    return f"tile/entries/{index_path(index)}"


def split_bundle(data, count):
    """The entries of a bundle that must hold exactly so many."""
    entries, place = [], 0
    while place < len(data):
        end = place + 2 + int.from_bytes(data[place:place + 2], "big")
        if place + 2 > len(data) or end > len(data):
            raise Rejected("bundle-mismatch", f"entry {len(entries)} ends beyond the bundle", "lengths that are exact")
        entries.append(data[place + 2:end])
        place = end
    if len(entries) != count:
        raise Rejected("bundle-mismatch", f"{len(entries)} entries", f"{count}")
    return entries


def joined(entries):
    """The bytes of a bundle of these entries."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
