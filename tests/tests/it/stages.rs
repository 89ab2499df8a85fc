//! One process or three: the same packages, the same rows.

use std::fmt::Write as _;
use std::fs;

use cartage_tests::content::content;
use cartage_tests::harness::{Bench, tree};

/// The same clock and seed for every process of a test.
const REPEATABLE: [(&str, &str); 2] = [("CARTAGE_CLOCK", "1767225600000000"), ("CARTAGE_SEED", "7")];

fn bench() -> Bench {
    let bench = Bench::new();
    let mut rows = String::new();
    for i in 0..5000 {
        let _ = writeln!(
            rows,
            "{{\"id\": {i}, \"at\": \"2024-05-06T07:08:09Z\", \"list\": [{{\"k\": {i}}}, {{\"k\": null}}]}}"
        );
    }
    bench.write("items.jsonl", rows);
    bench.write("other.csv", "id,name\n1,one\n2,\n");
    bench.pipeline(
        "[[sources.test.resources]]\nname = \"items\"\npath = \"items.jsonl\"\n\
         [[sources.test.resources]]\nname = \"other\"\npath = \"other.csv\"\nwrite_disposition = \"replace\"\n",
    );
    bench
}

fn run(bench: &Bench, name: &str, args: &[&str]) {
    let mut command = bench.command(name, args);
    let output = command.envs(REPEATABLE).output().expect("starts");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn three_processes_leave_byte_for_byte_the_package_of_one() {
    let (one, three) = (bench(), bench());
    // The sources are named by path in the package, so both must have the same: the folders swap places.
    run(&one, "cartage", &["run"]);
    for stage in ["cartage-extract", "cartage-normalize", "cartage-load"] {
        run(&three, stage, &["pipeline.toml"]);
    }
    let packages = |bench: &Bench| -> Vec<(String, Vec<u8>)> {
        let here = bench.path().to_string_lossy().into_owned();
        let files = tree(&bench.packages("loaded")).into_iter();
        files.map(|(name, bytes)| (name, replaced(&bytes, here.as_bytes()))).collect()
    };
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let (a, b) = (packages(&one), packages(&three));
    assert_eq!(names(&a), names(&b));
    for ((name, left), (_, right)) in a.iter().zip(&b) {
        assert!(left == right, "{name} differs");
    }
    assert_eq!(content(&one.database()), content(&three.database()));
    let ids = "SELECT _dlt_id, _dlt_load_id FROM data.items UNION ALL SELECT _dlt_id, _dlt_parent_id FROM data.items__list";
    assert_eq!(one.rows(ids), three.rows(ids));
}

fn replaced(bytes: &[u8], from: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.replace(std::str::from_utf8(from).expect("a path"), "").into_bytes(),
        Err(_) => bytes.to_vec(),
    }
}

#[test]
fn a_resource_has_files_of_its_own_size_and_packing() {
    let bench = bench();
    let mut file = fs::read_to_string(bench.path().join("pipeline.toml")).expect("the pipeline file");
    file.push_str(
        "[sources.test.data_writer]\nfile_max_items = 4000\n\
         [sources.test.items.data_writer]\nfile_max_items = 2000\ndisable_compression = true\n",
    );
    bench.write("pipeline.toml", &file);
    run(&bench, "cartage", &["extract"]);
    let files = tree(&bench.packages("extracted"));
    let count = |table: &str, end: &str| {
        let is_job = |name: &str| name.contains(&format!("/{table}.")) && name.ends_with(end);
        files.iter().filter(|(name, _)| is_job(name)).count()
    };
    assert_eq!((count("items", ".jsonl"), count("items", ".zst")), (3, 0));
    assert_eq!((count("other", ".jsonl"), count("other", ".zst")), (0, 1));

    file.push_str("[sources.test.items.extract]\npackage_max_rows = 10\n");
    bench.write("pipeline.toml", &file);
    bench.cartage(&["extract"]).exits_with(2).says("[sources.test.extract]");
}
