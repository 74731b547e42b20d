"""Where a ledger's objects are read from: a folder, or a server."""

import urllib.error
import urllib.request
import zlib
from pathlib import Path

from .verdict import Unreadable

PATIENCE_SECONDS = 30
CHECKPOINT_BYTES_MAX = 1_000_000


class Folder:
    """Objects as files below a folder."""

    def __init__(self, path):
        self.path = Path(path)
        if not self.path.is_dir():
            raise Unreadable(f"{path} is no folder")

    def read(self, name, bytes_max):
        """The object's bytes, None where there is none. One byte more than allowed is read, so that a longer one shows."""
        try:
            with open(self.path / name, "rb") as file:
                return file.read(bytes_max + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Unreadable(f"{self.path / name}: {error.strerror}") from None

    def widths(self, name):
        """The widths of the partial objects of a tile or bundle that are there."""
        try:
            names = [entry.name for entry in (self.path / f"{name}.p").iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise Unreadable(f"{self.path / name}.p: {error.strerror}") from None
        names = [each.removesuffix(".gz") for each in names]
        return sorted({int(each) for each in names if each in WIDTHS})

    def names(self):
        """Every object's name."""
        return sorted(str(path.relative_to(self.path)) for path in self.path.rglob("*") if path.is_file())


WIDTHS = {str(width) for width in range(1, 256)}


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, request, *rest):
        return None


class Served:
    """Objects below a URL prefix. Follows no redirects: what was asked for is what is checked."""

    def __init__(self, prefix, token=None):
        self.prefix = prefix.rstrip("/")
        self.headers = {"Accept-Encoding": "gzip, identity", **({"Authorization": f"Bearer {token}"} if token else {})}
        self.opener = urllib.request.build_opener(_NoRedirects)

    def read(self, name, bytes_max):
        url = f"{self.prefix}/{name}"
        try:
            request = urllib.request.Request(url, headers=self.headers)
            with self.opener.open(request, timeout=PATIENCE_SECONDS) as answer:
                data = answer.read(bytes_max + 1)
                if answer.headers.get("Content-Encoding", "identity") == "gzip":
                    data = zlib.decompressobj(wbits=31).decompress(data, bytes_max + 1)
                return data
        except urllib.error.HTTPError as error:
            if error.code in (404, 410):
                return None
            raise Unreadable(f"{url}: status {error.code}") from None
        except (OSError, ValueError, zlib.error) as error:
            raise Unreadable(f"{url}: {getattr(error, 'reason', error)}") from None
        except Exception as error:  # http.client has exceptions of its own for answers that are no HTTP.
            raise Unreadable(f"{url}: {type(error).__name__}") from None

    def widths(self, name):
        return []


def opened(place, token=None):
    return Served(place, token) if place.startswith(("http://", "https://")) else Folder(place)


def read_file(path, bytes_max=1 << 30):
    try:
        with open(path, "rb") as file:
            data = file.read(bytes_max + 1)
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from None
    if len(data) > bytes_max:
        raise Unreadable(f"{path}: more than {bytes_max} bytes")
    return data
