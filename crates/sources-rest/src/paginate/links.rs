//! The `Link` header.

use reqwest::header::{HeaderMap, LINK};

/// The address of the link with this relation.
pub(super) fn link(headers: &HeaderMap, rel: &str) -> Option<String> {
    headers
        .get_all(LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(links)
        .find(|(_, rels)| rels.split_whitespace().any(|name| name.eq_ignore_ascii_case(rel)))
        .map(|(url, _)| url)
}

/// Addresses and their relations. Commas and semicolons may occur inside the angle brackets.
fn links(header: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = header;
    while let Some((_, behind)) = rest.split_once('<') {
        let Some((url, behind)) = behind.split_once('>') else { break };
        let (params, next) = split_params(behind);
        let rel = params.split(';').find_map(|param| {
            let (name, value) = param.split_once('=')?;
            name.trim().eq_ignore_ascii_case("rel").then(|| value.trim().trim_matches(['"', '\'']).to_owned())
        });
        found.push((url.trim().to_owned(), rel.unwrap_or_default()));
        rest = next;
    }
    found
}

/// Splits after the parameters of a link, at a comma outside of quotes.
fn split_params(text: &str) -> (&str, &str) {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => return (&text[..at], &text[at + 1..]),
            _ => {}
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn a_link_is_found_by_its_relation_among_others() {
        let header =
            r#"<https://a.b/x?p=1,2;z>; rel="prev", </y?p=3>; title="a, b"; rel=next,<z>;rel="last first""#;
        let headers = HeaderMap::from_iter([(LINK, HeaderValue::from_static(header))]);
        assert_eq!(link(&headers, "prev").as_deref(), Some("https://a.b/x?p=1,2;z"));
        assert_eq!(link(&headers, "next").as_deref(), Some("/y?p=3"));
        assert_eq!(link(&headers, "first").as_deref(), Some("z"));
        assert_eq!(link(&headers, "up"), None);
    }
}
