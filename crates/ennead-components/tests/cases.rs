//! Each `src/COMPONENT/cases/NAME.json` says a fleet, a node and options; beside it stands a
//! snapshot of everything that the component declares for them and of what it finds wrong.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads its cases and fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::path::Path;

use ennead_components::{Context, Options, find, order_for, runs_on};
use ennead_model::fleet::Prefix;
use ennead_model::{
    ComponentName, Condition, Fleet, Inventory, Node, NodeAction, NodeName, Site, SiteName,
    TierName,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    fleet: String,
    node: String,
    #[serde(default)]
    options: Options,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShortFleet {
    platform: String,
    sites: BTreeMap<SiteName, Prefix>,
    nodes: BTreeMap<NodeName, ShortNode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShortNode {
    site: SiteName,
    address: Ipv4Addr,
    memory_gib: u64,
    runs: BTreeSet<ComponentName>,
}

impl From<ShortFleet> for Fleet {
    fn from(short: ShortFleet) -> Self {
        let site = |(name, private_prefix): (SiteName, Prefix)| {
            let (location, network_zone) = (name.to_string(), name.to_string());
            (name.clone(), Site { name, location, network_zone, private_prefix })
        };
        let node = |(name, node): (NodeName, ShortNode)| {
            let node = Node {
                name: name.clone(),
                site: node.site,
                tier: TierName::new("all").unwrap(),
                server_type: "any".to_owned(),
                address: node.address,
                memory_bytes: node.memory_gib << 30,
                cores: 4,
                components: node.runs,
                backups: false,
            };
            (name, node)
        };
        Self {
            platform: short.platform,
            sites: short.sites.into_iter().map(site).collect(),
            nodes: short.nodes.into_iter().map(node).collect(),
            ..Self::default()
        }
    }
}

fn render(component: &str, case: &Case, fleet: &Fleet) -> String {
    let inventory = Inventory::empty();
    let context = Context { fleet, options: &case.options, inventory: &inventory };
    let node = fleet.node(&case.node).unwrap();
    let component = find(component).unwrap();
    let (declaration, order) =
        (component.declare(&context, node), order_for(component, &context, node));
    let mut text = format!("{}\nruns here: {}\n", case.about, runs_on(component, &context, node));
    section(&mut text, "findings", component.check(&context));
    section(&mut text, "actions", order.actions.iter().map(NodeAction::summary));
    if !order.confirm.is_empty() {
        let confirm = order.confirm.iter().map(NodeAction::summary);
        section(&mut text, "actions over a new connection", confirm);
    }
    section(&mut text, "health", order.health.iter().map(Condition::summary));
    let gates = component.gates(&context, node);
    section(&mut text, "gates", gates.iter().map(|(on, gate)| format!("{on}: {}", gate.summary())));
    section(&mut text, "ports", declaration.ports.iter().map(json));
    if !declaration.interfaces.is_empty() {
        section(&mut text, "interfaces", declaration.interfaces.iter().map(json));
    }
    section(&mut text, "certificates", declaration.certificates.iter().map(json));
    section(&mut text, "secrets", declaration.secrets.iter().map(json));
    let references = order.references().unwrap();
    section(&mut text, "references", references);
    for action in order.all_actions() {
        match action {
            NodeAction::File { path, content, owner, group, mode, secret } => {
                let secret = if *secret { " secret" } else { "" };
                section(&mut text, &format!("{path} {owner}:{group} {mode:o}{secret}"), [content]);
            }
            NodeAction::Component { verb, arguments, .. } => {
                section(&mut text, verb, [serde_json::to_string_pretty(arguments).unwrap()]);
            }
            NodeAction::Unit { .. } | NodeAction::Command { .. } => {
                section(&mut text, &action.summary(), [json(action)]);
            }
            _ => {}
        }
    }
    text
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

fn section<T: std::fmt::Display>(
    text: &mut String,
    title: &str,
    lines: impl IntoIterator<Item = T>,
) {
    writeln!(text, "\n=== {title}").unwrap();
    for line in lines {
        writeln!(text, "{line}").unwrap();
    }
}

fn check_case(path: &Path) -> datatest_stable::Result<()> {
    let case: Case = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let fleets = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fleets");
    let fleet = std::fs::read_to_string(fleets.join(format!("{}.json", case.fleet)))?;
    let fleet: ShortFleet = serde_json::from_str(&fleet)?;
    let directory = path.parent().unwrap();
    let component = directory.parent().unwrap().file_name().unwrap().to_str().unwrap();
    let text = render(component, &case, &fleet.into());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join(directory));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let name = path.file_stem().unwrap().to_str().unwrap();
    settings.bind(|| insta::assert_snapshot!(name, text));
    Ok(())
}

datatest_stable::harness! {
    { test = check_case, root = "src", pattern = r"/cases/[^/]+\.json$" },
}
