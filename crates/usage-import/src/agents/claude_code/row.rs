//! The rows of a transcript, as far as they say what was used.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::agents::lenient::Lax;
use crate::agents::text::{Text, text};

/// A row. All may be missing: there are rows of many kinds, and more with each version.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Row<'a> {
    #[serde(borrow, rename = "type", deserialize_with = "text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) message: Option<Message<'a>>,
    /// Of a row of kind `progress`.
    #[serde(borrow)]
    pub(super) data: Lax<Data<'a>>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) request_id: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) session_id: Text<'a>,
    /// The session in which the request was made, where this row is a copy of it.
    #[serde(borrow, deserialize_with = "text")]
    pub(super) request_session_id: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) uuid: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) timestamp: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) cwd: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) version: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) agent_id: Text<'a>,
    pub(super) is_sidechain: Option<bool>,
    pub(super) is_api_error_message: Option<bool>,
    #[serde(rename = "costUSD")]
    pub(super) cost_usd: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Data<'a> {
    /// An [`Inner`], or whatever else goes on.
    #[serde(borrow)]
    pub(super) message: Option<&'a RawValue>,
}

/// The row of a subagent, within one of its parent.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Inner<'a> {
    #[serde(borrow)]
    pub(super) message: Option<Message<'a>>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) request_id: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) uuid: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) timestamp: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) model: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) stop_reason: Text<'a>,
    #[serde(borrow)]
    pub(super) usage: Option<Usage<'a>>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Usage<'a> {
    pub(super) input_tokens: Option<u64>,
    pub(super) output_tokens: Option<u64>,
    pub(super) cache_read_input_tokens: Option<u64>,
    pub(super) cache_creation_input_tokens: Option<u64>,
    pub(super) cache_creation: Option<CacheCreation>,
    pub(super) output_tokens_details: Option<OutputDetails>,
    pub(super) server_tool_use: Option<ServerTools>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) service_tier: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) speed: Text<'a>,
    #[serde(borrow)]
    pub(super) iterations: Option<Vec<Iteration<'a>>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct CacheCreation {
    #[serde(rename = "ephemeral_5m_input_tokens")]
    pub(super) short: Option<u64>,
    #[serde(rename = "ephemeral_1h_input_tokens")]
    pub(super) long: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct OutputDetails {
    pub(super) thinking_tokens: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct ServerTools {
    pub(super) web_search_requests: Option<u64>,
}

/// A part of a request that a model made by itself.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Iteration<'a> {
    #[serde(borrow, rename = "type", deserialize_with = "text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) model: Text<'a>,
    pub(super) input_tokens: Option<u64>,
    pub(super) output_tokens: Option<u64>,
    pub(super) cache_read_input_tokens: Option<u64>,
    pub(super) cache_creation_input_tokens: Option<u64>,
    pub(super) cache_creation: Option<CacheCreation>,
    pub(super) output_tokens_details: Option<OutputDetails>,
}
