//! Units of claims, and what they measure.

/// What is measured; each has one base unit in which amounts are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// Things that are counted, such as servers.
    Count(&'static str),
    /// Memory or disk, as the cloud sells it. Base: GB.
    Size,
    /// Money for a month. Base: USD/month.
    MonthlyCost,
    /// A share of a whole. Base: %.
    Share,
    /// A length of time. Base: s.
    Time,
    /// Time lost in a year. Base: min/year.
    TimePerYear,
    /// Requests. Base: requests/min.
    RequestRate,
}

/// A unit with its factor to the base unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    /// As it is written.
    pub name: &'static str,
    /// What it measures.
    pub quantity: Quantity,
    /// How many base units one of it is.
    pub factor: f64,
}

const fn unit(name: &'static str, quantity: Quantity, factor: f64) -> Unit {
    Unit { name, quantity, factor }
}

const fn count(name: &'static str) -> Unit {
    unit(name, Quantity::Count(name), 1.0)
}

/// Every unit; of each quantity the base unit comes first. Sizes are decimal, as in price lists.
pub const UNITS: [Unit; 22] = [
    count("servers"),
    count("sites"),
    count("instances"),
    count("vCPU"),
    count("users"),
    count("connections"),
    unit("GB", Quantity::Size, 1.0),
    unit("TB", Quantity::Size, 1000.0),
    unit("USD/month", Quantity::MonthlyCost, 1.0),
    unit("USD/year", Quantity::MonthlyCost, 1.0 / 12.0),
    unit("%", Quantity::Share, 1.0),
    unit("s", Quantity::Time, 1.0),
    unit("ms", Quantity::Time, 0.001),
    unit("min", Quantity::Time, 60.0),
    unit("h", Quantity::Time, 3600.0),
    unit("min/year", Quantity::TimePerYear, 1.0),
    unit("s/year", Quantity::TimePerYear, 1.0 / 60.0),
    unit("h/year", Quantity::TimePerYear, 60.0),
    unit("min/month", Quantity::TimePerYear, 12.0),
    unit("requests/min", Quantity::RequestRate, 1.0),
    unit("requests/s", Quantity::RequestRate, 60.0),
    unit("requests/h", Quantity::RequestRate, 1.0 / 60.0),
];

impl Unit {
    /// Returns the unit of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        UNITS.into_iter().find(|unit| unit.name == name)
    }
}

impl Quantity {
    /// Returns every unit of this quantity, the base unit first.
    pub fn units(self) -> impl Iterator<Item = Unit> + Clone {
        UNITS.into_iter().filter(move |unit| unit.quantity == self)
    }

    /// Returns the base unit.
    #[must_use]
    pub fn base(self) -> Unit {
        self.units().next().unwrap_or(Unit { name: "", quantity: self, factor: 1.0 })
    }
}
