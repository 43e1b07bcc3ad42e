//! cloud-init user data whose values are known only when it is sent.
//!
//! A host key is a text of several lines. Put into YAML as it is, its second line would end the
//! value. JSON is valid YAML and has an escape for a line's end, so user data is the line
//! `#cloud-config` and one JSON document; references stand inside its texts and are replaced after
//! parsing, where a line's end is only a character.

use serde_json::Value;

use crate::reference::{RefResolver, ResolveError, resolve_text};

/// The line by which cloud-init knows its own format.
pub const CLOUD_CONFIG_HEADER: &str = "#cloud-config\n";

/// Most bytes of user data that the cloud takes. Source: Hetzner Cloud API, `user_data`.
pub const USER_DATA_BYTES_MAX: usize = 32 * 1024;

/// Returns user data made of one JSON document; the same document gives the same bytes.
pub fn render_user_data(document: &Value) -> String {
    format!("{CLOUD_CONFIG_HEADER}{document}\n")
}

/// Returns user data with each reference in its texts replaced by its value.
///
/// # Errors
/// [`ResolveError::Malformed`] when it is not as [`render_user_data`] writes it, and whatever
/// [`resolve_text`] says of a reference.
pub fn resolve_user_data(
    template: &str,
    resolver: &dyn RefResolver,
) -> Result<String, ResolveError> {
    let malformed = || ResolveError::Malformed { at: template.chars().take(40).collect() };
    let json = template.strip_prefix(CLOUD_CONFIG_HEADER).ok_or_else(malformed)?;
    let mut document: Value = serde_json::from_str(json).map_err(|_| malformed())?;
    resolve_value(&mut document, resolver)?;
    Ok(render_user_data(&document))
}

fn resolve_value(value: &mut Value, resolver: &dyn RefResolver) -> Result<(), ResolveError> {
    match value {
        Value::String(text) => *text = resolve_text(text, resolver)?,
        Value::Array(items) => {
            for item in items {
                resolve_value(item, resolver)?;
            }
        }
        Value::Object(fields) => {
            for (_, field) in fields.iter_mut() {
                resolve_value(field, resolver)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Ref;

    struct Lines;
    impl RefResolver for Lines {
        fn resolve(&self, reference: &Ref) -> Result<String, ResolveError> {
            Ok(format!("-----BEGIN-----\n\"{}\"\n: {{x}}\n", reference.name))
        }
    }

    #[test]
    fn a_value_of_several_lines_stays_one_value() {
        let document =
            serde_json::json!({"ssh_keys": {"private": "@{host-key:n1}"}, "flags": [true]});
        let resolved = resolve_user_data(&render_user_data(&document), &Lines).unwrap();
        let json = resolved.strip_prefix(CLOUD_CONFIG_HEADER).unwrap();
        assert_eq!(json.lines().count(), 1);
        let read: Value = serde_json::from_str(json).unwrap();
        assert_eq!(read["ssh_keys"]["private"], "-----BEGIN-----\n\"n1\"\n: {x}\n");
        assert_eq!(read["flags"][0], true);
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in ["", "{}", "#cloud-config\nhostname: n1\n", "#cloud-config\n{\"a\":\"@{x\"}"] {
            assert!(
                matches!(resolve_user_data(bad, &Lines), Err(ResolveError::Malformed { .. })),
                "{bad}"
            );
        }
    }
}
