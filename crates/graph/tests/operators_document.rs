//! `docs/operators.md` is what the code says.

use std::path::Path;

use tachy_graph::onnx::operators_markdown;

#[test]
fn the_list_of_operators_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operators.md");
    let generated = operators_markdown();
    if std::env::var_os("TACHY_BLESS").is_some() {
        std::fs::write(&path, &generated).expect("the document can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == generated,
        "docs/operators.md is out of date; `TACHY_BLESS=1 cargo test -p tachy-graph --test operators_document` \
         writes it anew"
    );
}
