//! `serve --print-config`: each value and where it came from, as TOML that could be read back, secrets hidden.

use super::{Loaded, Origin};
use std::fmt::Write as _;

/// What stands in place of a secret.
pub(super) const HIDDEN: &str = "\"(hidden)\"";

/// One value of the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The dotted key.
    pub key: String,
    /// The value as TOML; never printed for a secret key, see [`Loaded::print`].
    pub(super) value: String,
    /// Where it came from.
    pub origin: Origin,
}

impl Setting {
    /// The value as TOML, hidden when the key holds a secret.
    pub fn shown(&self) -> &str {
        if is_secret(&self.key) { HIDDEN } else { &self.value }
    }
}

impl Loaded {
    /// The result as a table `key = value  # origin`.
    pub fn print(&self) -> String {
        let lines: Vec<String> =
            self.settings.iter().map(|s| format!("{} = {}", quoted_key(&s.key), s.shown())).collect();
        let width = lines.iter().map(|line| line.chars().count()).filter(|n| *n <= 72).max().unwrap_or(0);
        let mut text = String::new();
        for (line, setting) in lines.iter().zip(&self.settings) {
            let _ = writeln!(text, "{line:width$}  # {}", setting.origin);
        }
        text
    }
}

/// Keys whose value must never be printed or logged.
pub(super) fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.starts_with("telemetry.otlp_headers.")
        || key.starts_with("snapshots.options.")
            && ["secret", "token", "access_key", "customer_key", "password"].iter().any(|m| key.contains(m))
        || key.starts_with("kafka.")
            && ["password", "secret", "pem", "oauthbearer.config", "jaas", "username"].iter().any(|m| key.contains(m))
}

/// Keys that print themselves without their secret part, but whose text as written may hold it.
pub(super) fn is_secret_as_written(key: &str) -> bool {
    is_secret(key) || matches!(key, "http.tokens" | "telemetry.otlp_endpoint")
}

/// Topics and librdkafka's properties hold dots: they are quoted behind their section, so the output reads back.
fn quoted_key(key: &str) -> String {
    for section in ["kafka", "intake.tenants", "snapshots.options", "telemetry.otlp_headers"] {
        if let Some(name) = key.strip_prefix(section).and_then(|rest| rest.strip_prefix('.')) {
            let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
            return if plain { key.to_owned() } else { format!("{section}.\"{name}\"") };
        }
    }
    key.to_owned()
}
