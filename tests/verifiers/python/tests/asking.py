"""How tests ask the verifier: through its command line, in this process."""

import contextlib
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import verify  # noqa: E402


class Case(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.folder = Path(held.name)

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode() if isinstance(content, str) else as_json(content))
        return str(path)

    def ask(self, *arguments):
        """The exit status and what was printed as JSON, of the first thing asked about."""
        status, text = run(*arguments, "--json")
        return status, next(iter(json.loads(text).values()))

    def check(self, expected, *arguments):
        """Asks, and expects this verdict with the status that goes with it. `expected` may be a set."""
        status, found = self.ask(*arguments)
        allowed = {expected} if isinstance(expected, str) else expected
        self.assertIn(found["verdict"], allowed, found)
        self.assertEqual(status, 0 if found["verdict"] == "ok" else 1, found)
        return found


def as_json(value):
    return json.dumps(value, ensure_ascii=False).encode()


def run(*arguments):
    """Exit status and standard output of the command line."""
    before, sys.argv = sys.argv, ["verify.py", *map(str, arguments)]
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            try:
                status = verify.main()
            except SystemExit as ended:
                status = ended.code
    finally:
        sys.argv = before
    return status, out.getvalue()
