//! Strings and numbers: their forms, and what they come to. Owns formats, symbols and ranges.
//! A value whose form is wrong is noted and gives `None`, so that extraction leaves it out.

use crate::facts::Text;
use crate::finding::Grade;
use crate::id::RunId;
use crate::json::Value;
use crate::schema::{Field, Format};
use crate::time;

use super::{Code, Item, Walk};

/// Longest short text that the facts keep, bytes.
const SHORT_BYTES_MAX: usize = 4096;

impl<'a> Walk<'a> {
    /// Checks the form of a string that extraction has no use for.
    #[inline]
    pub(super) fn check_string(&mut self, item: Item<'a>) {
        let Some(rule) = item.rule else { return };
        match rule.format {
            Format::Free if rule.symbols.is_empty() => {}
            Format::Free => drop(self.string(item)),
            Format::Uri => self.check_uri(self.value(item), rule),
            Format::DateTime => drop(self.time(item)),
            Format::Uuid => drop(self.uuid(item)),
            Format::Name => drop(self.string(item)),
        }
    }

    /// A short text or a name, of the form its schema asks for.
    #[inline]
    pub(crate) fn string(&mut self, item: Item<'a>) -> Option<&'a str> {
        let text = self.raw(self.value(item))?;
        let Some(rule) = item.rule else { return self.short(self.value(item), text) };
        match rule.format {
            Format::Name => return self.name(self.value(item), text, rule),
            Format::Uri => self.check_uri(self.value(item), rule),
            Format::Free | Format::DateTime | Format::Uuid => {}
        }
        if !rule.symbols.is_empty() && !rule.symbols.iter().any(|symbol| **symbol == *text) {
            self.unknown_symbol(self.value(item), rule);
        }
        self.short(self.value(item), text)
    }

    /// A text of any length, cut to what the facts keep.
    pub(crate) fn text(&mut self, item: Item<'a>) -> Option<Text<'a>> {
        let (raw, escaped) = self.value(item).raw_str()?;
        if !escaped {
            return Some(Text::cut(raw));
        }
        self.cut_escaped(self.value(item))
    }

    /// The start of a text that is kept up to `bytes_max`.
    pub(crate) fn head(&mut self, item: Item<'a>, bytes_max: usize) -> Option<&'a str> {
        if item.rule.is_some_and(|rule| rule.format == Format::Uri) {
            self.check_string(item);
        }
        let text = self.raw(self.value(item))?;
        Some(&text[..text.floor_char_boundary(bytes_max)])
    }

    /// Nanoseconds UTC.
    pub(crate) fn time(&mut self, item: Item<'a>) -> Option<i64> {
        let text = self.raw(self.value(item))?;
        match time::parse(text) {
            Ok(time) => {
                if time.naive | time.sub_nanosecond | time.leap_second | time.shortened {
                    self.note_time(self.value(item), &time);
                }
                Some(time.ns)
            }
            Err(fault) => {
                self.note(grade(item.rule), Code::MalformedTime, self.value(item), || format!("Unusable: {fault}."));
                None
            }
        }
    }

    /// The id of a run that the facts name: it is lower-cased before the event's identity is computed, so which members are
    /// read through here is part of the canonical form and never changes.
    pub(crate) fn run_id(&mut self, item: Item<'a>) -> Option<RunId> {
        let id = self.uuid(item)?;
        self.run_ids.push(item.at);
        Some(id)
    }

    fn uuid(&mut self, item: Item<'a>) -> Option<RunId> {
        let text = self.raw(self.value(item))?;
        let id = text.parse().ok();
        if id.is_none() {
            let message =
                || "The run id is no UUID; send one of 36 characters, the same for the run's whole life.".to_owned();
            self.note(grade(item.rule), Code::RunIdNotUuid, self.value(item), message);
        }
        id
    }

    /// A whole number.
    pub(crate) fn integer(&mut self, item: Item<'a>) -> Option<i64> {
        if let Some(number) = self.value(item).as_i64() {
            return Some(number);
        }
        self.odd_integer(item)
    }

    /// Any number.
    pub(crate) fn number(&mut self, item: Item<'a>) -> Option<f64> {
        let number = self.value(item).as_f64();
        if number.is_none() && self.value(item).number_text().is_some() {
            self.out_of_range(self.value(item));
        }
        number
    }

    /// True or false.
    pub(crate) fn flag(&mut self, item: Item<'a>) -> Option<bool> {
        self.value(item).as_bool()
    }

    /// A string's text, unescaped.
    #[inline]
    pub(crate) fn raw(&mut self, value: Value<'a, 'a>) -> Option<&'a str> {
        match value.plain_str() {
            Some(text) => Some(text),
            None => self.unescape(value),
        }
    }

    #[inline]
    fn short(&mut self, value: Value<'a, 'a>, text: &'a str) -> Option<&'a str> {
        if text.len() <= SHORT_BYTES_MAX {
            return Some(text);
        }
        let message =
            || format!("The text is {} bytes long; the facts keep texts of up to 4 KiB, so shorten it.", text.len());
        self.note(Grade::Warn, Code::ValueTooLong, value, message);
        None
    }

    #[inline]
    fn name(&mut self, value: Value<'a, 'a>, text: &'a str, rule: &Field) -> Option<&'a str> {
        if text.len() > self.limits.name_bytes_max {
            let (length, most) = (text.len(), self.limits.name_bytes_max);
            let message = || format!("The name is {length} bytes long; send at most {most} (`name_bytes_max`).");
            self.note(Grade::Reject, Code::NameTooLong, value, message);
            return None;
        }
        let bytes = text.as_bytes();
        // Blanks and controls of ASCII are all that needs a look: others can't be told from letters by their first byte.
        let odd = |byte: Option<&u8>| byte.is_none_or(|byte| *byte <= b' ');
        let escaped = value.raw_str().is_some_and(|(_, escaped)| escaped);
        if odd(bytes.first()) || odd(bytes.last()) || escaped && text.chars().any(char::is_control) {
            let message =
                || "The name is empty, holds a control character, or starts or ends with a blank; mend it.".to_owned();
            self.note(rule.malformed, Code::MalformedName, value, message);
        }
        Some(text)
    }

    #[inline]
    fn check_uri(&mut self, value: Value<'a, 'a>, rule: &Field) {
        let bytes = value.token();
        // Facet after facet names the same producer, with a `schemaURL` of its own in between.
        if bytes == self.uris[0] {
            return;
        }
        if bytes == self.uris[1] {
            self.uris.swap(0, 1);
            return;
        }
        let plain = bytes.starts_with(b"https://") || scheme(bytes);
        if !plain || memchr::memchr(b' ', bytes).is_some() {
            let message = || {
                "The URI lacks its scheme or holds a blank; send it whole, such as https://example.org/x.".to_owned()
            };
            self.note(rule.malformed, Code::MalformedUri, value, message);
            return;
        }
        self.uris[1] = bytes;
    }

    #[cold]
    fn cut_escaped(&mut self, value: Value<'a, 'a>) -> Option<Text<'a>> {
        let whole = self.raw(value)?;
        Some(Text::cut(whole))
    }

    #[cold]
    fn note_time(&mut self, value: Value<'a, 'a>, time: &time::Time) {
        let mut note = |given: bool, grade, code, message: &str| {
            if given {
                self.note(grade, code, value, || message.to_owned());
            }
        };
        let naive = "The time has no offset and was read as UTC; send the offset, or Z.";
        note(time.naive, Grade::Warn, Code::NaiveTime, naive);
        let fine = "The time is finer than a nanosecond and was cut; send at most nine fraction digits.";
        note(time.sub_nanosecond, Grade::Note, Code::TimePrecision, fine);
        let leap = "The time is a leap second and was read as the second after; send it so if order matters.";
        note(time.leap_second, Grade::Note, Code::LeapSecond, leap);
        let loose = "The time is ISO 8601 but not RFC 3339; send it as 2026-01-31T08:00:00.123Z.";
        note(time.shortened, Grade::Note, Code::LooseTime, loose);
    }

    #[cold]
    fn unknown_symbol(&mut self, value: Value<'a, 'a>, rule: &Field) {
        let message =
            || format!("The value is none that the specification lists; send one of {}.", rule.symbols.join(", "));
        self.note(rule.unknown, Code::UnknownSymbol, value, message);
    }

    #[cold]
    fn odd_integer(&mut self, item: Item<'a>) -> Option<i64> {
        /// Beyond this a double no longer holds every whole number.
        const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
        let number = self.value(item).as_f64();
        match number.filter(|number| number.fract() == 0.0 && number.abs() <= EXACT_MAX) {
            Some(whole) if !self.value(item).is_integer() => {
                let message = || "The number is whole; send it without fraction and exponent.".to_owned();
                self.note(Grade::Note, Code::WholeNumber, self.value(item), message);
                // Exact: within 53 bits and without fraction.
                Some(whole as i64)
            }
            _ if self.value(item).is_integer() || number.is_none_or(|number| number.fract() == 0.0) => {
                self.out_of_range(self.value(item));
                None
            }
            _ => {
                let message = || "This is a number with a fraction; send a whole number.".to_owned();
                self.note(grade(item.rule), Code::WrongType, self.value(item), message);
                None
            }
        }
    }

    #[cold]
    fn out_of_range(&mut self, value: Value<'a, 'a>) {
        let message = || "The number is out of range; send one that fits 64 bits.".to_owned();
        self.note(Grade::Warn, Code::NumberOutOfRange, value, message);
    }
}

/// Whether text starts with a URI's scheme and its colon.
fn scheme(bytes: &[u8]) -> bool {
    let letters = bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)).count();
    bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.get(letters) == Some(&b':')
}

fn grade(rule: Option<&Field>) -> Grade {
    rule.map_or(Grade::Warn, |rule| rule.malformed)
}
