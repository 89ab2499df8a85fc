//! `cargo xtask services`: the servers of `xtask/services.toml`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use cartage_test_support::{mariadb, postgres};
use clap::ValueEnum;
use serde::Deserialize;

use crate::tools::{run as run_command, workspace};

/// Arguments of `services`. PostgreSQL and MariaDB are always among them; others are in `xtask/services.toml`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to do with all services.
    action: Action,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Action {
    /// Starts those that do not answer.
    Up,
    /// Stops those that answer.
    Down,
    /// Says which of them answer.
    Status,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default)]
    service: Vec<Service>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    name: String,
    purpose: String,
    start: Vec<String>,
    #[serde(default)]
    stop: Vec<String>,
    check: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let table = table()?;
    postgres(args.action)?;
    mariadb(args.action)?;
    for service in &table.service {
        apply(service, args.action)?;
    }
    Ok(())
}

fn table() -> Result<Table> {
    let path = workspace().join("xtask/services.toml");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is wrong", path.display()))
}

/// The Python with dlt, made if it is not there; the other services stay as they are.
pub(crate) fn python_with_dlt() -> Result<PathBuf> {
    let table = table()?;
    let service = table.service.iter().find(|service| service.name == "dlt").context("no service is dlt")?;
    if !answers(service)? {
        run_command(&mut command(&service.start)?).context("the Python with dlt 1.31.0 cannot be made")?;
    }
    Ok(workspace().join("target/services/dlt/bin/python"))
}

/// The shared PostgreSQL of the tests, in a folder of the target folder.
fn postgres(action: Action) -> Result<()> {
    use postgres::Server;

    let folder = postgres::shared_folder();
    let known = Server::open(&folder).ok();
    let up = known.as_ref().is_some_and(Server::answers);
    match (action, &known) {
        (Action::Up, _) if up => {}
        // What is left of a server that was not stopped, on a machine that was started anew, say.
        (Action::Up, Some(server)) if server.start().is_ok() => {}
        (Action::Up, _) => drop(Server::create(&folder).context("PostgreSQL")?),
        (Action::Down, Some(server)) => {
            if up {
                server.stop()?;
            }
            server.remove()?;
            std::fs::remove_dir_all(&folder)?;
        }
        _ => {}
    }
    let up = Server::open(&folder).is_ok_and(|server| server.answers());
    let purpose = "tests of the destination postgres";
    eprintln!("{:12} {:4} {purpose}", "postgres", if up { "up" } else { "down" });
    Ok(())
}

/// The shared MariaDB of the tests, likewise.
fn mariadb(action: Action) -> Result<()> {
    use mariadb::Server;

    let folder = mariadb::shared_folder();
    let known = Server::open(&folder).ok();
    let answers = || Server::open(&folder).is_ok_and(|server| server.answers());
    let was_up = answers();
    if action == Action::Up && !was_up && known.as_ref().is_none_or(|server| server.start().is_err()) {
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        if !mariadb::is_installed() {
            install("mariadb-server")?;
        }
        Server::create(&folder).context("MariaDB")?;
    }
    if let (Action::Down, Some(server)) = (action, known) {
        if was_up {
            server.stop()?;
        }
        server.remove()?;
    }
    let state = if answers() { "up" } else { "down" };
    eprintln!("{:12} {state:4} tests of the destination mysql", "mariadb");
    Ok(())
}

/// Installs a package of Debian or Ubuntu where we may, as on the fresh machine of a CI run.
fn install(package: &str) -> Result<()> {
    let by_hand = format!("install it with `apt-get install --no-install-recommends {package}`");
    let user = Command::new("id").arg("-u").output().map(|id| id.stdout).unwrap_or_default();
    ensure!(user.trim_ascii() == b"0", "{package} is missing; {by_hand}");
    eprintln!("installing {package}");
    let apt = |args: &[&str]| {
        run_command(Command::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(args))
    };
    let install = ["install", "-y", "-qq", "--no-install-recommends", package];
    // The lists of packages may be missing or old.
    let installed = apt(&install).or_else(|_| apt(&["update", "-qq"]).and_then(|()| apt(&install)));
    installed.with_context(|| format!("{package} could not be installed; {by_hand}"))
}

/// Starts and stops the services around a step that needs them.
pub(crate) fn with<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let was_up = postgres::Server::open(&postgres::shared_folder()).is_ok_and(|server| server.answers());
    run(&Args { action: Action::Up })?;
    let result = work();
    if !was_up {
        run(&Args { action: Action::Down })?;
    }
    result
}

fn apply(service: &Service, action: Action) -> Result<()> {
    let up = answers(service)?;
    match action {
        Action::Up if !up => run_command(&mut command(&service.start)?)?,
        Action::Down if up && !service.stop.is_empty() => run_command(&mut command(&service.stop)?)?,
        _ => {}
    }
    let up = if action == Action::Status { up } else { answers(service)? };
    eprintln!("{:12} {:4} {}", service.name, if up { "up" } else { "down" }, service.purpose);
    Ok(())
}

fn answers(service: &Service) -> Result<bool> {
    let mut check = command(&service.check)?;
    let status = check.stdout(Stdio::null()).stderr(Stdio::null()).status();
    Ok(status.is_ok_and(|status| status.success()))
}

fn command(words: &[String]) -> Result<Command> {
    let (program, arguments) = words.split_first().context("a service has an empty command")?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(workspace());
    Ok(command)
}
