//! Which ids were used, and what became of each.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::event::Summary;

/// Gives out ids and remembers what became of them.
#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    tried: u64,
    acknowledged: u64,
    newest_acknowledged: u64,
    refused: Vec<u64>,
    unknown: Vec<u64>,
    reads: u64,
}

impl Ledger {
    fn book(&self) -> MutexGuard<'_, Book> {
        // Each change is one assignment or one push, so a poisoned book is still whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next id. Every ticket ends up in exactly one of the three lists.
    pub(super) fn ticket(self: &Arc<Self>) -> Ticket {
        let mut book = self.book();
        book.tried += 1;
        Ticket { id: book.tried, ledger: Arc::clone(self), fate: Fate::Unknown }
    }

    /// Returns the largest id that was acknowledged; 0 for none.
    pub(super) fn newest_acknowledged(&self) -> u64 {
        self.book().newest_acknowledged
    }

    /// Counts an answered read.
    pub(super) fn count_read(&self) {
        self.book().reads += 1;
    }

    /// Returns the whole account.
    pub(super) fn summary(&self, at_us: u64) -> Summary {
        let book = self.book();
        Summary {
            at_us,
            tried: book.tried,
            acknowledged: book.acknowledged,
            refused: book.refused.iter().copied().collect(),
            unknown: book.unknown.iter().copied().collect(),
            reads: book.reads,
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Fate {
    Acknowledged,
    Refused,
    Unknown,
}

/// An id in use. Dropped without a word (a cancelled try, say) it counts as unknown: silence is
/// never taken for a yes or a no.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) id: u64,
    ledger: Arc<Ledger>,
    fate: Fate,
}

impl Ticket {
    /// The database promised to keep it.
    pub(super) fn acknowledged(mut self) {
        self.fate = Fate::Acknowledged;
    }

    /// The database said no.
    pub(super) fn refused(mut self) {
        self.fate = Fate::Refused;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut book = self.ledger.book();
        match self.fate {
            Fate::Acknowledged => {
                book.acknowledged += 1;
                book.newest_acknowledged = book.newest_acknowledged.max(self.id);
            }
            Fate::Refused => book.refused.push(self.id),
            Fate::Unknown => book.unknown.push(self.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_has_exactly_one_fate() {
        let ledger = Arc::new(Ledger::default());
        ledger.ticket().acknowledged();
        ledger.ticket().refused();
        drop(ledger.ticket());
        ledger.ticket().acknowledged();
        let summary = ledger.summary(5);
        assert_eq!((summary.tried, summary.acknowledged), (4, 2));
        assert_eq!(summary.refused, [2].into_iter().collect());
        assert_eq!(summary.unknown, [3].into_iter().collect());
        assert_eq!(ledger.newest_acknowledged(), 4);
    }
}
