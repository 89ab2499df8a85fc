//! Options of clients that the clouds' variables may set, and what holds where they do not.

use std::time::Duration;

use object_store::RetryConfig;
use object_store::client::ClientConfigKey;

/// How requests are tried again.
pub(crate) fn retries() -> RetryConfig {
    RetryConfig { max_retries: 4, retry_timeout: Duration::from_mins(1), ..RetryConfig::default() }
}

/// Options and their values where no variable says otherwise. They are set one by one: a set of options as a whole
/// would replace what the environment has said, such as `AWS_ALLOW_HTTP`.
pub(crate) fn client_options(prefix: &str) -> impl Iterator<Item = (ClientConfigKey, &'static str)> {
    [
        ("CONNECT_TIMEOUT", ClientConfigKey::ConnectTimeout, "10 seconds"),
        ("TIMEOUT", ClientConfigKey::Timeout, "300 seconds"),
    ]
    .into_iter()
    .filter(move |(name, ..)| std::env::var_os(format!("{prefix}_{name}")).is_none())
    .map(|(_, key, value)| (key, value))
}
