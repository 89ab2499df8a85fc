//! The guides of `docs/guide/` do what they say.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use cartage_test_support::RestServer;
use cartage_tests::guide::{ShellPage, carry_out, carry_out_with, shell_page};
use cartage_tests::harness::{Bench, Done};
use cartage_tests::site::copy;
use flate2::Compression;
use flate2::write::GzEncoder;

fn guides() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide")
}

/// One test a page, and a last one that no page is left out.
macro_rules! guides {
    ($($page:ident)*) => {
        $(#[test]
        fn $page() {
            carry_out(&guides().join(concat!(stringify!($page), ".md")));
        })*

        #[test]
        fn every_guide_is_carried_out() {
            let tested = [$(concat!(stringify!($page), ".md")),*];
            for page in std::fs::read_dir(guides()).expect("the guides") {
                let name = page.expect("an entry").file_name();
                let name = name.to_string_lossy();
                assert!(tested.contains(&&*name) || name == "README.md", "{name} is not tested");
            }
        }
    };
}

guides! { contracts databases dispositions incremental python rust state }

#[test]
fn the_page_about_rest_apis_does_what_it_says() {
    let server = RestServer::start();
    let address = ("SOURCES__GITHUB__CLIENT__BASE_URL", format!("{}/github", server.url()));
    carry_out_with(&guides().join("../rest.md"), &[address]);
}

/// The folder of the workspace.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_commands_of_the_readme_work_in_their_order() {
    let bench = Bench::new();
    copy(&workspace().join("fixtures/sources"), &bench.path().join("fixtures/sources"));
    let ShellPage { commands, files } = shell_page(&workspace().join("README.md"));
    for (name, text) in files {
        bench.write(&name, text);
    }
    let mut orders = GzEncoder::new(Vec::new(), Compression::default());
    orders.write_all(b"{\"id\": 1, \"updated_at\": \"2024-01-01\", \"amount\": \"2.50\"}\n").expect("memory");
    bench.write("data/orders/a.jsonl.gz", orders.finish().expect("memory"));
    assert!(commands.len() > 10, "{commands:?}");
    for (line, words) in commands {
        let args: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        let done = Done::of(&bench.command(&words[0], &args).output().expect("it starts"));
        assert_eq!(done.code, Some(0), "README.md:{line}: {words:?}\n{}{}", done.stdout, done.stderr);
    }
}
