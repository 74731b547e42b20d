"""Served ledgers and folders, good and tampered with, each case with its verdict."""

import json
import subprocess
import sys
from pathlib import Path

from .asking import Case, run
from .serving import compressed, served
from .signing import Signer, note
from .tampering import LEAVES, SAME, SIZE, TAMPERED, forked, ledger, odd_leaves, prepared
from .writer import ORIGIN, Ledger

KEY = Signer(ORIGIN, 1).vkey


class Logs(Case):
    def test_sizes(self):
        for size in (1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 513, 600):
            with self.subTest(size=size):
                folder = self.folder / str(size)
                ledger(size).write_folder(folder)
                found = self.check("ok", "log", folder, "--key", KEY)
                self.assertEqual((found["size"], sum(found["leaves"].values())), (size, size))

    def test_tampering(self):
        for number, (name, verdict, change) in enumerate(SAME + TAMPERED):
            with self.subTest(name):
                folder = self.folder / str(number)
                prepared(folder, change)
                self.check(verdict, "log", folder, "--key", KEY)

    def test_leaves_that_must_not_stand(self):
        for name, verdict, change in LEAVES:
            with self.subTest(name):
                odd_leaves(change).write_folder(self.folder)
                self.check(verdict, "log", self.folder, "--key", KEY)

    def test_older_checkpoints(self):
        made = ledger()
        made.write_folder(self.folder)
        fork = forked(SIZE, 200)
        cases = [
            *[("ok", made.checkpoint(size=size)) for size in (1, 200, 255, 256, 257, 599, 600)], ("ok", made.text(300)),
            ("fork", fork.checkpoint()), ("fork", fork.checkpoint(size=400)), ("ok", fork.checkpoint(size=200)), ("fork", fork.text(201)),
            ("rollback", ledger(601).checkpoint()), ("rollback", forked(700, 1).text()), ("wrong-origin", Ledger("ledgerline/other", size=3).checkpoint()),
            ("bad-signature", note(made.text(300), made.key.line("x"))), ("size-zero", f"{ORIGIN}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"),
            ("malformed", "x"), ("malformed", made.checkpoint(size=300)[:-1]),
        ]
        for number, (verdict, old) in enumerate(cases):
            with self.subTest(number=number, verdict=verdict):
                self.check(verdict, "log", self.folder, "--key", KEY, "--old", self.file("old", old))

    def test_keys_that_the_leaves_tell_of(self):
        made = Ledger(size=2)
        second, third = Signer(ORIGIN, 21), Signer(ORIGIN, 22)
        made.operation("rotate", second, made.key, second, replaces=made.key.id)
        made.operation("revoke", made.key, made.root)
        cases = [
            ("ok", [second], [second]), ("ok", [made.key, second], [second]), ("revoked-key", [made.key], [made.key]), ("unknown-key", [second], [made.key]),
            ("unknown-key", [third], [second]), ("wrong-name", [made.root], [made.root]),
        ]
        for verdict, signers, given in cases:
            with self.subTest(verdict=verdict, given=given[0].id):
                made.write_folder(self.folder, made.checkpoint(*signers))
                found = self.check(verdict, "log", self.folder, *[word for key in given for word in ("--key", key.vkey)])
        made.write_folder(self.folder, made.checkpoint(second))
        found = self.check("ok", "log", self.folder, "--key", second.vkey)
        self.assertEqual([each["action"] for each in found["keys"]], ["begin", "rotate", "revoke"])

    def test_one_command_makes_one_leaf(self):
        made = Ledger(size=2)
        for _ in range(2):
            made.operation("retire", made.key, made.key, order="0a" * 16)
        made.write_folder(self.folder)
        self.check("replayed", "log", self.folder, "--key", KEY)

    def test_served(self):
        ledger(300).write_folder(self.folder)
        with served(self.folder) as url:
            self.check("ok", "log", url, "--key", KEY)
            self.check("ok", "log", url + "/", "--key", KEY)
        with served(self.folder, compressed) as url:
            self.check("ok", "log", url, "--key", KEY)
        elsewhere = [
            lambda handler, name, data: handler.give(302, b"", Location="/ledger/acme/checkpoint") or True, lambda handler, name, data: handler.give(503, b"") or True,
            lambda handler, name, data: handler.give(200, b"x" * 99, Content_Encoding="gzip") or True, lambda handler, name, data: handler.wfile.write(b"no HTTP\r\n\r\n") and True,
            lambda handler, name, data: handler.give(404, b"") or True,
        ]
        for answer in elsewhere:
            with served(self.folder, answer) as url:
                status, found = self.ask("log", url, "--key", KEY)
                self.assertEqual((status, found["verdict"]), (3, None), found)
        status, _ = run("log", url, "--key", KEY)
        self.assertEqual(status, 3, "nobody listens there")
        endless = lambda handler, name, data: name != "checkpoint" and (handler.give(200, bytes(20_000_000)) or True)  # noqa: E731
        with served(self.folder, endless) as url:
            self.check({"bundle-mismatch", "tile-mismatch"}, "log", url, "--key", KEY)
        with served(self.folder, lambda handler, name, data: "entries" in name and (handler.give(404, b"") or True)) as url:
            self.check("missing-bundle", "log", url, "--key", KEY)

    def test_the_command_line(self):
        ledger(3).write_folder(self.folder)
        program = Path(__file__).resolve().parent.parent / "verify.py"
        cases = [
            (0, ["log", self.folder, "--key", KEY], "ok: "), (1, ["log", self.folder, "--key", Signer(ORIGIN, 5).vkey], "unknown-key: "), (2, [], ""), (2, ["log"], ""),
            (2, ["log", self.folder], ""), (2, ["prove", self.folder, "--key", KEY], ""), (2, ["proof", "a", "b", "--leaf", "c", "--key", KEY], ""),
            (3, ["log", self.folder / "none", "--key", KEY], "could not read: "), (3, ["proof", self.folder / "none", "--key", KEY], "could not read: "),
            (3, ["archive", self.folder, "--key", KEY], "could not read: "), (3, ["log", self.folder, "--key", KEY, "--old", self.folder / "none"], "could not read: "),
            (1, ["log", self.folder, "--key", "x"], "malformed: "),
        ]
        for status, arguments, said in cases:
            done = subprocess.run([sys.executable, program, *map(str, arguments)], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, status, done)
            self.assertTrue(done.stdout.startswith(said), done)
            self.assertNotIn("Traceback", done.stderr)
        both = run("proof", self.folder / "none", self.file("p", "x"), "--key", KEY)
        self.assertEqual(both[0], 1, "a failure weighs more than what could not be read")
        self.assertEqual(json.loads(run("log", self.folder, "--key", KEY, "--json")[1])[str(self.folder)]["verdict"], "ok")
