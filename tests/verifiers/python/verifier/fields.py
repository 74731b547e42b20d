"""Every kind of leaf with its fields and bounds: docs/ledger-format.md, "A leaf", and schemas/ledgerline/Leaf.avsc."""

from .shape import I32, Form, ListOf, Number, OneOf, Optional, Record, Text, Union, hexadecimal, spelled, wrong

COUNT = OFFSET = SIZE = Number()
INT = Number(I32)
TIME = Number(signed=True)
CODE = Text(64)
TOPIC = Text(249)
DIGEST = ROOT = hexadecimal(32)
ID16 = hexadecimal(16)
KEY_ID = hexadecimal(4)
TENANT = Form("[a-z0-9][a-z0-9-]{0,62}")
RUN_ID = Form("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
VERDICT = OneOf(("unsigned", "valid", "invalid", "unknown_key"))
FINDINGS_BYTES_MAX = 4800
# An ellipsis that stands for what was cut may come on top.
PATH = Text(256 + len("\u2026".encode()))


def counts_all(value, path):
    if value["count"] < len(value["listed"]):
        raise wrong(path, "a count of no fewer than are listed")


def findings(value, path):
    counts_all(value, path)
    if sum(spelled(each["code"]) + spelled(each["path"]) for each in value["listed"]) > FINDINGS_BYTES_MAX:
        raise wrong(path, f"at most {FINDINGS_BYTES_MAX} bytes of codes and paths")


def codes(value, path):
    names = [each["code"].encode() for each in value["listed"]]
    if any(later <= earlier for earlier, later in zip(names, names[1:])):
        raise wrong(path, "codes in the order of their names, each once")


def rising(first, last):
    def check(value, path):
        if value[first] > value[last]:
            raise wrong(path, f"{first} not above {last}")

    return check


# Whole characters of at most six bytes each are taken until the next would not fit.
NAME = Union(Text(512), (Record(prefix=Text(480, 475), digest=DIGEST),))
QUALIFIED = Record(namespace=NAME, name=NAME)
SIGNATURES = Record(counts_all, count=COUNT, listed=ListOf(Record(key_id=Optional(KEY_ID), verdict=VERDICT), 16))
OUTCOME = Union(OneOf(("applied",)), (Record(refused=CODE),))
POSITION = Record(incarnation=ID16, partition=INT, offset=OFFSET)

DETAILS = {
    "genesis": Record(
        origin=Text(192, 1), verifier_key=Text(512), root_key=Text(512), partition_count=INT, received_at_ns=TIME,
        previous=Optional(Record(origin=Text(192, 1), size=SIZE, root=ROOT)),
    ),
    "event": Record(
        event_id=DIGEST, c14n=INT, commitment=DIGEST,
        subject=Union(None, (Record(run=Record(id=RUN_ID, job=QUALIFIED)), Record(job=QUALIFIED), Record(dataset=QUALIFIED))),
        event_time_ns=TIME, received_at_ns=TIME,
        source=Optional(Record(topic=TOPIC, partition=INT, offset=OFFSET, timestamp_ms=Optional(TIME))),
        principal=Optional(ID16), verdict=VERDICT, mode=OneOf(("live", "backfill", "drill")),
        findings=Record(findings, count=COUNT, listed=ListOf(Record(code=CODE, path=PATH), 32)),
        validator_version=CODE, schema_version=CODE,
    ),
    "control": Record(
        name=CODE, idempotency_key=ID16, commitment=DIGEST, received_at_ns=TIME, principal=Optional(ID16),
        signatures=SIGNATURES, expected_size=Optional(SIZE), outcome=OUTCOME,
    ),
    "key_operation": Record(
        action=OneOf(("enrol", "rotate", "retire", "revoke", "recover", "destroy")),
        purpose=OneOf(("checkpoint", "root", "intake", "identity", "control", "producer", "data", "witness")),
        key_name=Optional(Text(255)), key_id=KEY_ID, public_key=Optional(DIGEST), replaces=Optional(KEY_ID),
        effective_size=SIZE,
        artefacts=Optional(Record(rising("first_size", "last_size"), count=COUNT, first_size=SIZE, last_size=SIZE, digest=DIGEST)),
        idempotency_key=ID16, commitment=DIGEST, received_at_ns=TIME, principal=Optional(ID16),
        signatures=SIGNATURES, outcome=OUTCOME,
    ),
    "rejections": Record(
        tick_at_ns=TIME,
        source=Record(rising("first_offset", "last_offset"), topic=TOPIC, partition=Optional(INT), first_offset=OFFSET, last_offset=OFFSET),
        count=COUNT, codes=Record(codes, listed=ListOf(Record(code=CODE, count=COUNT), 32), other=COUNT),
        positions_digest=DIGEST,
    ),
    "coverage": Record(
        rising("first_offset", "next_offset"), tick_at_ns=TIME, source=Record(topic=TOPIC, partition=INT),
        first_offset=OFFSET, next_offset=OFFSET, recorded=COUNT, duplicate=COUNT, rejected=COUNT,
        gaps=Record(counts_all, count=COUNT, missing=COUNT,
                    listed=ListOf(Record(rising("first", "last"), first=OFFSET, last=OFFSET), 16)),
    ),
    "snapshot": Record(
        action=OneOf(("created", "verified", "restored", "trimmed", "deleted")), snapshot=CODE, next_offset=OFFSET,
        manifest_sha256=DIGEST, size_bytes=COUNT, received_at_ns=TIME, principal=Optional(ID16),
    ),
    "integrity_check": Record(
        rising("first_leaf", "end_leaf"), scope=OneOf(("sample", "store", "archive", "snapshot", "export")),
        first_leaf=SIZE, end_leaf=SIZE, checked=COUNT, faults=COUNT, first_fault=Optional(Record(leaf=SIZE, code=CODE)),
        began_at_ns=TIME, ended_at_ns=TIME,
    ),
    "audited_read": Record(
        action=CODE, principal=ID16, decision=Union(OneOf(("allowed",)), (Record(denied=CODE),)), records=COUNT,
        query_digest=DIGEST, grant=Optional(CODE), received_at_ns=TIME,
    ),
    "heartbeat": Record(tick_at_ns=TIME),
    "foreign": Record(key_bytes=Optional(COUNT), value_bytes=Optional(COUNT), digest=DIGEST),
    "refused": Record(
        reason=CODE, envelope_version=Optional(INT), intake_key=Optional(KEY_ID), value_bytes=COUNT, digest=DIGEST,
    ),
    "unappliable": Record(
        reason=CODE, envelope_version=INT, intake_key=KEY_ID, event_id=Optional(DIGEST), value_bytes=COUNT, digest=DIGEST,
    ),
}
