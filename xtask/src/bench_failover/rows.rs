//! What is broken, and how long writes may stop.

/// A row of the table: a drill with its goals.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// The fault in words.
    pub(crate) fault: &'static str,
    /// The drill's command line; `SITE` is the site that may be lost.
    pub(crate) drill: &'static [&'static str],
    /// Whether the lab's actions take as long as the cloud's.
    pub(crate) real_pace: bool,
    /// Goal for the median time without an acknowledged write, in seconds.
    pub(crate) p50_s: f64,
    /// Goal for the longest of all runs, in seconds.
    pub(crate) max_s: f64,
}

/// Stands for the site that may be lost.
pub(crate) const SITE: &str = "SITE";

/// All rows. The goal for lost writes is 0 in each.
pub(crate) const ROWS: [Row; 8] = [
    Row {
        name: "power-loss",
        fault: "power loss of the primary",
        drill: &["power-loss"],
        real_pace: false,
        p50_s: 2.5,
        max_s: 5.0,
    },
    Row {
        name: "power-loss-real-pace",
        fault: "the same, the cloud's actions as slow as in the cloud",
        drill: &["power-loss"],
        real_pace: true,
        p50_s: 8.0,
        max_s: 12.0,
    },
    Row {
        name: "power-loss-without-api",
        fault: "the same, servers do not reach the cloud's API",
        drill: &["power-loss", "--without-api"],
        real_pace: false,
        p50_s: 25.0,
        max_s: 28.0,
    },
    Row {
        name: "kill-postgres",
        fault: "PostgreSQL killed",
        drill: &["process-kill", "--process", "postgres"],
        real_pace: false,
        p50_s: 3.0,
        max_s: 6.0,
    },
    Row {
        name: "kill-patroni",
        fault: "Patroni killed",
        drill: &["process-kill", "--process", "patroni"],
        real_pace: false,
        p50_s: 3.0,
        max_s: 6.0,
    },
    Row {
        name: "freeze",
        fault: "the primary's node frozen",
        drill: &["freeze"],
        real_pace: false,
        p50_s: 3.0,
        max_s: 6.0,
    },
    Row {
        name: "switchover",
        fault: "planned switchover",
        drill: &["switchover"],
        real_pace: false,
        p50_s: 1.5,
        max_s: 3.0,
    },
    Row {
        name: "site-loss",
        fault: "site loss with the primary in it",
        drill: &["site-loss", "--site", SITE],
        real_pace: false,
        p50_s: 5.0,
        max_s: 28.0,
    },
];

/// Returns the rows of these names in the table's order; all for no name.
pub(crate) fn chosen(names: &[String]) -> anyhow::Result<Vec<Row>> {
    if let Some(unknown) = names.iter().find(|name| !ROWS.iter().any(|row| row.name == **name)) {
        let known: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
        anyhow::bail!("there is no row {unknown}: there are {}", known.join(", "));
    }
    let is_chosen = |row: &&Row| names.is_empty() || names.iter().any(|name| name == row.name);
    Ok(ROWS.iter().filter(is_chosen).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_chosen_by_name() {
        assert_eq!(chosen(&[]).unwrap().len(), ROWS.len());
        let two = chosen(&["site-loss".to_owned(), "freeze".to_owned()]).unwrap();
        assert_eq!(two.iter().map(|row| row.name).collect::<Vec<_>>(), ["freeze", "site-loss"]);
        assert!(chosen(&["fire".to_owned()]).unwrap_err().to_string().contains("power-loss"));
    }
}
