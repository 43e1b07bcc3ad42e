//! Templates to text.

use askama::Template;

/// Returns a template's text. Rendering into memory has nothing that could fail: no template calls
/// a filter or a formatter that gives an error.
pub(crate) fn render(template: &impl Template) -> String {
    template.render().expect("writing to a string does not fail")
}
