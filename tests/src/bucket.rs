//! The bucket of `cargo xtask services`, by curl.

use std::fs;
use std::path::Path;
use std::process::Command;

/// A bucket that the tests of this project share.
#[derive(Clone, Debug)]
pub struct Bucket {
    endpoint: String,
}

impl Bucket {
    /// The bucket `cartage` of the server of `cargo xtask services`, or of `CARTAGE_TEST_S3`.
    pub fn shared() -> Self {
        let default = || "http://127.0.0.1:5555".to_owned();
        Self { endpoint: std::env::var("CARTAGE_TEST_S3").unwrap_or_else(|_| default()) }
    }

    /// Where the server listens, as `host:port`.
    pub fn address(&self) -> String {
        self.endpoint.trim_start_matches("http://").to_owned()
    }

    /// `bucket_url` of a folder.
    pub fn url(&self, folder: &str) -> String {
        format!("s3://cartage/{folder}")
    }

    /// What a client must know.
    pub fn credentials(&self) -> [(&'static str, String); 4] {
        [
            ("aws_access_key_id", "test".to_owned()),
            ("aws_secret_access_key", "hush-s3cret".to_owned()),
            ("region_name", "us-east-1".to_owned()),
            ("endpoint_url", self.endpoint.clone()),
        ]
    }

    /// Fails with the remedy where the server does not answer.
    ///
    /// # Panics
    /// Then.
    pub fn check(&self) {
        let answers = std::net::TcpStream::connect(self.address()).is_ok();
        assert!(answers, "no S3 server answers at {}: run `cargo xtask services up`", self.endpoint);
    }

    /// The names of all objects that begin so.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn list(&self, prefix: &str) -> Vec<String> {
        let mut found = Vec::new();
        loop {
            let after = found.last().map_or(String::new(), |last| format!("&start-after={last}"));
            let page = curl(&[&format!("{}/cartage?list-type=2&prefix={prefix}{after}", self.endpoint)]);
            let keys = page.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
            found.extend(keys.map(str::to_owned));
            if !page.contains("<IsTruncated>true</IsTruncated>") {
                return found;
            }
        }
    }

    /// Writes all objects of a folder below a local one.
    ///
    /// # Panics
    /// If one cannot be read.
    pub fn download(&self, folder: &str, to: &Path) {
        for key in self.list(&format!("{folder}/")) {
            let file = to.join(&key[folder.len() + 1..]);
            fs::create_dir_all(file.parent().expect("a file has a folder")).expect("a folder");
            curl(&["--output", &file.to_string_lossy(), &self.object(&key)]);
        }
    }

    /// Copies all objects of a folder.
    ///
    /// # Panics
    /// If one cannot be copied.
    pub fn copy(&self, from: &str, to: &str) {
        for key in self.list(&format!("{from}/")) {
            let source = format!("x-amz-copy-source: /cartage/{key}");
            let target = self.object(&format!("{to}/{}", &key[from.len() + 1..]));
            curl(&["--request", "PUT", "--header", &source, &target]);
        }
    }

    fn object(&self, key: &str) -> String {
        format!("{}/cartage/{key}", self.endpoint)
    }
}

fn curl(args: &[&str]) -> String {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--fail"])
        .args(["--aws-sigv4", "aws:amz:us-east-1:s3", "--user", "test:hush-s3cret"])
        .args(args)
        .output();
    let output = output.expect("curl runs");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
