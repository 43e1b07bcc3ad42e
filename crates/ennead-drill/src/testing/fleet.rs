//! A small platform for tests: three database nodes and two for applications, at two sites.

use std::collections::BTreeMap;

use ennead_model::{
    Fleet, Health, Inventory, Known, Node, NodeFacts, NodeName, Observation, Site, SiteName,
    TierName,
};

pub(crate) fn name(text: &str) -> NodeName {
    NodeName::new(text).unwrap()
}

pub(crate) fn fleet() -> Fleet {
    let node = |index: u8, text: &str, site: &str, components: &[&str]| Node {
        name: name(text),
        site: SiteName::new(site).unwrap(),
        tier: TierName::new("any").unwrap(),
        server_type: "small".to_owned(),
        address: format!("127.0.0.{index}").parse().unwrap(),
        memory_bytes: 1 << 30,
        cores: 1,
        components: components.iter().map(|text| text.parse().unwrap()).collect(),
        backups: false,
    };
    let database = ["base", "etcd", "postgres", "pgbouncer", "haproxy"];
    let nodes = [
        node(11, "db-1", "west", &database),
        node(12, "db-2", "east", &database),
        node(13, "db-3", "east", &database),
        node(21, "app-1", "west", &["base"]),
        node(22, "app-2", "east", &["base"]),
    ];
    let site = |text: &str, prefix: &str| Site {
        name: SiteName::new(text).unwrap(),
        location: text.to_owned(),
        network_zone: text.to_owned(),
        private_prefix: prefix.parse().unwrap(),
    };
    let sites = [site("west", "127.0.0.0/25"), site("east", "127.0.0.128/25")];
    Fleet {
        platform: "shop".to_owned(),
        sites: sites.into_iter().map(|site| (site.name.clone(), site)).collect(),
        nodes: nodes.into_iter().map(|node| (node.name.clone(), node)).collect(),
        ..Fleet::default()
    }
}

/// Everything is healthy and this node is primary.
pub(crate) fn healthy(primary: &str) -> Inventory {
    let mut inventory = Inventory::empty();
    for node in fleet().nodes.into_values() {
        let mut components = BTreeMap::new();
        for component in node.components {
            let mut seen = Observation {
                applied: None,
                drift: Vec::new(),
                health: Known::Known(Health::Healthy),
                role: None,
                facts: BTreeMap::new(),
            };
            if component.as_str() == "postgres" {
                let is_primary = node.name.as_str() == primary;
                seen.role = Some(if is_primary { "primary" } else { "replica" }.to_owned());
                let others = ["db-1", "db-2", "db-3"].into_iter().filter(|it| *it != primary);
                let others = others.collect::<Vec<_>>().join(",");
                let facts: &[(&str, &str)] = if is_primary {
                    &[("replicas", "2"), ("synchronous", &others)]
                } else {
                    &[("streaming", "true")]
                };
                let facts = facts.iter().map(|(key, value)| ((*key).into(), (*value).into()));
                seen.facts = facts.collect();
            }
            components.insert(component, seen);
        }
        let facts = NodeFacts {
            generation: 1,
            ennead: "0.1.0".to_owned(),
            os: "Debian GNU/Linux 13 (trixie)".to_owned(),
            memory_bytes: 1 << 30,
            disk_free_bytes: 1 << 30,
            components,
        };
        inventory.nodes.insert(node.name, Known::Known(facts));
    }
    inventory
}
