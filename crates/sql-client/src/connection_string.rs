//! Connection strings such as `postgresql://user:password@host:port/database?key=value`, as the table of keys that they
//! stand for.
//!
//! Errors never quote the text, since it holds a password.

use cartage_config::Section;

use crate::error::ClientError;

type Result<T, E = ClientError> = std::result::Result<T, E>;

/// How the connection strings of a database look.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// Name of the database, for people.
    pub database: &'static str,
    /// What may precede `://`; SQLAlchemy's names of drivers may follow, as in `postgresql+psycopg2`.
    pub schemes: &'static [&'static str],
    /// A whole one, for people.
    pub example: &'static str,
}

impl Form {
    /// Takes the table of `credentials` out of the settings, which a connection string may stand for, or be the key `url`
    /// of. What is in its table `query`, or after the question mark, are keys of it too.
    ///
    /// # Errors
    /// [`ClientError::Unusable`] if the text cannot be read.
    pub fn split(&self, settings: &Section) -> Result<(Section, Section), ClientError> {
        let parse = |text: &str| Ok::<_, ClientError>(parse(text, self)?.into_keys());
        let spelled = settings.spell_out_with("credentials", parse)?;
        let spelled = spelled.spell_out_below("credentials", "url", parse)?.lift("credentials", "url");
        let spelled = spelled.lift("credentials", "query");
        Ok((spelled.table_or_empty("credentials"), spelled.without(&["credentials"])))
    }
}

/// What a connection string says; absent parts are `None`.
#[derive(Default)]
struct Parts {
    username: Option<String>,
    password: Option<String>,
    host: Option<String>,
    port: Option<String>,
    database: Option<String>,
    /// What follows the question mark.
    query: Vec<(String, String)>,
}

impl Parts {
    fn into_keys(self) -> Vec<(String, String)> {
        let named = [
            ("username", self.username),
            ("password", self.password),
            ("host", self.host),
            ("port", self.port),
            ("database", self.database),
        ];
        let named = named.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        named.chain(self.query).collect()
    }
}

fn parse(text: &str, form: &Form) -> Result<Parts> {
    let broken = |what: &str| {
        ClientError::unusable(format!("'credentials': {what}")).with_remedy(format!(
            "write it as {}, with %40 for @ and %2F for / in user and password",
            form.example
        ))
    };
    let decoded = |part: &str, wrong: &str| {
        present(part).map(|part| decode(part).ok_or_else(|| broken(wrong))).transpose()
    };
    let (scheme, rest) =
        text.trim().split_once("://").ok_or_else(|| broken("the text is not a connection string"))?;
    if !scheme.split('+').next().is_some_and(|scheme| form.schemes.contains(&scheme)) {
        return Err(broken(&format!("the connection string is not one of {}", form.database)));
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let goes_on = database.contains('@') || (database.is_empty() && query.contains('@'));
    if !authority.contains('@') && goes_on {
        // What is there as host, port or key would be a part of the password.
        return Err(broken("the user or password has a / or ? that is not encoded"));
    }
    if database.contains('@') {
        return Err(broken("the part between host and ? has an @ that is not encoded"));
    }
    // A password may hold an @ that nobody encoded: the last one separates.
    let (user, place) =
        authority.rsplit_once('@').map_or((None, authority), |(user, place)| (Some(user), place));
    let mut parts = Parts::default();
    if let Some(user) = user {
        let (name, password) = user.split_once(':').map_or((user, None), |(name, word)| (name, Some(word)));
        parts.username = decoded(name, "the user is not encoded properly")?;
        parts.password = password.and_then(decode);
        if password.is_some() && parts.password.is_none() {
            return Err(broken("the password is not encoded properly"));
        }
    }
    (parts.host, parts.port) =
        host_and_port(place).ok_or_else(|| broken("the host is not encoded properly"))?;
    parts.database = decoded(database, "the database is not encoded properly")?;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or_else(|| broken("a key after '?' has no value"))?;
        let decoded = decode(key).zip(decode(&value.replace('+', " ")));
        parts.query.push(decoded.ok_or_else(|| broken("a key after '?' is not encoded properly"))?);
    }
    Ok(parts)
}

/// `host:port`, where the host may be an address in brackets or several hosts with commas.
/// `None` where the host is not encoded properly.
fn host_and_port(place: &str) -> Option<(Option<String>, Option<String>)> {
    if let Some((host, rest)) = place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let port = rest.strip_prefix(':').and_then(present);
        return Some((present(host).map(str::to_owned), port.map(str::to_owned)));
    }
    let pairs: Vec<(&str, &str)> =
        place.split(',').map(|one| one.split_once(':').unwrap_or((one, ""))).collect();
    let join = |texts: Vec<&str>| {
        let given = texts.iter().any(|text| !text.is_empty());
        given.then(|| texts.join(","))
    };
    let hosts = join(pairs.iter().map(|(host, _)| *host).collect());
    let ports = join(pairs.iter().map(|(_, port)| *port).collect());
    match hosts {
        None => Some((None, ports)),
        Some(hosts) => Some((Some(decode(&hosts)?), ports)),
    }
}

fn present(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Text with its `%xx` resolved; `None` where they are wrong or give no text.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'%' {
            let (digits, after) = after.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = after;
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSTGRES: Form = Form {
        database: "PostgreSQL",
        schemes: &["postgresql", "postgres"],
        example: "postgresql://user:password@host:5432/database",
    };

    fn parse(text: &str) -> Result<Parts> {
        super::parse(text, &POSTGRES)
    }

    fn text(part: Option<&String>) -> &str {
        part.map_or("none", String::as_str)
    }

    #[test]
    fn every_part_is_found_and_decoded() {
        let parts =
            parse("postgresql://lo%40der:p%2Fa:s@s@db.example.com:6432/my%20data?sslmode=require&options=-c%20a%3Db")
                .unwrap();
        assert_eq!((text(parts.username.as_ref()), text(parts.password.as_ref())), ("lo@der", "p/a:s@s"));
        assert_eq!((text(parts.host.as_ref()), text(parts.port.as_ref())), ("db.example.com", "6432"));
        assert_eq!(text(parts.database.as_ref()), "my data");
        assert_eq!(parts.query[0], ("sslmode".to_owned(), "require".to_owned()));
        assert_eq!(parts.query[1], ("options".to_owned(), "-c a=b".to_owned()));
    }

    #[test]
    fn short_forms_addresses_and_several_hosts_are_understood() {
        let parts = parse("postgres://localhost").unwrap();
        assert_eq!(
            (text(parts.host.as_ref()), text(parts.port.as_ref()), text(parts.database.as_ref())),
            ("localhost", "none", "none")
        );
        let parts = parse("postgresql+psycopg2://u@[::1]:5433/d").unwrap();
        assert_eq!((text(parts.host.as_ref()), text(parts.port.as_ref())), ("::1", "5433"));
        let parts = parse("postgresql://u:p@a:1,b:2/d").unwrap();
        assert_eq!((text(parts.host.as_ref()), text(parts.port.as_ref())), ("a,b", "1,2"));
        assert_eq!(text(parse("postgresql://u@%2Fvar%2Frun/d").unwrap().host.as_ref()), "/var/run");
    }

    #[test]
    fn what_cannot_be_read_is_not_shown() {
        for text in [
            "mysql://u:hush@h/d",
            "u:hush@h/d",
            "postgresql://u:hush%zz@h/d",
            "postgresql://u:hush@h/d?x",
            "postgresql://u:p@a/hush@h/d",
            "postgresql://u%zz:hush@h/d",
            "postgresql://u:hush@h%zz/d",
            "postgresql://u:hush@h/d%zz",
        ] {
            let error = parse(text).err().unwrap();
            assert!(!format!("{error:?}").contains("hush"), "{error:?}");
        }
    }
}
