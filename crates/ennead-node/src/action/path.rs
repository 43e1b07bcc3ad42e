//! Files and directories.

use camino::Utf8Path;
use ennead_host::{FileFacts, FileWrite, Host};

use super::Done;
use crate::problem::Problem;

fn matches(facts: &FileFacts, owner: &str, group: &str, mode: u32) -> bool {
    facts.owner == owner && facts.group == group && facts.mode == mode
}

pub(super) async fn ensure_directory(
    host: &dyn Host,
    path: &Utf8Path,
    owner: &str,
    group: &str,
    mode: u32,
) -> Result<Done, Problem> {
    match host.facts(path).await? {
        Some(facts) if !facts.is_directory => {
            Err(Problem::new(format!("{path} is a file, not a directory"))
                .hint(format!("look at {path} on the node and move it away")))
        }
        Some(facts) if matches(&facts, owner, group, mode) => Ok(Done::Unchanged),
        _ => {
            host.make_directory(path, owner, group, mode).await?;
            Ok(Done::Changed)
        }
    }
}

pub(super) async fn ensure_file(host: &dyn Host, file: &FileWrite) -> Result<Done, Problem> {
    let same = match host.facts(&file.path).await? {
        Some(facts) if facts.is_directory => {
            return Err(Problem::new(format!("{} is a directory, not a file", file.path))
                .hint(format!("look at {} on the node and move it away", file.path)));
        }
        Some(facts) => {
            facts.len == file.content.len() as u64
                && matches(&facts, &file.owner, &file.group, file.mode)
                && host.read(&file.path).await?.as_ref() == Some(&file.content)
        }
        None => false,
    };
    if !same {
        host.write(file).await?;
    }
    Ok(Done::changed(!same))
}

#[cfg(test)]
mod tests {
    use ennead_host::FakeHost;

    use super::*;

    fn file(content: &str) -> FileWrite {
        FileWrite {
            path: "/etc/a".into(),
            content: content.as_bytes().to_vec(),
            owner: "root".to_owned(),
            group: "root".to_owned(),
            mode: 0o644,
        }
    }

    #[tokio::test]
    async fn a_file_is_written_when_content_or_mode_differ() {
        let host = FakeHost::new("n1").file("/etc/a", "one");
        assert_eq!(ensure_file(&host, &file("one")).await, Ok(Done::Unchanged));
        assert_eq!(ensure_file(&host, &file("two")).await, Ok(Done::Changed));
        let private = FileWrite { mode: 0o600, ..file("two") };
        assert_eq!(ensure_file(&host, &private).await, Ok(Done::Changed));
        assert_eq!(host.get("/etc/a").unwrap().facts.mode, 0o600);
    }

    #[tokio::test]
    async fn a_read_only_disk_is_named_with_the_path() {
        let host = FakeHost::new("n1");
        host.break_path("/etc/a", std::io::ErrorKind::ReadOnlyFilesystem);
        let problem = ensure_file(&host, &file("one")).await.unwrap_err();
        assert!(problem.error.contains("/etc/a"), "{}", problem.error);
        assert!(problem.hint.contains("read-only"), "{}", problem.hint);
    }
}
