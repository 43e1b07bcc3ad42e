//! `carries` of a service: which part of the load it takes.
//!
//! Either the name alone, or a table with `what` and the settings of that part.

use std::collections::BTreeMap;

use ennead_model::carries::{Burden, Carries, Setting};
use ennead_model::{Finding, parse_bytes};
use toml::Value;
use toml::de::DeValue;

use crate::text::{Section, did_you_mean};

const KEY: &str = "carries";
const WHAT: &str = "what";

/// Reads what a service carries; `None` when nothing is stated. Mistakes are findings, and a wrong
/// number is left out.
pub(crate) fn read_carries(service: &Section<'_, '_>) -> Option<Carries> {
    if let DeValue::String(name) = service.value(KEY)? {
        return Some(Carries::new(read_burden(service, KEY, name)?));
    }
    let section = service.section(KEY)?;
    let what = read_burden(&section, WHAT, section.required_text(WHAT, "logs")?)?;
    let numbers = what.settings().iter().filter_map(|setting| {
        let number = read_setting(&section, *setting)?;
        Some((setting.key.to_owned(), number))
    });
    let settings: BTreeMap<String, u64> = numbers.collect();
    section.finish();
    Some(Carries { what, settings })
}

fn read_burden(section: &Section<'_, '_>, key: &str, name: &str) -> Option<Burden> {
    let burden = Burden::of_name(name);
    if burden.is_none() {
        let shown: String = name.chars().take(80).collect();
        let message = format!("there is nothing called {shown:?} to carry");
        let hint = did_you_mean(name, "what a service carries", Burden::ALL.map(Burden::name));
        section.note(Finding::error("unknown-burden", section.place(key), message).hint(hint));
    }
    burden
}

fn read_setting(section: &Section<'_, '_>, setting: Setting) -> Option<u64> {
    let Setting { key, least, most, bytes } = setting;
    let refuse = |message: String| {
        let hint = format!("use a whole number from {least} to {most}");
        section.note(Finding::error("out-of-range", section.place(key), message).hint(hint));
    };
    let number = match section.value(key)? {
        DeValue::String(text) if bytes => match parse_bytes(text) {
            Ok(bytes) => bytes,
            Err(expected) => {
                refuse(expected.to_owned());
                return None;
            }
        },
        _ => {
            let Ok(number) = u64::try_from(section.integer(key)?) else {
                refuse("is below 0".to_owned());
                return None;
            };
            number
        }
    };
    if !(least..=most).contains(&number) {
        refuse(format!("{number} is not from {least} to {most}"));
        return None;
    }
    Some(number)
}

/// Returns what a service carries as a value of a spec.
pub(crate) fn render_carries(carries: &Carries) -> Value {
    let name = Value::String(carries.what.name().to_owned());
    if carries.settings.is_empty() {
        return name;
    }
    let settings = carries.settings.iter().filter_map(|(key, number)| {
        Some((key.clone(), Value::Integer(i64::try_from(*number).ok()?)))
    });
    Value::Table(settings.chain([(WHAT.to_owned(), name)]).collect())
}

#[cfg(test)]
mod tests {
    use ennead_model::Catalogue;

    use super::*;
    use crate::{Parsed, parse_spec, preset, render_spec};

    fn parsed(carries: &str) -> Parsed {
        let preset = preset("seed").unwrap().text;
        let service = "[services.a]\ntiers = [\"all\"]\nneeds = \"one\"\nafter_s = 1";
        parse_spec(&format!("{preset}\n{service}\n{carries}\n"), Catalogue::embedded())
    }

    #[test]
    fn a_name_alone_and_a_table_are_read_and_come_back() {
        let cases = [
            ("carries = \"logs\"", Burden::Logs, vec![]),
            ("carries = { what = \"logs\" }", Burden::Logs, vec![]),
            (
                "carries = { what = \"logs\", days = 14, copies = 0, memory = \"1GiB\" }",
                Burden::Logs,
                vec![("copies", 0), ("days", 14), ("memory", 1 << 30)],
            ),
            (
                "[services.a.carries]\nwhat = \"metrics\"\nseries = 9",
                Burden::Metrics,
                vec![("series", 9)],
            ),
        ];
        for (text, what, settings) in cases {
            let parsed = parsed(text);
            assert_eq!(parsed.findings, [], "{text}");
            let spec = parsed.spec.unwrap();
            let settings = settings.into_iter().map(|(key, number)| (key.to_owned(), number));
            let expected = Carries { what, settings: settings.collect() };
            assert_eq!(spec.fleet.services["a"].carries.as_ref(), Some(&expected));
            let again = parse_spec(&render_spec(&spec).unwrap(), Catalogue::embedded());
            assert_eq!(again.spec.unwrap(), spec, "{text}");
        }
    }

    #[test]
    fn each_mistake_is_named_with_its_place_and_line() {
        let cases = [
            ("carries = \"log\"", "unknown-burden services.a.carries", "did you mean \"logs\"?"),
            ("carries = 3", "wrong-type services.a.carries", ""),
            ("carries = { days = 3 }", "missing-key services.a.carries.what", "add what"),
            (
                "carries = { what = \"cache\", days = 3 }",
                "unknown-key services.a.carries.days",
                "keys here: bytes_per_user, memory, what",
            ),
            (
                "carries = { what = \"logs\", days = 0 }",
                "out-of-range services.a.carries.days",
                "from 1 to 3650",
            ),
            (
                "carries = { what = \"logs\", copies = -1 }",
                "out-of-range services.a.carries.copies",
                "from 0 to 1000",
            ),
            (
                "carries = { what = \"logs\", memory = \"much\" }",
                "out-of-range services.a.carries.memory",
                "",
            ),
            (
                "carries = { what = \"logs\", days = \"3\" }",
                "wrong-type services.a.carries.days",
                "",
            ),
        ];
        for (text, expected, hint) in cases {
            let parsed = parsed(text);
            let found: Vec<String> =
                parsed.findings.iter().map(|it| format!("{} {}", it.code, it.place)).collect();
            assert_eq!(found.len(), 1, "{text}: {:?}", parsed.findings);
            assert!(found[0].starts_with(expected), "{text}: {found:?}");
            let told = parsed.findings[0].to_string();
            assert!(told.contains("(line "), "{told}");
            assert!(parsed.findings[0].hint.contains(hint), "{text}: {:?}", parsed.findings);
        }
    }
}
