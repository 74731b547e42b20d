//! From what was written to a typed value, and back to text for printing. The error says what was wanted.

use super::source::Written;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A value that can stand in a configuration.
pub(super) trait Parse: Sized {
    /// Reads the value; the error is a sentence that says what to write instead.
    fn parse(written: &Written) -> Result<Self, String>;
    /// The value as TOML.
    fn shown(&self) -> String;
}

impl Written {
    /// The value as the user wrote it, cut short.
    pub(super) fn shown(&self) -> String {
        let text = match self {
            Self::Toml(value) => value.to_string().trim().to_owned(),
            Self::Text(text) => format!("{text:?}"),
        };
        match text.char_indices().nth(64) {
            Some((cut, _)) => format!("{}…", &text[..cut]),
            None => text,
        }
    }

    /// Text of a variable or flag that holds TOML (a list, a table), or the file's value.
    pub(super) fn toml(&self) -> Result<toml_edit::Value, String> {
        match self {
            Self::Toml(value) => Ok(value.clone()),
            Self::Text(text) => text.parse().map_err(|error: toml_edit::TomlError| {
                format!("write it as in the file, for instance [\"a\", \"b\"] ({})", error.message())
            }),
        }
    }
}

impl Parse for String {
    fn parse(written: &Written) -> Result<Self, String> {
        match written {
            Written::Text(text) => Ok(text.clone()),
            Written::Toml(value) => {
                value.as_str().map(str::to_owned).ok_or_else(|| "write a text in quotes".to_owned())
            }
        }
    }
    fn shown(&self) -> String {
        toml_edit::Value::from(self.as_str()).to_string()
    }
}

impl Parse for u64 {
    fn parse(written: &Written) -> Result<Self, String> {
        let wanted = || "write a whole number, without a unit".to_owned();
        match written {
            Written::Text(text) => text.trim().replace('_', "").parse().map_err(|_| wanted()),
            Written::Toml(value) => value.as_integer().and_then(|n| Self::try_from(n).ok()).ok_or_else(wanted),
        }
    }
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Parse for u32 {
    fn parse(written: &Written) -> Result<Self, String> {
        u64::parse(written)?.try_into().map_err(|_| format!("write a number up to {}", Self::MAX))
    }
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Parse for usize {
    fn parse(written: &Written) -> Result<Self, String> {
        u64::parse(written)?.try_into().map_err(|_| format!("write a number up to {}", Self::MAX))
    }
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Parse for bool {
    fn parse(written: &Written) -> Result<Self, String> {
        let wanted = || "write true or false".to_owned();
        match written {
            Written::Text(text) => text.trim().parse().map_err(|_| wanted()),
            Written::Toml(value) => value.as_bool().ok_or_else(wanted),
        }
    }
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Parse for PathBuf {
    fn parse(written: &Written) -> Result<Self, String> {
        match String::parse(written)? {
            text if text.is_empty() => Err("write a path".to_owned()),
            text => Ok(text.into()),
        }
    }
    fn shown(&self) -> String {
        self.to_string_lossy().into_owned().shown()
    }
}

impl Parse for SocketAddr {
    fn parse(written: &Written) -> Result<Self, String> {
        let text = String::parse(written)?;
        // The one host name that needs no resolver; any other would make the loopback rule depend on the network.
        let text = text.strip_prefix("localhost:").map_or_else(|| text.clone(), |port| format!("127.0.0.1:{port}"));
        text.parse().map_err(|_| "write an address and a port, for instance \"127.0.0.1:5000\"".to_owned())
    }
    fn shown(&self) -> String {
        self.to_string().shown()
    }
}

/// A list of texts: an array in the file, a TOML array or a comma-separated list in a variable.
impl Parse for Vec<String> {
    fn parse(written: &Written) -> Result<Self, String> {
        if let Written::Text(text) = written
            && !text.trim_start().starts_with('[')
        {
            return Ok(text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect());
        }
        let wanted = "write a list of texts, for instance [\"a\", \"b\"]";
        let value = written.toml()?;
        let array = value.as_array().ok_or(wanted)?;
        array.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(|| wanted.to_owned())).collect()
    }
    fn shown(&self) -> String {
        let mut array = toml_edit::Array::new();
        array.extend(self.iter().map(String::as_str));
        array.to_string()
    }
}

/// A text, or nothing when the key is absent or empty.
impl Parse for Option<String> {
    fn parse(written: &Written) -> Result<Self, String> {
        Ok(Some(String::parse(written)?).filter(|text| !text.is_empty()))
    }
    fn shown(&self) -> String {
        self.clone().unwrap_or_default().shown()
    }
}
