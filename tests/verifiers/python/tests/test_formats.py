"""The formats' own vectors, the schema of leaves, and the strict readings, each as a table."""

import json
import re
from pathlib import Path

from .asking import Case
from .signing import Signer, b64, vkey
from .tree import Tree

from verifier import ed25519, fields, merkle
from verifier.leaf import decode, encode
from verifier.note import parse_key
from verifier.shape import ListOf, OneOf, Optional, Record, Union
from verifier.text import decimal, json_value, unbase64
from verifier.tiles import index_path
from verifier.verdict import VERDICTS, Rejected

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[3]
P, L = ed25519.P, ed25519.L


class Formats(Case):
    def refused(self, verdict, check, *arguments):
        with self.assertRaises(Rejected, msg=repr(arguments)) as caught:
            check(*arguments)
        self.assertEqual(caught.exception.verdict, verdict, caught.exception)

    def test_every_vector_is_a_leaf(self):
        lines = (PROJECT / "docs/vectors/leaves.jsonl").read_bytes().splitlines()
        kinds = {decode(line)["kind"] for line in lines}
        self.assertEqual(kinds, set(fields.DETAILS))

    def test_every_member_left_out_or_moved_is_noticed(self):
        for line in (PROJECT / "docs/vectors/leaves.jsonl").read_bytes().splitlines():
            leaf = json.loads(line)
            for name in leaf:
                self.refused("not-canonical", decode, encode({each: leaf[each] for each in leaf if each != name}))
                moved = {**{each: leaf[each] for each in leaf if each != name}, name: leaf[name]}
                if list(moved) != list(leaf):
                    self.refused("not-canonical", decode, encode(moved))
            self.refused("not-canonical", decode, encode({**leaf, "detail": {**leaf["detail"], "novel": 1}}))

    def test_the_fields_are_those_of_the_schema(self):
        schema = json.loads((PROJECT / "schemas/ledgerline/Leaf.avsc").read_text())
        by_name = {}

        def described(kind):
            if isinstance(kind, str):
                return by_name.get(kind.rpartition(".")[2], kind)
            if isinstance(kind, list):
                rest = [described(each) for each in kind if each != "null"]
                return ("optional", rest[0]) if "null" in kind else ("union", rest)
            if kind["type"] == "array":
                return ("list", described(kind["items"]))
            if kind["type"] == "enum":
                found = ("enum", kind["symbols"])
            else:
                found = ("record", {each["name"]: described(each["type"]) for each in kind["fields"]})
            by_name[kind["name"]] = found
            return found

        def ours(shape):
            if isinstance(shape, Optional):
                return ("optional", ours(shape.of))
            if isinstance(shape, ListOf):
                return ("list", ours(shape.of))
            if isinstance(shape, OneOf):
                return ("enum", list(shape.symbols))
            if isinstance(shape, Record):
                return ("record", {name: ours(each) for name, each in shape.fields.items()})
            if isinstance(shape, Union):
                return ("union", [ours(each) for each in ((shape.text,) if shape.text else ()) + shape.records])
            if isinstance(shape, type(fields.INT)):
                return "int" if shape.bits == 31 else "long"
            return "string"

        _, leaf = described(schema)
        self.assertEqual(list(leaf), ["format", "kind", "position", "tenant", "detail"])
        self.assertEqual(leaf["kind"], ("enum", list(fields.DETAILS)))
        self.assertEqual(leaf["position"], ours(fields.POSITION))
        for (name, shape), wanted in zip(fields.DETAILS.items(), leaf["detail"][1], strict=True):
            self.assertEqual(json.dumps(ours(shape)), json.dumps(wanted), name)

    def test_the_read_me_lists_every_verdict(self):
        listed = re.findall(r"^\| `([a-z-]+)` \|", (HERE.parent / "README.md").read_text(), re.MULTILINE)
        self.assertEqual([each for each in listed if each in VERDICTS], list(VERDICTS))

    def test_numbers(self):
        for text in ("0", "7", "4611686018427387904"):
            self.assertEqual(decimal(text, "n"), int(text))
        for text in ("", "00", "07", "+7", "-0", "-7", "1_0", " 7", "7 ", "7\n", "0x7", "1e3", "7.0", "\u0667", "4611686018427387905", "9" * 5000):
            self.refused("malformed", decimal, text, "n")

    def test_base64(self):
        self.assertEqual(unbase64("AAE=", "b"), b"\x00\x01")
        for text in ("AAF=", "AAE", "AAE==", "AA E=", "AAE=\n", "AA-_", "AAE=AAE=", "=", "\u00e9"):
            self.refused("malformed", unbase64, text, "b")

    def test_json(self):
        self.assertEqual(json_value(b' {"a": [1, 9223372036854775808]} ', "j"), {"a": [1, 9223372036854775808]})
        for text in (b'{"a":1,"a":1}', b"NaN", b"[Infinity]", b"-Infinity", b"1.0", b"1e3", b"{} {}", b"\xef\xbb\xbf{}", b'"\xff"', b"",
                     b'"\\ud800"', b'{"\\udfff":1}', b"'a'", b"[1,]", b"{}\x00", b"[" * 100_000, b"9" * 10_000, b'"\n"',
                     "{}".encode("utf-16")):
            self.refused("malformed", json_value, text, "j")

    def test_paths_of_tiles(self):
        for index, path in ((0, "000"), (999, "999"), (1000, "x001/000"), (1234067, "x001/x234/067"), (10**9, "x001/x000/x000/000")):
            self.assertEqual(index_path(index), path)

    def test_the_tree_against_its_definition(self):
        leaves = [b"leaf %d" % number for number in range(70)]
        tree = Tree(leaves)
        hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
        for size in range(1, 71):
            root = tree.root(0, size)
            self.assertEqual(merkle.root_of(hashes[:size]), root)
            for index in range(size):
                path = tree.path(index, 0, size)
                self.assertEqual(merkle.root_of_path(index, size, hashes[index], path), root)
            for old in range(1, size):
                proof = tree.consistency(old, 0, size)
                merkle.check_consistency(old, size, tree.root(0, old), root, proof)
                for wrong in range(len(proof)):
                    bent = [*proof[:wrong], bytes(32), *proof[wrong + 1:]]
                    self.refused("proof-mismatch", merkle.check_consistency, old, size, tree.root(0, old), root, bent)
                self.refused("wrong-length", merkle.check_consistency, old, size, tree.root(0, old), root, proof[:-1])
                self.refused("wrong-length", merkle.check_consistency, old, size, tree.root(0, old), root, [*proof, bytes(32)])
                self.refused("proof-mismatch", merkle.check_consistency, old, size, bytes(32), root, proof)


class Curve(Case):
    def test_points(self):
        good = Signer("a", 1).public
        self.assertTrue(ed25519.is_strong_point(good))
        # Points of order 1, 2 and 4 in every encoding that some library takes: with a sign of x, and as y + p. Then those of order 8.
        for y in (1, P - 1, 0, P, P + 1):
            for sign in (0, 1):
                self.assertFalse(ed25519.is_strong_point((y | sign << 255).to_bytes(32, "little")), hex(y))
        for text in ("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
                     "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"):
            self.assertIsNotNone(ed25519.point(bytes.fromhex(text)), text)
            self.assertFalse(ed25519.is_strong_point(bytes.fromhex(text)), text)
        for data in (good[:31], good + b"\0", b"\xff" * 32, (2).to_bytes(32, "little")):
            self.assertFalse(ed25519.is_strong_point(data))

    def test_a_signature_has_one_form(self):
        signer, message = Signer("a", 1), b"message"
        signature = signer.private.sign(message)
        self.assertTrue(ed25519.is_good(signer.public, signature, message))
        s = int.from_bytes(signature[32:], "little")
        forms = {
            "S + L": signature[:32] + (s + L).to_bytes(32, "little"),
            "too short": signature[:63], "too long": signature + b"\0", "none": b"",
            "R of order 1": with_small_r(1), "R as y + p": with_small_r(P + 1),
            "R of order 2": with_small_r(P - 1),
            "another message": signer.private.sign(b"another"),
        }
        # It is our check that refuses this one, not the package's.
        signer.private.public_key().verify(forms["R of order 1"], message)
        for name, form in forms.items():
            self.assertFalse(ed25519.is_good(signer.public, form, message), name)

    def test_keys(self):
        good = Signer("ledgerline/acme", 1)
        self.assertEqual(parse_key(good.vkey).public, good.public)
        name, number, raw = good.vkey.split("+", 2)
        raw_bytes = bytes([1]) + good.public
        for text in (f"{name}+00000000+{raw}", f"{name}+{number.upper()}+{raw}", f"{name}+{number}+{raw[:-1]}", f"+{number}+{raw}",
                     f"a b+{number}+{raw}", f"{name}+{number}", "", f"{name}+{number}+{b64(raw_bytes[:-1])}", good.vkey + "\n",
                     Signer(name, 1, kind=4).vkey, f"{name}+{number}+{b64(bytes([4]) + good.public)}"):
            with self.assertRaises(Rejected, msg=text) as caught:
                parse_key(text)
            self.assertEqual(caught.exception.verdict, "malformed", text)
        for y in (0, 1, P - 1, P, P + 1, 2, 1 | 1 << 255, (1 << 255) - 1):
            with self.assertRaises(Rejected) as caught:
                parse_key(vkey(name, y.to_bytes(32, "little")))
            self.assertEqual(caught.exception.verdict, "weak-key", hex(y))


def with_small_r(y):
    """A signature by `Signer("a", 1)` of `message` whose R has small order; libraries that do not look at R take some of them."""
    from hashlib import sha256, sha512

    signer, message = Signer("a", 1), b"message"
    scalar = int.from_bytes(sha512(sha256(b"key 1").digest()).digest()[:32], "little")
    scalar = scalar & ~7 & ~(1 << 255) | 1 << 254
    r = y.to_bytes(32, "little")
    k = int.from_bytes(sha512(r + signer.public + message).digest(), "little") % L
    return r + (k * scalar % L).to_bytes(32, "little")
