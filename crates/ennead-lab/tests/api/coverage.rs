//! Counts which documented answers were met, and writes the count into the page on conformance.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use camino::Utf8Path;
use ennead_host::files;

use crate::documented::{self, Documented, ELSEWHERE, How, Record};
use crate::{described, provoked, schema};

const PAGE: &str = "../../docs/reference/conformance.md";

/// First and last line of the page's part that is written here.
const BEGIN: &str = "<!-- documented answers: begin -->";
const END: &str = "<!-- documented answers: end -->";

/// Rows of the first table: the name and what belongs to it.
type Kind = (&'static str, fn(&Documented) -> bool);

const KINDS: [Kind; 6] = [
    ("success of each operation", |one| matches!(one, Documented::Success(..))),
    ("`4xx` of each operation", |one| matches!(one, Documented::Class(_, 4))),
    ("`5xx` of each operation", |one| matches!(one, Documented::Class(_, 5))),
    ("codes in an operation's own table", |one| matches!(one, Documented::Own(..))),
    ("codes in an operation's sentences", |one| matches!(one, Documented::InSentences(..))),
    ("codes for all operations", |one| matches!(one, Documented::General(..))),
];

/// How many of some answers were met.
#[derive(Default, Clone, Copy)]
struct Count {
    all: usize,
    met: usize,
    by_fault: usize,
}

fn count<'a>(of: impl Iterator<Item = &'a Documented>, met: &Record) -> Count {
    let mut count = Count::default();
    for one in of {
        let how = met.how(|met| one.is(met));
        count.all += 1;
        count.met += usize::from(how.is_some());
        count.by_fault += usize::from(how == Some(How::ByFault));
    }
    count
}

/// Says it in one line.
fn line(all: &[Documented], met: &Record) -> String {
    let Count { all: most, met: seen, by_fault } = count(all.iter(), met);
    let not_met: Vec<_> = not_met(all, met).iter().map(|one| format!("{one:?}")).collect();
    let not_met = if not_met.is_empty() { "none".to_owned() } else { not_met.join(", ") };
    format!(
        "{seen} of {most} documented answers met and valid; {by_fault} by fault; not met: {not_met}"
    )
}

fn not_met<'a>(all: &'a [Documented], met: &Record) -> Vec<&'a Documented> {
    all.iter().filter(|one| met.how(|met| one.is(met)).is_none()).collect()
}

fn render(all: &[Documented], met: &Record) -> String {
    let mut page = format!(
        "{BEGIN}\n## Answers that the official description documents\n\n\
         Counted by the lab's API tests, which provoke each and compare it with the form that the description gives it;\n\
         `cargo xtask docs` writes this section. *By fault*: the lab was ordered to refuse with the code, since nothing else\n\
         leads to it there.\n\n{}.\n\n\
         | documented | answers | met and valid | by fault |\n|---|---|---|---|\n",
        line(all, met)
    );
    for (name, belongs) in KINDS {
        let Count { all, met, by_fault } = count(all.iter().filter(|one| belongs(one)), met);
        writeln!(page, "| {name} | {all} | {met} | {by_fault} |").unwrap();
    }
    page.push_str(&of_single_operations(all, met));
    page.push_str(&of_all_operations(met));
    page.push_str(
        "\nRefusals of the lab that the description does not document for the operation:\n\n\
         | operation | status, code | what speaks for it |\n|---|---|---|\n",
    );
    for (operation, status, code, why) in ELSEWHERE {
        writeln!(page, "| `{operation}` | {status} `{code}` | {why} |").unwrap();
    }
    page + END
}

/// The codes of single operations, each with how it was met.
fn of_single_operations(all: &[Documented], met: &Record) -> String {
    let mut by_operation: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for one in all {
        let (Documented::Own(operation, status, code)
        | Documented::InSentences(operation, status, code)) = one
        else {
            continue;
        };
        let how = match met.how(|met| one.is(met)) {
            Some(How::Ordinary) => "",
            Some(How::ByFault) => " (by fault)",
            None => " (not met)",
        };
        by_operation.entry(operation).or_default().push(format!("{status} `{code}`{how}"));
    }
    let mut text = "\n| operation | its own codes |\n|---|---|\n".to_owned();
    for (operation, codes) in by_operation {
        writeln!(text, "| `{operation}` | {} |", codes.join(", ")).unwrap();
    }
    text.push_str("\nBy fault, because nothing in the lab leads to it:\n\n");
    for (operation, status, code, why) in provoked::OWN_BY_FAULT {
        writeln!(text, "- `{operation}` {status} `{code}`: {why}").unwrap();
    }
    text
}

/// The codes for all operations, each with the number of operations that it was met on.
fn of_all_operations(met: &Record) -> String {
    let described = described::operations();
    let mut text =
        "\n| status | code for all operations | met on operations | of these by fault |\n\
                    |---|---|---|---|\n"
            .to_owned();
    for (status, code) in documented::general() {
        let of = |how: How| {
            let is = |met: &documented::Met| (met.status, &met.code) == (status, &code);
            let met = met.0.iter().filter(|(met, seen)| is(met) && **seen == how);
            met.filter(|(met, _)| described.contains(&met.operation)).count()
        };
        let (ordinary, by_fault) = (of(How::Ordinary), of(How::ByFault));
        writeln!(text, "| {status} | `{code}` | {} | {by_fault} |", ordinary + by_fault).unwrap();
    }
    text
}

/// Compares the page's part with what was counted, or writes it where that is asked for.
fn keep_page(section: &str) {
    let path = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = files::read_text(&path).unwrap().unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has lost its begin mark");
    let (_, after) = rest.split_once(END).expect("the page has lost its end mark");
    let wanted = format!("{before}{section}{after}");
    if std::env::var_os("ENNEAD_WRITE_DOCS").is_some() {
        files::write(&path, wanted).unwrap();
    } else {
        assert_eq!(page, wanted, "stale: `cargo xtask docs` writes it");
    }
}

#[tokio::test]
async fn generated_pages_count_every_documented_answer() {
    let mut met = schema::successes().await;
    met.extend(provoked::walk().await);
    let all = documented::all();
    // Past the capture of tests, so that every run prints it.
    writeln!(std::io::stdout(), "{}", line(&all, &met)).unwrap();
    let not_met = not_met(&all, &met);
    assert!(not_met.is_empty(), "documented, but not met: {not_met:#?}");
    let ordinary = |operation: &str, status, code: &str| {
        let own = Documented::Own(operation.to_owned(), status, code.to_owned());
        met.how(|met| own.is(met)) == Some(How::Ordinary)
    };
    for (operation, status, code, _) in provoked::OWN_BY_FAULT {
        assert!(!ordinary(operation, status, code), "{operation}: {code} needs no fault any more");
    }
    for (operation, status, code, _) in ELSEWHERE {
        let own = Documented::Own(operation.to_owned(), status, code.to_owned());
        let how = met.how(|met| own.is(met));
        assert_eq!(how, Some(How::Ordinary), "{operation}: {code} is allowed, but never answered");
    }
    keep_page(&render(&all, &met));
}

#[test]
fn what_was_not_met_is_told() {
    let all = documented::all();
    let none = Record::default();
    assert_eq!(not_met(&all, &none).len(), all.len());
    let one = all.iter().find(|one| matches!(one, Documented::Own(..))).unwrap();
    let Documented::Own(operation, status, code) = one else { unreachable!() };
    let met = |code: &str| {
        let mut met = Record::default();
        let (operation, code) = (operation.clone(), code.to_owned());
        met.note(documented::Met { operation, status: *status, code }, How::ByFault);
        met
    };
    // The code itself, and the operation's `4xx`.
    assert_eq!(not_met(&all, &met(code)).len(), all.len() - 2);
    assert_eq!(not_met(&all, &met("other")).len(), all.len() - 1);
    assert!(line(&all, &met(code)).contains("; 2 by fault; not met: "));
}
