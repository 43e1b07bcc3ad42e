//! A table of nftables that is changed in one step and without a gap.
//!
//! Its base chains stay while there is anything in it: the kernel drops every packet that is being
//! held back in a namespace when any base chain there is removed.

use ennead_host::{Command, Host as _, LocalHost};

use super::namespace;
use super::why::Why;

/// A base chain: name, what it is attached to, rules.
pub(crate) type Base = (&'static str, &'static str, Vec<String>);

/// What a table holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ruleset {
    /// The table's name, of family `ip`.
    pub(crate) table: &'static str,
    /// Its base chains.
    pub(crate) bases: Vec<Base>,
    /// Other chains, jumped to from the base chains.
    pub(crate) chains: Vec<(String, Vec<String>)>,
}

impl Ruleset {
    /// Puts it in place of what is in the table; a ruleset without base chains removes the table.
    pub(crate) async fn apply(&self, namespace: &str) -> Result<(), Why> {
        let present = present_chains(namespace, self.table).await?;
        if self.bases.is_empty() && present.is_none() {
            return Ok(());
        }
        namespace::nft_in(namespace, self.script(&present.unwrap_or_default())).await
    }

    fn script(&self, present: &[String]) -> String {
        let table = self.table;
        if self.bases.is_empty() {
            return format!("delete table ip {table}\n");
        }
        let mut lines = vec![format!("add table ip {table}")];
        for (name, hook, _) in &self.bases {
            lines.push(format!("add chain ip {table} {name} {{ {hook} }}"));
            lines.push(format!("flush chain ip {table} {name}"));
        }
        let is_base = |name: &String| self.bases.iter().any(|(base, _, _)| base == name);
        for name in present.iter().filter(|name| !is_base(name)) {
            lines.push(format!("delete chain ip {table} {name}"));
        }
        for (name, rules) in &self.chains {
            lines.push(format!("add chain ip {table} {name}"));
            lines.extend(rules.iter().map(|rule| format!("add rule ip {table} {name} {rule}")));
        }
        for (name, _, rules) in &self.bases {
            lines.extend(rules.iter().map(|rule| format!("add rule ip {table} {name} {rule}")));
        }
        lines.join("\n") + "\n"
    }
}

/// Returns the names of a table's chains; `None` when there is no such table.
async fn present_chains(namespace: &str, table: &str) -> Result<Option<Vec<String>>, Why> {
    let net = format!("--net={}", namespace::path(namespace));
    let command = Command::new("nsenter").args([net.as_str(), "nft", "list", "chains", "ip"]);
    let text = LocalHost::new("lab").run_ok(&command).await?.stdout_text();
    Ok(parse_chains(&text, table))
}

fn parse_chains(text: &str, table: &str) -> Option<Vec<String>> {
    let start = format!("table ip {table} {{");
    let mut lines = text.lines().skip_while(|line| line.trim() != start);
    lines.next()?;
    let inside = lines.take_while(|line| !line.starts_with('}'));
    let name = |line: &str| Some(line.trim().strip_prefix("chain ")?.split(' ').next()?.to_owned());
    Some(inside.filter_map(name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: &str = "table ip other {\n\tchain x {\n\t}\n}\ntable ip wires {\n\tchain forward \
        {\n\t\ttype filter hook forward priority filter - 10; policy accept;\n\t}\n\tchain t0 {\n\t}\n}\n";

    #[test]
    fn chains_of_the_table_are_found() {
        let found = parse_chains(LISTED, "wires").unwrap();
        assert_eq!(found, ["forward", "t0"]);
        assert_eq!(parse_chains(LISTED, "none"), None);
    }

    #[test]
    fn a_base_chain_is_emptied_and_never_removed_while_there_are_rules() {
        let hook = "type filter hook forward priority -10; policy accept;";
        let ruleset = Ruleset {
            table: "wires",
            bases: vec![("forward", hook, vec!["jump t1".to_owned()])],
            chains: vec![("t1".to_owned(), vec!["drop".to_owned()])],
        };
        let script = ruleset.script(&["forward".to_owned(), "t0".to_owned()]);
        let lines: Vec<&str> = script.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "flush chain ip wires forward",
                "delete chain ip wires t0",
                "add chain ip wires t1",
                "add rule ip wires t1 drop",
                "add rule ip wires forward jump t1",
            ]
        );
        let none = Ruleset { bases: Vec::new(), chains: Vec::new(), ..ruleset };
        assert_eq!(none.script(&[]), "delete table ip wires\n");
    }
}
