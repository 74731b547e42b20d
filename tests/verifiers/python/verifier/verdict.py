"""What a check can end in: the words, and the two ways in which it ends without being good."""

from contextlib import contextmanager

# Every word that this program ever prints as a verdict. They are stable: scripts may ask for them.
VERDICTS = {
    "ok": "everything that was asked for was checked and holds",
    "malformed": "not in its format: a member, a line, a number, base64, a length, data after the end",
    "not-canonical": "a leaf whose bytes are not the one encoding of what they say, or not of any known kind",
    "weak-key": "a public key that is no canonical point of the curve, or one of small order",
    "bad-signature": "a line by a known key that does not verify, or one with S or R out of bounds",
    "bad-cosignature": "a line by a given witness that does not verify",
    "not-witnessed": "witnesses were given and none of them has cosigned the checkpoint",
    "unknown-key": "no key that is known, or authorised by one that is, has signed the checkpoint",
    "wrong-name": "a key that was given has signed, but it is named for something else than this tree",
    "wrong-origin": "a file, checkpoint or leaf of another tree than that of the keys, or of the file it is in",
    "wrong-leaf": "a leaf that can't stand where it stands: leaf 0, an effective size, a second genesis",
    "wrong-subject": "a leaf in a proof file that is not of what the file says it is about",
    "wrong-root-key": "leaf 0 names another root key than the one that was given",
    "unauthorised": "a key operation was recorded as applied without the signatures that it needs",
    "operation-mismatch": "a key operation's leaf and its note do not say the same",
    "key-status-unknown": "only keys that are revoked have signed, and nothing ties the checkpoint to a later good one",
    "revoked-key": "only keys have signed whose revocation stands in that very tree",
    "size-zero": "a checkpoint of an empty tree, which proves nothing",
    "index-beyond-size": "a proof for a leaf that the checkpoint does not cover",
    "wrong-length": "a proof with more or fewer hashes than index and size ask for",
    "proof-mismatch": "the hashes of a proof do not lead to the root",
    "body-mismatch": "opening and body are not what the leaf commits to, or are there where there can be none",
    "out-of-order": "a leaf made from an earlier record than the leaf before it",
    "replayed": "two leaves of one command",
    "missing-tile": "a tile that the checkpoint's size asks for is not there",
    "missing-bundle": "a bundle of leaves that the checkpoint's size asks for is not there",
    "missing-bodies": "a bundle of bodies is not there, though others are",
    "tile-mismatch": "a tile is not what the leaves make of it",
    "bundle-mismatch": "a bundle with too many or too few entries, a length that is not exact, or other leaves than the tile",
    "root-mismatch": "the leaves do not make the root that was signed",
    "fork": "two signed trees of which neither goes on from the other",
    "rollback": "the tree is smaller than one that was signed before",
}


class Rejected(Exception):
    """The check failed: exit status 1."""

    def __init__(self, verdict, what, expected, where=""):
        if verdict not in VERDICTS:
            raise AssertionError(f"{verdict} is no verdict")
        super().__init__(verdict)
        self.verdict, self.what, self.expected, self.where = verdict, what, expected, where

    def __str__(self):
        return f"{self.verdict}: {self.what}, {self.where or 'in the input'}, expected {self.expected}"


class Unreadable(Exception):
    """Something could not be read, so nothing is known: exit status 3."""


@contextmanager
def at(place):
    """Names the place that a failure inside is about; the outermost comes first."""
    try:
        yield
    except Rejected as failure:
        failure.where = f"{place}, {failure.where}" if failure.where else place
        raise
