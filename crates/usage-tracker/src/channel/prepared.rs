//! The names that handles were prepared with, each at a place of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use usage_core::Labels;

/// Where prepared names stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(u32);

impl Place {
    /// Where no names ever stand.
    pub(super) const NONE: Self = Self(u32::MAX);
}

/// How many different names are kept. They stay as long as the tracker, so there is a limit for
/// those who prepare handles with names from outside.
const MOST: usize = 65_536;

/// All names that were prepared, equal ones once.
#[derive(Debug, Default)]
pub(super) struct Prepared(Mutex<Names>);

#[derive(Debug, Default)]
struct Names {
    places: HashMap<Labels, Place>,
    in_order: Vec<Labels>,
}

impl Prepared {
    /// The place of these names, a new one if need be; `None` when there is none left.
    pub(super) fn add(&self, labels: &Labels) -> Option<Place> {
        let mut names = self.lock();
        if let Some(place) = names.places.get(labels) {
            return Some(*place);
        }
        if names.in_order.len() >= MOST {
            return None;
        }
        let place = u32::try_from(names.in_order.len()).ok().map(Place)?;
        names.places.insert(labels.clone(), place);
        names.in_order.push(labels.clone());
        Some(place)
    }

    fn lock(&self) -> MutexGuard<'_, Names> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The writer's own copy, so that it takes the lock only for names it has not seen.
#[derive(Debug)]
pub(super) struct Known {
    prepared: Arc<Prepared>,
    labels: Vec<Labels>,
}

impl Known {
    pub(super) const fn new(prepared: Arc<Prepared>) -> Self {
        Self { prepared, labels: Vec::new() }
    }

    /// The names at a place; `None` at [`Place::NONE`].
    pub(super) fn labels(&mut self, place: Place) -> Option<&Labels> {
        let index = place.0 as usize;
        if place != Place::NONE && index >= self.labels.len() {
            let names = self.prepared.lock();
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
    fn equal_names_have_one_place_and_the_writer_finds_them() {
        let prepared = Arc::<Prepared>::default();
        let mut known = Known::new(Arc::clone(&prepared));
        let [a, b] = ["a", "b"].map(labels);
        assert_eq!(prepared.add(&a), Some(Place(0)));
        assert_eq!(known.labels(Place(0)), Some(&a));
        assert_eq!(prepared.add(&b), Some(Place(1)));
        assert_eq!(prepared.add(&labels("a")), Some(Place(0)));
        assert_eq!(known.labels(Place(1)), Some(&b));
        assert_eq!(known.labels(Place(0)), Some(&a));
        assert_eq!(known.labels(Place::NONE), None);
        assert_eq!(known.labels.len(), 2);
    }

    #[test]
    fn names_from_outside_cannot_fill_the_memory() {
        let prepared = Prepared::default();
        for number in 0..MOST {
            assert!(prepared.add(&labels(&number.to_string())).is_some());
        }
        assert_eq!(prepared.add(&labels("one more")), None);
        assert_eq!(prepared.add(&labels("7")), Some(Place(7)));
    }
}
