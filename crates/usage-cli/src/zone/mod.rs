//! The zone that times are told in: the one that was asked for, else what `TZ` says, else the system's, found as the
//! C library finds it.
//!
//! A zone is needed by its name, and the system may hold only its rules: then it is looked for by these.

mod near;
mod rules;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::error::CliError;

/// The zone, and why it may not be the one that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Zone {
    pub(crate) tz: Tz,
    /// Says why UTC stands in for a zone that is unknown.
    pub(crate) doubt: Option<String>,
}

impl Zone {
    pub(crate) const UTC: Self = Self::known(Tz::UTC);

    const fn known(tz: Tz) -> Self {
        Self { tz, doubt: None }
    }

    const fn unknown(why: String) -> Self {
        Self { tz: Tz::UTC, doubt: Some(why) }
    }
}

/// Returns the zone that was asked for, else that of `TZ`, else the system's. One that has only rules is the one with
/// the same rules as of `now`.
pub(crate) fn find(asked: Option<&str>, now: DateTime<Utc>) -> Result<Zone, CliError> {
    if let Some(name) = asked.filter(|name| !name.is_empty()) {
        return named(name).map(Zone::known).ok_or_else(|| not_a_zone(name));
    }
    Ok(match env::var_os("TZ") {
        Some(tz) => of_tz(&tz.to_string_lossy(), now),
        None => of_system(now),
    })
}

/// Returns the zone that somebody may have meant.
pub(crate) fn like(name: &str) -> Option<&'static str> {
    near::to(name)
}

fn not_a_zone(name: &str) -> CliError {
    let hint = like(name).map_or_else(
        || "--timezone takes an IANA name, such as Europe/Berlin or UTC".to_owned(),
        |near| format!("did you mean {near}?"),
    );
    CliError::usage(format!("unknown time zone {name:?}")).hint(hint)
}

/// Returns the zone of this name, also where it names one of the two trees that some systems have it in.
fn named(name: &str) -> Option<Tz> {
    let in_tree = |tree| name.strip_prefix(tree);
    in_tree("posix/").or_else(|| in_tree("right/")).unwrap_or(name).parse().ok()
}

/// As the C library takes the variable: empty, a name, the path of a file, or rules.
fn of_tz(tz: &str, now: DateTime<Utc>) -> Zone {
    let text = tz.strip_prefix(':').unwrap_or(tz);
    if text.is_empty() {
        return Zone::UTC;
    }
    if text.starts_with('/') {
        return of_file(Path::new(text), None, now).unwrap_or_else(|why| {
            Zone::unknown(format!("the variable TZ names {text}, which {why}"))
        });
    }
    if let Some(tz) = named(text) {
        return Zone::known(tz);
    }
    let file = zoneinfo().join(text);
    if file.is_file()
        && let Ok(zone) = of_file(&file, None, now)
    {
        return zone;
    }
    if let Some(tz) = rules::of_text(text).and_then(|rules| rules::zone_with(&rules, None, now)) {
        return Zone::known(tz);
    }
    let meant = like(text).map_or_else(String::new, |near| format!(" (did you mean {near}?)"));
    Zone::unknown(format!("the variable TZ names no zone that is known: {tz:?}{meant}"))
}

/// The folder that names of zones are looked up in.
fn zoneinfo() -> PathBuf {
    env::var_os("TZDIR").map_or_else(|| "/usr/share/zoneinfo".into(), PathBuf::from)
}

#[cfg(unix)]
fn of_system(now: DateTime<Utc>) -> Zone {
    const LOCAL: &str = "/etc/localtime";
    // The C library takes UTC where there is none, as in many containers.
    if Path::new(LOCAL).symlink_metadata().is_err() {
        return Zone::UTC;
    }
    let name = fs::read_to_string("/etc/timezone").ok().and_then(|name| named(name.trim()));
    of_file(Path::new(LOCAL), name, now).unwrap_or_else(|why| {
        Zone::unknown(format!("the zone of this machine is unknown: {LOCAL} {why}"))
    })
}

#[cfg(not(unix))]
fn of_system(_: DateTime<Utc>) -> Zone {
    let system = iana_time_zone::get_timezone().ok().and_then(|name| named(&name));
    system.map_or_else(
        || Zone::unknown("the zone of this machine is unknown".to_owned()),
        Zone::known,
    )
}

/// The links that are followed at most, as the system does.
const MOST_LINKS: usize = 40;

/// The largest file that is read as that of a zone; those of systems have a few kilobytes.
const MOST_BYTES: u64 = 1 << 20;

/// Returns the zone of a file: by what a link to it is called, else by what is in it. `likely` is taken where several
/// zones have its rules.
fn of_file(file: &Path, likely: Option<Tz>, now: DateTime<Utc>) -> Result<Zone, String> {
    let mut path = file.to_owned();
    for _ in 0..MOST_LINKS {
        if let Some(tz) = name_in(&path) {
            return Ok(Zone::known(tz));
        }
        let Ok(target) = path.read_link() else { break };
        path = path.parent().unwrap_or(Path::new("/")).join(target);
    }
    if let Some(tz) = file.canonicalize().ok().as_deref().and_then(name_in) {
        return Ok(Zone::known(tz));
    }
    let found = fs::metadata(file).map_err(|error| format!("cannot be read: {error}"))?;
    if !found.is_file() || found.len() > MOST_BYTES {
        return Err("is no file of a zone".to_owned());
    }
    let content = fs::read(file).map_err(|error| format!("cannot be read: {error}"))?;
    let rules = rules::of_content(&content).ok_or("is no file of a zone")?;
    let likely = likely.or_else(|| suffix_of(&path));
    rules::zone_with(&rules, likely, now)
        .map(Zone::known)
        .ok_or_else(|| "has the rules of no zone that is known".to_owned())
}

/// Returns the zone that a path below a folder of zones names.
fn name_in(path: &Path) -> Option<Tz> {
    let path = path.to_str()?;
    let (_, below) = path.rsplit_once("/zoneinfo/")?;
    named(below)
}

/// Returns the zone that the last parts of a path name, which may lie in some other folder of zones.
fn suffix_of(path: &Path) -> Option<Tz> {
    let parts: Vec<_> = path.iter().filter_map(|part| part.to_str()).collect();
    [3, 2, 1].iter().find_map(|count| {
        let first = parts.len().checked_sub(*count)?;
        named(&parts.get(first..)?.join("/"))
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use chrono::TimeZone as _;

    use super::*;

    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 5, 3, 12, 0, 0).unwrap()
    }

    fn of(tz: &str) -> Option<&'static str> {
        let zone = of_tz(tz, now());
        zone.doubt.is_none().then(|| zone.tz.name())
    }

    /// Names, those of the two trees, and paths that name a zone, whether a file is there or not.
    #[test]
    fn tz_names_a_zone_in_many_ways() {
        for (tz, name) in [
            ("Europe/Berlin", "Europe/Berlin"),
            (":Europe/Berlin", "Europe/Berlin"),
            ("posix/Asia/Tokyo", "Asia/Tokyo"),
            (":right/Asia/Tokyo", "Asia/Tokyo"),
            ("/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),
            (":/somewhere/zoneinfo/right/America/Argentina/Ushuaia", "America/Argentina/Ushuaia"),
            ("", "UTC"),
            (":", "UTC"),
            ("EST5EDT", "EST5EDT"),
        ] {
            assert_eq!(of(tz), Some(name), "{tz}");
        }
    }

    /// Rules have the zone that has these rules now.
    #[test]
    fn tz_may_be_rules() {
        for (tz, name) in [
            ("UTC0", "UTC"),
            ("<+00>0", "UTC"),
            ("<-03>3", "Etc/GMT+3"),
            ("EST5", "Etc/GMT+5"),
            ("IST-5:30", "Asia/Kolkata"),
            ("CET-1CEST,M3.5.0,M10.5.0/3", "Europe/Berlin"),
            ("EST5EDT,M3.2.0,M11.1.0", "America/New_York"),
            // The C library takes the days of the United States where none are stated.
            ("PST8PDT4", "none"),
            ("XYZ-3:17", "none"),
            ("Mars/Olympus", "none"),
            ("/etc/passwd", "none"),
            ("/dev/zero", "none"),
            ("/", "none"),
            ("/nowhere", "none"),
        ] {
            assert_eq!(of(tz).unwrap_or("none"), name, "{tz}");
        }
    }

    /// The machine's file may be a copy, a link to a link, or lie in another folder of zones.
    #[test]
    fn the_file_of_a_zone_is_known_by_its_links_or_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let name = |file: &str| of_file(&at(file), None, now()).map(|zone| zone.tz.name());
        let berlin = Path::new("/usr/share/zoneinfo/Europe/Berlin");
        symlink(berlin, at("link")).unwrap();
        symlink("link", at("link-to-link")).unwrap();
        symlink("nowhere", at("dangling")).unwrap();
        symlink("loop", at("loop")).unwrap();
        fs::write(at("text"), "Europe/Berlin\n").unwrap();
        assert_eq!(name("link-to-link"), Ok("Europe/Berlin"));
        for broken in ["dangling", "loop", "text", "missing"] {
            assert!(name(broken).is_err(), "{broken}");
        }
        fs::write(at("rules"), rules::tests::content("CET-1CEST,M3.5.0,M10.5.0/3")).unwrap();
        assert_eq!(name("rules"), Ok("Europe/Berlin"));
        let likely = of_file(&at("rules"), Some(Tz::Europe__Oslo), now());
        assert_eq!(likely, Ok(Zone::known(Tz::Europe__Oslo)));
        // A likely name with other rules is none.
        let likely = of_file(&at("rules"), Some(Tz::Asia__Tokyo), now());
        assert_eq!(likely, Ok(Zone::known(Tz::Europe__Berlin)));
        fs::create_dir_all(at("tz/Europe")).unwrap();
        fs::copy(at("rules"), at("tz/Europe/Berlin")).unwrap();
        assert_eq!(name("tz/Europe/Berlin"), Ok("Europe/Berlin"));
        if let Ok(content) = fs::read(berlin) {
            fs::write(at("copy"), content).unwrap();
            assert_eq!(name("copy"), Ok("Europe/Berlin"));
        }
    }
}
