//! Whether users of every entry have a second way in, and whether the cloud can name what is made.

use std::collections::BTreeMap;

use ennead_components::Context;
use ennead_model::names::NAME_BYTES_MAX;
use ennead_model::{Entry, Finding};

use crate::plan::objects::{floating_ip_name, volume_name};

/// Returns findings about entries and volumes.
pub(super) fn check_entries(context: &Context<'_>) -> Vec<Finding> {
    let mut findings: Vec<_> =
        context.fleet.entries.values().flat_map(|entry| check_entry(context, entry)).collect();
    findings.extend(check_names(context));
    findings
}

fn check_entry(context: &Context<'_>, entry: &Entry) -> Vec<Finding> {
    let (name, component) = (&entry.name, &entry.component);
    let mut findings = Vec::new();
    for site in &entry.sites {
        let holders: Vec<_> = context.fleet.holders(entry, site).collect();
        let [holder] = holders.as_slice() else { continue };
        let place = format!("entries.{name}.sites");
        let alone = format!("{} alone can hold the address of site {site}", holder.name);
        let hint = format!("a standby there: let another node of site {site} run {component} too");
        let finding = if entry.dns.is_some() {
            let message =
                format!("{alone}: without it users of {name} there wait for DNS to change");
            Finding::note("entry-single-holder", place, message)
        } else {
            let message = format!("{alone}: without it users of {name} there stay outside");
            Finding::warning("entry-single-holder", place, message)
        };
        findings.push(finding.hint(hint));
    }
    if entry.sites.len() > 1 && entry.dns.is_none() {
        let message = format!(
            "{name} has an address in {} sites and no name: users of a lost site stay outside",
            entry.sites.len()
        );
        let hint = "add dns = \"app.example.com\" with a name of a zone in the cloud";
        findings
            .push(Finding::warning("entry-no-name", format!("entries.{name}"), message).hint(hint));
    }
    findings
}

/// Names in the cloud are made of several; two of them must not come out the same, nor too long.
fn check_names(context: &Context<'_>) -> Vec<Finding> {
    let fleet = context.fleet;
    let addresses = fleet.entries.values().flat_map(|entry| {
        let place = format!("entries.{}", entry.name);
        let named = |site| floating_ip_name(&fleet.platform, &entry.name, site);
        entry.sites.iter().map(named).map(move |name| (place.clone(), "floating IP", name))
    });
    let volumes = fleet
        .volumes
        .keys()
        .map(|name| (format!("volumes.{name}"), "volume", volume_name(&fleet.platform, name)));
    let mut seen: BTreeMap<(&str, String), String> = BTreeMap::new();
    let mut findings = Vec::new();
    for (place, kind, name) in addresses.chain(volumes) {
        if name.len() > NAME_BYTES_MAX {
            let message = format!(
                "the {kind} {name} would have a name of more than {NAME_BYTES_MAX} characters"
            );
            findings.push(
                Finding::error("name-too-long", &place, message).hint("choose a shorter name"),
            );
        }
        if let Some(other) = seen.insert((kind, name.clone()), place.clone()) {
            let message = format!("the {kind} {name} would be that of {other} too");
            findings
                .push(Finding::error("name-taken", place, message).hint("rename one of the two"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use ennead_model::Catalogue;
    use ennead_spec::{Places, parse_spec, preset};

    use crate::check::check_spec;

    fn said(rest: &str) -> Vec<String> {
        let seed = preset("seed").unwrap().text;
        let text = format!(
            "{seed}\n[sites.far]\nlocation = \"ash\"\n\
             private_prefix = \"10.9.0.0/24\"\n[nodes.far-1]\nsite = \"far\"\ntier = \"lean\"\n\
             address = \"10.9.0.11\"\n[tiers.lean]\nserver_type = \"ccx13\"\n\
             components = [\"haproxy\"]\n{rest}"
        );
        let parsed = parse_spec(&text, Catalogue::embedded());
        assert_eq!(parsed.findings, []);
        let findings = check_spec(&parsed.spec.unwrap(), &Places::default());
        let ours = ["entry-single-holder", "entry-no-name", "name-too-long", "name-taken"];
        let ours = findings.iter().filter(|it| ours.contains(&it.code.as_str()));
        ours.map(|it| format!("{}: {}", it.severity, it.message)).collect()
    }

    #[test]
    fn a_single_holder_is_named_and_matters_more_without_a_name() {
        let entry = "[entries.public]\ncomponent = \"haproxy\"\n";
        let expected = [
            "warning: public has an address in 2 sites and no name: users of a lost site stay outside",
            "warning: far-1 alone can hold the address of site far: without it users of public there \
             stay outside",
        ];
        assert_eq!(said(entry), expected);
        let expected = ["note: far-1 alone can hold the address of site far: without it users of \
                         public there wait for DNS to change"];
        assert_eq!(said(&format!("{entry}dns = \"app.example.com\"\n")), expected);
        assert_eq!(said(""), Vec::<String>::new());
    }

    #[test]
    fn names_in_the_cloud_are_not_too_long() {
        let long = "a".repeat(60);
        let found = said(&format!("[volumes.{long}]\nnode = \"seed-1\"\nsize_gb = 10\n"));
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("would have a name of more than 63 characters"), "{found:?}");
    }
}
