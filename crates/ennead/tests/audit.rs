//! The audit log on the command line, without a lab.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test does to files what an attacker would"
)]

mod support;

use support::{Place, preset};

/// Writes a log of two runs, of which the second has no end.
fn write_log(path: &std::path::Path, platform: &str) {
    use ennead_audit::log::Entry;
    use ennead_audit::{AuditLog, Event, Tally, Verdict, Who};
    let log = AuditLog::new(path.to_str().unwrap());
    let who = Who { name: "anna@laptop".to_owned(), key: None };
    let at = "2026-11-23T12:00:00Z".parse().unwrap();
    let entry = Entry { platform, at, who: &who };
    for command in ["up", "drill power-loss"] {
        let digest = || ennead_model::Digest("a".repeat(64));
        let began = Event::Began {
            command: command.to_owned(),
            spec_sha256: digest(),
            plan_sha256: Some(digest()),
            copies_seen: 0,
        };
        let written = log.add(entry, &[], Some(began)).unwrap();
        if command == "up" {
            let run = ennead_audit::head_of(&written.records).hash;
            let tally =
                Tally { verdict: Verdict::Done, steps: 7, changed: 5, failed: 0, not_started: 0 };
            log.add(entry, &[], Some(Event::Ended { run, tally })).unwrap();
        }
    }
}

fn platform() -> String {
    let line = preset("seed").lines().find(|line| line.starts_with("name = ")).unwrap();
    line.split('"').nth(1).unwrap().to_owned()
}

/// A place whose program finds such a log.
fn ready() -> (Place, std::path::PathBuf) {
    let place = Place::new("audit", preset("seed"));
    let folder = place.path().join(".local/state/ennead/audit");
    let path = folder.join(format!("{}.lab-{}.jsonl", platform(), place.lab()));
    write_log(&path, &platform());
    (place, path)
}

#[test]
fn show_lists_runs_with_their_ends() {
    let (place, _) = ready();
    let answer = place.ennead(&["audit", "show"]).expect_code(0);
    let lines: Vec<&str> = answer.out.lines().collect();
    assert_eq!(lines.len(), 3, "{answer:?}");
    assert!(lines[1].contains("anna@laptop") && lines[1].contains("7/5/0"), "{answer:?}");
    assert!(lines[2].contains("drill power-loss") && lines[2].contains("no end"), "{answer:?}");
    let runs = place.ennead(&["audit", "show", "--json", "-n", "1"]).expect_code(0).json();
    assert_eq!(runs.as_array().unwrap().len(), 1);
    assert_eq!(runs[0]["ending"]["ending"], "unknown");
    place.ennead(&["audit", "show", "-n", "0"]).expect_code(2);
}

#[test]
fn verify_names_the_line_that_was_altered_and_the_end_that_was_cut() {
    let (place, path) = ready();
    place.ennead(&["audit", "verify"]).expect_code(0);
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, whole.replacen("anna", "bert", 1)).unwrap();
    let answer = place.ennead(&["audit", "verify"]).expect_code(3);
    assert!(answer.out.contains("jsonl:1: record 1 was altered"), "{answer:?}");
    let cut: Vec<&str> = whole.lines().take(2).collect();
    std::fs::write(&path, cut.join("\n") + "\n").unwrap();
    let answer = place.ennead(&["audit", "verify"]).expect_code(3);
    assert!(answer.out.contains("record 3 was written: its end was cut off"), "{answer:?}");
    let findings = place.ennead(&["audit", "verify", "--json"]).expect_code(3).json();
    assert_eq!(findings[0]["code"], "audit-altered");
}

#[test]
fn a_platform_that_was_never_changed_has_nothing_to_show() {
    let place = Place::new("audit", preset("seed"));
    let answer = place.ennead(&["audit", "show"]).expect_code(0);
    assert!(answer.out.is_empty() && answer.err.contains("not changed"), "{answer:?}");
    place.ennead(&["audit", "verify"]).expect_code(0);
    let none = Place::new("audit", "nonsense");
    none.ennead(&["audit", "show"]).expect_code(3);
}
