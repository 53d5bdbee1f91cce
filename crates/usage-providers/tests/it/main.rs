//! The crate from outside: fixtures with counts derived by hand, every cut of every stream, and
//! samples from elsewhere.

mod samples;
