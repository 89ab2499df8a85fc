//! bqemulator, a stand-in of BigQuery, for tests: a server on loopback that ends with its process.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::python::service_program;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_mins(2);

/// A server that keeps everything in memory.
#[derive(Debug)]
pub struct Server {
    port: u16,
    process: Child,
    folder: TempDir,
}

/// The server of all tests of this process. It ends with the process, which its standard input tells it.
///
/// # Panics
/// If it is not installed, with the remedy, or does not start.
pub fn shared() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start().expect("bqemulator starts"))
}

impl Server {
    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    /// With what it said.
    ///
    /// # Panics
    /// If it is not installed, with the remedy.
    pub fn start() -> io::Result<Self> {
        // Says what is to be done where it is missing.
        service_program("bigquery", "python");
        let environment = environment();
        let folder = TempDir::new()?;
        let [port, other] = [free_port()?, free_port()?];
        std::fs::create_dir(folder.path().join("buckets"))?;
        let log = std::fs::File::create(folder.path().join("log"))?;
        let mut command = Command::new(environment.join("bin/python"));
        command
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../xtask/services/bigquery.py"))
            .args([port.to_string(), other.to_string()])
            .arg(folder.path().join("buckets"))
            .env("HOME", environment.join("home"))
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log);
        let process = std::os::unix::process::CommandExt::process_group(&mut command, 0).spawn()?;
        let mut server = Self { port, process, folder };
        let begun = Instant::now();
        while !server.answers() {
            if begun.elapsed() > PATIENCE || server.process.try_wait()?.is_some() {
                let said = std::fs::read_to_string(server.folder.path().join("log")).unwrap_or_default();
                return Err(io::Error::other(format!("bqemulator does not start: {said}")));
            }
            sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The folder whose folders are buckets: `gs://a/b` is `a/b` in it.
    pub fn buckets(&self) -> PathBuf {
        self.folder.path().join("buckets")
    }

    fn answers(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It keeps nothing that would have to be saved.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where `cargo xtask services` has made the environment.
fn environment() -> PathBuf {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/services/bigquery");
    if beside.is_dir() { beside } else { crate::postgres::services_folder().join("bigquery") }
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
