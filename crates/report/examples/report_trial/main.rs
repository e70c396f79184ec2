//! How quickly a report of many measurements is made, and how large its page is.
//!
//! `cargo run --release -p tachy-report --example report_trial -- FOLDER [MEASUREMENTS]` writes the report into FOLDER in
//! every format, and prints the least time of five and the bytes of each.

mod invented;

use std::path::PathBuf;
use std::time::Instant;

use tachy_report::whole::{ReportInput, report};

/// From the input to the text.
type Write = fn(&ReportInput) -> String;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().expect("the folder to write to comes first"));
    let count =
        arguments.next().map_or(10_000, |count| count.parse().expect("a number of measurements"));
    let input = invented::input(count);
    let whole = report(&input);
    let figures = whole.performance.as_ref().map_or(0, |performance| performance.figures.len());
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let formats: [(&str, Write); 4] = [
        ("html", |input| report(input).html()),
        ("md", |input| report(input).markdown()),
        ("json", |input| report(input).json()),
        ("csv", |input| report(input).csv()),
    ];
    println!("{figures} measurements; seconds from the raw samples to the text, the least of five");
    for (extension, write) in formats {
        let mut least = f64::INFINITY;
        let mut text = String::new();
        for _ in 0..5 {
            let start = Instant::now();
            text = write(&input);
            least = least.min(start.elapsed().as_secs_f64());
        }
        println!("{extension:<5} {least:>8.3} s {:>10} bytes", text.len());
        std::fs::write(folder.join("report").with_extension(extension), text)
            .expect("the file can be written");
    }
}
