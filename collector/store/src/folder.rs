//! Folders that survive power loss: a name is durable only once the folder that it stands in has been synced.
//! And files in them that are replaced as a whole. Never syncs what else lies in a folder; whoever writes a file does.

use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::failpoint;

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

/// Puts a file in its place, with these permission bits: after a power loss the old one or the new one is there, whole. The
/// caller sees to it that nobody else writes the same file meanwhile.
///
/// # Errors
/// When it can't be written, synced or renamed; then either of the two is there.
pub fn replace_durably(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = path.with_file_name(name);
    // What a process that died left behind has its own permissions.
    match std::fs::remove_file(&partial) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = File::options().write(true).create_new(true).mode(mode).open(&partial)?;
    file.write_all(bytes)?;
    // Left out, a disk forgets what it was given: a test must notice.
    let syncs = !failpoint::skipped("folder.replace.sync");
    if syncs {
        file.sync_all()?;
    }
    if failpoint::hit("folder.replace.before") {
        return Err(io::Error::other("a failpoint"));
    }
    std::fs::rename(&partial, path)?;
    if failpoint::hit("folder.replace.after") {
        return Err(io::Error::other("a failpoint"));
    }
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if syncs { File::open(folder)?.sync_all() } else { Ok(()) }
}
