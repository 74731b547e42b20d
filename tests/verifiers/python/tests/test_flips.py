"""Every bit of small files flipped, and files bent at random: never `ok` unless it says the same, never anything but a verdict."""

import gzip
import json
import random
import re

from .asking import Case, as_json, run
from .signing import Signer, note
from .writer import ORIGIN, Ledger

STRANGER = Signer("stranger.example/x", 9)
ROUNDS = 400
TOKENS = [b"", b"\0", b"\n", b"\n\n", b'"', b"\\", b"\\u0000", b"\\ud800", b"null", b"NaN", b"1e9", b"-1", b"0", b"9" * 400, b"[" * 2000, b"{}", b"[]", b"\xff",
          "\u2014 ".encode(), b"+", b"=", b"=====", b"index 0\n", b"extra AAAA\n", b"true", b"[null]", b'{"leaf":1}', b"\xf0\x9f\x98\x80", b"A" * 70_000]


def small():
    """Leaf 0, an event, a rotation: three leaves."""
    made = Ledger(size=2)
    second = Signer(ORIGIN, 21)
    made.operation("rotate", second, made.key, second, replaces=made.key.id)
    return made


def flips(data):
    for number in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[number // 8] ^= 1 << number % 8
        yield number, bytes(flipped)


class Flips(Case):
    def every_bit(self, data, write, *arguments, may_pass=lambda number, flipped: False):
        """Flips each bit in turn; `write` puts the bytes where they belong."""
        write(data)
        self.assertEqual(run(*arguments)[0], 0)
        for number, flipped in flips(data):
            write(flipped)
            status, said = run(*arguments)
            self.assertTrue(status == 1 or (status == 0 and may_pass(number, flipped)), f"bit {number} of {data[:number // 8][-20:]}: {said}")
        write(data)

    def test_a_proof_file(self):
        made = Ledger(size=2)
        value = made.proof_file([1])
        path = self.folder / "proof.json"
        self.every_bit(as_json(value), path.write_bytes, "proof", path, "--key", made.key.vkey)

    def test_a_consistency_file(self):
        made = Ledger(size=3)
        path = self.folder / "consistency.json"
        self.every_bit(as_json(made.consistency_file(2)), path.write_bytes, "consistency", path, "--key", made.key.vkey)

    def test_a_single_proof(self):
        made = Ledger(size=3)
        path, leaf = self.folder / "p.tlog-proof", self.folder / "leaf"
        leaf.write_bytes(made.leaves[1])
        text = made.checkpoint(made.key, STRANGER)
        data = made.tlog_proof(1, text, extra="extra AAAA\n").encode()
        # What `extra` says, and the stranger's name and signature.
        free = [*range(data.index(b"extra ") + 6, data.index(b"index ")), *range(data.index(b"stranger"), len(data))]
        passed = set()
        self.every_bit(data, path.write_bytes, "proof", path, "--leaf", leaf, "--key", made.key.vkey,
                       may_pass=lambda number, flipped: number // 8 in free and not passed.add(number))
        self.assertTrue(any(number // 8 < data.index(b"index ") for number in passed), "a bit of `extra` is ignored")
        self.assertTrue(any(number // 8 > data.index(b"stranger") for number in passed), "a bit of an unknown signature is ignored")
        self.every_bit(made.leaves[1], leaf.write_bytes, "proof", path, "--leaf", leaf, "--key", made.key.vkey)

    def test_a_folder(self):
        made = Ledger(size=1)
        made.heartbeat()
        made.write_folder(self.folder)
        for name in ("checkpoint", "tile/0/000.p/2", "tile/entries/000.p/2"):
            path = self.folder / name
            self.every_bit(path.read_bytes(), path.write_bytes, "log", self.folder, "--key", made.key.vkey)

    def test_the_bodies_of_an_archive(self):
        made = Ledger(size=2)
        made.write_archive(self.folder, {2: made.checkpoint()})
        path = self.folder / ORIGIN / "bodies/000.p/2.gz"
        data = path.read_bytes()
        # A flip in gzip's own header, or another way to compress, that leaves the bodies as they were.
        self.every_bit(data, path.write_bytes, "archive", self.folder, "--key", made.key.vkey,
                       may_pass=lambda number, flipped: gzip.decompress(flipped) == gzip.decompress(data))

    def test_a_note_of_a_revocation(self):
        from .writer import operation_text

        made = Ledger(size=2)
        proof, path = self.file("p.json", made.proof_file([1])), self.folder / "note"
        data = note(operation_text(ORIGIN, "revoke", made.key, None, "07" * 16), made.root).encode()
        for number, flipped in flips(data):
            path.write_bytes(flipped)
            self.assertEqual(run("proof", proof, "--key", made.key.vkey, "--key", made.root.vkey, "--revoked", path)[0], 1, number)


class Bent(Case):
    def setUp(self):
        super().setUp()
        self.random = random.Random(20260301)

    def bent(self, data):
        data = bytearray(data)
        for _ in range(self.random.randint(1, 3)):
            start = self.random.randrange(len(data) + 1)
            end = min(len(data), start + self.random.choice((0, 0, 1, 2, 8, 40)))
            kind = self.random.random()
            if kind < 0.6:
                data[start:end] = self.random.choice(TOKENS)
            elif kind < 0.8:
                other = self.random.randrange(len(data) + 1)
                data[start:end] = data[other:other + self.random.randint(0, 200)]
            else:
                data[start:end] = self.random.randbytes(self.random.randint(0, 4))
        return bytes(data)

    def fuzz(self, data, path, is_same, *arguments):
        for _ in range(ROUNDS):
            bent = self.bent(data)
            path.write_bytes(bent)
            status, said = run(*arguments)
            self.assertIn(status, (0, 1), said)
            if status == 0:
                self.assertTrue(is_same(bent), bent)
            else:
                self.assertRegex(said.split(":")[0], re.compile("^[a-z-]+$"))

    def test_files_bent_at_random(self):
        made = small()
        key = "--key", made.key.vkey
        for command, value in (("proof", made.proof_file([1])), ("consistency", made.consistency_file(2))):
            path = self.folder / f"{command}.json"

            def is_same(bent, value=value):
                return json.loads(bent) == value

            self.fuzz(as_json(value), path, is_same, command, path, *key)

    def test_folders_bent_at_random(self):
        made = small()
        made.write_folder(self.folder)
        for name in ("checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3"):
            path = self.folder / name
            data = path.read_bytes()
            self.fuzz(data, path, lambda bent, data=data: bent == data, "log", self.folder, "--key", made.key.vkey)
            path.write_bytes(data)

    def test_archives_bent_at_random(self):
        made = small()
        made.write_archive(self.folder, {3: made.checkpoint()})
        path = self.folder / ORIGIN / "bodies/000.p/3.gz"
        data = path.read_bytes()
        self.fuzz(data, path, lambda bent: gzip.decompress(bent) == gzip.decompress(data), "archive", self.folder, "--key", made.key.vkey)
