//! A stand-in for Snowflake: fakesnow, which answers the protocol of the drivers over DuckDB.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use crate::python::service_program;

const SERVE: &str = include_str!("fakesnow/serve.py");

/// A server that runs.
#[derive(Debug)]
pub struct FakeSnow {
    child: Child,
    port: u16,
}

impl FakeSnow {
    /// Starts a server with nothing in it. It ends with the value.
    ///
    /// # Panics
    /// Where fakesnow is not there, with the command that gets it; if it does not start.
    pub fn start() -> Self {
        let mut child = Command::new(service_program("fakesnow", "fakesnow").with_file_name("python"))
            .args(["-W", "ignore", "-c", SERVE])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("a process can be started");
        let mut line = String::new();
        let output = child.stdout.as_mut().expect("its output is read here");
        BufReader::new(output).read_line(&mut line).expect("it says its port");
        let port = line.trim().parse().expect("fakesnow starts; `cargo xtask services up` makes it anew");
        Self { child, port }
    }

    /// The server that all tests of a process share; it ends with the process.
    ///
    /// # Panics
    /// As for [`start`](Self::start).
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<FakeSnow> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for FakeSnow {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
