//! Names of attributes: OpenTelemetry's of today and before, and the vendors'.

/// The meaning of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Input,
    Output,
    CacheRead,
    CacheWrite,
    Reasoning,
    /// The tokens that tools read in; with Codex the total.
    Tools,
    Total,
    InputAudio,
    OutputAudio,
    Model,
    RequestModel,
    Provider,
    ResponseId,
    RequestId,
    Session,
    Tier,
    Error,
    Cost,
    /// A part that is known and that nothing is made of.
    Nothing,
}

impl Meaning {
    /// Their number.
    pub(super) const COUNT: usize = Self::Nothing as usize + 1;
}

use Meaning as M;

/// Names and meanings; of several names for one meaning the first holds.
pub(super) const NAMES: &[(&str, Meaning)] = &[
    // The conventions for generative AI: today's names, then earlier ones.
    ("gen_ai.usage.input_tokens", M::Input),
    ("gen_ai.usage.prompt_tokens", M::Input),
    ("gen_ai.usage.output_tokens", M::Output),
    ("gen_ai.usage.completion_tokens", M::Output),
    ("gen_ai.usage.cache_read.input_tokens", M::CacheRead),
    ("gen_ai.usage.cache_write.input_tokens", M::CacheWrite),
    ("gen_ai.usage.cache_creation.input_tokens", M::CacheWrite),
    ("gen_ai.usage.reasoning.output_tokens", M::Reasoning),
    ("gen_ai.usage.audio.input_tokens", M::InputAudio),
    ("gen_ai.usage.audio.output_tokens", M::OutputAudio),
    ("gen_ai.usage.text.input_tokens", M::Nothing),
    ("gen_ai.usage.text.output_tokens", M::Nothing),
    ("gen_ai.usage.image.input_tokens", M::Nothing),
    ("gen_ai.usage.image.output_tokens", M::Nothing),
    ("gen_ai.usage.total_tokens", M::Total),
    ("gen_ai.provider.name", M::Provider),
    ("gen_ai.system", M::Provider),
    ("gen_ai.response.model", M::Model),
    ("gen_ai.request.model", M::RequestModel),
    ("gen_ai.response.id", M::ResponseId),
    ("gen_ai.conversation.id", M::Session),
    ("openai.response.service_tier", M::Tier),
    ("gen_ai.openai.response.service_tier", M::Tier),
    ("error.type", M::Error),
    // Copilot, Bifrost, agentgateway, LiteLLM.
    ("gen_ai.usage.cache_read_input_tokens", M::CacheRead),
    ("gen_ai.usage.cache_creation_input_tokens", M::CacheWrite),
    ("gen_ai.usage.prompt_token_details.cached_read_tokens", M::CacheRead),
    ("gen_ai.usage.prompt_token_details.cached_write_tokens", M::CacheWrite),
    ("gen_ai.usage.completion_token_details.reasoning_tokens", M::Reasoning),
    ("gen_ai.usage.reasoning_tokens", M::Reasoning),
    ("gen_ai.usage.cost", M::Cost),
    ("litellm.cost.total", M::Cost),
    ("agw.ai.usage.cost.total", M::Cost),
    ("litellm.call_id", M::RequestId),
    // OpenInference, as Envoy's gateway sends it.
    ("llm.token_count.prompt", M::Input),
    ("llm.token_count.completion", M::Output),
    ("llm.token_count.total", M::Total),
    ("llm.token_count.prompt_details.cache_read", M::CacheRead),
    ("llm.token_count.prompt_details.cache_write", M::CacheWrite),
    ("llm.token_count.prompt_details.audio", M::InputAudio),
    ("llm.token_count.completion_details.reasoning", M::Reasoning),
    ("llm.token_count.completion_details.audio", M::OutputAudio),
    ("llm.model_name", M::Model),
    ("llm.provider", M::Provider),
    // The AI SDK, as opencode sends it.
    ("ai.usage.cachedInputTokens", M::CacheRead),
    ("ai.usage.reasoningTokens", M::Reasoning),
    ("ai.response.id", M::ResponseId),
    ("ai.response.model", M::Model),
    ("ai.model.id", M::RequestModel),
    ("ai.model.provider", M::Provider),
    // Agents: Claude Code, Codex, Gemini CLI and Qwen Code.
    ("input_tokens", M::Input),
    ("output_tokens", M::Output),
    ("cache_read_tokens", M::CacheRead),
    ("cache_creation_tokens", M::CacheWrite),
    ("cost_usd", M::Cost),
    ("request_id", M::RequestId),
    ("anthropic.request.id", M::RequestId),
    ("response_id", M::ResponseId),
    ("input_token_count", M::Input),
    ("output_token_count", M::Output),
    ("cached_token_count", M::CacheRead),
    ("cached_content_token_count", M::CacheRead),
    ("cache_write_token_count", M::CacheWrite),
    ("reasoning_token_count", M::Reasoning),
    ("thoughts_token_count", M::Reasoning),
    ("tool_token_count", M::Tools),
    ("total_token_count", M::Total),
    ("model", M::Model),
    ("slug", M::RequestModel),
    ("session.id", M::Session),
    ("conversation.id", M::Session),
    ("service_tier", M::Tier),
];
