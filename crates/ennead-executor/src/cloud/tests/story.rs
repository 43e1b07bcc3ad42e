//! A platform comes, stays and goes; somebody else's objects stay untouched.

use ennead_hcloud::types::{CreatePlacementGroup, CreateSshKey};
use ennead_hcloud::{CloudError, Retry};
use ennead_lab::fault::Fault;
use ennead_model::cloud::CloudRule;
use ennead_model::{CloudAction, Outcome};
use futures::future::join_all;

use super::platform::{
    Bench, PLATFORM, PUBLIC_KEY, Secrets, attach, down, group, key, network, power_on, server, up,
    wanted,
};
use crate::cloud::{CloudStepError, WantedNames, apply_cloud, observe_cloud};

#[tokio::test]
async fn a_platform_comes_is_seen_stays_and_goes() {
    let lab = Bench::open().await;
    assert_eq!(lab.apply_all(&up("a")).await, 6);
    assert_eq!(lab.apply_all(&up("a")).await, 0);

    let seen = observe_cloud(&lab.client, PLATFORM, &wanted(&["a", "b"])).await.unwrap();
    let a = &seen.servers["a"];
    assert_eq!((a.status.as_str(), a.server_type.as_str()), ("running", "ccx23"));
    assert_eq!((a.location.as_str(), a.labels["node"].as_str()), ("hil", "a"));
    assert!(a.public_ip.is_some());
    let net = &seen.networks["one-west"];
    assert_eq!(a.private_ips[&net.id].to_string(), "10.1.0.11");
    assert_eq!(net.subnets, [("us-west".to_owned(), "10.1.0.0/16".to_owned())]);
    assert_eq!(a.placement_group, Some(seen.placement_groups["one-control-1"]));
    assert!(seen.ssh_keys["one-operator"].1.starts_with(PUBLIC_KEY));
    assert!(seen.foreign.is_empty(), "{:?}", seen.foreign);

    let seed = lab.lab.world.server(a.id).unwrap().seed;
    assert_eq!(
        seed.user_data.as_deref(),
        Some("#cloud-config\n{\"host_key\":\"very-secret-of-a\"}\n")
    );
    assert_eq!(seed.ssh_keys.len(), 1);

    assert_eq!(lab.apply_all(&down("a")).await, 4);
    assert_eq!(lab.apply_all(&down("a")).await, 0);
    assert_eq!(lab.names().concat(), Vec::<String>::new());
}

fn guarded(port: u16) -> CloudAction {
    let world = ["0.0.0.0/0", "::/0"].map(str::to_owned).into();
    let rules = [CloudRule::inbound("tcp", Some(port), world, "a port")].into();
    let labels = ennead_planner::plan::objects::platform_labels(PLATFORM);
    CloudAction::SetFirewall { name: "one-wall".to_owned(), rules, labels }
}

#[tokio::test]
async fn a_firewall_comes_changes_guards_and_goes() {
    let lab = Bench::open().await;
    let (firewall, server) = ("one-wall".to_owned(), "a".to_owned());
    let apply = CloudAction::ApplyFirewall { firewall: firewall.clone(), server: server.clone() };
    let lift = CloudAction::LiftFirewall { firewall: firewall.clone(), server };
    let delete = CloudAction::DeleteFirewall { name: firewall.clone() };
    lab.apply_all(&up("a")).await;
    let missing = lab.apply(&apply).await.unwrap_err();
    assert!(missing.to_string().ends_with("there is no firewall one-wall"), "{missing}");
    for action in [&guarded(22), &guarded(443), &apply] {
        assert_eq!(lab.apply(action).await.unwrap(), Outcome::Changed, "{action:?}");
        assert_eq!(lab.apply(action).await.unwrap(), Outcome::Unchanged, "{action:?}");
    }
    let seen = observe_cloud(&lab.client, PLATFORM, &wanted(&["a"])).await.unwrap();
    let facts = &seen.firewalls[&firewall];
    let CloudAction::SetFirewall { rules, .. } = guarded(443) else { panic!("it sets") };
    assert_eq!((&facts.rules, facts.servers.len()), (&rules, 1));
    for action in [&lift, &delete] {
        assert_eq!(lab.apply(action).await.unwrap(), Outcome::Changed, "{action:?}");
    }
    assert_eq!(lab.apply(&delete).await.unwrap(), Outcome::Unchanged);
    lab.apply(&guarded(22)).await.unwrap();
    lab.apply(&apply).await.unwrap();
    lab.apply_all(&down("a")).await;
    assert_eq!(lab.apply(&delete).await.unwrap(), Outcome::Changed);
}

#[tokio::test]
async fn the_address_is_there_before_the_first_boot() {
    let lab = Bench::open().await;
    lab.apply_all(&up("a")).await;
    let calls = lab.lab.world.calls();
    let place = |verb: &str| calls.iter().position(|call| call.contains(verb)).unwrap();
    assert!(place("attach") < place("start"), "{calls:?}");
    assert_eq!(calls.iter().filter(|call| call.contains("start")).count(), 1);
}

#[tokio::test]
async fn wanted_names_that_others_have_are_seen() {
    let lab = Bench::open().await;
    lab.apply_all(&[key(), network(), group()]).await;
    let other = server_of("two", "b");
    apply_cloud(&lab.client, "two", &other, &Secrets).await.unwrap();
    let seen = observe_cloud(&lab.client, PLATFORM, &wanted(&["a", "b"])).await.unwrap();
    assert_eq!(seen.foreign, ["server/b"]);
    assert!(seen.servers.is_empty());
    let nothing = observe_cloud(&lab.client, "three", &WantedNames::default()).await.unwrap();
    assert_eq!(nothing, ennead_model::CloudInventory::default());
}

/// A server of another platform, without key and group.
fn server_of(platform: &str, name: &str) -> CloudAction {
    let CloudAction::CreateServer { server_type, image, location, user_data, .. } = server(name)
    else {
        panic!("server() makes servers");
    };
    CloudAction::CreateServer {
        name: name.to_owned(),
        server_type,
        image,
        location,
        user_data,
        ssh_keys: vec![],
        placement_group: None,
        firewalls: Vec::new(),
        labels: ennead_planner::plan::objects::platform_labels(platform),
    }
}

#[tokio::test]
async fn somebody_elses_server_is_neither_taken_nor_changed_nor_deleted() {
    let lab = Bench::open().await;
    lab.apply_all(&[key(), network(), group()]).await;
    apply_cloud(&lab.client, "two", &server_of("two", "a"), &Secrets).await.unwrap();
    let delete = CloudAction::DeleteServer { name: "a".to_owned() };
    for action in [server("a"), attach("a", 11), power_on("a"), delete] {
        let error = lab.apply(&action).await.unwrap_err();
        let CloudStepError::Cloud { source: CloudError::Foreign { .. }, .. } = &error else {
            panic!("{action:?}: {error:?}");
        };
        assert!(error.hint().contains("rename"), "{}", error.hint());
    }
    let record = lab.lab.engine().state().servers.into_values().next().unwrap();
    assert_eq!((record.status.word(), record.attachments.len()), ("off", 0));
}

#[tokio::test]
async fn a_key_that_somebody_else_put_there_is_shared_and_given_back() {
    let lab = Bench::open().await;
    let theirs = CreateSshKey {
        name: "laptop".to_owned(),
        public_key: format!("{PUBLIC_KEY} laptop"),
        labels: [("team".to_owned(), "x".to_owned())].into(),
    };
    let theirs = lab.client.create_ssh_key(&theirs).await.unwrap();
    assert_eq!(lab.apply_all(&up("a")).await, 6);
    assert_eq!(lab.apply_all(&up("a")).await, 0);
    let seen = observe_cloud(&lab.client, PLATFORM, &wanted(&["a"])).await.unwrap();
    assert_eq!(seen.ssh_keys["one-operator"].0, theirs.id);
    let id = seen.servers["a"].id;
    assert_eq!(lab.lab.world.server(id).unwrap().seed.ssh_keys.len(), 1);
    assert_eq!(lab.apply_all(&down("a")).await, 4);
    assert_eq!(lab.client.ssh_keys("").await.unwrap(), [theirs]);
}

#[tokio::test]
async fn another_address_or_a_missing_part_is_said_clearly() {
    let lab = Bench::open().await;
    lab.apply_all(&up("a")).await;
    let error = lab.apply(&attach("a", 12)).await.unwrap_err();
    let CloudStepError::Cloud { action, source } = &error else { panic!("{error:?}") };
    assert_eq!(action, "attach a to one-west as 10.1.0.12");
    assert_eq!(source.to_string(), "server a has private address 10.1.0.11 instead of 10.1.0.12");
    let error = lab.apply(&power_on("b")).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot power on b: there is no server b");
    assert_eq!(error.retry(), Retry::Never);
}

#[tokio::test]
async fn out_of_stock_is_said_at_once_with_a_way_out() {
    let lab = Bench::open().await;
    lab.apply_all(&[key(), network(), group()]).await;
    let (server_type, location) = ("ccx23".to_owned(), "hil".to_owned());
    lab.lab.engine().faults().add(Fault::SoldOut { server_type, location });
    let error = lab.apply(&server("a")).await.unwrap_err();
    assert!(error.hint().contains("another server type or location"), "{error:?}");
    assert!(!format!("{error:?}").contains("very-secret"), "{error:?}");
}

#[tokio::test]
async fn what_cannot_be_resolved_is_not_sent() {
    let lab = Bench::open().await;
    lab.apply_all(&[key(), network(), group()]).await;
    let error = lab.apply(&server("nobody")).await.unwrap_err();
    assert!(matches!(error, CloudStepError::Resolve { .. }), "{error:?}");
    assert_eq!(lab.names()[3], Vec::<String>::new());
}

#[tokio::test]
async fn nine_servers_are_made_together_and_twice_at_once() {
    let lab = Bench::open().await;
    lab.apply_all(&[key(), network(), group()]).await;
    let names: Vec<String> = (1..=9).map(|number| format!("node-{number}")).collect();
    let actions: Vec<CloudAction> = names.iter().map(|name| server(name)).collect();
    let both = join_all(actions.iter().chain(&actions).map(|action| lab.apply(action))).await;
    let both: Vec<Outcome> = both.into_iter().map(Result::unwrap).collect();
    assert_eq!(both.len(), 18);
    assert_eq!(lab.names()[3], names);
    let on = |name: &String, last: u8| [attach(name, last), power_on(name)];
    let steps: Vec<[CloudAction; 2]> =
        names.iter().zip(11..).map(|(name, last)| on(name, last)).collect();
    join_all(steps.iter().map(|steps| lab.apply_all(steps))).await;
    let wanted = WantedNames { servers: names.into_iter().collect(), ..WantedNames::default() };
    let seen = observe_cloud(&lab.client, PLATFORM, &wanted).await.unwrap();
    assert!(seen.servers.values().all(|server| server.status == "running"));
}

#[tokio::test]
async fn a_group_that_is_somebody_elses_is_not_used() {
    let lab = Bench::open().await;
    lab.apply_all(&[key()]).await;
    let body = CreatePlacementGroup {
        name: "one-control-1".to_owned(),
        kind: "spread".to_owned(),
        labels: [].into(),
    };
    lab.client.create_placement_group(&body).await.unwrap();
    for action in [group(), server("a")] {
        let error = lab.apply(&action).await.unwrap_err();
        assert!(error.hint().contains("rename"), "{error:?}");
    }
    let delete = CloudAction::DeletePlacementGroup { name: "one-control-1".to_owned() };
    assert!(lab.apply(&delete).await.is_err());
    assert_eq!(lab.names()[2], ["one-control-1"]);
}

#[test]
fn applying_can_run_on_any_thread() {
    fn is_send<T: Send>(_: &T) {}
    let client = ennead_hcloud::Client::new(
        "http://127.0.0.1:1/v1",
        &secrecy::SecretString::from("t"),
        ennead_hcloud::RetryPolicy::default(),
    )
    .unwrap();
    let (action, wanted) = (key(), WantedNames::default());
    is_send(&apply_cloud(&client, PLATFORM, &action, &Secrets));
    is_send(&observe_cloud(&client, PLATFORM, &wanted));
}
