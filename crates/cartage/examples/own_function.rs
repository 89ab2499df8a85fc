//! A function as the destination: it is handed rows, a thousand at a time, and says whether it took them.
//!
//! `cargo run --example own_function` prints what it is handed.

use std::path::Path;
use std::sync::mpsc::{Sender, channel};

use cartage::config::{Config, LoadOptions};
use cartage::destinations::custom::{Custom, rows};
use cartage::destinations_api::Destination;
use cartage::package_store::Wait;
use cartage::pipeline::{Project, RunOptions};
use cartage::runtime::Runtime;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Runs a pipeline whose destination has `type = "function"`; what comes out is sent to `mails`.
fn run(folder: &Path, mails: &Sender<String>) -> Outcome<()> {
    let data = folder.join("data").display().to_string();
    let options = LoadOptions {
        file: Some(folder.join("pipeline.toml")),
        environment: [("CARTAGE_DATA_DIR", data.as_str())].into_iter().collect(),
        ..LoadOptions::default()
    };
    let project = Project::open(Config::load(options)?, Runtime::system(), Wait::Fail)?;
    project.run(&RunOptions::default(), &|request| {
        let mails = mails.clone();
        let sink = rows("mails", move |rows, batch| {
            for row in &rows {
                mails.send(format!("{}: {}", batch.table.name, row["email"]))?;
            }
            Ok(())
        });
        Ok(Box::new(Custom::connect(request, sink)?) as Box<dyn Destination>)
    })?;
    Ok(())
}

/// A folder with two rows and a pipeline for them.
fn example() -> Outcome<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("users.jsonl"), "{\"email\": \"a@b.c\"}\n{\"email\": \"d@e.f\"}\n")?;
    std::fs::write(
        folder.path().join("pipeline.toml"),
        "[pipeline]\nname = \"users\"\ndataset_name = \"raw\"\ndestination = \"crm\"\n\
         [destination.crm]\ntype = \"function\"\nbatch_size = 1\n\
         [sources.users]\ntype = \"files\"\n[[sources.users.resources]]\nname = \"users\"\npath = \"users.jsonl\"\n",
    )?;
    Ok(folder)
}

fn main() -> Outcome<()> {
    let folder = example()?;
    let (mails, sent) = channel();
    run(folder.path(), &mails)?;
    drop(mails);
    let mut out = std::io::stdout();
    for mail in sent {
        std::io::Write::write_all(&mut out, format!("{mail}\n").as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_handed_every_row() {
        let folder = example().unwrap();
        let (mails, sent) = channel();
        run(folder.path(), &mails).unwrap();
        drop(mails);
        assert_eq!(sent.iter().collect::<Vec<_>>(), ["users: \"a@b.c\"", "users: \"d@e.f\""]);
    }
}
