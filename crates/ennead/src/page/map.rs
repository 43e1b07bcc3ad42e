//! The picture of all sets of lost servers: a row per number of lost servers, a square per set.

use std::fmt::Write as _;

use ennead_planner::survive::{Layout, Spot};

use super::class_of;

/// Side of a square with the gap after it.
const STEP: usize = 8;
/// Side of a square.
const SIDE: usize = 7;
/// Squares that stand above each other before a row goes on to the right.
const HIGH: usize = 3;
/// Room for the words on the left.
const LEFT: usize = 44;
/// Room for the figures on the right.
const RIGHT: usize = 66;
/// Room between rows.
const BETWEEN: usize = 6;
/// Least height of a row, so that words of neighbours stay apart.
const ROW_LEAST: usize = 15;
/// From the top of a row to the ground line of its words.
const BASELINE: usize = 9;

/// Draws the outcomes of the service at this place among the services. Rows that are longer than the
/// picture is wide go on below.
pub(super) fn picture(layout: &Layout, sets: &[Vec<Spot>], service: usize) -> String {
    let longest = sets.iter().map(Vec::len).max().unwrap_or(1);
    let columns = longest.div_ceil(HIGH).clamp(1, 64);
    let width = LEFT + columns * STEP + RIGHT;
    let mut body = String::new();
    let mut top = 0;
    for (lost, spots) in sets.iter().enumerate() {
        let mut spots: Vec<_> =
            spots.iter().filter_map(|it| Some((it.outcomes.get(service)?, it.lost))).collect();
        spots.sort();
        let good = spots.iter().filter(|it| it.0.by_itself()).count();
        let baseline = top + BASELINE;
        put(&mut body, format_args!(r#"<text x="0" y="{baseline}">{lost} lost</text>"#));
        let right = width - RIGHT + 4;
        let all = spots.len();
        put(&mut body, format_args!(r#"<text x="{right}" y="{baseline}">{good} of {all}</text>"#));
        for (at, (outcome, set)) in spots.iter().enumerate() {
            let block = columns * HIGH;
            let (line, at) = (at / block, at % block);
            let (x, y) = (LEFT + at / HIGH * STEP, top + (line * HIGH + at % HIGH) * STEP);
            let class = class_of(**outcome);
            let words = layout.list(*set);
            put(
                &mut body,
                format_args!(
                    r#"<rect class="{class}" x="{x}" y="{y}" width="{SIDE}" height="{SIDE}" rx="1.5"><title>{words}: {outcome}</title></rect>"#
                ),
            );
        }
        let high = if all <= columns * HIGH { all.min(HIGH) } else { all.div_ceil(columns) };
        top += (high * STEP + BETWEEN).max(ROW_LEAST);
    }
    format!(r#"<svg viewBox="0 0 {width} {top}" role="img">{body}</svg>"#)
}

fn put(body: &mut String, shape: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _written = body.write_fmt(shape);
}
