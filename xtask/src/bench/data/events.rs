//! The shapes of the events: eight kinds with payloads of their own, as a feed of a code host has them.

use super::shape::Shape::{self, Bool, Hash, Int, Null, OneOf, Text, Time, Url};
use super::shape::{list, maybe, object};

/// All kinds with their weights.
pub(super) fn kinds() -> Vec<(u64, Shape)> {
    vec![
        (30, event("PushEvent", push())),
        (22, event("PullRequestEvent", pull_request())),
        (14, event("IssuesEvent", object([("action", action()), ("issue", issue())]))),
        (12, event("IssueCommentEvent", issue_comment())),
        (9, event("CreateEvent", create())),
        (6, event("ReleaseEvent", release())),
        (5, event("ForkEvent", object([("forkee", forkee())]))),
        (2, event("GollumEvent", object([("pages", list(1, 3, page()))]))),
    ]
}

fn event(kind: &'static str, payload: Shape) -> Shape {
    let kind: &'static [&'static str] = Box::leak(Box::new([kind]));
    object([
        ("id", Hash(12)),
        ("type", OneOf(kind)),
        ("actor", user()),
        ("repo", object([("id", Int(900_000_000)), ("name", Text(2, 2)), ("url", Url(3))])),
        ("payload", payload),
        ("public", Bool),
        ("created_at", Time),
        (
            "org",
            maybe(
                60,
                object([
                    ("id", Int(90_000_000)),
                    ("login", Text(1, 1)),
                    ("gravatar_id", Text(0, 0)),
                    ("url", Url(2)),
                    ("avatar_url", Url(2)),
                ]),
            ),
        ),
    ])
}

fn action() -> Shape {
    OneOf(&["opened", "closed", "reopened", "edited"])
}

fn user() -> Shape {
    object([
        ("id", Int(90_000_000)),
        ("login", Text(1, 1)),
        ("display_login", Text(1, 1)),
        ("gravatar_id", Text(0, 0)),
        ("url", Url(2)),
        ("avatar_url", Url(2)),
    ])
}

/// A user as it is inside a payload.
fn person() -> Shape {
    object([
        ("login", Text(1, 1)),
        ("id", Int(90_000_000)),
        ("node_id", Hash(20)),
        ("type", OneOf(&["User", "Bot"])),
        ("site_admin", Bool),
        ("html_url", Url(2)),
    ])
}

fn label() -> Shape {
    object([
        ("id", Int(9_000_000_000)),
        ("name", Text(1, 2)),
        ("color", Hash(6)),
        ("default", Bool),
        ("description", maybe(40, Text(2, 6))),
    ])
}

fn reactions() -> Shape {
    object([
        ("url", Url(4)),
        ("total_count", Int(50)),
        ("plus_one", Int(20)),
        ("minus_one", Int(5)),
        ("laugh", Int(5)),
        ("hooray", Int(5)),
        ("confused", Int(5)),
        ("heart", Int(9)),
        ("rocket", Int(9)),
        ("eyes", Int(9)),
    ])
}

fn push() -> Shape {
    let author = object([("email", Text(1, 1)), ("name", Text(1, 2))]);
    let commit = object([
        ("sha", Hash(40)),
        ("author", author),
        ("message", Text(3, 12)),
        ("distinct", Bool),
        ("url", Url(5)),
    ]);
    object([
        ("repository_id", Int(900_000_000)),
        ("push_id", Int(99_000_000_000)),
        ("size", Int(20)),
        ("distinct_size", Int(20)),
        ("ref", Text(1, 2)),
        ("head", Hash(40)),
        ("before", Hash(40)),
        ("commits", list(1, 3, commit)),
    ])
}

fn pull_request() -> Shape {
    let request = object([
        ("url", Url(5)),
        ("id", Int(9_000_000_000)),
        ("node_id", Hash(20)),
        ("html_url", Url(4)),
        ("diff_url", Url(4)),
        ("patch_url", Url(4)),
        ("number", Int(50_000)),
        ("state", OneOf(&["open", "closed"])),
        ("locked", Bool),
        ("title", Text(4, 10)),
        ("user", person()),
        ("body", maybe(20, Text(8, 36))),
        ("created_at", Time),
        ("updated_at", Time),
        ("closed_at", maybe(50, Time)),
        ("merged_at", maybe(60, Time)),
        ("merge_commit_sha", maybe(30, Hash(40))),
        ("assignees", list(0, 2, person())),
        ("requested_reviewers", list(0, 2, person())),
        ("labels", list(0, 3, label())),
        ("milestone", Null),
        ("draft", Bool),
        ("head", branch()),
        ("base", branch()),
        ("author_association", OneOf(&["OWNER", "MEMBER", "CONTRIBUTOR", "NONE"])),
        ("merged", Bool),
        ("mergeable_state", OneOf(&["clean", "dirty", "unknown"])),
        ("comments", Int(40)),
        ("review_comments", Int(40)),
        ("commits", Int(40)),
        ("additions", Int(9_000)),
        ("deletions", Int(9_000)),
        ("changed_files", Int(200)),
    ]);
    object([("action", action()), ("number", Int(50_000)), ("pull_request", request)])
}

fn branch() -> Shape {
    let repo = object([
        ("id", Int(900_000_000)),
        ("name", Text(1, 1)),
        ("full_name", Text(2, 2)),
        ("private", Bool),
        ("fork", Bool),
        ("stars", Int(90_000)),
        ("language", maybe(10, OneOf(&["Rust", "Go", "Python"]))),
    ]);
    object([("label", Text(1, 2)), ("ref", Text(1, 2)), ("sha", Hash(40)), ("repo", repo)])
}

fn issue() -> Shape {
    object([
        ("url", Url(4)),
        ("id", Int(9_000_000_000)),
        ("node_id", Hash(20)),
        ("number", Int(50_000)),
        ("title", Text(4, 10)),
        ("user", person()),
        ("labels", list(0, 3, label())),
        ("state", OneOf(&["open", "closed"])),
        ("locked", Bool),
        ("assignees", list(0, 2, person())),
        ("comments", Int(80)),
        ("created_at", Time),
        ("updated_at", Time),
        ("closed_at", maybe(60, Time)),
        ("body", maybe(20, Text(8, 36))),
        ("reactions", reactions()),
        ("state_reason", maybe(70, OneOf(&["completed", "not_planned"]))),
    ])
}

fn issue_comment() -> Shape {
    let comment = object([
        ("url", Url(4)),
        ("html_url", Url(4)),
        ("id", Int(9_000_000_000)),
        ("node_id", Hash(20)),
        ("user", person()),
        ("created_at", Time),
        ("updated_at", Time),
        ("author_association", OneOf(&["OWNER", "MEMBER", "NONE"])),
        ("body", Text(6, 30)),
        ("reactions", reactions()),
    ]);
    object([("action", action()), ("issue", issue()), ("comment", comment)])
}

fn create() -> Shape {
    object([
        ("ref", maybe(30, Text(1, 2))),
        ("ref_type", OneOf(&["branch", "tag", "repository"])),
        ("full_ref", Text(1, 2)),
        ("master_branch", OneOf(&["main", "master"])),
        ("description", maybe(40, Text(4, 12))),
        ("pusher_type", OneOf(&["user"])),
    ])
}

fn release() -> Shape {
    let asset = object([
        ("id", Int(900_000_000)),
        ("name", Text(1, 2)),
        ("size", Int(90_000_000)),
        ("download_count", Int(90_000)),
        ("content_type", OneOf(&["application/zip", "application/gzip"])),
        ("browser_download_url", Url(5)),
    ]);
    let release = object([
        ("url", Url(4)),
        ("id", Int(900_000_000)),
        ("tag_name", Text(1, 1)),
        ("target_commitish", OneOf(&["main", "master"])),
        ("name", Text(1, 3)),
        ("draft", Bool),
        ("prerelease", Bool),
        ("created_at", Time),
        ("published_at", Time),
        ("author", person()),
        ("assets", list(0, 4, asset)),
        ("mentions", list(0, 3, Text(1, 1))),
        ("body", Text(6, 30)),
    ]);
    object([("action", OneOf(&["published"])), ("release", release)])
}

fn forkee() -> Shape {
    object([
        ("id", Int(900_000_000)),
        ("name", Text(1, 1)),
        ("full_name", Text(2, 2)),
        ("owner", person()),
        ("html_url", Url(2)),
        ("description", maybe(30, Text(4, 12))),
        ("fork", Bool),
        ("created_at", Time),
        ("pushed_at", Time),
        ("size", Int(900_000)),
        ("stargazers_count", Int(90_000)),
        ("language", maybe(10, OneOf(&["Rust", "Go", "Python", "C++"]))),
        ("license", maybe(30, object([("key", Text(1, 1)), ("name", Text(2, 3)), ("spdx_id", Text(1, 1))]))),
        ("topics", list(0, 4, Text(1, 1))),
        ("default_branch", OneOf(&["main", "master"])),
    ])
}

fn page() -> Shape {
    object([
        ("page_name", Text(1, 3)),
        ("title", Text(1, 3)),
        ("action", OneOf(&["created", "edited"])),
        ("sha", Hash(40)),
        ("html_url", Url(4)),
    ])
}
