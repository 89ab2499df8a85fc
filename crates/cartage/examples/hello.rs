//! Rows of Rust in a DuckDB file: from a list, from a function, from a channel.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use std::sync::mpsc::channel;
use std::thread;

use cartage::{BoxError, To, pipeline, resource, rows, source};
use serde::Serialize;
use serde_json::json;

#[derive(Serialize)]
struct Player {
    id: u32,
    name: &'static str,
    openings: Vec<&'static str>,
}

fn main() -> Result<(), BoxError> {
    let players = rows(
        "players",
        [
            Player { id: 1, name: "Magnus", openings: vec!["e4", "d4"] },
            Player { id: 2, name: "Judit", openings: vec!["e4"] },
        ],
    );
    let squares = resource("squares", |_| {
        // Each list is a page; a page is made when it is wanted.
        Ok((1..=8).map(|row| Ok((1..=8).map(|column| row * 10 + column).collect::<Vec<u32>>())))
    });
    let (sender, receiver) = channel();
    thread::spawn(move || (1..=3).try_for_each(|game| sender.send(json!({ "game": game }))));
    let games = rows("games", receiver);

    let chess = source("chess").with(players.primary_key("id")).with(squares).with(games);
    let report = pipeline("chess").destination(To::duckdb("chess.duckdb")).dataset("raw").run(chess)?;
    print!("{report}");
    Ok(())
}
