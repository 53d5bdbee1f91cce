//! Names like one that was mistyped.

use strsim::osa_distance;

/// Returns the name that was probably meant: the one with the fewest letters wrong, missing, too many or swapped, of
/// equals the first; `None` where all of them differ in more than a third.
///
/// ```
/// use usage_core::text::closest;
///
/// assert_eq!(closest("yesteday", ["today", "yesterday"]), Some("yesterday"));
/// assert_eq!(closest("tomorrow", ["today", "yesterday"]), None);
/// ```
#[must_use]
pub fn closest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let most = (name.chars().count() / 3).max(1);
    let rated = names.into_iter().map(|other| (osa_distance(&name, &other.to_lowercase()), other));
    let (_, found) = rated.filter(|(wrong, _)| *wrong <= most).min_by_key(|(wrong, _)| *wrong)?;
    // Of one letter there is nothing that could be like it.
    (name.chars().count() > 1).then_some(found)
}

/// Returns the names like one, most `most` of them: those that hold it or are held by it, whatever their case, and else
/// the [closest].
///
/// ```
/// use usage_core::text::look_alikes;
///
/// let models = ["gpt-5", "claude-opus-4-6", "claude-haiku-4-5"];
/// assert_eq!(look_alikes("Opus", models, 3), ["claude-opus-4-6"]);
/// assert_eq!(look_alikes("gtp-5", models, 3), ["gpt-5"]);
/// assert_eq!(look_alikes("llama", models, 3), [""; 0]);
/// ```
#[must_use]
pub fn look_alikes<'a>(
    name: &str,
    names: impl IntoIterator<Item = &'a str, IntoIter: Clone>,
    most: usize,
) -> Vec<&'a str> {
    let names = names.into_iter();
    let lower = name.to_lowercase();
    let is_like = |other: &&str| {
        let other = other.to_lowercase();
        !lower.is_empty() && !other.is_empty() && (other.contains(&lower) || lower.contains(&other))
    };
    let like: Vec<_> = names.clone().filter(is_like).take(most).collect();
    if like.is_empty() { closest(name, names).into_iter().collect() } else { like }
}
