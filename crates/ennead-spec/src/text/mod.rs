//! From text to typed values, with a line and a column for everything that is wrong.
//!
//! A derived deserialiser stops at the first mistake and cannot suggest. These readers note each
//! mistake and go on, so that an operator sees all of them at once.

mod document;
mod place;
mod section;
mod suggest;

pub(crate) use document::{Document, one_line, without_errors};
pub(crate) use place::join;
pub use place::{Places, Position};
pub(crate) use section::Section;
pub(crate) use suggest::did_you_mean;
