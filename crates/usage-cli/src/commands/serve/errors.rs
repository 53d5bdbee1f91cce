//! What keeps a server from starting, as a person is told of it.

use usage_server::{ServeError, TokenError};

use crate::error::CliError;

impl From<ServeError> for CliError {
    fn from(error: ServeError) -> Self {
        let hint = match error {
            ServeError::Served { .. } => "send to that one, or end it first",
            ServeError::Unprotected(_) => "--tokens FILE names bearer tokens",
            ServeError::Listen { .. } => "--listen 127.0.0.1:PORT names another address",
            _ => return Self::failed(usage_core::error::chain(&error)),
        };
        Self::failed(usage_core::error::chain(&error)).hint(hint)
    }
}

impl From<TokenError> for CliError {
    fn from(error: TokenError) -> Self {
        let told = Self::failed(usage_core::error::chain(&error));
        match error {
            TokenError::Open { .. } => told.hint("`chmod 600` closes it"),
            TokenError::Line { .. } | TokenError::Empty => told.hint(
                "a line is read, write or all, a token of 20 characters or more, and instances",
            ),
            _ => told,
        }
    }
}
