//! What is no longer as an order left it. One question for all packages, one
//! for all users, one for all units.

use std::collections::BTreeMap;

use camino::Utf8Path;
use ennead_host::{Host, HostError};
use ennead_model::{ComponentName, sha256_hex};

use crate::action::{
    UnitState, live_value, missing_packages, missing_users, same_value, show_units,
};
use crate::problem::Problem;
use crate::record::{ExpectedPath, ExpectedUnit, Record};

type Records = BTreeMap<ComponentName, Record>;

/// Returns one line for each difference, by component.
pub(super) async fn find(
    host: &dyn Host,
    records: &Records,
) -> Result<BTreeMap<ComponentName, Vec<String>>, Problem> {
    let packages: Vec<String> =
        records.values().flat_map(|record| record.expected.packages.iter().cloned()).collect();
    let units: Vec<&str> = records
        .values()
        .flat_map(|record| record.expected.units.keys().map(String::as_str))
        .collect();
    let users: Vec<String> =
        records.values().flat_map(|record| record.expected.users.iter().cloned()).collect();
    let (missing, strangers, units) = tokio::join!(
        missing_packages(host, &packages),
        missing_users(host, &users),
        show_units(host, &units)
    );
    let (missing, strangers, units) = (missing?, strangers?, units?);
    let mut all = BTreeMap::new();
    for (name, record) in records {
        let mut lines = Vec::new();
        let gone = record.expected.packages.iter().filter(|package| missing.contains(package));
        lines.extend(gone.map(|package| format!("package {package} is not installed")));
        let gone = record.expected.users.iter().filter(|user| strangers.contains(user));
        lines.extend(gone.map(|user| format!("user {user} does not exist")));
        for (path, expected) in &record.expected.paths {
            lines.extend(path_drift(host, path, expected).await?);
        }
        for path in &record.expected.absent {
            if host.facts(path).await?.is_some() {
                lines.push(format!("{path} exists again"));
            }
        }
        lines.extend(sysctl_drift(host, record).await?);
        for (unit, expected) in &record.expected.units {
            lines.extend(unit_drift(unit, *expected, units.get(unit)));
        }
        all.insert(name.clone(), lines);
    }
    Ok(all)
}

async fn path_drift(
    host: &dyn Host,
    path: &Utf8Path,
    expected: &ExpectedPath,
) -> Result<Option<String>, HostError> {
    let Some(facts) = host.facts(path).await? else {
        return Ok(Some(format!("{path} is gone")));
    };
    if facts.is_directory != expected.sha256.is_none() {
        return Ok(Some(format!("{path} is of another kind")));
    }
    if (&facts.owner, &facts.group) != (&expected.owner, &expected.group) {
        let (was, is) = ((&expected.owner, &expected.group), (&facts.owner, &facts.group));
        return Ok(Some(format!(
            "{path} belongs to {}:{} instead of {}:{}",
            is.0, is.1, was.0, was.1
        )));
    }
    if facts.mode != expected.mode {
        let (is, was) = (facts.mode, expected.mode);
        return Ok(Some(format!("{path} has mode {is:04o} instead of {was:04o}")));
    }
    let Some(sha256) = &expected.sha256 else { return Ok(None) };
    let same = host.read(path).await?.map(sha256_hex).as_ref() == Some(sha256);
    Ok((!same).then(|| format!("{path} has other content")))
}

async fn sysctl_drift(host: &dyn Host, record: &Record) -> Result<Vec<String>, HostError> {
    let mut lines = Vec::new();
    for (key, value) in &record.expected.sysctls {
        if record.out_of_reach.contains_key(key) {
            continue;
        }
        match live_value(host, key).await? {
            Some(live) if same_value(&live, value) => {}
            Some(live) => lines.push(format!("sysctl {key} is {live} instead of {value}")),
            None => lines.push(format!("sysctl {key} does not exist")),
        }
    }
    Ok(lines)
}

fn unit_drift(name: &str, expected: ExpectedUnit, state: Option<&UnitState>) -> Vec<String> {
    let Some(state) = state.filter(|state| state.exists()) else {
        let wanted = expected.enabled || expected.running;
        return if wanted { vec![format!("{name} does not exist")] } else { Vec::new() };
    };
    let mut lines = Vec::new();
    if expected.enabled && !state.is_enabled() {
        lines.push(format!("{name} is not enabled"));
    }
    match (expected.running, state.runs()) {
        (true, false) => lines.push(format!("{name} is {}", state.told())),
        (false, true) => lines.push(format!("{name} runs")),
        _ => {}
    }
    lines
}
