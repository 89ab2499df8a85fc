//! Lists the packages that wait to be loaded, with nothing but the package store.
//!
//! `cargo run --release -p cartage-package-store --example inspect_packages -- FOLDER PIPELINE`, where FOLDER is
//! `<data dir>/pipelines/<PIPELINE>`.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;

use cartage_package_store::{Folder, PackageStore, StoreOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let folder = PathBuf::from(args.next().ok_or("which folder?")?);
    let pipeline = args.next().ok_or("which pipeline?")?;
    let mut out = io::stdout().lock();

    let store = PackageStore::open_existing(&folder, &pipeline, StoreOptions::default())?;
    for load_id in store.list(Folder::Normalized)? {
        let package = store.open_package(Folder::Normalized, &load_id)?;
        package.verify()?;
        writeln!(out, "{load_id}: {} files", package.manifest().files.len())?;
    }
    Ok(())
}
