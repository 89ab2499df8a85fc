//! The clouds' own variables. A process cannot change its own safely, so these tests start themselves anew.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

use cartage_object_storage::{BucketAddress, BucketCredentials, Conditions, Connection, Refusal, executor};
use object_store::ObjectStoreExt;
use object_store::path::Path;

/// Set in the process that is started, to the address that is asked.
const ASKS: &str = "CARTAGE_TEST_ASKS";

/// A server that answers every request with `yes`; gives its address.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\netag: \"1\"\r\nconnection: close\r\n\
                  last-modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n\r\nyes",
            );
        }
    });
    format!("http://{address}")
}

/// What the process that is started gets for an address, or what went wrong.
fn ask(address: &str) -> String {
    let (bucket, key) = BucketAddress::split(address).expect("a bucket");
    let connection = match Connection::open(&bucket, &BucketCredentials::default(), Conditions::Known) {
        Ok(connection) => connection,
        Err(error) => return format!("{:?}", Refusal::of(&error)),
    };
    let runtime = executor().expect("threads");
    let read = async { connection.store.get(&Path::parse(key)?).await?.bytes().await };
    match runtime.block_on(read) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => format!("{:?}", Refusal::of(&error)),
    }
}

/// The same in a process with these variables.
fn asked_with(address: &str, variables: &[(&str, &str)]) -> String {
    let own = std::env::current_exe().expect("the tests are a program");
    let mut command = Command::new(own);
    command.args(["variables::one_process_asks_for_another", "--exact", "--nocapture"]);
    for (name, _) in std::env::vars() {
        if ["AWS_", "AZURE_", "GOOGLE_"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.env(ASKS, address).envs(variables.iter().copied());
    let output = command.output().expect("the tests can be started");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let answer = text.lines().find_map(|line| line.split_once("answer: ").map(|(_, answer)| answer));
    answer.unwrap_or_else(|| panic!("no answer in {text}")).to_owned()
}

#[test]
fn one_process_asks_for_another() {
    if let Ok(address) = std::env::var(ASKS) {
        let answer = format!("\nanswer: {}\n", ask(&address));
        std::io::stdout().write_all(answer.as_bytes()).expect("the first process listens");
    }
}

#[test]
fn a_server_without_tls_is_asked_where_the_variables_allow_it() {
    let address = server();
    let keys =
        [("AWS_ENDPOINT_URL", address.as_str()), ("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")];
    assert_eq!(asked_with("s3://bucket/x", &keys), "PlainHttp");
    let mut allowed = keys.to_vec();
    allowed.push(("AWS_ALLOW_HTTP", "true"));
    assert_eq!(asked_with("s3://bucket/x", &allowed), "yes");
}

#[test]
fn variables_of_the_other_clouds_count_too() {
    let address = server();
    assert_eq!(asked_with("gs://bucket/x", &[("STORAGE_EMULATOR_HOST", &address)]), "yes");
    let azure = [
        ("AZURE_STORAGE_ACCOUNT_NAME", "me"),
        ("AZURE_STORAGE_ACCOUNT_KEY", "a2V5"),
        ("AZURE_ENDPOINT", &address),
    ];
    assert_eq!(asked_with("az://container/x", &azure), "PlainHttp");
    let mut allowed = azure.to_vec();
    allowed.push(("AZURE_ALLOW_HTTP", "true"));
    assert_eq!(asked_with("az://container/x", &allowed), "yes");
}
