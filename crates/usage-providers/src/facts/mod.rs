//! The facts that a response has told so far.

mod element;
mod event;

pub(crate) use element::{Iteration, Role};
pub(crate) use event::Event;

use crate::hints::Dialect;
use crate::json::{Number, Text};

/// Iterations of one response that are kept: only those that can be records of their own.
pub(crate) const MOST_ITERATIONS: usize = 24;

/// The facts that a response has told so far, event by event: of each number the last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    numbers: Numbers,
    texts: [Option<Box<str>>; Text::COUNT],
    pub(crate) cost: Option<u64>,
    pub(crate) iterations: Vec<Iteration>,
    /// The dialect of the events.
    pub(crate) dialect: Option<Dialect>,
    pub(crate) object_list: bool,
    /// Says whether a number was no count, or more iterations came than are kept.
    pub(crate) bad: bool,
    pub(crate) usage: bool,
    /// Says whether the last numbers are the last that will come.
    pub(crate) last: bool,
    /// Says whether the response said that it stopped.
    pub(crate) stopped: bool,
    pub(crate) error: bool,
    pub(crate) cancelled: bool,
}

#[derive(Clone, Debug)]
struct Numbers([Option<u64>; Number::COUNT]);

impl Default for Numbers {
    fn default() -> Self {
        Self([None; Number::COUNT])
    }
}

impl Facts {
    /// Returns a number, where one was stated.
    pub(crate) fn stated(&self, number: Number) -> Option<u64> {
        self.numbers.0.get(number as usize).copied().flatten()
    }

    /// Returns a number, 0 where none was stated.
    pub(crate) fn get(&self, number: Number) -> u64 {
        self.stated(number).unwrap_or(0)
    }

    /// Returns the first of some numbers that is not 0.
    pub(crate) fn first(&self, numbers: &[Number]) -> u64 {
        numbers.iter().map(|number| self.get(*number)).find(|count| *count > 0).unwrap_or(0)
    }

    /// Returns whether any of some numbers was stated.
    pub(crate) fn any(&self, numbers: &[Number]) -> bool {
        numbers.iter().any(|number| self.stated(*number).is_some())
    }

    pub(crate) fn text(&self, text: Text) -> Option<&str> {
        self.texts.get(text as usize)?.as_deref()
    }

    /// Returns the response's id.
    pub(crate) fn id(&self) -> Option<&str> {
        self.text(Text::Envelope).or_else(|| self.text(Text::Id))
    }

    /// Returns whether an event begins another response while this one has ended.
    pub(crate) fn is_over_before(&self, event: &Event) -> bool {
        let (ours, theirs) = (self.text(Text::Envelope), event.facts.text(Text::Envelope));
        self.last && ours.is_some() && theirs.is_some() && ours != theirs
    }

    /// Makes room for a lower whole: a later total of cache writes can come without its split.
    fn refit(&mut self, said: &Self) {
        let split = [Number::WriteShort, Number::WriteLong];
        if let Some(whole) = said.stated(Number::CacheCreation)
            && !said.any(&split)
            && self.get(split[0]).saturating_add(self.get(split[1])) > whole
        {
            let long = self.stated(Number::WriteLong).map(|long| long.min(whole));
            self.numbers.0[Number::WriteLong as usize] = long;
            self.numbers.0[Number::WriteShort as usize] = None;
        }
    }

    /// Takes over what an event says.
    pub(crate) fn merge(&mut self, event: &mut Event) {
        if let Some(model) =
            event.facts.texts.get(Text::Model as usize).filter(|model| model.is_some())
        {
            event.answering.clone_from(model);
        }
        let said = &mut event.facts;
        self.refit(said);
        for (ours, theirs) in self.numbers.0.iter_mut().zip(&said.numbers.0) {
            *ours = theirs.or(*ours);
        }
        for (at, theirs) in said.texts.iter_mut().enumerate() {
            let keep_first = at == Text::Id as usize && self.texts[at].is_some();
            if theirs.is_some() && !keep_first {
                self.texts[at] = theirs.take();
            }
        }
        self.cost = said.cost.or(self.cost);
        if event.iterations_seen {
            self.iterations = std::mem::take(&mut said.iterations);
        }
        self.dialect = said.dialect.or(self.dialect);
        self.object_list |= said.object_list;
        self.bad |= said.bad;
        self.stopped |= said.stopped;
        self.error |= said.error;
        self.cancelled |= said.cancelled;
        if said.usage {
            self.usage = true;
            self.last = false;
        }
        // The reason to stop can stand in an event before the one with the counts.
        self.last |= event.ends() || self.stopped && event.facts.usage;
    }
}
