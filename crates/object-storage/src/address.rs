//! Addresses of buckets.

/// Which kind of bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Amazon S3 and what speaks its protocol.
    S3,
    /// Google Cloud Storage.
    Gcs,
    /// Azure Blob Storage and Data Lake Storage.
    Azure,
}

/// A bucket as an address names it, without what is behind it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BucketAddress {
    /// Which kind.
    pub scheme: Scheme,
    /// Name of the bucket or container.
    pub bucket: String,
    /// The account of `abfss://container@account.dfs.core.windows.net`.
    pub account: Option<String>,
    /// As it was written, up to the first slash behind the bucket: `s3://bucket`.
    pub root: String,
}

impl Scheme {
    /// The kind that a scheme stands for, such as `s3` or `abfss`.
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "s3" | "s3a" => Some(Self::S3),
            "gs" | "gcs" => Some(Self::Gcs),
            "az" | "azure" | "abfs" | "abfss" | "adl" => Some(Self::Azure),
            _ => None,
        }
    }
}

impl BucketAddress {
    /// The bucket of an address and what stands behind it; `None` if the scheme is not one of a bucket. The bucket may
    /// be empty. Nothing is unescaped: a key may hold any character, percent signs too.
    pub fn split(address: &str) -> Option<(Self, &str)> {
        let (word, rest) = address.split_once("://")?;
        let scheme = Scheme::of(word)?;
        let (host, key) = rest.split_once('/').unwrap_or((rest, ""));
        let (bucket, account) = match host.split_once('@') {
            Some((bucket, host)) => (bucket, host.split('.').next().filter(|name| !name.is_empty())),
            None => (host, None),
        };
        let root = format!("{word}://{host}");
        Some((Self { scheme, bucket: bucket.to_owned(), account: account.map(str::to_owned), root }, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_split_behind_the_bucket_and_keys_stay_as_they_are() {
        let split = |address| {
            let (found, key) = BucketAddress::split(address)?;
            Some((found.scheme, found.bucket, found.account, found.root, key))
        };
        let found = |scheme, bucket: &str, account: Option<&str>, root: &str, key| {
            Some((scheme, bucket.to_owned(), account.map(str::to_owned), root.to_owned(), key))
        };
        assert_eq!(split("s3://b/a%20b//c"), found(Scheme::S3, "b", None, "s3://b", "a%20b//c"));
        assert_eq!(split("gs://b"), found(Scheme::Gcs, "b", None, "gs://b", ""));
        assert_eq!(
            split("abfss://c@acc.dfs.core.windows.net/x"),
            found(Scheme::Azure, "c", Some("acc"), "abfss://c@acc.dfs.core.windows.net", "x")
        );
        assert_eq!(split("s3:///x"), found(Scheme::S3, "", None, "s3://", "x"));
        assert_eq!(split("https://host/x"), None);
        assert_eq!(split("data/x.csv"), None);
    }
}
