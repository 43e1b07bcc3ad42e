//! `ennead init`: a commented spec to start from.

use ennead_host::files;
use ennead_spec::preset;

use crate::cli::{Global, InitArgs};
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;
use crate::ui;

/// Writes the spec; never replaces one unasked.
pub(crate) fn run(global: &Global, args: &InitArgs) -> Result<Exit, CommandError> {
    let path = &global.spec;
    if !args.force && files::exists(path).or_exit(Exit::Usage)? {
        return Err(CommandError::new(Exit::Usage, format!("{path} exists already"))
            .hint("give another path with --spec, or --force to replace it"));
    }
    let preset = preset(&args.preset).ok_or_else(|| {
        CommandError::new(Exit::Internal, format!("the preset {} is missing", args.preset))
    })?;
    files::write(path, preset.text).or_exit(Exit::Usage)?;
    ui::say(format!("Wrote {path}. Next: ennead --spec {path} check"));
    Ok(Exit::Done)
}
