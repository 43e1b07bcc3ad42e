//! Tests of the files of a vault.

use super::*;
use crate::vault::Wanted;

struct Folder {
    _folder: tempfile::TempDir,
    root: Utf8PathBuf,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        Self { _folder: folder, root }
    }

    fn files(&self, config: &str) -> VaultFiles {
        VaultFiles::beside(&self.root.join("demo.toml"), &self.root.join(config))
    }
}

fn made() -> Vault {
    let mut vault = Vault::new();
    let wanted = Wanted::nothing("demo", ["a".parse().unwrap()]);
    vault.ensure(&wanted, "2026-11-23T12:00:00Z".parse().unwrap()).unwrap();
    vault
}

fn load_error(files: &mut VaultFiles) -> String {
    let before = store::read(&files.vault).unwrap();
    let error = files.load().unwrap_err();
    assert!(!error.to_string().contains('\n') && !error.hint().is_empty(), "{error}");
    assert!(files.save(&made()).is_err());
    assert_eq!(store::read(&files.vault).unwrap(), before, "the file was overwritten");
    error.to_string().replace(files.vault.parent().unwrap().as_str(), "DIR")
}

#[test]
fn a_saved_vault_loads_with_the_same_values() {
    let folder = Folder::new();
    let mut files = folder.files("config");
    assert!(files.load().unwrap().operator_key().is_none());
    let vault = made();
    files.save(&vault).unwrap();
    files.save(&vault).unwrap();
    let mut again = folder.files("config");
    assert_eq!(again.vault_path().file_name(), Some("demo.secrets.age"));
    assert_eq!(again.load().unwrap().fingerprints(), vault.fingerprints());
    let text = store::read(again.vault_path()).unwrap().unwrap();
    assert!(!String::from_utf8_lossy(&text).contains("PRIVATE"));
}

#[test]
fn another_identity_cannot_open_it_and_overwrites_nothing() {
    let folder = Folder::new();
    folder.files("one").save(&made()).unwrap();
    let mut other = folder.files("two");
    let missing = load_error(&mut other);
    assert_eq!(
        missing,
        "DIR/demo.secrets.age cannot be opened: there is no identity at DIR/two/ennead/identity.txt"
    );
    store::replace(other.identity_path(), b"hello\n").unwrap();
    assert!(load_error(&mut other).ends_with("holds no age identity (a line AGE-SECRET-KEY-1...)"));
    let text = new_identity();
    store::replace(other.identity_path(), text.expose_secret().as_bytes()).unwrap();
    assert_eq!(
        load_error(&mut other),
        "DIR/demo.secrets.age cannot be opened with DIR/two/ennead/identity.txt: \
         it was encrypted for another identity"
    );
}

#[test]
fn a_damaged_file_is_never_taken_for_an_absent_one() {
    let folder = Folder::new();
    folder.files("one").save(&made()).unwrap();
    let mut files = folder.files("one");
    let whole = store::read(&files.vault).unwrap().unwrap();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    let half = whole[..whole.len() / 2].to_vec();
    for bad in [Vec::new(), b"hello".to_vec(), half, flipped(60), flipped(whole.len() - 3)] {
        store::replace(&files.vault, &bad).unwrap();
        let error = load_error(&mut files);
        assert!(error.starts_with("DIR/demo.secrets.age "), "{error}");
    }
}

#[test]
fn a_file_of_a_later_program_is_refused() {
    let folder = Folder::new();
    let vault = Vault { format_version: FORMAT_VERSION + 1, ..made() };
    folder.files("one").save(&vault).unwrap();
    let error = load_error(&mut folder.files("one"));
    assert_eq!(error, "DIR/demo.secrets.age has format 3; this program reads up to 2");
}

#[test]
fn two_runs_at_a_time_do_not_lose_each_others_keys() {
    let folder = Folder::new();
    let (mut one, mut two) = (folder.files("one"), folder.files("one"));
    let (first, second) = (one.load().unwrap(), two.load().unwrap());
    one.save(&first).unwrap();
    let error = two.save(&second).unwrap_err();
    assert!(error.to_string().ends_with("was changed by another program since it was read"));
}

fn own(files: &VaultFiles) -> String {
    files.own_recipients().unwrap().remove(0)
}

fn text(files: &VaultFiles) -> String {
    let text = store::read(files.recipients_path()).unwrap();
    String::from_utf8(text.unwrap_or_default()).unwrap()
}

#[test]
fn a_second_operator_opens_the_vault_from_when_they_are_let_in_until_they_are_removed() {
    let folder = Folder::new();
    let (mut one, mut two) = (folder.files("one"), folder.files("two"));
    one.save(&made()).unwrap();
    let (first, second) = (own(&one), own(&two));
    assert!(matches!(two.load(), Err(VaultError::WrongIdentity { .. })));
    one.add_recipient("bob", &second).unwrap();
    assert_eq!(text(&one).lines().filter(|line| line.starts_with("age1")).count(), 2);
    let vault = two.load().unwrap();
    let names: Vec<_> = vault.recipients().map(|(name, one)| (name, one.to_owned())).collect();
    assert_eq!(names, [("bob", second.clone()), ("operator", first.clone())]);
    // What the second one writes stays open to the first.
    two.save(&vault).unwrap();
    one.load().unwrap();
    one.remove_recipient("bob", false).unwrap();
    assert!(matches!(two.load(), Err(VaultError::WrongIdentity { .. })));
    assert!(!text(&one).contains(&second) && text(&one).contains(&first));
}

#[test]
fn neither_the_last_nor_ones_own_recipient_is_removed_unasked() {
    let folder = Folder::new();
    let (mut one, mut two) = (folder.files("one"), folder.files("two"));
    one.save(&made()).unwrap();
    one.add_recipient("bob", &own(&two)).unwrap();
    let before = store::read(one.vault_path()).unwrap();
    for (who, own_too, said) in [
        ("operator", false, "operator is you: you could not open the vault any more"),
        ("carol", false, "\"carol\" is no recipient of the vault"),
    ] {
        assert_eq!(one.remove_recipient(who, own_too).unwrap_err().to_string(), said);
    }
    assert_eq!(store::read(one.vault_path()).unwrap(), before);
    one.remove_recipient("operator", true).unwrap();
    assert!(one.load().is_err());
    let error = two.remove_recipient("bob", true).unwrap_err().to_string();
    assert_eq!(error, "bob is the last: nobody could open the vault");
}

#[test]
fn a_recipient_that_was_slipped_into_the_text_is_not_let_in() {
    let folder = Folder::new();
    let (mut one, two) = (folder.files("one"), folder.files("two"));
    one.save(&made()).unwrap();
    one.add_recipient("alice", &own(&one)).unwrap();
    let (good, before) = (text(&one), store::read(one.vault_path()).unwrap());
    let cases = [
        (format!("{good}{}\n", own(&two)), "for whom the vault is not encrypted"),
        (String::new(), "does not name alice, for whom the vault is encrypted"),
        (format!("{good}age1nonsense\n"), "cannot be read: line 6 is no recipient"),
    ];
    for (bad, said) in cases {
        store::replace(one.recipients_path(), bad.as_bytes()).unwrap();
        let vault = one.load().unwrap();
        let error = one.save(&vault).unwrap_err();
        assert!(error.to_string().contains(said) && !error.hint().is_empty(), "{error}");
        assert_eq!(store::read(one.vault_path()).unwrap(), before);
    }
    // To let one in who is in writes the text again.
    one.add_recipient("alice", &own(&one)).unwrap();
    assert_eq!(text(&one), good);
}

#[test]
fn changes_at_the_same_time_are_all_kept() {
    const CHANGES: usize = 8;
    let folder = Folder::new();
    let names: Vec<String> = (0..CHANGES).map(|index| format!("secret-{index}")).collect();
    let mut wanted = Wanted::nothing("demo", []);
    wanted.secrets.extend(names.iter().map(|name| (name.clone(), "for a test".to_owned())));
    let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
    folder.files("one").open(&wanted, true, now).unwrap();
    std::thread::scope(|scope| {
        for name in &names {
            let mut files = folder.files("one");
            scope.spawn(move || {
                let value = format!("new-value-of-{name}").into();
                files.change(|vault| vault.set_secret(name, &value, now)).unwrap();
            });
        }
    });
    let vault = folder.files("one").load().unwrap();
    for name in &names {
        let value = vault.value(ennead_model::RefKind::Secret, name).unwrap();
        assert_eq!(value, format!("new-value-of-{name}"));
    }
}

#[test]
fn a_change_that_fails_or_changes_nothing_writes_nothing() {
    let folder = Folder::new();
    let mut files = folder.files("one");
    files.save(&made()).unwrap();
    let before = store::read(files.vault_path()).unwrap();
    files.change(|_| Ok(())).unwrap();
    let failed: Result<(), _> = files.change(|vault| {
        vault.operator = None;
        Err(super::super::refused("no".to_owned()))
    });
    assert_eq!(failed.unwrap_err().to_string(), "no");
    assert_eq!(store::read(files.vault_path()).unwrap(), before);
}
