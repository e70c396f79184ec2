//! The report of everything: its grades, its sections alone, its page, and texts that mean harm.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tachy_measure::{Comparison, Environment, Metric};
use tachy_profile::memory::pressure::{Pressure, PressureLevel};
use tachy_profile::memory::{EngineFigures, MemoryTracker, Occasion, optimizations};
use tachy_profile::metrics::{MetricsCollector, MetricsSnapshot, OperationContext};
use tachy_profile::stacks::{Frame, Stack, Stacks, Value};
use tachy_profile::trace::{Machine, Operation, Span, Thread, Trace, Work};
use tachy_report::whole::{
    Aspect, Grade, MemoryInput, ReportInput, Section, WholeReport, bottlenecks, executive_summary,
    memory_analysis, performance_analysis, recommendations, report, trends,
};
use tachy_stats::Outcome;
use tachy_store::{History, Point, Run, RunHeader, RunId, SeriesKey};

use crate::support::{
    Invented, alone, clear, close_race, comparison, cpu, crashed, eventful, one_process, ort, wrong,
};

const HOSTILE: &str =
    "</script><script>alert('1')</script>\"><img src=x onerror=alert(2)>`<b>`\n|\u{1b}[31m&amp;";

fn of(comparisons: Vec<Comparison>) -> ReportInput {
    ReportInput { comparisons, ..ReportInput::default() }
}

fn grade(input: &ReportInput, aspect: Aspect) -> Option<Grade> {
    let summary = executive_summary(input);
    summary.aspects.iter().find(|graded| graded.aspect == aspect).and_then(|graded| graded.grade)
}

/// One device whose runs take so long, measured on a day.
fn run(seconds: f64, day: u64) -> Run {
    let device = Invented { run: seconds, ..cpu() };
    let mut run = Run::from(comparison(vec![device.row()]));
    run.started += day * 86_400_000;
    run.id = RunId::new(run.started);
    run
}

fn history(values: &[f64], name: &str) -> History {
    let point = |(place, value): (usize, &f64)| {
        let started = 1_777_593_600_000 + place as u64 * 86_400_000;
        let header = RunHeader {
            id: RunId::new(started),
            started,
            command: name.to_owned(),
            environment: Environment { commit: Some(name.to_owned()), ..Environment::default() },
            labels: BTreeMap::new(),
        };
        Point { run: Arc::new(header), medians: vec![*value], reference: None }
    };
    History {
        key: SeriesKey {
            benchmark: name.to_owned(),
            parameters: BTreeMap::new(),
            metric: Metric::Run,
            machine: name.to_owned(),
        },
        points: values.iter().enumerate().map(point).collect(),
    }
}

/// Two operations in a third, on two threads; nine tenths of the wall are explained.
fn trace(name: &str) -> Trace {
    let operation = |flops: f64, bytes: f64| Operation {
        name: name.to_owned(),
        category: name.to_owned(),
        device: name.to_owned(),
        detail: name.to_owned(),
        work: (flops > 0.0).then_some(Work { flops, bytes, transferred: 0.0 }),
    };
    let span = |operation, thread, start, duration, depth| Span {
        operation,
        thread,
        start,
        duration,
        depth,
    };
    let spans = vec![
        span(0, 0, 0, 900_000, 0),
        span(1, 0, 10_000, 600_000, 1),
        span(2, 0, 620_000, 200_000, 1),
        span(2, 1, 0, 200_000, 0),
    ];
    Trace {
        name: name.to_owned(),
        wall: 1_000_000,
        operations: vec![operation(0.0, 0.0), operation(1.8e7, 1e5), operation(1e4, 1e6)],
        threads: ["first", name].map(|name| Thread { name: name.to_owned(), id: 1 }).into(),
        spans,
        machine: Some(Machine {
            flops: 6e10,
            bandwidth: vec![(f64::INFINITY, 2e10)],
            ..Machine::default()
        }),
        ..Trace::default()
    }
}

/// A tracker of one device: what comes and goes, and what is sent elsewhere.
fn memory(name: &str, level: PressureLevel) -> MemoryInput {
    let tracker = MemoryTracker::new();
    let account = tracker.account(name, name);
    for id in 0..40 {
        account.allocated(id, 4096);
        account.freed(id);
    }
    account.allocated(99, 1024);
    tracker.track_transfer("tensor", 512, name, "gpu", name).unwrap();
    let report = tracker.report();
    let events = tracker.events();
    let found = report.devices.iter().flat_map(|device| optimizations(&events, device)).collect();
    let evidence = vec![name.to_owned()];
    let pressure = vec![(name.to_owned(), Pressure { level, evidence })];
    MemoryInput { optimizations: found, pressure, ..MemoryInput::of(report) }
}

#[test]
fn memory_is_told_and_graded() {
    let of = |level| ReportInput { memory: vec![memory("cpu", level)], ..ReportInput::default() };
    assert_eq!(grade(&of(PressureLevel::Critical), Aspect::Memory), Some(Grade::D));
    assert_eq!(grade(&of(PressureLevel::High), Aspect::Memory), Some(Grade::C));
    assert_eq!(grade(&of(PressureLevel::Medium), Aspect::Memory), Some(Grade::B));
    assert_eq!(grade(&ReportInput::default(), Aspect::Memory), None);
    let whole = report(&of(PressureLevel::None));
    assert!(
        whole.markdown().contains("| cpu | cpu | 1.00 KiB | 4.00 KiB | 41 |"),
        "{}",
        whole.markdown()
    );
    assert!(whole.html().contains("4.00\u{a0}KiB at the peak"));
    sound(&whole);
}

fn everything() -> ReportInput {
    let steps: Vec<f64> =
        (0..30).map(|n| (if n < 15 { 1.0 } else { 1.3 }) + 0.002 * f64::from(n % 3)).collect();
    ReportInput {
        runs: vec![run(30e-3, 0), run(40e-3, 1)],
        comparisons: vec![eventful(), close_race()],
        histories: vec![history(&steps, "series")],
        traces: vec![trace("session")],
        metrics: vec![metrics("decode & <show>")],
        ..ReportInput::default()
    }
}

/// What a collector saw of a program that ran an operation 200 times.
fn metrics(name: &str) -> MetricsSnapshot {
    let collector = MetricsCollector::new();
    collector.start();
    for run in 1..=200 {
        let context = OperationContext { batch_size: 2, ..OperationContext::default() };
        let taken = Duration::from_micros(10 * run);
        collector.collect(name, "cpu", taken, &[vec![2, 8]], context).unwrap();
    }
    collector.snapshot()
}

#[test]
fn what_was_collected_stands_in_every_format() {
    let input = ReportInput { metrics: vec![metrics("a_b|c")], ..ReportInput::default() };
    let whole = report(&input);
    let line = &whole.performance.as_ref().unwrap().collected[0];
    assert_eq!((line.count, line.longest), (200, 2e-3));
    assert!((line.quantiles[1].unwrap() / 1.9e-3 - 1.0).abs() < 2e-3, "{line:?}");
    assert!(whole.html().contains("Programs at work"));
    assert!(whole.markdown().contains("### Programs at work"), "{}", whole.markdown());
    assert!(whole.csv().contains("collected,a_b|c,cpu,seconds,0.001005"), "{}", whole.csv());
    sound(&whole);
}

/// Samples of two functions, nine in ten of them in the second operation of [`trace`].
fn stacks(function: &str) -> Stacks {
    let frame = |name: &str, span| Frame { name: name.to_owned(), span, ..Frame::default() };
    let stack = |frames: &[u32], samples| Stack {
        frames: frames.to_vec(),
        values: vec![samples, 4_000_000 * samples],
        ..Stack::default()
    };
    Stacks {
        values: vec![Value::new("samples", "count"), Value::new("cpu", "nanoseconds")],
        frames: vec![frame("first", true), frame("main", false), frame(function, false)],
        stacks: vec![stack(&[0, 1, 2], 90), stack(&[1], 10)],
        ..Stacks::default()
    }
}

#[test]
fn sampled_functions_stand_in_every_format() {
    let stacks = Some(stacks("house::room::<T>::work|here"));
    let traces = vec![Trace { stacks, ..trace("session") }, trace("not sampled")];
    let whole = report(&ReportInput { traces, ..ReportInput::default() });
    let page = whole.html();
    assert_eq!(page.matches("aria-label=\"Sampled functions\"").count(), 1);
    assert!(page.contains("<code>house::room::&lt;T&gt;::work|here</code>"));
    assert!(page.contains("100 samples of call stacks"));
    let markdown = whole.markdown();
    assert!(markdown.contains("work\\|here` | 360 ms | 90% | 360 ms | first |"), "{markdown}");
    assert!(markdown.contains("| `main` | 40.0 ms | 10% | 400 ms | no operation |"), "{markdown}");
    let csv = whole.csv();
    assert!(
        csv.contains("\nfunction,session,house::room::<T>::work|here,seconds,0.36,,0.36,"),
        "{csv}"
    );
    assert!(csv.contains("\noperation,session,"), "{csv}");
    let json: serde_json::Value = serde_json::from_str(&whole.json()).unwrap();
    let traces = &json["performance"]["traces"];
    assert_eq!(traces[0]["functions"]["rows"][0]["own"], 360_000_000);
    assert!(traces[1]["functions"].is_null());
    sound(&whole);
}

#[test]
fn what_engines_tell_of_their_memory_stands_in_every_format() {
    let tracker = MemoryTracker::new();
    let figures = EngineFigures { active: Some(2048), peak: Some(4096), reserved: None };
    tracker.engine_tells("mlx:cpu", ["arrays", "MLX's <allocator>"], Occasion::Ran, figures);
    tracker.engine_tells_nothing("rten", "`rten` tells no figures of its memory.");
    let memory = Some(tracker.report());
    let held = tracker.report().holdings();
    let metrics = MetricsSnapshot { memory: held, ..metrics("decode") };
    let input = ReportInput {
        traces: vec![Trace { memory, ..trace("session") }],
        metrics: vec![metrics],
        ..ReportInput::default()
    };
    assert_eq!(grade(&input, Aspect::Memory), None, "no allocation was told");
    let whole = report(&input);
    let page = whole.html();
    for label in ["Memory as engines tell it", "Memory of programs at work"] {
        assert_eq!(page.matches(&format!("aria-label=\"{label}\"")).count(), 1, "{label}");
    }
    assert!(
        page.contains("MLX's &lt;allocator&gt;") || page.contains("MLX&#39;s &lt;allocator&gt;")
    );
    let markdown = whole.markdown();
    assert!(
        markdown.contains("| mlx:cpu | arrays | ran | 2.00 KiB | 4.00 KiB | – |"),
        "{markdown}"
    );
    assert!(
        markdown.contains("| rten |  | – | – | – | – | session | `rten` tells no"),
        "{markdown}"
    );
    let csv = whole.csv();
    assert!(csv.contains("\nengine,mlx:cpu,arrays,bytes,2048.0,,4096.0,"), "{csv}");
    assert!(csv.contains("\nengine,rten,,bytes,,,,"), "silence is not zero: {csv}");
    assert!(csv.contains("\nheld,mlx:cpu,arrays,bytes,2048.0,,4096.0,"), "{csv}");
    sound(&whole);
}

#[test]
fn grades_follow_their_rules() {
    assert_eq!(grade(&of(vec![clear()]), Aspect::Correctness), Some(Grade::A));
    assert_eq!(
        grade(&of(vec![comparison(vec![cpu().row(), crashed()])]), Aspect::Correctness),
        Some(Grade::C)
    );
    assert_eq!(
        grade(&of(vec![comparison(vec![cpu().row(), wrong()])]), Aspect::Correctness),
        Some(Grade::D)
    );
    assert_eq!(grade(&ReportInput::default(), Aspect::Correctness), None);

    let precise = |between| Invented { between, noise: 0.001, ..cpu() };
    let certainty =
        |between| grade(&of(vec![comparison(vec![precise(between).row()])]), Aspect::Certainty);
    assert_eq!(certainty(0.001), Some(Grade::A));
    assert_eq!(certainty(0.2), Some(Grade::D));
    assert_eq!(grade(&of(vec![one_process()]), Aspect::Certainty), Some(Grade::C));

    let change = |seconds| {
        let runs = vec![run(30e-3, 0), run(seconds, 1)];
        grade(&ReportInput { runs, ..ReportInput::default() }, Aspect::Change)
    };
    let flat =
        ReportInput { histories: vec![history(&[1.0; 12], "flat")], ..ReportInput::default() };
    assert_eq!(grade(&flat, Aspect::Change), Some(Grade::A));
    // Faster, but of other metrics that cannot be told.
    assert_eq!(change(27e-3), Some(Grade::B));
    assert_eq!(change(33e-3), Some(Grade::B));
    assert_eq!(change(37e-3), Some(Grade::C));
    assert_eq!(change(60e-3), Some(Grade::D));

    let traced = ReportInput { traces: vec![trace("session")], ..ReportInput::default() };
    // 300 µs of arithmetic, and twice 50 µs of memory, in 1 ms of spans of known work.
    let efficiency = executive_summary(&traced);
    let efficiency =
        efficiency.aspects.iter().find(|graded| graded.aspect == Aspect::Efficiency).unwrap();
    assert_eq!(efficiency.grade, Some(Grade::B));
    assert!((efficiency.numbers[0].value - 0.4).abs() < 1e-9, "{:?}", efficiency.numbers);
    assert_eq!(grade(&traced, Aspect::Explained), Some(Grade::C));
}

#[test]
fn the_whole_is_as_good_as_its_worst_part() {
    let summary = executive_summary(&everything());
    let worst = summary.aspects.iter().filter_map(|graded| graded.grade).max();
    assert_eq!(summary.grade, worst);
    assert_eq!(worst, Some(Grade::D));
    for graded in &summary.aspects {
        assert!(!graded.because.is_empty() && graded.rule.contains("A:"), "{graded:?}");
    }
}

#[test]
fn later_runs_are_judged_against_earlier_ones() {
    // In whatever order they come.
    let runs = vec![run(40e-3, 1), run(30e-3, 0)];
    let performance =
        performance_analysis(&ReportInput { runs: runs.clone(), ..ReportInput::default() });
    let verdict = performance.verdicts.iter().find(|verdict| verdict.metric == "run").unwrap();
    assert_eq!(verdict.outcome, Outcome::Slower);
    assert!((verdict.ratio.value - 4.0 / 3.0).abs() < 0.02);
    assert!(verdict.against.contains(&runs[1].id.to_string()[..13]));
    // Not on another machine.
    let mut elsewhere = runs;
    elsewhere[0].environment.processor = "Another Processor".to_owned();
    assert!(
        performance_analysis(&ReportInput { runs: elsewhere, ..ReportInput::default() })
            .verdicts
            .is_empty()
    );
}

#[test]
fn what_is_found_is_recommended() {
    let input = everything();
    let all = recommendations(&input);
    let any = |text: &str| all.iter().any(|item| item.action.contains(text));
    assert!(any("Do not ship `zoo:resnet-18 on rten"), "{all:#?}");
    assert!(any("made `zoo:resnet-18 on cpu threads=2` take more: run"));
    assert!(any("Look at what changed `series`"));
    assert!(any("Put spans around"));
    assert!(all.iter().all(|item| !item.because.is_empty()));
    assert!(all.windows(2).all(|pair| pair[0].priority <= pair[1].priority));
    // Equals are no reason to prefer one.
    let tied = recommendations(&of(vec![comparison(vec![
        Invented { between: 0.0, noise: 0.0, ..cpu() }.row(),
        Invented { between: 0.0, noise: 0.0, run: 58.4e-3, ..ort() }.row(),
    ])]));
    assert!(tied.iter().all(|item| !item.action.starts_with("Run ")), "{tied:#?}");
}

#[test]
fn sections_can_be_made_alone() {
    let input = everything();
    let whole = report(&input);
    let alone = |section| {
        serde_json::from_str::<serde_json::Value>(&whole.clone().only(&[section]).json()).unwrap()
    };
    let part = |section: Section, name: &str| alone(section)[name].clone();
    let equal = |section, name: &str, direct: serde_json::Value| {
        assert_eq!(part(section, name), direct, "{name}")
    };
    let value = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap();
    equal(
        Section::Memory,
        "memory",
        value(serde_json::to_string(&memory_analysis(&input)).unwrap()),
    );
    equal(
        Section::Bottlenecks,
        "bottlenecks",
        value(serde_json::to_string(&bottlenecks(&input)).unwrap()),
    );
    equal(Section::Trends, "trends", value(serde_json::to_string(&trends(&input)).unwrap()));
    for section in Section::ALL {
        let only = whole.clone().only(&[section]);
        let fields = alone(section).as_object().unwrap().len();
        assert_eq!(fields, 3, "{section:?}");
        assert!(
            only.html().contains(&format!("<h2 id=\"{}-title\">", section.title().to_lowercase()))
        );
        assert!(only.markdown().contains(&format!("\n## {}\n", section.title())), "{section:?}");
        assert!(only.csv().lines().count() > 1, "{section:?}");
    }
}

/// Tags and attributes of a page, without the script and its data.
fn tags(page: &str) -> Vec<String> {
    let mut rest = page;
    let mut tags = Vec::new();
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').unwrap();
        tags.push(tag.to_owned());
        let closing = [("script", "</script>"), ("style", "</style>")]
            .into_iter()
            .find(|(name, _)| tag.split(' ').next() == Some(name));
        rest = match closing {
            Some((_, end)) => after.split_once(end).unwrap().1,
            None => after,
        };
    }
    tags
}

fn sound(report: &WholeReport) {
    let page = report.html();
    let tags = tags(&page);
    let scripts =
        tags.iter().filter(|tag| tag.starts_with("script") && !tag.contains("application/json"));
    assert_eq!(scripts.count(), 1);
    assert!(page.contains("default-src 'none'; script-src 'sha256-"));
    for tag in &tags {
        // What stands in quotes is a value, in which anything may stand that does not end it.
        let outside: String = tag.split('"').step_by(2).collect();
        for mark in ["src=", "srcset=", " onerror", " onclick", " onload", "action=", "<"] {
            assert!(!outside.contains(mark), "{tag}");
        }
        for (name, value) in tag.split('"').zip(tag.split('"').skip(1)).step_by(2) {
            let harmless = value.starts_with('#') || value.starts_with("data:,");
            assert!(!name.ends_with("href=") || harmless, "{tag}");
            assert!(!name.ends_with("style=") || !value.contains("url("), "{tag}");
        }
        let names = ["img", "iframe", "object", "embed", "base", "form"];
        assert!(!names.contains(&tag.split(' ').next().unwrap()), "{tag}");
    }
    let mut open = Vec::new();
    for tag in tags.iter().skip(1) {
        let name = tag.split([' ', '/', '\n']).find(|word| !word.is_empty()).unwrap();
        let alone = tag.ends_with('/') || ["meta", "link", "br", "script", "style"].contains(&name);
        match tag.starts_with('/') {
            true => assert_eq!(open.pop(), Some(name), "{tag}"),
            false if !alone => open.push(name),
            false => {}
        }
    }
    assert!(open.is_empty(), "{open:?}");
    let before_script = page.split("<script>").next().unwrap();
    assert!(!before_script.contains("NaN") && !before_script.contains("\"inf"));
    let ids: Vec<&str> =
        page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    for reference in
        page.split("aria-labelledby=\"").skip(1).filter_map(|rest| rest.split('"').next())
    {
        assert_eq!(ids.iter().filter(|id| **id == reference).count(), 1, "{reference}");
    }
}

#[test]
fn the_page_stands_alone_and_nothing_in_it_is_broken() {
    sound(&report(&everything()));
    sound(&report(&ReportInput::default()));
    sound(&report(&of(vec![alone()])));
    sound(&report(&of(vec![clear(), one_process()])));
    let empty = ReportInput { traces: vec![Trace::default()], ..ReportInput::default() };
    sound(&report(&empty));
}

#[test]
fn no_text_is_taken_for_a_tag() {
    let mut hostile = eventful();
    hostile.model.name = HOSTILE.to_owned();
    hostile.model.inputs = vec![HOSTILE.to_owned()];
    for row in &mut hostile.rows {
        row.description = HOSTILE.to_owned();
    }
    hostile.environment.processor = HOSTILE.to_owned();
    hostile.environment.commit = Some(HOSTILE.to_owned());
    let mut before = run(30e-3, 0);
    let mut after = run(45e-3, 1);
    for run in [&mut before, &mut after] {
        run.command = HOSTILE.to_owned();
        for benchmark in &mut run.benchmarks {
            benchmark.name = HOSTILE.to_owned();
            benchmark.parameters = BTreeMap::from([
                (HOSTILE.to_owned(), HOSTILE.to_owned()),
                ("device".to_owned(), HOSTILE.to_owned()),
            ]);
        }
    }
    let many = (0..200).map(|place| {
        let mut benchmark = before.benchmarks[0].clone();
        benchmark.name = format!("{HOSTILE}{place}");
        benchmark
    });
    let mut large = run(30e-3, 2);
    large.benchmarks = many.collect();
    let tracker = MemoryTracker::new();
    let figures = EngineFigures { active: Some(1), ..EngineFigures::default() };
    tracker.engine_tells(HOSTILE, [HOSTILE, HOSTILE], Occasion::Bound, figures);
    tracker.engine_tells_nothing("silent", HOSTILE);
    let traced =
        Trace { stacks: Some(stacks(HOSTILE)), memory: Some(tracker.report()), ..trace(HOSTILE) };
    let collected = MetricsSnapshot { memory: tracker.report().holdings(), ..metrics(HOSTILE) };
    let input = ReportInput {
        title: HOSTILE.to_owned(),
        runs: vec![before, after, large],
        comparisons: vec![hostile],
        histories: vec![history(&[1.0; 12], HOSTILE)],
        traces: vec![traced],
        metrics: vec![collected],
        memory: vec![memory(HOSTILE, PressureLevel::Low)],
        ..ReportInput::default()
    };
    let whole = report(&input);
    sound(&whole);
    let page = whole.html();
    assert!(!page.contains("<script>alert") && !page.contains("<img"));
    assert_eq!(page.matches("</script>").count(), 2, "its data and its script");
    let csv = whole.csv();
    assert!(!csv.contains('\u{1b}'));
    let markdown = whole.markdown();
    // Outside of code, every sign of a tag is escaped.
    for line in markdown.lines() {
        let outside: String = line.split('`').step_by(2).collect();
        assert!(!outside.replace("\\<", "").contains('<'), "{line}");
    }
}

#[test]
fn files_for_scripts_are_whole() {
    let whole = report(&everything());
    let json: serde_json::Value = serde_json::from_str(&whole.json()).unwrap();
    let figures = json["performance"]["figures"].as_array().unwrap().len();
    assert_eq!(figures, performance_analysis(&everything()).figures.len());
    let csv = whole.csv();
    let lines: Vec<&str> = csv.split("\r\n").filter(|line| !line.is_empty()).collect();
    let of_performance = lines.iter().filter(|line| line.starts_with("performance,"));
    assert_eq!(of_performance.count(), figures + 2, "with a wrong device and one that failed");
    let commas = |line: &str| {
        line.split('"').step_by(2).map(|part| part.matches(',').count()).sum::<usize>()
    };
    let joined = csv.replace("\r\n", "\u{0}");
    for line in joined.split('\u{0}').filter(|line| !line.is_empty()) {
        assert_eq!(commas(line), commas(lines[0]), "{line}");
    }
}

#[test]
fn a_page_of_very_many_measurements_stays_small() {
    let mut large = run(30e-3, 0);
    let benchmark = large.benchmarks[0].clone();
    large.benchmarks = (0..2_000)
        .map(|place| {
            let mut benchmark = benchmark.clone();
            benchmark.name = format!("{}{place}", "a long name ".repeat(40));
            benchmark
        })
        .collect();
    let page = report(&ReportInput { runs: vec![large], ..ReportInput::default() }).html();
    assert!(page.len() < 2_000_000, "{}", page.len());
    assert!(page.contains("2000 more are in the CSV and in the JSON"));
}
