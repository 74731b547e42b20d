"""Proof files, single proofs and consistency files, each case with the verdict that it must get."""

import copy
import json

from .asking import Case, as_json
from .signing import Signer, b64, note
from .writer import Ledger, digest, encoded

STRANGER = Signer("stranger.example/x", 9)


def first(value):
    return value["leaves"][0]


def swapped(text, old, new):
    assert old in text, old
    return text.replace(old, new, 1)


def edit(name, old, new):
    """Changes a text of the first entry."""
    def change(value):
        first(value)[name] = swapped(first(value)[name], old, new)
    return change


def put(name, new):
    def change(value):
        first(value)[name] = new
    return change


def other_byte(text):
    return ("A" if text[0] != "A" else "B") + text[1:]


def proof_line(number, change):
    """Changes one line of the first entry's proof: 0 the header, 1 the index, 2 the first hash."""
    def apply(value):
        lines = first(value)["proof"].split("\n")
        lines[number] = change(lines[number])
        first(value)["proof"] = "\n".join(line for line in lines if line is not None)
    return apply


def left_over(text):
    """The same bytes in base64 with a bit set that no byte takes up."""
    body, end = text.rstrip("="), text[len(text.rstrip("=")):]
    assert end, "bits are left over only before padding"
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return body[:-1] + alphabet[alphabet.index(body[-1]) + 1] + end


def flipped_hex(text):
    return ("0" if text[0] != "0" else "1") + text[1:]


class Proofs(Case):
    def setUp(self):
        super().setUp()
        self.ledger = Ledger(size=8)
        self.value = self.ledger.proof_file([3])

    def expect(self, verdict, value, *more):
        return self.check(verdict, "proof", self.file("proof.json", value), "--key", self.ledger.key.vkey, *more)

    def changed(self, *changes):
        value = copy.deepcopy(self.value)
        for change in changes:
            change(value)
        return value

    def test_what_is_right(self):
        found = self.expect("ok", self.value)
        self.assertEqual((found["origin"], found["size"]), ("ledgerline/acme", 8))
        event = {"kind": "event", "key": digest("event", 3)}
        run = {"kind": "run", "key": "018f3b2c-0000-7000-8000-000000000000"}
        for right in (
            self.ledger.proof_file([3], event), self.ledger.proof_file([1, 2, 7], run), self.ledger.proof_file([0]),
            self.ledger.proof_file([3], withheld="erased"), self.ledger.proof_file([2], {"kind": "dataset", "key": "d"}),
            json.dumps(self.value, indent=3),
        ):
            self.expect("ok", right)
        for size in range(1, 20):
            ledger = Ledger(size=size)
            for index in range(size):
                self.expect("ok", ledger.proof_file([index]))

    def test_what_is_ignored(self):
        for extra in ("extra \n", "extra AAAA\n", "extra " + b64(b"anything") + "\n"):
            self.expect("ok", self.changed(edit("proof", "index", extra + "index")))
        text = self.ledger.text()
        for line in (STRANGER.line(text), STRANGER.line("other"), STRANGER.raw_line(bytes(64)), STRANGER.raw_line(b"\x01"),
                     Signer(self.ledger.origin, 77).line(text), Signer("stranger.example/x", 9, kind=4).line(text)):
            self.expect("ok", self.ledger.proof_file([3], checkpoint=note(text, self.ledger.key, line)))

    def test_an_entry(self):
        other, zero = Ledger("ledgerline/other", size=8), "0" * 64
        swap = copy.deepcopy(self.ledger.proof_file([4]))
        lone = self.ledger.checkpoint()
        hashes = self.value["leaves"][0]["proof"].split("\n")[2:5]
        cases = [
            ("another leaf's bytes", "proof-mismatch", put("leaf", first(swap)["leaf"])),
            ("a bit of the leaf", "proof-mismatch", edit("leaf", '"live"', '"lire"')),
            ("another leaf's proof", "proof-mismatch", put("proof", first(swap)["proof"])),
            ("another tenant's proof", "wrong-origin", put("proof", other.tlog_proof(3))),
            ("a bit of the body", "body-mismatch", put("body", b64(b'{"number":4}'))),
            ("another body and opening", "body-mismatch", lambda v: first(v).update(opening=first(swap)["opening"], body=first(swap)["body"])),
            ("a bit of the opening", "body-mismatch", lambda v: first(v).update(opening=flipped_hex(first(v)["opening"]))),
            ("an opening in capitals", "malformed", lambda v: first(v).update(opening=first(v)["opening"].upper())),
            ("a short opening", "malformed", put("opening", "00" * 31)),
            ("a body that is not base64", "malformed", put("body", "e3-0")),
            ("left-over bits of a body", "malformed", put("body", left_over(b64(b"{}")))),
            ("a hash", "proof-mismatch", proof_line(2, other_byte)), ("the last hash", "proof-mismatch", proof_line(4, other_byte)),
            ("hashes swapped", "proof-mismatch", edit("proof", "\n".join(hashes), "\n".join(reversed(hashes)))),
            ("a hash too few", "wrong-length", proof_line(2, lambda line: None)),
            ("a hash too many", "wrong-length", proof_line(2, lambda line: line + "\n" + line)),
            ("64 hashes", "malformed", proof_line(2, lambda line: "\n".join([line] * 64))),
            ("a short hash", "malformed", proof_line(2, lambda line: b64(bytes(31)))),
            ("left-over bits of a hash", "malformed", proof_line(2, left_over)),
            ("another index", "proof-mismatch", proof_line(1, lambda line: "index 2")),
            ("the size as index", "index-beyond-size", proof_line(1, lambda line: "index 8")),
            ("an index beyond all", "malformed", proof_line(1, lambda line: "index 18446744073709551616")),
            *[(f"the index {text!r}", "malformed", proof_line(1, lambda line, text=text: text)) for text in
              ("index 03", "index +3", "index 0_3", "index -3", "index  3", "index 3 ", "index 0x3", "index", "Index 3", "index 3\r")],
            ("another header", "malformed", proof_line(0, lambda line: "c2sp.org/tlog-proof@v2")),
            ("extra after the index", "malformed", proof_line(1, lambda line: line + "\nextra AAAA")),
            ("two extras", "malformed", proof_line(1, lambda line: "extra AAAA\nextra AAAA\n" + line)),
            ("an extra that is not canonical", "malformed", proof_line(1, lambda line: "extra AAF=\n" + line)),
            ("no checkpoint", "malformed", put("proof", "c2sp.org/tlog-proof@v1\nindex 3\n")),
            ("an empty proof", "malformed", put("proof", "")), ("no text", "malformed", put("proof", 7)),
            ("data after the checkpoint", "malformed", edit("proof", lone, lone + "x")),
            ("an empty line after it", "malformed", edit("proof", lone, lone + "\n")),
            ("withheld and opened", "malformed", put("withheld", "none")),
            ("withheld as nothing known", "malformed", lambda v: v["leaves"].__setitem__(0, {**{k: first(v)[k] for k in ("leaf", "proof")}, "withheld": "lost"})),
            ("withheld as if there were no body", "body-mismatch", lambda v: v["leaves"].__setitem__(0, {**{k: first(v)[k] for k in ("leaf", "proof")}, "withheld": "none"})),
            ("a body for leaf 0", "body-mismatch", lambda v: v["keys"].__setitem__(0, {**{k: v["keys"][0][k] for k in ("leaf", "proof")}, "opening": zero, "body": ""})),
            ("members in another order", "malformed", lambda v: v["leaves"].__setitem__(0, dict(reversed(first(v).items())))),
            ("an entry that is a list", "malformed", lambda v: v["leaves"].__setitem__(0, [])),
        ]
        for name, verdict, change in cases:
            with self.subTest(name):
                self.expect(verdict, self.changed(change))

    def test_the_file(self):
        text = as_json(self.value).decode()
        run = {"kind": "run", "key": "018f3b2c-0000-7000-8000-000000000001"}
        same = [first(self.value), first(self.value)]
        cases = [
            ("trailing data", "malformed", text + "x"), ("a second value", "malformed", text + "{}"), ("half a file", "malformed", text[:len(text) // 2]),
            ("nothing", "malformed", ""), ("a list", "malformed", "[]"), ("not UTF-8", "malformed", text.encode() + b"\xff"),
            ("a member twice", "malformed", swapped(text, '"complete": true', '"complete": true, "complete": true')),
            ("NaN", "malformed", swapped(text, "true", "NaN")), ("a number for complete", "malformed", swapped(text, "true", "1")),
            ("an unknown member", "malformed", {**self.value, "novel": 1}), ("another order", "malformed", dict(reversed(self.value.items()))),
            ("another format", "malformed", {**self.value, "format": "ledgerline-proof-2"}), ("deep nesting", "malformed", "[" * 50_000),
            ("another origin", "wrong-origin", {**self.value, "origin": "ledgerline/other"}),
            ("an unknown subject", "malformed", {**self.value, "subject": {"kind": "moon", "key": "3"}}),
            ("another index as subject", "wrong-subject", {**self.value, "subject": {"kind": "leaf", "key": "4"}}),
            ("the index as 03", "wrong-subject", {**self.value, "subject": {"kind": "leaf", "key": "03"}}),
            ("another event", "wrong-subject", {**self.value, "subject": {"kind": "event", "key": digest("event", 4)}}),
            ("leaf 0 as an event", "wrong-subject", self.ledger.proof_file([0], {"kind": "event", "key": "0"})),
            ("another run", "wrong-subject", {**self.value, "subject": run}),
            ("no leaves", "malformed", {**self.value, "leaves": []}), ("a leaf twice", "malformed", {**self.value, "leaves": same}),
            ("too many leaves", "malformed", {**self.value, "leaves": same * 501}),
            ("no keys", "malformed", {**self.value, "keys": []}), ("keys without leaf 0", "malformed", {**self.value, "keys": self.value["leaves"]}),
            ("an event among keys", "malformed", {**self.value, "keys": self.value["keys"] + self.value["leaves"]}),
            ("leaf 0 twice", "malformed", {**self.value, "keys": self.value["keys"] * 2}),
        ]
        for name, verdict, content in cases:
            with self.subTest(name):
                self.expect(verdict, content)

    def test_the_checkpoint(self):
        ledger, text = self.ledger, self.ledger.text()
        key, good = ledger.key, ledger.checkpoint()
        s_line = key.line(text).split(" ")[2].strip()
        hidden = Signer("ledgerline/acme", 44)
        cases = [
            ("no signature of ours", "unknown-key", note(text, STRANGER)), ("nobody's", "malformed", text),
            ("our name, another key", "unknown-key", note(text, hidden)),
            ("another tree's name", "unknown-key", note(text, key.named("ledgerline/other"))),
            ("a signature of another text", "bad-signature", note(text, key.line(ledger.text(7)))),
            ("a zero signature", "bad-signature", note(text, key.raw_line(bytes(64)))),
            ("a short signature", "bad-signature", note(text, key.raw_line(bytes(63)))),
            ("a good line and a bad one", "bad-signature", note(text, key, key.raw_line(bytes(64)))),
            ("left-over bits", "malformed", swapped(good, s_line, left_over(s_line))),
            ("a hyphen for the dash", "malformed", good.replace("\u2014", "-")), ("two spaces", "malformed", good.replace("\u2014 ", "\u2014  ")),
            ("no line feed at the end", "malformed", good[:-1]), ("a carriage return", "malformed", good.replace("\n", "\r\n")),
            ("an extension line", "malformed", note(text + "more\n", key)), ("two lines", "malformed", note("\n".join(text.split("\n")[:2]) + "\n", key)),
            *[(f"the size {size!r}", "malformed", note(text.replace("\n8\n", f"\n{size}\n"), key)) for size in ("08", "+8", "8_0", "-8", "", "0x8", "8 ", "9" * 30)],
            ("size 0", "size-zero", note(text.replace("\n8\n", "\n0\n"), key)), ("a smaller size", "index-beyond-size", note(text.replace("\n8\n", "\n3\n"), key)),
            ("a larger size", "wrong-length", note(text.replace("\n8\n", "\n9\n"), key)),
            ("another root", "proof-mismatch", note(text.replace(b64(ledger.tree.root(0, 8)), b64(bytes(32))), key)), ("a short root", "malformed", note(text[:-9] + "\n", key)),
            ("another origin", "wrong-origin", note(text.replace("acme", "other"), key)),
            ("an origin that is no path", "malformed", note(text.replace("ledgerline/acme", "ledgerline/../acme"), key)),
            ("a control character in a stranger's name", "malformed", note(text, key, STRANGER.line(text).replace("stranger", "stran\x01ger"))),
            ("101 lines", "malformed", note(text, key, *[STRANGER.line(text)] * 100)),
        ]
        for name, verdict, checkpoint in cases:
            with self.subTest(name):
                self.expect(verdict, ledger.proof_file([3], checkpoint=checkpoint))
        self.expect("malformed", {**self.value, "keys": ledger.keys(note(text, key, STRANGER), 8)})

    def test_leaves_that_are_in_the_tree_and_should_not_be(self):
        good = json.loads(Ledger(size=4).leaves[3])
        raw = Ledger(size=4).leaves[3]
        detail = good["detail"]
        wide = {**detail["subject"]["run"]["job"], "name": "n" * 513}
        cases = [
            ("a space", "not-canonical", raw.replace(b":1,", b": 1,", 1)), ("a member twice", "not-canonical", raw.replace(b'"c14n":1', b'"c14n":1,"c14n":1')),
            ("an escape too many", "not-canonical", raw.replace("\u00f6".encode(), b"\\u00f6")), ("an escaped slash", "not-canonical", raw.replace(b"airflow", b"air\\/flow")),
            ("capitals in an escape", "not-canonical", raw.replace(b"\\u001f", b"\\u001F")), ("a fraction", "not-canonical", raw.replace(b'"c14n":1', b'"c14n":1.0')),
            ("an exponent", "not-canonical", raw.replace(b'"c14n":1', b'"c14n":1e0')), ("a boolean", "not-canonical", raw.replace(b'"c14n":1', b'"c14n":true')),
            ("a null", "not-canonical", raw.replace(b'"verdict"', b'"principal":null,"verdict"')), ("not UTF-8", "not-canonical", raw.replace(b"airflow", b"airfl\xffw")),
            ("half a surrogate pair", "not-canonical", raw.replace(b"airflow", b"air\\ud800")), ("a byte-order mark", "not-canonical", b"\xef\xbb\xbf" + raw),
            ("a line feed after it", "not-canonical", raw + b"\n"), ("nothing", "not-canonical", b""), ("no object", "not-canonical", b"[1]"),
            ("format 2", "not-canonical", encoded({**good, "format": 2})), ("an unknown kind", "not-canonical", encoded({**good, "kind": "novel"})),
            ("a kind that is not its detail's", "not-canonical", encoded({**good, "kind": "heartbeat"})),
            ("members moved", "not-canonical", encoded({**good, "detail": dict(reversed(detail.items()))})),
            ("a number too large", "not-canonical", encoded({**good, "detail": {**detail, "event_time_ns": 1 << 63}})),
            ("a name too long", "not-canonical", encoded({**good, "detail": {**detail, "subject": {"job": wide}}})),
            ("33 findings", "not-canonical", encoded({**good, "detail": {**detail, "findings": {"count": 33, "listed": [{"code": "c", "path": "$"}] * 33}}})),
            ("fewer counted than listed", "not-canonical", encoded({**good, "detail": {**detail, "findings": {"count": 0, "listed": [{"code": "c", "path": "$"}]}}})),
            ("a run id in capitals", "not-canonical", raw.replace(b"018f3b2c", b"018F3B2C")),
            ("another tenant", "wrong-origin", encoded({**good, "tenant": "other"})),
            ("a second genesis", "wrong-leaf", Ledger(size=1).leaves[0]),
        ]
        for name, verdict, leaf in cases:
            with self.subTest(name):
                ledger = Ledger(size=3)
                ledger.leaves.append(leaf)
                ledger.bodies.append(None)
                checkpoint, proof = self.file("p.tlog-proof", ledger.tlog_proof(3)), self.file("leaf", leaf)
                self.check(verdict, "proof", checkpoint, "--leaf", proof, "--key", ledger.key.vkey)

    def test_single_proofs(self):
        ledger = self.ledger
        proof, leaf = self.file("p.tlog-proof", ledger.tlog_proof(3)), self.file("leaf", ledger.leaves[3])
        self.check("ok", "proof", proof, "--leaf", leaf, "--key", ledger.key.vkey)
        self.check("proof-mismatch", "proof", proof, "--leaf", self.file("leaf", ledger.leaves[4]), "--key", ledger.key.vkey)
        self.check("wrong-origin", "proof", proof, "--leaf", self.file("leaf", ledger.leaves[3]), "--key", Ledger("ledgerline/other").key.vkey)

    def test_consistency(self):
        ledger = self.ledger
        for old in range(1, 9):
            value = ledger.consistency_file(old)
            self.expect_consistency("ok", value)
            self.expect_consistency("ok", {**value, "old": ledger.checkpoint(size=old)})
            for number, hashed in enumerate(value["hashes"]):
                bent = [*value["hashes"][:number], other_byte(hashed), *value["hashes"][number + 1:]]
                self.expect_consistency("proof-mismatch", {**value, "hashes": bent})
            self.expect_consistency("wrong-length", {**value, "hashes": [*value["hashes"], b64(bytes(32))]})
        value, fork = ledger.consistency_file(5), Ledger(size=1)
        for number in range(100, 107):
            fork.event(number)
        cases = [
            ("a fork of one size", "fork", {**value, "old": fork.text(8)}), ("a fork below", "proof-mismatch", {**value, "old": fork.text(5)}),
            ("a rollback", "rollback", {**value, "old": value["new"], "new": ledger.checkpoint(size=5)}),
            ("old of size 0", "size-zero", {**value, "old": f"{ledger.origin}\n0\n{b64(bytes(32))}\n", "hashes": []}),
            ("old of another tree", "wrong-origin", {**value, "old": value["old"].replace("acme", "other")}),
            ("a bad line under old", "bad-signature", {**value, "old": note(ledger.text(5), ledger.key.line("x"))}),
            ("an unsigned new", "malformed", {**value, "new": ledger.text()}),
            ("a number among hashes", "malformed", {**value, "hashes": [1]}), ("127 hashes", "malformed", {**value, "hashes": value["hashes"] * 127}),
            ("keys of another checkpoint", "malformed", {**value, "keys": ledger.keys(ledger.checkpoint(size=7), 7)}),
            ("an unknown member", "malformed", {**value, "novel": 1}), ("a proof file", "malformed", self.value),
        ]
        for name, verdict, content in cases:
            with self.subTest(name):
                self.expect_consistency(verdict, content)

    def expect_consistency(self, verdict, value):
        self.check(verdict, "consistency", self.file("c.json", value), "--key", self.ledger.key.vkey)
