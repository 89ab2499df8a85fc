//! What the service says as kinds of errors, by its codes: which are worth another attempt, and what to do about them.

use cartage_destinations_api::{Error, ErrorKind};

use super::client::Failure;
use super::config::{Config, account, address};

/// Longest message of the service that is shown; it may hold a value.
const LONGEST_MESSAGE: usize = 500;

/// Internal errors, cancelled statements, conflicts with other transactions: what time or another attempt heals. Tables and
/// columns that another session has just made are among them, since no lock keeps two loads from making them.
const PASSING: [&str; 8] = ["000603", "000604", "000625", "001430", "002002", "261000", "300002", "300005"];

/// An error of a statement.
pub(crate) fn statement(doing: &str, failure: &Failure) -> Error {
    of_failure(failure).context(doing)
}

fn of_failure(failure: &Failure) -> Error {
    match failure {
        Failure::Refused { code, message } => of_service(code, message),
        Failure::Unreachable(cause) => Error::transient(format!("the service cannot be reached: {cause}"))
            .with_remedy("check the network, and 'host' of the credentials; the work is retried"),
        Failure::Busy(status) => Error::transient(format!("the service has no time now (HTTP {status})"))
            .with_remedy("the work is retried; lower 'connections' of the destination if it lasts"),
        Failure::Lost(cause) => Error::transient(format!("the answer of the service is lost: {cause}"))
            .with_remedy("the work is retried; what was done is known by the ledger"),
        Failure::Unexpected { status, message } => {
            Error::terminal(format!("an answer that is none of Snowflake (HTTP {status}): {message}"))
                .with_remedy("check whether a proxy answers in its place, and 'url' of the destination")
        }
        Failure::Stopped => Error::transient("stopped as asked").with_remedy("run again to go on"),
    }
}

/// What the service says by code.
fn of_service(code: &str, message: &str) -> Error {
    let shown: String = message.replace('\n', " ").chars().take(LONGEST_MESSAGE).collect();
    let error = Error::new(kind(code, &shown), format!("{shown} ({code})"));
    error.with_known_remedy(remedy(code, &shown))
}

/// An error of a login at the account of `config`.
pub(crate) fn login(config: &Config, failure: &Failure) -> Error {
    let name = &config.name;
    let found = match failure {
        Failure::Refused { code, message } => refused_login(config, code, message),
        Failure::Unexpected { status: 403 | 404, .. } => unknown_account(config),
        Failure::Unreachable(cause) if cause.contains("dns") || cause.contains("lookup") => {
            Error::transient(format!("there is no host of that name: {cause}")).with_remedy(format!(
                "check 'host' of [destination.{name}.credentials]: it is the account, such as ORG-ACCOUNT"
            ))
        }
        other => of_failure(other),
    };
    found.context(format!("cannot log in to {}", address(config)))
}

fn unknown_account(config: &Config) -> Error {
    Error::invalid(format!("there is no account {}", account(config))).with_remedy(format!(
        "set host of [destination.{}.credentials] to the account, as SELECT CURRENT_ORGANIZATION_NAME() || '-' || \
         CURRENT_ACCOUNT_NAME() tells it",
        config.name
    ))
}

fn refused_login(config: &Config, code: &str, message: &str) -> Error {
    let credentials = format!("[destination.{}.credentials]", config.name);
    let invalid = |remedy: String| Error::invalid(of_service(code, message).to_string()).with_remedy(remedy);
    match code {
        "390100" | "390102" => invalid(format!("check username and password of {credentials}")),
        "390101" | "390106" => invalid(format!("check username, password and token of {credentials}")),
        "390144" | "394300" | "394301" | "394302" | "394303" | "394304" | "394305" | "394306" => {
            invalid(format!(
                "check username and host of {credentials}, and register the public key: ALTER USER {} SET RSA_PUBLIC_KEY = '..'",
                config.login.username
            ))
        }
        "390186" | "390189" | "390190" => invalid(format!(
            "check role of {credentials}, and grant it: GRANT ROLE {} TO USER {}",
            config.credentials.role.as_deref().unwrap_or("<role>"),
            config.login.username
        )),
        "390201" => invalid(format!("check database of {credentials}, and GRANT USAGE on it to the role")),
        "390303" | "390318" | "390195" => {
            invalid(format!("get a new token for {credentials}: this one is not valid any more"))
        }
        "390422" | "390420" => {
            invalid("let an administrator allow this machine in the network policy of the account".to_owned())
        }
        "390197" | "390127" | "394507" | "394508" => invalid(format!(
            "the account asks for a second factor: use a key pair (private_key_path of {credentials}) or a programmatic access token"
        )),
        "390111" | "390143" | "390107" => unknown_account(config),
        _ => of_service(code, message),
    }
}

fn kind(code: &str, message: &str) -> ErrorKind {
    match code {
        // A user-defined limit of the warehouse or account: no further attempt of now helps.
        "090073" | "000090" | "090030" => ErrorKind::Terminal,
        _ if PASSING.contains(&code) || ends_session(code) || message.contains("ransaction conflict") => {
            ErrorKind::Transient
        }
        _ => ErrorKind::Terminal,
    }
}

/// Whether the code says that the session is gone.
fn ends_session(code: &str) -> bool {
    Failure::Refused { code: code.to_owned(), message: String::new() }.ends_session()
}

fn remedy(code: &str, message: &str) -> Option<&'static str> {
    Some(match code {
        "000606" => {
            "set warehouse of the credentials, or a default one: ALTER USER .. SET DEFAULT_WAREHOUSE = .."
        }
        "000607" => "resume the warehouse, or let it resume: ALTER WAREHOUSE .. SET AUTO_RESUME = TRUE",
        "090073" | "000090" | "090030" => "raise the limit of the resource monitor, or use another warehouse",
        "003001" | "003041" | "003540" => {
            "grant it to the role of the credentials: USAGE on warehouse and database, CREATE SCHEMA on the database"
        }
        "002003" | "002043" => "check that it is there, and that the role of the credentials may use it",
        "100072" => "set nullable = true for the column, or clean the data",
        "100078" | "100074" => "give the column a longer type, or clean the data",
        "100038" | "100039" | "100132" | "100035" | "100040" | "100046" | "100071" | "100069" => {
            "give the column a type that holds the value, or clean the data"
        }
        "100090" => {
            "remove the duplicates of the key, or set dedup_sort; the merge strategy delete-insert does that"
        }
        "000625" => "raise lock_timeout of the destination, or end the sessions that hold the table",
        "000630" => "raise STATEMENT_TIMEOUT_IN_SECONDS of the user or warehouse, or use a larger warehouse",
        _ if ends_session(code) => "the work is retried with a new session",
        _ if message.contains("not authorized") => {
            "grant it to the role of the credentials, or set another role there"
        }
        _ if message.contains("suspended") => "resume the warehouse: ALTER WAREHOUSE .. RESUME",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_time_or_another_attempt_heals_is_transient_and_the_rest_is_terminal() {
        for code in ["000625", "002002", "390112", "390114", "300005"] {
            assert_eq!(of_service(code, "x").kind(), ErrorKind::Transient, "{code}");
        }
        for code in ["001003", "002003", "003001", "100072", "100038", "090073"] {
            let error = of_service(code, "x");
            assert_eq!(error.kind(), ErrorKind::Terminal, "{code}");
        }
    }

    #[test]
    fn what_people_meet_has_a_remedy() {
        let remedy = |code: &str, message: &str| {
            of_service(code, message).remedy().map(str::to_owned).unwrap_or_default()
        };
        assert!(remedy("000606", "No active warehouse selected").contains("DEFAULT_WAREHOUSE"));
        assert!(remedy("000607", "Warehouse 'WH' is suspended").contains("AUTO_RESUME"));
        assert!(remedy("003001", "Insufficient privileges to operate on schema").contains("CREATE SCHEMA"));
        assert!(remedy("002003", "Object 'X' does not exist or not authorized.").contains("role"));
        assert!(remedy("100090", "Duplicate row detected during DML action").contains("duplicates"));
    }

    #[test]
    fn messages_are_short_and_on_one_line() {
        let error = of_service("100038", &format!("Numeric value\n'{}' is not recognized", "9".repeat(2000)));
        assert!(!error.to_string().contains('\n') && error.to_string().len() < 600);
    }
}
