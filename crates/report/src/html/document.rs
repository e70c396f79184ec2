//! The shell of every page: nothing is loaded, and no script runs but the page's own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::text::escape;

/// The style that all pages share.
pub(crate) const STYLE: &str = include_str!("style.css");

/// A whole page. Its policy forbids every request, and every script but the one given, which it knows by its hash.
pub(crate) fn document(title: &str, styles: &[&str], body: &str, script: Option<&str>) -> String {
    let allowed = script.map_or(String::new(), |script| {
        format!(" script-src 'sha256-{}';", STANDARD.encode(Sha256::digest(script)))
    });
    let script = script.map_or(String::new(), |script| format!("<script>{script}</script>\n"));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';{allowed} style-src 'unsafe-inline'; \
         img-src data:; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n{body}{script}\
         </body>\n</html>\n",
        escape(title),
        styles.concat()
    )
}
