//! The configuration as the commands read it: file, environment, flags.

use std::path::Path;

use server::config::{Config, Loaded, Sources};

use crate::arguments::Arguments;
use crate::failure::Failure;

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "ledgerline.toml";

/// Reads the configuration; more flags win.
pub fn load(arguments: &Arguments, flags: &[(&str, &str, String)]) -> Result<Loaded, Failure> {
    let named = arguments.config.as_deref();
    let file = named.or_else(|| Some(Path::new(DEFAULT_FILE)).filter(|path| path.exists()));
    let mut sources = Sources::default().with_environment();
    if let Some(file) = file {
        sources = sources.with_file(file).map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
    }
    if let Some(data) = &arguments.data {
        sources = sources.with_flag("--data", "data_dir", data.display());
    }
    for (flag, key, value) in flags {
        sources = sources.with_flag(flag, key, value);
    }
    Config::load(&sources).map_err(|faults| Failure::Usage(faults.to_string()))
}
