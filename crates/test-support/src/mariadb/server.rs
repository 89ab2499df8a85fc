//! One server process with its folder.

use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

const REMEDY: &str =
    "install MariaDB, on Debian with `apt-get install --no-install-recommends mariadb-server`";
/// Where Debian keeps the server, which may be on no path.
const SBIN: &str = "/usr/sbin";
/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// What is known about a server between processes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// Port on 127.0.0.1.
    pub port: u16,
    /// A user that may do everything.
    pub user: String,
    /// Password of the user.
    pub password: String,
    /// Folder with the data; also `server.crt`, the certificate, which signs itself.
    pub folder: PathBuf,
    /// What the server is started with beside its place.
    pub options: Vec<String>,
}

/// A server on 127.0.0.1, with TLS, reached with a password.
#[derive(Debug)]
pub struct Server {
    state: State,
    /// Stops when the value is dropped.
    owned: bool,
}

impl Server {
    /// The server whose description is in `folder`.
    ///
    /// # Errors
    /// If there is none.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(folder.join("server.json"))?;
        Ok(Self { state: serde_json::from_str(&text)?, owned: false })
    }

    /// Makes a server, describes it in `folder` and starts it.
    ///
    /// # Errors
    /// If MariaDB is not installed, or the server does not start.
    pub fn create(folder: &Path) -> io::Result<Self> {
        let server = Self::init(folder, &[])?;
        server.start()?;
        fs::write(folder.join("server.json"), serde_json::to_string_pretty(&server.state)?)?;
        Ok(server)
    }

    /// A server for one test, started with `options`; it stops when the value is dropped.
    ///
    /// # Panics
    /// If MariaDB is not installed, or the server does not start.
    pub fn private(options: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(crate::postgres::unique("cartage_mariadb"));
        let mut server = Self::init(&folder, options).expect("a server of its own can be made");
        server.owned = true;
        server.start().expect("a server of its own starts");
        server
    }

    fn init(folder: &Path, options: &[&str]) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let folder = std::path::absolute(folder)?;
        let password = crate::postgres::unique("secret");
        let mut install = Command::new(program("mariadb-install-db")?);
        install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
        install.arg(format!("--datadir={}", folder.join("data").display()));
        run(install.arg(format!("--user={}", user())))?;
        let grant = format!(
            "CREATE USER 'cartage'@'%' IDENTIFIED BY '{password}';\n\
             GRANT ALL PRIVILEGES ON *.* TO 'cartage'@'%' WITH GRANT OPTION;\n\
             ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}';\n"
        );
        fs::write(folder.join("first.sql"), grant)?;
        let issued =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).map_err(io::Error::other)?;
        fs::write(folder.join("server.crt"), issued.cert.pem())?;
        fs::write(folder.join("server.key"), issued.signing_key.serialize_pem())?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        let state = State { port, user: "cartage".to_owned(), password, folder, options };
        Ok(Self { state, owned: false })
    }

    /// What is known about it.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// `mysql://user:password@127.0.0.1:port/mysql`.
    pub fn url(&self) -> String {
        let State { port, user, password, .. } = &self.state;
        format!("mysql://{user}:{password}@127.0.0.1:{port}/mysql")
    }

    /// Whether the server accepts connections.
    pub fn answers(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.state.port)).is_ok() && self.query("SELECT 1").is_ok()
    }

    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// With what the server said.
    pub fn start(&self) -> io::Result<()> {
        let folder = &self.state.folder;
        let log = fs::File::create(folder.join("server.log"))?;
        fs::create_dir_all(folder.join("tmp"))?;
        let mut server = Command::new(program("mariadbd")?);
        server.arg("--no-defaults").arg(format!("--user={}", user()));
        for (option, file) in [
            ("datadir", "data"),
            // A server that starts removes the temporary files of others in the same folder.
            ("tmpdir", "tmp"),
            ("socket", "socket"),
            ("pid-file", "pid"),
            ("ssl-cert", "server.crt"),
            ("ssl-key", "server.key"),
        ] {
            server.arg(format!("--{option}={}", folder.join(file).display()));
        }
        let first = folder.join("first.sql");
        if first.is_file() {
            server.arg(format!("--init-file={}", first.display()));
        }
        server.arg(format!("--port={}", self.state.port)).args([
            "--bind-address=127.0.0.1",
            "--local-infile=1",
            "--max-connections=300",
            "--innodb-flush-log-at-trx-commit=2",
            // Processes are killed here, machines are not.
            "--innodb-flush-method=nosync",
            "--sync-frm=0",
        ]);
        // Alone in its group, so that what stops our terminal does not stop it.
        server.args(&self.state.options).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut process = std::os::unix::process::CommandExt::process_group(&mut server, 0).spawn()?;
        let begun = Instant::now();
        while !self.answers() {
            if begun.elapsed() > PATIENCE || process.try_wait()?.is_some() {
                let said = fs::read_to_string(folder.join("server.log")).unwrap_or_default();
                return Err(io::Error::other(format!("MariaDB does not start: {said}")));
            }
            sleep(Duration::from_millis(50));
        }
        if first.is_file() {
            fs::remove_file(first)?;
        }
        // Its end has to be waited for, or it stays a zombie as long as we live.
        std::thread::spawn(move || process.wait());
        Ok(())
    }

    /// Stops it at once: connections break, and what is not committed is lost.
    ///
    /// # Errors
    /// If it does not stop.
    pub fn stop(&self) -> io::Result<()> {
        let file = self.state.folder.join("pid");
        let pid = fs::read_to_string(&file)?.trim().to_owned();
        run(Command::new("kill").args(["-KILL", &pid]))?;
        let begun = Instant::now();
        while Path::new("/proc").join(&pid).join("exe").exists() {
            if begun.elapsed() > PATIENCE {
                return Err(io::Error::other(format!("MariaDB, process {pid}, does not stop")));
            }
            sleep(Duration::from_millis(20));
        }
        fs::remove_file(file)
    }

    /// Removes its data; it must be stopped.
    ///
    /// # Errors
    /// If the folder cannot be removed.
    pub fn remove(&self) -> io::Result<()> {
        fs::remove_dir_all(&self.state.folder)
    }

    /// What the server says to statements: rows without headers, columns separated by tabs.
    ///
    /// # Panics
    /// If a statement fails.
    #[track_caller]
    pub fn sql(&self, sql: &str) -> String {
        self.query(sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The same.
    ///
    /// # Errors
    /// With what the server says.
    pub fn query(&self, sql: &str) -> io::Result<String> {
        let State { port, user, password, .. } = &self.state;
        let mut client = Command::new(program("mariadb")?);
        client.args(["--no-defaults", "--host=127.0.0.1", "--batch", "--skip-column-names", "--raw"]);
        client.arg(format!("--port={port}")).arg(format!("--user={user}")).env("MYSQL_PWD", password);
        run(client.args(["--default-character-set=utf8mb4", "--execute", sql]))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.owned {
            let _ = self.stop();
            let _ = self.remove();
        }
    }
}

/// Whether the programs of the server are on this machine.
pub fn is_installed() -> bool {
    ["mariadbd", "mariadb-install-db", "mariadb"].into_iter().all(|name| program(name).is_ok())
}

fn program(name: &str) -> io::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).chain([PathBuf::from(SBIN)]);
    let found = folders.find_map(|folder| Some(folder.join(name)).filter(|program| program.is_file()));
    found.ok_or_else(|| io::Error::other(format!("{name} is not there: {REMEDY}")))
}

/// The user that runs the server: ourselves.
fn user() -> String {
    let id = Command::new("id").arg("-un").output();
    id.map_or_else(|_| "root".to_owned(), |id| String::from_utf8_lossy(&id.stdout).trim().to_owned())
}

fn run(command: &mut Command) -> io::Result<String> {
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(io::Error::other(format!("{}: {said}", command.get_program().to_string_lossy())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}
