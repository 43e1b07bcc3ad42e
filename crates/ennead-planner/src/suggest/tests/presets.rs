//! What the presets are told when they are to keep more than they do.

use super::*;

#[test]
fn who_keeps_everything_is_told_nothing() {
    for preset in ennead_spec::PRESETS {
        let spec = read(preset.text);
        let answer = ask(&spec, &spec.promises);
        assert!(answer.is_kept(), "{}", preset.name);
        assert_eq!((answer.suggestions, answer.looked_at), (Vec::new(), 0), "{}", preset.name);
    }
}

#[test]
fn any_two_servers_cost_the_distance_or_another_instance() {
    let expected = [
        "0 cents, 1 -> 1 ms: let crm-app-ash-1 run a further instance of the database, with its \
         pooler; let 2 replicas confirm each commit instead of 1",
        "0 cents, 1 -> 60 ms: let 2 replicas confirm each commit instead of 1",
    ];
    assert_eq!(told(&spec("default"), &["any-two-servers"]), expected);
}

#[test]
fn any_site_costs_a_witness_in_a_third_one() {
    let witness = "add a site in fsn1 with one cx23, crm-witness-fsn1, that only votes in etcd; \
                   let crm-ctrl-ash-1 no longer vote in etcd";
    let two = format!("649 cents, 60 -> 60 ms: {witness}");
    assert_eq!(told(&spec("any-two"), &["any-site"]), [two]);
    let one = format!(
        "649 cents, 1 -> 60 ms: {witness}; let 2 replicas confirm each commit instead of 1"
    );
    assert_eq!(told(&spec("default"), &["any-site", "any-two-servers"]), [one]);
}

#[test]
fn three_servers_lose_two_with_witnesses() {
    let expected = "1298 cents, 1 -> 1 ms: add to site main one cx23, seed-witness-main, that only \
                    votes in etcd; add to site main one cx23, seed-witness-main-2, that only votes \
                    in etcd; let 2 replicas confirm each commit instead of 1";
    assert_eq!(told(&spec("seed"), &["any-two-servers"]), [expected]);
}

#[test]
fn what_no_change_can_keep_is_said() {
    // The only site may not be lost, whoever votes where: that is known without a search.
    let spec = spec("seed");
    let answer = ask(&spec, &with(&spec, &["any-site"]));
    assert!(answer.suggestions.is_empty() && answer.whole && answer.looked_at == 0);
    let hopeless = &answer.hopeless[0];
    assert_eq!((answer.hopeless.len(), hopeless.promise.as_str()), (1, "any-site"));
    let why = "without site main no server is left that could have the database";
    assert!(hopeless.why.starts_with(why), "{hopeless:?}");
    let kept: Vec<bool> = answer.asked.iter().map(|it| it.kept).collect();
    assert_eq!(kept, [true, true, false]);
}

#[test]
fn a_search_that_ends_early_says_so_and_never_lies() {
    let spec = spec("default");
    let asked = with(&spec, &["any-two-servers"]);
    let answer = ask_within(&spec, &asked, 3);
    assert!(!answer.whole && answer.suggestions.is_empty());
    assert_eq!(answer.looked_at, 3);
    let answer = ask_within(&spec, &asked, 100);
    assert!(!answer.whole);
    assert_eq!(answer.suggestions.len(), 1, "the simple one comes first");
}

#[test]
fn etcd_waits_for_the_other_sites_with_a_witness() {
    let spec = spec("any-two");
    let answer = ask(&spec, &with(&spec, &["any-site"]));
    assert_eq!(answer.suggestions[0].etcd_ms, [1, 60]);
}

#[test]
fn each_step_has_its_reason() {
    let spec = spec("any-two");
    let answer = ask(&spec, &with(&spec, &["any-site"]));
    let whys: Vec<&str> =
        answer.suggestions[0].steps.iter().map(|step| step.why.as_str()).collect();
    assert!(whys[0].starts_with("any-site is not kept: without site ash: "), "{whys:?}");
    assert!(whys[1].starts_with("any-site is not kept: without site ash: "), "{whys:?}");
    // What is not needed for a promise is there for time.
    let spec = super::spec("default");
    let answer = ask(&spec, &with(&spec, &["any-two-servers"]));
    let why = &answer.suggestions[0].steps[0].why;
    assert_eq!(why, "all of it is kept as well, but a commit waits 60 ms");
    let spec = super::spec("any-two");
    let answer = ask(&spec, &with(&spec, &["any-site"]));
    let after: Vec<_> = answer.suggestions[0].promises.iter().map(|it| it.after).collect();
    assert_eq!(after, [true; 8]);
}

#[test]
fn prices_and_distances_decide() {
    let spec = spec("default");
    let asked = with(&spec, &["any-site"]);
    let catalogue = Catalogue::embedded();
    let first = |price: Price<'_>, between_zones_ms| {
        let distances = Distances { between_zones_ms, ..Distances::default() };
        let answer = suggest(&spec, &asked, catalogue, price, distances).unwrap();
        answer.suggestions[0].clone()
    };
    let dear = |server_type: &str, location: &str| {
        Some(if location == "sin" && server_type == "ccx13" { 1 } else { 1000 })
    };
    let found = first(&dear, 200);
    assert_eq!((found.monthly_cents, found.commit_ms), (Some(1), [1, 200]));
    let Change::AddWitness(witness) = &found.steps[0].change else { panic!("{found:?}") };
    assert_eq!((witness.site.as_str(), witness.server_type.as_str()), ("sin", "ccx13"));
    let nothing_known = first(&|_, _| None, 60);
    assert_eq!(nothing_known.monthly_cents, None);
}

#[test]
fn many_servers_end_within_the_limit() {
    use std::fmt::Write as _;
    let mut text = preset("default").unwrap().text.replace("crm-", "c-");
    for number in 0..21 {
        let (site, octet) = if number % 3 == 0 { ("hil", 1) } else { ("ash", 2) };
        let tier = ["application", "services"][number % 2];
        writeln!(text, "[nodes.n{number}]\nsite = {site:?}\ntier = {tier:?}").unwrap();
        writeln!(text, "address = \"10.{octet}.0.{}\"", 100 + number).unwrap();
    }
    let spec = read(&text);
    assert_eq!(spec.fleet.nodes.len(), 30);
    let answer = ask_within(&spec, &with(&spec, &["any-site"]), 2000);
    assert!(answer.looked_at <= 2000, "{}", answer.looked_at);
    let most = search::shapes_max(30);
    assert_eq!(most, 100_000);
    assert!(search::shapes_max(0) >= 1 && search::shapes_max(128) < most);
}
