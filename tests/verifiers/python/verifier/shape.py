"""The vocabulary in which the fields of leaves are described: what a value may be, and how long."""

import json
import re
from dataclasses import dataclass

from .verdict import Rejected

I32, I64 = 31, 63


def wrong(path, expected):
    return Rejected("not-canonical", f"the leaf's {path or 'whole'} is not as it must be", expected)


def spelled(text):
    """The bytes of a string as JSON spells it, without its quotes; bounds count these."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass")) - 2


@dataclass(frozen=True)
class Number:
    """A whole number; counts, sizes and offsets are never below zero."""

    bits: int = I64
    signed: bool = False

    def check(self, value, path):
        low = -(1 << self.bits) if self.signed else 0
        if type(value) is not int or not low <= value < 1 << self.bits:
            raise wrong(path, f"a number from {low} to 2^{self.bits} - 1")


@dataclass(frozen=True)
class Text:
    bytes_max: int
    bytes_min: int = 0

    def check(self, value, path):
        if type(value) is not str or not self.bytes_min <= spelled(value) <= self.bytes_max:
            raise wrong(path, f"text of {self.bytes_min} to {self.bytes_max} bytes")


@dataclass(frozen=True)
class Form:
    """Text of one form, as a regular expression of all of it."""

    pattern: str

    def check(self, value, path):
        if type(value) is not str or not re.fullmatch(self.pattern, value, re.ASCII):
            raise wrong(path, self.pattern)


def hexadecimal(count):
    return Form(f"[0-9a-f]{{{2 * count}}}")


@dataclass(frozen=True)
class OneOf:
    symbols: tuple

    def check(self, value, path):
        if type(value) is not str or value not in self.symbols:
            raise wrong(path, "one of " + ", ".join(self.symbols))


@dataclass(frozen=True)
class Optional:
    """A member that may be left out; it is never null."""

    of: object

    def check(self, value, path):
        self.of.check(value, path)


@dataclass(frozen=True)
class ListOf:
    of: object
    items_max: int

    def check(self, value, path):
        if type(value) is not list or len(value) > self.items_max:
            raise wrong(path, f"a list of at most {self.items_max}")
        for number, item in enumerate(value):
            self.of.check(item, f"{path}[{number}]")


class Record:
    """An object with these members in this order; `also` checks what lies between them."""

    def __init__(self, also=None, **fields):
        self.fields, self.also = fields, also

    def check(self, value, path):
        if type(value) is not dict:
            raise wrong(path, "an object")
        order = [name for name, shape in self.fields.items() if name in value or not isinstance(shape, Optional)]
        if list(value) != order:
            raise wrong(path, "the members " + ", ".join(self.fields) + " in this order")
        for name in order:
            self.fields[name].check(value[name], f"{path}.{name}" if path else name)
        if self.also:
            self.also(value, path)


@dataclass(frozen=True)
class Union:
    """A value that stands bare: text by the first shape, an object by the record that has its first member."""

    text: object
    records: tuple

    def check(self, value, path):
        if type(value) is str and self.text:
            return self.text.check(value, path)
        first = next(iter(value), None) if type(value) is dict else None
        for record in self.records:
            if first == next(iter(record.fields)):
                return record.check(value, path)
        raise wrong(path, "one of its forms")
