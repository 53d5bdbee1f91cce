//! The page of `usage serve` in a real browser: Chromium, by way of chromedriver. Where either is missing the tests say
//! so and pass; `cargo xtask ci` installs them where it can.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic in a test is the report")]
#![expect(clippy::print_stderr, reason = "what is skipped is told")]

mod accessible;
mod driver;
mod hostile;
mod keyboard;
mod live;
mod served;
