//! The hints that are known of a response before it comes.

/// A way of stating usage. Who speaks which: [`detect`](crate::detect).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// Anthropic's Messages: caches lie beside the input.
    AnthropicMessages,
    /// OpenAI's Chat Completions and all who speak it (OpenRouter, DeepSeek, Groq, Mistral, xAI,
    /// Together, Fireworks, Perplexity and others), embeddings too: caches lie within the prompt.
    OpenAiChat,
    /// OpenAI's Responses, images and audio: caches lie within the input.
    OpenAiResponses,
    /// Gemini, also on Vertex: caches lie within the prompt, thoughts and the prompts of tools
    /// beside it all.
    Gemini,
    /// Gemini's Interactions, which count as Gemini does under other names.
    GeminiInteractions,
    /// Bedrock's Converse: caches lie beside the input.
    BedrockConverse,
    /// Cohere: billed units, which differ from tokens.
    Cohere,
}

/// The hints that the caller has on a response beforehand. All of them may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hints {
    /// The dialect, where the path of the request says it. A response that looks otherwise is read
    /// as what it looks like.
    pub dialect: Option<Dialect>,
    /// The model that was asked for, where the response does not say which one answered (Bedrock,
    /// Cohere).
    pub model: Option<String>,
    /// The id of the response, where only a header says it (Bedrock's `x-amzn-requestid`).
    pub response_id: Option<String>,
}

impl Hints {
    /// Knows nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the dialect.
    #[must_use]
    pub fn with_dialect(self, dialect: Dialect) -> Self {
        Self { dialect: Some(dialect), ..self }
    }

    /// Sets the model that was asked for.
    #[must_use]
    pub fn with_model(self, model: impl Into<String>) -> Self {
        Self { model: Some(model.into()), ..self }
    }

    /// Sets the id of the response.
    #[must_use]
    pub fn with_response_id(self, id: impl Into<String>) -> Self {
        Self { response_id: Some(id.into()), ..self }
    }
}
