//! What is true of a platform, by name.

use std::collections::BTreeMap;

use ennead_model::Catalogue;
use ennead_spec::Spec;
use ennead_spec::claims::{Kind, Quantity, Vocabulary};

use super::facts::add_facts;
use super::figures::{add_capacity, add_cost};
use super::known::KNOWN;
use super::promised::add_survival;
use crate::availability::{Availability, ESTIMATE, RATES};

/// What was computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Computed {
    /// That it is so or not.
    YesNo(bool),
    /// An amount in the base unit of its quantity; between two when it differs, for example by
    /// server, or is known no better.
    Amount {
        /// The least; minus infinity when only the largest is known.
        low: f64,
        /// The largest; equal to the least for one amount, infinite when only the least is known.
        high: f64,
        /// What it measures.
        quantity: Quantity,
    },
}

/// A computed value and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// The value.
    pub computed: Computed,
    /// Where it comes from: a fragment without a full stop.
    pub source: String,
}

impl Value {
    /// Makes a value that is yes or no.
    pub fn yes_no(yes: bool, source: impl Into<String>) -> Self {
        Self { computed: Computed::YesNo(yes), source: source.into() }
    }

    /// Makes an amount, in the base unit of its quantity.
    pub fn amount(amount: f64, quantity: Quantity, source: impl Into<String>) -> Self {
        Self::range(amount, amount, quantity, source)
    }

    /// Makes an amount between two, which may come in any order.
    pub fn range(one: f64, other: f64, quantity: Quantity, source: impl Into<String>) -> Self {
        let (low, high) = (one.min(other), one.max(other));
        Self { computed: Computed::Amount { low, high, quantity }, source: source.into() }
    }

    fn kind(&self) -> Kind {
        match self.computed {
            Computed::YesNo(_) => Kind::YesNo,
            Computed::Amount { quantity, .. } => Kind::Amount(quantity),
        }
    }
}

/// Computed values by name, and names that are known without a value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Truth {
    values: BTreeMap<String, Value>,
    /// What can be claimed of the others, and why there is no value.
    known: BTreeMap<String, (Kind, String)>,
}

impl Truth {
    /// Returns what follows from a spec and the catalogue: facts, and what the layout survives. Pure.
    #[must_use]
    pub fn of(spec: &Spec, catalogue: &Catalogue) -> Self {
        let mut truth = Self::default();
        for (name, kind, from) in KNOWN {
            truth.know(name, kind, format!("comes from {from}"));
        }
        add_facts(&mut truth, spec, catalogue);
        add_survival(&mut truth, spec);
        add_cost(&mut truth, spec, catalogue);
        add_capacity(&mut truth, &spec.fleet, &spec.options);
        truth
    }

    /// Adds a value, or replaces it. The name needs not be known before.
    pub fn insert(&mut self, name: impl Into<String>, value: Value) {
        self.values.insert(name.into(), value);
    }

    /// Adds the minutes of a year.
    pub fn insert_availability(&mut self, availability: &Availability) {
        let rates = &availability.rates;
        let estimates = rates.iter().filter(|rate| rate.from == ESTIMATE).count();
        let source = |how: &str| {
            format!(
                "`check --availability`, {how}; {estimates} of {} rates are estimates",
                rates.len()
            )
        };
        let minutes =
            |minutes: f64, how: &str| Value::amount(minutes, Quantity::TimePerYear, source(how));
        let share = |share: f64, how: &str| Value::amount(share, Quantity::Share, source(how));
        for service in &availability.services {
            let expected = minutes(service.minutes_per_year, "by the formula");
            match service.service {
                "writes" => self.insert("availability.writes_minutes", expected),
                "entry" => self.insert("availability.entry_minutes", expected),
                _ => {
                    let percent = share(service.percent, "by the formula");
                    let p95 = minutes(service.spread.p95, "one simulated year of twenty is worse");
                    let within = 100.0 * service.spread.within_target;
                    let within = share(within, "share of the simulated years");
                    self.insert("availability.percent", percent);
                    self.insert("availability.minutes", expected);
                    self.insert("availability.minutes_p95", p95);
                    self.insert("availability.years_within_target", within);
                }
            }
        }
    }

    /// Returns the value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// Returns why a known name has no value.
    #[must_use]
    pub fn lack(&self, name: &str) -> Option<&str> {
        self.known.get(name).map(|(_, why)| why.as_str())
    }

    /// Returns everything that can be claimed, and the rates that can be stated.
    #[must_use]
    pub fn vocabulary(&self) -> Vocabulary {
        let known = self.known.iter().map(|(name, (kind, _))| (name.clone(), *kind));
        let values = self.values.iter().map(|(name, value)| (name.clone(), value.kind()));
        Vocabulary { names: known.chain(values).collect(), rates: RATES.to_vec() }
    }

    /// Notes a name that has no value, and why.
    pub(super) fn know(&mut self, name: impl Into<String>, kind: Kind, why: impl Into<String>) {
        self.known.insert(name.into(), (kind, why.into()));
    }
}
