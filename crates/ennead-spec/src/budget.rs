//! What a platform may cost: `budget_per_month` under `[platform]`.

use ennead_model::{Finding, Money};

use crate::text::Section;

const KEY: &str = "budget_per_month";

/// Largest budget in wholes. Above it somebody has mistaken the unit.
const BUDGET_MAX: u32 = 10_000_000;

/// Returns the budget; `None` when absent or, with a finding, when it cannot be one.
pub(crate) fn read_budget(platform: &Section<'_, '_>) -> Option<Money> {
    let written = platform.decimal(KEY)?;
    let most = Money::from_cents(100).times(u64::from(BUDGET_MAX))?;
    let budget = written.strip_prefix('+').unwrap_or(&written).parse().ok();
    let budget = budget.filter(|it: &Money| *it > Money::ZERO && *it <= most);
    let budget = budget.filter(|it| it.is_whole_cents());
    if budget.is_none() {
        let shown: String = written.chars().take(40).collect();
        let message = format!("{shown} cannot be a budget");
        let hint = format!("write an amount above 0 and up to {BUDGET_MAX}, such as 270 or 269.50");
        platform.note(Finding::error("bad-budget", platform.place(KEY), message).hint(hint));
    }
    budget
}
