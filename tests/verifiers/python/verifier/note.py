"""Signed notes and verifier keys (c2sp.org/signed-note), read strictly."""

from dataclasses import dataclass
from hashlib import sha256

from . import ed25519
from .text import malformed, short, unbase64, utf8
from .verdict import Rejected

ED25519, COSIGNATURE = 0x01, 0x04
NOTE_BYTES_MAX = 1_000_000
SIGNATURES_MAX = 100


@dataclass(frozen=True)
class Key:
    """A public key under a name. `id` is eight hex digits; it finds a key and proves nothing."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self):
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4].hex()

    def __str__(self):
        return f"{self.name}+{self.id}"


@dataclass(frozen=True)
class Line:
    """A signature line: whose it says it is, and the bytes after the id."""

    name: str
    id: str
    signature: bytes


@dataclass(frozen=True)
class Note:
    text: bytes
    lines: tuple


def is_name(name):
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)


def parse_key(text, kind=ED25519, what="the key"):
    """A verifier key: `<name>+<id>+<base64 of kind and public key>`."""
    parts = text.split("+", 2)
    if len(parts) != 3 or not is_name(parts[0]):
        raise malformed(f"{what} is {short(text)}", "<name>+<id>+<base64>")
    raw = unbase64(parts[2], what, 33)
    if raw[0] != kind:
        raise malformed(f"{what} is of type {raw[0]:#04x}", f"type {kind:#04x}")
    key = Key(parts[0], kind, raw[1:])
    if parts[1] != key.id:
        raise malformed(f"{what} has the id {short(parts[1])}", key.id)
    if not ed25519.is_strong_point(key.public):
        raise Rejected("weak-key", f"{what} {key} is of small order or no canonical point", "a canonical point of large order")
    return key


def parse_note(data):
    """Splits a note at its last empty line. Nothing in it may be believed yet."""
    if len(data) > NOTE_BYTES_MAX:
        raise malformed(f"a note of {len(data)} bytes", f"at most {NOTE_BYTES_MAX}")
    text = utf8(data, "the note")
    if any(character < " " and character != "\n" for character in text):
        raise malformed("the note holds a control character", "none but line feeds")
    body, gap, signatures = text.rpartition("\n\n")
    if not gap or not body or not signatures.endswith("\n"):
        raise malformed("the note has no signature lines", "text, an empty line, signature lines")
    lines = signatures[:-1].split("\n")
    if len(lines) > SIGNATURES_MAX:
        raise malformed(f"{len(lines)} signature lines", f"at most {SIGNATURES_MAX}")
    return Note((body + "\n").encode(), tuple(map(parse_line, lines)))


def parse_line(line):
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "\u2014" or not is_name(parts[1]):
        raise malformed(f"the signature line {short(line)}", "an em dash, a key name, base64")
    raw = unbase64(parts[2], "a signature")
    if len(raw) < 5:
        raise malformed("a signature line without a signature", "a key id and a signature")
    return Line(parts[1], raw[:4].hex(), raw[4:])


def signers(note, keys):
    """The keys among `keys` that signed the note. Lines of other keys are passed over; a bad line by one of these refuses all."""
    signed = []
    for line in note.lines:
        named = [key for key in keys if (key.name, key.id) == (line.name, line.id)]
        good = [key for key in named if ed25519.is_good(key.public, line.signature, note.text)]
        if named and not good:
            raise Rejected("bad-signature", f"the line of {line.name}+{line.id}", "an Ed25519 signature that verifies")
        signed += [key for key in good if key not in signed]
    return signed
