//! The names of the handles, each under a small number.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use usage_core::Labels;

/// The number of registered names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LabelId(u32);

impl LabelId {
    /// The number of no names.
    pub(super) const NONE: Self = Self(u32::MAX);
}

/// The most different names that are kept. They stay as long as the tracker, so there is a limit for
/// those who make handles with names from outside.
const MOST: usize = 65_536;

/// All names that were registered, equal ones once.
#[derive(Debug, Default)]
pub(super) struct LabelRegistry(Mutex<Names>);

#[derive(Debug, Default)]
struct Names {
    ids: HashMap<Labels, LabelId>,
    in_order: Vec<Labels>,
}

impl LabelRegistry {
    /// Returns the number of these names, a new one if need be; `None` when there is none left.
    pub(super) fn add(&self, labels: &Labels) -> Option<LabelId> {
        let mut names = self.lock();
        if let Some(id) = names.ids.get(labels) {
            return Some(*id);
        }
        if names.in_order.len() >= MOST {
            return None;
        }
        let id = u32::try_from(names.in_order.len()).ok().map(LabelId)?;
        names.ids.insert(labels.clone(), id);
        names.in_order.push(labels.clone());
        Some(id)
    }

    fn lock(&self) -> MutexGuard<'_, Names> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The copy of the thread that drains the channel, so that it takes the lock only for names it has not
/// seen.
#[derive(Debug)]
pub(super) struct LabelView {
    registry: Arc<LabelRegistry>,
    labels: Vec<Labels>,
}

impl LabelView {
    pub(super) const fn new(registry: Arc<LabelRegistry>) -> Self {
        Self { registry, labels: Vec::new() }
    }

    /// Returns the names of a number; `None` for [`LabelId::NONE`].
    pub(super) fn labels(&mut self, id: LabelId) -> Option<&Labels> {
        let index = id.0 as usize;
        if id != LabelId::NONE && index >= self.labels.len() {
            let names = self.registry.lock();
            let unseen = names.in_order.get(self.labels.len()..).unwrap_or_default();
            self.labels.extend_from_slice(unseen);
        }
        self.labels.get(index)
    }
}

#[cfg(test)]
mod tests {
    use usage_core::LabelNames;

    use super::*;

    fn labels(model: &str) -> Labels {
        let names = LabelNames::new().with_instance("i").with_route("r").with_model(model);
        Labels::new(names).unwrap()
    }

    #[test]
    fn equal_names_have_one_number_and_the_receiving_thread_finds_them() {
        let registry = Arc::<LabelRegistry>::default();
        let mut view = LabelView::new(Arc::clone(&registry));
        let [a, b] = ["a", "b"].map(labels);
        assert_eq!(registry.add(&a), Some(LabelId(0)));
        assert_eq!(view.labels(LabelId(0)), Some(&a));
        assert_eq!(registry.add(&b), Some(LabelId(1)));
        assert_eq!(registry.add(&labels("a")), Some(LabelId(0)));
        assert_eq!(view.labels(LabelId(1)), Some(&b));
        assert_eq!(view.labels(LabelId(0)), Some(&a));
        assert_eq!(view.labels(LabelId::NONE), None);
        assert_eq!(view.labels.len(), 2);
    }

    #[test]
    fn names_from_outside_cannot_fill_the_memory() {
        let registry = LabelRegistry::default();
        for number in 0..MOST {
            assert!(registry.add(&labels(&number.to_string())).is_some());
        }
        assert_eq!(registry.add(&labels("one more")), None);
        assert_eq!(registry.add(&labels("7")), Some(LabelId(7)));
    }
}
