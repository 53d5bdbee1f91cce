//! Who serves a ledger: a file beside it that is locked as long as its server lives.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write as _};
use std::path::{Path, PathBuf};

use crate::error::ServeError;

/// The claim of a process to be the one that serves a ledger. It ends with the process, however that ends.
#[derive(Debug)]
pub(crate) struct Owner {
    file: File,
    path: PathBuf,
}

impl Owner {
    /// Claims a ledger.
    pub(crate) fn claim(ledger: &Path) -> Result<Self, ServeError> {
        let path = beside(ledger, ".serve");
        let failed = |source| ServeError::Owner { path: path.clone(), source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file, path }),
            Err(TryLockError::WouldBlock) => {
                let mut by = String::new();
                let _ = (&mut file).take(1_000).read_to_string(&mut by);
                let by = by.trim().to_owned();
                let by = if by.is_empty() { "another process".to_owned() } else { by };
                Err(ServeError::Served { path: ledger.to_owned(), by })
            }
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Writes down who it is, for the next one who tries.
    pub(crate) fn say(&mut self, who: &str) -> Result<(), ServeError> {
        let write = |file: &mut File| -> io::Result<()> {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(who.as_bytes())
        };
        write(&mut self.file)
            .map_err(|source| ServeError::Owner { path: self.path.clone(), source })
    }
}

/// The file is left, empty: to take it away would let two claim two files of one name.
impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}

/// Returns the path of a file beside the ledger: its name with an ending.
pub(crate) fn beside(ledger: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(ledger);
    name.push(ending);
    name.into()
}
