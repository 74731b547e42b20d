//! `telemetry.*`: what is told about the process. Nothing here influences what is recorded.

use super::keys::Keys;
use super::parse::Parse;
use super::source::Written;
use std::collections::BTreeMap;

/// `telemetry.*`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telemetry {
    /// `telemetry.log_format`: `pretty` for people, `json` for machines.
    pub log_format: LogFormat,
    /// `telemetry.log_color`: whether `pretty` is coloured on a terminal; `NO_COLOR` and `--no-color` turn it off, too.
    pub log_color: bool,
    /// `telemetry.log_level`: a level, or a filter of `tracing` such as `info,server::http=debug`.
    pub log_level: LogLevel,
    /// `telemetry.otlp_endpoint`: base URL of an OTLP collector over HTTP, for instance `http://localhost:4318`;
    /// empty turns traces off.
    pub otlp_endpoint: Option<String>,
    /// `telemetry.otlp_headers.<name>`: sent along with every export, for instance an API key.
    pub otlp_headers: BTreeMap<String, String>,
    /// `telemetry.otlp_sample_percent`: share of traces that begin here and are kept; what a caller sampled is
    /// always kept.
    pub otlp_sample_percent: u32,
    /// `telemetry.metrics`: whether `/metrics` is served.
    pub metrics: bool,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Coloured, unless `NO_COLOR` is set or the output is no terminal.
    Pretty,
    /// One JSON object per line.
    Json,
}

/// A filter that `tracing-subscriber` has accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLevel(String);

impl LogLevel {
    /// The filter's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Telemetry {
    pub(super) fn read(keys: &mut Keys) -> Self {
        Self {
            log_format: keys.take("telemetry.log_format", LogFormat::Pretty),
            log_color: keys.take("telemetry.log_color", true),
            log_level: keys.take("telemetry.log_level", LogLevel("info".to_owned())),
            otlp_endpoint: keys.take("telemetry.otlp_endpoint", Endpoint(None)).0,
            otlp_headers: keys.take_all("telemetry.otlp_headers").into_iter().collect(),
            otlp_sample_percent: keys.bounded("telemetry.otlp_sample_percent", 100, 0..=100),
            metrics: keys.take("telemetry.metrics", true),
        }
    }
}

impl Parse for LogFormat {
    fn parse(written: &Written) -> Result<Self, String> {
        match String::parse(written)?.as_str() {
            "pretty" => Ok(Self::Pretty),
            "json" => Ok(Self::Json),
            _ => Err("write \"pretty\" or \"json\"".to_owned()),
        }
    }
    fn shown(&self) -> String {
        match self {
            Self::Pretty => "\"pretty\"".to_owned(),
            Self::Json => "\"json\"".to_owned(),
        }
    }
}

impl Parse for LogLevel {
    fn parse(written: &Written) -> Result<Self, String> {
        let text = String::parse(written)?;
        let first_is_level = text.split(',').all(|part| {
            let level = part.rsplit_once('=').map_or(part, |(_, level)| level);
            matches!(level.trim(), "off" | "error" | "warn" | "info" | "debug" | "trace")
        });
        match first_is_level && tracing_subscriber::EnvFilter::try_new(&text).is_ok() {
            true => Ok(Self(text)),
            false => {
                Err("write error, warn, info, debug or trace, or a filter such as \"info,server::http=debug\"".into())
            }
        }
    }
    fn shown(&self) -> String {
        self.0.shown()
    }
}

/// An endpoint is printed without the credentials it may hold.
struct Endpoint(Option<String>);

impl Parse for Endpoint {
    fn parse(written: &Written) -> Result<Self, String> {
        match <Option<String>>::parse(written)? {
            None => Ok(Self(None)),
            Some(url) if url.starts_with("http://") || url.starts_with("https://") => {
                Ok(Self(Some(url.trim_end_matches('/').to_owned())))
            }
            Some(_) => Err("write an URL such as \"http://localhost:4318\"".to_owned()),
        }
    }
    fn shown(&self) -> String {
        let url = self.0.clone().unwrap_or_default();
        match (url.split_once("://"), url.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, host))) => format!("{scheme}://(hidden)@{host}").shown(),
            _ => url.shown(),
        }
    }
}
