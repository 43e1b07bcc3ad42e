//! Faults of the cloud itself, on order: so that clients can be tested against what they will meet.
//! Those of servers and between them are in [`crate::world_fault`].
//!
//! They are kept in memory only; a daemon that starts again has none.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::api::Method;
use crate::api::route::match_path;
use crate::state::{Code, Ending, Refusal};
use crate::world_fault::WorldFault;

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The request is carried out, but its answer never arrives: the connection is cut.
    LoseResponse {
        /// Which requests.
        on: Pattern,
    },
    /// The request is refused and not carried out.
    Refuse {
        /// Which requests.
        on: Pattern,
        /// For example `rate_limit_exceeded`, `locked`, `conflict`, `server_error`, `bad_gateway`.
        code: Code,
    },
    /// The action begins, does nothing and ends in an error.
    FailAction {
        /// For example `create_server`.
        command: String,
        /// How many of them.
        #[serde(default = "once")]
        times: u32,
    },
    /// Actions take longer, until the fault is removed.
    HoldActions {
        /// Only these; all when absent.
        #[serde(default)]
        command: Option<String>,
        /// How much longer, in milliseconds.
        ms: u64,
    },
    /// The servers' requests to the API are never answered, until the fault is removed. The operator's
    /// are.
    Unreachable,
    /// A server type is out of stock in a location, until the fault is removed.
    SoldOut {
        /// The type's name.
        server_type: String,
        /// The location's name.
        location: String,
    },
}

/// Which requests a fault meets, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// For example `POST`; any when absent.
    #[serde(default)]
    pub method: Option<String>,
    /// For example `/servers/{id}/actions/poweron`: below the API's root, `{id}` for any number.
    pub path: String,
    /// How often; then it is spent.
    #[serde(default = "once")]
    pub times: u32,
}

fn once() -> u32 {
    1
}

impl Pattern {
    fn meets(&self, method: Method, path: &str) -> bool {
        let is_method = self.method.as_ref().is_none_or(|name| Method::parse(name) == method);
        self.times > 0 && is_method && match_path(&self.path, path).is_some()
    }
}

/// A fault that was ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its id.
    pub id: u64,
    /// The fault; its times count down.
    pub fault: Fault,
}

/// A fault of servers or between them that was ordered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorldOrder {
    /// Its id.
    pub id: u64,
    /// The fault.
    pub fault: WorldFault,
}

/// All faults in force.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Faults {
    last_id: u64,
    orders: Vec<Order>,
    world: Vec<WorldOrder>,
}

impl Faults {
    /// Orders a fault.
    pub fn add(&mut self, fault: Fault) -> Order {
        self.last_id += 1;
        let order = Order { id: self.last_id, fault };
        self.orders.push(order.clone());
        order
    }

    /// Orders a fault of servers or between them; the engine does it.
    pub(crate) fn add_to_world(&mut self, fault: WorldFault) -> WorldOrder {
        self.last_id += 1;
        let order = WorldOrder { id: self.last_id, fault };
        self.world.push(order.clone());
        order
    }

    /// Removes a fault; false when there is none.
    pub fn remove(&mut self, id: u64) -> bool {
        let before = self.orders.len() + self.world.len();
        self.orders.retain(|order| order.id != id);
        self.world.retain(|order| order.id != id);
        self.orders.len() + self.world.len() < before
    }

    /// Removes all.
    pub fn clear(&mut self) {
        self.orders.clear();
        self.world.clear();
    }

    /// Returns those of servers and between them.
    pub fn world(&self) -> &[WorldOrder] {
        &self.world
    }

    /// Returns those in force.
    pub fn orders(&self) -> &[Order] {
        &self.orders
    }

    /// Returns why a request is refused before it reaches the state.
    pub fn refuses(&mut self, method: Method, path: &str) -> Option<Refusal> {
        let refusal = self.orders.iter_mut().find_map(|order| match &mut order.fault {
            Fault::Refuse { on, code } if on.meets(method, path) => {
                on.times -= 1;
                Some(Refusal::new(*code, message(*code)))
            }
            _ => None,
        });
        self.drop_spent();
        refusal
    }

    /// Returns whether the answer to a request gets lost.
    pub fn loses(&mut self, method: Method, path: &str) -> bool {
        let is_lost = self.orders.iter_mut().any(|order| match &mut order.fault {
            Fault::LoseResponse { on } if on.meets(method, path) => {
                on.times -= 1;
                true
            }
            _ => false,
        });
        self.drop_spent();
        is_lost
    }

    /// Returns how an action fails instead of being carried out.
    pub fn fails(&mut self, command: &str) -> Option<Ending> {
        let fails = self.orders.iter_mut().any(|order| match &mut order.fault {
            Fault::FailAction { command: other, times } if other == command && *times > 0 => {
                *times -= 1;
                true
            }
            _ => false,
        });
        self.drop_spent();
        let (code, message) = ("action_failed".to_owned(), "Action failed".to_owned());
        fails.then_some(Ending::Failed { code, message })
    }

    /// Returns how much longer an action takes.
    pub fn hold(&self, command: &str) -> Duration {
        let all = self.orders.iter().map(|order| match &order.fault {
            Fault::HoldActions { command: only, ms }
                if only.as_ref().is_none_or(|only| only == command) =>
            {
                *ms
            }
            _ => 0,
        });
        Duration::from_millis(all.sum())
    }

    /// Returns whether servers do not reach the API.
    pub fn hides_api(&self) -> bool {
        self.orders.iter().any(|order| order.fault == Fault::Unreachable)
    }

    /// Returns what is out of stock: type, location.
    pub fn sold_out(&self) -> BTreeSet<(String, String)> {
        let pair = |order: &Order| match &order.fault {
            Fault::SoldOut { server_type, location } => {
                Some((server_type.clone(), location.clone()))
            }
            _ => None,
        };
        self.orders.iter().filter_map(pair).collect()
    }

    fn drop_spent(&mut self) {
        self.orders.retain(|order| match &order.fault {
            Fault::LoseResponse { on } | Fault::Refuse { on, .. } => on.times > 0,
            Fault::FailAction { times, .. } => *times > 0,
            Fault::HoldActions { .. } | Fault::SoldOut { .. } | Fault::Unreachable => true,
        });
    }
}

fn message(code: Code) -> &'static str {
    match code {
        Code::RateLimitExceeded => "limit of requests per hour reached",
        Code::Locked => "cannot perform operation because server is locked",
        Code::Conflict => "the resource has changed during the request, please retry",
        Code::ResourceUnavailable => "error during placement",
        Code::BadGateway => "the request could not be answered by the API backend, please retry",
        Code::Unavailable => "a service is currently not available",
        Code::Timeout => "the request could not be answered in time, please retry",
        _ => "an error on order",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_spent_after_its_times() {
        let mut faults = Faults::default();
        let text = r#"{"kind":"refuse","code":"locked","on":
                       {"method":"POST","path":"/servers/{id}/actions/{action}","times":2}}"#;
        faults.add(serde_json::from_str(text).unwrap());
        let path = "/servers/12/actions/poweron";
        assert_eq!(faults.refuses(Method::Get, path), None);
        assert_eq!(faults.refuses(Method::Post, "/servers"), None);
        assert_eq!(faults.refuses(Method::Post, path).unwrap().code, Code::Locked);
        assert!(faults.refuses(Method::Post, path).is_some());
        assert_eq!(faults.refuses(Method::Post, path), None);
        assert!(faults.orders().is_empty());
    }

    #[test]
    fn every_fault_can_be_written_as_json() {
        let texts = [
            r#"{"kind":"lose_response","on":{"path":"/servers"}}"#,
            r#"{"kind":"fail_action","command":"create_server"}"#,
            r#"{"kind":"hold_actions","ms":50}"#,
            r#"{"kind":"unreachable"}"#,
            r#"{"kind":"sold_out","server_type":"ccx23","location":"fsn1"}"#,
        ];
        for text in texts {
            let fault: Fault = serde_json::from_str(text).unwrap();
            let again = serde_json::to_string(&fault).unwrap();
            assert_eq!(serde_json::from_str::<Fault>(&again).unwrap(), fault);
        }
    }
}
