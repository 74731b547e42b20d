//! The Avro datum of an envelope, written and read with no schema at hand: the order of fields is compiled in (`records`).
//! Owns these bytes (Avro 1.12, "Binary encoding": zigzag varints, length-prefixed text, unions of null and one type).
//! Never copies text, never recurses deeper than [`DEPTH_MAX`], never allocates for a length that the input can't hold.
//! A test holds both directions to another implementation over the released schema.

mod records;
#[cfg(test)]
mod tests;

/// Records inside of records: schema fields nest, and JSON is taken to depth 64.
const DEPTH_MAX: u8 = 80;

/// What is left of a datum.
pub(crate) struct Input<'a> {
    rest: &'a [u8],
    depth: u8,
}

/// A value with an Avro form.
pub(crate) trait Datum<'a>: Sized {
    /// Appends it.
    fn put(&self, out: &mut Vec<u8>);
    /// Reads one off the front; `None` when there is none.
    fn take(input: &mut Input<'a>) -> Option<Self>;
}

/// Appends the datum of a value.
pub(crate) fn write<'a>(value: &impl Datum<'a>, out: &mut Vec<u8>) {
    value.put(out);
}

/// Reads a datum that is all of `bytes`; `None` when it is not one.
pub(crate) fn read<'a, T: Datum<'a>>(bytes: &'a [u8]) -> Option<T> {
    let mut input = Input { rest: bytes, depth: DEPTH_MAX };
    let value = T::take(&mut input)?;
    input.rest.is_empty().then_some(value)
}

impl<'a> Input<'a> {
    #[inline]
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    #[inline]
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(bytes)
    }

    /// A zigzag varint of at most ten bytes.
    #[inline]
    fn long(&mut self) -> Option<i64> {
        let first = self.byte()?;
        if first < 0x80 {
            return Some(unzigzag(u64::from(first)));
        }
        self.long_after(first)
    }

    fn long_after(&mut self, first: u8) -> Option<i64> {
        let mut value = u64::from(first & 0x7f);
        for shift in (7..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Some(unzigzag(value));
            }
        }
        None
    }

    #[inline]
    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.long()?).ok()
    }

    /// Goes into a record and out again.
    #[inline]
    fn within<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.depth = self.depth.checked_sub(1)?;
        let value = read(self);
        self.depth += 1;
        value
    }
}

#[inline]
fn unzigzag(value: u64) -> i64 {
    ((value >> 1) ^ (value & 1).wrapping_neg()).cast_signed()
}

#[inline]
fn put_long(value: i64, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while rest >= 0x80 {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

#[inline]
fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_long(i64::try_from(bytes.len()).unwrap_or(i64::MAX), out);
    out.extend_from_slice(bytes);
}

impl<'a> Datum<'a> for i64 {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        put_long(*self, out);
    }
    #[inline]
    fn take(input: &mut Input<'a>) -> Option<Self> {
        input.long()
    }
}

impl<'a> Datum<'a> for i32 {
    fn put(&self, out: &mut Vec<u8>) {
        put_long(i64::from(*self), out);
    }
    fn take(input: &mut Input<'a>) -> Option<Self> {
        i32::try_from(input.long()?).ok()
    }
}

impl<'a> Datum<'a> for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn take(input: &mut Input<'a>) -> Option<Self> {
        match input.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl<'a> Datum<'a> for f64 {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }
    fn take(input: &mut Input<'a>) -> Option<Self> {
        let bytes = input.bytes(8)?;
        Some(f64::from_le_bytes(bytes.try_into().ok()?))
    }
}

impl<'a> Datum<'a> for &'a str {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        put_bytes(self.as_bytes(), out);
    }
    #[inline]
    fn take(input: &mut Input<'a>) -> Option<Self> {
        let length = input.length()?;
        std::str::from_utf8(input.bytes(length)?).ok()
    }
}

impl<'a> Datum<'a> for &'a [u8] {
    fn put(&self, out: &mut Vec<u8>) {
        put_bytes(self, out);
    }
    fn take(input: &mut Input<'a>) -> Option<Self> {
        let length = input.length()?;
        input.bytes(length)
    }
}

/// Avro's `fixed`.
impl<'a, const N: usize> Datum<'a> for [u8; N] {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
    fn take(input: &mut Input<'a>) -> Option<Self> {
        input.bytes(N)?.try_into().ok()
    }
}

/// The union of null and one type, null first.
impl<'a, T: Datum<'a>> Datum<'a> for Option<T> {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            None => out.push(0),
            Some(value) => {
                out.push(2);
                value.put(out);
            }
        }
    }
    #[inline]
    fn take(input: &mut Input<'a>) -> Option<Self> {
        match input.byte()? {
            0 => Some(None),
            2 => T::take(input).map(Some),
            _ => None,
        }
    }
}

/// An array: written as one block; read in blocks of any number, with or without their length in bytes.
impl<'a, T: Datum<'a>> Datum<'a> for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        if !self.is_empty() {
            put_long(i64::try_from(self.len()).unwrap_or(i64::MAX), out);
            self.iter().for_each(|item| item.put(out));
        }
        out.push(0);
    }

    fn take(input: &mut Input<'a>) -> Option<Self> {
        let mut items = Vec::new();
        loop {
            let mut count = input.long()?;
            if count == 0 {
                return Some(items);
            }
            if count < 0 {
                input.length()?;
                count = count.checked_neg()?;
            }
            // Every item takes a byte at least.
            let count = usize::try_from(count).ok().filter(|count| *count <= input.rest.len())?;
            items.reserve(count.min(RESERVED_MAX));
            for _ in 0..count {
                items.push(T::take(input)?);
            }
        }
    }
}

/// Items that room is made for before any is read.
const RESERVED_MAX: usize = 256;
