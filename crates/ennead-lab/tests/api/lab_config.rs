//! What a lab keeps over its daemon's restarts.

use camino::Utf8Path;
use ennead_host::files;
use ennead_lab::daemon::{ConfigChange, Lab};

#[tokio::test]
async fn disks_of_their_own_are_kept_and_older_labs_have_none() {
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap().join("lab");
    let lab = Lab { name: "kept".to_owned(), folder };
    assert!(!lab.ensure(true).await.unwrap().own_disks);
    let change = ConfigChange { own_disks: Some(true), ..ConfigChange::default() };
    assert!(lab.configure(change).unwrap());
    assert!(!lab.configure(change).unwrap(), "nothing is new");
    assert!(!lab.configure(ConfigChange::default()).unwrap(), "what is not said stays");
    assert!(lab.config().unwrap().unwrap().own_disks);

    // Written before there was such a thing.
    let path = lab.folder.join("lab.json");
    let text = files::read_text(&path).unwrap().unwrap();
    let older = text.lines().filter(|line| !line.contains("own_disks")).collect::<String>();
    files::write(&path, older.replace(",}", "}")).unwrap();
    assert!(!lab.config().unwrap().unwrap().own_disks);
}
