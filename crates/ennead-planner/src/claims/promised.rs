//! What the survival model says: promises, and how long writes are away when they are kept.

use ennead_model::SiteName;
use ennead_spec::claims::{Kind, Quantity};
use ennead_spec::{Promise, Spec};

use super::truth::{Truth, Value};
use crate::survive::{
    Layout, Outcome, Outcomes, SERVERS_MAX, Servers, judge, lose, maintain, part, subsets,
};

/// Adds what the layout survives.
pub(super) fn add_survival(truth: &mut Truth, spec: &Spec) {
    let sites = spec.fleet.sites.keys().cloned().map(Promise::Site);
    let promises: Vec<Promise> = Promise::GENERAL.into_iter().chain(sites).collect();
    let Some(layout) = Layout::of(&spec.fleet, &spec.options) else {
        for promise in promises {
            let why = format!("more than {SERVERS_MAX} servers are not computed");
            truth.know(format!("survive.{promise}"), Kind::YesNo, why.clone());
            truth.know(format!("recovery.{promise}"), Kind::Amount(Quantity::Time), why);
        }
        return;
    };
    let lost = layout.voters.len().saturating_sub(1) / 2;
    let tolerated = f64::from(u32::try_from(lost).unwrap_or(u32::MAX));
    let source = format!("{} voters less a majority of {}", layout.voters.len(), layout.majority());
    truth.insert("quorum.tolerates", Value::amount(tolerated, Quantity::Count("servers"), source));
    for promise in promises {
        add_promise(truth, &layout, &promise);
    }
}

fn add_promise(truth: &mut Truth, layout: &Layout, promise: &Promise) {
    let judged = judge(layout, promise);
    let source = if judged.kept {
        "`check --survive`".to_owned()
    } else {
        format!("`check --survive`: {}", judged.counterexample)
    };
    truth.insert(format!("survive.{promise}"), Value::yes_no(judged.kept, source));
    let name = format!("recovery.{promise}");
    let outcomes = outcomes(layout, promise);
    let seconds: Option<Vec<u32>> = outcomes.iter().map(away).collect();
    match seconds.and_then(|it| it.into_iter().max()) {
        Some(seconds) => {
            let source = "`check --survive`, the longest time without writes";
            truth.insert(name, Value::amount(f64::from(seconds), Quantity::Time, source));
        }
        None => truth.know(
            name,
            Kind::Amount(Quantity::Time),
            "`check --survive`: writes do not come back by themselves in each case",
        ),
    }
}

/// Returns what becomes of the services in each case of a promise.
fn outcomes(layout: &Layout, promise: &Promise) -> Vec<Outcomes> {
    let sets = |sets: Vec<Servers>| sets.into_iter().map(|lost| lose(layout, lost)).collect();
    let sites = |wanted: &dyn Fn(&SiteName) -> bool| {
        sets(layout.sites.iter().filter(|(name, _)| wanted(name)).map(|(_, it)| *it).collect())
    };
    match promise {
        Promise::AnyOneServer => sets(subsets(layout.all, 1)),
        Promise::AnyTwoServers => sets(subsets(layout.all, 2)),
        Promise::AnySite => sites(&|_| true),
        Promise::Site(site) => sites(&|name| name == site),
        Promise::Partition => {
            let cuts = layout.partitions().into_iter().filter(|(_, sides)| sides.len() == 2);
            cuts.map(|(_, sides)| part(layout, &sides)).collect()
        }
        Promise::Maintenance => layout.all.iter().map(|it| maintain(layout, it)).collect(),
    }
}

fn away(outcomes: &Outcomes) -> Option<u32> {
    match outcomes.writes.outcome {
        Outcome::Up => Some(0),
        Outcome::UpAfter { seconds } => Some(seconds),
        _ => None,
    }
}
