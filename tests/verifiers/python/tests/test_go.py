"""The Go program on the same folders: it takes what is right and refuses what the table says, leaves apart, which it does not know."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from .asking import Case
from .serving import compressed, served
from .signing import Signer, b64, note, vkey
from .tampering import SAME, SIZE, TAMPERED, forked, ledger, left_over_bits, prepared
from .writer import ORIGIN, Ledger

KEY = Signer(ORIGIN, 1).vkey
SOURCES = Path(__file__).resolve().parents[2] / "go"


class Go(Case):
    @classmethod
    def setUpClass(cls):
        """Uses the program that OUTSIDE_GO names, or builds one."""
        cls.program = os.environ.get("OUTSIDE_GO")
        if cls.program:
            return
        if not shutil.which("go"):
            raise unittest.SkipTest("there is no go")
        held = tempfile.TemporaryDirectory()
        cls.addClassCleanup(held.cleanup)
        cls.program = f"{held.name}/outside"
        subprocess.run(["go", "build", "-o", cls.program, "."], cwd=SOURCES, check=True)

    def expect(self, status, *arguments, word=None):
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, status, done)
        self.assertNotIn("panic", done.stderr)
        if word:
            self.assertEqual(done.stdout.split(":")[0], word, done)

    def test_sizes(self):
        for size in (1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 513, 600):
            with self.subTest(size=size):
                folder = self.folder / str(size)
                ledger(size).write_folder(folder)
                self.expect(0, "log", folder, "--key", KEY)

    def test_tampering(self):
        # Tiles stand between leaves and root there, so that it can't tell which of them is at fault.
        others = {"root-mismatch": {"root-mismatch", "tile-mismatch", "bundle-mismatch"}, "tile-mismatch": {"tile-mismatch", "bundle-mismatch"},
                  "wrong-origin": {"unknown-key"}}
        for number, (name, verdict, change) in enumerate(SAME + TAMPERED):
            with self.subTest(name):
                folder = self.folder / str(number)
                prepared(folder, change)
                done = subprocess.run([self.program, "log", folder, "--key", KEY], capture_output=True, text=True, check=False)
                allowed = verdict if isinstance(verdict, set) else others.get(verdict, {verdict})
                self.assertIn(done.stdout.split(":")[0], allowed, done)
                self.assertEqual(done.returncode, 0 if verdict == "ok" else 1, done)

    def test_older_checkpoints(self):
        made, fork = ledger(), forked(SIZE, 200)
        made.write_folder(self.folder)
        cases = [
            *[("ok", made.checkpoint(size=size)) for size in (1, 200, 255, 256, 257, 599, 600)], ("ok", made.text(300)), ("fork", fork.checkpoint()),
            ("fork", fork.checkpoint(size=400)), ("ok", fork.checkpoint(size=200)), ("fork", fork.text(201)), ("rollback", ledger(601).checkpoint()),
            ("unknown-key", Ledger("ledgerline/other", size=3).checkpoint()), ("wrong-origin", Ledger("ledgerline/other", size=3).text()),
            ("bad-signature", note(made.text(300), made.key.line("x"))), ("size-zero", f"{ORIGIN}\n0\n{b64(bytes(32))}\n"), ("malformed", "x"),
        ]
        for number, (word, old) in enumerate(cases):
            with self.subTest(number=number, word=word):
                self.expect(0 if word == "ok" else 1, "log", self.folder, "--key", KEY, "--old", self.file("old", old), word=word)

    def test_served(self):
        ledger(300).write_folder(self.folder)
        with served(self.folder) as url:
            self.expect(0, "log", url, "--key", KEY)
        with served(self.folder, compressed) as url:
            self.expect(0, "log", url, "--key", KEY)
        with served(self.folder, lambda handler, name, data: name != "checkpoint" and (handler.give(503, b"") or True)) as url:
            self.expect(3, "log", url, "--key", KEY)
        self.expect(3, "log", url, "--key", KEY)

    def test_proofs(self):
        made = ledger(300)
        value = made.proof_file([0, 7, 299])
        self.expect(0, "proof", self.file("p", value), "--key", KEY, word="ok")
        lone, leaf, text = made.tlog_proof(7), self.file("leaf", made.leaves[7]), made.checkpoint()
        last = text[:-1].split(" ")[2]
        cases = [
            ("ok", lone), ("ok", made.tlog_proof(7, extra="extra AAAA\n")), ("malformed", lone.replace("index 7", "index 07")), ("proof-mismatch", lone.replace("index 7", "index 6")),
            ("index-beyond-size", lone.replace("index 7", "index 300")), ("malformed", lone.replace("\n", "\r\n")), ("malformed", lone[:-1]),
            ("proof-mismatch", made.tlog_proof(8)), ("unknown-key", made.tlog_proof(7, note(made.text(), Signer(ORIGIN, 5)))),
            ("malformed", lone.replace(last, left_over_bits((last + "\n").encode()).decode()[:-1])), ("malformed", "c2sp.org/tlog-proof@v1"),
            ("proof-mismatch", "\n".join(line for number, line in enumerate(lone.split("\n")) if number != 3)),
            ("bad-signature", made.tlog_proof(7, note(made.text(), made.key, made.key.line("x")))),
        ]
        for number, (word, proof) in enumerate(cases):
            with self.subTest(number=number, word=word):
                self.expect(0 if word == "ok" else 1, "proof", self.file("p", proof), "--leaf", leaf, "--key", KEY, word=word)
        value["leaves"][1]["leaf"] = value["leaves"][0]["leaf"]
        self.expect(1, "proof", self.file("p", value), "--key", KEY, word="proof-mismatch")
        for content in ("", "{", "{}", "[1]", '{"leaves":[{}]}'):
            self.expect(1, "proof", self.file("p", content), "--key", KEY, word="malformed")

    def test_keys(self):
        ledger(3).write_folder(self.folder)
        for y in (0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18):
            self.expect(1, "log", self.folder, "--key", vkey(ORIGIN, y.to_bytes(32, "little")), word="weak-key")
        name, number, raw = KEY.split("+", 2)
        for text in ("x", f"{name}+{number.upper()}+{raw}" if number.upper() != number else "y", f"{name}+00000000+{raw}", Signer(ORIGIN, 1, kind=4).vkey):
            self.expect(1, "log", self.folder, "--key", text, word="malformed")
        self.expect(1, "log", self.folder, "--key", Signer(ORIGIN, 5).vkey, word="unknown-key")
        for arguments in ([], ["log"], ["log", self.folder], ["log", self.folder, "--key"], ["walk", self.folder, "--key", KEY], ["log", self.folder, "--novel", "x"]):
            self.expect(2, *arguments)
        self.expect(3, "log", self.folder / "none", "--key", KEY)
        self.expect(3, "proof", self.folder / "none", "--key", KEY)
