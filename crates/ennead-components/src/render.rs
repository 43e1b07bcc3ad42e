//! Templates to text.

use askama::Template;

/// Returns a template's text, ending with a newline as some programs insist.
///
/// Rendering into memory has nothing that could fail: no template calls a filter or a formatter
/// that gives an error.
pub(crate) fn render(template: &impl Template) -> String {
    let mut text = template.render().expect("writing to a string does not fail");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
