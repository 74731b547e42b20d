//! A disk that misbehaves: `tests/preload/disk.c`, compiled and put between a server and its folder, and what its trace tells.
//! After a power loss only what was synced is left: that is worked out here, from outside the process that has died.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{Around, Random};

/// A misbehaving disk under one folder.
#[derive(Debug)]
pub struct Disk {
    library: PathBuf,
    root: PathBuf,
    /// Trace and removed files, beside the folder and on the same disk.
    beside: PathBuf,
}

impl Disk {
    /// A disk under `root`, whose traces and removed files lie in `beside`. Compiles the library, once a build folder.
    ///
    /// # Errors
    /// When there is no C compiler, or it fails.
    pub fn under(root: &Path, beside: &Path) -> Result<Self> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("preload/disk.c");
        let own = std::env::current_exe().context("no path of this test")?;
        let folder = own.parent().context("tests lie in a folder")?;
        let text = std::fs::read(&source)?;
        // Named after what it is made from: another source is another file, and nothing is compiled twice.
        let digest = text
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
        let library = folder.join(format!("libdisk-{digest:016x}.so"));
        if !library.exists() {
            // Tests that run side by side may all find it missing: each makes its own, and the last one's stays.
            let part = tempfile::NamedTempFile::new_in(folder)?.into_temp_path();
            let compiled = Command::new("cc")
                .args(["-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-o"])
                .arg(&part)
                .arg(&source)
                .args(["-ldl", "-lpthread"])
                .output()
                .context("cc is missing: run ops/bootstrap.sh")?;
            ensure!(compiled.status.success(), "disk.c: {}", String::from_utf8_lossy(&compiled.stderr));
            part.persist(&library)?;
        }
        let root = std::fs::canonicalize(root)?;
        std::fs::create_dir_all(beside.join("grave"))?;
        Ok(Self { library, root, beside: std::fs::canonicalize(beside)? })
    }

    /// Puts it around a server, with a new trace; `more` are further variables of the library.
    pub fn around(&self, more: &[(&str, &str)]) -> Result<Around> {
        let trace = self.trace();
        if trace.exists() {
            std::fs::remove_file(&trace)?;
        }
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let own = [
            ("LD_PRELOAD", path(&self.library)),
            ("FAULT_ROOT", path(&self.root)),
            ("FAULT_TRACE", path(&trace)),
            ("FAULT_GRAVE", path(&self.beside.join("grave"))),
        ];
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let variables = own.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(more).collect();
        Ok(Around { variables, said: Some(self.said()) })
    }

    /// Where the server's standard error goes.
    pub fn said(&self) -> PathBuf {
        self.beside.join("said")
    }

    /// Lines of the trace, each in its parts.
    pub fn lines(&self) -> Result<Vec<Vec<String>>> {
        let text = match std::fs::read_to_string(self.trace()) {
            Ok(text) => text,
            // A process that died at once has written none.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error.into()),
        };
        Ok(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
    }

    fn trace(&self) -> PathBuf {
        self.beside.join("trace")
    }

    /// What lies in the folder, with lengths: what a server that starts now finds on a disk that has forgotten nothing.
    pub fn files(&self) -> Result<BTreeMap<PathBuf, u64>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder)? {
                let entry = entry?;
                match entry.file_type()?.is_dir() {
                    true => folders.push(entry.path()),
                    false => files.extend([(entry.path(), entry.metadata()?.len())]),
                }
            }
        }
        Ok(files)
    }
}

/// A change of a folder that may be lost while the folder has not been synced.
enum Change {
    Created(PathBuf),
    Made(PathBuf),
    Renamed { from: PathBuf, to: PathBuf, kept: Option<PathBuf> },
    Removed { path: PathBuf, kept: Option<PathBuf> },
}

impl Change {
    fn folder(&self) -> Option<&Path> {
        match self {
            Change::Created(path) | Change::Made(path) | Change::Removed { path, .. } => path.parent(),
            Change::Renamed { to, .. } => to.parent(),
        }
    }
}

/// Takes away what a dead server had not synced since it was started over the files `before`: changes of folders from some
/// point on, and of each file what lies beyond its synced length. How much of either the disk had written of its own accord is
/// drawn from `random`; half of the time, nothing. Gives how many changes and bytes were lost.
///
/// # Errors
/// When the files can't be changed.
pub fn after_power_loss(disk: &Disk, before: BTreeMap<PathBuf, u64>, random: &mut Random) -> Result<(usize, u64)> {
    let mut durable = before;
    let mut pending: Vec<Change> = Vec::new();
    for line in disk.lines()? {
        let parts: Vec<&str> = line.iter().map(String::as_str).collect();
        let kept = |text: &str| (text != "-").then(|| PathBuf::from(text));
        match parts.as_slice() {
            ["created", path] => {
                durable.insert(path.into(), 0);
                pending.push(Change::Created(path.into()));
            }
            ["made", path] => pending.push(Change::Made(path.into())),
            ["renaming", from, to, grave] => {
                let (from, to, kept) = (PathBuf::from(from), PathBuf::from(to), kept(grave));
                if let (Some(kept), Some(bytes)) = (&kept, durable.get(&to).copied()) {
                    durable.insert(kept.clone(), bytes);
                }
                let bytes = durable.remove(&from).unwrap_or(0);
                durable.insert(to.clone(), bytes);
                pending.push(Change::Renamed { from, to, kept });
            }
            ["unlinking", path, grave] => {
                let (path, kept) = (PathBuf::from(path), kept(grave));
                let bytes = durable.remove(&path).unwrap_or(0);
                durable.extend(kept.clone().map(|kept| (kept, bytes)));
                pending.push(Change::Removed { path, kept });
            }
            ["truncated", path, bytes] => {
                let bytes: u64 = bytes.parse()?;
                durable.entry(path.into()).and_modify(|known| *known = (*known).min(bytes));
            }
            ["synced", path, bytes] => {
                let path = Path::new(path);
                match path.is_dir() {
                    true => pending.retain(|change| change.folder() != Some(path)),
                    false => durable.extend([(path.to_owned(), bytes.parse()?)]),
                }
            }
            _ => {}
        }
    }
    let strict = random.once_in(2);
    let survive = if strict { 0 } else { random.below(pending.len() + 1) };
    let lost = pending.split_off(survive);
    for change in lost.iter().rev() {
        undo(change, &mut durable)?;
    }
    let mut bytes_lost = 0;
    for (path, length) in disk.files()? {
        let least = durable.get(&path).copied().unwrap_or(length).min(length);
        let left = if strict { least } else { least + random.draw() % (length - least + 1) };
        if left < length {
            bytes_lost += length - left;
            std::fs::OpenOptions::new().write(true).open(&path)?.set_len(left)?;
        }
    }
    Ok((lost.len(), bytes_lost))
}

/// Puts a folder back as it was before a change. A change that was announced and not made is none.
fn undo(change: &Change, durable: &mut BTreeMap<PathBuf, u64>) -> Result<()> {
    let give_back = |kept: &Option<PathBuf>, path: &Path, durable: &mut BTreeMap<PathBuf, u64>| -> Result<()> {
        let Some(kept) = kept.as_ref().filter(|kept| kept.exists()) else { return Ok(()) };
        std::fs::rename(kept, path).with_context(|| format!("give {} back", path.display()))?;
        let bytes = durable.remove(kept).unwrap_or(0);
        durable.insert(path.to_owned(), bytes);
        Ok(())
    };
    match change {
        Change::Created(path) if path.exists() => std::fs::remove_file(path)?,
        Change::Made(path) if path.exists() => std::fs::remove_dir_all(path)?,
        Change::Created(_) | Change::Made(_) => {}
        Change::Renamed { from, to, kept } => {
            if !from.exists() && to.exists() {
                std::fs::rename(to, from)?;
                let bytes = durable.remove(to).unwrap_or(0);
                durable.insert(from.clone(), bytes);
            }
            give_back(kept, to, durable)?;
        }
        Change::Removed { path, kept } if !path.exists() => give_back(kept, path, durable)?,
        Change::Removed { .. } => {}
    }
    Ok(())
}
