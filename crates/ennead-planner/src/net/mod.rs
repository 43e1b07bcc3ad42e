//! Whether the network is as the components declare it: who has to connect with whom and who must
//! not, and what the nodes' tries say of it. Pure; the tries are the caller's.

mod judge;
mod pairs;
#[cfg(test)]
mod tests;

pub use judge::{NetReport, NetRow, judge};
pub use pairs::{Pair, pairs, targets};
