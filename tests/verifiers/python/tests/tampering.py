"""What can be done to a tlog-tiles folder of 600 leaves, and the verdict that it must get. The Go program gets the same."""

from pathlib import Path

from .signing import Signer, b64, note
from .writer import ORIGIN, Ledger

SIZE = 600
FULL, LAST = "tile/entries/000", "tile/entries/002.p/88"


def ledger(size=SIZE):
    return Ledger(size=size)


def forked(size, common):
    """A ledger with the same first leaves and others after them."""
    made = Ledger(size=common)
    while len(made.leaves) < size:
        made.event(100_000 + len(made.leaves))
    return made


def split(data):
    found = []
    while data:
        end = 2 + int.from_bytes(data[:2], "big")
        found.append(data[2:end])
        data = data[end:]
    return found


def join(entries):
    return b"".join(len(each).to_bytes(2, "big") + each for each in entries)


def bit(name, number):
    """Flips one bit of an object."""
    def change(folder, made):
        data = bytearray((folder / name).read_bytes())
        data[number // 8 % len(data)] ^= 1 << number % 8
        (folder / name).write_bytes(data)
    return change


def content(name, change):
    def apply(folder, made):
        (folder / name).write_bytes(change((folder / name).read_bytes()))
    return apply


def entries(name, change):
    return content(name, lambda data: join(change(split(data))))


def gone(name):
    return lambda folder, made: (folder / name).unlink()


def again(change):
    """Other leaves with all tiles and bundles made to fit them, under the old checkpoint."""
    def apply(folder, made):
        kept = (folder / "checkpoint").read_bytes()
        other = Ledger(size=SIZE)
        other.leaves = change(other.leaves)
        other.write_folder(folder, size=SIZE)
        (folder / "checkpoint").write_bytes(kept)
    return apply


def signed(change, *signers):
    """A checkpoint with another text, signed by our key or by others."""
    def apply(folder, made):
        text = change(made.text())
        (folder / "checkpoint").write_text(note(text, *(signers or (made.key,))))
    return apply


def swap(leaves):
    return [*leaves[:6], leaves[7], leaves[6], *leaves[8:]]


def relabelled(leaf, old, new):
    assert old in leaf
    return leaf.replace(old, new, 1)


STRANGER = Signer("stranger.example/x", 9)
SAME = [
    ("nothing", "ok", lambda folder, made: None),
    ("a line of an unknown key", "ok", lambda folder, made: (folder / "checkpoint").write_text(made.checkpoint(made.key, STRANGER))),
    ("a bad line of an unknown key", "ok", lambda folder, made: (folder / "checkpoint").write_text(made.checkpoint(made.key, STRANGER.line("x")))),
    ("another unknown key of our name", "ok", lambda folder, made: (folder / "checkpoint").write_text(made.checkpoint(made.key, Signer(ORIGIN, 5)))),
    # The full bundle and tile stand in for partial ones that were dropped.
    ("full ones for partial ones", "ok", lambda folder, made: full_for_partial(folder)),
]
TAMPERED = [
    ("a bit of a leaf", "bundle-mismatch", bit(FULL, 8 * 2000)), ("a bit of the last bundle", "bundle-mismatch", bit(LAST, 8 * 100 + 3)),
    ("a bit of a length", "bundle-mismatch", bit(FULL, 8)), ("a bit of a tile", "tile-mismatch", bit("tile/0/001", 8 * 100)),
    ("a bit of a partial tile", "tile-mismatch", bit("tile/0/002.p/88", 5)), ("a bit of a tile above", "tile-mismatch", bit("tile/1/000.p/2", 300)),
    ("a bit of the root", "bad-signature", content("checkpoint", lambda data: flip_root(data))),
    ("a bit of the signature", "bad-signature", content("checkpoint", lambda data: flip_signature(data))),
    ("a leaf removed", "bundle-mismatch", entries(FULL, lambda each: each[:9] + each[10:])), ("a leaf inserted", "bundle-mismatch", entries(FULL, lambda each: each[:9] + each[8:])),
    ("leaves swapped", "bundle-mismatch", entries(FULL, swap)), ("a leaf replaced", "bundle-mismatch", entries(FULL, lambda each: [*each[:9], each[10], *each[10:]])),
    ("a surplus entry", "bundle-mismatch", entries(LAST, lambda each: [*each, b"{}"])), ("an empty surplus entry", "bundle-mismatch", content(LAST, lambda data: data + b"\0\0")),
    ("a byte after the entries", "bundle-mismatch", content(LAST, lambda data: data + b"\0")), ("a missing entry", "bundle-mismatch", entries(LAST, lambda each: each[:-1])),
    ("half a bundle", "bundle-mismatch", content(FULL, lambda data: data[:len(data) // 2])), ("an empty bundle", "bundle-mismatch", content(LAST, lambda data: b"")),
    ("half a tile", "tile-mismatch", content("tile/0/000", lambda data: data[:4096])), ("a tile too long", "tile-mismatch", content("tile/0/000", lambda data: data + bytes(32))),
    ("an empty tile", "tile-mismatch", content("tile/0/000", lambda data: b"")), ("tiles exchanged", "tile-mismatch", lambda folder, made: (folder / "tile/0/000").write_bytes((folder / "tile/0/001").read_bytes())),
    ("a bundle that is gone", "missing-bundle", gone(FULL)), ("the last bundle gone", "missing-bundle", gone(LAST)), ("a tile that is gone", "missing-tile", gone("tile/0/001")),
    ("a partial tile gone", "missing-tile", gone("tile/0/002.p/88")), ("the tile above gone", "missing-tile", gone("tile/1/000.p/2")),
    ("leaves swapped, all made anew", "root-mismatch", again(swap)), ("a leaf replaced, all made anew", "root-mismatch", again(lambda each: [*each[:9], each[10], *each[10:]])),
    ("a leaf removed, all made anew", "root-mismatch", again(lambda each: [*each[:9], *each[10:], each[9]])),
    ("another size", "bad-signature", lambda folder, made: (folder / "checkpoint").write_text(made.checkpoint().replace("\n600\n", "\n599\n"))),
    ("a root that was signed and is not the leaves'", "root-mismatch", signed(lambda text: text.replace(text.split("\n")[2], b64(bytes(32))))),
    ("a larger size that was signed", {"missing-tile", "missing-bundle"}, signed(lambda text: text.replace("\n600\n", "\n601\n"))),
    ("size 0", "size-zero", signed(lambda text: f"{ORIGIN}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")),
    ("an extension line", "malformed", signed(lambda text: text + "more\n")), ("zeros before the size", "malformed", signed(lambda text: text.replace("\n600\n", "\n0600\n"))),
    ("no signature of ours", "unknown-key", signed(lambda text: text, STRANGER)), ("another key of our name", "unknown-key", signed(lambda text: text, Signer(ORIGIN, 5))),
    ("another tree", "wrong-origin", lambda folder, made: Ledger("ledgerline/other", size=SIZE).write_folder(folder)),
    ("our checkpoint over another tree's leaves", "root-mismatch", lambda folder, made: foreign_leaves(folder, made)),
    ("left-over bits in the signature", "malformed", content("checkpoint", lambda data: left_over_bits(data))),
    ("S + L", "bad-signature", content("checkpoint", lambda data: malleable(data))),
    ("data after the checkpoint", "malformed", content("checkpoint", lambda data: data + b"x")), ("an empty checkpoint", "malformed", content("checkpoint", lambda data: b"")),
    ("no line feed at its end", "malformed", content("checkpoint", lambda data: data[:-1])),
]
# Leaves that stand in the tree, signed and all, and must not; only a verifier that knows leaves can tell.
LEAVES = [
    ("a leaf with a space", "not-canonical", lambda leaves: relabelled(leaves[300], b":1,", b": 1,")),
    ("an escaped letter", "not-canonical", lambda leaves: relabelled(leaves[300], "\u00f6".encode(), b"\\u00f6")),
    ("no JSON", "not-canonical", lambda leaves: b"\xff"), ("an empty leaf", "not-canonical", lambda leaves: b""),
    ("another tenant's leaf", "wrong-origin", lambda leaves: relabelled(leaves[300], b'"tenant":"acme"', b'"tenant":"beta"')),
    ("a leaf of an earlier record", "out-of-order", lambda leaves: relabelled(leaves[300], b'"offset":310', b'"offset":308')),
    ("a second genesis", "wrong-leaf", lambda leaves: leaves[0].replace(b'"offset":10', b'"offset":310')),
]


def full_for_partial(folder):
    longer = Ledger(size=768)
    for name in ("tile/entries/002", "tile/0/002"):
        (folder / name).write_bytes(longer.objects(768)[name])
        (folder / f"{name}.p/88").unlink()


def foreign_leaves(folder, made):
    kept = (folder / "checkpoint").read_bytes()
    forked(SIZE, 100).write_folder(folder)
    (folder / "checkpoint").write_bytes(kept)


def signature_changed(data, change):
    import base64

    text = data.decode()
    head, _, last = text.rpartition(" ")
    return f"{head} {b64(change(base64.b64decode(last)))}\n".encode()


def flip_signature(data):
    return signature_changed(data, lambda raw: raw[:40] + bytes([raw[40] ^ 1]) + raw[41:])


def malleable(data):
    order = 2**252 + 27742317777372353535851937790883648493
    return signature_changed(data, lambda raw: raw[:36] + (int.from_bytes(raw[36:], "little") + order).to_bytes(32, "little"))


def left_over_bits(data):
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    assert data.endswith(b"=\n")
    return data[:-3] + alphabet[alphabet.index(data[-3:-2]) + 1:][:1] + b"=\n"


def flip_root(data):
    """Another root in the text, the signature as it was."""
    lines = data.split(b"\n")
    lines[2] = (b"A" if lines[2][:1] != b"A" else b"B") + lines[2][1:]
    return b"\n".join(lines)


def odd_leaves(change):
    """A ledger of 600 in whose tree leaf 300 is another one."""
    made = Ledger(size=SIZE)
    made.leaves[300] = change(made.leaves)
    return made


def prepared(folder, change):
    """A folder as `change` leaves it, and the ledger that it was."""
    made = ledger()
    made.write_folder(folder)
    change(Path(folder), made)
    return made
