//! One server process with its folder.

use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

/// Where Debian keeps the programs that are on no path.
const DEBIAN: &str = "/usr/lib/postgresql";
const REMEDY: &str = "install PostgreSQL 15, on Debian with `apt-get install postgresql-15`";
/// The user that runs the server where we are root, which PostgreSQL refuses.
const RUN_AS: [&str; 2] = ["postgres", "nobody"];

/// What is known about a server between processes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// Port on 127.0.0.1.
    pub port: u16,
    /// Name of the superuser.
    pub user: String,
    /// Password of the superuser.
    pub password: String,
    /// Folder with the data; also `server.crt`, the certificate, which signs itself.
    pub data: PathBuf,
}

/// A server of version 15 or newer on 127.0.0.1, with TLS, reached with a password.
#[derive(Debug)]
pub struct Server {
    state: State,
    bin: PathBuf,
    /// Stops when the value is dropped.
    owned: bool,
}

impl Server {
    /// The server whose description is in `folder`.
    ///
    /// # Errors
    /// If there is none, or PostgreSQL is not installed.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(folder.join("server.json"))?;
        let state = serde_json::from_str(&text).map_err(io::Error::other)?;
        Ok(Self { state, bin: programs()?, owned: false })
    }

    /// Makes a server, describes it in `folder` and starts it.
    ///
    /// # Errors
    /// If PostgreSQL is not installed, or the server does not start.
    pub fn create(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let server = Self::init(&folder.join("data"))?;
        server.start()?;
        fs::write(folder.join("server.json"), serde_json::to_string_pretty(&server.state)?)?;
        Ok(server)
    }

    /// A server for one test; it stops when the value is dropped.
    ///
    /// # Panics
    /// If PostgreSQL is not installed, or the server does not start.
    pub fn private() -> Self {
        let folder = std::env::temp_dir().join(super::unique("cartage"));
        let server = Self::init(&folder).and_then(|server| {
            server.start()?;
            Ok(server)
        });
        let mut server = server.unwrap_or_else(|error| panic!("no PostgreSQL of my own: {error}"));
        server.owned = true;
        server
    }

    fn init(wanted: &Path) -> io::Result<Self> {
        let bin = programs()?;
        let data = place(wanted)?;
        let password_file = data.with_extension("password");
        let password = format!("secret-{}", super::unique("p"));
        fs::write(&password_file, &password)?;
        give_to_server(&password_file)?;
        let arguments =
            ["-U", "cartage", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
        let mut initdb = as_user(&bin.join("initdb"));
        initdb.arg("-D").arg(&data).args(arguments).arg(format!("--pwfile={}", password_file.display()));
        let made = run(&mut initdb);
        fs::remove_file(&password_file)?;
        made?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\nssl = on\n\
             max_connections = 200\nmax_wal_size = 2GB\nshared_buffers = 256MB\n"
        );
        let path = data.join("postgresql.conf");
        let text = fs::read_to_string(&path)?;
        fs::write(&path, text + &settings)?;
        let state = State { port, user: "cartage".to_owned(), password, data };
        let server = Self { state, bin, owned: false };
        server.certify()?;
        Ok(server)
    }

    /// A certificate for `localhost` that signs itself.
    fn certify(&self) -> io::Result<()> {
        let (key, certificate) = (self.state.data.join("server.key"), self.state.data.join("server.crt"));
        let mut openssl = Command::new("openssl");
        openssl.args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "3650",
            "-subj",
            "/CN=localhost",
        ]);
        openssl
            .args(["-addext", "subjectAltName=DNS:localhost", "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&certificate);
        run(&mut openssl)?;
        give_to_server(&key)?;
        give_to_server(&certificate)
    }

    /// What is known about it.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// `postgresql://user:password@127.0.0.1:port/postgres`.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The same for another database.
    pub fn url_of(&self, database: &str) -> String {
        let State { port, user, password, .. } = &self.state;
        format!("postgresql://{user}:{password}@127.0.0.1:{port}/{database}")
    }

    /// Whether the server accepts connections.
    pub fn answers(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.state.port)).is_ok() && self.try_psql("SELECT 1").is_ok()
    }

    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// With what the server said.
    pub fn start(&self) -> io::Result<()> {
        let log = self.state.data.join("server.log");
        let mut start = as_user(&self.bin.join("pg_ctl"));
        start.arg("-D").arg(&self.state.data).arg("-l").arg(&log);
        // Processes are killed here, machines are not.
        start.args(["-o", "-c fsync=off", "-w", "-s", "start"]);
        // A server that kept our pipes would keep their reader waiting.
        start.stdout(Stdio::null()).stderr(Stdio::null());
        if start.status()?.success() {
            return Ok(());
        }
        let said = fs::read_to_string(&log).unwrap_or_default();
        Err(io::Error::other(format!("PostgreSQL does not start: {said}")))
    }

    /// Stops it at once: connections break, and what is not committed is lost.
    ///
    /// # Errors
    /// If it does not stop.
    pub fn stop(&self) -> io::Result<()> {
        let mut stop = as_user(&self.bin.join("pg_ctl"));
        run(stop.arg("-D").arg(&self.state.data).args(["-m", "immediate", "-w", "-s", "stop"])).map(drop)
    }

    /// Removes its data; it must be stopped.
    ///
    /// # Errors
    /// If the folder cannot be removed.
    pub fn remove(&self) -> io::Result<()> {
        fs::remove_dir_all(&self.state.data)
    }

    /// What `psql` says to a statement: rows without headers, columns separated by `|`.
    ///
    /// # Panics
    /// If the statement fails.
    #[track_caller]
    pub fn psql(&self, sql: &str) -> String {
        self.try_psql(sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// What `psql` says to a statement, as it is; moments are in UTC.
    ///
    /// # Errors
    /// With what the server says.
    pub fn query(&self, sql: &str) -> io::Result<String> {
        self.query_in("postgres", sql)
    }

    /// The same in another database.
    ///
    /// # Errors
    /// With what the server says.
    pub fn query_in(&self, database: &str, sql: &str) -> io::Result<String> {
        let mut psql = self.client(database, sql);
        let output = psql.env("PGTZ", "UTC").stdin(Stdio::null()).output()?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        String::from_utf8(output.stdout).map_err(io::Error::other)
    }

    fn try_psql(&self, sql: &str) -> io::Result<String> {
        run(&mut self.client("postgres", sql))
    }

    fn client(&self, database: &str, sql: &str) -> Command {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql]).arg(self.url_of(database));
        psql
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

/// The folder of the server's programs; the newest version where there are several.
fn programs() -> io::Result<PathBuf> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().filter_map(Result::ok);
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").is_file())
        .collect();
    found.sort();
    if let Some((_, bin)) = found.pop() {
        return Ok(bin);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).find(|folder| folder.join("initdb").is_file());
    on_path.ok_or_else(|| io::Error::other(format!("initdb is not there: {REMEDY}")))
}

fn run(command: &mut Command) -> io::Result<String> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
    }
    let program = command.get_program().to_string_lossy().into_owned();
    Err(io::Error::other(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

/// The user to run as and its group, where we are root.
fn other_user() -> Option<(&'static str, u32, u32)> {
    if fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) != 0) {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").ok()?;
    RUN_AS.into_iter().find_map(|wanted| {
        let line = users.lines().find(|line| line.split(':').next() == Some(wanted))?;
        let mut fields = line.split(':').skip(2);
        Some((wanted, fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    })
}

fn as_user(program: &Path) -> Command {
    let Some((_, user, group)) = other_user() else { return Command::new(program) };
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()]);
    command.arg(program).current_dir("/");
    command
}

fn give_to_server(path: &Path) -> io::Result<()> {
    match other_user() {
        Some((_, user, group)) => chown(path, Some(user), Some(group)),
        None => Ok(()),
    }
}

/// The wanted folder, made and given to the user that runs the server; one below the temporary folder
/// where that user cannot get there.
fn place(wanted: &Path) -> io::Result<PathBuf> {
    let mut data = std::path::absolute(wanted)?;
    if other_user().is_some() {
        fs::create_dir_all(&data)?;
        let mut test = as_user(Path::new("test"));
        if !test.arg("-x").arg(&data).status()?.success() {
            fs::remove_dir(&data)?;
            data = std::env::temp_dir().join(super::unique("cartage_postgres"));
        }
    }
    fs::create_dir_all(&data)?;
    give_to_server(&data)?;
    Ok(data)
}
