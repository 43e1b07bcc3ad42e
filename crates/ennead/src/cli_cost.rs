//! The command line of `check --cost`.

use clap::Args;

/// Arguments of `check --cost`.
#[derive(Debug, Args)]
pub(crate) struct CostArgs {
    /// Show what the platform costs: each item, totals, the budget, other clouds
    #[arg(long, conflicts_with = "survive")]
    pub(crate) cost: bool,
    /// Ask the cloud for its prices instead of taking the table in this program; needs a token
    #[arg(long, requires = "cost")]
    pub(crate) live: bool,
    /// Currency of the table
    #[arg(long, requires = "cost", conflicts_with = "live", default_value = "USD")]
    pub(crate) currency: String,
    /// VAT in percent to add to the table's prices
    #[arg(
        long,
        requires = "cost",
        conflicts_with = "live",
        value_name = "PERCENT",
        default_value = "0",
        allow_negative_numbers = true
    )]
    pub(crate) vat: String,
    /// Outgoing traffic of a month at a location, such as hil=5; can be given more than once
    #[arg(long, requires = "cost", value_name = "LOCATION=TB", value_parser = read_outgoing)]
    pub(crate) outgoing: Vec<(String, u64)>,
}

/// Reads `hil=5`.
fn read_outgoing(text: &str) -> Result<(String, u64), String> {
    let wrong = || format!("{text:?} is not LOCATION=TB such as hil=5");
    let (location, tb) = text.split_once('=').ok_or_else(wrong)?;
    if location.is_empty() {
        return Err(wrong());
    }
    Ok((location.to_owned(), tb.parse().map_err(|_| wrong())?))
}
