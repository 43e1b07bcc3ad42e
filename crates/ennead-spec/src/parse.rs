//! From text to [`Spec`]: reads every table and never stops at the first mistake.

use ennead_model::{Catalogue, Finding, Fleet, Load, Money, Severity};

use crate::budget::read_budget;
use crate::cloud::read_cloud;
use crate::entries::read_entries;
use crate::fleet::{place_components, read_nodes, read_sites, read_tiers};
use crate::load::read_load;
use crate::operator::read_operator;
use crate::options::read_options;
use crate::promise::read_promises;
use crate::services::read_services;
use crate::spec::Spec;
use crate::text::{Document, Places, Section, without_errors};
use crate::volumes::read_volumes;

/// Version of the spec's format that this program reads.
pub const FORMAT_VERSION: i64 = 1;

/// Longest platform name in characters, so that names in the cloud made from it stay below 63.
const PLATFORM_CHARS_MAX: usize = 30;

/// What came of a text.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The spec, when every site, tier and node of it could be made. Errors may stand in the
    /// findings nevertheless, for example an address that is given twice.
    pub spec: Option<Spec>,
    /// Everything that is wrong or remarkable, in the order of the text's tables.
    pub findings: Vec<Finding>,
    /// Where each path stands in the text.
    pub places: Places,
}

impl Parsed {
    /// Returns whether any finding is an error.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// Reads a spec. Pure: the same text and catalogue give the same result.
pub fn parse_spec(text: &str, catalogue: &Catalogue) -> Parsed {
    let readable = without_errors(text);
    let document = Document::read(text, &readable);
    let spec = read_spec(&document, catalogue);
    let (findings, places) = document.finish();
    Parsed { spec, findings, places }
}

fn read_spec(document: &Document<'_>, catalogue: &Catalogue) -> Option<Spec> {
    let root = document.root();
    if !read_format(&root) {
        return None;
    }
    let platform = read_platform(&root);
    let cloud = read_cloud(root.section("cloud").as_ref(), catalogue);
    let operator = read_operator(root.section("operator").as_ref());
    let (options, options_whole) = read_options(document, &root);
    let fleet = read_fleet(&root, &options, catalogue);
    root.finish();
    let Platform { name: platform, drills, promises, budget_per_month, load } = platform?;
    let sites = fleet.as_ref().map(|fleet| fleet.sites.keys()).into_iter().flatten();
    // Without the sites a promise about one cannot be judged; what keeps them from being read is a
    // finding already.
    let (promises, unknown) = match fleet {
        Some(_) => read_promises(&promises, &sites),
        None => (Vec::new(), Vec::new()),
    };
    for finding in unknown {
        root.note(finding);
    }
    let mut fleet = fleet.filter(|_| options_whole)?;
    fleet.platform.clone_from(&platform);
    Some(Spec {
        platform,
        drills,
        promises,
        budget_per_month,
        load,
        cloud,
        operator,
        fleet,
        options,
    })
}

/// Returns false when the rest of the text follows rules that are not known here.
fn read_format(root: &Section<'_, '_>) -> bool {
    let place = "format_version";
    let hint = format!("write format_version = {FORMAT_VERSION}");
    match root.integer(place) {
        Some(FORMAT_VERSION) => {}
        Some(version) => {
            let message =
                format!("format {version} is not known; this program reads {FORMAT_VERSION}");
            root.note(
                Finding::error("format-version", place, message)
                    .hint(format!("{hint}, or use the ennead that wrote this file")),
            );
            return false;
        }
        None if root.value(place).is_some() => {}
        None => root.note(Finding::error("missing-key", place, "is missing").hint(hint)),
    }
    true
}

/// The table of the platform itself.
struct Platform<'t> {
    name: String,
    drills: bool,
    /// Each word with its place.
    promises: Vec<(String, &'t str)>,
    budget_per_month: Option<Money>,
    load: Option<Load>,
}

/// Returns the platform's name, whether drills may break it, what it promises, may cost and carries.
fn read_platform<'d>(root: &Section<'d, '_>) -> Option<Platform<'d>> {
    let section = root.required_section("platform")?;
    let name = section.required_text("name", "shop");
    let drills = section.boolean("drills").unwrap_or(false);
    let promises = section.texts("promises");
    let budget_per_month = read_budget(&section);
    let load = read_load(&section);
    section.finish();
    let name = name?;
    if ennead_model::SiteName::new(name).is_err() || name.len() > PLATFORM_CHARS_MAX {
        let shown: String = name.chars().take(80).collect();
        let message = format!("{shown:?} cannot be a platform's name");
        let hint = format!("use 1 to {PLATFORM_CHARS_MAX} of a-z, 0-9 and '-', such as crm");
        section.note(Finding::error("bad-name", section.place("name"), message).hint(hint));
        return None;
    }
    Some(Platform { name: name.to_owned(), drills, promises, budget_per_month, load })
}

/// Returns the fleet when every site, tier and node of it could be made.
fn read_fleet(
    root: &Section<'_, '_>,
    options: &ennead_components::Options,
    catalogue: &Catalogue,
) -> Option<Fleet> {
    // They are read when the whole fleet could be; no reason to call them unknown before.
    for key in ["services", "entries", "volumes"] {
        root.know(key);
    }
    let sites = root.required_section("sites").map(|section| read_sites(&section, catalogue));
    let tiers = root.required_section("tiers").map(|section| read_tiers(&section, catalogue));
    let (sites, sites_whole) = sites.unwrap_or_default();
    let (tiers, tiers_whole) = tiers.unwrap_or_default();
    let Some(nodes) = root.section("nodes").filter(|nodes| !nodes.is_empty()) else {
        note_empty(root);
        return None;
    };
    let mut fleet = Fleet { sites, tiers, ..Fleet::default() };
    let (exceptions, nodes_whole) = read_nodes(root, &nodes, &mut fleet, catalogue);
    for finding in place_components(&mut fleet, options, &exceptions) {
        root.note(finding);
    }
    if !(sites_whole && tiers_whole && nodes_whole) {
        return None;
    }
    note_unused(root, &fleet);
    if let Some(section) = root.section("services") {
        fleet.services = read_services(&section, &fleet);
    }
    if let Some(section) = root.section("entries") {
        fleet.entries = read_entries(&section, &fleet);
    }
    if let Some(section) = root.section("volumes") {
        fleet.volumes = read_volumes(&section, &fleet);
    }
    Some(fleet)
}

fn note_empty(root: &Section<'_, '_>) {
    let finding = Finding::error("empty-fleet", "nodes", "the platform has no node");
    root.note(finding.hint("add [nodes.NAME] with site, tier and address; see ennead init"));
}

fn note_unused(root: &Section<'_, '_>, fleet: &Fleet) {
    for site in fleet.sites.keys() {
        if !fleet.nodes.values().any(|node| node.site == *site) {
            let message = "no node stands in this site; its network is made nevertheless";
            root.note(Finding::warning("site-unused", format!("sites.{site}"), message));
        }
    }
    for tier in fleet.tiers.keys() {
        if !fleet.nodes.values().any(|node| node.tier == *tier) {
            let message = "no node belongs to this tier";
            root.note(Finding::warning("tier-unused", format!("tiers.{tier}"), message));
        }
    }
}
