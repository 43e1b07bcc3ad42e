//! The text of a spec after the changes.

use super::*;

/// Returns the changed text of the first suggestion for a preset that is to keep more.
fn changed(text: &str, words: &[&str], pick: usize) -> String {
    let spec = read(text);
    let asked = with(&spec, words);
    let answer = ask(&spec, &asked);
    let changes = answer.suggestions[pick].changes();
    write(text, &spec, &changes, &asked, Catalogue::embedded()).unwrap()
}

/// Returns the lines that only one of two texts has: those that go, those that come.
fn differing(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
    let only = |one: &str, other: &str| {
        let other: Vec<&str> = other.lines().collect();
        let lines = one.lines().filter(|line| !line.is_empty() && !other.contains(line));
        lines.map(str::to_owned).collect()
    };
    (only(before, after), only(after, before))
}

#[test]
fn a_witness_is_a_site_a_tier_a_node_and_a_voter() {
    let before = preset("default").unwrap().text;
    let after = changed(before, &["any-site"], 0);
    let (gone, come) = differing(before, &after);
    assert_eq!(
        gone,
        [
            "promises = [\"any-one-server\", \"site:hil\", \"partition\", \"maintenance\"]",
            "  \"crm-ctrl-ash-1\",",
        ]
    );
    let expected = [
        "promises = [\"any-one-server\", \"site:hil\", \"partition\", \"maintenance\", \"any-site\"]",
        "# A site that only votes, so that losing another one leaves a majority.",
        "[sites.fsn1]",
        "location = \"fsn1\"",
        "private_prefix = \"10.3.0.0/24\"",
        "# Witnesses vote in etcd and run nothing else.",
        "[tiers.witness]",
        "server_type = \"cx23\"",
        "components = [\"etcd\"]",
        "# A witness: it has no data.",
        "[nodes.crm-witness-fsn1]",
        "site = \"fsn1\"",
        "tier = \"witness\"",
        "address = \"10.3.0.11\"",
        "  \"crm-witness-fsn1\",",
        "[components.postgres]",
        "synchronous_node_count = 2",
    ];
    assert_eq!(come, expected);
}

#[test]
fn an_instance_is_an_exception_of_its_node() {
    let before = preset("default").unwrap().text;
    let after = changed(before, &["any-two-servers"], 0);
    let (_, come) = differing(before, &after);
    assert!(come.contains(&"add = [\"postgres\", \"pgbouncer\"]".to_owned()), "{come:?}");
}

#[test]
fn a_written_suggestion_leaves_nothing_to_change() {
    for (name, word) in
        [("default", "any-site"), ("default", "any-two-servers"), ("seed", "any-two-servers")]
    {
        let after = read(&changed(preset(name).unwrap().text, &[word], 0));
        assert!(after.promises.iter().any(|it| it.to_string() == word));
        assert!(ask(&after, &after.promises).is_kept(), "{name} {word}");
    }
}

#[test]
fn a_form_that_cannot_be_changed_is_named() {
    let text = preset("seed").unwrap().text;
    let a = text.find("[nodes.seed-1]").unwrap();
    let inline = "[nodes]\nseed-1 = { site = \"main\", tier = \"all\", address = \"10.1.0.11\" }\n";
    let b = text.find("[nodes.seed-2]").unwrap();
    let text = [&text[..a], inline, &text[b..]].concat();
    // A node written on one line takes a change as well.
    changed(&text, &["any-two-servers"], 0);
    let spec = read(&text);
    let changes = [Change::SynchronousCount { from: 1, to: 2 }];
    let broken = write(&text, &spec, &changes, &with(&spec, &["any-site"]), Catalogue::embedded());
    let Err(WriteError::Finding(message)) = broken else { panic!("{broken:?}") };
    assert!(message.contains("any-site is not kept"), "{message}");
}
