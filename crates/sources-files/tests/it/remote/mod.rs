//! Objects that are not on this machine, through a server in this process.

mod faults;
mod names;
mod reading;
mod refused;
pub(crate) mod server;

use cartage_runtime::OnBadRow;
use cartage_sources_files::FilesProducer;
use serde_json::{Value, json};

use crate::support::{Folder, Read, read_all};
use server::Server;

impl Server {
    pub(crate) fn producer(&self, config: &Value) -> FilesProducer {
        let producer = Folder::new().producer(config, OnBadRow::Fail);
        producer.with_credentials(serde_json::from_value(self.credentials()).unwrap())
    }

    /// What a resource gives.
    pub(crate) fn read(&self, config: &Value) -> Result<Read, String> {
        read_all(&mut self.producer(config))
    }

    /// The rows of a path of the bucket.
    pub(crate) fn rows(&self, path: &str) -> String {
        self.read(&json!({"path": path})).unwrap().rows()
    }

    pub(crate) fn error(&self, path: &str) -> String {
        self.read(&json!({"path": path, "format": "jsonl"})).unwrap_err()
    }
}
