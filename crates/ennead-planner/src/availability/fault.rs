//! Everything that can go wrong with a layout, each with its rate.

use serde::Serialize;

use super::rates::Rates;
use crate::survive::{Layout, Servers};

/// The kind of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A server is lost and has to be replaced.
    Loss,
    /// A server crashes and starts again by itself.
    Crash,
    /// A whole site is out.
    Site,
    /// A site is cut off from the others.
    Partition,
    /// A server is worked on, by plan.
    Maintenance,
}

impl Kind {
    /// Every kind, in the order in which they are shown.
    pub const ALL: [Self; 5] =
        [Self::Loss, Self::Crash, Self::Site, Self::Partition, Self::Maintenance];

    /// Returns what happens, for a table.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Loss => "a server is lost",
            Self::Crash => "a server crashes and starts again",
            Self::Site => "a site is out",
            Self::Partition => "a site is cut off",
            Self::Maintenance => "planned work on a server",
        }
    }
}

/// One thing that can go wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Its kind.
    pub kind: Kind,
    /// What it is, for a table.
    pub what: String,
    /// The servers that it takes.
    pub lost: Servers,
    /// The sides into which it cuts the sites; empty for none.
    pub sides: Vec<Servers>,
    /// How often, per year.
    pub per_year: f64,
    /// How long on average, minutes.
    pub minutes: f64,
}

impl Fault {
    /// Returns whether it is begun by a person, who can wait.
    #[must_use]
    pub fn is_planned(&self) -> bool {
        self.kind == Kind::Maintenance
    }

    /// Returns whether it takes and separates nothing but servers that are lost already.
    pub(super) fn is_hidden_by(&self, lost: Servers) -> bool {
        let sides = self.sides.iter().filter(|side| !side.within(lost)).count();
        sides <= 1 && self.lost.within(lost)
    }
}

/// Returns every fault that can happen, in a fixed order.
#[must_use]
pub fn faults(layout: &Layout, rates: &Rates) -> Vec<Fault> {
    let server = |kind, word: &str, per_year: f64, minutes: f64| {
        let fault = move |index| Fault {
            kind,
            what: format!("{} {word}", layout.name(index)),
            lost: Servers::one(index),
            sides: Vec::new(),
            per_year,
            minutes,
        };
        layout.all.iter().map(fault).collect::<Vec<_>>()
    };
    let Rates { server_loss_per_year, server_crash_per_year, maintenance_per_year, .. } = *rates;
    let replaced = rates.server_loss_hours * 60.0;
    let mut all = server(Kind::Loss, "lost", server_loss_per_year, replaced);
    all.extend(server(Kind::Crash, "crashed", server_crash_per_year, rates.server_crash_minutes));
    all.extend(layout.sites.iter().map(|(site, servers)| Fault {
        kind: Kind::Site,
        what: format!("site {site} out"),
        lost: *servers,
        sides: Vec::new(),
        per_year: rates.site_outage_per_year,
        minutes: rates.site_outage_hours * 60.0,
    }));
    all.extend(cuts(layout, rates));
    let worked_on = rates.maintenance_minutes;
    all.extend(server(Kind::Maintenance, "worked on", maintenance_per_year, worked_on));
    all
}

/// Each site alone against the others; with two sites that is one cut.
fn cuts(layout: &Layout, rates: &Rates) -> Vec<Fault> {
    let count = match layout.sites.len() {
        0 | 1 => 0,
        2 => 1,
        more => more,
    };
    let cut = layout.sites.iter().take(count).map(|(site, servers)| Fault {
        kind: Kind::Partition,
        what: format!("site {site} cut off"),
        lost: Servers::NONE,
        sides: vec![*servers, layout.all.minus(*servers)],
        per_year: rates.partition_per_year,
        minutes: rates.partition_minutes,
    });
    cut.collect()
}
