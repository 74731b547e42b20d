"""Which keys may speak for a tree: those that were given, those that they authorise, less those that were revoked.

Revocations are taken from wherever they are found, for they can only take trust away. What a revoked key authorised alone
counts for as little as what it signed: whoever holds it can make both."""

from dataclasses import dataclass, field

from .note import Key, parse_key, signers
from .operation import ENTRIES, Operation, check_against_leaf, parse_operation
from .verdict import Rejected, at


@dataclass
class Given:
    """What the user hands over: verifier keys (checkpoint or root keys), witnesses, notes about keys."""

    keys: list
    witnesses: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    def roots(self, origin):
        return [key for key in self.keys if key.name == origin + "#root"]

    def checkpoint_keys(self, origin):
        return [key for key in self.keys if key.name == origin]


@dataclass
class Record:
    """A key operation as its leaf tells it; `operation` where its note was shown."""

    index: int
    detail: dict
    operation: Operation | None


class Keys:
    """The keys of one tree, as its leaves tell their history. Leaf 0 comes first; nothing here is believed before `judge`."""

    def __init__(self, given, origin):
        self.given, self.origin = given, origin
        self.first, self.root, self.records = None, None, []

    def add(self, index, leaf, body=None):
        """Takes leaf 0 or a key operation's leaf, with its note where there is one."""
        detail = leaf["detail"]
        if leaf["kind"] == "genesis":
            self.first = parse_key(detail["verifier_key"])
            self.root = parse_key(detail["root_key"])
            given = self.given.roots(self.origin)
            if given and self.root not in given:
                raise Rejected("wrong-root-key", f"leaf 0 names the root key {self.root}", ", ".join(map(str, given)))
        elif leaf["kind"] == "key_operation" and detail["purpose"] == "checkpoint":
            applied = detail["outcome"] == "applied"
            record = Record(index, detail, self._applied(index, detail, body) if applied else refused(body, index, self.origin))
            self.records.append(record)

    def _applied(self, index, detail, body):
        if body is None or detail["action"] == "destroy":
            return None
        operation = parse_operation(body, index)
        check_against_leaf(operation, detail, self.origin)
        with at(f"key operation of leaf {index}"):
            self._check_authority(operation)
        return operation

    def _roots(self):
        return self.given.roots(self.origin) or [key for key in [self.root] if key]

    def known(self):
        """Every key that the tree has had so far, with those given."""
        told = [each.operation.key for each in self._all_applied() if each.operation and each.operation.action in ENTRIES]
        return [*self.given.checkpoint_keys(self.origin), *([self.first] if self.first else []), *told]

    def _all_applied(self):
        return [each for each in self.records if each.detail["outcome"] == "applied"]

    def _check_authority(self, operation):
        known, gone = self.known(), self.revoked_by_leaves()
        ended = {each.detail["replaces"] for each in self._all_applied() if "replaces" in each.detail}
        ended |= {each.detail["key_id"] for each in self._all_applied() if each.detail["action"] == "retire"}
        able = [key for key in known if key.id not in ended and key.public.hex() not in gone and key.id not in gone]
        signed = signers(operation.note, unique([*self._roots(), *known, operation.key]))
        if len({key.public for key in signed}) != len(signed):
            raise Rejected("unauthorised", f"{operation.action} of {operation.key} signed twice with one key", "one line for each key")
        if not is_authorised(operation, signed, self._roots(), able):
            named = ", ".join(map(str, signed)) or "no known key"
            raise Rejected("unauthorised", f"{operation.action} of {operation.key} signed by {named}", rule(operation))
        had = {self.first, *(each.operation.key for each in self.records if each.operation and each.operation.action in ENTRIES), *self._roots()}
        if operation.action in ENTRIES and any(key and (key.id == operation.key.id or key.public == operation.key.public) for key in had):
            raise Rejected("unauthorised", f"{operation.action} of {operation.key}, which the tree had before", "a new key")

    def revoked_by_leaves(self):
        """Revoked keys by their public key (or id, where a leaf has no more), each with the leaf that says so."""
        found = {}
        for record in self.records:
            applied = record.detail["outcome"] == "applied"
            operation = record.operation
            if record.detail["action"] == "revoke" and (applied or self._by_root(operation)):
                public = record.detail.get("public_key") or (operation and operation.key.public.hex())
                found.setdefault(public or record.detail["key_id"], record.index)
        return found

    def revocations(self):
        """Revoked keys, each with the leaf that says so, or None where only a note from elsewhere does."""
        found = self.revoked_by_leaves()
        for operation in self.given.notes:
            if operation.action == "revoke":
                self._check_given(operation)
                found.setdefault(operation.key.public.hex(), None)
        return found

    def _by_root(self, operation):
        try:
            return operation is not None and bool(signers(operation.note, self._roots()))
        except Rejected:
            return False

    def _check_given(self, operation):
        """A revocation handed over must be by the root key where that was handed over too; else it is taken on the user's word."""
        roots = self.given.roots(operation.origin)
        if roots and not any(key in roots for key in signers(operation.note, roots)):
            raise Rejected("unauthorised", f"a revocation of {operation.key} that the root key has not signed", str(roots[0]),
                           "a note that was given")

    def authorised(self, revoked):
        """The keys given for this tree and those that they or a given root key authorise, without what `revoked` names."""
        def live(key):
            return key.public.hex() not in revoked and key.id not in revoked

        roots, known = self.given.roots(self.origin), unique(filter(live, self.given.checkpoint_keys(self.origin)))
        notes = [each for each in self.given.notes if each.origin == self.origin]
        notes += [each.operation for each in self.records if each.operation and each.detail["outcome"] == "applied"]
        grew = True
        while grew:
            grew = False
            for operation in notes:
                if operation.key in known or not live(operation.key) or operation.action not in ENTRIES:
                    continue
                signed = signers(operation.note, unique([*roots, *known, operation.key]))
                if is_authorised(operation, signed, roots, known):
                    known.append(operation.key)
                    grew = True
        return known

    def judge(self, checkpoint, elsewhere=()):
        """The keys that make the checkpoint believed. `elsewhere` are revocations that other trees of this origin tell of."""
        revoked = {**dict.fromkeys(elsewhere), **self.revocations()}
        every = self.authorised({})
        signed = signers(checkpoint.note, every)
        live = self.authorised(revoked)
        good = [key for key in signed if key in live]
        if good:
            return good
        if signed:
            inside = [index for index in (revoked_at(key, revoked) for key in signed) if index is not None]
            raise Rejected("revoked-key" if inside else "key-status-unknown",
                           f"{checkpoint} is signed by {', '.join(map(str, signed))} alone",
                           "a key that is neither revoked nor authorised by a revoked one alone, or an anchor")
        raise self._nobody(checkpoint)

    def _nobody(self, checkpoint):
        lines = {(line.name, line.id) for line in checkpoint.note.lines}
        named = ", ".join(f"{name}+{id}" for name, id in sorted(lines))
        other = [key for key in self.given.keys if (key.name, key.id) in lines]
        mine = [key for key in self.given.keys if key.name in (self.origin, self.origin + "#root")]
        if other:
            return Rejected("wrong-name", f"{checkpoint} is signed by {other[0]}", f"a key named {self.origin}")
        if not mine:
            return Rejected("wrong-origin", str(checkpoint), "the tree of a key that was given")
        return Rejected("unknown-key", f"{checkpoint} is signed by {named[:200]}", ", ".join(map(str, mine)))

    def history(self):
        """What the leaves tell of the keys, oldest first, as plain values."""
        first = [{"leaf": 0, "action": "begin", "key": str(self.first), "root": str(self.root)}] if self.first else []
        return first + [
            {"leaf": each.index, "action": each.detail["action"], "key": f"{each.detail.get('key_name', '')}+{each.detail['key_id']}",
             "outcome": each.detail["outcome"], "effective_size": each.detail["effective_size"],
             "note": "checked" if each.operation else "not shown"}
            for each in self.records
        ]


def revoked_at(key, revoked):
    return revoked.get(key.public.hex(), revoked.get(key.id))


def unique(keys):
    return list(dict.fromkeys(keys))


def refused(body, index, origin):
    """The note behind an operation that was refused, where it is one and about this tree: it may be wrong in any way."""
    try:
        operation = parse_operation(body, index) if body is not None else None
    except Rejected:
        return None
    return operation if operation and operation.origin == origin else None


def rule(operation):
    return {
        "enrol": "the root key and the new key",
        "rotate": "the replaced key, still able to, or the root key, and the new key",
        "retire": "the key itself or the root key",
    }.get(operation.action, "the root key")


def is_authorised(operation, signed, roots, able):
    """Whether enough have signed. `able` are the keys that may still have themselves replaced."""
    by_root = any(key in roots for key in signed)
    by_replaced = any(key in able and key.id == operation.replaces for key in signed)
    if operation.action == "rotate":
        return (by_root or by_replaced) and operation.key in signed
    if operation.action == "enrol":
        return by_root and operation.key in signed
    if operation.action == "retire":
        return by_root or operation.key in signed
    return by_root
