//! The load that is asked of the platform: `load` under `[platform]`.

use ennead_model::{Finding, Load, parse_bytes};
use toml::Value;
use toml::de::DeValue;

use crate::text::Section;

/// The one key that may also be a text with a unit.
const BYTES: &str = "data_bytes";

/// Reads the load; `None` when the table is not there. A wrong number is a finding and left out.
pub(crate) fn read_load(platform: &Section<'_, '_>) -> Option<Load> {
    let section = platform.section("load")?;
    let mut load = Load::default();
    for (key, most) in Load::KEYS {
        if let Some(number) = read_number(&section, key, most) {
            load.set(key, number);
        }
    }
    if section.is_empty() {
        let keys = Load::KEYS.map(|(key, _)| key).join(", ");
        let finding = Finding::warning("load-empty", section.path(), "states no load");
        section.note(finding.hint(format!("state any of {keys}")));
    }
    section.finish();
    Some(load)
}

fn read_number(section: &Section<'_, '_>, key: &'static str, most: u64) -> Option<u64> {
    let refuse = |message: String| {
        let hint = format!("use a whole number from 1 to {most}");
        section.note(Finding::error("bad-load", section.place(key), message).hint(hint));
    };
    let number = match section.value(key)? {
        DeValue::String(text) if key == BYTES => match parse_bytes(text) {
            Ok(bytes) => bytes,
            Err(expected) => {
                refuse(expected.to_owned());
                return None;
            }
        },
        // A negative number is refused below, as zero is.
        _ => u64::try_from(section.integer(key)?).unwrap_or(0),
    };
    if !(1..=most).contains(&number) {
        refuse(if number == 0 { "is below 1".into() } else { format!("{number} cannot be meant") });
        return None;
    }
    Some(number)
}

/// Returns the load as a table of a spec.
pub(crate) fn render_load(load: &Load) -> Value {
    let keys = Load::KEYS.iter();
    let entry = |(key, _): &(&str, u64)| {
        let number = i64::try_from(load.get(key)?).ok()?;
        Some(((*key).to_owned(), Value::Integer(number)))
    };
    Value::Table(keys.filter_map(entry).collect())
}
