//! Bearer tokens: which may read, which may write, and for which instances.

use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

/// The fewest characters of a token: 128 bits in hexadecimal are 32 of them, in base64 22.
const LEAST: usize = 20;

/// The tokens that a server knows.
///
/// ```
/// let tokens = usage_server::Tokens::parse("
/// ## role, token, and the instances that it is bound to
/// read  3f9c2a7be01d44aa93c1
/// write 8d1e6b50c7f2493ab7e4 claude-code codex
/// ")?;
/// assert_eq!(tokens.len(), 2);
/// # Ok::<(), usage_server::TokenError>(())
/// ```
#[derive(Clone)]
pub struct Tokens(Vec<Token>);

#[derive(Clone)]
struct Token {
    digest: [u8; 32],
    grant: Grant,
}

/// What a request may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) may_read: bool,
    pub(crate) may_write: bool,
    /// The instances that it is bound to; all, where there is none.
    pub(crate) instances: Vec<String>,
}

impl Grant {
    /// May do everything.
    pub(crate) fn all() -> Self {
        Self { may_read: true, may_write: true, instances: Vec::new() }
    }

    /// Returns whether it is about this instance.
    pub(crate) fn is_for(&self, instance: &str) -> bool {
        self.instances.is_empty() || self.instances.iter().any(|of| of == instance)
    }
}

/// Says why a file of tokens is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It cannot be read.
    #[error("cannot read the tokens in {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// Others than its owner can read it.
    #[error("others can read the tokens in {}: its mode is {mode:o}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A line of it is none of a token. The line is not quoted, as it may hold one.
    #[error("line {line} of the tokens: {why}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// The fault.
        why: &'static str,
    },
    /// There is none in it.
    #[error("there is no token in the file")]
    Empty,
}

impl Tokens {
    /// Reads a file of tokens that only its owner can read.
    ///
    /// # Errors
    /// When it cannot be read, others can read it, or a line is wrong.
    pub fn read(path: &Path) -> Result<Self, TokenError> {
        let failed = |source| TokenError::Read { path: path.to_owned(), source };
        let text = fs::read_to_string(path).map_err(failed)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                return Err(TokenError::Open { path: path.to_owned(), mode });
            }
        }
        Self::parse(&text)
    }

    /// Reads lines of a role (`read`, `write` or `all`), a token, and the instances that it is bound to, if any. What
    /// begins with `#` is a remark.
    ///
    /// # Errors
    /// When a line is wrong, or there is none.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let mut tokens = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            let Some(role) = words.next() else { continue };
            let wrong = |why| TokenError::Line { line: at + 1, why };
            let (may_read, may_write) = match role {
                "read" => (true, false),
                "write" => (false, true),
                "all" => (true, true),
                _ => return Err(wrong("the role is none of read, write and all")),
            };
            let token = words.next().ok_or_else(|| wrong("there is no token behind the role"))?;
            if token.len() < LEAST {
                return Err(wrong("the token has fewer than 20 characters"));
            }
            let instances = words.map(str::to_owned).collect();
            let grant = Grant { may_read, may_write, instances };
            tokens.push(Token { digest: Sha256::digest(token).into(), grant });
        }
        if tokens.is_empty() {
            return Err(TokenError::Empty);
        }
        Ok(Self(tokens))
    }

    /// Returns how many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there is none; there always is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns what a token may do, in a time that does not depend on how much of which token it has.
    pub(crate) fn grant(&self, token: &[u8]) -> Option<&Grant> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        let mut found = None;
        for known in &self.0 {
            let is_it: Choice = known.digest.ct_eq(&digest);
            if bool::from(is_it) {
                found = Some(&known.grant);
            }
        }
        found
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tokens", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: &str = "aaaaaaaaaaaaaaaaaaaa";
    const WRITE: &str = "bbbbbbbbbbbbbbbbbbbb";

    #[test]
    fn a_token_may_what_its_line_says() {
        let text = format!("read {READ} # a remark\n\nwrite {WRITE} codex claude-code\n");
        let tokens = Tokens::parse(&text).unwrap();
        let read = tokens.grant(READ.as_bytes()).unwrap();
        assert!(read.may_read && !read.may_write && read.is_for("anything"));
        let write = tokens.grant(WRITE.as_bytes()).unwrap();
        assert!(!write.may_read && write.may_write);
        assert!(write.is_for("codex") && !write.is_for("gemini-cli"));
        for none in ["", "aaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaa", "codex"] {
            assert_eq!(tokens.grant(none.as_bytes()), None, "{none:?}");
        }
        assert!(!format!("{tokens:?}").contains(READ));
    }

    #[test]
    fn a_wrong_line_is_named_and_not_quoted() {
        for (text, line) in [
            ("read short", 1),
            ("\nadmin aaaaaaaaaaaaaaaaaaaa", 2),
            ("read aaaaaaaaaaaaaaaaaaaa\nwrite", 2),
        ] {
            let error = Tokens::parse(text).unwrap_err();
            assert!(matches!(error, TokenError::Line { line: of, .. } if of == line), "{error}");
            assert!(!error.to_string().contains("aaaa"));
        }
        assert!(matches!(Tokens::parse("# none\n"), Err(TokenError::Empty)));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        fs::write(&path, format!("all {READ}\n")).unwrap();
        let with = |mode| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            Tokens::read(&path)
        };
        assert!(matches!(with(0o640), Err(TokenError::Open { mode: 0o640, .. })));
        assert_eq!(with(0o600).unwrap().len(), 1);
    }
}
