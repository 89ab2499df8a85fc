//! What a server refuses: what may pass is tried again, the rest is told at once with its remedy, and the run after
//! the remedy finishes the load.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;

use cartage_test_support::postgres::{Server, shared, unique};
use cartage_tests::harness::{Bench, Done};

/// What is in the log when something is done once more.
const AGAIN: [&str; 2] = ["trying again", "tried again"];

/// Tests change the rights of one database side by side, which the server refuses at times.
const ONE_AT_A_TIME: &str = "SELECT pg_advisory_xact_lock(13)";

/// A pipeline that appends three rows with each run, as a role of its own.
struct Fixture {
    server: Server,
    bench: Bench,
    role: String,
    dataset: String,
}

impl Fixture {
    fn new() -> Self {
        let (server, role, dataset) = (shared(), unique("role"), unique("refused"));
        server.psql(&format!(
            "{ONE_AT_A_TIME}; CREATE ROLE {role} LOGIN PASSWORD 'hush-role'; GRANT CREATE ON DATABASE postgres TO {role}"
        ));
        let bench = Bench::new();
        bench.write("items.jsonl", "{\"id\": 1}\n{\"id\": 2}\n{\"id\": 3}\n");
        bench.write(
            "pipeline.toml",
            format!(
                "[pipeline]\nname = \"test\"\ndataset_name = \"{dataset}\"\ndestination = \"postgres\"\n\
                 [sources.test]\ntype = \"files\"\n[[sources.test.resources]]\nname = \"items\"\n\
                 path = \"items.jsonl\"\n"
            ),
        );
        Self { server, bench, role, dataset }
    }

    fn url(&self) -> String {
        format!("postgresql://{}:hush-role@127.0.0.1:{}/postgres", self.role, self.server.state().port)
    }

    fn command(&self, url: &str) -> Command {
        self.command_of(&["run"], url)
    }

    fn cartage(&self, args: &[&str]) -> Done {
        Done::of(&self.command_of(args, &self.url()).output().expect("cartage starts"))
    }

    fn command_of(&self, args: &[&str], url: &str) -> Command {
        let mut command = self.bench.command("cartage", args);
        command.env("DESTINATION__POSTGRES__CREDENTIALS", url);
        command
    }

    fn run(&self) -> Done {
        self.run_as(&self.url())
    }

    fn run_as(&self, url: &str) -> Done {
        Done::of(&self.command(url).output().expect("cartage starts"))
    }

    /// Runs SQL as the superuser; `@role` and `@data` stand for those of the fixture.
    fn sql(&self, sql: &str) -> String {
        self.server.psql(&sql.replace("@role", &self.role).replace("@data", &self.dataset))
    }

    #[track_caller]
    fn has_rows(&self, rows: u32) {
        assert_eq!(self.sql("SELECT count(*) FROM @data.items"), rows.to_string());
        assert_eq!(self.sql("SELECT count(*) FROM pg_namespace WHERE nspname = '@data_staging'"), "0");
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.sql(&format!(
                "{ONE_AT_A_TIME}; DROP SCHEMA IF EXISTS @data CASCADE; DROP OWNED BY @role CASCADE; DROP ROLE @role"
            ));
        }
    }
}

#[track_caller]
fn told_at_once(done: Done, code: i32, remedy: &str) {
    let done = done.exits_with(code).says(remedy);
    assert!(!AGAIN.iter().any(|again| done.stderr.contains(again)), "{}", done.stderr);
    assert!(!done.stderr.contains("hush"), "{}", done.stderr);
}

#[test]
fn what_no_attempt_heals_is_told_at_once_and_the_next_run_goes_on() {
    let fixture = Fixture::new();
    let wrong_password = fixture.url().replace("hush-role", "hush-wrong");
    told_at_once(fixture.run_as(&wrong_password), 2, "check username and password");
    let no_database = fixture.url().replace("/postgres", "/nowhere");
    told_at_once(fixture.run_as(&no_database), 2, "createdb nowhere");

    fixture.sql("ALTER ROLE @role SET default_transaction_read_only = on");
    told_at_once(fixture.run(), 1, "connect to the primary server");
    fixture.sql("ALTER ROLE @role RESET default_transaction_read_only");
    fixture.sql(&format!("{ONE_AT_A_TIME}; REVOKE CREATE ON DATABASE postgres FROM @role"));
    told_at_once(fixture.run(), 1, "GRANT CREATE ON DATABASE");
    fixture.sql(&format!("{ONE_AT_A_TIME}; GRANT CREATE ON DATABASE postgres TO @role"));
    fixture.run().exits_with(0);
    fixture.has_rows(3);

    // Rights that are lost between two runs: the job fails, its rows wait in the package.
    fixture.sql("ALTER TABLE @data.items OWNER TO cartage");
    told_at_once(fixture.run(), 3, "GRANT");
    assert_eq!(fixture.sql("SELECT count(*) FROM @data.items"), "3", "nothing is half published");
    fixture.sql("GRANT INSERT, SELECT ON @data.items TO @role");
    fixture.run().exits_with(0);
    fixture.has_rows(6);
}

#[test]
fn a_server_without_connections_left_is_tried_again_until_there_is_one() {
    let fixture = Fixture::new();
    fixture.sql("ALTER ROLE @role CONNECTION LIMIT 0");
    fixture.run().exits_with(1).says("max_connections").says(AGAIN[0]);

    let mut child = fixture
        .command(&fixture.url())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cartage starts");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    let refused = lines.any(|line| AGAIN.iter().any(|again| line.contains(again)));
    assert!(refused, "the first attempt is refused");
    fixture.sql("ALTER ROLE @role CONNECTION LIMIT -1");
    let rest: Vec<String> = lines.collect();
    assert_eq!(child.wait().expect("a child ends").code(), Some(0), "{rest:?}");
    fixture.has_rows(3);
}

#[test]
fn a_deadlock_is_tried_again_and_every_row_comes_once() {
    let fixture = Fixture::new();
    fixture.run().exits_with(0);
    // Holds the table; as soon as the job waits for it, wants the ledger, of which the job holds a row. The server
    // breaks the circle where it looks first, and this session takes its time.
    let other = "SET deadlock_timeout = '60s'; BEGIN; LOCK TABLE @data.items; \
        DO $$ BEGIN WHILE NOT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND relation = '@data.items'::regclass) \
        LOOP PERFORM pg_sleep(0.01); END LOOP; END $$; \
        LOCK TABLE @data_staging._cartage_ledger; COMMIT";
    let done = thread::scope(|scope| {
        let holder = scope.spawn(|| fixture.sql(other));
        // The table is held before the run begins.
        while fixture.sql(
            "SELECT count(*) FROM pg_locks WHERE granted AND mode = 'AccessExclusiveLock' \
            AND relation = '@data.items'::regclass",
        ) == "0"
        {
            thread::yield_now();
        }
        let done = fixture.run();
        holder.join().expect("the other session ends");
        done
    });
    let done = done.exits_with(0);
    assert!(done.stderr.contains("deadlock") && done.stderr.contains("tried again"), "{}", done.stderr);
    fixture.has_rows(6);
}

#[test]
fn a_drop_that_is_refused_blocks_nothing_and_works_once_the_reason_is_gone() {
    let fixture = Fixture::new();
    fixture.run().exits_with(0);
    fixture.sql("CREATE VIEW @data.looks AS SELECT id FROM @data.items");
    let drop = ["drop", "items", "--yes"];
    let done = fixture.cartage(&drop);
    assert_ne!(done.code, Some(0), "{}", done.stderr);
    done.says("nothing was changed, and other runs continue");
    fixture.run().exits_with(0);
    fixture.has_rows(6);

    fixture.sql("DROP VIEW @data.looks");
    fixture.cartage(&drop).exits_with(0);
    assert_eq!(fixture.sql("SELECT to_regclass('@data.items') IS NULL"), "t");
    fixture.run().exits_with(0);
    fixture.has_rows(3);
}

#[test]
fn a_column_is_widened_and_what_the_server_refuses_blocks_nothing() {
    let fixture = Fixture::new();
    fixture.bench.write("items.jsonl", "{\"id\": 9223372036854775807}\n");
    fixture.run().exits_with(0);
    let widen = ["schema", "widen", "items", "id", "decimal(20, 0)"];
    fixture.sql("CREATE VIEW @data.looks AS SELECT id FROM @data.items");
    fixture.cartage(&widen).says("nothing was changed, and other runs continue");
    fixture.run().exits_with(0);
    fixture.has_rows(2);

    fixture.sql("DROP VIEW @data.looks");
    fixture.cartage(&widen).exits_with(0);
    fixture.bench.write("items.jsonl", "{\"id\": 18446744073709551615}\n");
    fixture.run().exits_with(0);
    assert_eq!(fixture.sql("SELECT max(id) FROM @data.items"), "18446744073709551615");
    fixture.has_rows(3);
}
