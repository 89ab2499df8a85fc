//! Where pipelines keep their working folders.

use std::path::PathBuf;

use crate::env_layer::Environment;
use crate::error::ConfigError;

/// The data folder: `CARTAGE_DATA_DIR`, else `$DLT_DATA_DIR/cartage`, else `$XDG_DATA_HOME/cartage`, else
/// `~/.local/share/cartage`.
///
/// dlt has working folders of another form in `DLT_DATA_DIR`, so that ours are below a folder of their own.
/// `XDG_DATA_HOME` counts only where it is absolute, as its specification demands.
///
/// # Errors
/// [`ConfigError::NoDataDir`] where none of these variables is there.
pub fn data_dir(environment: &Environment) -> Result<PathBuf, ConfigError> {
    if let Some(folder) = environment.get("CARTAGE_DATA_DIR") {
        return Ok(PathBuf::from(folder));
    }
    if let Some(folder) = environment.get("DLT_DATA_DIR") {
        return Ok(PathBuf::from(folder).join("cartage"));
    }
    if let Some(folder) =
        environment.get("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute())
    {
        return Ok(folder.join("cartage"));
    }
    let home =
        environment.get("HOME").or_else(|| environment.get("USERPROFILE")).ok_or(ConfigError::NoDataDir)?;
    Ok(PathBuf::from(home).join(".local/share/cartage"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_there_decides() {
        let of = |variables: &[(&str, &str)]| data_dir(&variables.iter().copied().collect()).ok();
        let all =
            [("CARTAGE_DATA_DIR", "/c"), ("DLT_DATA_DIR", "/d"), ("XDG_DATA_HOME", "/x"), ("HOME", "/h")];
        assert_eq!(of(&all), Some("/c".into()));
        assert_eq!(of(&all[1..]), Some("/d/cartage".into()));
        assert_eq!(of(&all[2..]), Some("/x/cartage".into()));
        assert_eq!(of(&all[3..]), Some("/h/.local/share/cartage".into()));
        assert_eq!(
            of(&[("XDG_DATA_HOME", "relative"), ("HOME", "/h")]),
            Some("/h/.local/share/cartage".into())
        );
        assert_eq!(of(&[]), None);
    }
}
