//! Carries out the commands of a story.

use std::fmt::Write as _;

use camino::Utf8PathBuf;
use ennead_components::Options;
use ennead_executor::walk::{StepResult, WalkReport};
use ennead_model::{Catalogue, Fleet, NodeName, Plan};
use ennead_planner::plan::{render_plan, undecided_nodes};
use ennead_spec::parse_spec;
use toml::{Table, Value};

use crate::simulation::{Operator, run};

/// Plans after which a platform must be settled.
const ROUNDS_MAX: usize = 5;

type Told = Result<String, Box<dyn std::error::Error>>;

/// The state of a story: a spec as its text's table, and a world.
pub(crate) struct Storyteller {
    document: Table,
    operator: Operator,
}

impl Default for Storyteller {
    fn default() -> Self {
        let fleet = Fleet::default();
        let components = ennead_components::ALL.to_vec();
        let operator = Operator::new(fleet, Options::default(), components);
        Self { document: Table::new(), operator }
    }
}

impl Storyteller {
    /// Carries out a command and returns what a person would see.
    pub(crate) fn obey(&mut self, command: &str) -> Told {
        let words: Vec<&str> = command.split_whitespace().collect();
        match words.as_slice() {
            ["spec", path] => {
                let root = Utf8PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
                let text = ennead_host::files::read_text(&root.join(path))?;
                self.document = text.ok_or("there is no such file")?.parse()?;
                return self.read_spec();
            }
            ["option", path, "=", ..] => {
                let value = command.split_once(" = ").map_or("", |(_, value)| value);
                let read: Table = format!("value = {value}").parse()?;
                let value = read.get("value").ok_or("there is no value")?.clone();
                set(&mut self.document, path, value)?;
                return self.read_spec();
            }
            ["drop", node] => {
                remove_node(&mut self.document, node)?;
                // What runs besides the components was moved by its own means before.
                self.document.remove("services");
                return self.read_spec();
            }
            ["add", node, site, tier, address] => {
                let text = format!("site = {site:?}\ntier = {tier:?}\naddress = {address:?}");
                let node_table: Table = text.parse()?;
                set(&mut self.document, &format!("nodes.{node}"), Value::Table(node_table))?;
                return self.read_spec();
            }
            ["plan"] => return Ok(render_plan(&self.operator.plan())),
            ["up"] => return self.up(),
            ["up", "--allow-destroy", node] => {
                self.operator.allow_destroy.insert(NodeName::new(*node)?);
                return self.up();
            }
            ["up", "killed", "after", effects] => return self.killed_up(effects.parse()?),
            _ => {}
        }
        self.world_obeys(&words).map(|()| String::new())
    }

    fn world_obeys(&self, words: &[&str]) -> Result<(), Box<dyn std::error::Error>> {
        let world = &self.operator.world;
        match words {
            ["lose", node] => world.power_off(&NodeName::new(*node)?),
            ["silence", node] => world.silence(&NodeName::new(*node)?),
            ["answer", node] => world.unsilence(&NodeName::new(*node)?),
            ["break", component, "on", node] => {
                world.break_instance(&NodeName::new(*node)?, component);
            }
            ["drift", component, "on", node, what @ ..] => {
                world.drift(&NodeName::new(*node)?, component, &what.join(" "));
            }
            ["fail", effect @ ..] => world.fail(&effect.join(" ")),
            ["mend", effect @ ..] => world.mend(&effect.join(" ")),
            ["foreign", name] => world.add_foreign(name),
            _ => return Err(format!("unknown command {words:?}").into()),
        }
        Ok(())
    }

    fn read_spec(&mut self) -> Told {
        let parsed = parse_spec(&self.document.to_string(), Catalogue::embedded());
        let mut told = String::new();
        for finding in
            parsed.findings.iter().filter(|f| f.severity == ennead_model::Severity::Error)
        {
            writeln!(told, "{finding}")?;
        }
        if let Some(spec) = parsed.spec {
            self.operator.fleet = spec.fleet;
            self.operator.options = spec.options;
        }
        Ok(told)
    }

    fn up(&mut self) -> Told {
        let mut told = String::new();
        for _ in 0..ROUNDS_MAX {
            let plan = self.operator.plan();
            if plan.steps.is_empty() || !plan.blocked.is_empty() {
                told.push_str(&render_plan(&plan));
                break;
            }
            let Some(report) = run(self.operator.walk(&plan)) else {
                writeln!(told, "killed")?;
                break;
            };
            tell_walk(&mut told, &plan, &report)?;
            if !report.is_done() {
                break;
            }
        }
        for violation in self.operator.world.violations() {
            writeln!(told, "FORBIDDEN: {violation}")?;
        }
        Ok(told)
    }

    fn killed_up(&mut self, effects: usize) -> Told {
        let world = std::mem::take(&mut self.operator.world);
        self.operator.world = world.kill_after(effects);
        let told = self.up();
        let world = std::mem::take(&mut self.operator.world);
        self.operator.world = world.restarted();
        told
    }
}

fn tell_walk(told: &mut String, plan: &Plan, report: &WalkReport) -> std::fmt::Result {
    write!(told, "{} of {} steps done", report.done(), plan.steps.len())?;
    writeln!(told, ", {} changed, generation {}", report.changed(), plan.generation)?;
    for step in report.failed() {
        if let StepResult::Failed { error, hint } = &step.result {
            writeln!(told, "failed: {}: {error}", step.id)?;
            if !hint.is_empty() {
                writeln!(told, "   hint: {hint}")?;
            }
        }
    }
    for step in report.not_started() {
        if let StepResult::NotStarted { because } = &step.result {
            writeln!(told, "not started: {}: {because}", step.id)?;
        }
    }
    let undecided: Vec<&str> = undecided_nodes(plan).iter().map(|node| node.as_str()).collect();
    if !undecided.is_empty() {
        writeln!(told, "looked at again: {}", undecided.join(", "))?;
    }
    Ok(())
}

/// Sets a value by its dotted path; tables on the way are made.
fn set(document: &mut Table, path: &str, value: Value) -> Result<(), Box<dyn std::error::Error>> {
    let mut table = document;
    let mut parts: Vec<&str> = path.split('.').collect();
    let last = parts.pop().ok_or("an empty path")?;
    for part in parts {
        let inner = table.entry(part).or_insert_with(|| Value::Table(Table::new()));
        table = inner.as_table_mut().ok_or_else(|| format!("{part} is no table"))?;
    }
    table.insert(last.to_owned(), value);
    Ok(())
}

/// Takes a node from the spec, and from etcd's voters.
fn remove_node(document: &mut Table, node: &str) -> Result<(), Box<dyn std::error::Error>> {
    let nodes = document.get_mut("nodes").and_then(Value::as_table_mut).ok_or("no nodes")?;
    nodes.remove(node).ok_or_else(|| format!("there is no node {node}"))?;
    let etcd = document.get_mut("components").and_then(|c| c.get_mut("etcd"));
    if let Some(voters) = etcd.and_then(|e| e.get_mut("voters")).and_then(Value::as_array_mut) {
        voters.retain(|voter| voter.as_str() != Some(node));
    }
    Ok(())
}
