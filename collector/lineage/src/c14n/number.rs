//! Numbers in the canonical form. Owns the rule that two different numbers of one kind never become one by rounding unseen:
//!
//! - an integer literal (digits alone) keeps its digits; `-0` is `0`;
//! - any other literal is the double nearest to it, as ECMAScript writes it (RFC 8785, 3.2.2.3): `1.0` is `1`, `1E2` is `100`;
//! - a literal that no double can hold (beyond ±1.8e308, or not zero and nearest to zero) keeps its digits: `e` small, the
//!   exponent without `+` and leading zeros, no exponent if it is zero. ECMAScript never writes a positive exponent without `+`, so none is mistaken for a double.

/// Writes a number.
pub(super) fn write(literal: &str, integer: bool, bytes: &mut Vec<u8>) {
    if integer {
        let literal = if literal == "-0" { "0" } else { literal };
        return bytes.extend_from_slice(literal.as_bytes());
    }
    match literal.parse::<f64>() {
        Ok(double) if double.is_finite() && (double != 0.0 || is_zero(literal)) => {
            bytes.extend_from_slice(ryu_js::Buffer::new().format_finite(double).as_bytes());
        }
        _ => beyond_double(literal, bytes),
    }
}

/// Whether every digit before the exponent is zero.
fn is_zero(literal: &str) -> bool {
    literal.bytes().take_while(|byte| !matches!(byte, b'e' | b'E')).all(|byte| matches!(byte, b'-' | b'.' | b'0'))
}

#[cold]
fn beyond_double(literal: &str, bytes: &mut Vec<u8>) {
    let Some((digits, exponent)) = literal.split_once(['e', 'E']) else {
        return bytes.extend_from_slice(literal.as_bytes());
    };
    let size = exponent.trim_start_matches(['+', '-', '0']);
    let sign = match exponent.starts_with('-') {
        _ if size.is_empty() => "",
        true => "e-",
        false => "e",
    };
    for part in [digits, sign, size] {
        bytes.extend_from_slice(part.as_bytes());
    }
}
