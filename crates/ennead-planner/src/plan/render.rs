//! A plan as text for people.
//!
//! When anything is refused only that is shown, because nothing else happens while it stands.
//! Otherwise the cloud, then the nodes, then each component with its reason, its risk and what it
//! waits for. JSON is the plan's own serialisation and always holds everything. Neither can hold a secret: orders carry references, and the text shows no
//! order's content.

use std::collections::BTreeMap;

use ennead_model::{CloudAction, Plan, Risk, Step, StepAction};

/// Returns the plan as text that ends with a line's end.
pub fn render_plan(plan: &Plan) -> String {
    let mut text = String::new();
    if !plan.blocked.is_empty() {
        render_blocked(plan, &mut text);
        return text;
    }
    if plan.steps.is_empty() {
        line(&mut text, "nothing to do");
        return text;
    }
    let head = format!("plan for {}, generation {}", plan.platform, plan.generation);
    line(&mut text, &head);
    render_cloud(plan, &mut text);
    render_reach(plan, &mut text);
    render_components(plan, &mut text);
    render_total(plan, &mut text);
    text
}

fn line(text: &mut String, content: &str) {
    text.push_str(content.trim_end());
    text.push('\n');
}

fn render_blocked(plan: &Plan, text: &mut String) {
    for blocked in &plan.blocked {
        line(text, &format!("blocked: {}: {}", blocked.what, blocked.why));
        line(text, &format!("   hint: {}", blocked.hint));
    }
    let others = match plan.steps.len() {
        0 => String::new(),
        count => format!("; {} would follow", counted(count)),
    };
    line(text, &format!("nothing is done while anything is blocked{others}"));
}

fn counted(steps: usize) -> String {
    if steps == 1 { "1 step".to_owned() } else { format!("{steps} steps") }
}

fn render_cloud(plan: &Plan, text: &mut String) {
    let steps: Vec<&Step> =
        plan.steps.iter().filter(|s| matches!(s.action, StepAction::Cloud { .. })).collect();
    if steps.is_empty() {
        return;
    }
    line(text, &format!("\ncloud ({})", steps.len()));
    for step in steps {
        let mark = if step.risk == Risk::Destroys { '-' } else { '+' };
        line(text, &format!("  {mark} {}{}", step.summary(), remarks(step)));
        if step.risk == Risk::Destroys {
            line(text, &format!("      {}", step.why));
        }
    }
}

/// One line for all nodes with the same reason.
fn render_reach(plan: &Plan, text: &mut String) {
    let mut by_why: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for step in &plan.steps {
        if let StepAction::Reach { node } = &step.action {
            by_why.entry(&step.why).or_default().push(node.as_str());
        }
    }
    let count: usize = by_why.values().map(Vec::len).sum();
    if count == 0 {
        return;
    }
    line(text, &format!("\nreach over SSH ({count})"));
    for (why, nodes) in by_why {
        line(text, &format!("  {}: {why}", nodes.join(", ")));
    }
}

fn render_components(plan: &Plan, text: &mut String) {
    let mut groups: Vec<(&str, Vec<&Step>)> = Vec::new();
    for step in &plan.steps {
        let Some(component) = step.component() else { continue };
        match groups.iter_mut().find(|(name, _)| *name == component.as_str()) {
            Some((_, steps)) => steps.push(step),
            None => groups.push((component.as_str(), vec![step])),
        }
    }
    for (component, steps) in groups {
        line(text, &format!("\n{component} ({}){}", steps.len(), waits(component, &steps)));
        let width = steps.iter().filter_map(|s| s.node()).map(|n| n.as_str().len()).max();
        for step in steps {
            let node = step.node().map_or("", |node| node.as_str());
            let width = width.unwrap_or_default();
            line(text, &format!("  ~ {node:width$}  {}{}", step.why, remarks(step)));
        }
    }
}

/// Returns what the steps of a component wait for, as a part of its heading.
fn waits(component: &str, steps: &[&Step]) -> String {
    let mut earlier: Vec<&str> = Vec::new();
    let mut in_a_row = false;
    for id in steps.iter().flat_map(|step| &step.after) {
        let name = match id.0.split('/').collect::<Vec<_>>().as_slice() {
            ["node", _, name] if *name != "reach" => *name,
            _ => continue,
        };
        if name == component {
            in_a_row = true;
        } else if !earlier.contains(&name) {
            earlier.push(name);
        }
    }
    earlier.sort_unstable();
    let mut parts = vec![String::new()];
    if !earlier.is_empty() {
        parts.push(format!("after {} on all nodes", earlier.join(" and ")));
    }
    if in_a_row {
        parts.push("one after another".to_owned());
    }
    parts.join(", ")
}

/// Returns the step's risk and gates as a part of its line.
fn remarks(step: &Step) -> String {
    let risk = match step.risk {
        Risk::None => "",
        Risk::Restart => " [may restart]",
        Risk::Destroys => " [destroys]",
    };
    let mut gates: Vec<&str> = step.gates.iter().map(|gate| gate.node.as_str()).collect();
    gates.sort_unstable();
    gates.dedup();
    let gates = match gates.as_slice() {
        [] => String::new(),
        nodes => format!(", when healthy: {}", nodes.join(", ")),
    };
    format!("{risk}{gates}")
}

fn render_total(plan: &Plan, text: &mut String) {
    let count = |risk: Risk| plan.steps.iter().filter(|step| step.risk == risk).count();
    let mut parts = vec![counted(plan.steps.len())];
    match count(Risk::Restart) {
        0 => {}
        restarts => parts.push(format!("{restarts} may restart a running instance")),
    }
    match count(Risk::Destroys) {
        0 => {}
        destroys if plan.steps.iter().all(deletes_only_servers) => {
            parts.push(format!("{destroys} destroy a server and its disk for good"));
        }
        destroys => parts.push(format!("{destroys} destroy for good what cannot come back")),
    }
    line(text, &format!("\n{}", parts.join(", ")));
}

fn deletes_only_servers(step: &Step) -> bool {
    let StepAction::Cloud { action } = &step.action else { return true };
    !action.destroys() || matches!(action, CloudAction::DeleteServer { .. })
}
