//! What giving up a server's order costs from then on.
//!
//! A server keeps the price at which it was ordered until its type is changed, up or down, or until
//! it is replaced; both are new orders at the prices of that day. Source: the cloud's own
//! announcement of the price adjustment of 2026-06-15. Rebuilding its disk is no new order.

use std::fmt;

use ennead_model::Money;

use super::prices::PriceList;

/// A change of price that cannot be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceEvent {
    /// The server's type now.
    pub current_type: String,
    /// The type that is wanted; the same for a replacement.
    pub wanted_type: String,
    /// Where it stands.
    pub location: String,
    /// What it costs now for a month, without VAT; `None` when it is not known at what price it was
    /// ordered.
    pub before: Option<Money>,
    /// What it costs from then on for a month, without VAT; `None` when no source names it.
    pub after: Option<Money>,
    /// For example `USD`.
    pub currency: String,
}

/// Returns what a replacement, or a change of type, of an existing server costs from then on; `None`
/// when it costs nothing more. Pure.
///
/// `ordered` is its monthly price without VAT; the cloud's API does not tell it.
pub fn price_event(
    current_type: &str,
    ordered: Option<Money>,
    wanted_type: &str,
    location: &str,
    prices: &PriceList,
) -> Option<PriceEvent> {
    let rate = prices.server(wanted_type, location).and_then(|server| server.rate);
    let after = rate.map(|rate| rate.monthly.net);
    if let (Some(before), Some(after)) = (ordered, after)
        && after <= before
    {
        return None;
    }
    Some(PriceEvent {
        current_type: current_type.to_owned(),
        wanted_type: wanted_type.to_owned(),
        location: location.to_owned(),
        before: ordered,
        after,
        currency: prices.currency.clone(),
    })
}

impl fmt::Display for PriceEvent {
    /// Writes it as a fragment on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { current_type, wanted_type, location, currency, .. } = self;
        match self.after {
            Some(after) => {
                write!(
                    f,
                    "a new order of {wanted_type} in {location} is {after:.2} {currency} a month"
                )?;
            }
            None => write!(f, "the price of a new {wanted_type} in {location} is not known")?,
        }
        let more = self.before.and_then(|before| Some((before, self.after?.minus(before)?)));
        match (more, self.before) {
            (Some((before, more)), _) => {
                write!(f, ", {more:.2} more than the {before:.2} of this {current_type}, for good")
            }
            (None, Some(before)) => {
                write!(f, "; the {before:.2} {currency} of this {current_type} do not come back")
            }
            (None, None) => {
                write!(f, "; the price at which this {current_type} was ordered does not come back")
            }
        }
    }
}
