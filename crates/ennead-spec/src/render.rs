//! From [`Spec`] back to text: for programs that change a spec, and to prove that reading is whole.

use std::collections::BTreeSet;

use ennead_model::{ComponentName, Entry, Money, Needs, Node, Service};
use toml::{Table, Value};

use crate::carries::render_carries;
use crate::fleet::everywhere;
use crate::load::render_load;
use crate::parse::FORMAT_VERSION;
use crate::spec::{CloudSpec, LAB_ENDPOINT, Spec, TokenSource};

/// Returns a text that reads as the same spec. Comments and defaults of the original are not kept.
///
/// # Errors
/// Only when a component has options that TOML cannot express, which a test of it would show.
pub fn render_spec(spec: &Spec) -> Result<String, toml::ser::Error> {
    let mut platform = Table::new();
    platform.insert("name".into(), spec.platform.clone().into());
    platform.insert("drills".into(), spec.drills.into());
    if !spec.promises.is_empty() {
        platform.insert("promises".into(), list(&spec.promises));
    }
    if let Some(budget) = spec.budget_per_month {
        platform.insert("budget_per_month".into(), budget_value(budget));
    }
    if let Some(load) = &spec.load {
        platform.insert("load".into(), render_load(load));
    }
    let mut root = Table::new();
    root.insert("format_version".into(), FORMAT_VERSION.into());
    root.insert("platform".into(), platform.into());
    root.insert("cloud".into(), cloud(&spec.cloud).into());
    if !spec.operator.ssh_public_keys.is_empty() {
        let keys = list(&spec.operator.ssh_public_keys);
        root.insert("operator".into(), table([("ssh_public_keys", keys)]).into());
    }
    root.insert("sites".into(), sites(spec).into());
    root.insert("tiers".into(), tiers(spec).into());
    root.insert("nodes".into(), nodes(spec).into());
    if !spec.fleet.services.is_empty() {
        root.insert("services".into(), services(spec).into());
    }
    if !spec.fleet.entries.is_empty() {
        root.insert("entries".into(), entries(spec).into());
    }
    if !spec.fleet.volumes.is_empty() {
        root.insert("volumes".into(), volumes(spec).into());
    }
    let mut options = Table::try_from(&spec.options)?;
    options.retain(|_, value| value.as_table().is_none_or(|table| !table.is_empty()));
    if !options.is_empty() {
        root.insert("components".into(), options.into());
    }
    toml::to_string(&root)
}

fn cloud(cloud: &CloudSpec) -> Table {
    let endpoint = cloud.endpoint.as_deref().unwrap_or(LAB_ENDPOINT);
    let mut table = table([("endpoint", endpoint.into()), ("image", cloud.image.as_str().into())]);
    match &cloud.token {
        TokenSource::Env(name) => table.insert("token_env".into(), name.as_str().into()),
        TokenSource::File(path) => table.insert("token_file".into(), path.as_str().into()),
        TokenSource::Lab => None,
    };
    table
}

fn sites(spec: &Spec) -> Table {
    let site = |site: &ennead_model::Site| {
        let prefix = site.private_prefix.to_string();
        table([("location", site.location.as_str().into()), ("private_prefix", prefix.into())])
    };
    spec.fleet.sites.iter().map(|(name, it)| (name.to_string(), site(it).into())).collect()
}

fn tiers(spec: &Spec) -> Table {
    let tier = |tier: &ennead_model::Tier| {
        let server_type = tier.server_type.as_str().into();
        let mut table =
            table([("server_type", server_type), ("components", list(&tier.components))]);
        if tier.backups {
            table.insert("backups".into(), true.into());
        }
        table
    };
    spec.fleet.tiers.iter().map(|(name, it)| (name.to_string(), tier(it).into())).collect()
}

fn nodes(spec: &Spec) -> Table {
    let everywhere: BTreeSet<_> = everywhere(&spec.fleet, &spec.options).into_iter().collect();
    let entry = |it: &Node| (it.name.to_string(), node(spec, it, &everywhere).into());
    spec.fleet.nodes.values().map(entry).collect()
}

fn node(spec: &Spec, node: &Node, everywhere: &BTreeSet<ComponentName>) -> Table {
    let mut table = table([
        ("site", node.site.as_str().into()),
        ("tier", node.tier.as_str().into()),
        ("address", node.address.to_string().into()),
    ]);
    let Some(tier) = spec.fleet.tiers.get(&node.tier) else { return table };
    if node.server_type != tier.server_type {
        table.insert("server_type".into(), node.server_type.as_str().into());
    }
    if node.backups != tier.backups {
        table.insert("backups".into(), node.backups.into());
    }
    let exceptions = [
        ("add", node.components.difference(&tier.components)),
        ("remove", tier.components.difference(&node.components)),
    ];
    for (key, components) in exceptions {
        let components: Vec<_> = components.filter(|name| !everywhere.contains(*name)).collect();
        if !components.is_empty() {
            table.insert(key.into(), list(components));
        }
    }
    table
}

fn services(spec: &Spec) -> Table {
    let service = |it: &Service| {
        let mut table = table([
            ("nodes", list(&it.nodes)),
            ("after_s", i64::from(it.after_s).into()),
            ("promised", it.promised.into()),
        ]);
        let rule = match it.needs {
            Needs::One => "one",
            Needs::Majority => "majority",
            Needs::Shards { masters, copies } => {
                table.insert("masters".into(), i64::from(masters).into());
                table.insert("copies".into(), i64::from(copies).into());
                "shards"
            }
        };
        table.insert("needs".into(), rule.into());
        if !it.uses.is_empty() {
            table.insert("uses".into(), list(&it.uses));
        }
        if let Some(carries) = &it.carries {
            table.insert("carries".into(), render_carries(carries));
        }
        table
    };
    spec.fleet.services.iter().map(|(name, it)| (name.to_string(), service(it).into())).collect()
}

fn entries(spec: &Spec) -> Table {
    let entry = |it: &Entry| {
        let mut table = table([("component", it.component.as_str().into())]);
        if !it.everywhere {
            table.insert("sites".into(), list(&it.sites));
        }
        if let Some(dns) = &it.dns {
            table.insert("dns".into(), dns.name.as_str().into());
            table.insert("ttl_s".into(), i64::from(dns.ttl_s).into());
            if let Some(zone) = &dns.make_zone {
                table.insert("make_zone".into(), zone.as_str().into());
            }
        }
        table
    };
    spec.fleet.entries.iter().map(|(name, it)| (name.to_string(), entry(it).into())).collect()
}

fn volumes(spec: &Spec) -> Table {
    let volume = |it: &ennead_model::Volume| {
        let size = i64::from(it.size_gb).into();
        table([("node", it.node.as_str().into()), ("size_gb", size)])
    };
    spec.fleet.volumes.iter().map(|(name, it)| (name.to_string(), volume(it).into())).collect()
}

/// A budget has whole cents and is small, so its shortest decimal form is the amount itself.
fn budget_value(budget: Money) -> Value {
    let text = budget.to_string();
    match text.strip_suffix(".00").and_then(|whole| whole.parse::<i64>().ok()) {
        Some(whole) => whole.into(),
        None => Value::Float(text.parse().unwrap_or_default()),
    }
}

fn table<const N: usize>(entries: [(&str, Value); N]) -> Table {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn list(items: impl IntoIterator<Item = impl ToString>) -> Value {
    Value::Array(items.into_iter().map(|item| Value::String(item.to_string())).collect())
}

#[cfg(test)]
mod tests {
    use ennead_model::Catalogue;

    use super::*;
    use crate::{PRESETS, parse_spec};

    #[test]
    fn presets_come_back_whole_with_their_promises() {
        for preset in &PRESETS {
            let spec = parse_spec(preset.text, Catalogue::embedded()).spec.unwrap();
            assert!(!spec.promises.is_empty());
            let text = render_spec(&spec).unwrap();
            assert_eq!(parse_spec(&text, Catalogue::embedded()).spec.unwrap(), spec, "{text}");
        }
    }
}
