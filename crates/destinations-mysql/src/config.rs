//! The settings below `[destination.<name>]`: parsed and checked, nothing connected.

use cartage_destinations_sql::server;
use cartage_sql_client::mysql::MysqlCredentials;

/// Where the dataset is and how it is used.
pub type Config = server::Config<MysqlCredentials>;

/// `host:port`, for messages.
pub(crate) fn place(config: &Config) -> String {
    config.credentials.place(&config.login)
}

#[cfg(test)]
mod tests {
    use cartage_destinations_api::{ConnectRequest, Result, Settings};
    use cartage_sql_client::mysql::SslMode;
    use serde_json::{Value, json};

    use super::*;

    fn read(settings: &Value) -> Result<Config> {
        let settings = Settings::new(settings.as_object().unwrap().clone());
        let request = ConnectRequest::new("mysql", "shop", "raw").in_folder("/base");
        Config::read(&request.with_settings(settings))
    }

    #[test]
    fn texts_of_every_driver_and_tables_say_the_same() {
        let table = read(&json!({"credentials": {
            "drivername": "mysql+pymysql", "username": "lo@der", "password": "hu/sh", "host": "db", "port": "3307",
            "database": "shop", "query": {"ssl_mode": "verify_identity", "ssl_ca": "ca.pem", "charset": "utf8mb4"},
        }}))
        .unwrap();
        for scheme in ["mysql", "mysql+pymysql", "mariadb", "mariadb+mariadbconnector"] {
            let rest = "lo%40der:hu%2Fsh@db:3307/shop?ssl_mode=VERIFY_IDENTITY&ssl_ca=ca.pem";
            let text = read(&json!({"credentials": format!("{scheme}://{rest}")})).unwrap();
            assert_eq!(text, table, "{scheme}");
        }
        let MysqlCredentials { ssl_mode, ssl_ca, .. } = &table.credentials;
        assert_eq!((place(&table).as_str(), *ssl_mode), ("db:3307", SslMode::VerifyIdentity));
        assert_eq!(ssl_ca.as_deref(), Some(std::path::Path::new("/base/ca.pem")));
        assert!(!format!("{table:?}").contains("hu/sh"));
    }

    #[test]
    fn what_is_missing_or_cannot_be_is_named_with_the_remedy() {
        let error = read(&json!({"credentials": {"host": "db", "username": "u"}})).unwrap_err();
        assert!(error.to_string().contains("'database'"), "{error}");
        assert!(error.remedy().unwrap().contains("DESTINATION__MYSQL__CREDENTIALS__DATABASE"));
        for text in ["postgresql://u:hush@h/d", "mysql://u:hush@h/d?charset=latin1"] {
            let error = read(&json!({"credentials": text})).unwrap_err();
            assert!(error.remedy().is_some() && !format!("{error:?}").contains("hush"), "{error:?}");
        }
        let error = read(&json!({"credentials": "mysql://u@h/d?ssl_mode=x"})).unwrap_err();
        assert!(error.to_string().contains("VERIFY_IDENTITY"), "{error}");
        let error = read(&json!({"credentials": "mysql://u@h/d", "conections": 3})).unwrap_err();
        assert_eq!(error.remedy(), Some("did you mean 'connections'?"));
    }
}
