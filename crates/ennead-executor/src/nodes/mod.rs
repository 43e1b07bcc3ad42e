//! The nodes as the executor sees them: reach one, give it the ennead program, hand it an order, ask
//! it how it is. Everything goes over SSH; the program on the node reads one JSON document and
//! writes one.

mod audit;
mod error;
mod pool;
mod program;
mod reach;

pub use error::{NodeError, Retry};
pub use pool::{NodeAccess, NodePool, Tested};
pub use program::{Directories, Program};
pub use reach::Reached;
