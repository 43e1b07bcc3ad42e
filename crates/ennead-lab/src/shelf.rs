//! Answers to reading requests, kept as bytes until something changes.
//!
//! Programs ask for the same lists again and again while they wait; only the first question after a
//! change costs the making of the answer.

use std::collections::{BTreeSet, HashMap};

use axum::body::Bytes;

use crate::api::Reply;

/// Most bytes of bodies that are kept: a few hundred pages of servers.
const BYTES_MAX: usize = 32 << 20;

/// An answer as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Compact JSON; none with 204.
    pub body: Option<Bytes>,
    /// `Link` header of lists.
    pub link: Option<String>,
}

impl From<&Reply> for Answer {
    fn from(reply: &Reply) -> Self {
        let body = reply.body.as_ref().map(|body| Bytes::from(body.to_string()));
        Self { status: reply.status, body, link: reply.link.clone() }
    }
}

/// Everything on which the answer to a reading request depends besides the request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Circumstances {
    /// Counts the state's changes.
    pub(crate) revision: u64,
    /// The time of day in whole seconds, as the API shows it.
    pub(crate) second: i64,
    /// What is out of stock.
    pub(crate) sold_out: BTreeSet<(String, String)>,
}

/// The kept answers, all of the same circumstances.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    of: Circumstances,
    kept: HashMap<String, Answer>,
    bytes: usize,
}

impl Shelf {
    /// Returns the answer to a question, making it when it is not there yet.
    pub(crate) fn answer(
        &mut self,
        now: &Circumstances,
        question: &str,
        make: impl FnOnce() -> Answer,
    ) -> Answer {
        if self.of != *now {
            *self = Self { of: now.clone(), ..Self::default() };
        }
        if let Some(answer) = self.kept.get(question) {
            return answer.clone();
        }
        let answer = make();
        let bytes = question.len() + answer.body.as_ref().map_or(0, Bytes::len);
        if self.bytes.saturating_add(bytes) <= BYTES_MAX {
            self.bytes += bytes;
            self.kept.insert(question.to_owned(), answer.clone());
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Answer {
        Answer { status: 200, body: Some(Bytes::from(body.to_owned())), link: None }
    }

    #[test]
    fn an_answer_is_made_once_for_each_change_and_second() {
        let (mut shelf, mut made) = (Shelf::default(), 0);
        let mut now = Circumstances { revision: 1, second: 1, ..Circumstances::default() };
        let mut ask = |now: &Circumstances, question: &str| {
            let got = shelf.answer(now, question, || {
                made += 1;
                answer(&format!("{question}{made}"))
            });
            String::from_utf8(got.body.unwrap().to_vec()).unwrap()
        };
        assert_eq!(ask(&now, "a"), "a1");
        assert_eq!(ask(&now, "a"), "a1");
        assert_eq!(ask(&now, "b"), "b2");
        now.revision = 2;
        assert_eq!(ask(&now, "a"), "a3");
        now.second = 2;
        assert_eq!(ask(&now, "a"), "a4");
        now.sold_out.insert(("ccx13".into(), "fsn1".into()));
        assert_eq!(ask(&now, "a"), "a5");
    }

    #[test]
    fn what_is_kept_has_a_bound() {
        let mut shelf = Shelf::default();
        let now = Circumstances::default();
        let big = answer(&"x".repeat(1 << 20));
        for question in 0..100 {
            shelf.answer(&now, &question.to_string(), || big.clone());
        }
        assert!(shelf.bytes <= BYTES_MAX && shelf.kept.len() == 31, "{}", shelf.kept.len());
    }
}
