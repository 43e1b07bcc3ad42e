//! Each way in which a trial of new rules ends, on a machine that only remembers.

use std::sync::{Arc, Mutex};

use ennead_host::FakeHost;
use ennead_host::fake::{Ran, output};

use super::*;

const OLD: &str = "old rules";
const NEW: &str = "new rules";

/// What the kernel and systemd hold.
#[derive(Debug, Default)]
struct Machine {
    table: Option<String>,
    timer_runs: bool,
    /// What the next loading of rules says instead of doing it.
    refuses: bool,
    /// The timer ends when it is about to be stopped.
    ends_late: bool,
    /// The files as they were when the verb began: the fake answers commands without its files.
    wanted: String,
    confirmed: String,
}

struct Node {
    host: FakeHost,
    machine: Arc<Mutex<Machine>>,
}

impl Node {
    /// A node with wanted rules and, when some are given, confirmed ones in force.
    async fn new(confirmed: Option<&str>) -> Self {
        let machine = Arc::new(Mutex::new(Machine::default()));
        let host = FakeHost::new("n1").file(WANTED_PATH, confirmed.unwrap_or(NEW));
        let seen = Arc::clone(&machine);
        let host = host.respond(move |ran| Some(respond(&mut seen.lock().unwrap(), ran)));
        let node = Self { host, machine };
        assert!(node.apply("prepare").await.unwrap());
        if confirmed.is_some() {
            assert!(node.apply("try").await.unwrap());
            assert!(node.apply("confirm").await.unwrap());
            node.host.put(WANTED_PATH, NEW);
            node.host.forget();
        }
        node
    }

    async fn apply(&self, verb: &str) -> Result<bool, ComponentError> {
        self.look_at_files();
        apply(&self.host, verb).await
    }

    fn look_at_files(&self) {
        let text = |path: &str| self.host.text(path).unwrap_or_default();
        let (wanted, confirmed) = (text(WANTED_PATH), text(CONFIRMED_PATH));
        self.machine(|it| (it.wanted, it.confirmed) = (wanted, confirmed));
    }

    fn machine<T>(&self, act: impl FnOnce(&mut Machine) -> T) -> T {
        act(&mut self.machine.lock().unwrap())
    }

    /// The time of the trial is over.
    fn time_passes(&self) {
        self.look_at_files();
        self.machine(|it| {
            if std::mem::take(&mut it.timer_runs) {
                it.table = table(&it.confirmed);
            }
        });
    }

    fn in_force(&self) -> Option<String> {
        self.machine(|it| it.table.clone())
    }
}

fn table(rules: &str) -> Option<String> {
    (rules != NO_RULES).then(|| rules.to_owned())
}

fn respond(machine: &mut Machine, ran: &Ran) -> ennead_host::Output {
    let done = output(0, "", "");
    match ran.line.as_str() {
        line if line.starts_with("nft --check") => match machine.wanted.as_str() {
            "nonsense" => output(1, "", "syntax error"),
            _ => done,
        },
        line if line.starts_with("nft --stateless list") => match &machine.table {
            Some(rules) => output(0, rules, ""),
            None => output(1, "", "No such file or directory"),
        },
        line if line.starts_with("nft --file") && machine.refuses => output(1, "", "no memory"),
        line if line == format!("nft --file {WANTED_PATH}") => {
            assert!(machine.timer_runs, "rules are loaded before the way back is there");
            machine.table = table(&machine.wanted);
            done
        }
        line if line == format!("nft --file {CONFIRMED_PATH}") => {
            // What `confirm` has just written.
            machine.table = table(&machine.wanted);
            done
        }
        "systemctl daemon-reload" => done,
        line if line == format!("systemctl restart -- {TIMER_NAME}") => {
            machine.timer_runs = true;
            done
        }
        line if line == format!("systemctl stop -- {TIMER_NAME}") => {
            if std::mem::take(&mut machine.ends_late) {
                machine.table = table(&machine.confirmed);
            }
            machine.timer_runs = false;
            done
        }
        line => panic!("{line}"),
    }
}

#[tokio::test]
async fn confirmed_rules_stay_and_the_second_time_nothing_happens() {
    let node = Node::new(Some(OLD)).await;
    assert!(node.apply("try").await.unwrap());
    assert_eq!(node.in_force().as_deref(), Some(NEW));
    assert!(node.machine(|it| it.timer_runs));
    assert!(node.apply("confirm").await.unwrap());
    node.time_passes();
    assert_eq!(node.in_force().as_deref(), Some(NEW));
    assert_eq!(node.host.text(CONFIRMED_PATH).as_deref(), Some(NEW));
    node.host.forget();
    assert!(!node.apply("prepare").await.unwrap());
    assert!(!node.apply("try").await.unwrap());
    assert!(!node.apply("confirm").await.unwrap());
    let changing = |line: &String| !line.starts_with("nft --stateless list");
    assert_eq!(node.host.lines().into_iter().filter(changing).count(), 0);
}

#[tokio::test]
async fn rules_that_nobody_came_in_through_are_taken_back() {
    let node = Node::new(Some(OLD)).await;
    node.apply("try").await.unwrap();
    node.time_passes();
    assert_eq!(node.in_force().as_deref(), Some(OLD));
    let late = node.apply("confirm").await.unwrap_err().to_string();
    assert!(late.contains("were taken back"), "{late}");
    assert_eq!(node.host.text(CONFIRMED_PATH).as_deref(), Some(OLD));
    assert!(node.apply("try").await.unwrap());
    assert!(node.apply("confirm").await.unwrap());
    assert_eq!(node.in_force().as_deref(), Some(NEW));
}

#[tokio::test]
async fn the_first_rules_that_are_taken_back_leave_no_table() {
    let node = Node::new(None).await;
    node.apply("try").await.unwrap();
    assert_eq!(node.in_force().as_deref(), Some(NEW));
    node.time_passes();
    assert_eq!(node.in_force(), None);
    assert!(node.apply("confirm").await.is_err());
}

#[tokio::test]
async fn rules_that_are_no_rules_change_nothing() {
    let node = Node::new(Some(OLD)).await;
    node.host.put(WANTED_PATH, "nonsense");
    assert!(node.apply("try").await.unwrap_err().to_string().contains("syntax error"));
    assert_eq!(node.in_force().as_deref(), Some(OLD));
    assert!(!node.machine(|it| it.timer_runs));
}

#[tokio::test]
async fn rules_that_the_kernel_refuses_leave_those_before() {
    let node = Node::new(Some(OLD)).await;
    node.machine(|it| it.refuses = true);
    assert!(node.apply("try").await.is_err());
    node.machine(|it| it.refuses = false);
    assert!(node.apply("confirm").await.is_err());
    node.time_passes();
    assert_eq!(node.in_force().as_deref(), Some(OLD));
}

#[tokio::test]
async fn a_trial_that_is_begun_again_gets_its_whole_time_and_a_way_back() {
    let node = Node::new(Some(OLD)).await;
    node.apply("try").await.unwrap();
    node.host.put(WANTED_PATH, "newer rules");
    assert!(node.apply("try").await.unwrap());
    assert_eq!(node.in_force().as_deref(), Some("newer rules"));
    node.time_passes();
    assert_eq!(node.in_force().as_deref(), Some(OLD));
}

#[tokio::test]
async fn a_trial_whose_time_ends_while_it_is_confirmed_is_confirmed() {
    let node = Node::new(Some(OLD)).await;
    node.apply("try").await.unwrap();
    node.machine(|it| it.ends_late = true);
    assert!(node.apply("confirm").await.unwrap());
    assert_eq!(node.in_force().as_deref(), Some(NEW));
    assert!(!node.machine(|it| it.timer_runs));
}

#[tokio::test]
async fn a_table_that_somebody_changed_is_loaded_again() {
    let node = Node::new(Some(OLD)).await;
    node.host.put(WANTED_PATH, OLD);
    node.machine(|it| it.table = Some("rules by hand".to_owned()));
    assert!(node.apply("try").await.unwrap());
    assert!(!node.machine(|it| it.timer_runs), "these rules are confirmed");
    assert!(!node.apply("confirm").await.unwrap());
    assert_eq!(node.in_force().as_deref(), Some(OLD));
}

#[tokio::test]
async fn killed_after_any_write_of_a_confirmation_the_next_run_ends_it() {
    for broken in [LISTING_PATH, CONFIRMED_PATH] {
        let node = Node::new(Some(OLD)).await;
        node.apply("try").await.unwrap();
        node.host.break_path(broken, std::io::ErrorKind::Interrupted);
        assert!(node.apply("confirm").await.is_err(), "{broken}");
        node.host.mend_path(broken);
        node.time_passes();
        assert_eq!(node.in_force().as_deref(), Some(OLD), "{broken}");
        assert!(node.apply("try").await.unwrap(), "{broken}");
        assert!(node.apply("confirm").await.unwrap(), "{broken}");
        assert_eq!(node.in_force().as_deref(), Some(NEW), "{broken}");
    }
}
