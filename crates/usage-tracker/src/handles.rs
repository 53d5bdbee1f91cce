//! Handles by their names, for who has only the names.

use std::collections::HashMap;
use std::sync::Arc;

use usage_core::{LabelInterner, LabelNames, Labels, RecordError};

use crate::handle::Handle;
use crate::shared::Shared;

/// The most names of which a tracker keeps the handle: as many are registered in its channel. Names from
/// hostile requests cost time, no memory.
const MAX_KEPT: usize = 4_096;

/// The handles that were asked for by their names.
pub(crate) struct Handles {
    labels: LabelInterner,
    kept: HashMap<Labels, Handle>,
}

impl Handles {
    pub(crate) fn new() -> Self {
        Self { labels: LabelInterner::new(MAX_KEPT), kept: HashMap::new() }
    }

    /// Returns the handle of these names; makes it only where it is not kept.
    pub(crate) fn of(
        &mut self,
        names: LabelNames<'_>,
        shared: &Arc<Shared>,
    ) -> Result<Handle, RecordError> {
        let labels = self.labels.intern(names)?;
        if let Some(handle) = self.kept.get(&labels) {
            return Ok(handle.clone());
        }
        if self.kept.len() >= MAX_KEPT {
            self.kept.clear();
        }
        let handle = Handle::new(Arc::clone(shared), labels.clone());
        self.kept.insert(labels, handle.clone());
        Ok(handle)
    }
}
