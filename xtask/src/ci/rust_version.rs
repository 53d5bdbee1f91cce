//! The compiler must be at least the `rust-version` that the manifest promises.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::process;

/// Fails for an older compiler, and says whether the promised version was the one in use.
pub(super) fn check() -> Result<()> {
    let promised = env!("CARGO_PKG_RUST_VERSION");
    let line =
        process::first_line(Command::new("rustc").arg("--version").current_dir(process::root()))
            .context("`rustc --version` did not answer")?;
    let used = line.split_whitespace().nth(1).and_then(parts);
    let used = used.with_context(|| format!("no version in {line:?}"))?;
    let wanted = parts(promised).with_context(|| format!("no version in {promised:?}"))?;
    ensure!(used >= wanted, "rust {promised} or newer is needed, this is {line}");
    let tested = if used == wanted {
        "this very version: the promise is tested"
    } else {
        "a newer one: that the promised one works is not tested by this run"
    };
    println!("promised: {promised}; in use: {line}, {tested}");
    Ok(())
}

/// Major and minor; a patch or a `-nightly` behind them does not matter.
fn parts(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(parts("1.100.0-nightly") > parts("1.95"));
        assert_eq!(parts("1.95.0"), parts("1.95"));
        assert_eq!(parts("one"), None);
    }
}
