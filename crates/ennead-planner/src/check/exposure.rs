//! Whether SSH is open to everybody. Keys guard it even so; every lock that needs no key is a gift.

use ennead_components::access::{EVERYWHERE, OPERATOR_PLACE, operator_prefixes};
use ennead_model::{Finding, Severity};
use ennead_spec::Spec;

/// Returns a warning when the operator may come from everywhere; a note in a lab, where everywhere
/// is this machine.
pub(super) fn check_exposure(spec: &Spec) -> Option<Finding> {
    if !operator_prefixes(&spec.options).contains(&EVERYWHERE) {
        return None;
    }
    let message = "SSH on every node is open to every address";
    let mut finding = Finding::warning("ssh-from-everywhere", OPERATOR_PLACE, message)
        .hint("list the addresses you come from, such as ssh_from = [\"203.0.113.7/32\"]");
    if spec.cloud.is_lab() {
        finding.severity = Severity::Note;
    }
    Some(finding)
}
