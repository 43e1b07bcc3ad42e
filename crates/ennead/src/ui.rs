//! The only printer: standard output is data, standard error is talk.

use std::io::{IsTerminal, Write};

use owo_colors::{OwoColorize, Style};
use tabled::builder::Builder;
use tabled::settings::{Padding, Style as TableStyle, object::Columns};

use crate::error::CommandError;

/// What a cell or line means, said also without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it should be.
    Good,
    /// Worth a look.
    Warn,
    /// Wrong.
    Bad,
    /// Less important.
    Quiet,
    /// Nothing special.
    Plain,
}

/// A text with its tone.
#[derive(Debug, Clone)]
pub(crate) struct Cell(pub(crate) String, pub(crate) Tone);

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self(text.to_owned(), Tone::Plain)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self(text, Tone::Plain)
    }
}

/// Prints a line of data.
pub(crate) fn line(text: impl AsRef<str>) {
    write_out(&mut anstream::stdout(), text.as_ref());
}

/// Prints a line of talk.
pub(crate) fn say(text: impl AsRef<str>) {
    write_out(&mut anstream::stderr(), text.as_ref());
}

/// Prints data as JSON.
pub(crate) fn json(value: &impl serde::Serialize) {
    // Our own types always serialise; an empty line is better than a panic if one does not.
    line(serde_json::to_string_pretty(value).unwrap_or_default());
}

/// Prints an error with its hints.
pub(crate) fn error(error: &CommandError) {
    say(format!("{}: {}", paint("error", Tone::Bad), error.message));
    for hint in &error.hints {
        say(format!("{}: {hint}", paint("hint", Tone::Good)));
    }
}

/// Returns the text in the colours of its tone; they are dropped when the output is no terminal.
pub(crate) fn paint(text: &str, tone: Tone) -> String {
    let style = match tone {
        Tone::Good => Style::new().green(),
        Tone::Warn => Style::new().yellow(),
        Tone::Bad => Style::new().red().bold(),
        Tone::Quiet => Style::new().dimmed(),
        Tone::Plain => return text.to_owned(),
    };
    text.style(style).to_string()
}

/// Prints a table without frames; reads well without colour.
pub(crate) fn table(header: &[&str], rows: Vec<Vec<Cell>>) {
    let mut builder = Builder::default();
    builder.push_record(header.iter().map(|head| paint(head, Tone::Quiet)));
    for row in rows {
        builder.push_record(row.into_iter().map(|cell| paint(&cell.0, cell.1)));
    }
    let mut table = builder.build();
    table
        .with(TableStyle::blank())
        .with(Padding::new(0, 2, 0, 0))
        .modify(Columns::first(), Padding::new(0, 2, 0, 0));
    for row in table.to_string().lines() {
        line(row.trim_end());
    }
}

/// Returns whether talk goes to a terminal.
pub(crate) fn is_interactive() -> bool {
    std::io::stderr().is_terminal()
}

/// Asks for a word on the terminal; `None` when there is no terminal.
pub(crate) fn ask(question: &str) -> Option<String> {
    if !std::io::stdin().is_terminal() {
        return None;
    }
    let mut err = anstream::stderr();
    write!(err, "{question} ").ok()?;
    err.flush().ok()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned())
}

fn write_out(stream: &mut impl Write, text: &str) {
    // A closed pipe ends the talk, not the work: the exit code still tells what happened.
    if writeln!(stream, "{text}").is_err() {
        tracing::debug!("output is closed");
    }
}
