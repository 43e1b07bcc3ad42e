//! Where a load balancer sends connections, as its statistics say.

use std::collections::BTreeMap;

use ennead_host::{Command, Host};

use super::SOCKET;
use crate::component::{ComponentError, Observed};

pub(super) async fn observe(host: &dyn Host) -> Result<Observed, ComponentError> {
    let question = format!(
        "import socket; s = socket.socket(socket.AF_UNIX); s.settimeout(2); s.connect('{SOCKET}'); \
         s.sendall(b'show stat\\n'); \
         print(''.join(iter(lambda: s.recv(65536).decode(), '')), end='')"
    );
    let output = host.run_ok(&Command::new("python3").args(["-c", &question])).await?;
    Ok(Observed { role: None, facts: facts(&output.stdout_text()) })
}

/// Reads HAProxy's CSV: proxy, server, ... with names in the first line.
fn facts(csv: &str) -> BTreeMap<String, String> {
    let mut lines = csv.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let column = |name: &str| names.iter().position(|column| column.trim_start_matches("# ") == name);
    let (status, current) = (column("status"), column("scur"));
    let mut facts = BTreeMap::new();
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        let (Some(&proxy), Some(&server)) = (fields.first(), fields.get(1)) else { continue };
        if proxy != "write" && proxy != "read" {
            continue;
        }
        let field = |index: Option<usize>| index.and_then(|index| fields.get(index)).copied();
        match (server, field(status)) {
            ("FRONTEND", _) => {
                let connections = field(current).unwrap_or_default();
                facts.insert(format!("{proxy}_connections"), connections.to_owned());
            }
            ("BACKEND", _) => {}
            (server, Some("UP")) => {
                let servers: &mut String = facts.entry(format!("{proxy}_servers")).or_default();
                if !servers.is_empty() {
                    servers.push(',');
                }
                servers.push_str(server);
            }
            _ => {}
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    #[test]
    fn servers_that_are_up_are_named() {
        let csv = "# pxname,svname,qcur,qmax,scur,smax,slim,stot,status\n\
                   write,FRONTEND,,,7,9,4000,99,OPEN\n\
                   write,n1,0,0,7,9,,99,UP\n\
                   write,n2,0,0,0,0,,0,DOWN\n\
                   write,BACKEND,0,0,7,9,400,99,UP\n\
                   status,FRONTEND,,,1,1,4000,5,OPEN\n\
                   read,n2,0,0,0,0,,0,UP\n\
                   read,n3,0,0,0,0,,0,UP\n";
        let facts = super::facts(csv);
        assert_eq!(facts["write_connections"], "7");
        assert_eq!(facts["write_servers"], "n1");
        assert_eq!(facts["read_servers"], "n2,n3");
        assert_eq!(facts.len(), 3);
    }
}
