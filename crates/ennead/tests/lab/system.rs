//! What a node's operating system lacks: packages, and a new enough C library.

use std::os::unix::fs::PermissionsExt as _;

use super::real::Real;
use crate::support::Answer;

/// Packs an installed package again, with its scripts, into a repository of the node's own.
const REPACK: &str = r#"set -e; package=pgbouncer; repository=/var/tmp/repository
tree=$repository/tree; mkdir -p "$tree/DEBIAN"; chmod 755 "$repository" "$tree" "$tree/DEBIAN"
dpkg -L "$package" | while read -r path; do
  if [ -f "$path" ] || [ -L "$path" ]; then cp -a --parents -- "$path" "$tree"; fi
done
for part in preinst postinst prerm postrm conffiles; do
  if [ -e "/var/lib/dpkg/info/$package.$part" ]; then
    cp "/var/lib/dpkg/info/$package.$part" "$tree/DEBIAN/$part"
  fi
done
dpkg-query --status "$package" |
  awk '/^Conffiles:/ { skip = 1; next } /^ / { if (skip) next } { skip = 0 } !/^Status:/' > "$tree/DEBIAN/control"
dpkg-deb --build --root-owner-group "$tree" "$repository/$package.deb" > /dev/null
rm -r "$tree"; cd "$repository"
{ dpkg-deb --field "$package.deb"; echo "Filename: ./$package.deb"
  echo "Size: $(stat -c %s "$package.deb")"; echo "SHA256: $(sha256sum "$package.deb" | cut -d' ' -f1)"; } > Packages
rm -f /etc/apt/sources.list.d/* /etc/apt/sources.list
echo "deb [trusted=yes] file:$repository ./" > /etc/apt/sources.list.d/local.list"#;

/// A package is taken away from a node that cannot fetch it, then can.
pub(super) fn a_missing_package_is_installed(lab: &Real) {
    lab.on_ok("seed-3", REPACK);
    lab.on_ok("seed-3", "mv /etc/apt/sources.list.d/local.list /root/; dpkg --purge pgbouncer");
    let answer = lab.place.ennead(&["up"]).expect_code(5);
    let answer = answer.expect_error("seed-3").expect_error("cannot install pgbouncer");
    answer.expect_hint("apt-get install pgbouncer");

    lab.on_ok("seed-3", "mv /root/local.list /etc/apt/sources.list.d/");
    let plan = lab.place.ennead(&["plan"]).expect_code(0);
    assert!(plan.out.contains("pgbouncer"), "{plan:?}");
    let summary = lab.up();
    assert!(summary["changed"].as_u64().unwrap() > 0, "{summary}");
    assert_eq!(lab.on_ok("seed-3", "systemctl is-active pgbouncer"), "active\n");
    lab.expect_settled();
}

/// The program says of itself that it needs a C library that no node has yet.
pub(super) fn an_old_c_library_is_named(lab: &Real) {
    let path = lab.place.path().join("newer-ennead");
    let mut program = std::fs::read(env!("CARGO_BIN_EXE_ennead")).unwrap();
    program.extend_from_slice(b"\0GLIBC_9.99\0\0\0\0\0\0\0\0\0\0\0\0");
    std::fs::write(&path, program).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = std::process::Command::new(&path);
    let usual = lab.place.command(&["up"]);
    command.current_dir(lab.place.path()).arg("up").env_clear();
    command.envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let versions = "readlink /usr/local/bin/ennead; ls /opt/ennead/bin";
    let before = lab.on_ok("seed-1", versions);
    lab.on_ok("seed-1", "systemctl stop pgbouncer");
    let answer = Answer::from(command.output().unwrap()).expect_code(5);
    let answer =
        answer.expect_error("seed-1").expect_error("needs glibc 9.99, the node has glibc 2.");
    answer.expect_hint("same command again");
    // Nothing was put there, and the usual program goes on.
    assert_eq!(lab.on_ok("seed-1", versions), before);
    lab.up();
    lab.expect_settled();
}
