//! The scanner: a state machine over bytes.

use super::scalar::Bytes;
use super::{List, Take, Target};

/// The progress of reading a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It goes on.
    Open,
    /// It has ended.
    Done,
    /// It is no JSON, or no object.
    Failed,
}

/// The greatest number of named containers that lie within each other. The table of names needs fewer.
const DEPTH: usize = 12;

/// The place where the scanner is, between two bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Before a value.
    Value,
    /// After `[`: before a value or `]`.
    FirstElement,
    /// After `{`: before a key or `}`.
    FirstKey,
    /// After a comma in an object.
    Key,
    /// In a key.
    InKey,
    /// After a backslash in a key.
    InKeyEscape,
    /// After a key.
    Colon,
    /// In a string that is asked for.
    InString,
    InStringEscape,
    /// In a string that is not.
    InSkippedString,
    InSkippedStringEscape,
    /// In a number or a word.
    InScalar,
    /// After a value.
    AfterValue,
    /// In a container that nothing is asked of.
    Skip,
    InStringOfSkip,
    InStringOfSkipEscape,
    Done,
    Failed,
}

/// A container that the table names and that is open.
#[derive(Clone, Copy, Debug)]
pub(super) enum Open {
    Object(&'static [(&'static str, Target)]),
    List(List, &'static Target),
}

/// Walks one JSON object, fed in pieces, and hands over what a table of names asks for.
#[derive(Clone, Debug)]
pub(crate) struct Scanner {
    pub(super) state: State,
    open: [Open; DEPTH],
    depth: usize,
    /// Containers that are open within one that nothing is asked of.
    pub(super) skipped: u64,
    pub(super) bytes: Bytes,
    /// The entry of the table for the value that comes or is being read.
    pub(super) target: &'static Target,
}

impl Scanner {
    /// Makes a scanner for an object with the fields of a table.
    pub(crate) const fn new(root: &'static Target) -> Self {
        Self {
            state: State::Value,
            open: [Open::Object(&[]); DEPTH],
            depth: 0,
            skipped: 0,
            bytes: Bytes::new(),
            target: root,
        }
    }

    /// Begins with another object.
    pub(crate) const fn restart(&mut self, root: &'static Target) {
        self.state = State::Value;
        self.depth = 0;
        self.skipped = 0;
        self.target = root;
    }

    /// Returns how far the object is read.
    pub(crate) const fn progress(&self) -> Progress {
        match self.state {
            State::Done => Progress::Done,
            State::Failed => Progress::Failed,
            _ => Progress::Open,
        }
    }

    /// Reads on, and returns how many bytes were taken: all of them, unless the object ended or
    /// turned out to be none.
    pub(crate) fn feed(&mut self, input: &[u8], take: &mut impl Take) -> usize {
        let mut rest = input;
        while let [byte, tail @ ..] = rest {
            rest = match self.state {
                State::Done | State::Failed => break,
                State::Skip => self.skip(rest, take),
                State::InStringOfSkip | State::InSkippedString => self.skip_string(rest, take),
                State::InString => self.string(rest, take),
                State::InKey => self.key(rest),
                State::InStringOfSkipEscape => self.go(State::InStringOfSkip, tail),
                State::InSkippedStringEscape => self.go(State::InSkippedString, tail),
                State::InStringEscape => self.escape(State::InString, *byte, tail),
                State::InKeyEscape => self.escape(State::InKey, *byte, tail),
                State::InScalar => self.word(rest, take),
                _ if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') => tail,
                State::Value | State::FirstElement => self.value(*byte, rest, take),
                State::FirstKey | State::Key => match byte {
                    b'"' => {
                        self.bytes.clear();
                        self.go(State::InKey, tail)
                    }
                    b'}' if self.state == State::FirstKey => {
                        self.close(false, take);
                        tail
                    }
                    _ => self.go(State::Failed, rest),
                },
                State::Colon if *byte == b':' => self.go(State::Value, tail),
                State::AfterValue => self.after_value(*byte, rest, take),
                State::Colon => self.go(State::Failed, rest),
            };
        }
        input.len() - rest.len()
    }

    pub(super) const fn go<'a>(&mut self, state: State, rest: &'a [u8]) -> &'a [u8] {
        self.state = state;
        rest
    }

    /// The byte behind a backslash, in what is kept.
    fn escape<'a>(&mut self, back: State, byte: u8, tail: &'a [u8]) -> &'a [u8] {
        self.bytes.push(&[b'\\', byte]);
        self.bytes.has_escapes();
        self.go(back, tail)
    }

    fn value<'a>(&mut self, byte: u8, rest: &'a [u8], take: &mut impl Take) -> &'a [u8] {
        let tail = rest.get(1..).unwrap_or_default();
        if self.depth == 0 && byte != b'{' {
            return self.go(State::Failed, rest);
        }
        match byte {
            b'{' | b'[' => {
                self.enter(byte == b'{', take);
                tail
            }
            b'"' => {
                self.bytes.clear();
                let asked = !matches!(self.target, Target::Nothing);
                self.go(if asked { State::InString } else { State::InSkippedString }, tail)
            }
            b']' if self.state == State::FirstElement => {
                self.close(true, take);
                tail
            }
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
                self.bytes.clear();
                self.go(State::InScalar, rest)
            }
            _ => self.go(State::Failed, rest),
        }
    }

    /// Goes into a container, or past it where nothing is asked of it.
    fn enter(&mut self, object: bool, take: &mut impl Take) {
        let inner = match self.target {
            Target::Either(scalar, container) => {
                take.container(scalar);
                container
            }
            target => target,
        };
        let open = match (inner, object) {
            (Target::Object(fields), true) => Open::Object(fields),
            (Target::List(list, element), false) => Open::List(*list, element),
            _ => {
                take.container(inner);
                self.skipped = 1;
                self.state = State::Skip;
                return;
            }
        };
        let Some(place) = self.open.get_mut(self.depth) else {
            self.state = State::Failed;
            return;
        };
        *place = open;
        self.depth += 1;
        self.state = match open {
            Open::Object(_) => State::FirstKey,
            Open::List(list, element) => {
                take.begin(list);
                self.target = element;
                State::FirstElement
            }
        };
    }

    /// The innermost container that is open.
    pub(super) fn innermost(&self) -> Option<Open> {
        self.open.get(self.depth.checked_sub(1)?).copied()
    }

    /// Leaves the innermost container.
    fn close(&mut self, list: bool, take: &mut impl Take) {
        match self.innermost() {
            Some(Open::Object(_)) if !list => {}
            Some(Open::List(..)) if list => {}
            _ => {
                self.state = State::Failed;
                return;
            }
        }
        self.depth -= 1;
        self.end_value(take);
    }

    /// A value has ended; within a list, an element has.
    pub(super) fn end_value(&mut self, take: &mut impl Take) {
        self.state = match self.innermost() {
            None => State::Done,
            Some(Open::List(list, _)) => {
                take.end_element(list);
                State::AfterValue
            }
            Some(Open::Object(_)) => State::AfterValue,
        };
    }

    fn after_value<'a>(&mut self, byte: u8, rest: &'a [u8], take: &mut impl Take) -> &'a [u8] {
        let tail = rest.get(1..).unwrap_or_default();
        match (byte, self.innermost()) {
            (b',', Some(Open::Object(_))) => self.go(State::Key, tail),
            (b',', Some(Open::List(_, element))) => {
                self.target = element;
                self.go(State::Value, tail)
            }
            (b'}' | b']', _) => {
                self.close(byte == b']', take);
                tail
            }
            _ => self.go(State::Failed, rest),
        }
    }
}
