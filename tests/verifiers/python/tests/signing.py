"""Throw-away keys and signed notes, made with nothing of the verifier."""

import base64
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def b64(data):
    return base64.b64encode(data).decode()


def vkey(name, public, kind=1):
    return f"{name}+{key_id(name, public, kind)}+{b64(bytes([kind]) + public)}"


def key_id(name, public, kind=1):
    return sha256(name.encode() + b"\n" + bytes([kind]) + public).hexdigest()[:8]


class Signer:
    """A key that is the same for the same number; `kind` 4 is a witness."""

    def __init__(self, name, number, kind=1):
        self.private = Ed25519PrivateKey.from_private_bytes(sha256(b"key %d" % number).digest())
        self.public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.name, self.kind = name, kind
        self.id, self.vkey = key_id(name, self.public, kind), vkey(name, self.public, kind)

    def named(self, name):
        """The same key under another tree's name."""
        other = object.__new__(Signer)
        other.private, other.public, other.name, other.kind = self.private, self.public, name, self.kind
        other.id, other.vkey = key_id(name, self.public, self.kind), vkey(name, self.public, self.kind)
        return other

    def line(self, text, seconds=1700000000):
        if self.kind == 1:
            return self.raw_line(self.private.sign(text.encode()))
        signature = self.private.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
        return self.raw_line(seconds.to_bytes(8, "big") + signature)

    def raw_line(self, signature):
        return f"\u2014 {self.name} {b64(bytes.fromhex(self.id) + signature)}\n"


def note(text, *signers):
    """A text signed by each; a string among the signers is a line as it is."""
    return text + "\n" + "".join(each if isinstance(each, str) else each.line(text) for each in signers)
