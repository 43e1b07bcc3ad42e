//! Tokens, limits and pace of a lab from the command line.

use crate::support::{Place, preset};

#[test]
fn tokens_are_shown_once_and_open_their_project() {
    let place = Place::with_lab("tokens", preset("seed"), &["--remember-only"]);
    let added = place.ennead(&["lab", "token", "add", "--project", "shop"]).expect_code(0);
    let token = added.out.trim().to_owned();
    assert_eq!(token.len(), 64, "{added:?}");
    assert!(!added.err.contains(&token), "{added:?}");
    place.ennead(&["lab", "token", "add", "--read-only", "--name", "reader"]).expect_code(0);

    let listed = place.ennead(&["lab", "token", "list"]).expect_code(0);
    for word in ["shop-1", "shop", "read, write", "reader", "default"] {
        assert!(listed.out.contains(word), "{word}: {listed:?}");
    }
    assert!(!listed.out.contains(&token), "{listed:?}");
    let listed = place.ennead(&["lab", "token", "list", "--json"]).expect_code(0).json();
    assert_eq!(listed[1]["read_only"], true);

    // A platform of the other project knows nothing of this one's, and is planned like any.
    place.put("token", &token);
    place.edit_spec("token_env = \"HCLOUD_TOKEN\"", "token_file = \"token\"");
    place.edit_spec("endpoint = \"lab\"", &format!("endpoint = \"{}\"", place.endpoint()));
    place.ennead(&["plan"]).expect_code(0);
    place.ennead(&["lab", "token", "remove", "shop-1"]).expect_code(0);
    place.ennead(&["plan"]).expect_code(2).expect_error("token");
    place.ennead(&["lab", "token", "remove", "shop-1"]).expect_code(2).expect_error("not found");
    let wrong = place.ennead(&["lab", "token", "add", "--project", "../x"]).expect_code(2);
    wrong.expect_error("project");

    place.kill_daemon();
    place.ennead(&["lab", "token", "list"]).expect_code(2).expect_error("ennead lab up");
}

#[test]
fn limits_and_pace_are_kept() {
    let options = ["--remember-only", "--limits", "new-account", "--limit", "servers=7"];
    let place = Place::with_lab("limits", preset("seed"), &options);
    let config = || std::fs::read_to_string(place.lab_folder().join("lab.json")).unwrap();
    assert!(config().contains("\"servers\": 7"), "{}", config());
    assert!(config().contains("\"dedicated_servers\": 8"), "{}", config());
    // The same again changes nothing; something else starts the daemon again.
    place.ennead(&["lab", "up", "--remember-only"]).expect_code(0);
    let daemon = place.daemon();
    place.ennead(&["lab", "up", "--remember-only", "--pace", "real"]).expect_code(0);
    assert_ne!(place.daemon(), daemon);
    assert!(config().contains("\"pace\": \"real\""), "{}", config());
    assert!(config().contains("\"servers\": 7"), "{}", config());
    place.ennead(&["lab", "up", "--limit", "servers=many"]).expect_code(2);
}
