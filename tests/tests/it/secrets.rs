//! Passwords and keys show nowhere: not in packages, traces, data folder, logs at debug level or any output,
//! whether a run succeeds or fails.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use cartage_test_support::RestServer;
use cartage_test_support::postgres::{Server, shared, unique};
use cartage_tests::harness::{Bench, Done, tree};

/// Words that URLs, SQL and JSON each spell in another way.
const PASSWORD: &str = "Pa55/w:rd@ %+#\"hush";

/// Runs commands and keeps what they said.
struct Watch<'a> {
    bench: &'a Bench,
    secrets: Vec<String>,
    env: Vec<(&'static str, String)>,
    said: String,
}

impl<'a> Watch<'a> {
    fn new(bench: &'a Bench, secrets: &[&str]) -> Self {
        let secrets = secrets.iter().map(|&secret| secret.to_owned()).collect();
        Self { bench, secrets, env: Vec::new(), said: String::new() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.env.push((name, value.into()));
        self
    }

    fn run(&mut self, args: &[&str]) -> Done {
        let mut command = self.bench.command("cartage", args);
        command.env("RUNTIME__LOG_LEVEL", "DEBUG").env_remove("RUST_LOG");
        let output = command.envs(self.env.iter().cloned()).output().expect("cartage starts");
        let done = Done::of(&output);
        self.said.push_str(&format!("$ cartage {}\n{}{}", args.join(" "), done.stdout, done.stderr));
        done
    }

    /// Every command that shows something, as text and as JSON.
    fn look_around(&mut self) {
        for format in ["text", "json"] {
            for command in [
                &["status"][..],
                &["plan"],
                &["package", "list"],
                &["package", "show"],
                &["destination", "check"],
                &["state", "show"],
            ] {
                self.run(&[command, &["--format", format, "-vv"]].concat());
            }
        }
        self.run(&["package", "show", "--sql"]);
    }

    /// Fails where a secret shows, in whichever spelling.
    fn finds_nothing(&self) {
        let mine = ["pipeline.toml", "secrets.toml"];
        let files = tree(self.bench.path())
            .into_iter()
            .filter(|(name, _)| !mine.iter().any(|own| name.ends_with(own)));
        let places = files.map(|(name, bytes)| (name, String::from_utf8_lossy(&bytes).into_owned()));
        for (name, text) in places.chain([("the output".to_owned(), self.said.clone())]) {
            for secret in self.secrets.iter().flat_map(|secret| spellings(secret)) {
                let at = text.find(&secret);
                let around = at.map(|at| {
                    text[text.floor_char_boundary(at.saturating_sub(300))..]
                        .chars()
                        .take(500)
                        .collect::<String>()
                });
                assert!(at.is_none(), "{secret} is in {name}: {around:?}");
            }
        }
    }

    /// Fails unless what was looked at held log lines of every level.
    fn saw_logs(&self) {
        assert!(self.said.contains("DEBUG"), "{}", self.said);
    }
}

fn spellings(secret: &str) -> Vec<String> {
    let percent = |lower: bool| -> String {
        let byte = |byte: u8| match byte {
            b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => char::from(b).to_string(),
            b if lower => format!("%{b:02x}"),
            b => format!("%{b:02X}"),
        };
        secret.bytes().map(byte).collect()
    };
    let json = serde_json::to_string(secret).expect("a text");
    let mut all = vec![secret.to_owned(), percent(false), percent(true), percent(false).replace("%20", "+")];
    all.extend([json.trim_matches('"').to_owned(), STANDARD.encode(secret), STANDARD_NO_PAD.encode(secret)]);
    all
}

fn encoded(text: &str) -> String {
    spellings(text)[1].clone()
}

/// A server that answers every request with a refusal that quotes it, head and body.
fn echo() -> String {
    fn answer(stream: &TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if line.trim().is_empty() {
                break;
            }
            head.push_str(line.trim_end());
            head.push(' ');
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let said = format!("refused {} {head}", String::from_utf8_lossy(&body));
        let mut stream = stream;
        write!(
            stream,
            "HTTP/1.1 401 Unauthorized\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{said}",
            said.len()
        )
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = answer(&stream);
        }
    });
    address
}

fn into(bench: &Bench, destination: &str, dataset: &str, keys: &str) {
    bench.write("items.jsonl", "{\"id\": 1, \"tags\": [\"x\"]}\n");
    bench.write(
        "pipeline.toml",
        format!(
            "[pipeline]\nname = \"test\"\ndataset_name = \"{dataset}\"\ndestination = \"{destination}\"\n\
             [destination.{destination}]\n{keys}\n[sources.test]\ntype = \"files\"\n\
             [[sources.test.resources]]\nname = \"items\"\npath = \"items.jsonl\"\n\
             write_disposition = \"merge\"\nprimary_key = \"id\"\n"
        ),
    );
}

struct Role<'a> {
    server: &'a Server,
    name: String,
}

impl Drop for Role<'_> {
    fn drop(&mut self) {
        self.server.psql(&format!("DROP OWNED BY {0} CASCADE; DROP ROLE {0}", self.name));
    }
}

#[test]
fn passwords_of_postgres_show_nowhere() {
    let server = shared();
    let role = Role { server: &server, name: unique("guest") };
    let name = &role.name;
    server.psql(&format!(
        "CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'; GRANT CREATE ON DATABASE postgres TO {name}"
    ));
    let port = server.state().port;
    let place = format!("127.0.0.1:{port}/postgres");
    let url = |password: &str| format!("postgresql://{name}:{}@{place}", encoded(password));

    let bench = Bench::new();
    into(&bench, "postgres", &unique("secrets"), "");
    let key = "DESTINATION__POSTGRES__CREDENTIALS";
    let mut watch = Watch::new(&bench, &[PASSWORD]).with(key, url(PASSWORD));
    watch.run(&["run"]).exits_with(0);
    watch.run(&["run", "--format", "json", "--progress", "log"]).exits_with(0);
    watch.look_around();
    watch.saw_logs();
    watch.finds_nothing();

    let wrong = format!("not {PASSWORD}");
    let broken = [
        (url(&wrong), 2),
        (format!("postgresql://{name}:{}@127.0.0.1:1/postgres", encoded(PASSWORD)), 1),
        // What users write who do not know that it must be encoded.
        (format!("postgresql://{name}:{PASSWORD}@{place}"), 2),
        (format!("postgresql://{name}:hush/hush@{place}"), 2),
        (format!("postgresql://{name}:hush?a=hush@{place}"), 2),
        (format!("{name}:{PASSWORD}"), 2),
        (format!("postgresql://{name}:{}@{place}?no_such_key={}", encoded(PASSWORD), encoded(PASSWORD)), 2),
    ];
    for (url, code) in broken {
        let bench = Bench::new();
        into(&bench, "postgres", "data", "");
        let mut watch = Watch::new(&bench, &[PASSWORD, wrong.as_str(), "hush"]).with(key, url.clone());
        let done = watch.run(&["run"]);
        assert_eq!(done.code, Some(code), "{url}: {}", done.stderr);
        watch.look_around();
        watch.finds_nothing();
    }

    // In parts, from a file.
    let bench = Bench::new();
    into(&bench, "postgres", &unique("secrets"), "");
    let quoted = serde_json::to_string(PASSWORD).expect("a text");
    let parts = format!(
        "[destination.postgres.credentials]\nhost = \"127.0.0.1\"\nport = {port}\ndatabase = \"postgres\"\n\
         username = \"{name}\"\npassword = {quoted}\n"
    );
    bench.write(".cartage/secrets.toml", parts);
    let mut watch = Watch::new(&bench, &[PASSWORD]);
    watch.run(&["run"]).exits_with(0);
    watch.look_around();
    // A key that nobody knows, beside the password.
    watch.run(&["run", "--set", "destination.postgres.credentials.pasword=x"]).exits_with(2);
    watch.finds_nothing();
}

#[test]
fn keys_of_buckets_show_nowhere() {
    let secrets = ["s3cret/Key+hush", "session+token/hush"];
    let s3 = std::env::var("CARTAGE_TEST_S3").unwrap_or_else(|_| "http://127.0.0.1:5555".to_owned());
    for (endpoint, code) in [(s3, 0), (echo(), 2), ("http://127.0.0.1:1".to_owned(), 1)] {
        let bench = Bench::new();
        let keys = format!("bucket_url = \"s3://cartage/{}\"", unique("secrets"));
        into(&bench, "filesystem", "data", &keys);
        let credentials = format!(
            "[destination.filesystem.credentials]\naws_access_key_id = \"AKIATEST\"\nregion_name = \"us-east-1\"\n\
             aws_secret_access_key = \"{}\"\naws_session_token = \"{}\"\nendpoint_url = \"{endpoint}\"\n",
            secrets[0], secrets[1]
        );
        bench.write(".cartage/secrets.toml", credentials);
        let mut watch = Watch::new(&bench, &secrets);
        let settings = ["--set", "load.raise_on_max_retries=1"];
        let done = watch.run(&[&["run"][..], &settings[..]].concat());
        assert_eq!(done.code, Some(code), "{endpoint}: {}", done.stderr);
        watch.run(&["status"]);
        watch.run(&["package", "show", "--format", "json"]);
        watch.run(&["destination", "check", "--format", "json"]);
        watch.saw_logs();
        watch.finds_nothing();
    }
}

#[test]
fn credentials_of_apis_show_nowhere() {
    let basic = STANDARD.encode("user:password123");
    let refused = STANDARD.encode(format!("user:{PASSWORD}"));
    let quoted = serde_json::to_string(PASSWORD).expect("a text");
    let good = RestServer::start();
    let token_url = |base: &str| format!("access_token_url = \"{base}/token\"");
    let kinds = |base: &str, bearer: &str, password: &str, secret: &str| {
        [
            ("auth/bearer", format!("token = {bearer}")),
            (
                "auth/key_in_query",
                format!("type = \"api_key\", name = \"api_key\", api_key = {bearer}, location = \"query\""),
            ),
            (
                "auth/key_in_header",
                format!(
                    "type = \"api_key\", name = \"x-api-key\", api_key = {bearer}, location = \"header\""
                ),
            ),
            ("auth/basic", format!("type = \"http_basic\", username = \"user\", password = {password}")),
            (
                "auth/oauth",
                format!(
                    "type = \"oauth2_client_credentials\", client_id = \"me\", client_secret = {secret}, {}",
                    token_url(base)
                ),
            ),
        ]
    };
    let url = good.url();
    let right = kinds(&url, "\"secret-token\"", "\"password123\"", "\"secret-word\"")
        .map(|kind| (url.clone(), kind, 0));
    let echo = echo();
    let wrong = kinds(&echo, &quoted, &quoted, &quoted).map(|kind| (echo.clone(), kind, 1));
    let nowhere = kinds("http://127.0.0.1:1", &quoted, &quoted, &quoted)
        .map(|kind| ("http://127.0.0.1:1".to_owned(), kind, 1));
    for (base, (path, auth), code) in right.into_iter().chain(wrong).chain(nowhere) {
        let bench = Bench::new();
        bench.write(
            "pipeline.toml",
            format!(
                "[pipeline]\nname = \"test\"\ndestination = \"duckdb\"\ndataset_name = \"data\"\n\
                 [destination.duckdb]\npath = \"out.duckdb\"\n[sources.api]\ntype = \"rest_api\"\n[sources.api.client]\n\
                 base_url = \"{base}\"\nsession = {{ request_backoff_factor = 0.01, request_max_attempts = 2 }}\n\
                 auth = {{ {auth} }}\n[[sources.api.resources]]\nname = \"r\"\n\
                 endpoint = {{ path = \"{path}\", paginator = \"single_page\" }}\n"
            ),
        );
        let secrets = ["secret-token", "password123", "secret-word", "granted-0", PASSWORD, &basic, &refused];
        let mut watch = Watch::new(&bench, &secrets);
        let done = watch.run(&["run", "-vv"]);
        assert_eq!(done.code, Some(code), "{base} {path}: {}", done.stderr);
        watch.run(&["run", "--format", "json"]);
        watch.look_around();
        watch.saw_logs();
        watch.finds_nothing();
    }
}

#[test]
fn what_a_command_is_given_and_shows_is_hidden() {
    let bench = Bench::new();
    into(&bench, "process", "data", "command = [\"sh\", \"-c\", \"env >&2; exit 65\"]");
    let text = std::fs::read_to_string(bench.path().join("pipeline.toml")).expect("the file");
    bench.write("pipeline.toml", text.replace("write_disposition = \"merge\"\n", ""));
    bench.write(".cartage/secrets.toml", "[destination.process.env]\nCRM_TOKEN = \"crm-hush-token\"\n");
    let mut watch = Watch::new(&bench, &["crm-hush-token"]);
    let done = watch.run(&["run"]).exits_with(3);
    assert!(done.stderr.contains("CRM_TOKEN=***"), "{}", done.stderr);
    watch.run(&["run", "--set", "load.raise_on_failed_jobs=false"]);
    watch.look_around();
    watch.finds_nothing();
}
