//! `only_new_files`: what the state remembers, over several runs.

use std::sync::Arc;

use cartage_runtime::{CancelToken, OnBadRow};
use cartage_source_api::{OpenContext, Page, Producer, Resume};
use cartage_sources_files::FilesProducer;
use cartage_state::PipelineState;
use serde_json::{Value, json};

use crate::remote::server::Server;
use crate::support::{Folder, replaced_table};

/// A resource and what it remembers from run to run.
struct Runs {
    state: PipelineState,
    small_page_bytes: usize,
}

impl Runs {
    fn new() -> Self {
        Self { state: PipelineState::new("test"), small_page_bytes: 0 }
    }

    fn context(&self) -> OpenContext {
        let source = self.state.source_state("shop").cloned().unwrap_or_default();
        let mut context =
            OpenContext::new(1 << 20, CancelToken::default()).with_state("events", Arc::new(source));
        context.small_page_bytes = self.small_page_bytes;
        context
    }

    /// Takes `pages` pages; gives their rows and keeps what they change.
    fn take(&mut self, mut producer: FilesProducer, pages: usize) -> String {
        producer.open(&self.context()).unwrap();
        producer.take_state_change().apply(&mut self.state, "shop", "events");
        let mut rows = Vec::new();
        for _ in 0..pages {
            let page = producer.next_page().unwrap();
            producer.take_state_change().apply(&mut self.state, "shop", "events");
            let Some(page) = page else { break };
            let Page::Json(page) = page else { panic!("rows of JSON") };
            rows.extend_from_slice(page.text());
        }
        String::from_utf8(rows).unwrap().trim_end().replace('\n', " ")
    }

    fn all(&mut self, producer: FilesProducer) -> String {
        self.take(producer, usize::MAX)
    }

    /// How many files are remembered.
    fn remembered(&self) -> usize {
        let state = self.state.resource_state("shop", "events");
        let shards = state.into_iter().flatten().filter(|(key, _)| key.starts_with("files_"));
        shards.map(|(_, shard)| shard.as_object().unwrap().len()).sum()
    }
}

fn config(path: &str) -> Value {
    json!({"path": path, "only_new_files": true})
}

#[test]
fn objects_are_read_once_and_again_when_they_change() {
    let server = Server::new();
    let mut runs = Runs::new();
    let path = "s3://bucket/d/**/*.jsonl";
    let producer = || server.producer(&config(path));
    for name in ["a", "b", "c"] {
        server.put(&format!("d/{name}.jsonl"), format!("\"{name}1\"\n"));
    }
    assert_eq!(runs.all(producer()), "\"a1\" \"b1\" \"c1\"");
    assert_eq!(runs.all(producer()), "");
    server.put("d/b.jsonl", "\"b2\"\n");
    server.put("d/e/d.jsonl", "\"d1\"\n");
    server.delete("d/c.jsonl");
    assert_eq!(runs.all(producer()), "\"b2\" \"d1\"");
    assert_eq!(runs.remembered(), 3);
    server.put("d/c.jsonl", "\"c1\"\n");
    assert_eq!(runs.all(producer()), "\"c1\"", "what was forgotten is new");
    assert_eq!(runs.all(producer()), "");
}

#[test]
fn files_of_this_machine_are_remembered_too() {
    let folder = Folder::new();
    let mut runs = Runs::new();
    let producer = || folder.producer(&config("*.jsonl"), OnBadRow::Fail);
    folder.write("a.jsonl", "1\n");
    folder.write("b.jsonl", "2\n");
    assert_eq!(runs.all(producer()), "1 2");
    folder.write("b.jsonl", "22\n");
    folder.write("c.jsonl", "3\n");
    assert_eq!(runs.all(producer()), "22 3");
    std::fs::remove_file(folder.path("a.jsonl")).unwrap();
    assert_eq!(runs.all(producer()), "");
    assert_eq!(runs.remembered(), 2);
}

#[test]
fn a_file_is_remembered_with_its_last_page_and_not_before() {
    let folder = Folder::new();
    let line = format!("{{\"noise\":\"{}\"}}\n", "x".repeat(1000));
    folder.write("a.jsonl", line.repeat(3_000));
    folder.write("b.jsonl", "1\n");
    let mut runs = Runs::new();
    let producer = || folder.producer(&config("*.jsonl"), OnBadRow::Fail);
    runs.take(producer(), 2);
    assert_eq!(runs.remembered(), 0, "the third page is missing");
    runs.take(producer(), 3);
    assert_eq!(runs.remembered(), 1);
    assert_eq!(runs.all(producer()), "1");
}

#[test]
fn pages_that_were_joined_bring_all_their_files() {
    let server = Server::new();
    for number in 0..300 {
        server.put(&format!("d/{number:03}.jsonl"), format!("{number}\n"));
    }
    let mut runs = Runs { small_page_bytes: 1 << 20, ..Runs::new() };
    let producer = || server.producer(&config("s3://bucket/d/*"));
    assert_eq!(runs.take(producer(), 1).split(' ').count(), 300);
    assert_eq!(runs.remembered(), 300);
    let text = serde_json::to_string(&runs.state.resource_state("shop", "events")).unwrap();
    assert!(text.len() < 300 * 60, "{} bytes for 300 files", text.len());
}

#[test]
fn runs_that_only_look_remember_nothing_and_replacing_is_refused() {
    let folder = Folder::new();
    folder.write("a.jsonl", "1\n");
    let config = config("*.jsonl");
    let mut runs = Runs::new();
    runs.all(folder.producer(&config, OnBadRow::Fail));
    let mut context = runs.context();
    context.is_hidden = true;
    let mut producer = folder.producer(&config, OnBadRow::Fail);
    producer.open(&context).unwrap();
    assert!(producer.next_page().unwrap().is_some());
    assert_eq!(producer.resume(), Resume::AtEnd);
    let error = folder.error_into(&config, replaced_table());
    assert!(error.contains("`only_new_files`") && error.contains("append or merge"), "{error}");
}
