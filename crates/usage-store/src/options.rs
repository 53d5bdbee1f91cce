//! The options for opening a ledger.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use usage_core::pricing::Pricing;

/// The options for opening a ledger. The default is what a gateway wants.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("usage.db");
/// use usage_store::{StoreOptions, Synchronous};
///
/// let mut options = StoreOptions::default();
/// options.synchronous = Synchronous::Full;
/// let store = options.open(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoreOptions {
    /// The time to wait for another connection's lock, and for a free reading connection. Default:
    /// 5 s.
    pub busy_timeout: Duration,
    /// The point that a commit waits for. Default: [`Synchronous::Normal`].
    pub synchronous: Synchronous,
    /// The number of reports that may run at once, at least one. Default: 4.
    pub readers: u32,
    /// The place where a tracker keeps its journal, if it keeps one. Default: a folder beside the ledger's
    /// file, named as that with `.journal` added. The ledger remembers any other, so that every
    /// program that opens the ledger finds it.
    pub journal_folder: Option<PathBuf>,
    /// The treatment of a ledger of an earlier version. Default: it is migrated after a copy, up to
    /// 1 GiB.
    pub migrate: Migrate,
    /// Who knows list prices: records that are stored are priced by the ledger's books then, and a book that this
    /// one has newer is put in. Default: nobody, and records are not priced yet.
    pub pricing: Option<Arc<dyn Pricing>>,
}

impl StoreOptions {
    /// With list prices.
    #[must_use]
    pub fn with_pricing(self, pricing: Arc<dyn Pricing>) -> Self {
        Self { pricing: Some(pricing), ..self }
    }
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            synchronous: Synchronous::Normal,
            readers: 4,
            journal_folder: None,
            migrate: Migrate::default(),
            pricing: None,
        }
    }
}

/// The point that a commit waits for (`PRAGMA synchronous`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Synchronous {
    /// A commit survives a killed process. A power loss may roll back the last commits; it never
    /// damages the ledger.
    #[default]
    Normal,
    /// A commit survives a power loss too, where the disk honours a flush; each costs one.
    Full,
}

/// The treatment of a ledger of an earlier version that is opened for writing. Reading never
/// changes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Migrate {
    /// It is migrated after a copy, unless it is larger than so many bytes: then opening fails
    /// with [`StoreError::OlderVersion`](crate::StoreError::OlderVersion), and [`MigrationPlan`](crate::MigrationPlan) does it when somebody can wait.
    ///
    /// The copy lies beside the ledger, under its name with `.v4-backup` added (the version it
    /// has), and can be read by its owner alone.
    Copy {
        /// The number of bytes the ledger may have.
        up_to: u64,
    },
    /// It is migrated without a copy. There is no way back then.
    InPlace,
    /// Opening fails with [`StoreError::OlderVersion`](crate::StoreError::OlderVersion).
    Never,
}

/// After a copy, up to 1 GiB: about ten seconds.
impl Default for Migrate {
    fn default() -> Self {
        Self::Copy { up_to: 1 << 30 }
    }
}
