//! Drawing in SVG: shapes with classes, so that one picture reads well on light and dark pages.

use std::fmt::Write as _;

/// Colours for light pages, and for dark ones where the page says so.
const STYLE: &str = "\
text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;font-size:13px;fill:#1f2328}\
.card{fill:#ffffff;stroke:#d1d9e0}.muted{fill:#59636e}.small{font-size:12px}.tiny{font-size:11px}\
.title{font-size:22px;font-weight:700}.big{font-size:44px;font-weight:700}.bold{font-weight:600}\
.track{fill:#f3f5f7}.grid{stroke:#d1d9e0;stroke-width:1}.axis{stroke:#8c959f;stroke-width:1}\
.write{fill:#12a17b}.read{fill:#57c4a6}.gap{fill:#fdecec}.hatch{stroke:#e5534b;stroke-width:1.6;stroke-opacity:.55}\
.gapline{stroke:#cf222e;stroke-width:1.5;fill:none}.gapedge{stroke:#cf222e;stroke-width:1.5}.gaptext{fill:#b31d28;font-weight:700}\
.halo{fill:#ffffff}.mark{stroke:#57606a;stroke-width:1;stroke-dasharray:2 3}.limit{stroke:#bf8700;stroke-width:1.3;stroke-dasharray:6 4}\
.limittext{fill:#8a6100}.one{fill:#3f73d8}.two{fill:#8250df}.off{fill:#aab2bd}.wait{fill:#d9a12b}\
.on{fill:#ffffff;font-weight:600}.dot{fill:#57606a}.pass{fill:#12a17b}.fail{fill:#cf222e}\
.passtext{fill:#0b7d5e}.failtext{fill:#b31d28}\
@media (prefers-color-scheme:dark){text{fill:#e6edf3}\
.card{fill:#0d1117;stroke:#30363d}.muted{fill:#9198a1}.track{fill:#161b22}.grid{stroke:#2b3138}.axis{stroke:#6e7681}\
.write{fill:#2bc49a}.read{fill:#1f8f72}.gap{fill:#31161a}.hatch{stroke:#ff7b72;stroke-opacity:.45}\
.gapline,.gapedge{stroke:#ff7b72}.gaptext{fill:#ff938b}.halo{fill:#0d1117}.mark{stroke:#8b949e}\
.limit{stroke:#d4a72c}.limittext{fill:#e3b341}.one{fill:#4d83ec}.two{fill:#9a6cf0}.off{fill:#565e68}.wait{fill:#b58420}\
.dot{fill:#8b949e}.on{fill:#ffffff}.pass{fill:#1b8a69}.fail{fill:#d03b42}.passtext{fill:#3ddbb0}.failtext{fill:#ff938b}}";

/// Mean width of a letter at 13 px, in pixels: enough to keep labels apart in usual fonts.
const LETTER: f64 = 7.0;

/// Where a text begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A picture in the making.
pub(super) struct Canvas {
    width: f64,
    height: f64,
    body: String,
}

impl Canvas {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Self { width, height, body: String::new() }
    }

    fn put(&mut self, shape: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _written = self.body.write_fmt(shape);
        self.body.push('\n');
    }

    /// Draws a rectangle with round corners, and words that show when one points at it.
    pub(super) fn rect(&mut self, class: &str, x: f64, y: f64, size: (f64, f64), hint: &str) {
        let (width, height) = (size.0.max(0.0), size.1.max(0.0));
        let round = (height / 5.0).min(4.0).min(width / 2.0);
        let hint = match hint {
            "" => String::new(),
            hint => format!("<title>{}</title>", escape(hint)),
        };
        self.put(format_args!(
            r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="{round:.1}">{hint}</rect>"#
        ));
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        self.put(format_args!(
            r#"<line class="{class}" x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}"/>"#,
            from.0, from.1, to.0, to.1
        ));
    }

    pub(super) fn path(&mut self, class: &str, shape: &str) {
        self.put(format_args!(r#"<path class="{class}" d="{shape}"/>"#));
    }

    pub(super) fn circle(&mut self, class: &str, x: f64, y: f64, radius: f64) {
        self.put(format_args!(r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="{radius}"/>"#));
    }

    pub(super) fn text(&mut self, class: &str, x: f64, y: f64, anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escape(text);
        self.put(format_args!(
            r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#
        ));
    }

    /// Fills a rectangle with the pattern of a gap.
    pub(super) fn gap(&mut self, x: f64, y: f64, size: (f64, f64), hint: &str) {
        self.rect("gap", x, y, size, hint);
        let (width, height) = size;
        self.put(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="url(#hatch)" pointer-events="none"/>"#
        ));
    }

    /// Returns the whole picture. The words describe it to those who do not see it.
    pub(super) fn finish(self, words: &str) -> String {
        let Self { width, height, body } = self;
        let words = escape(words);
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{words}">
<title>{words}</title>
<style>{STYLE}</style>
<defs><pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="8"/></pattern></defs>
<rect class="card" x="0.5" y="0.5" width="{}" height="{}" rx="10"/>
{body}</svg>
"#,
            width - 1.0,
            height - 1.0
        )
    }
}

/// Returns about how wide a text of 13 px is.
pub(super) fn width_of(text: &str) -> f64 {
    let letters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    f64::from(letters) * LETTER
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_cannot_leave_their_place() {
        let mut canvas = Canvas::new(10.0, 10.0);
        canvas.text("muted", 1.0, 1.0, Anchor::Start, "<script>\"&");
        let picture = canvas.finish("a < b");
        assert!(picture.contains("&lt;script&gt;&quot;&amp;"));
        assert!(!picture.contains("<script"));
    }
}
