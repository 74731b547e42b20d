"""Rotation, revocation, anchors, witnesses: who may speak for a tree, each case with its verdict."""

import json

from .asking import Case
from .signing import Signer, b64, note, vkey
from .writer import ORIGIN, Ledger, operation_text

K1, K2, K3 = (Signer(ORIGIN, number) for number in (1, 21, 22))
ROOT, EVIL = Signer(ORIGIN + "#root", 2), Signer(ORIGIN, 66)
EVIL_ROOT = Signer(ORIGIN + "#root", 67)
W1, W2 = Signer("witness.example/one", 31, kind=4), Signer("witness.example/two", 32, kind=4)


def ledger(*steps):
    """Leaf 0 with K1 and ROOT, an event, and then each step."""
    made = Ledger(key=K1, root=ROOT, size=2)
    for step in steps:
        made.event(len(made.leaves)) if step is None else made.operation(*step[0], **step[1])
    return made


def step(*arguments, **named):
    return arguments, named


ROTATED = step("rotate", K2, K1, K2, replaces=K1.id)
ROTATED_BY_ROOT = step("rotate", K2, ROOT, K2, replaces=K1.id)
REVOKED = step("revoke", K1, ROOT)


class Keys(Case):
    def ask_proof(self, expected, made, signers, given, *more, size=None, index=1):
        size = size or len(made.leaves)
        checkpoint = note(made.text(size), *signers)
        value = made.proof_file([index], checkpoint=checkpoint, size=size)
        keys = [word for key in given for word in ("--key", key if isinstance(key, str) else key.vkey)]
        return self.check(expected, "proof", self.file("proof.json", value), *keys, *more)

    def table(self, made, cases, *more):
        for verdict, size, signers, given, *rest in cases:
            with self.subTest(verdict=verdict, size=size, signers=[each.id for each in signers], given=[each.id for each in given]):
                self.ask_proof(verdict, made, signers, given, *rest, *more, size=size)

    def test_rotation(self):
        made = ledger(ROTATED, None, step("rotate", K3, ROOT, K3, replaces=K2.id))
        self.table(made, [
            ("ok", 5, [K1], [K1]), ("ok", 5, [K1, K2], [K1]), ("ok", 5, [K2], [K1]), ("ok", 5, [K2], [K2]), ("ok", 2, [K1], [K1]),
            ("unknown-key", 2, [K2], [K1]), ("unknown-key", 5, [EVIL], [K1]), ("unknown-key", 5, [K1], [K2]),
            # K3 stands in by the root's word: whoever has the root key needs no other.
            ("ok", 5, [K3], [ROOT]), ("unknown-key", 5, [K2], [ROOT]), ("unknown-key", 5, [K1], [ROOT]),
            ("unknown-key", 5, [K3], [K1]), ("ok", 5, [K3], [K1, ROOT]),
            # The root key is no checkpoint key.
            ("wrong-name", 5, [ROOT], [ROOT]),
        ])

    def test_rotation_and_revocation(self):
        made = ledger(ROTATED, None, REVOKED, None)
        self.table(made, [
            ("ok", 6, [K2], [K2]), ("ok", 6, [K1, K2], [K2]), ("ok", 6, [K2], [K1, K2]), ("ok", 4, [K2], [K1]),
            ("revoked-key", 6, [K1], [K1]), ("revoked-key", 6, [K1], [K1, K2]), ("revoked-key", 6, [K1], [K1, ROOT]),
            # What a stolen key authorised alone is worth no more than its signature.
            ("key-status-unknown", 6, [K2], [K1]), ("key-status-unknown", 6, [K2], [K1, ROOT]),
        ])
        self.table(ledger(ROTATED_BY_ROOT, None, REVOKED), [("ok", 5, [K2], [K1, ROOT]), ("ok", 5, [K2], [ROOT])])

    def test_what_operations_need(self):
        cases = [
            ("ok", ROTATED), ("ok", ROTATED_BY_ROOT), ("ok", REVOKED), ("ok", step("recover", K1, ROOT)), ("ok", step("enrol", K2, ROOT, K2)),
            ("ok", step("retire", K1, K1)), ("ok", step("retire", K1, ROOT)),
            ("unauthorised", step("rotate", K2, K1, replaces=K1.id)), ("unauthorised", step("rotate", K2, K2, replaces=K1.id)),
            ("malformed", step("rotate", K2, K1, K2)), ("unauthorised", step("rotate", K2, K1, K2, replaces=K3.id)),
            ("unauthorised", step("rotate", K2, EVIL, K2, replaces=EVIL.id)), ("unauthorised", step("revoke", K1, K1)),
            ("unauthorised", step("revoke", K1, EVIL_ROOT)), ("unauthorised", step("revoke", EVIL, K1)), ("unauthorised", step("recover", K1, K1)),
            ("unauthorised", step("enrol", K2, K1, K2)), ("unauthorised", step("enrol", K2, ROOT)), ("unauthorised", step("enrol", K1, ROOT, K1)),
            ("unauthorised", step("rotate", K1, ROOT, K1, replaces=K1.id)), ("unauthorised", step("rotate", ROOT.named(ORIGIN), ROOT, ROOT.named(ORIGIN), replaces=K1.id)),
            ("malformed", step("revoke", K1, ROOT, ROOT)), ("malformed", step("revoke", K1, ROOT, replaces=K1.id)), ("unauthorised", step("retire", K1, K2)),
            ("bad-signature", step("rotate", K2, K1.line("x"), K2, replaces=K1.id)), ("bad-signature", step("rotate", K2, K1, K2.line("x"), replaces=K1.id)),
            ("bad-signature", step("revoke", K1, ROOT.line("x"))),
            *[("ok", step("rotate", K2, *signed, replaces=EVIL.id, outcome={"refused": "not-authorised"}, **more)) for signed, more in (
                ((EVIL, K2), {}), ((K1.line("x"),), {}), ((ROOT.line("x"),), {}), ((), {"said": "no note"}), ((K1,), {"leaf": {"idempotency_key": "00" * 16}}),
                ((), {"said": note(operation_text("ledgerline/other", "revoke", K1.named("ledgerline/other"), None, "00" * 16), ROOT)}))],
            ("operation-mismatch", step("revoke", K1, ROOT, leaf={"key_id": K2.id})), ("operation-mismatch", step("revoke", K1, ROOT, leaf={"action": "retire"})),
            ("operation-mismatch", step("revoke", K1, ROOT, leaf={"public_key": K2.public.hex()})), ("operation-mismatch", step("revoke", K1, ROOT, leaf={"idempotency_key": "00" * 16})),
            ("operation-mismatch", step("revoke", K1, ROOT, said=note(operation_text("ledgerline/other", "revoke", K1.named("ledgerline/other"), None, "00" * 16), ROOT))),
            ("wrong-leaf", step("revoke", K1, ROOT, leaf={"effective_size": 2})), ("wrong-leaf", step("revoke", K1, ROOT, leaf={"effective_size": 4})),
            ("malformed", step("revoke", K1, said="no note")), ("malformed", step("revoke", K1, ROOT, order="0" * 31 + "G")),
            ("malformed", step("revoke", K1, said=note(operation_text(ORIGIN, "revoke", K1, None, "00" * 16, "root"), ROOT))),
            ("malformed", step("revoke", K1, said=note(operation_text(ORIGIN, "revoke", K1, None, "00" * 16) + "more x\n", ROOT))),
            ("malformed", step("revoke", K1, said=note(operation_text(ORIGIN, "destroy", K1, None, "00" * 16), ROOT))),
            *[("malformed", step("rotate", K2, replaces=K1.id, said=note(operation_text(ORIGIN, "rotate", K2, K1.id, "00" * 16, **more), K1, K2))) for more in (
                {"overlap": "-"}, {"overlap": "03"}, {"overlap": "315360001"}, {"reason": "r" * 257}, {"reason": "\u00e9"}, {"reason": ""})],
        ]
        for verdict, asked in cases:
            with self.subTest(verdict=verdict, action=asked[0][0], by=[getattr(each, "name", "a line") for each in asked[0][2:]], named=list(asked[1])):
                if "order" in asked[1]:
                    verdict = {"malformed", "not-canonical"}
                self.ask_proof(verdict, ledger(asked, None), [K1, K2], [K1, K2] if asked[0][0] == "revoke" else [K1])

    def test_a_revoked_key_rotates_no_more(self):
        self.ask_proof("unauthorised", ledger(ROTATED, REVOKED, step("rotate", K3, K1, K3, replaces=K1.id)), [K2], [K2])

    def test_a_replaced_key_rotates_no_more(self):
        again = step("rotate", K3, K1, K3, replaces=K1.id)
        self.ask_proof("unauthorised", ledger(ROTATED, again), [K2], [K2])
        self.ask_proof("unauthorised", ledger(step("enrol", K2, ROOT, K2), step("retire", K1, K1), again), [K2], [K2])
        self.ask_proof("ok", ledger(ROTATED, step("rotate", K3, K2, K3, replaces=K2.id)), [K3], [K1])

    def test_a_revoked_key_that_was_rotated_in(self):
        self.ask_proof("revoked-key", ledger(ROTATED_BY_ROOT, None, step("revoke", K2, ROOT)), [K2], [K1, ROOT])
        self.ask_proof("ok", ledger(ROTATED_BY_ROOT, None, step("revoke", K2, ROOT)), [K1], [K1, ROOT])

    def test_operations_in_another_order(self):
        made = ledger(ROTATED, None, REVOKED)
        value = made.proof_file([1], checkpoint=note(made.text(), K2))
        for keys in ([0, 2, 1], [1, 0, 2], [0, 1, 1, 2], [1, 2]):
            bent = {**value, "keys": [value["keys"][number] for number in keys]}
            self.check("malformed", "proof", self.file("proof.json", bent), "--key", K2.vkey)

    def test_a_refused_operation_lets_no_key_in(self):
        refused = step("rotate", EVIL, K1, EVIL, replaces=K1.id, outcome={"refused": "not-authorised"})
        made = ledger(refused, step("rotate", K2, EVIL, K2, replaces=EVIL.id))
        self.ask_proof("unauthorised", made, [K1], [K1])
        self.ask_proof("unknown-key", ledger(refused), [EVIL], [K1])
        # A revocation by the root key is heeded even where it was refused.
        self.ask_proof("revoked-key", ledger(step("revoke", K1, ROOT, outcome={"refused": "last-key"})), [K1], [K1])

    def test_another_root_key(self):
        made = Ledger(key=K1, root=EVIL_ROOT, size=2)
        self.ask_proof("wrong-root-key", made, [K1], [K1, ROOT])
        self.ask_proof("ok", made, [K1], [K1])

    def test_revocations_from_elsewhere(self):
        made, revocation = ledger(ROTATED, None), note(operation_text(ORIGIN, "revoke", K1, None, "07" * 16), ROOT)
        told = "--revoked", self.file("revoked", revocation)
        self.ask_proof("ok", made, [K1], [K1])
        self.ask_proof("key-status-unknown", made, [K1], [K1], *told)
        self.ask_proof("key-status-unknown", made, [K2], [K1], *told)
        self.ask_proof("ok", made, [K2], [K1, K2, ROOT], *told)
        forged = "--revoked", self.file("forged", note(operation_text(ORIGIN, "revoke", K1, None, "07" * 16), EVIL_ROOT))
        self.ask_proof("unauthorised", made, [K1], [K1, ROOT], *forged)
        self.ask_proof("malformed", made, [K1], [K1], "--revoked", self.file("n", note(operation_text(ORIGIN, "rotate", K2, K1.id, "07" * 16), K1, K2)))
        self.ask_proof("malformed", made, [K1], [K1], "--revoked", self.file("n", revocation + "x"))
        rotation = "--note", self.file("rotation", note(operation_text(ORIGIN, "rotate", K2, K1.id, "08" * 16), K1, K2))
        bare = Ledger(key=K1, root=ROOT, size=2)
        self.ask_proof("unknown-key", bare, [K2], [K1])
        self.ask_proof("ok", bare, [K2], [K1], *rotation)
        self.ask_proof("key-status-unknown", bare, [K2], [K1], *rotation, *told)

    def test_anchors(self):
        made = ledger(ROTATED, None, REVOKED, None)
        fork = ledger(None, None)
        revocation = "--revoked", self.file("revoked", note(operation_text(ORIGIN, "revoke", K1, None, "07" * 16), ROOT))

        def anchor(old, size, *signers, source=made, **named):
            value = source.consistency_file(old, size, note(source.text(size), *signers), **named)
            return "--anchor", self.file(f"anchor-{old}-{size}-{len(signers)}-{signers[0].id}.json", value)

        good, both = anchor(3, 6, K2), [K1, K2]
        cases = [
            ("covered", "ok", made, 3, [K1], both, good), ("covered and told", "ok", made, 3, [K1], both, (*good, *revocation)),
            ("no anchor", "key-status-unknown", made, 3, [K1], both, revocation),
            ("an anchor alone tells of the revocation", "key-status-unknown", made, 2, [K1], both, good),
            ("of another size", "key-status-unknown", made, 2, [K1], both, (*good, *revocation)),
            ("to a tree of revoked keys", "revoked-key", made, 3, [K1], both, anchor(3, 6, K1)),
            ("to a tree before the revocation", "key-status-unknown", made, 3, [K1], both, (*anchor(3, 4, K2), *revocation)),
            ("a back-dated fork of its size", "fork", fork, 3, [K1], both, good),
            ("a back-dated fork of another size", "key-status-unknown", fork, 4, [K1], both, good),
            ("a back-dated fork, told", "key-status-unknown", fork, 4, [K1], both, revocation),
            ("nobody tells", "ok", fork, 4, [K1], both, ()),
            ("to a tree that is signed by nobody", "unknown-key", made, 3, [K1], [K1], anchor(3, 6, EVIL)),
            ("not needed", "ok", made, 6, [K2], both, good), ("of its own tree", "ok", made, 6, [K2], both, anchor(6, 6, K2)),
        ]
        for name, verdict, source, size, signers, given, more in cases:
            with self.subTest(name):
                self.ask_proof(verdict, source, signers, given, *more, size=size)
        broken = made.consistency_file(3, 6, note(made.text(6), K2))
        broken["hashes"][0] = b64(bytes(32))
        self.ask_proof("proof-mismatch", made, [K1], both, "--anchor", self.file("broken.json", broken), size=3)

    def test_shared_keys(self):
        for tenant in ("acme", "beta", "p-3"):
            origin = f"ledgerline/{tenant}"
            made = Ledger(origin, key=K1.named(origin), size=3)
            self.ask_proof("ok", made, [made.key], [K1, K1.named("ledgerline/beta"), K1.named("ledgerline/p-3")])
        made = Ledger("ledgerline/beta", key=K1.named("ledgerline/beta"), size=3)
        self.ask_proof("wrong-origin", made, [made.key], [K1])
        self.ask_proof("wrong-name", made, [K1], [K1])
        self.ask_proof("wrong-name", made, [K1], [K1, made.key])

    def test_keys_that_are_refused(self):
        made = ledger()
        weak = vkey(ORIGIN, (1).to_bytes(32, "little"))
        # With this key one signature is good for every message, as libraries see it.
        forged = Signer(ORIGIN, 1)
        forged.public, forged.vkey, forged.id = (1).to_bytes(32, "little"), weak, weak.split("+")[1]
        base = bytes.fromhex("5866666666666666666666666666666666666666666666666666666666666666")
        signature = base + (1).to_bytes(32, "little")
        self.ask_proof("weak-key", made, [forged.raw_line(signature)], [weak])
        for text in ("", "x", K1.vkey + " ", K1.vkey.replace("+", "-"), W1.vkey):
            self.ask_proof("malformed", made, [K1], [text])
        odd = json.loads(made.leaves[0])
        odd["detail"]["verifier_key"] = weak
        made.leaves[0] = json.dumps(odd, separators=(",", ":")).encode()
        made._tree = None
        self.ask_proof("weak-key", made, [K1], [K1])

    def test_witnesses(self):
        made = ledger()
        text = made.text()
        early, late, odd = W1.line(text, 1_700_000_000), W2.line(text, 1_700_000_009), W1.line(made.text(1))
        future = W1.line(text, 1 << 63)
        cases = [
            ("ok", [K1, early], [W1]), ("ok", [K1, late, early], [W1, W2]), ("ok", [K1, early], [W1, W2]), ("ok", [K1, odd], []),
            ("bad-cosignature", [K1, odd], [W1]), ("bad-cosignature", [K1, late, odd], [W1, W2]), ("bad-cosignature", [K1, future], [W1]),
            ("bad-cosignature", [K1, W1.raw_line(bytes(72))], [W1]), ("bad-cosignature", [K1, W1.raw_line(bytes(64))], [W1]),
            ("bad-cosignature", [K1, W1.raw_line((5).to_bytes(8, "big") + W1.private.sign(text.encode()))], [W1]),
            ("not-witnessed", [K1], [W1]), ("not-witnessed", [K1, late], [W1]), ("unknown-key", [early], [W1]),
        ]
        for verdict, signers, witnesses in cases:
            with self.subTest(verdict=verdict, witnesses=len(witnesses)):
                self.ask_proof(verdict, made, signers, [K1], *[word for each in witnesses for word in ("--witness", each.vkey)])
        found = self.ask_proof("ok", made, [K1, late, early], [K1], "--witness", W1.vkey, "--witness", W2.vkey)
        self.assertEqual(found["cosigned"][0], {"witness": f"{W1.name}+{W1.id}", "seconds": 1_700_000_000})
        self.ask_proof("malformed", made, [K1, early], [K1], "--witness", K1.vkey)
        self.ask_proof("weak-key", made, [K1, early], [K1], "--witness", vkey(W1.name, bytes(32), 4))
