#!/usr/bin/env python3
"""Checks what ledgerline wrote with nothing of ledgerline: proof files, served ledgers, archives.

Needs Python 3.10 and the package `cryptography`. What each verdict means: README.md beside this file."""

import argparse
import json
import sys
from functools import lru_cache

try:
    import cryptography  # noqa: F401
except ImportError:
    sys.exit("verify.py needs the package `cryptography`: pip install cryptography")

from verifier.archive import check_archive
from verifier.consistency import Belief, check_consistency_file, parse_consistency
from verifier.log import check_log
from verifier.note import COSIGNATURE, parse_key
from verifier.operation import parse_operation
from verifier.prooffile import check_proof_file, check_tlog_proof
from verifier.source import Folder, opened, read_file
from verifier.tlogproof import HEADER
from verifier.trust import Given
from verifier.verdict import Rejected, Unreadable, at

OK, FAILED, USAGE, UNREADABLE = 0, 1, 2, 3


@lru_cache(maxsize=1)
def arguments():
    parser = argparse.ArgumentParser(prog="verify.py", description=__doc__.split("\n")[0], allow_abbrev=False)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--key", action="append", required=True, metavar="VKEY", help="a verifier key that you trust: a checkpoint key, or the root key (`…#root`)")
    shared.add_argument("--witness", action="append", default=[], metavar="VKEY", help="a witness of which at least one must have cosigned")
    shared.add_argument("--revoked", action="append", default=[], metavar="NOTE", help="a file with the note of a revocation that you know of")
    shared.add_argument("--note", action="append", default=[], metavar="NOTE", help="a file with the note of another key operation, such as a rotation")
    shared.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    commands = parser.add_subparsers(dest="command", required=True)
    proof = commands.add_parser("proof", parents=[shared], allow_abbrev=False, help="proof files, and single .tlog-proof files")
    proof.add_argument("files", nargs="+", metavar="FILE")
    proof.add_argument("--anchor", action="append", default=[], metavar="FILE", help="a consistency file from a checkpoint of revoked keys to a later good one")
    proof.add_argument("--leaf", metavar="FILE", help="the bytes of the leaf, for a single .tlog-proof")
    consistency = commands.add_parser("consistency", parents=[shared], allow_abbrev=False, help="consistency files")
    consistency.add_argument("files", nargs="+", metavar="FILE")
    log = commands.add_parser("log", parents=[shared], allow_abbrev=False, help="a served ledger, or a plain tlog-tiles folder")
    log.add_argument("place", metavar="URL|DIR", help="such as https://host/ledger/TENANT")
    log.add_argument("--token-file", metavar="FILE", help="a bearer token, where the server asks for one")
    archive = commands.add_parser("archive", parents=[shared], allow_abbrev=False, help="an archive")
    archive.add_argument("place", metavar="DIR", help="the archive's folder, below which <origin>/ lies")
    for command in (log, archive):
        command.add_argument("--old", metavar="FILE", help="a checkpoint kept from earlier, that this ledger must go on from")
    return parser


def given(options):
    keys = [parse_key(text, what="--key") for text in options.key]
    witnesses = [parse_key(text, COSIGNATURE, "--witness") for text in options.witness]
    notes = []
    for path in [*options.revoked, *options.note]:
        with at(path):
            notes.append(parse_operation(read_file(path)))
            if path in options.revoked and notes[-1].action != "revoke":
                raise Rejected("malformed", f"a note to {notes[-1].action} a key", "one to revoke a key")
    return Given(keys, witnesses, notes)


def check_one(options, trusted, path):
    data = read_file(path)
    if options.command == "consistency":
        return check_consistency_file(data, trusted, Belief())
    anchors = []
    for name in options.anchor:
        with at(name):
            anchors.append(parse_consistency(read_file(name), trusted))
    if data.startswith(HEADER.encode()):
        if options.leaf is None:
            arguments().error(f"{path} is a single proof: give the bytes of its leaf with --leaf")
        return check_tlog_proof(data, read_file(options.leaf), trusted, Belief(anchors))
    return check_proof_file(data, trusted, Belief(anchors))


def archive_folder(place, trusted):
    """The folder of the one origin that the keys are of."""
    origins = sorted({key.name.removesuffix("#root") for key in trusted.keys})
    for origin in origins:
        try:
            return Folder(f"{place}/{origin}"), origin
        except Unreadable:
            continue
    raise Unreadable(f"{place} has no folder " + " or ".join(origins))


def check_all(options):
    """What is to be checked, by name, each with a function that checks it."""
    trusted = given(options)
    old = read_file(options.old) if getattr(options, "old", None) else None
    if options.command == "log":
        token = read_file(options.token_file).decode("utf-8", "replace").strip() if options.token_file else None
        return {options.place: lambda: check_log(opened(options.place, token), trusted, old)}
    if options.command == "archive":
        return {options.place: lambda: check_archive(*archive_folder(options.place, trusted), trusted, old)}
    return {path: lambda path=path: check_one(options, trusted, path) for path in options.files}


def outcome(name, check):
    """One thing's exit status and what is said of it."""
    try:
        with at(name):
            return OK, {"verdict": "ok", **check()}
    except Rejected as failure:
        return FAILED, {"verdict": failure.verdict, "what": failure.what, "where": failure.where, "expected": failure.expected}
    except Unreadable as failure:
        return UNREADABLE, {"verdict": None, "unreadable": str(failure)}
    except (RecursionError, MemoryError):
        return FAILED, {"verdict": "malformed", "what": "nested too deep, or too large", "where": name, "expected": "what ledgerline writes"}


def say(name, found):
    if found["verdict"] is None:
        return f"could not read: {found['unreadable']}"
    if found["verdict"] != "ok":
        return f"{found['verdict']}: {found['what']}, {found['where'] or 'in the arguments'}, expected {found['expected']}"
    lines = [f"ok: {name}: {found['origin']}, size {found['size']}, signed by {', '.join(found['signed_by'])}"]
    for each in found["cosigned"]:
        lines.append(f"    existed before {each['seconds']} (seconds since 1970 UTC), says the witness {each['witness']}")
    lines += [f"    {member}: {json.dumps(found[member], ensure_ascii=True)}" for member in
              ("subject", "complete", "old_size", "continues", "leaves", "bodies", "checkpoints", "unchecked_objects") if member in found]
    lines += [f"    key: {json.dumps(each, ensure_ascii=True)}" for each in found.get("keys", [])]
    if "subject" in found and not found["subject"]["shown_by_leaves"]:
        lines.append("    that these leaves are all that is behind this subject is the server's word, not proved")
    return "\n".join(lines)


def main():
    options = arguments().parse_args()
    if options.command == "proof" and options.leaf and len(options.files) > 1:
        arguments().error("--leaf goes with one file")
    try:
        results = {name: outcome(name, check) for name, check in check_all(options).items()}
    except (Rejected, Unreadable) as failure:
        reason = failure
        results = {"": outcome("", lambda: raise_(reason))}
    if options.json:
        print(json.dumps({name: found for name, (_, found) in results.items()}, indent=2))
    else:
        for name, (_, found) in results.items():
            # Names come from files: nothing in them may steer a terminal.
            print(say(name, found).encode("ascii", "backslashreplace").decode())
    statuses = {status for status, _ in results.values()}
    return next((status for status in (FAILED, UNREADABLE) if status in statuses), OK)


def raise_(failure):
    raise failure


if __name__ == "__main__":
    sys.exit(main())
