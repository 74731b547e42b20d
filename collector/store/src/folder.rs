//! Folders that survive power loss: a name is durable only once the folder that it stands in has been synced.
//! Never syncs what lies in a folder; whoever writes a file does.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Makes a folder with what is missing above it, each name durable. Of a folder that is there the name is synced once more: a
/// process that died may have made it and come no further.
///
/// # Errors
/// When a folder can't be made or synced.
pub fn make_durable(folder: &Path) -> io::Result<()> {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.is_dir() {
        return match File::open(parent).and_then(|parent| parent.sync_all()) {
            // Somebody else's folder, that we may pass through and not read: who made the name in it has synced it.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
            synced => synced,
        };
    }
    make_durable(parent)?;
    match std::fs::create_dir(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => File::open(parent)?.sync_all(),
    }
}
