"""Strict readings of what Python reads leniently: base64, decimal numbers, hex, UTF-8, JSON."""

import base64
import binascii
import json
import re

from .verdict import Rejected

DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
HEX = re.compile(r"(?:[0-9a-f]{2})*", re.ASCII)
SIZE_MAX = 1 << 62


def malformed(what, expected):
    return Rejected("malformed", what, expected)


def utf8(data, what):
    try:
        return data.decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise malformed(f"{what} is not UTF-8", "UTF-8") from None


def decimal(text, what, maximum=SIZE_MAX):
    """A number without sign, leading zeros, spaces or underscores; Python's int() takes all of them."""
    if not DECIMAL.fullmatch(text) or int(text) > maximum:
        raise malformed(f"{what} is {short(text)}", f"a decimal number of at most {maximum}")
    return int(text)


def unbase64(text, what, length=None):
    """Standard base64 that comes out the same when encoded again: bits left over in the last character are zero."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        raise malformed(f"{what} is not base64", "standard base64") from None
    if base64.b64encode(raw).decode() != text:
        raise malformed(f"{what} is not canonical base64", base64.b64encode(raw).decode()[:80])
    if length is not None and len(raw) != length:
        raise malformed(f"{what} has {len(raw)} bytes", f"{length}")
    return raw


def unhex(text, what, length):
    if not isinstance(text, str) or not HEX.fullmatch(text) or len(text) != 2 * length:
        raise malformed(f"{what} is {short(text)}", f"{2 * length} lower-case hex digits")
    return bytes.fromhex(text)


def json_value(data, what):
    """JSON without repeated members, fractions, exponents, NaN, or halves of surrogate pairs."""
    text = utf8(data, what)

    def once(pairs):
        members = dict(pairs)
        if len(members) != len(pairs):
            raise malformed(f"{what} repeats a member", "each member once")
        return members

    def refuse(literal):
        raise malformed(f"{what} holds {short(literal)}", "integers only")

    try:
        value = json.loads(text, object_pairs_hook=once, parse_float=refuse, parse_constant=refuse)
        halved = re.search(r"\\u[dD][89a-fA-F]", text) and has_surrogate(value)
    except (ValueError, RecursionError) as error:
        raise malformed(f"{what} is not JSON ({short(str(error))})", "JSON") from None
    if halved:
        raise malformed(f"{what} holds half a surrogate pair", "text")
    return value


def has_surrogate(value):
    if isinstance(value, str):
        return any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, dict):
        return any(has_surrogate(key) or has_surrogate(member) for key, member in value.items())
    return isinstance(value, list) and any(map(has_surrogate, value))


def members(value, names, what):
    """The members of an object that must stand exactly so, in this order."""
    if not isinstance(value, dict) or list(value) != names:
        found = ", ".join(map(short, value)) if isinstance(value, dict) else type(value).__name__
        raise malformed(f"{what} has {found or 'no members'}", "the members " + ", ".join(names))
    return [value[name] for name in names]


def typed(value, kind, what):
    if type(value) is not kind:
        raise malformed(f"{what} is a {type(value).__name__}", f"a {kind.__name__}")
    return value


def short(value):
    """A value as it may stand in a message: never long, never with line breaks or control characters."""
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."
