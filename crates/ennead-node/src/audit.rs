//! The node's copy of the audit log: it only grows, and only by lines that continue it.

use ennead_audit::wire::{
    AppendAnswer, AppendRequest, ReadAnswer, ReadRequest, WIRE_FORMAT_VERSION,
};
use ennead_audit::{AuditLog, LogError, Record, head_of};

/// Says where the copy ends and what it holds from a record on. Changes nothing.
///
/// # Errors
/// [`LogError`] when the file cannot be read; what is wrong with its content is in the answer.
pub fn read(log: &AuditLog, request: ReadRequest) -> Result<ReadAnswer, LogError> {
    let (records, problems) = log.examine()?;
    // A damaged copy is shown whole: whoever reads it looks for what is wrong.
    let from = if problems.is_empty() { request.from } else { 0 };
    let wanted = records.iter().filter(|record| record.sequence >= from);
    Ok(ReadAnswer {
        format_version: WIRE_FORMAT_VERSION,
        head: head_of(&records),
        lines: wanted.map(Record::line).collect(),
        problem: problems.first().map(ToString::to_string),
    })
}

/// Adds lines that continue the copy; anything else is refused and changes nothing.
///
/// # Errors
/// [`LogError`] when the file cannot be read or written.
pub fn append(log: &AuditLog, request: &AppendRequest) -> Result<AppendAnswer, LogError> {
    let answer = |records: &[Record], refused: Option<String>| AppendAnswer {
        format_version: WIRE_FORMAT_VERSION,
        head: head_of(records),
        refused,
    };
    let offered: Result<Vec<Record>, _> =
        request.lines.iter().map(|line| serde_json::from_str(line)).collect();
    let taken = match offered {
        Ok(offered) => log.take(&offered),
        Err(error) => {
            let refused = format!("a line is no record: {error}");
            return Ok(answer(&log.examine()?.0, Some(refused)));
        }
    };
    match taken {
        Ok(records) => Ok(answer(&records, None)),
        Err(refusal @ (LogError::Refused { .. } | LogError::Damaged { .. })) => {
            Ok(answer(&log.examine()?.0, Some(refusal.to_string())))
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;
    use ennead_audit::{Event, Tally, Verdict, Who};
    use ennead_model::Digest;

    use super::*;

    fn chain(names: &[&str]) -> Vec<Record> {
        let mut chain = Vec::new();
        for name in names {
            let who = Who { name: (*name).to_owned(), key: None };
            let tally =
                Tally { verdict: Verdict::Done, steps: 1, changed: 1, failed: 0, not_started: 0 };
            let event = Event::Ended { run: Digest("0".repeat(64)), tally };
            let at = "2026-11-23T12:00:00Z".parse().unwrap();
            chain.push(Record::after(&head_of(&chain), "demo", at, &who, event));
        }
        chain
    }

    fn offer(log: &AuditLog, records: &[Record]) -> AppendAnswer {
        let lines = records.iter().map(Record::line).collect();
        append(log, &AppendRequest { format_version: 1, lines }).unwrap()
    }

    #[test]
    fn only_lines_that_continue_the_copy_are_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("audit.log")).unwrap();
        let log = AuditLog::new(path.clone());
        let all = chain(&["anna", "bert", "carl", "dora"]);
        assert_eq!(offer(&log, &all[..2]).refused, None);
        let refused = offer(&log, &all[3..]).refused.unwrap();
        assert!(refused.ends_with("record 4 does not continue it"), "{refused}");
        let other = chain(&["anna", "eve", "eve"]);
        assert!(offer(&log, &other[1..]).refused.unwrap().contains("another record 2"));
        let mut altered = all.clone();
        altered[2].who.name = "eve".to_owned();
        assert!(offer(&log, &altered[2..3]).refused.unwrap().contains("record 3 was altered"));
        assert_eq!(log.examine().unwrap(), (all[..2].to_vec(), Vec::new()));
        // Repeating what is there is no mistake.
        let answer = offer(&log, &all[1..]);
        assert_eq!((answer.refused, answer.head), (None, head_of(&all)));
        let answer = read(&log, ReadRequest { format_version: 1, from: 4 }).unwrap();
        assert_eq!((answer.lines.len(), answer.problem), (1, None));
        // A power cut in the middle of a line: the next one puts it aside.
        let text = ennead_host::files::read_text(&path).unwrap().unwrap();
        ennead_host::files::write(&path, format!("{text}{{\"at\":")).unwrap();
        assert!(read(&log, ReadRequest { format_version: 1, from: 1 }).unwrap().problem.is_some());
        let more = chain(&["anna", "bert", "carl", "dora", "emil"]);
        assert_eq!(offer(&log, &more[4..]).refused, None);
        assert_eq!(log.examine().unwrap(), (more, Vec::new()));
    }
}
