//! The page of what was measured, beside what capacity is computed with.

use std::fmt::Write as _;

use serde_json::Value;

use super::figures::Figure;

/// The machine that it was measured on.
#[derive(Debug)]
pub(super) struct Machine {
    pub cores: usize,
    pub memory_gib: u64,
    pub kernel: String,
}

impl Machine {
    pub(super) fn here() -> anyhow::Result<Self> {
        let memory = std::fs::read_to_string("/proc/meminfo")?;
        let memory = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok());
        Ok(Self {
            cores: std::thread::available_parallelism()?.get(),
            memory_gib: memory.unwrap_or_default() >> 20,
            kernel: std::fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned(),
        })
    }
}

/// Renders the page. `used` is what `ennead check --capacity --json` says.
pub(super) fn render(
    figures: &[Figure],
    used: &Value,
    machine: &Machine,
) -> anyhow::Result<String> {
    let mut page = String::from("# Measurements of capacity\n\n");
    writeln!(
        page,
        "Written by `cargo xtask bench capacity` on a machine with {} cores and {} GiB, Linux {}: the \
         coefficients of `ennead check --capacity` that a lab can measure. Work is divided by the processor time of \
         the program that did it. What is used stays a choice: processors differ, and a figure here does not change \
         it by itself (`crates/ennead-planner/src/capacity/coefficients.rs`).\n",
        machine.cores, machine.memory_gib, machine.kernel
    )?;
    writeln!(page, "| coefficient | used | measured | unit | how |\n|---|---|---|---|---|")?;
    for figure in figures {
        let all = used["coefficients"].as_array();
        let known = all.and_then(|all| all.iter().find(|it| it["name"] == figure.coefficient));
        let known = known.cloned().unwrap_or_default();
        let value = known["value"].as_f64().map_or_else(|| "?".to_owned(), shown);
        let value = if known["estimate"] == true { format!("{value} (estimate)") } else { value };
        writeln!(
            page,
            "| {} | {value} | {} | {} | {} |",
            figure.coefficient,
            shown(figure.value),
            known["unit"].as_str().unwrap_or("?"),
            figure.how
        )?;
    }
    Ok(page)
}

/// Whole numbers from a hundred on, else as many digits as say something.
fn shown(value: f64) -> String {
    if value >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.6}").trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_shows_used_beside_measured() {
        let figure = |coefficient, value| Figure { coefficient, value, how: "somehow".to_owned() };
        let figures = [figure("A_BYTES", 1500.4), figure("B_S", 0.000_8), figure("GONE", 1.0)];
        let used = json!({ "coefficients": [
            { "name": "A_BYTES", "value": 2048.0, "unit": "B", "estimate": false },
            { "name": "B_S", "value": 0.001, "unit": "s", "estimate": true },
        ]});
        let machine = Machine { cores: 2, memory_gib: 23, kernel: "6.18".to_owned() };
        let page = render(&figures, &used, &machine).unwrap();
        assert!(page.contains("2 cores and 23 GiB, Linux 6.18"), "{page}");
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
        assert_eq!(
            rows,
            [
                "| A_BYTES | 2048 | 1500 | B | somehow |",
                "| B_S | 0.001 (estimate) | 0.0008 | s | somehow |",
                "| GONE | ? | 1 | ? | somehow |",
            ]
        );
    }
}
