//! `ennead vpn`: who may connect to the private networks.

use camino::{Utf8Path, Utf8PathBuf};
use ennead_audit::{Tally, Verdict};
use ennead_components::vpn::{Person, gateways};
use ennead_host::{clock, files};
use ennead_model::{Node, PersonName, SiteName};
use ennead_spec::Spec;
use ennead_spec::people::{People, PeopleError, parse_expires};
use ennead_spec::vault::new_wireguard_key;
use jiff::Timestamp;
use serde::Serialize;

use crate::cli::Global;
use crate::cli_vpn::{VpnAddArgs, VpnCommand};
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;
use crate::profile::{Gateway, Profile};
use crate::session::{Session, check_spec};
use crate::ui::{self, Cell, Tone};

/// Adds, lists or removes.
pub(crate) async fn run(global: &Global, command: &VpnCommand) -> Result<Exit, CommandError> {
    match command {
        VpnCommand::Add(args) => add(global, args).await,
        VpnCommand::List { json } => list(global, *json),
        VpnCommand::Remove { name } => remove(global, name).await,
    }
}

async fn add(global: &Global, args: &VpnAddArgs) -> Result<Exit, CommandError> {
    let now = clock::now();
    let expires = parse_expires(&args.expires, now).map_err(people_error)?;
    // What is wrong with the names is said before the cloud is asked.
    let (spec, _) = check_spec(&global.spec)?.accepted()?;
    choose(&spec, args.site.as_ref())?;
    if let Some(out) = &args.out
        && files::exists(out).or_exit(Exit::Usage)?
    {
        return Err(CommandError::new(Exit::Usage, format!("{out} exists already"))
            .hint("name a new file: a profile is never written over another"));
    }
    let store = Store::lock(&global.spec)?;
    let mut people = store.load()?;
    let (private_key, public_key) = new_wireguard_key();
    let options = &spec.options.vpn;
    let person = people.add(&args.name, &public_key, expires, options.prefix);
    let person = person.map_err(people_error)?;
    let session = Session::open(global)?;
    session.observe_cloud().await?;
    let (gateway, others) = choose(session.spec(), args.site.as_ref())?;
    let profile = Profile {
        title: title(&person, &session.spec().platform),
        private_key: &private_key,
        address: person.address,
        mtu: options.mtu,
        allowed: prefixes(session.spec()),
        gateway: describe(&session, gateway)?,
        // One without a server has no address to write down.
        others: others.into_iter().filter_map(|node| describe(&session, node).ok()).collect(),
    };
    let audit = session.begin_audit(global, &format!("vpn add {}", person.name), None).await?;
    let saved = hand_over(&profile, args, &store, &people);
    let ended = audit.end(one_change(saved.is_ok()), true).await;
    saved?;
    ended?;
    ui::say(format!("{} is added; `ennead up` lets them in.", person.name));
    Ok(Exit::Done)
}

/// Writes or prints the profile, and keeps everything of the person but the private key.
fn hand_over(
    profile: &Profile<'_>,
    args: &VpnAddArgs,
    store: &Store,
    people: &People,
) -> Result<(), CommandError> {
    let Some(out) = &args.out else {
        store.save(people)?;
        ui::line(profile.text().trim_end());
        if ui::is_interactive()
            && let Some(code) = profile.qr_code()
        {
            ui::say(code);
        }
        ui::say("The private key is kept nowhere else: hand the profile over now.");
        return Ok(());
    };
    files::write_private(out, profile.text()).or_exit(Exit::Usage)?;
    if let Err(error) = store.save(people) {
        // A profile that nobody will let in is of no use; the first error is the one to report.
        drop(files::remove(out));
        return Err(error);
    }
    ui::say(format!("{out} holds the profile; the private key is kept nowhere else."));
    Ok(())
}

fn title(person: &Person, platform: &str) -> String {
    let until =
        person.expires.map_or_else(|| "without an end".to_owned(), |at| format!("until {at}"));
    format!("{} on {platform}, {until}. Keep this to yourself.", person.name)
}

fn prefixes(spec: &Spec) -> String {
    let prefixes = spec.fleet.sites.values().map(|site| site.private_prefix.to_string());
    prefixes.collect::<Vec<_>>().join(", ")
}

/// Returns the gateway to connect to and the others.
fn choose<'a>(
    spec: &'a Spec,
    site: Option<&SiteName>,
) -> Result<(&'a Node, Vec<&'a Node>), CommandError> {
    let mut all = gateways(&spec.fleet);
    let names = |names: Vec<&str>| names.join(", ");
    if let Some(site) = site
        && !spec.fleet.sites.contains_key(site)
    {
        let sites = names(spec.fleet.sites.keys().map(SiteName::as_str).collect());
        return Err(CommandError::new(Exit::Usage, format!("there is no site {site}"))
            .hint(format!("sites: {sites}")));
    }
    if all.is_empty() {
        let first = |site: &SiteName| spec.fleet.nodes.values().find(|node| node.site == *site);
        let proposed = spec.fleet.sites.keys().filter_map(first);
        let proposed: Vec<String> = proposed.map(|node| format!("\"{}\"", node.name)).collect();
        let hint = format!(
            "say where people come in: [components.vpn] gateways = [{}]",
            proposed.join(", ")
        );
        return Err(CommandError::new(Exit::Usage, "no node is a gateway").hint(hint));
    }
    let at = match site {
        None => Some(0),
        Some(site) => all.iter().position(|node| node.site == *site),
    };
    let Some(at) = at else {
        let there = names(all.iter().map(|node| node.site.as_str()).collect());
        let site = site.map_or("", SiteName::as_str);
        return Err(CommandError::new(Exit::Usage, format!("{site} has no gateway"))
            .hint(format!("sites with one: {there}")));
    };
    let chosen = all.remove(at);
    Ok((chosen, all))
}

fn describe(session: &Session, node: &Node) -> Result<Gateway, CommandError> {
    let address = session.public_ip(&node.name).ok_or_else(|| {
        CommandError::new(Exit::Usage, format!("the gateway {} has no server yet", node.name))
            .hint("run `ennead up` first")
    })?;
    Ok(Gateway {
        name: node.name.to_string(),
        site: node.site.to_string(),
        public_key: session.wireguard_public_key(&node.name)?,
        address: address.into(),
        port: session.spec().options.vpn.port,
    })
}

async fn remove(global: &Global, name: &PersonName) -> Result<Exit, CommandError> {
    let store = Store::lock(&global.spec)?;
    let mut people = store.load()?;
    people.remove(name).map_err(people_error)?;
    let session = Session::open(global)?;
    session.observe_cloud().await?;
    let audit = session.begin_audit(global, &format!("vpn remove {name}"), None).await?;
    let saved = store.save(&people);
    let ended = audit.end(one_change(saved.is_ok()), true).await;
    saved?;
    ended?;
    ui::say(format!("{name} is removed; `ennead up` cuts them off."));
    Ok(Exit::Done)
}

fn one_change(done: bool) -> Tally {
    let verdict = if done { Verdict::Done } else { Verdict::Failed };
    let (changed, failed) = (u64::from(done), u64::from(!done));
    Tally { verdict, steps: 1, changed, failed, not_started: 0 }
}

/// What `vpn list --json` prints of a person.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    name: &'a str,
    address: String,
    public_key: &'a str,
    expires: Option<Timestamp>,
    /// `valid`, `expired` or `outside`: of the prefix.
    state: &'static str,
}

fn list(global: &Global, json: bool) -> Result<Exit, CommandError> {
    let checked = check_spec(&global.spec)?;
    let spec = checked.spec().ok_or_else(|| {
        CommandError::new(Exit::Findings, format!("{} cannot be read", global.spec))
            .hint(format!("see `ennead --spec {} check`", global.spec))
    })?;
    let people = People::load(&People::beside(&global.spec)).map_err(people_error)?;
    let (now, prefix) = (clock::now(), spec.options.vpn.prefix);
    let listed = people.people.iter().map(|person| Listed {
        name: person.name.as_str(),
        address: person.address.to_string(),
        public_key: &person.public_key,
        expires: person.expires,
        state: match (person.has_expired(now), prefix.contains(person.address)) {
            (true, _) => "expired",
            (false, false) => "outside",
            (false, true) => "valid",
        },
    });
    let listed: Vec<Listed<'_>> = listed.collect();
    if json {
        ui::json(&listed);
    } else if listed.is_empty() {
        ui::say("Nobody; `ennead vpn add NAME` lets somebody in.");
    } else {
        let rows = listed.iter().map(|person| row(person, now)).collect();
        ui::table(&["NAME", "ADDRESS", "EXPIRES", "IN", "STATE"], rows);
    }
    Ok(Exit::Done)
}

fn row(person: &Listed<'_>, now: Timestamp) -> Vec<Cell> {
    let (at, left) = match person.expires {
        None => ("never".to_owned(), "-".to_owned()),
        Some(at) => (at.to_string(), left(at, now)),
    };
    let tone = if person.state == "valid" { Tone::Good } else { Tone::Bad };
    let state = match person.state {
        "outside" => "outside components.vpn.prefix: remove and add again",
        state => state,
    };
    vec![
        person.name.into(),
        person.address.clone().into(),
        at.into(),
        left.into(),
        Cell(state.to_owned(), tone),
    ]
}

fn left(at: Timestamp, now: Timestamp) -> String {
    let hours = at.duration_since(now).as_hours();
    match hours {
        ..0 => "-".to_owned(),
        0..48 => format!("{hours} h"),
        _ => format!("{} d", hours / 24),
    }
}

/// The file of people, in one command's hands at a time.
struct Store {
    path: Utf8PathBuf,
    _lock: files::FileLock,
}

impl Store {
    fn lock(spec: &Utf8Path) -> Result<Self, CommandError> {
        let path = People::beside(spec);
        let lock = files::lock(&Utf8PathBuf::from(format!("{path}.lock"))).or_exit(Exit::Usage)?;
        Ok(Self { path, _lock: lock })
    }

    fn load(&self) -> Result<People, CommandError> {
        People::load(&self.path).map_err(people_error)
    }

    fn save(&self, people: &People) -> Result<(), CommandError> {
        people.save(&self.path).map_err(people_error)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "stands in `map_err`")]
fn people_error(error: PeopleError) -> CommandError {
    CommandError::from_error(Exit::Usage, &error).hint(error.hint())
}
