//! Configurations that connectors rewrite, as when a token is exchanged for a new one: the old one no longer works then.
//!
//! They hold secrets, so that they are kept in a file of this machine beside the pipeline file and not in the state, which goes
//! to the destination.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tempfile::NamedTempFile;

/// Where the configuration of a source is kept once its connector has rewritten it.
#[derive(Clone, Debug)]
pub(super) struct RewrittenConfig(PathBuf);

#[derive(Serialize, Deserialize)]
struct Stored {
    /// What the settings said when it was rewritten: other settings count more.
    written_for: Value,
    config: Value,
}

impl RewrittenConfig {
    /// That of a source of the pipeline in this folder.
    pub(super) fn of(base_dir: &Path, source: &str) -> Self {
        Self(base_dir.join(".cartage").join("airbyte").join(format!("{source}.json")))
    }

    /// The configuration to use: the rewritten one, if the settings are the same still.
    pub(super) fn newest(&self, settings: &Value) -> Value {
        let stored = fs::read(&self.0).ok().and_then(|text| serde_json::from_slice::<Stored>(&text).ok());
        stored
            .filter(|stored| stored.written_for == *settings)
            .map_or_else(|| settings.clone(), |stored| stored.config)
    }

    /// Keeps what the connector wrote.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn store(&self, settings: &Value, config: Value) -> io::Result<()> {
        let folder = self.0.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let stored = serde_json::to_string(&Stored { written_for: settings.clone(), config })
            .map_err(io::Error::other)?;
        // Only this user can read it, from the beginning.
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(stored.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&self.0)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use serde_json::json;

    use super::*;

    #[test]
    fn it_counts_until_the_settings_change_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let (config, first) = (RewrittenConfig::of(folder.path(), "crm"), json!({"token": "a"}));
        assert_eq!(config.newest(&first), first);
        config.store(&first, json!({"token": "b"})).unwrap();
        assert_eq!(config.newest(&first), json!({"token": "b"}));
        assert_eq!(config.newest(&json!({"token": "c"})), json!({"token": "c"}));
        assert_eq!(fs::metadata(&config.0).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
