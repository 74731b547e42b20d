"""Writes small ledgers in every format that is verified, from the texts of the formats and with nothing of the verifier."""

import gzip
import hmac
import json
from hashlib import sha256
from pathlib import Path

from .signing import Signer, b64, note
from .tree import Tree

ORIGIN = "ledgerline/acme"
TIME = 1714608000000000000


def digest(*parts):
    return sha256(repr(parts).encode()).hexdigest()


def encoded(leaf):
    return json.dumps(leaf, ensure_ascii=False, separators=(",", ":")).encode()


class Ledger:
    """A tree that grows by one leaf at a time. `leaves` are bytes, `bodies` an (opening, body) or None for each."""

    def __init__(self, origin=ORIGIN, size=0, key=None, root=None):
        self.origin, self.tenant = origin, origin.rpartition("/")[2]
        self.key = key or Signer(origin, 1)
        self.root = root or Signer(f"{origin}#root", 2)
        self.leaves, self.bodies = [], []
        self._tree = None
        if size:
            self.genesis()
        while len(self.leaves) < size:
            self.event(len(self.leaves))

    def add(self, kind, detail, body=None):
        index = len(self.leaves)
        opening = sha256(b"opening %d" % index).digest()
        if body is not None:
            detail = {name: value if name != "commitment" else hmac.new(opening, body, sha256).hexdigest() for name, value in detail.items()}
        position = {"incarnation": "1c" * 16, "partition": 3, "offset": 10 + index}
        self.leaves.append(encoded({"format": 1, "kind": kind, "position": position, "tenant": self.tenant, "detail": detail}))
        self.bodies.append((opening, body) if body is not None else None)
        self._tree = None
        return index

    def genesis(self):
        return self.add("genesis", {"origin": self.origin, "verifier_key": self.key.vkey, "root_key": self.root.vkey,
                                    "partition_count": 6, "received_at_ns": TIME})

    def event(self, number, run=0):
        detail = {
            "event_id": digest("event", number), "c14n": 1, "commitment": None,
            "subject": {"run": {"id": f"018f3b2c-0000-7000-8000-{run:012x}", "job": {"namespace": "airflow", "name": "gr\u00f6\u00dfe \"x\"\u001f\U0001f600"}}},
            "event_time_ns": TIME + number, "received_at_ns": TIME + number, "verdict": "unsigned", "mode": "live",
            "findings": {"count": 0, "listed": []}, "validator_version": "0.1.0", "schema_version": "1.0.0",
        }
        return self.add("event", detail, b'{"number":%d}' % number)

    def heartbeat(self):
        return self.add("heartbeat", {"tick_at_ns": TIME})

    def operation(self, action, key, *signers, replaces=None, order=None, outcome="applied", said=None, leaf=()):
        """A key operation's leaf, its note signed by `signers`. `leaf` are members of the leaf that do not follow the note."""
        order = order or digest("order", len(self.leaves))[:32]
        text = operation_text(self.origin, action, key, replaces, order)
        detail = {
            "action": action, "purpose": "checkpoint", "key_name": key.name, "key_id": key.id, "public_key": key.public.hex(),
            **({"replaces": replaces} if replaces else {}), "effective_size": len(self.leaves) + 1, "idempotency_key": order,
            "commitment": None, "received_at_ns": TIME, "signatures": {"count": 0, "listed": []}, "outcome": outcome, **dict(leaf),
        }
        return self.add("key_operation", detail, (said or note(text, *signers)).encode())

    @property
    def tree(self):
        self._tree = self._tree or Tree(self.leaves)
        return self._tree

    def text(self, size=None):
        size = len(self.leaves) if size is None else size
        return f"{self.origin}\n{size}\n{b64(self.tree.root(0, size))}\n"

    def checkpoint(self, *signers, size=None):
        return note(self.text(size), *(signers or (self.key,)))

    def tlog_proof(self, index, checkpoint=None, size=None, extra=""):
        size = len(self.leaves) if size is None else size
        hashes = "".join(b64(each) + "\n" for each in self.tree.path(index, 0, size))
        return f"c2sp.org/tlog-proof@v1\n{extra}index {index}\n{hashes}\n{checkpoint or self.checkpoint(size=size)}"

    def entry(self, index, checkpoint, size, withheld=None):
        value = {"leaf": self.leaves[index].decode(), "proof": self.tlog_proof(index, checkpoint, size)}
        if self.bodies[index] is None:
            return {**value, "withheld": "none"}
        if withheld:
            return {**value, "withheld": withheld}
        opening, body = self.bodies[index]
        return {**value, "opening": opening.hex(), "body": b64(body)}

    def keys(self, checkpoint, size, only=None):
        found = [index for index in range(size) if index == 0 or json.loads(self.leaves[index])["kind"] == "key_operation"]
        return [self.entry(index, checkpoint, size) for index in found if only is None or index in only]

    def proof_file(self, indexes, subject=None, checkpoint=None, size=None, withheld=None, only=None):
        """The value of a proof file; `json.dumps` makes the file."""
        size = len(self.leaves) if size is None else size
        checkpoint = checkpoint or self.checkpoint(size=size)
        subject = subject or {"kind": "leaf", "key": str(indexes[0])}
        return {
            "format": "ledgerline-proof-1", "origin": self.origin, "subject": subject,
            "leaves": [self.entry(index, checkpoint, size, withheld) for index in indexes], "complete": True,
            "keys": self.keys(checkpoint, size, only),
        }

    def consistency_file(self, old, size=None, checkpoint=None, old_text=None):
        size = len(self.leaves) if size is None else size
        checkpoint = checkpoint or self.checkpoint(size=size)
        return {
            "format": "ledgerline-consistency-1", "origin": self.origin, "old": old_text or self.text(old), "new": checkpoint,
            "hashes": [b64(each) for each in self.tree.consistency(old, 0, size)] if old else [],
            "keys": self.keys(checkpoint, size),
        }

    def write_folder(self, folder, checkpoint=None, size=None):
        """A plain tlog-tiles folder."""
        size = len(self.leaves) if size is None else size
        put(folder, "checkpoint", (checkpoint or self.checkpoint(size=size)).encode())
        for name, data in self.objects(size).items():
            put(folder, name, data)

    def objects(self, size, bodies=False):
        """Every tile and bundle of a tree of this size."""
        found, level, count = {}, 0, size
        while count:
            for index in range(0, count, 256):
                width, step = min(256, count - index), 256**level
                hashes = [self.tree.root((index + n) * step, (index + n + 1) * step) for n in range(width)]
                found[place(f"tile/{level}", index // 256, width)] = b"".join(hashes)
            level, count = level + 1, count // 256
        for index in range(0, size, 256):
            width = min(256, size - index)
            entries = self.leaves[index:index + width]
            found[place("tile/entries", index // 256, width)] = b"".join(len(each).to_bytes(2, "big") + each for each in entries)
            if bodies:
                records = b"".join(map(body_record, self.bodies[index:index + width]))
                found[place("bodies", index // 256, width) + ".gz"] = gzip.compress(records, mtime=0)
        return found

    def write_archive(self, folder, checkpoints):
        """An archive with these checkpoints, {size: bytes}."""
        for size, checkpoint in sorted(checkpoints.items()):
            put(folder, f"{self.origin}/checkpoints/{size:020}", checkpoint.encode())
            put(folder, f"{self.origin}/checkpoint", checkpoint.encode())
            for name, data in self.objects(size, bodies=True).items():
                put(folder, f"{self.origin}/{name}", data)


def body_record(kept):
    if kept is None:
        return b"\x00"
    if kept == "erased":
        return b"\x02"
    return b"\x01" + kept[0] + len(kept[1]).to_bytes(4, "big") + kept[1]


def operation_text(origin, action, key, replaces, order, purpose="checkpoint", overlap=None, reason="-"):
    overlap = overlap or ("3600" if replaces else "-")
    return (f"ledgerline key operation v1\norigin {origin}\naction {action}\npurpose {purpose}\nkey {key.vkey}\n"
            f"replaces {replaces or '-'}\noverlap-seconds {overlap}\nreason {reason}\norder {order}\n")


def place(folder, index, width):
    """The path of a tile or bundle: three digits a part, an x before all but the last."""
    digits = f"{index:03}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[at:at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([*("x" + part for part in parts[:-1]), parts[-1]])
    return f"{folder}/{path}" + ("" if width == 256 else f".p/{width}")


def put(folder, name, data):
    path = Path(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
