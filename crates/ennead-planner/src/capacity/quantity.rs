//! Numbers as people read them.

use super::resources::Unit;

/// Returns an amount with its unit, for example `1,667/s` or `15.0 GiB`.
#[must_use]
pub fn quantity(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Count => grouped(value),
        Unit::PerSecond => format!("{}/s", grouped(value)),
        Unit::Processors => format!("{value:.2}"),
        Unit::MemoryBytes => scaled(value, 1024.0, ["B", "KiB", "MiB", "GiB", "TiB"]),
        Unit::DiskBytes => scaled(value, 1000.0, ["B", "kB", "MB", "GB", "TB"]),
    }
}

/// Returns a utilisation in percent. Above 999 % its size says nothing more, below it one digit does.
#[must_use]
pub fn percent(utilisation: f64) -> String {
    let percent = utilisation * 100.0;
    if percent > 999.0 {
        format!("{} %", grouped(percent))
    } else if percent > 0.0 && percent < 10.0 {
        format!("{percent:.1} %")
    } else {
        // 100.4 % is too much and must not read as 100 %.
        let shown = if percent > 100.0 { percent.ceil() } else { percent.floor() };
        format!("{shown:.0} %")
    }
}

fn grouped(value: f64) -> String {
    if value > 0.0 && value < 10.0 && value.fract() != 0.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{:.0}", value.ceil());
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn scaled(value: f64, step: f64, units: [&str; 5]) -> String {
    let mut value = value;
    for unit in units.into_iter().take(units.len() - 1) {
        if value < step {
            return format!("{value:.1} {unit}");
        }
        value /= step;
    }
    format!("{value:.1} {}", units.last().copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_their_unit() {
        for (value, unit, text) in [
            (0.0, Unit::Count, "0"),
            (1_000.0, Unit::Count, "1,000"),
            (1_666.67, Unit::PerSecond, "1,667/s"),
            (0.56, Unit::PerSecond, "0.6/s"),
            (2.8, Unit::Processors, "2.80"),
            (17_179_869_184.0, Unit::MemoryBytes, "16.0 GiB"),
            (2.4e12, Unit::DiskBytes, "2.4 TB"),
            (5e18, Unit::DiskBytes, "5000000.0 TB"),
        ] {
            assert_eq!(quantity(value, unit), text);
        }
        for (value, text) in
            [(0.0, "0 %"), (0.056, "5.6 %"), (0.995, "99 %"), (1.001, "101 %"), (15.8, "1,580 %")]
        {
            assert_eq!(percent(value), text);
        }
    }
}
