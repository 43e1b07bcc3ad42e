//! What to change so that a platform keeps its promises: pure, over layouts and not over servers.
//!
//! ```text
//! spec, prices -> ground -> shapes, best first -> rank -> suggestions -> text of the spec
//! ```
//!
//! A shape is who votes, who has the data, who pools connections, who lets clients in, which
//! witnesses exist and how many replicas confirm a commit. Each change leads from one shape to
//! another; `survive` says what a shape keeps. The cheapest comes first: by money, then by what a
//! commit waits longer, then by the number of changes.
//!
//! **Assumptions.** A server that exists costs nothing more, whatever it runs: whether it carries
//! the load is not computed. Distances are two numbers, [`Distances`].

mod answer;
mod change;
mod distance;
mod ground;
mod hopeless;
mod rank;
mod search;
mod shape;
mod witness;
mod write;

pub use answer::{Answer, Compared, Step, Suggestion, suggest};
pub use change::{Change, apply};
pub use distance::Distances;
pub use hopeless::Hopeless;
pub use search::{CHANGES_MAX, SUGGESTIONS_MAX};
pub use witness::{NewSite, Price, Witness, catalogue_price};
pub use write::{WriteError, write};

#[cfg(test)]
mod tests;
