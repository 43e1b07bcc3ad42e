//! The image of all servers, built for real. Needs root and a Debian mirror.

use camino::Utf8Path;
use ennead_lab::image::{IMAGE_CACHE, ensure_image, image_packages};

#[tokio::test]
async fn two_builders_share_one_image_and_it_holds_nothing_of_one_server() {
    let packages = image_packages(&ennead_components::image_packages());
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let cache = Utf8Path::new(IMAGE_CACHE);
    let (one, two) =
        tokio::join!(ensure_image(cache, &packages, &tell), ensure_image(cache, &packages, &tell));
    let image = one.unwrap();
    assert_eq!(image, two.unwrap());
    drop(tell);
    let mut ready = 0;
    while let Some(line) = told.recv().await {
        ready += usize::from(line.ends_with("is ready"));
    }
    assert!(ready <= 1, "built {ready} times");

    assert!(!image.join("etc/ssh/ssh_host_ed25519_key").exists());
    assert_eq!(image.join("etc/machine-id").metadata().unwrap().len(), 0);
    assert!(image.join("etc/cloud/cloud-init.disabled").exists());
    let enabled = image.join("etc/systemd/system/multi-user.target.wants");
    assert!(enabled.join("ssh.service").symlink_metadata().is_ok());
    for unit in ["etcd", "patroni", "postgresql", "haproxy", "pgbouncer"] {
        let link = enabled.join(format!("{unit}.service"));
        assert!(link.symlink_metadata().is_err(), "{unit} must not start by itself");
    }
}
