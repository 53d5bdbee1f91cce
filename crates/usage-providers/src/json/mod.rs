//! JSON in pieces: a scanner that walks a value of any size, fed chunk by chunk, and takes out
//! what a table of names asks for.
//!
//! It keeps the way to where it is and the one scalar it is in, both bounded, and nothing else.

mod names;
mod scalar;
mod scanner;
mod skip;
mod target;
mod tokens;

pub(crate) use names::ROOT;
pub(crate) use scalar::Scalar;
pub(crate) use scanner::{Progress, Scanner};
pub(crate) use target::{Element, List, Number, Target, Text, Word};

/// A receiver of the values that the table of names asks for.
pub(crate) trait Take {
    /// Takes a scalar at a place that the table names.
    fn scalar(&mut self, target: &'static Target, scalar: Scalar<'_>);

    /// Notes an object or a list where the table asks for a scalar.
    fn container(&mut self, target: &'static Target);

    /// Notes the beginning of a list.
    fn begin(&mut self, list: List);

    /// Notes the end of an element of a list.
    fn end_element(&mut self, list: List);
}
