//! What people and dates do to a gateway's files, with the real `awk` and `nft` of this machine.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ennead_host::{Command, Host as _, LocalHost};
use ennead_model::fleet::Prefix;
use ennead_model::{Fleet, Inventory, NodeAction, Site};

use super::*;
use crate::vpn::Person;

fn fleet() -> Fleet {
    let prefix = Prefix { address: Ipv4Addr::new(10, 1, 0, 0), bits: 24 };
    let site = Site {
        name: "one".parse().unwrap(),
        location: "one".to_owned(),
        network_zone: "one".to_owned(),
        private_prefix: prefix,
    };
    let node = Node {
        name: "n1".parse().unwrap(),
        site: site.name.clone(),
        tier: "all".parse().unwrap(),
        server_type: String::new(),
        address: Ipv4Addr::new(10, 1, 0, 11),
        memory_bytes: 0,
        cores: 1,
        components: BTreeSet::from([NAME.parse().unwrap()]),
        backups: false,
    };
    Fleet {
        platform: "demo".to_owned(),
        sites: BTreeMap::from([(site.name.clone(), site)]),
        nodes: BTreeMap::from([(node.name.clone(), node)]),
        ..Fleet::default()
    }
}

fn person(name: &str, last: u8, expires: Option<i64>) -> Person {
    Person {
        name: name.parse().unwrap(),
        public_key: format!("{}=", "a".repeat(43)),
        address: Ipv4Addr::new(10, 255, 255, last),
        expires: expires.map(|second| jiff::Timestamp::from_second(second).unwrap()),
    }
}

/// Returns a file of the gateway's declaration.
fn file_of(options: &crate::Options, path: &str) -> String {
    let (fleet, inventory) = (fleet(), Inventory::empty());
    let context = Context { fleet: &fleet, options, inventory: &inventory };
    let declaration = declare(&context, fleet.node("n1").unwrap());
    let files = declaration.files.into_iter().find_map(|action| match action {
        NodeAction::File { path: at, content, .. } if at == path => Some(content),
        _ => None,
    });
    files.unwrap()
}

fn with_people(people: Vec<Person>) -> crate::Options {
    let mut options = crate::Options::default();
    options.vpn.people = people;
    options
}

async fn run(command: &str, arguments: &[&str]) -> (bool, String) {
    let command = Command::new(command).args(arguments.iter().copied());
    let output = LocalHost::new("this machine").run(&command).await.unwrap();
    (output.success(), output.stdout_text() + &output.stderr_tail())
}

#[test]
fn each_person_has_one_address_and_an_end() {
    let options = with_people(vec![person("anna", 2, Some(1_764_000_000)), person("bert", 3, None)]);
    let config = file_of(&options, CONFIG_PATH);
    assert!(config.contains("# anna\n# expires 1764000000\n[Peer]\n"), "{config}");
    assert!(config.contains("# bert\n# expires never\n"), "{config}");
    assert!(config.ends_with("AllowedIPs = 10.255.255.3/32\n"), "{config}");
}

#[tokio::test]
async fn the_script_leaves_out_who_has_expired_and_changes_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_str().unwrap().to_owned();
    let people =
        vec![person("anna", 2, Some(1_000)), person("bert", 3, None), person("carl", 4, Some(4_000_000_000))];
    let config = file_of(&with_people(people), CONFIG_PATH);
    let script = file_of(&crate::Options::default(), PEOPLE_PATH)
        .replace(CONFIG_PATH, &format!("{root}/wg-admin.conf"))
        .replace("/run/", &format!("{root}/"));
    // Stands for `wg`: notes how it was called.
    let wg = format!("#!/bin/sh\necho \"$@\" >> {root}/calls\n");
    for (name, text) in [("wg-admin.conf", config), ("script", script), ("wg", wg)] {
        let path = camino::Utf8PathBuf::from(format!("{root}/{name}"));
        ennead_host::files::write(&path, text).unwrap();
    }
    let command = format!("chmod +x {root}/wg; PATH={root}:$PATH sh {root}/script $1");
    for argument in ["", "changed"] {
        let (ok, said) = run("sh", &["-c", &command, "sh", argument]).await;
        assert!(ok, "{said}");
    }
    let read = |name: &str| {
        let path = camino::Utf8PathBuf::from(format!("{root}/{name}"));
        ennead_host::files::read_text(&path).unwrap().unwrap()
    };
    let taken = read("ennead-vpn.conf");
    assert!(taken.contains("PrivateKey = "), "{taken}");
    assert!(!taken.contains("10.255.255.2/32") && !taken.contains("anna"), "{taken}");
    assert!(taken.contains("10.255.255.3/32") && taken.contains("10.255.255.4/32"), "{taken}");
    assert_eq!(taken.matches("[Peer]").count(), 2);
    assert_eq!(read("calls").lines().count(), 1, "{}", read("calls"));
}

#[tokio::test]
async fn nft_understands_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    let path = camino::Utf8PathBuf::from_path_buf(folder.path().join("vpn.nft")).unwrap();
    ennead_host::files::write(&path, file_of(&crate::Options::default(), RULES_PATH)).unwrap();
    let there = run("sh", &["-c", "command -v nft unshare && unshare -n true"]).await.0;
    if there {
        // Checked in a network of its own: nothing of this machine is touched.
        let (ok, said) = run("unshare", &["-n", "nft", "-c", "-f", path.as_str()]).await;
        assert!(ok, "{said}");
    }
}
