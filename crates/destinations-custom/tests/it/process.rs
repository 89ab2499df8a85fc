//! Commands.

use std::fs;
use std::time::{Duration, Instant};

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use cartage_destinations_api::{ErrorKind, JobOutcome, conformance};
use cartage_destinations_custom::CommandSink;
use serde_json::{Value, json};

use crate::place::Place;

fn shell(script: &str, batch_size: u64) -> Value {
    json!({"command": ["sh", "-euc", script], "batch_size": batch_size})
}

#[test]
fn a_command_passes_the_conformance_suite() {
    let place = Place::new();
    let number = std::sync::atomic::AtomicU32::new(0);
    for format in ["jsonl", "parquet"] {
        conformance::all(&|| {
            let folder = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_string();
            let settings = json!({"command": "cat > /dev/null", "loader_file_format": format});
            let request = place.request("process", &settings).remembering_in(place.path().join(folder));
            Box::new(CommandSink::connect(&request).unwrap())
        });
    }
}

#[test]
fn a_command_gets_rows_as_json_and_is_told_whose_they_are() {
    let place = Place::new();
    let script = r#"
        cat >> "$CARTAGE_TABLE.taken"
        echo "$CARTAGE_PIPELINE $CARTAGE_DATASET $CARTAGE_SCHEMA $CARTAGE_LOAD_ID $CARTAGE_JOB_ID \
            $CARTAGE_WRITE_DISPOSITION $CARTAGE_FORMAT $CARTAGE_FIRST_ROW $CARTAGE_ROWS $MODE" >> log
        cp "$CARTAGE_TABLE_SCHEMA" schema.json
    "#;
    let mut settings = shell(script, 2);
    settings["env"] = json!({"MODE": "fast"});
    let destination = CommandSink::connect(&place.request("process", &settings)).unwrap();
    assert_eq!(place.run(&destination, &place.jsonl(3)).unwrap(), JobOutcome::Done { rows: 3 });
    assert_eq!(
        place.read("items.taken"),
        "{\"id\":1,\"name\":\"n1\"}\n{\"id\":2,\"name\":\"n2\"}\n{\"id\":3,\"name\":\"n3\"}\n"
    );
    let log: Vec<String> =
        place.read("log").lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let told = "shop raw shop 1700000000.5 items.one.jsonl append jsonl";
    assert_eq!(log, [format!("{told} 0 2 fast"), format!("{told} 2 1 fast")]);
    let table: Value = serde_json::from_str(&place.read("schema.json")).unwrap();
    assert_eq!(table["columns"]["id"]["data_type"], "bigint");
    assert!(table["columns"].get("_dlt_id").is_none());
}

#[test]
fn a_command_gets_arrow_where_it_asks_for_parquet_files() {
    let place = Place::new();
    let mut settings = shell("cat > $CARTAGE_FIRST_ROW.arrow", 4);
    settings["loader_file_format"] = json!("parquet");
    let destination = CommandSink::connect(&place.request("process", &settings)).unwrap();
    place.run(&destination, &place.parquet(6, 100)).unwrap();
    let read = |name: &str| {
        let file = fs::File::open(place.path().join(name)).unwrap();
        let batches = arrow_ipc::reader::StreamReader::try_new(file, None).unwrap();
        batches.flat_map(|batch| batch.unwrap()["id"].as_primitive::<Int64Type>().values().to_vec()).collect()
    };
    let (first, second): (Vec<i64>, Vec<i64>) = (read("0.arrow"), read("4.arrow"));
    assert_eq!((first, second), (vec![1, 2, 3, 4], vec![5, 6]));
}

#[test]
fn a_command_that_fails_at_the_third_batch_is_not_handed_the_first_two_again() {
    let place = Place::new();
    let script = r#"
        if [ "$CARTAGE_FIRST_ROW" = 4 ] && [ ! -e failed ]; then touch failed; echo no room >&2; exit 75; fi
        cat >> rows
    "#;
    let destination = CommandSink::connect(&place.request("process", &shell(script, 2))).unwrap();
    let job = place.jsonl(7);
    let error = place.run(&destination, &job).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert_eq!(
        error.to_string(),
        "rows 5 to 6 of job items.one.jsonl: 'sh' ended with exit status 75: no room"
    );
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "no room");
    assert_eq!(place.run(&destination, &job).unwrap(), JobOutcome::Done { rows: 3 });
    let expected: Vec<String> = (1..=7).map(|id| format!("{{\"id\":{id},\"name\":\"n{id}\"}}")).collect();
    assert_eq!(place.read("rows").lines().collect::<Vec<_>>(), expected);
}

#[test]
fn the_end_of_a_command_tells_whether_another_attempt_is_worth_it() {
    let place = Place::new();
    let cases = [
        ("exit 1", ErrorKind::Transient, "exit status 1"),
        ("exit 65", ErrorKind::Terminal, "exit status 65"),
        ("/nowhere/at/all", ErrorKind::Terminal, "exit status 127"),
        ("kill -9 $$", ErrorKind::Transient, "signal 9"),
    ];
    for (script, kind, says) in cases {
        let destination =
            CommandSink::connect(&place.request("process", &json!({"command": script}))).unwrap();
        let error = place.run(&destination, &place.jsonl(1)).unwrap_err();
        assert_eq!(error.kind(), kind, "{script}");
        assert!(error.to_string().contains(says), "{script}: {error}");
    }
    let settings = json!({"command": "exit 7", "terminal_exit_codes": [7]});
    let destination = CommandSink::connect(&place.request("process", &settings)).unwrap();
    assert_eq!(place.run(&destination, &place.jsonl(1)).unwrap_err().kind(), ErrorKind::Terminal);
}

#[test]
fn a_command_that_does_not_read_holds_nobody_up() {
    let place = Place::new();
    let destination = CommandSink::connect(&place.request("process", &json!({"command": "true"}))).unwrap();
    // Much more than a pipe takes.
    let job = place.jsonl(20_000);
    assert_eq!(place.run(&destination, &job).unwrap(), JobOutcome::Done { rows: 20_000 });
}

#[test]
fn a_command_that_cannot_be_started_is_an_error_of_the_configuration() {
    let place = Place::new();
    let missing = json!({"command": ["no-such-program", "--password=hush"]});
    let destination = CommandSink::connect(&place.request("process", &missing)).unwrap();
    let error = place.run(&destination, &place.jsonl(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("cannot start 'no-such-program'"), "{error}");
    assert!(error.remedy().unwrap().contains("PATH"));
    assert!(!format!("{error:?} {destination:?}").contains("hush"));

    for (settings, says) in [
        (json!({}), "'command' is missing"),
        (json!({"command": []}), "`destination.process.command`: names no program"),
        (json!({"command": "cat", "comand": 1}), "unknown key `destination.process.comand`"),
        (json!({"command": "cat", "timeout": "soon"}), "`destination.process.timeout`"),
    ] {
        let error = CommandSink::connect(&place.request("process", &settings)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn a_command_whose_time_is_up_ends_with_all_that_it_started() {
    let place = Place::new();
    // The shell waits for another process, which would write after a minute.
    let script = "echo $$ > group; (sleep 60; touch late) & wait";
    let settings = json!({"command": ["sh", "-c", script], "timeout": 1.5});
    let destination = CommandSink::connect(&place.request("process", &settings)).unwrap();
    let error = place.run(&destination, &place.jsonl(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert!(error.to_string().contains("was stopped after 1.5 seconds"), "{error}");
    let group: i32 = place.read("group").trim().parse().unwrap();
    // The kernel takes its time to end what was killed; the processes would go on for a minute.
    let begun = Instant::now();
    while is_running(group) {
        assert!(begun.elapsed() < Duration::from_secs(20), "something of the group is still running");
        std::thread::yield_now();
    }
}

/// Whether a process of the group runs; one that has ended and that nobody has taken in yet does not.
fn is_running(group: i32) -> bool {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let state_and_group = |stat: String| {
        let (_, behind) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = behind.split(' ').collect();
        Some((fields[0].to_owned(), fields[2].to_owned()))
    };
    let mut found = processes
        .filter_map(|process| state_and_group(fs::read_to_string(process.path().join("stat")).ok()?));
    found.any(|(state, of)| of == group.to_string() && !matches!(&*state, "Z" | "X"))
}
