//! From probes to a verdict: a node is silent after so many probes in a row without an answer.
//!
//! A probe asks whether the *node* answers anything at all: an echo, a refused connection, an
//! accepted one. A program that died on a living node is not the guard's business: its own
//! supervisor restarts it, and the node can be asked.

use serde::{Deserialize, Serialize};

use crate::timing::Timing;

/// What one probe found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// The node answered, no matter what.
    Reached,
    /// Nothing came back in time.
    Silent,
}

/// What one vantage point says of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Never reached since this vantage point started: its silence may be the vantage point's own.
    Unknown,
    /// It answered the last probe.
    Alive,
    /// It missed probes, but fewer than it takes.
    Suspect,
    /// It missed as many in a row as it takes.
    Silent {
        /// Since its last answer, in milliseconds of the vantage point's clock. A length of time, so
        /// that nobody has to compare two machines' clocks.
        for_ms: u64,
    },
}

/// One vantage point's view of one node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Detector {
    reached_at_ms: Option<u64>,
    misses: u32,
}

impl Detector {
    /// Takes the result of a probe that was sent at `sent_ms`.
    ///
    /// # Guarantees
    /// A probe whose result was lost counts neither way. An old answer that arrives late cannot make
    /// a node look alive longer than it was: the time kept is that of the sending.
    pub fn probed(&mut self, sent_ms: u64, reach: Reach) {
        match reach {
            Reach::Reached => {
                self.misses = 0;
                self.reached_at_ms = Some(self.reached_at_ms.unwrap_or(0).max(sent_ms));
            }
            Reach::Silent => self.misses = self.misses.saturating_add(1),
        }
    }

    /// Returns the verdict at `now_ms`.
    pub fn verdict(&self, now_ms: u64, timing: &Timing) -> Verdict {
        match self.reached_at_ms {
            None => Verdict::Unknown,
            Some(at) if self.misses >= timing.misses => {
                Verdict::Silent { for_ms: now_ms.saturating_sub(at) }
            }
            Some(_) if self.misses > 0 => Verdict::Suspect,
            Some(_) => Verdict::Alive,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(probes: &[Reach]) -> Verdict {
        let mut detector = Detector::default();
        let mut now = 0;
        for probe in probes {
            detector.probed(now, *probe);
            now += 300;
        }
        detector.verdict(now, &Timing::default())
    }

    #[test]
    fn four_misses_in_a_row_are_silence() {
        use Reach::{Reached, Silent};
        assert_eq!(after(&[Reached]), Verdict::Alive);
        assert_eq!(after(&[Reached, Silent]), Verdict::Suspect);
        assert_eq!(after(&[Reached, Silent, Silent, Silent]), Verdict::Suspect);
        let silent = after(&[Reached, Silent, Silent, Silent, Silent]);
        assert_eq!(silent, Verdict::Silent { for_ms: 1_500 });
    }

    #[test]
    fn one_answer_starts_the_count_again() {
        use Reach::{Reached, Silent};
        let probes = [Reached, Silent, Silent, Silent, Reached, Silent];
        assert_eq!(after(&probes), Verdict::Suspect);
    }

    #[test]
    fn a_node_never_reached_is_unknown_and_not_silent() {
        assert_eq!(after(&[Reach::Silent; 20]), Verdict::Unknown);
        assert_eq!(after(&[]), Verdict::Unknown);
    }
}
