//! Records of every kind, for properties.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use usage_core::record::MAX_COUNT;
use usage_core::{
    Context, Counts, EventId, LabelNames, Labels, Measure, Money, Outcome, Quality, Record,
    Timestamp, TokenCounts, Usage,
};

fn name(least: usize) -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(vec!["a", "router-1", "claude-opus-4-5"]).prop_map(String::from),
        1 => vec("[a-zA-Zä/. -]", least..8).prop_map(|parts| parts.concat()),
        1 => Just("x".repeat(256)),
    ]
}

fn labels() -> impl Strategy<Value = Labels> {
    let rare = || prop_oneof![3 => Just(String::new()), 1 => name(0)];
    let names = (name(1), name(0), name(0), name(1), name(1), rare(), rare(), rare());
    names.prop_map(|(instance_id, profile, provider, route, model, tier, project, user)| {
        Labels::new(
            LabelNames::new()
                .with_instance(&instance_id)
                .with_profile(&profile)
                .with_provider(&provider)
                .with_route(&route)
                .with_model(&model)
                .with_tier(&tier)
                .with_project(&project)
                .with_user(&user),
        )
        .unwrap()
    })
}

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 0..20_000_u64, Just(u64::from(MAX_COUNT)), 0..=u64::from(MAX_COUNT)]
}

/// Parts that are over their whole are among them.
fn tokens() -> impl Strategy<Value = TokenCounts> {
    let part = || prop_oneof![3 => Just(0), 1 => count()];
    let by_kind = (vec(count(), 4), vec(part(), 5)).prop_map(|(added, parts)| {
        let kinds = Measure::ALL.into_iter().filter(|measure| measure.is_tokens());
        let (parts_of, added_of): (Vec<_>, Vec<_>) =
            kinds.partition(|measure| measure.part_of().is_some());
        assert_eq!((parts_of.len(), added_of.len()), (5, 5));
        let all = added_of.into_iter().zip(added).chain(parts_of.into_iter().zip(parts));
        all.fold(TokenCounts::new(), |tokens, (measure, count)| tokens.with(measure, count))
    });
    prop_oneof![4 => by_kind, 1 => count().prop_map(TokenCounts::unclassified)]
}

/// Returns the values that few records have.
fn rare() -> impl Strategy<Value = Usage> {
    let flags = (select(&Outcome::ALL), select(&Quality::ALL), any::<bool>(), any::<bool>());
    let cost = prop_oneof![Just(0), 0..1_000_000_000_u128, Just(Money::MAX_STATED.picos())];
    let others = (0..=1_000_000_u64, 0..=MAX_COUNT, proptest::option::of(cost));
    (flags, others).prop_map(|(flags, (searches, revision, cost))| {
        let mut usage = Usage::new(TokenCounts::new(), Timestamp::MIN_RECORD);
        (usage.outcome, usage.quality, usage.is_inconsistent, usage.is_time_stated) = flags;
        (usage.web_searches, usage.revision) = (searches, revision);
        usage.stated_cost = cost.map(Money::from_picos);
        usage
    })
}

fn context() -> impl Strategy<Value = Context> {
    let value = prop_oneof![Just("v".repeat(64)), "[x-z]{0,2}"];
    let tags = proptest::collection::btree_map("[a-cä]{1,3}", value, 0..=8);
    let any = (name(0), tags).prop_map(|(session, tags)| {
        let tags = tags.iter().map(|(key, value)| (&**key, &**value));
        Context::new(&session, tags).unwrap()
    });
    prop_oneof![2 => Just(Context::NONE), 1 => Just(Context::new("s", []).unwrap()), 2 => any]
}

pub(super) fn record() -> impl Strategy<Value = Record> {
    let when = prop_oneof![
        1_777_787_761_000_000..1_777_787_762_000_000_i64,
        0..Timestamp::END_RECORD.as_micros(),
        Just(Timestamp::END_RECORD.as_micros() - 1),
    ];
    let usual = Just(Usage::new(TokenCounts::new(), Timestamp::MIN_RECORD));
    let usage = (prop_oneof![3 => usual, 1 => rare()], tokens(), count(), when);
    let usage = usage.prop_map(|(usage, tokens, fallbacks, when)| {
        let mut usage = usage.with_fallbacks(fallbacks);
        (usage.tokens, usage.timestamp) = (tokens, Timestamp::from_micros(when));
        usage
    });
    let id = || proptest::option::of("[a-zA-Z0-9_ü]{1,32}");
    let elsewhere = prop_oneof![9 => Just(false), 1 => Just(true)];
    (labels(), usage, id(), id(), context(), elsewhere).prop_map(
        |(labels, usage, event_id, alias_id, context, elsewhere)| {
            let counts = Counts::try_from(usage).unwrap().with_elsewhere(elsewhere);
            let mut record = Record::of(labels, counts).with_context(context);
            if let Some(id) = event_id {
                record = record.with_event_id(EventId::new(id).unwrap());
            }
            match alias_id {
                Some(id) => record.with_alias_id(EventId::new(id).unwrap()),
                None => record,
            }
        },
    )
}
