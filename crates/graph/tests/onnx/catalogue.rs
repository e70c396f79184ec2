//! `docs/operators.md` says what the code does.

use std::path::Path;

use tachy_graph::onnx::{operators, operators_markdown};

#[test]
fn the_list_of_operators_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operators.md");
    if std::env::var_os("TACHY_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, operators_markdown()).unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        text == operators_markdown(),
        "docs/operators.md is not what the code says; write it again with \
         `TACHY_BLESS=1 cargo test -p tachy-graph --test onnx operators`, and look at what has changed"
    );
}

#[test]
fn no_operator_is_listed_twice() {
    let operators = operators();
    for (index, info) in operators.iter().enumerate() {
        assert!(info.since <= info.until, "{info:?}");
        for other in &operators[..index] {
            let apart = info.since > other.until || other.since > info.until;
            assert!(apart || (info.domain, info.name) != (other.domain, other.name), "{info:?}");
        }
    }
}
