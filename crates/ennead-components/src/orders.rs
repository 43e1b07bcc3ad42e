//! What the platform derives from declarations: orders, wanted secrets and certificates, packages.
//!
//! A component says once, as data, what it needs on a node. Each reader of that data lives here, so
//! that orders, the certificate authority, the secret store and the lab's image cannot disagree.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ennead_model::fleet::Prefix;
use ennead_model::{
    ComponentName, Fleet, Inventory, Node, NodeAction, NodeName, NodeOrder, Ref, RefKind, Site,
    SiteName, TierName,
};

use crate::{ALL, Certificate, Component, Context, Declaration, Options, SecretRequest};

/// Mode of a certificate: not secret.
const CERTIFICATE_MODE: u32 = 0o644;
/// Mode of a private key that only its owner reads.
const KEY_MODE: u32 = 0o600;
/// Mode of a private key that is owned by root and read by a program's group.
const KEY_MODE_GROUP: u32 = 0o640;

/// Everything that has to exist before any order can be resolved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Secrets of the whole platform.
    pub secrets: BTreeSet<SecretRequest>,
    /// Leaf certificates by node, in the order of the components.
    pub certificates: BTreeMap<NodeName, Vec<Certificate>>,
}

/// Returns whether a node has an instance of the component: it is listed, or it is everywhere.
pub fn runs_on(component: &dyn Component, context: &Context<'_>, node: &Node) -> bool {
    node.components.contains(component.name()) || component.everywhere(context)
}

/// Returns the components of a node in the order in which they converge.
pub fn components_of(context: &Context<'_>, node: &Node) -> Vec<&'static dyn Component> {
    ALL.iter().copied().filter(|component| runs_on(*component, context, node)).collect()
}

/// Returns the component's name as the model's type.
pub fn component_name(component: &dyn Component) -> ComponentName {
    ComponentName::new(component.name()).expect("a test checks every component's name")
}

/// Returns the order that brings a component on a node to what it declares, with generation 0 and
/// without a digest: the planner fills in both.
///
/// The actions stand in the order of the declaration's fields and end with the wait for health,
/// which belongs to those over a new connection when there are any.
pub fn order_for(component: &dyn Component, context: &Context<'_>, node: &Node) -> NodeOrder {
    let declaration = component.declare(context, node);
    let name = component_name(component);
    let mut order = NodeOrder::new(&context.fleet.platform, node.name.clone(), name);
    order.health.clone_from(&declaration.health);
    (order.actions, order.confirm) = actions(declaration, &node.name);
    order
}

fn actions(declaration: Declaration, node: &NodeName) -> (Vec<NodeAction>, Vec<NodeAction>) {
    let mut actions = Vec::new();
    if !declaration.packages.is_empty() {
        actions.push(NodeAction::Packages { names: declaration.packages });
    }
    actions.extend(declaration.users);
    actions.extend(declaration.directories);
    actions.extend(declaration.certificates.iter().flat_map(|leaf| certificate_files(leaf, node)));
    actions.extend(declaration.files);
    actions.extend(declaration.sysctls);
    actions.extend(declaration.prepare);
    actions.extend(declaration.units);
    actions.extend(declaration.finish);
    let mut confirm = declaration.confirm;
    if let Some(condition) = declaration.health {
        let deadline_s = declaration.health_deadline_s;
        let last = if confirm.is_empty() { &mut actions } else { &mut confirm };
        last.push(NodeAction::WaitUntil { condition, deadline_s });
    }
    (actions, confirm)
}

fn certificate_files(certificate: &Certificate, node: &NodeName) -> [NodeAction; 2] {
    let name = format!("{}/{node}", certificate.name);
    let of_group = certificate.owner == "root" && certificate.group != "root";
    let file = |path: &camino::Utf8PathBuf, kind, mode, secret| NodeAction::File {
        path: path.clone(),
        content: Ref::new(kind, &name).to_string(),
        owner: certificate.owner.clone(),
        group: certificate.group.clone(),
        mode,
        secret,
    };
    let key_mode = if of_group { KEY_MODE_GROUP } else { KEY_MODE };
    [
        file(&certificate.cert_path, RefKind::Cert, CERTIFICATE_MODE, false),
        file(&certificate.key_path, RefKind::Key, key_mode, true),
    ]
}

/// Returns the secrets of the platform and the certificates of each node.
pub fn wanted(context: &Context<'_>) -> Wanted {
    let mut wanted = Wanted::default();
    for node in context.fleet.nodes.values() {
        let certificates = wanted.certificates.entry(node.name.clone()).or_default();
        for component in components_of(context, node) {
            let declaration = component.declare(context, node);
            wanted.secrets.extend(declaration.secrets);
            certificates.extend(declaration.certificates);
        }
    }
    wanted
}

/// Returns every Debian package that any component may need with default options, sorted: what an
/// image holds so that a new node has nothing to download.
pub fn image_packages() -> Vec<String> {
    let fleet = everything();
    let (options, inventory) = (Options::default(), Inventory::empty());
    let context = Context { fleet: &fleet, options: &options, inventory: &inventory };
    let packages: BTreeSet<String> = fleet
        .nodes
        .values()
        .flat_map(|node| ALL.iter().map(|component| component.declare(&context, node)))
        .flat_map(|declaration| declaration.packages)
        .collect();
    packages.into_iter().collect()
}

/// Makes the smallest fleet in which every component applies: two sites with one node each.
fn everything() -> Fleet {
    let mut fleet = Fleet { platform: "image".to_owned(), ..Fleet::default() };
    for index in 1..=2_u8 {
        let label = format!("image-{index}");
        let name = NodeName::new(label.as_str()).expect("a label");
        let site = SiteName::new(label.as_str()).expect("a label");
        let private_prefix = Prefix { address: Ipv4Addr::new(10, index, 0, 0), bits: 24 };
        let node = Node {
            name: name.clone(),
            site: site.clone(),
            tier: TierName::new("image").expect("a label"),
            server_type: String::new(),
            address: Ipv4Addr::new(10, index, 0, 11),
            memory_bytes: 4 << 30,
            cores: 2,
            components: ALL.iter().map(|component| component_name(*component)).collect(),
            backups: false,
        };
        let (location, network_zone) = (label.clone(), label);
        let place = Site { name: site.clone(), location, network_zone, private_prefix };
        fleet.sites.insert(site, place);
        fleet.nodes.insert(name, node);
    }
    fleet
}

#[cfg(test)]
mod tests {
    use ennead_model::OnChange;

    use super::*;
    use crate::leaf::CA_PATH;

    #[test]
    fn every_component_has_a_label_as_name_and_stands_after_what_it_needs() {
        let mut earlier = BTreeSet::new();
        for component in ALL {
            assert!(ComponentName::new(component.name()).is_ok(), "{}", component.name());
            for needed in component.after() {
                assert!(earlier.contains(needed), "{} needs {needed}", component.name());
            }
            earlier.insert(component.name());
        }
    }

    #[test]
    fn orders_repeat_byte_for_byte_and_end_with_health() {
        let (fleet, options, inventory) = (everything(), Options::default(), Inventory::empty());
        let context = Context { fleet: &fleet, options: &options, inventory: &inventory };
        for node in fleet.nodes.values() {
            for component in components_of(&context, node) {
                let order = order_for(component, &context, node);
                assert_eq!(order, order_for(component, &context, node));
                assert_eq!(order.generation, 0);
                let waits =
                    matches!(order.all_actions().last(), Some(NodeAction::WaitUntil { .. }));
                assert_eq!(waits, order.health.is_some(), "{}", component.name());
                order.references().unwrap();
            }
        }
    }

    /// A new authority reaches a program only with an order, and an order changes only with the
    /// certificates that are issued with it.
    #[test]
    fn a_program_that_trusts_the_authority_takes_up_another_one() {
        let (fleet, options, inventory) = (everything(), Options::default(), Inventory::empty());
        let context = Context { fleet: &fleet, options: &options, inventory: &inventory };
        let Some(node) = fleet.nodes.values().next() else { panic!("a node") };
        let mut trusting = BTreeSet::new();
        for component in ALL.iter().filter(|component| component.name() != "base") {
            let declaration = component.declare(&context, node);
            let trusts = |file: &NodeAction| file.texts().iter().any(|it| it.contains(CA_PATH));
            if !declaration.files.iter().any(trusts) {
                continue;
            }
            let watches = |unit: &NodeAction| match unit {
                NodeAction::Unit { watches, on_change, .. } => {
                    *on_change != OnChange::Nothing && watches.iter().any(|it| it == CA_PATH)
                }
                _ => false,
            };
            assert!(declaration.units.iter().any(watches), "{}", component.name());
            assert!(!declaration.certificates.is_empty(), "{}", component.name());
            trusting.insert(component.name());
        }
        assert!(trusting.contains("etcd") && trusting.len() >= 3, "{trusting:?}");
    }

    #[test]
    fn private_keys_are_secret_files_and_certificates_are_not() {
        let certificate = Certificate {
            name: "web".to_owned(),
            common_name: "n1".to_owned(),
            dns_names: Vec::new(),
            addresses: Vec::new(),
            usage: crate::Usage::Server,
            cert_path: "/etc/web/web.pem".into(),
            key_path: "/etc/web/web.key".into(),
            owner: "root".to_owned(),
            group: "web".to_owned(),
        };
        let node = NodeName::new("n1").unwrap();
        let [cert, key] = certificate_files(&certificate, &node);
        assert_eq!(cert.texts(), ["@{cert:web/n1}"]);
        assert_eq!(key.texts(), ["@{key:web/n1}"]);
        assert!(matches!(key, NodeAction::File { mode: 0o640, secret: true, .. }));
        assert!(matches!(cert, NodeAction::File { mode: 0o644, secret: false, .. }));
    }
}
