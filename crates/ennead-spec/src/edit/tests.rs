//! What a person wrote around a changed value stays.

use super::*;

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|it| (*it).to_owned()).collect()
}

/// Returns what becomes of `[t]` `l = LIST` when it is to hold these words.
fn list(text: &str, to: &[&str]) -> String {
    let mut spec = SpecText::read(&format!("[t]\nl = {text}\n")).unwrap();
    spec.set_list(&["t"], "l", &words(to)).unwrap();
    spec.text().strip_prefix("[t]\nl = ").unwrap().trim_end().to_owned()
}

#[test]
fn a_new_word_takes_the_place_of_the_old_one() {
    assert_eq!(list(r#"["a", "b", "c"]"#, &["a", "x", "c"]), r#"["a", "x", "c"]"#);
    let lines = "[\n  \"a\", # first\n  \"b\", # second\n]";
    assert_eq!(list(lines, &["a", "x"]), "[\n  \"a\", # first\n  \"x\", # second\n]");
}

#[test]
fn further_words_stand_on_lines_of_their_own_when_the_others_do() {
    assert_eq!(list(r#"["a"]"#, &["a", "b"]), r#"["a", "b"]"#);
    assert_eq!(list("[]", &["a"]), r#"["a"]"#);
    assert_eq!(list("[\n  \"a\",\n]", &["a", "b"]), "[\n  \"a\",\n  \"b\",\n]");
    assert_eq!(list("[\n  \"a\"\n]", &["a", "b"]), "[\n  \"a\",\n  \"b\"\n]");
    let comment = "[\n  # above\n  \"a\", # behind\n]";
    let expected = "[\n  # above\n  \"a\", # behind\n  \"b\",\n]";
    assert_eq!(list(comment, &["a", "b"]), expected);
}

#[test]
fn a_word_that_goes_leaves_the_comments() {
    assert_eq!(list(r#"["a", "b", "c"]"#, &["b", "c"]), r#"["b", "c"]"#);
    assert_eq!(list(r#"["a", "b"]"#, &["a"]), r#"["a"]"#);
    assert_eq!(list("[\n  \"a\",\n  \"b\"\n]", &["a"]), "[\n  \"a\"\n]");
    assert_eq!(list("[\n  \"a\",\n  \"b\",\n]", &["a"]), "[\n  \"a\",\n]");
    for left in ["a", "b", "c"] {
        let text = "[\n  # one\n  \"a\",\n  # two\n  \"b\",\n  # three\n  \"c\",\n]";
        let changed = list(text, &[left]);
        for comment in ["# one", "# two", "# three"] {
            assert!(changed.contains(comment), "{left}: {changed}");
        }
        let read: toml::Table = toml::from_str(&format!("l = {changed}")).unwrap();
        assert_eq!(read["l"].as_array().unwrap().len(), 1, "{changed}");
    }
}

#[test]
fn a_list_of_other_things_is_refused() {
    let mut spec = SpecText::read("l = [1]\nk = 1\n[t]\nk = [1]\n").unwrap();
    assert_eq!(spec.set_list(&["t"], "k", &words(&["a"])), Err(EditError::Form("t.k".into())));
    assert_eq!(spec.set_integer(&["k"], "x", 1), Err(EditError::Form("k".into())));
    assert!(matches!(SpecText::read("x = "), Err(EditError::Syntax(_))));
}

#[test]
fn a_number_keeps_its_comment_and_a_missing_table_is_made() {
    let mut spec = SpecText::read("[a.b]\nn = 1 # why\n").unwrap();
    spec.set_integer(&["a", "b"], "n", 2).unwrap();
    spec.set_integer(&["a", "c"], "n", 3).unwrap();
    assert_eq!(spec.text(), "[a.b]\nn = 2 # why\n\n[a.c]\nn = 3\n");
}

#[test]
fn a_node_gets_a_component_by_an_exception_or_by_the_end_of_one() {
    let text = "[nodes.a]\nremove = [\"x\"] # not here\n\n[nodes.b] # b\nsite = \"s\"\n";
    let mut spec = SpecText::read(text).unwrap();
    spec.add_component("a", "x").unwrap();
    spec.add_component("b", "x").unwrap();
    spec.add_component("b", "y").unwrap();
    let expected = "[nodes.a]\nremove = [] # not here\n\n[nodes.b] # b\nsite = \"s\"\n\
                    add = [\"x\", \"y\"]\n";
    assert_eq!(spec.text(), expected);
}

#[test]
fn a_table_stands_after_the_last_of_its_kind() {
    let text = "[s.a]\nl = 1\n\n# about t\n[t]\nx = 1\n";
    let mut spec = SpecText::read(text).unwrap();
    let entries = [("l", Entry::Text("v".into())), ("m", Entry::List(words(&["w"])))];
    spec.add_table("s", "b", &entries, "why").unwrap();
    let expected =
        "[s.a]\nl = 1\n\n# why\n[s.b]\nl = \"v\"\nm = [\"w\"]\n\n# about t\n[t]\nx = 1\n";
    assert_eq!(spec.text(), expected);
    assert_eq!(spec.add_table("s", "b", &[], "why"), Err(EditError::Form("s.b".into())));
}

#[test]
fn lines_end_as_they_did() {
    let mut spec = SpecText::read("# one\r\n[t] # two\r\nl = [\r\n  \"a\",\r\n]\r\n").unwrap();
    spec.set_list(&["t"], "l", &words(&["a", "b"])).unwrap();
    let expected = "# one\r\n[t] # two\r\nl = [\r\n  \"a\",\r\n  \"b\",\r\n]\r\n";
    assert_eq!(spec.text(), expected);
}
