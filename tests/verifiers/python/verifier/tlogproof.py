"""Proofs on their own (c2sp.org/tlog-proof)."""

from dataclasses import dataclass

from .text import decimal, malformed, short, unbase64, utf8

HEADER = "c2sp.org/tlog-proof@v1"
HASHES_MAX = 63


@dataclass(frozen=True)
class TlogProof:
    index: int
    path: tuple
    checkpoint: bytes


def parse_tlog_proof(data):
    """Reads a proof. An `extra` line must be well formed and is otherwise ignored: nothing signs it."""
    head, gap, checkpoint = data.partition(b"\n\n")
    if not gap:
        raise malformed("a tlog-proof without an empty line", "the proof's lines, an empty line, a checkpoint")
    lines = utf8(head, "the tlog-proof").split("\n")
    if lines.pop(0) != HEADER:
        raise malformed("a tlog-proof with another first line", HEADER)
    if lines and lines[0].startswith("extra "):
        unbase64(lines.pop(0)[6:], "extra")
    if not lines or not lines[0].startswith("index "):
        raise malformed(f"a tlog-proof with {short(lines[0]) if lines else 'nothing'} for its index", "index <number>")
    index = decimal(lines.pop(0)[6:], "the index")
    if len(lines) > HASHES_MAX:
        raise malformed(f"{len(lines)} hashes", f"at most {HASHES_MAX}")
    return TlogProof(index, tuple(unbase64(line, "a hash of the proof", 32) for line in lines), checkpoint)
