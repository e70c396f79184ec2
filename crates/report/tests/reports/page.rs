//! The page: that it stands alone, that nothing in it is broken, and that it stays small.

use std::fs;
use std::path::Path;

use crate::support::{
    Invented, alone, clear, close_race, comparison, cpu, eventful, far_apart, nothing, one_process,
    ort,
};
use tachy_measure::Comparison;
use tachy_report::Report;

/// The page, which is also left where it can be looked at.
fn page(name: &str, comparison: &Comparison) -> String {
    let page = Report::new(comparison).unwrap().html();
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).with_extension("html"), &page)
        .unwrap();
    page
}

fn pages() -> Vec<String> {
    vec![
        page("clear", &clear()),
        page("eventful", &eventful()),
        page("close-race", &close_race()),
        page("one-process", &one_process()),
        page("alone", &alone()),
        page("nothing", &nothing()),
        page("far-apart", &far_apart()),
    ]
}

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    for page in pages() {
        assert!(page.contains("default-src 'none'"));
        for mark in
            ["http:", "https:", "//", "<script", "javascript:", "@import", "url(", " src=", " on"]
        {
            let tags = page.split('<').filter_map(|part| part.split_once('>')).map(|(tag, _)| tag);
            let styles =
                page.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next());
            assert!(tags.chain(styles).all(|text| !text.contains(mark)), "{mark}");
        }
    }
}

#[test]
fn every_tag_is_closed_and_every_reference_leads_somewhere() {
    for page in pages() {
        let mut open = Vec::new();
        for tag in
            page.split('<').skip(2).filter_map(|part| part.split_once('>')).map(|(tag, _)| tag)
        {
            let name = tag.split([' ', '/', '\n']).find(|word| !word.is_empty()).unwrap();
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(name), "{tag}");
            } else if !tag.ends_with('/') && !["meta", "link", "br"].contains(&name) {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "{open:?}");
        let values = |attribute: &str| -> Vec<String> {
            let start = format!(" {attribute}=\"");
            page.split(&start)
                .skip(1)
                .map(|rest| rest.split('"').next().unwrap().to_owned())
                .collect()
        };
        let ids = values("id");
        let links =
            values("href").into_iter().filter_map(|link| Some(link.strip_prefix('#')?.to_owned()));
        let labels = values("aria-labelledby").join(" ");
        for reference in
            links.chain(labels.split(' ').filter(|id| !id.is_empty()).map(str::to_owned))
        {
            assert_eq!(ids.iter().filter(|id| **id == reference).count(), 1, "{reference}");
        }
        assert!(!page.contains("NaN") && !page.contains("inf,") && !page.contains("inf "));
    }
}

#[test]
fn names_and_messages_are_text() {
    let mut comparison = eventful();
    comparison.model.name = "<script>alert('&')</script>".to_owned();
    comparison.settings.inputs = "\"><img src=x onerror=alert(1)>".to_owned();
    let page = page("hostile", &comparison);
    assert!(!page.contains("<script") && !page.contains("<img"));
    assert!(page.contains("&lt;conv &amp; relu&gt;"));
}

#[test]
fn many_samples_are_thinned_out() {
    let many = |device: Invented| Invented { samples: 40_000, processes: 3, ..device }.row();
    let page = page("many", &comparison(vec![many(cpu()), many(ort())]));
    assert!(page.len() < 400_000, "{}", page.len());
    assert!(page.contains("every 60th of"));
}
