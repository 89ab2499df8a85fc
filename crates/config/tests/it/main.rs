//! What a user sees: which layer wins, what is refused and how it is said.

mod errors;
mod precedence;
mod program;
mod sections;
mod text;

use cartage_config::{Config, ConfigError, LoadOptions};
use tempfile::TempDir;

/// A folder with a pipeline file and what lies beside it.
struct Project {
    folder: TempDir,
    options: LoadOptions,
}

impl Project {
    fn new(pipeline: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("pipeline.toml");
        std::fs::write(&file, pipeline).expect("the pipeline file");
        Self { folder, options: LoadOptions { file: Some(file), ..LoadOptions::default() } }
    }

    fn file(self, path: &str, text: &str) -> Self {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
        self
    }

    fn env(mut self, variables: &[(&str, &str)]) -> Self {
        self.options.environment = variables.iter().copied().collect();
        self
    }

    fn set(mut self, set: &str) -> Self {
        self.options.sets.push(set.to_owned());
        self
    }

    fn load(&self) -> Result<Config, ConfigError> {
        Config::load(self.options.clone())
    }

    fn config(&self) -> Config {
        self.load().expect("a configuration without faults")
    }

    /// The message of the error, with the folder cut off.
    fn error(&self) -> String {
        self.message(&self.load().expect_err("an error"))
    }

    fn message(&self, error: &ConfigError) -> String {
        error.to_string().replace(&format!("{}/", self.folder.path().display()), "")
    }
}
