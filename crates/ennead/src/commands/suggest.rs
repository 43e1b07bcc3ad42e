//! `ennead check --suggest`: what to change so that the promises are kept, and its writing.

use ennead_host::files;
use ennead_model::Catalogue;
use ennead_planner::suggest::{
    Answer, Change, Distances, Suggestion, catalogue_price, suggest, write,
};
use ennead_planner::survive::SERVERS_MAX;
use ennead_spec::{Promise, Spec, find_promise};

use crate::cli::{CheckArgs, Global};
use crate::diff::{Mark, diff};
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;
use crate::session::Checked;
use crate::ui::{self, Cell, Tone};

/// Prints the suggestions; writes one when it is asked to.
pub(super) fn run(
    global: &Global,
    args: &CheckArgs,
    checked: &Checked,
) -> Result<Exit, CommandError> {
    let Some(spec) = checked.spec() else { return Ok(Exit::Findings) };
    let asked = asked(spec, &args.promise)?;
    let catalogue = Catalogue::embedded();
    let distances = Distances { between_zones_ms: args.round_trip, ..Distances::default() };
    let answer = suggest(spec, &asked, catalogue, &catalogue_price(catalogue), distances);
    let answer = answer.ok_or_else(|| {
        let message = format!("more than about {SERVERS_MAX} servers cannot be computed");
        CommandError::new(Exit::Usage, message)
    })?;
    let text = |it: &Suggestion| changed(checked, spec, &it.changes(), &asked);
    if args.json {
        ui::json(&answer);
    } else {
        print(&answer, &checked.text, text);
    }
    let unsuggested = !answer.is_kept() && answer.suggestions.is_empty();
    if args.write && !unsuggested {
        let changes = if answer.is_kept() { Vec::new() } else { chosen(&answer, args.choose)? };
        return put(global, &checked.text, &changed(checked, spec, &changes, &asked)?);
    }
    Ok(if checked.has_errors() || unsuggested { Exit::Findings } else { Exit::Done })
}

/// Returns what the spec promises and what is asked for besides.
fn asked(spec: &Spec, words: &[String]) -> Result<Vec<Promise>, CommandError> {
    let mut asked = spec.promises.clone();
    for word in words {
        let promise = find_promise(word, spec.fleet.sites.keys()).map_err(|(message, hint)| {
            CommandError::new(Exit::Usage, format!("--promise: {message}")).hint(hint)
        })?;
        if !asked.contains(&promise) {
            asked.push(promise);
        }
    }
    if asked.is_empty() {
        let error = CommandError::new(Exit::Usage, "the spec promises nothing");
        return Err(error.hint("say what it is to keep, for example --promise any-one-server"));
    }
    Ok(asked)
}

fn chosen(answer: &Answer, number: u8) -> Result<Vec<Change>, CommandError> {
    let index = usize::from(number).saturating_sub(1);
    answer.suggestions.get(index).map(Suggestion::changes).ok_or_else(|| {
        let count = answer.suggestions.len();
        CommandError::new(Exit::Usage, format!("there is no suggestion {number}"))
            .hint(format!("suggestions: 1 to {count}"))
    })
}

/// Returns the changed text, which was read again and keeps what was asked.
fn changed(
    checked: &Checked,
    spec: &Spec,
    changes: &[Change],
    asked: &[Promise],
) -> Result<String, CommandError> {
    write(&checked.text, spec, changes, asked, Catalogue::embedded()).map_err(|error| {
        CommandError::from_error(Exit::Findings, &error)
            .hint("nothing was written; mend what `ennead check` says, or make the changes by hand")
    })
}

fn put(global: &Global, before: &str, after: &str) -> Result<Exit, CommandError> {
    let path = &global.spec;
    if before == after {
        ui::say(format!("{path} stays as it is."));
        return Ok(Exit::Done);
    }
    let now = files::read_text(path).or_exit(Exit::Usage)?;
    if now.as_deref() != Some(before) {
        let message = format!("{path} was changed meanwhile; nothing was written");
        return Err(CommandError::new(Exit::Usage, message).hint("run the same command again"));
    }
    files::write(path, after).or_exit(Exit::Usage)?;
    ui::say(format!("Wrote {path}. Next: ennead --spec {path} plan"));
    Ok(Exit::Done)
}

fn print(
    answer: &Answer,
    before: &str,
    text: impl Fn(&Suggestion) -> Result<String, CommandError>,
) {
    if answer.is_kept() {
        let names: Vec<&str> = answer.asked.iter().map(|it| it.promise.as_str()).collect();
        ui::line(format!("Nothing to change: kept are {}.", names.join(", ")));
        return;
    }
    for it in answer.asked.iter().filter(|it| !it.kept) {
        let promise = ui::paint(&it.promise, Tone::Bad);
        ui::line(format!("{promise} is not kept: {}.", it.counterexample));
    }
    ui::line("");
    hopeless(answer);
    searched(answer);
    if answer.suggestions.is_empty() {
        return;
    }
    ui::line("");
    costs(&answer.suggestions);
    ui::line("");
    promises(&answer.suggestions);
    for (index, suggestion) in answer.suggestions.iter().enumerate() {
        ui::line("");
        ui::line(format!("Suggestion {}:", index + 1));
        steps(suggestion);
        match text(suggestion) {
            Ok(after) => show(&diff(before, &after)),
            Err(error) => ui::error(&error),
        }
    }
    ui::line("");
    ui::line(match answer.suggestions.len() {
        1 => "`--write` writes it into the spec.",
        _ => "`--write` writes the first into the spec, `--write --choose 2` the second.",
    });
}

fn hopeless(answer: &Answer) {
    for it in &answer.hopeless {
        ui::line(format!("No change of this kind keeps {}: {}.", it.promise, it.why));
    }
    if !answer.hopeless.is_empty() {
        ui::line(
            "Add servers by hand, with a tier that runs the database, or begin with a preset that \
             promises it: ennead init --help",
        );
    }
}

fn searched(answer: &Answer) {
    if !answer.hopeless.is_empty() {
        return;
    }
    let (most, count) = (answer.changes_max, answer.looked_at);
    match (answer.suggestions.as_slice(), answer.whole) {
        ([], true) => ui::line(format!(
            "No {most} changes of this kind keep all of it: voters, witnesses, replicas, poolers, \
             load balancers on servers that exist, confirmations ({count} platforms looked at)."
        )),
        ([], false) => ui::line(format!(
            "Nothing was found among the first {count} platforms of at most {most} changes; the \
             search ended there."
        )),
        (_, true) => ui::line(format!(
            "Nothing cheaper keeps all of it with at most {most} changes ({count} platforms looked \
             at)."
        )),
        (_, false) => ui::line(format!(
            "The best among the first {count} platforms of at most {most} changes; the search ended \
             there, so a cheaper one may exist."
        )),
    }
}

fn costs(suggestions: &[Suggestion]) {
    let rows = suggestions.iter().enumerate().map(|(index, it)| {
        let [before, after] = it.commit_ms;
        let [etcd_before, etcd_after] = it.etcd_ms;
        vec![
            (index + 1).to_string().into(),
            dollars(it.monthly_cents).into(),
            waits(before, after).into(),
            waits(etcd_before, etcd_after).into(),
            it.steps.len().to_string().into(),
        ]
    });
    let header = ["SUGGESTION", "A MONTH", "A COMMIT WAITS", "ETCD WAITS", "CHANGES"];
    ui::table(&header, rows.collect());
}

fn dollars(cents: Option<u64>) -> String {
    match cents {
        Some(cents) => format!("+{}.{:02} USD", cents / 100, cents % 100),
        None => "not known".to_owned(),
    }
}

fn waits(before: u32, after: u32) -> String {
    if before == after {
        format!("{after} ms, as before")
    } else {
        format!("{after} ms instead of {before} ms")
    }
}

/// One row for each promise of any of the changed platforms, one column for each of them.
fn promises(suggestions: &[Suggestion]) {
    let kept = |kept: Option<bool>| match kept {
        Some(true) => Cell("yes".to_owned(), Tone::Good),
        Some(false) => Cell("no".to_owned(), Tone::Bad),
        None => Cell("-".to_owned(), Tone::Quiet),
    };
    let mut names: Vec<&str> = Vec::new();
    for it in suggestions.iter().flat_map(|it| &it.promises) {
        if !names.contains(&it.promise.as_str()) {
            names.push(&it.promise);
        }
    }
    let of = |suggestion: &Suggestion, name: &str| {
        suggestion.promises.iter().find(|it| it.promise == name).cloned()
    };
    let row = |name: &&str| {
        let found: Vec<_> = suggestions.iter().map(|it| of(it, name)).collect();
        let any = found.iter().flatten().next();
        let asked = any.is_some_and(|it| it.asked);
        let today = kept(any.and_then(|it| it.before));
        let after = found.iter().map(|it| kept(it.as_ref().map(|it| it.after)));
        let first: [Cell; 3] = [(*name).into(), if asked { "yes" } else { "" }.into(), today];
        first.into_iter().chain(after).collect()
    };
    let numbers: Vec<String> =
        (1..=suggestions.len()).map(|number| format!("SUGGESTION {number}")).collect();
    let header: Vec<&str> = ["PROMISE", "ASKED", "TODAY"]
        .into_iter()
        .chain(numbers.iter().map(String::as_str))
        .collect();
    ui::table(&header, names.iter().map(row).collect());
}

fn steps(suggestion: &Suggestion) {
    for (index, step) in suggestion.steps.iter().enumerate() {
        ui::line(format!("  {}. {}.", index + 1, step.what));
        ui::line(ui::paint(&format!("     Without it: {}.", step.why), Tone::Quiet));
    }
    suggestion.notes.iter().for_each(|note| ui::line(format!("  Note: {note}")));
    ui::line("");
}

fn show(lines: &[(Mark, &str)]) {
    for (mark, line) in lines {
        let (sign, tone) = match mark {
            Mark::Same => (" ", Tone::Plain),
            Mark::Gone => ("-", Tone::Bad),
            Mark::New => ("+", Tone::Good),
            Mark::Cut => ("...", Tone::Quiet),
        };
        let text = format!("    {sign}{line}");
        ui::line(ui::paint(text.trim_end(), tone));
    }
}
