"""Checkpoints (c2sp.org/tlog-checkpoint) of exactly three lines, and their timestamped cosignatures."""

import re
from dataclasses import dataclass

from . import ed25519
from .note import Note, parse_note
from .text import decimal, malformed, short, unbase64, utf8
from .verdict import Rejected

TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
LEDGER = re.compile(r"[a-z0-9._/-]{1,128}", re.ASCII)
COSIGNATURE_BYTES = 8 + 64


@dataclass(frozen=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes
    note: Note | None

    def __str__(self):
        return f"{self.origin} of size {self.size}"

    def same_tree(self, other):
        return (self.origin, self.size, self.root) == (other.origin, other.size, other.root)


def tenant_of(origin):
    """The tenant in an origin `<ledger>/<tenant>`."""
    ledger, _, tenant = origin.rpartition("/")
    parts = ledger.split("/")
    if not LEDGER.fullmatch(ledger) or any(part in ("", ".", "..") for part in parts) or not TENANT.fullmatch(tenant):
        raise malformed(f"the origin {short(origin)}", "<ledger>/<tenant>")
    return tenant


def parse_text(text, note):
    lines = utf8(text, "the checkpoint").split("\n")
    if len(lines) != 4 or lines[3]:
        raise malformed(f"a checkpoint of {len(lines) - 1} lines", "origin, size, root and no other line")
    tenant_of(lines[0])
    size = decimal(lines[1], "the checkpoint's size")
    return Checkpoint(lines[0], size, unbase64(lines[2], "the checkpoint's root", 32), note)


def parse_checkpoint(data):
    note = parse_note(data)
    return parse_text(note.text, note)


def parse_signed_or_plain(data):
    """A checkpoint as it was signed, or its three lines alone."""
    return parse_checkpoint(data) if b"\n\n" in data else parse_text(data, None)


def cosigned(checkpoint, witnesses):
    """When each of the given witnesses that cosigned did so: (witness, seconds since 1970 UTC), earliest first."""
    found = []
    for line in checkpoint.note.lines:
        named = [key for key in witnesses if (key.name, key.id) == (line.name, line.id)]
        if not named:
            continue
        if len(line.signature) != COSIGNATURE_BYTES:
            raise Rejected("bad-cosignature", f"the line of {named[0]} has {len(line.signature)} bytes", f"{COSIGNATURE_BYTES}")
        seconds = int.from_bytes(line.signature[:8], "big")
        message = b"cosignature/v1\ntime %d\n" % seconds + checkpoint.note.text
        good = [key for key in named if ed25519.is_good(key.public, line.signature[8:], message)]
        if not good or seconds >= 1 << 63:
            raise Rejected("bad-cosignature", f"the line of {named[0]}", "a timestamped signature that verifies")
        found += [(key, seconds) for key in good]
    if witnesses and not found:
        raise Rejected("not-witnessed", "no line of a given witness", "one of " + ", ".join(map(str, witnesses)))
    return sorted(found, key=lambda each: each[1])
