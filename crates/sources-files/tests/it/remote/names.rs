//! Which objects a path stands for.

use serde_json::json;

use super::server::Server;

fn bucket() -> Server {
    let server = Server::new();
    for (key, row) in [
        ("events/2024/a.jsonl", "1"),
        ("events/2024/b.jsonl", "2"),
        ("events/2025/c.jsonl", "3"),
        ("events/2025/.hidden.jsonl", "4"),
        ("events-old/d.jsonl", "5"),
        ("events/top.jsonl", "6"),
        ("events/2025/c.json", "7"),
    ] {
        server.put(key, format!("{row}\n"));
    }
    server
}

#[test]
fn patterns_are_those_of_a_shell_and_objects_come_in_order_of_their_names() {
    let server = bucket();
    for (path, rows) in [
        ("s3://bucket/events/**/*.jsonl", "1 2 3 6"),
        ("s3://bucket/events/*.jsonl", "6"),
        ("s3://bucket/events/*/*.jsonl", "1 2 3"),
        ("s3://bucket/events/2024/[!a].jsonl", "2"),
        ("s3://bucket/events/202?/[bc].jsonl", "2 3"),
        ("s3://bucket/**/*.jsonl", "1 2 3 6 5"),
        ("s3://bucket/events/2025/c.json*", "7 3"),
        ("s3a://bucket/events-old/d.jsonl", "5"),
    ] {
        assert_eq!(server.rows(path), rows, "{path}");
    }
}

#[test]
fn only_what_can_match_is_listed() {
    let server = bucket();
    server.rows("s3://bucket/events/2024/*.jsonl");
    let lists: Vec<_> =
        server.requests().into_iter().filter(|request| request.contains("list-type")).collect();
    assert!(!lists.is_empty());
    for list in lists {
        assert!(list.contains("prefix=events%2F2024%2F") && list.contains("delimiter=%2F"), "{list}");
    }
}

#[test]
fn lists_keep_their_order_and_what_is_named_twice_is_read_once() {
    let server = bucket();
    let paths = json!([
        "s3://bucket/events-old/d.jsonl",
        "s3://bucket/events/2024/*",
        "s3://bucket/events/2024/a.jsonl"
    ]);
    let read = server.read(&json!({"path": paths})).unwrap();
    assert_eq!(read.rows(), "5 1 2");
    assert_eq!(
        read.warnings,
        ["`s3://bucket/events/2024/a.jsonl` names s3://bucket/events/2024/a.jsonl again; it is read once"]
    );
    assert_eq!(read.inputs[0].name, "s3://bucket/events-old/d.jsonl");
    assert_eq!(read.total, Some(6));
}

#[test]
fn odd_names_are_taken_as_they_stand() {
    let server = Server::new();
    for (number, key) in ["d/a b.jsonl", "d/a%20b.jsonl", "d/[x]+1&2=3.jsonl", "d/ä#?.jsonl", "d[1]/x.jsonl"]
        .iter()
        .enumerate()
    {
        server.put(key, format!("{number}\n"));
    }
    for (path, rows) in [
        ("s3://bucket/d/a b.jsonl", "0"),
        ("s3://bucket/d/a%20b.jsonl", "1"),
        ("s3://bucket/d/[x]+1&2=3.jsonl", "2"),
        ("s3://bucket/d/ä#?.jsonl", "3"),
        ("s3://bucket/d[1]/*.jsonl", "4"),
        ("s3://bucket/d/*.jsonl", "2 0 1 3"),
    ] {
        assert_eq!(server.rows(path), rows, "{path}");
    }
}

#[test]
fn empty_objects_in_the_place_of_folders_are_no_files() {
    let server = Server::new();
    server.put("d/e/", "");
    server.put("d/e/x.jsonl", "1\n");
    server.put("d/empty.jsonl", "");
    let read = server.read(&json!({"path": "s3://bucket/d/**"})).unwrap();
    let names: Vec<_> = read.inputs.iter().map(|input| input.name.as_str()).collect();
    assert_eq!(names, ["s3://bucket/d/e/x.jsonl", "s3://bucket/d/empty.jsonl"]);
}

#[test]
fn a_pattern_without_a_match_warns_and_a_missing_key_may_be_allowed() {
    let server = bucket();
    let read = server.read(&json!({"path": "s3://bucket/none/*.jsonl"})).unwrap();
    assert!(read.warnings[0].contains("`s3://bucket/none/*.jsonl` matches no file"), "{:?}", read.warnings);
    let missing = json!({"path": "s3://bucket/none.jsonl", "allow_empty": true});
    assert!(server.read(&missing).unwrap().inputs.is_empty());
}

#[test]
fn a_web_address_is_one_object_and_signatures_are_not_shown() {
    let server = bucket();
    server.put("x/a b.jsonl", "8\n");
    let path = format!("{}/x/a%20b.jsonl?X-Amz-Signature=abcdef", server.url);
    let read = server.read(&json!({"path": path, "file_columns": ["file_name"]}));
    assert!(read.unwrap_err().contains("rows that are objects"));
    let read = server.read(&json!({"path": path})).unwrap();
    assert_eq!((read.rows(), read.total), ("8".to_owned(), Some(2)));
    assert_eq!(read.inputs[0].name, format!("{}/x/a%20b.jsonl", server.url));
    assert!(server.requests().iter().all(|request| request.contains("?X-Amz-Signature=abcdef")));
}
