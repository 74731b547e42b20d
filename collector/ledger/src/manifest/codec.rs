//! The text of a manifest: a heading and a line of JSON. Never takes a second spelling.

use super::{MANIFEST_FORMAT, Manifest, ManifestFault};

/// What the heading opens with, before the format.
const HEADING: &str = "ledgerline snapshot v";

/// What is signed.
pub(super) fn text(manifest: &Manifest) -> String {
    let json = serde_json::to_string(manifest).expect("texts and integers have a JSON form");
    format!("{HEADING}{MANIFEST_FORMAT}\n{json}\n")
}

/// Reads it, in the one spelling that [`text`] gives.
pub(super) fn read(text: &str) -> Result<Manifest, ManifestFault> {
    let malformed = |what: &str| ManifestFault::Malformed(what.to_owned());
    let (heading, json) = text.split_once('\n').ok_or_else(|| malformed("it has no heading"))?;
    let format = heading.strip_prefix(HEADING).and_then(|format| format.parse().ok());
    match format {
        Some(MANIFEST_FORMAT) => {}
        Some(newer) if newer > MANIFEST_FORMAT => return Err(ManifestFault::Newer(newer)),
        _ => return Err(malformed("its heading is another's")),
    }
    let manifest: Manifest = serde_json::from_str(json).map_err(|error| ManifestFault::Malformed(error.to_string()))?;
    if self::text(&manifest) == text { Ok(manifest) } else { Err(malformed("it is not in its one spelling")) }
}
