//! The picture of one run.

use std::fmt::Write as _;

use super::picture::{Axis, SECOND, at, grouped};
use super::svg::{Anchor, Canvas, width_of};
use super::words::{Words, words};
use crate::checker::Measured;
use crate::mark::{Mark, MarkKind};
use crate::report::{DrillReport, RunReport};
use crate::verdict::seconds;

const WIDTH: f64 = 1200.0;
const LEFT: f64 = 118.0;
const RIGHT: f64 = WIDTH - 36.0;
/// Rows from top to bottom: first line of labels, writes, reads, primary, server, axis.
const LABELS: f64 = 134.0;
const LABEL_LINE: f64 = 20.0;
const WRITES_HEIGHT: f64 = 120.0;
const STRIP: f64 = 26.0;
const SPACE: f64 = 12.0;

/// Returns the picture.
pub(super) fn render(report: &DrillReport, run: &RunReport) -> String {
    let zero = run.broken_us().unwrap_or(run.history.from_us);
    let axis = Axis {
        from: at(run.history.from_us),
        to: at(run.history.to_us.max(run.history.from_us + 1_000_000)),
        left: LEFT,
        right: RIGHT,
        zero: at(zero),
    };
    let labels = place_labels(&axis, &run.marks);
    let levels = labels.iter().map(|label| label.level).max().map_or(0, |level| level + 1);
    let writes = LABELS + LABEL_LINE * f64::from(levels) + 6.0;
    let reads = writes + WRITES_HEIGHT + SPACE;
    let primary = reads + STRIP / 2.0 + SPACE;
    let server = primary + STRIP + SPACE;
    let bottom = server + STRIP + SPACE;
    let mut canvas = Canvas::new(WIDTH, bottom + 72.0);
    header(&mut canvas, report, run);
    axis.draw(&mut canvas, writes, bottom);
    writes_row(&mut canvas, &axis, run, writes);
    reads_row(&mut canvas, &axis, run, reads);
    primary_row(&mut canvas, &axis, run, primary);
    server_row(&mut canvas, &axis, run, server, words(&report.drill));
    draw_labels(&mut canvas, &labels, bottom);
    if let Some(measured) = &run.measured {
        draw_gap(&mut canvas, &axis, measured, report.rto_limit_ms, (writes, bottom));
    }
    let foot = format!(
        "seconds since {}; the clock is the probe's. \
         Bars: acknowledged writes per moment; hatched: nothing was acknowledged.",
        words(&report.drill).since
    );
    canvas.text("muted tiny", LEFT, bottom + 50.0, Anchor::Start, &foot);
    canvas.finish(&summary(report, run))
}

fn summary(report: &DrillReport, run: &RunReport) -> String {
    let title = words(&report.drill).title;
    let target = run.target.as_ref().map_or("?", |target| target.as_str());
    match &run.measured {
        Some(measured) => format!(
            "{title} of {target}: {} without an acknowledged write, {} of {} lost, verdict {}",
            seconds(measured.rto_us),
            measured.lost.len(),
            grouped(measured.acknowledged),
            run.verdict.word()
        ),
        None => format!("{title} of {target}: not measured, verdict {}", run.verdict.word()),
    }
}

fn header(canvas: &mut Canvas, report: &DrillReport, run: &RunReport) {
    let target = run.target.as_ref().map_or("no server", |target| target.as_str());
    let part = if run.target == run.primary_before { " · the primary" } else { "" };
    let what = if run.touched.len() > 1 { run.fault.as_str() } else { target };
    let title = format!("{}: {}{part}", words(&report.drill).title, shortened(what, 60));
    canvas.text("title", 36.0, 46.0, Anchor::Start, &title);
    let probe = run.probe_node.as_ref().map_or("nowhere", |node| node.as_str());
    let subtitle = format!(
        "{} · {} nodes · {} · run {} of {} · probe on {probe}",
        report.platform,
        report.nodes,
        run.started.strftime("%Y-%m-%d %H:%M:%S UTC"),
        run.number,
        report.runs_asked,
    );
    canvas.text("muted", 36.0, 70.0, Anchor::Start, &subtitle);
    let (pill, word) = if run.verdict.passed { ("pass", "PASS") } else { ("fail", "FAIL") };
    canvas.rect(pill, 36.0, 84.0, (58.0, 24.0), "");
    canvas.text("on", 65.0, 101.0, Anchor::Middle, word);
    if let Some(reason) = run.verdict.reasons.first() {
        canvas.text("failtext small", 104.0, 101.0, Anchor::Start, &shortened(reason, 100));
    }
    let Some(measured) = &run.measured else { return };
    let good = measured.rto_us / 1000 <= report.rto_limit_ms;
    let class = if good { "big passtext" } else { "big failtext" };
    canvas.text(class, RIGHT - 190.0, 62.0, Anchor::End, &seconds(measured.rto_us));
    let limit = format!("without writes, limit {}", seconds(report.rto_limit_ms * 1000));
    canvas.text("muted small", RIGHT - 190.0, 84.0, Anchor::End, &limit);
    let class = if measured.lost.is_empty() { "big passtext" } else { "big failtext" };
    canvas.text(class, RIGHT, 62.0, Anchor::End, &grouped(measured.lost.len()));
    let of = format!("lost of {} writes", grouped(measured.acknowledged));
    canvas.text("muted small", RIGHT, 84.0, Anchor::End, &of);
}

fn shortened(text: &str, letters: usize) -> String {
    match text.char_indices().nth(letters) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A mark's place: the line at `x`, its words at a level that is free.
struct Label {
    x: f64,
    level: u8,
    anchor: Anchor,
    text: String,
}

fn place_labels(axis: &Axis, marks: &[Mark]) -> Vec<Label> {
    let hidden = [
        MarkKind::Steady,
        MarkKind::PowerOnConfirmed,
        MarkKind::MendConfirmed,
        MarkKind::ApiHidden,
        MarkKind::ApiShown,
        MarkKind::Stopped,
    ];
    let mut labels: Vec<Label> = marks
        .iter()
        .filter(|mark| !hidden.contains(&mark.kind))
        .map(|mark| {
            let x = axis.x(at(mark.at_us));
            let since = (at(mark.at_us) - axis.zero) / SECOND;
            let text = match mark.kind {
                MarkKind::NewPrimary => format!("{} is primary {since:.2} s", mark.what),
                kind => format!("{} {since:.2} s", kind.label()),
            };
            let fits = x + width_of(&text) + 14.0 <= RIGHT;
            let anchor = if fits { Anchor::Start } else { Anchor::End };
            Label { x, level: 0, anchor, text }
        })
        .collect();
    // Words lie beside their own line, and a line goes down from them: to be crossed by no other
    // line, words to the right of their line are placed from the left, the others from the right.
    let mut order: Vec<usize> = (0..labels.len()).collect();
    let is_end = |index: &usize| labels.get(*index).is_some_and(|l| l.anchor == Anchor::End);
    let (mut ends, starts): (Vec<usize>, Vec<usize>) = order.drain(..).partition(is_end);
    ends.reverse();
    let mut taken: Vec<Vec<(f64, f64)>> = Vec::new();
    for index in starts.into_iter().chain(ends) {
        let Some(label) = labels.get_mut(index) else { continue };
        let width = width_of(&label.text) + 14.0;
        let from = if label.anchor == Anchor::End { label.x - width } else { label.x };
        let to = from + width;
        let free =
            |spans: &Vec<(f64, f64)>| spans.iter().all(|span| span.1 <= from || to <= span.0);
        let level = taken.iter().position(free).unwrap_or(taken.len());
        match taken.get_mut(level) {
            Some(spans) => spans.push((from, to)),
            None => taken.push(vec![(from, to)]),
        }
        label.level = u8::try_from(level).unwrap_or(u8::MAX);
    }
    labels
}

fn draw_labels(canvas: &mut Canvas, labels: &[Label], bottom: f64) {
    for label in labels {
        let y = LABELS + LABEL_LINE * f64::from(label.level);
        canvas.line("mark", (label.x, y - 6.0), (label.x, bottom));
        canvas.circle("dot", label.x, y - 5.0, 2.5);
        let beside = if label.anchor == Anchor::Start { 7.0 } else { -7.0 };
        canvas.text("small", label.x + beside, y - 1.0, label.anchor, &label.text);
    }
}

fn row_name(canvas: &mut Canvas, y: f64, name: &str) {
    canvas.text("muted", LEFT - 12.0, y, Anchor::End, name);
}

/// Shortest time of a bar in microseconds: several writes, so that chance does not show.
const BAR_TIME: f64 = 250_000.0;
/// Narrowest bar in pixels.
const BAR_WIDTH: f64 = 3.0;

/// Returns how often something happened in each stretch of time, and how wide one is in pixels.
fn counts(axis: &Axis, times: impl Iterator<Item = u64>) -> (Vec<u32>, f64) {
    let pixels = axis.right - axis.left;
    let width = (BAR_TIME / (axis.to - axis.from).max(1.0) * pixels).max(BAR_WIDTH);
    let mut counts = vec![0_u32; column(pixels, width) + 1];
    for time in times {
        if let Some(count) = counts.get_mut(column(axis.x(at(time)) - axis.left, width)) {
            *count += 1;
        }
    }
    (counts, width)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixels are small and not negative"
)]
fn column(x: f64, width: f64) -> usize {
    (x / width) as usize
}

fn writes_row(canvas: &mut Canvas, axis: &Axis, run: &RunReport, y: f64) {
    row_name(canvas, y + 18.0, "writes");
    canvas.rect("track", LEFT, y, (RIGHT - LEFT, WRITES_HEIGHT), "");
    let (counts, bar) = counts(axis, run.history.acks.iter().map(|ack| ack.at_us));
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let bottom = y + WRITES_HEIGHT;
    let mut shape = String::new();
    for (index, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let x = LEFT + f64::from(index) * bar;
        let height = (WRITES_HEIGHT - 14.0) * f64::from(*count) / f64::from(most);
        let height = height.max(3.0);
        // Writing to a string cannot fail.
        let _written = write!(
            shape,
            "M{x:.1} {bottom:.0}v-{height:.1}h{:.1}v{height:.1}z",
            (bar - 0.5).min(RIGHT - x)
        );
    }
    canvas.path("write", &shape);
}

fn reads_row(canvas: &mut Canvas, axis: &Axis, run: &RunReport, y: f64) {
    let height = STRIP / 2.0;
    row_name(canvas, y + height - 1.0, "reads");
    canvas.rect("track", LEFT, y, (RIGHT - LEFT, height), "");
    let (counts, bar) = counts(axis, run.history.reads.iter().map(|read| read.at_us));
    let mut shape = String::new();
    for (index, _) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let x = LEFT + f64::from(u32::try_from(index).unwrap_or(u32::MAX)) * bar;
        let width = (bar + 0.3).min(RIGHT - x);
        let _written = write!(shape, "M{x:.1} {y:.0}h{width:.1}v{height:.0}h-{width:.1}z");
    }
    canvas.path("read", &shape);
}

fn segment(canvas: &mut Canvas, axis: &Axis, y: f64, class: &str, span: (f64, f64), text: &str) {
    let (x, end) = (axis.x(span.0), axis.x(span.1));
    if end - x < 0.5 {
        return;
    }
    canvas.rect(class, x, y, ((end - x - 1.0).max(1.0), STRIP), text);
    // The whole words, or the first of them, or none: whatever fits.
    let short = text.split(" · ").next().unwrap_or_default();
    let words = [text, short].into_iter().find(|words| width_of(words) + 12.0 < end - x);
    canvas.text("on small", x + 8.0, y + 17.5, Anchor::Start, words.unwrap_or_default());
}

fn primary_row(canvas: &mut Canvas, axis: &Axis, run: &RunReport, y: f64) {
    row_name(canvas, y + 18.0, "primary");
    canvas.rect("track", LEFT, y, (RIGHT - LEFT, STRIP), "");
    let Some(before) = &run.primary_before else { return };
    let timeline = |(_, number): &(u64, u32)| format!(" · timeline {number}");
    let first = format!("{before}{}", run.timelines.first().map(timeline).unwrap_or_default());
    let gap = run.measured.as_ref().map(|measured| (measured.gap_start_us, measured.gap_end_us));
    match (gap, &run.primary_after) {
        (Some((start, end)), Some(after)) if after != before => {
            segment(canvas, axis, y, "one", (axis.from, at(start)), &first);
            let last = run.timelines.last().map(timeline).unwrap_or_default();
            segment(canvas, axis, y, "two", (at(end), axis.to), &format!("{after}{last}"));
        }
        (Some((start, end)), None) => {
            segment(canvas, axis, y, "one", (axis.from, at(start)), &first);
            segment(canvas, axis, y, "wait", (at(end), axis.to), "unknown");
        }
        _ => segment(canvas, axis, y, "one", (axis.from, axis.to), &first),
    }
}

fn server_row(canvas: &mut Canvas, axis: &Axis, run: &RunReport, y: f64, words: &Words) {
    let name = run.target.as_ref().map_or("server", |target| target.as_str());
    row_name(canvas, y + 18.0, &shortened(name, 14));
    canvas.rect("track", LEFT, y, (RIGHT - LEFT, STRIP), "");
    let when = |kind| run.at_us(kind).map(at);
    let off = when(MarkKind::PowerOffConfirmed).or(when(MarkKind::FaultConfirmed));
    let off = off.or(run.broken_us().map(at)).unwrap_or(axis.to);
    // What needs no mending is on its way back at once.
    let unmended = if words.away.is_empty() { off } else { axis.to };
    let on = run.mended_us().map_or(unmended, at);
    let back = when(MarkKind::Rejoined).unwrap_or(axis.to);
    segment(canvas, axis, y, "one", (axis.from, off), "running");
    segment(canvas, axis, y, "off", (off, on), words.away);
    segment(canvas, axis, y, "wait", (on, back), "starting, catching up");
    segment(canvas, axis, y, "two", (back, axis.to), "streaming");
}

fn draw_gap(
    canvas: &mut Canvas,
    axis: &Axis,
    measured: &Measured,
    limit_ms: u64,
    (top, bottom): (f64, f64),
) {
    let (start, end) = (axis.x(at(measured.gap_start_us)), axis.x(at(measured.gap_end_us)));
    let label = format!("{} without an acknowledged write", seconds(measured.rto_us));
    canvas.gap(start, top, ((end - start).max(1.0), WRITES_HEIGHT), &label);
    canvas.line("gapedge", (start, top), (start, top + WRITES_HEIGHT));
    canvas.line("gapedge", (end, top), (end, top + WRITES_HEIGHT));
    let y = top + WRITES_HEIGHT / 2.0;
    if end - start > 26.0 {
        let arrow = format!(
            "M{:.1} {y}H{:.1}M{:.1} {:.1}l-6 4l6 4M{:.1} {:.1}l6 4l-6 4",
            start + 3.0,
            end - 3.0,
            start + 9.0,
            y - 4.0,
            end - 9.0,
            y - 4.0
        );
        canvas.path("gapline", &arrow);
    }
    let wide = width_of(&label) * 1.15 + 40.0;
    let (x, words) = if wide < end - start {
        (f64::midpoint(start, end), label)
    } else {
        let short = seconds(measured.rto_us);
        let half = width_of(&short) / 2.0 + 10.0;
        let inside = end - start > 2.0 * half + 20.0;
        (
            if inside { f64::midpoint(start, end) } else { (end + half + 4.0).min(RIGHT - half) },
            short,
        )
    };
    // The words are bold, and so a seventh wider.
    let half = width_of(&words) * 1.15 / 2.0 + 8.0;
    canvas.rect("halo", x - half, y - 13.0, (2.0 * half, 26.0), "");
    canvas.text("gaptext", x, y + 5.0, Anchor::Middle, &words);
    let limit = at(measured.gap_start_us) + at(limit_ms) * 1000.0;
    if limit < axis.to {
        let x = axis.x(limit);
        canvas.line("limit", (x, top), (x, bottom));
        let words = format!("limit {} s", limit_ms / 1000);
        canvas.text("limittext tiny", x + 4.0, top + 12.0, Anchor::Start, &words);
    }
}
