"""Archives, good and tampered with, each case with its verdict."""

import gzip
import shutil

from .asking import Case
from .signing import Signer, b64, note
from .tampering import bit, content, entries, forked, gone, swap
from .writer import ORIGIN, Ledger, body_record

K1, K2 = Signer(ORIGIN, 1), Signer(ORIGIN, 21)
SIZES = (1, 5, 255, 256, 257, 300)
LAST, FULL_BODIES, LAST_BODIES = "tile/entries/001.p/44", "bodies/000.gz", "bodies/001.p/44.gz"


def ledger():
    """Leaf 0, a rotation by the root key at leaf 5, a revocation of the first key at leaf 260, events between."""
    made = Ledger(size=5)
    made.operation("rotate", K2, made.root, K2, replaces=K1.id)
    while len(made.leaves) < 260:
        made.event(len(made.leaves))
    made.operation("revoke", K1, made.root)
    while len(made.leaves) < 300:
        made.event(len(made.leaves))
    return made


def checkpoints(made):
    return {size: note(made.text(size), *([K1] if size < 6 else [K1, K2] if size < 256 else [K2])) for size in SIZES}


def checkpoint_of(size):
    return f"checkpoints/{size:020}"


def bodies(name, change):
    return content(name, lambda data: gzip.compress(change(gzip.decompress(data)), mtime=0))


def records(data):
    found = []
    while data:
        end = 37 + int.from_bytes(data[33:37], "big") if data[0] == 1 else 1
        found.append(data[:end])
        data = data[end:]
    return found


def each_record(name, change):
    return bodies(name, lambda data: b"".join(change(records(data))))


def put(name, make):
    return lambda folder, made: (folder / name).write_bytes(make(made).encode())


def fork_at(size, key):
    return put(checkpoint_of(size), lambda made: note(forked(300, 2).text(size), key))


def newest_by(key):
    def change(folder, made):
        for name in ("checkpoint", checkpoint_of(300)):
            (folder / name).write_text(note(made.text(), key))
    return change


RIGHT = [
    ("as written", lambda folder, made: None), ("older partial ones dropped", lambda folder, made: shutil.rmtree(folder / "tile/0/000.p")),
    ("no bodies at all", lambda folder, made: shutil.rmtree(folder / "bodies")),
    ("an erased body", each_record(LAST_BODIES, lambda found: [*found[:9], b"\x02", *found[10:]])),
    ("a checkpoint that lags", lambda folder, made: shutil.copy(folder / checkpoint_of(257), folder / "checkpoint")),
    ("no newest checkpoint", gone("checkpoint")), ("tiles that no checkpoint covers yet", lambda folder, made: (folder / "tile/0/001").write_bytes(b"later")),
    ("an unknown object", lambda folder, made: (folder / "README").write_bytes(b"x")),
    ("a time in the gzip header", content(FULL_BODIES, lambda data: data[:4] + b"\x07" + data[5:])),
]
WRONG = [
    ("a bit of a body", "body-mismatch", bodies(FULL_BODIES, lambda data: data[:-1] + bytes([data[-1] ^ 1]))),
    ("a bit of an opening", "body-mismatch", each_record(LAST_BODIES, lambda found: [found[0][:5] + bytes([found[0][5] ^ 1]) + found[0][6:], *found[1:]])),
    ("a bit of a body in a partial bundle", "body-mismatch", each_record("bodies/000.p/255.gz", lambda found: [*found[:9], found[8], *found[10:]])),
    ("bodies swapped", "body-mismatch", each_record(FULL_BODIES, swap)), ("a body as if there were none", "body-mismatch", each_record(FULL_BODIES, lambda found: [*found[:9], b"\x00", *found[10:]])),
    ("a body for leaf 0", "body-mismatch", each_record(FULL_BODIES, lambda found: [body_record((bytes(32), b"x")), *found[1:]])),
    ("leaf 0 erased", "body-mismatch", each_record(FULL_BODIES, lambda found: [b"\x02", *found[1:]])),
    ("a record too many", "malformed", each_record(FULL_BODIES, lambda found: [*found, b"\x00"])), ("a record too few", "malformed", each_record(FULL_BODIES, lambda found: found[:-1])),
    ("an unknown mark", "malformed", each_record(FULL_BODIES, lambda found: [b"\x03", *found[1:]])), ("a body longer than the file", "malformed", each_record(LAST_BODIES, lambda found: [*found[:-1], b"\x01" + bytes(32) + b"\xff" * 4])),
    ("data after the gzip", "malformed", content(FULL_BODIES, lambda data: data + b"x")), ("a second gzip after it", "malformed", content(FULL_BODIES, lambda data: data + gzip.compress(b""))),
    ("half a gzip", "malformed", content(FULL_BODIES, lambda data: data[:len(data) // 2])), ("a gzip without its end", "malformed", content(FULL_BODIES, lambda data: data[:-8])),
    ("a wrong checksum", "malformed", content(FULL_BODIES, lambda data: data[:-8] + bytes(4) + data[-4:])), ("no gzip", "malformed", content(FULL_BODIES, lambda data: b"x")), ("nothing", "malformed", content(FULL_BODIES, lambda data: b"")),
    ("bodies that are gone", "missing-bodies", gone(FULL_BODIES)), ("the last bodies gone", "missing-bodies", gone(LAST_BODIES)),
    ("a bit of a leaf", "bundle-mismatch", bit("tile/entries/000", 8 * 3000)), ("a bit of the last bundle", "bundle-mismatch", bit(LAST, 8 * 77)),
    ("a bit of an older bundle", "bundle-mismatch", bit("tile/entries/000.p/5", 8 * 77)), ("a longer older bundle", "bundle-mismatch", content("tile/entries/000.p/5", lambda data: data + b"\0\0")),
    ("a bit of a tile", "tile-mismatch", bit("tile/0/000", 9)), ("a bit of an older tile", "tile-mismatch", bit("tile/0/000.p/255", 9)), ("half an older tile", "tile-mismatch", content("tile/0/000.p/255", lambda data: data[:320])),
    ("leaves swapped", "bundle-mismatch", entries("tile/entries/000", swap)), ("a bundle gone", "missing-bundle", gone("tile/entries/000")), ("a tile gone", "missing-tile", gone("tile/1/000.p/1")),
    ("a bit of a checkpoint", "bad-signature", bit(checkpoint_of(255), 8 * (len(ORIGIN) + 7))), ("a bit of the newest root", "bad-signature", content(checkpoint_of(300), lambda data: data.replace(data.split(b"\n")[2][:4], b"AAAA", 1))),
    ("a checkpoint of another size under a name", "malformed", lambda folder, made: shutil.copy(folder / checkpoint_of(255), folder / checkpoint_of(256))),
    ("a checkpoint with a short name", "malformed", lambda folder, made: (folder / checkpoint_of(5)).rename(folder / "checkpoints/5")),
    ("a checkpoint of nobody", "unknown-key", put(checkpoint_of(255), lambda made: note(made.text(255), Signer(ORIGIN, 99)))),
    ("a checkpoint of size 0", "size-zero", put(checkpoint_of(0), lambda made: note(f"{ORIGIN}\n0\n{b64(bytes(32))}\n", K1))),
    ("a checkpoint of another tree", "wrong-origin", put(checkpoint_of(255), lambda made: Ledger("ledgerline/other", size=255).checkpoint())),
    ("a fork of one size", "fork", fork_at(257, K2)), ("a back-dated fork by the revoked key", "fork", fork_at(255, K1)), ("a fork in the newest object", "fork", lambda folder, made: (folder / "checkpoint").write_text(note(forked(300, 2).text(257), K2))),
    ("the newest by a revoked key", "revoked-key", newest_by(K1)), ("two of the newest size", "fork", fork_at(300, K2)),
    ("no checkpoints of use", "malformed", lambda folder, made: [each.write_bytes(b"x") for each in (folder / "checkpoints").iterdir()]),
]


class Archives(Case):
    def prepared(self, change):
        made = ledger()
        folder = self.folder / "archive"
        shutil.rmtree(folder, ignore_errors=True)
        made.write_archive(folder, checkpoints(made))
        change(folder / ORIGIN, made)
        return folder, made

    def test_what_is_right(self):
        for name, change in RIGHT:
            with self.subTest(name):
                folder, made = self.prepared(change)
                found = self.check("ok", "archive", folder, "--key", K2.vkey)
                self.assertEqual((found["size"], found["checkpoints"]), (300, len(SIZES)))
        folder, made = self.prepared(lambda folder, made: None)
        # The note of the rotation lies among the bodies, signed by the root key.
        self.check("ok", "archive", folder, "--key", K1.vkey, "--key", made.root.vkey)
        self.check("ok", "archive", folder, "--key", made.root.vkey)
        shutil.rmtree(folder / ORIGIN / "bodies")
        self.check("unknown-key", "archive", folder, "--key", made.root.vkey)

    def test_tampering(self):
        for name, verdict, change in WRONG:
            with self.subTest(name):
                self.check(verdict, "archive", self.prepared(change)[0], "--key", K1.vkey, "--key", K2.vkey)

    def test_keys(self):
        folder, made = self.prepared(lambda folder, made: None)
        self.check("key-status-unknown", "archive", self.by_the_old_key(), "--key", K1.vkey)
        self.check("unknown-key", "archive", folder, "--key", Signer(ORIGIN, 99).vkey)
        self.check("wrong-root-key", "archive", folder, "--key", K2.vkey, "--key", Signer(ORIGIN + "#root", 99).vkey)

    def by_the_old_key(self):
        """The same, with a rotation that the key that was revoked later had authorised alone."""
        made = Ledger(size=5)
        made.operation("rotate", K2, K1, K2, replaces=K1.id)
        made.operation("revoke", K1, made.root)
        folder = self.folder / "other"
        made.write_archive(folder, {7: note(made.text(7), K2)})
        return folder

    def test_older_checkpoints(self):
        folder, made = self.prepared(lambda folder, made: None)
        for verdict, old in (("ok", made.text(123)), ("ok", made.checkpoint(size=5)), ("fork", forked(300, 2).text(123)), ("rollback", forked(301, 2).text()), ("fork", forked(300, 2).text())):
            self.check(verdict, "archive", folder, "--key", K2.vkey, "--old", self.file("old", old))
