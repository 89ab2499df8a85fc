//! What folders and buckets have in common: files that are there whole or not at all, and never twice.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use super::cloud::Cloud;
use super::loads::{files, in_cloud, in_folder};
use crate::Filesystem;
use crate::store::{Created, Store};

/// Does the same with both.
fn with_both(act: impl Fn(&Store, &str)) {
    let (folder, cloud) = (TempDir::new().unwrap(), Cloud::new());
    act(&in_folder(&folder, &json!({})).store, "folder");
    act(&in_cloud(&cloud, &json!({})).store, "bucket");
    act(&in_cloud(&Cloud::new(), &json!({"conditional_put": false})).store, "bucket without conditions");
}

fn names(store: &Store, prefix: &str) -> Vec<String> {
    store.list(prefix).unwrap().into_iter().map(|found| found.name).collect()
}

#[test]
fn a_file_is_written_once_and_stays() {
    with_both(|store, kind| {
        assert_eq!(store.read("a/b").unwrap(), None, "{kind}");
        assert!(!store.exists("a/b").unwrap(), "{kind}");
        assert_eq!(store.create("a/b", b"first".to_vec()).unwrap(), Created::New, "{kind}");
        assert_eq!(store.create("a/b", b"second".to_vec()).unwrap(), Created::Exists, "{kind}");
        assert_eq!(store.read("a/b").unwrap().as_deref(), Some(&b"first"[..]), "{kind}");
        assert!(store.exists("a/b").unwrap() && !store.exists("a/bc").unwrap(), "{kind}");
        store.replace("a/b", b"third".to_vec()).unwrap();
        store.replace("new", b"fourth".to_vec()).unwrap();
        assert_eq!(store.read("a/b").unwrap().as_deref(), Some(&b"third"[..]), "{kind}");
        assert_eq!(store.create("empty", Vec::new()).unwrap(), Created::New, "{kind}");
        assert_eq!(store.read("empty").unwrap().as_deref(), Some(&b""[..]), "{kind}");
        store.delete(&["a/b", "new", "never"].map(str::to_owned)).unwrap();
        store.delete(&[]).unwrap();
        assert_eq!(names(store, ""), ["empty"], "{kind}");
    });
}

#[test]
fn copies_are_told_from_files_that_differ() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let (one, same, other, longer) =
        (file("1", "abc"), file("2", "abc"), file("3", "abd"), file("4", "abcd"));
    with_both(|store, kind| {
        assert_eq!(store.create_from("x", &one).unwrap(), Created::New, "{kind}");
        for (path, equal) in [(&one, true), (&same, true), (&other, false), (&longer, false)] {
            assert_eq!(store.create_from("x", path).unwrap(), Created::Exists, "{kind}");
            assert_eq!(store.equals("x", path).unwrap(), equal, "{kind} {path:?}");
            assert!(!store.equals("y", path).unwrap(), "{kind}");
        }
        let error = store.create_from("z", &folder.path().join("gone")).unwrap_err();
        assert!(error.to_string().contains("gone"), "{kind}: {error}");
        assert!(store.equals("x", &folder.path().join("gone")).is_err(), "{kind}");
        assert_eq!(names(store, ""), ["x"], "{kind}");
    });
}

#[test]
fn lists_hold_what_begins_with_the_prefix_in_order() {
    with_both(|store, kind| {
        for name in ["items/b", "items/a", "items_old/a", "item", "items/deep/er/c", "z", "items/ä b%20+"] {
            store.create(name, name.as_bytes().to_vec()).unwrap();
        }
        for (prefix, expected) in [
            ("items/", vec!["items/a", "items/b", "items/deep/er/c", "items/ä b%20+"]),
            ("items", vec!["items/a", "items/b", "items/deep/er/c", "items/ä b%20+", "items_old/a"]),
            ("item", vec!["item", "items/a", "items/b", "items/deep/er/c", "items/ä b%20+", "items_old/a"]),
            ("items/deep/er/c", vec!["items/deep/er/c"]),
            ("items/de", vec!["items/deep/er/c"]),
            ("nothing/", vec![]),
            ("nothing", vec![]),
        ] {
            assert_eq!(names(store, prefix), expected, "{kind} {prefix:?}");
        }
        let sizes: Vec<u64> = store.list("items/").unwrap().iter().map(|found| found.bytes).collect();
        assert_eq!(sizes, [7, 7, 15, 14], "{kind}");
        let read = store.read("items/ä b%20+").unwrap().unwrap();
        assert_eq!(read, "items/ä b%20+".as_bytes(), "{kind}");
    });
}

#[test]
fn nothing_stays_in_flight_in_a_folder() {
    let folder = TempDir::new().unwrap();
    let Filesystem { store, .. } = in_folder(&folder, &json!({}));
    store.create("items/a", b"1".to_vec()).unwrap();
    store.create("_cartage/loads/shop/shop/1.5/begun", b"1".to_vec()).unwrap();
    store.delete(&["items/a".to_owned(), "_cartage/loads/shop/shop/1.5/begun".to_owned()]).unwrap();
    assert!(folder.path().join("raw/items").is_dir(), "folders of tables stay, as with dlt");
    assert!(!folder.path().join("raw/_cartage/loads").exists());
    // Of others that write at the same time only what is old goes, which only their own sweep knows.
    let of = |pipeline: &str| folder.path().join("raw/_cartage/tmp").join(pipeline);
    for pipeline in ["shop", "other"] {
        fs::create_dir_all(of(pipeline)).unwrap();
        fs::write(of(pipeline).join("4711.0"), "half of a fi").unwrap();
    }
    store.sweep().unwrap();
    assert_eq!(files(&folder.path().join("raw")), ["_cartage/tmp/other/4711.0"]);
    store.sweep().unwrap();
    fs::remove_dir_all(of("other")).unwrap();
    fs::create_dir_all(of("shop")).unwrap();
    store.sweep().unwrap();
    assert!(!folder.path().join("raw/_cartage").exists(), "nor do empty folders stay");
}

#[test]
fn links_are_followed_as_readers_do() {
    let (folder, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    fs::write(elsewhere.path().join("a"), "12345").unwrap();
    let root = folder.path().join("raw");
    fs::create_dir(&root).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), root.join("items")).unwrap();
    std::os::unix::fs::symlink("/nowhere", root.join("broken")).unwrap();
    let Filesystem { store, .. } = in_folder(&folder, &json!({}));
    let found: Vec<_> = store.list("").unwrap().into_iter().map(|found| (found.name, found.bytes)).collect();
    assert_eq!(found, [("items/a".to_owned(), 5)]);
    store.create("items/b", b"x".to_vec()).unwrap();
    assert_eq!(fs::read(elsewhere.path().join("b")).unwrap(), b"x");
}
