//! Normalizes a file of JSON lines and says how fast that was.
//!
//! `cargo run --release -p cartage-normalize --example normalize_file -- rows.jsonl [workers] [compression]`
//!
//! It shows how the crate is embedded: a package is extracted by hand, normalized, and listed.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Instant;

use cartage_data_files::blocks::{BLOCK_BYTES, BlockWriter, Packing};
use cartage_normalize::{NormalizeRequest, NormalizeSettings, run};
use cartage_package_store::{
    Checksum, Codec, DataWriter, FileDraft, FileFormat, Folder, JobFileName, LoadId, ManifestDraft,
    PackageSettings, PackageStore, PageCompression, StoreOptions, Wait, WrittenFile,
};
use cartage_runtime::{Runtime, Stage};
use cartage_schema::{NamingKind, Schema, Table};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = arguments.first().ok_or("the file of rows is missing")?;
    let workers = arguments.get(1).map_or(Ok(2), |text| text.parse())?;
    let compression = arguments.get(2).map_or(Ok(PageCompression::None), |text| text.parse())?;

    let runtime = Runtime::system();
    let folder = tempfile::tempdir()?;
    let store =
        PackageStore::open(&folder.path().join("pipelines/speed"), "speed", StoreOptions::of(&runtime))?;
    let load_id = extract(&store, Path::new(path), compression, runtime.clock.unix_micros())?;

    let started = Instant::now();
    let cpu_before = cpu_seconds();
    let lock = store.lock(Stage::Normalize, Wait::Fail)?;
    let settings = NormalizeSettings::default();
    let request = NormalizeRequest {
        store: &store,
        lock: &lock,
        load_id: &load_id,
        base_schema: None,
        contracts: None,
        workers,
        settings,
        runtime,
    };
    let report = run(&request)?;
    let seconds = started.elapsed().as_secs_f64();
    let cpu = cpu_seconds() - cpu_before;
    let megabytes = report.input_bytes as f64 / 1e6;
    eprintln!(
        "{} rows, {megabytes:.0} MB in {seconds:.2} s and {cpu:.2} s of CPU: {:.0} MB/s with {workers} workers, {:.0} \
         MB/s a core, {:.0} MB written, {} blocks repeated, {} tables",
        report.input_rows,
        megabytes / seconds,
        megabytes / cpu,
        report.output_bytes as f64 / 1e6,
        report.repeated_blocks,
        report.rows.len(),
    );
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| eprintln!("{line}"));
    }
    if let Some(target) = std::env::var_os("KEEP") {
        let status = std::process::Command::new("cp").arg("-r").arg(store.dir()).arg(target).status()?;
        assert!(status.success(), "the packages could not be copied");
    }
    Ok(())
}

/// CPU time of this process, in user and system mode. Only Linux tells.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 = fields.iter().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / 100.0
}

/// Puts the rows into an extracted package, in files of 64 MiB.
fn extract(
    store: &PackageStore,
    rows: &Path,
    compression: PageCompression,
    now: i64,
) -> Result<LoadId, Box<dyn Error>> {
    let lock = store.lock(Stage::Extract, Wait::Fail)?;
    let load_id = store.next_load_id(now)?;
    let staged = store.stage(&lock, load_id.clone(), 1)?;
    let mut schema = Schema::new("speed", NamingKind::SnakeCase)?;
    schema.tables.insert("items".to_owned(), Table::root("items", "items"));
    schema.bump();
    staged.write_schema(&schema.to_json())?;

    let mut input = BufReader::new(File::open(rows)?);
    let mut files = Vec::new();
    let mut is_more = true;
    while is_more {
        let name =
            JobFileName::new("items", &format!("{:010x}", files.len()), FileFormat::Jsonl, Some(Codec::Zst))?;
        let mut writer = BlockWriter::create(&staged.job_path(&name), Packing::Zstd)?;
        let mut written = 0;
        while is_more && written < 64 << 20 {
            let mut block = Vec::new();
            let mut count = 0;
            while block.len() < BLOCK_BYTES {
                if input.read_until(b'\n', &mut block)? == 0 {
                    is_more = false;
                    break;
                }
                count += 1;
            }
            if count > 0 {
                written += block.len();
                writer.append_rows(&block, count, 1)?;
            }
        }
        let stats = writer.finish();
        files.push(FileDraft {
            rows: stats.rows,
            uncompressed_bytes: stats.uncompressed_bytes,
            written: Some(WrittenFile { bytes: stats.bytes, checksum: Checksum::from_u128(stats.checksum) }),
            ..FileDraft::new(name, "items")
        });
    }
    let data_writer = DataWriter { compression, ..DataWriter::default() };
    let settings = PackageSettings { data_writer, ..PackageSettings::default() };
    let draft = ManifestDraft { schema_name: schema.name, settings, files, ..ManifestDraft::default() };
    staged.seal(draft)?.publish(Folder::Extracted)?;
    Ok(load_id)
}
