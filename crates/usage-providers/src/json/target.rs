//! The values that a response can tell, one by one.

/// A number of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    InputTokens,
    OutputTokens,
    TotalTokens,
    CacheCreation,
    CacheRead,
    WriteShort,
    WriteLong,
    Thinking,
    InputCached,
    InputCacheWrite,
    InputAudio,
    CachedAudio,
    OutputAudio,
    Reasoning,
    WebSearches,
    OtherSearches,
    SearchCalls,
    Prompt,
    Completion,
    PlainCached,
    CacheHit,
    CacheMiss,
    CostTicks,
    GeminiPrompt,
    GeminiCached,
    GeminiCandidates,
    GeminiThoughts,
    GeminiTool,
    GeminiTotal,
    PromptAudio,
    ToolAudio,
    CacheAudio,
    CandidateAudio,
    InteractionInput,
    InteractionCached,
    InteractionOutput,
    InteractionThought,
    InteractionTool,
    ConverseInput,
    ConverseOutput,
    ConverseTotal,
    ConverseRead,
    ConverseWrite,
    ConverseWriteLong,
    InvokeInput,
    InvokeOutput,
    InvokeRead,
    InvokeWrite,
    BilledInput,
    BilledOutput,
    CohereInput,
    CohereOutput,
    Embedded,
}

impl Number {
    /// Their number.
    pub(crate) const COUNT: usize = Self::Embedded as usize + 1;
}

/// A text of a response that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    /// The id of the response, at its top. The first holds: chunks of one response repeat it, but
    /// for providers whose last chunk has an id of its own.
    Id,
    /// The id in an envelope (`message`, `response`, `interaction`). Another one is another
    /// response.
    Envelope,
    Model,
    Tier,
    Speed,
    /// Bedrock's `performanceConfig.latency`.
    Latency,
}

impl Text {
    /// Their number.
    pub(crate) const COUNT: usize = Self::Latency as usize + 1;
}

/// A word of a response that is understood at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// The type of an event, or of the body.
    Type,
    /// The type of the object.
    Object,
    Status,
    /// The reason why the answer stopped.
    Stop,
    /// Bedrock's, which names the dialect as well.
    ConverseStop,
    /// An error.
    Error,
    /// Something that only a response of Bedrock has.
    Converse,
}

/// A field of an element of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    /// The kind of the element: a modality, a lifetime, a type.
    Kind,
    /// The type of a search's action.
    Action,
    Model,
    Tokens,
    Input,
    Output,
    CacheCreation,
    CacheRead,
    WriteShort,
    WriteLong,
    Thinking,
}

/// A list whose elements are looked at one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Iterations,
    Choices,
    Candidates,
    /// Items that a response of OpenAI consists of.
    Output,
    /// Bedrock's cache writes by lifetime.
    CacheDetails,
    Grounding,
    /// Embeddings of Vertex.
    Predictions,
    /// Tokens by modality, of which the audio goes to a number.
    Audio(Number),
}

/// The entry of the table for a value.
#[derive(Debug)]
pub(crate) enum Target {
    Nothing,
    Number(Number),
    Text(Text),
    Word(Word),
    /// An amount of USD.
    Cost,
    Element(Element),
    Object(&'static [(&'static str, Self)]),
    List(List, &'static Self),
    /// As the first where it is a scalar, as the second where it is a container.
    Either(&'static Self, &'static Self),
}
