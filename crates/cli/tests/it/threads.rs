//! Stages where the system refuses threads.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A limit at which nothing is refused.
const PLENTY: usize = 64;
/// A user without processes: those of a user count together.
const USER: u32 = 54_321;

const PIPELINE: &str = "\
[pipeline]
name = \"test\"
destination = \"null\"

[extract]
workers = 3

[normalize]
workers = 4

[sources.test]
type = \"files\"
[[sources.test.resources]]
name = \"items\"
path = \"items.jsonl\"
[[sources.test.resources]]
name = \"others\"
path = \"items.jsonl\"
";

struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("pipeline.toml"), PIPELINE).unwrap();
        let rows = "{\"id\": 1, \"list\": [{\"k\": 1}]}
"
        .repeat(2000);
        fs::write(folder.path().join("items.jsonl"), rows).unwrap();
        // Another user may not reach the folder of the build, and shall write here.
        for binary in [env!("CARGO_BIN_EXE_cartage-extract"), env!("CARGO_BIN_EXE_cartage-normalize")] {
            let here = folder.path().join(Path::new(binary).file_name().unwrap());
            fs::hard_link(binary, &here).or_else(|_| fs::copy(binary, &here).map(drop)).unwrap();
        }
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
        Self(folder)
    }

    /// Runs a program with at most this many threads, its first one counted. The limit does not bind root, and counts
    /// all processes of another user, but for those outside of a name space.
    fn limited(&self, most: usize, program: &str) -> Command {
        let limit = ["prlimit".to_owned(), format!("--nproc={most}:{most}")];
        let user = if is_root() {
            ["setpriv".to_owned(), format!("--reuid={USER}"), "--clear-groups".to_owned()]
        } else {
            ["unshare", "--user", "--map-current-user"].map(str::to_owned)
        };
        let words = if is_root() { [&limit[..], &user[..]] } else { [&user[..], &limit[..]] }.concat();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg(program).current_dir(self.0.path()).env_clear();
        command
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("CARTAGE_DATA_DIR", self.0.path().join("data"));
        command
    }

    fn stage(&self, most: usize, name: &str) -> Output {
        let program = self.0.path().join(name);
        self.limited(most, program.to_str().unwrap()).arg("pipeline.toml").output().unwrap()
    }

    fn packages(&self, folder: &str) -> Vec<PathBuf> {
        let folder = self.0.path().join("data/pipelines/test/packages").join(folder);
        let entries = fs::read_dir(folder).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

#[test]
fn a_stage_without_threads_says_so_and_leaves_nothing_behind() {
    let bench = Bench::new();
    let is_limited = bench.limited(PLENTY, "true").status().is_ok_and(|status| status.success());
    assert!(
        is_limited,
        "the threads of a process cannot be limited here: this needs prlimit of util-linux, and root or user namespaces"
    );
    for (stage, folder) in [("cartage-extract", "extracted"), ("cartage-normalize", "normalized")] {
        let (mut refused, none) = (0, Vec::<PathBuf>::new());
        for most in 1.. {
            let Output { status, stderr, .. } = bench.stage(most, stage);
            let stderr = String::from_utf8_lossy(&stderr);
            assert!(!stderr.contains("panicked"), "{stage} with {most}: {stderr}");
            assert_eq!(bench.packages("staging"), none, "{stage} with {most}: {stderr}");
            if status.success() {
                assert!(stderr.contains("those that run do its work"), "{stage} with {most}: {stderr}");
                break;
            }
            assert_eq!(status.code(), Some(1), "{stage} with {most}: {stderr}");
            assert!(stderr.contains("refuses to start thread"), "{stage} with {most}: {stderr}");
            assert!(stderr.contains("raise the limit of processes"), "{stage} with {most}: {stderr}");
            assert_eq!(bench.packages(folder), none, "{stage} with {most}: {stderr}");
            refused += 1;
        }
        assert_ne!(refused, 0, "{stage} needs no thread");
        assert_eq!(bench.packages(folder).len(), 1);
    }
}
