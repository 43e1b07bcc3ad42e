//! What both pictures share: an axis of time and its ticks.

use super::svg::{Anchor, Canvas};

/// Microseconds in a second, for drawing.
pub(super) const SECOND: f64 = 1e6;

/// A stretch of time laid over a stretch of the picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    /// First moment, in microseconds; may be before the zero of the probe's clock.
    pub(super) from: f64,
    /// Last moment.
    pub(super) to: f64,
    /// Where the first moment lies, in pixels.
    pub(super) left: f64,
    /// Where the last moment lies.
    pub(super) right: f64,
    /// The moment that is labelled 0.
    pub(super) zero: f64,
}

impl Axis {
    /// Returns where a moment lies, kept inside.
    pub(super) fn x(&self, at: f64) -> f64 {
        let share = (at - self.from) / (self.to - self.from).max(1.0);
        self.left + share.clamp(0.0, 1.0) * (self.right - self.left)
    }

    /// Returns the pause between ticks: 1, 2 or 5 times a power of ten seconds, ten to twenty ticks.
    fn tick(&self) -> f64 {
        let wanted = (self.to - self.from) / SECOND / 12.0;
        let power = 10_f64.powf(wanted.max(0.01).log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
        steps.into_iter().find(|step| *step >= wanted).unwrap_or(10.0 * power)
    }

    /// Draws grid lines from `top` to `bottom` and the labels below.
    pub(super) fn draw(&self, canvas: &mut Canvas, top: f64, bottom: f64) {
        let tick = self.tick();
        let mut step = ((self.from - self.zero) / SECOND / tick).ceil();
        while self.zero + step * tick * SECOND <= self.to {
            // Minus zero would be shown as such.
            let seconds = step * tick + 0.0;
            let x = self.x(self.zero + seconds * SECOND);
            let class = if step == 0.0 { "axis" } else { "grid" };
            canvas.line(class, (x, top), (x, bottom + 5.0));
            let label =
                if tick < 1.0 { format!("{seconds:.1} s") } else { format!("{seconds:.0} s") };
            canvas.text("muted small", x, bottom + 21.0, Anchor::Middle, &label);
            step += 1.0;
        }
    }
}

/// Returns a count of microseconds for drawing.
#[expect(clippy::cast_precision_loss, reason = "a picture has fewer pixels than 2^52")]
pub(super) fn at(micros: u64) -> f64 {
    micros as f64
}

/// Returns a number with its thousands apart: `12,345`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let texts = [0, 12, 123, 1_234, 12_345, 1_234_567].map(grouped);
        assert_eq!(texts, ["0", "12", "123", "1,234", "12,345", "1,234,567"]);
    }

    #[test]
    fn moments_outside_are_kept_inside() {
        let axis = Axis { from: 0.0, to: 100.0, left: 10.0, right: 20.0, zero: 0.0 };
        let places = [-5.0, 50.0, 500.0].map(|moment| format!("{}", axis.x(moment)));
        assert_eq!(places, ["10", "15", "20"]);
    }
}
