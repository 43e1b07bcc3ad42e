//! Which function answers which path.

use super::request::{Method, Reply, Request};
use crate::state::{Moment, Refusal, State};

/// What a route's function works with.
#[derive(Debug)]
pub struct Call<'a> {
    /// The state; reading routes leave it as it is.
    pub state: &'a mut State,
    /// Time, chance and rules.
    pub moment: &'a Moment<'a>,
    /// The request.
    pub request: &'a Request,
    /// What stands in the path in place of `{…}`, in order.
    pub params: Vec<&'a str>,
}

impl Call<'_> {
    /// Returns a number of the path. A text there names nothing that exists.
    ///
    /// # Errors
    /// `not_found`.
    pub fn id(&self, place: usize, kind: &str) -> Result<u64, Refusal> {
        let text = self.params.get(place).copied().unwrap_or_default();
        text.parse().map_err(|_| Refusal::not_found(kind, text))
    }
}

/// Answers a call.
pub type Run = fn(&mut Call<'_>) -> Result<Reply, Refusal>;

/// A path and its function.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// Method.
    pub method: Method,
    /// For example `/servers/{id}/actions/poweron`.
    pub pattern: &'static str,
    /// Answers it.
    pub run: Run,
}

impl Route {
    /// Makes a route.
    pub const fn new(method: Method, pattern: &'static str, run: Run) -> Self {
        Self { method, pattern, run }
    }
}

/// What was found for a path.
#[derive(Debug)]
pub enum Found<'a> {
    /// A route with the parameters of the path.
    Route(&'static Route, Vec<&'a str>),
    /// The path exists for other methods.
    WrongMethod,
    /// No such path.
    Nothing,
}

/// Finds the route of a path. Of two patterns that match, the one listed first wins.
pub fn find(routes: impl Iterator<Item = &'static Route>, method: Method, path: &str) -> Found<'_> {
    let mut found = Found::Nothing;
    for route in routes {
        let Some(params) = match_path(route.pattern, path) else { continue };
        if route.method == method {
            return Found::Route(route, params);
        }
        found = Found::WrongMethod;
    }
    found
}

/// Returns what stands in place of each `{…}` when the path matches the pattern.
pub fn match_path<'a>(pattern: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let mut params = Vec::new();
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(params),
            (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {
                params.push(given);
            }
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_whole_paths_only() {
        let pattern = "/servers/{id}/actions/{action}";
        assert_eq!(match_path(pattern, "/servers/1/actions/2"), Some(vec!["1", "2"]));
        for path in ["/servers/1/actions", "/servers/1/actions/2/", "/servers//actions/2", "/"] {
            assert_eq!(match_path(pattern, path), None, "{path}");
        }
    }
}
