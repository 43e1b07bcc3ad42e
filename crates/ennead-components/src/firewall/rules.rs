//! The rules of a node, as one file for `nft`: pure, from what components offer.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use askama::Template;
use ennead_model::Node;
use ennead_model::fleet::Prefix;

use crate::access::{interfaces, members, openings, operator_prefixes, private_prefixes};
use crate::render::render;
use crate::{Context, Peers, Port};

/// Longest comment of a rule, in bytes. Source: nft(8), "COMMENTS": 128 with the final zero.
const COMMENT_BYTES_MAX: usize = 100;

/// A set of addresses of nodes.
struct Set {
    name: String,
    elements: String,
}

/// A port that is open to some.
struct Rule {
    protocol: &'static str,
    number: u16,
    /// The set of its sources; empty when another rule has looked at them.
    from: String,
    comment: String,
}

/// An interface that a component makes.
struct Way {
    name: String,
    carries: String,
}

#[derive(Template)]
#[template(path = "firewall/templates/firewall.nft", escape = "none")]
struct Rules<'a> {
    node: &'a str,
    public: &'a str,
    private: String,
    operator: String,
    sets: Vec<Set>,
    ways: Vec<Way>,
    forwards: Vec<String>,
    for_world: Vec<Rule>,
    for_nodes: Vec<Rule>,
    for_operator: Vec<Rule>,
}

/// Returns the rules of a node. The same fleet and options give the same bytes.
pub(super) fn rules(context: &Context<'_>, node: &Node) -> String {
    let interfaces = interfaces(context, node);
    let carried = interfaces.iter().filter(|it| !it.carries.is_empty());
    let mut rules = Rules {
        node: node.name.as_str(),
        public: &context.options.firewall.public_interface,
        private: prefixes(private_prefixes(context)),
        operator: prefixes(operator_prefixes(context.options)),
        sets: Vec::new(),
        ways: carried
            .map(|it| Way { name: it.name.clone(), carries: prefixes(it.carries.iter().copied()) })
            .collect(),
        forwards: interfaces.iter().filter(|it| it.forwards).map(|it| it.name.clone()).collect(),
        for_world: Vec::new(),
        for_nodes: Vec::new(),
        for_operator: Vec::new(),
    };
    let mut groups = BTreeSet::new();
    for opening in openings(context, node) {
        let rule = |from: &str| rule(opening.component, &opening.port, from);
        match &opening.port.peers {
            Peers::World => rules.for_world.push(rule("")),
            Peers::Operator => rules.for_operator.push(rule("")),
            Peers::Fleet => rules.for_nodes.push(rule("fleet")),
            Peers::Components(names) => {
                for name in names {
                    groups.insert(name.as_str().to_owned());
                    rules.for_nodes.push(rule(&group(name.as_str())));
                }
            }
        }
    }
    let everyone = context.fleet.nodes.values().map(|node| node.address);
    rules.sets.push(Set { name: "fleet".to_owned(), elements: addresses(everyone) });
    rules.sets.extend(groups.iter().map(|name| Set {
        name: group(name),
        elements: addresses(members(context, name).map(|node| node.address)),
    }));
    render(&rules)
}

/// The set of the nodes that run a component. The prefix keeps clear of the words of `nft`.
fn group(component: &str) -> String {
    format!("runs-{component}")
}

fn rule(component: &str, port: &Port, from: &str) -> Rule {
    let comment = comment(&format!("{component}: {}", port.purpose));
    Rule { protocol: port.protocol.name(), number: port.number, from: from.to_owned(), comment }
}

/// Returns a text that can stand between quotes in a rule.
fn comment(text: &str) -> String {
    let plain = |c: &char| c.is_ascii_graphic() && !matches!(c, '"' | '\\') || *c == ' ';
    text.chars().filter(plain).take(COMMENT_BYTES_MAX).collect()
}

fn prefixes(prefixes: impl IntoIterator<Item = Prefix>) -> String {
    join(prefixes.into_iter().map(|prefix| prefix.to_string()))
}

fn addresses(addresses: impl Iterator<Item = Ipv4Addr>) -> String {
    join(addresses.collect::<BTreeSet<_>>().iter().map(Ipv4Addr::to_string))
}

fn join(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_comment_cannot_end_its_quotes_or_its_line() {
        assert_eq!(super::comment("a: \"b\"\n\\ drop é"), "a: b drop ");
        assert_eq!(super::comment(&"x".repeat(500)).len(), super::COMMENT_BYTES_MAX);
    }
}
