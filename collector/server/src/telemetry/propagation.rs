//! W3C trace context, as it travels in HTTP and Kafka headers.

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use std::fmt;
use std::str::FromStr;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The header's name, in HTTP and in Kafka.
pub const TRACEPARENT: &str = "traceparent";

/// A valid `traceparent` (W3C Trace Context, version 00): trace, parent span, flags. What is not valid is dropped
/// and a new trace begins, as the specification asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    trace: [u8; 16],
    span: [u8; 8],
    flags: u8,
}

impl TraceParent {
    /// The first valid `traceparent` among headers; of several the specification takes none for granted either.
    pub fn find<'h>(headers: impl IntoIterator<Item = (&'h str, &'h [u8])>) -> Option<Self> {
        let found = headers.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(TRACEPARENT));
        std::str::from_utf8(found?.1).ok()?.parse().ok()
    }

    /// The context of `span`, to be sent along; `None` where traces are off.
    pub fn of(span: &Span) -> Option<Self> {
        let context = span.context();
        let context = context.span().span_context().clone();
        context.is_valid().then(|| Self {
            trace: context.trace_id().to_bytes(),
            span: context.span_id().to_bytes(),
            flags: context.trace_flags().to_u8(),
        })
    }

    fn context(self) -> SpanContext {
        let (trace, span) = (TraceId::from_bytes(self.trace), SpanId::from_bytes(self.span));
        SpanContext::new(trace, span, TraceFlags::new(self.flags), true, TraceState::default())
    }
}

/// Makes `span` a child of the trace that `parent` names.
pub fn follow(span: &Span, parent: Option<TraceParent>) {
    if let Some(parent) = parent {
        let context = opentelemetry::Context::new().with_remote_span_context(parent.context());
        // Refused only where no trace layer is installed, and then there is nothing to follow.
        let _ = span.set_parent(context);
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", hex::encode(self.trace), hex::encode(self.span), self.flags)
    }
}

impl FromStr for TraceParent {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.trim();
        // A later version may append fields behind a dash; version ff is never valid.
        let (head, tail) = text.split_at_checked(55).ok_or(())?;
        let mut parts = head.split('-');
        let mut field = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits).ok_or(())?;
            let lower = part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
            if lower { hex::decode(part).map_err(|_| ()) } else { Err(()) }
        };
        let version = field(2)?[0];
        let trace: [u8; 16] = field(32)?.try_into().map_err(|_| ())?;
        let span: [u8; 8] = field(16)?.try_into().map_err(|_| ())?;
        let flags = field(2)?[0];
        let tail_fits = tail.is_empty() || version > 0 && tail.starts_with('-');
        match version != 0xff && tail_fits && trace != [0; 16] && span != [0; 8] {
            true => Ok(Self { trace, span, flags: flags & 1 }),
            false => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[track_caller]
    fn check(text: &str, wanted: Option<&str>) {
        let parsed: Option<TraceParent> = text.parse().ok();
        assert_eq!(parsed.map(|p| p.to_string()).as_deref(), wanted, "{text}");
    }

    #[test]
    fn only_what_the_specification_takes() {
        check(SOUND, Some(SOUND));
        check(&SOUND.replace("-01", "-ff"), Some(SOUND));
        check(&SOUND.replacen("00", "cc", 1), Some(SOUND));
        check(&(SOUND.replacen("00", "cc", 1) + "-what"), Some(SOUND));
        check(&(SOUND.to_owned() + "-what"), None);
        check(&SOUND.replacen("00", "ff", 1), None);
        check(&SOUND.to_uppercase(), None);
        check("00-00000000000000000000000000000000-00f067aa0ba902b7-01", None);
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", None);
        check("", None);
        check(&"ü".repeat(40), None);
    }

    #[test]
    fn headers_are_found_in_any_case() {
        let headers: [(&str, &[u8]); 2] = [("other", b"x"), ("TraceParent", SOUND.as_bytes())];
        assert_eq!(TraceParent::find(headers).unwrap().to_string(), SOUND);
        assert_eq!(TraceParent::find([("traceparent", &b"\xff"[..])]), None);
    }
}
