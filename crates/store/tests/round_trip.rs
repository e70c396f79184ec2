//! What goes into a store or a file comes out again, to the last bit.

mod support;

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use tachy_measure::{
    Agreement, Cache, Environment, Measurement, Metric, RoundStart, Series, Stage, WarmUp,
};
use tachy_stats::Samples;
use tachy_store::json_lines::{self, Record};
use tachy_store::{Baseline, Benchmark, Outcome, Run, RunId};

fn sample() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => 1e-9..1e3,
        1 => Just(0.0),
        1 => any::<u64>().prop_map(|bits| f64::from_bits(bits >> 1)).prop_filter("finite", |v| v.is_finite()),
    ]
}

fn series() -> impl Strategy<Value = Series> {
    let rounds = vec((any::<u32>(), 0_usize..1000), 0..3).prop_map(|rounds| {
        rounds.into_iter().map(|(round, start)| RoundStart { round, start }).collect()
    });
    (vec(sample(), 0..20), rounds, any::<u32>()).prop_map(|(samples, rounds, calls_per_sample)| {
        Series { samples: Samples::new(samples).unwrap(), rounds, calls_per_sample }
    })
}

const METRICS: [Metric; 5] =
    [Metric::Run, Metric::Compile, Metric::PeakMemory, Metric::Instructions, Metric::FirstCall];

fn measurements() -> impl Strategy<Value = Vec<Measurement>> {
    let one = |metric: Metric| {
        vec(series(), 0..4).prop_map(move |processes| Measurement {
            metric,
            unit: metric.unit(),
            processes,
        })
    };
    proptest::sample::subsequence(METRICS.to_vec(), 0..METRICS.len())
        .prop_flat_map(move |metrics| metrics.into_iter().map(one).collect::<Vec<_>>())
}

fn agreement() -> impl Strategy<Value = Agreement> {
    let error = || prop_oneof![sample(), Just(f64::INFINITY)];
    (error(), error(), error(), sample(), any::<String>(), option::of(any::<String>())).prop_map(
        |(max_absolute, max_relative, relative_l2, tolerance, output, fault)| Agreement {
            max_absolute,
            max_relative,
            relative_l2,
            tolerance,
            output,
            fault,
        },
    )
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let warm_up = (any::<usize>(), sample(), any::<bool>())
        .prop_map(|(calls, seconds, steady)| WarmUp { calls, seconds, steady });
    let measured = (option::of(agreement()), measurements(), vec(warm_up, 0..3));
    let stage = prop_oneof![Just(Stage::Compile), Just(Stage::Sample)];
    prop_oneof![
        4 => measured.prop_map(|(agreement, measurements, warm_ups)| {
            Outcome::Measured { agreement, measurements, warm_ups }
        }),
        1 => agreement().prop_map(|agreement| Outcome::Wrong { agreement }),
        1 => (option::of(stage), any::<String>())
            .prop_map(|(stage, message)| Outcome::Failed { stage, message }),
    ]
}

fn texts() -> impl Strategy<Value = BTreeMap<String, String>> {
    btree_map(any::<String>(), any::<String>(), 0..4)
}

fn environment() -> impl Strategy<Value = Environment> {
    let texts = (any::<String>(), any::<String>(), option::of(any::<String>()), texts());
    let numbers = (any::<usize>(), any::<u64>(), option::of(sample()), sample());
    let caches = vec((any::<u8>(), any::<String>(), any::<u64>()), 0..3);
    (texts, numbers, caches, option::of(any::<bool>())).prop_map(
        |((processor, system, commit, engines), numbers, caches, dirty)| Environment {
            processor,
            system,
            commit,
            engines,
            logical_processors: numbers.0,
            memory: numbers.1,
            temperature: numbers.2,
            clock_tick: numbers.3,
            caches: caches
                .into_iter()
                .map(|(level, kind, bytes)| Cache { level, kind, bytes })
                .collect(),
            dirty,
            ..Environment::default()
        },
    )
}

fn run() -> impl Strategy<Value = Run> {
    let benchmark = (any::<String>(), texts(), outcome());
    (0..253_402_300_800_000_u64, any::<String>(), environment(), texts(), vec(benchmark, 0..4))
        .prop_map(|(started, command, environment, labels, benchmarks)| {
            let benchmarks = benchmarks.into_iter().enumerate().map(|(place, benchmark)| {
                let (name, parameters, outcome) = benchmark;
                Benchmark { name: format!("{place}{name}"), parameters, outcome }
            });
            Run {
                id: RunId::new(started),
                started,
                command,
                environment,
                labels,
                benchmarks: benchmarks.collect(),
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_run_passes_through_store_and_file_unchanged(runs in vec(run(), 1..4)) {
        let folder = tempfile::tempdir().unwrap();
        let mut first = support::store(&folder.path().join("first.sqlite"));
        for run in &runs {
            prop_assert!(first.save(run).unwrap());
            prop_assert!(!first.save(run).unwrap());
        }
        let baseline = Baseline { name: "release".to_owned(), run: runs[0].id, saved: 7 };
        first.save_baseline(&baseline).unwrap();

        let mut file = Vec::new();
        for header in first.runs(usize::MAX).unwrap() {
            json_lines::write(&mut file, &Record::Run(Box::new(first.run(header.id).unwrap()))).unwrap();
        }
        json_lines::write(&mut file, &Record::Baseline(baseline.clone())).unwrap();
        let mut second = support::store(&folder.path().join("second.sqlite"));
        for record in json_lines::read(&file[..]) {
            match record.unwrap() {
                Record::Run(run) => prop_assert!(second.save(&run).unwrap()),
                Record::Baseline(baseline) => second.save_baseline(&baseline).unwrap(),
            }
        }
        for run in &runs {
            prop_assert_eq!(&second.run(run.id).unwrap(), run);
        }
        prop_assert_eq!(second.baselines().unwrap(), vec![baseline]);
        prop_assert_eq!(second.runs(usize::MAX).unwrap(), first.runs(usize::MAX).unwrap());
    }
}

#[cfg(feature = "parquet")]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_run_passes_through_parquet_unchanged(runs in vec(run(), 1..4)) {
        use tachy_store::file::{self, ExportFile};

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.parquet");
        let mut records: Vec<Record> =
            runs.into_iter().map(|run| Record::Run(Box::new(run))).collect();
        let Record::Run(first) = &records[0] else { unreachable!() };
        let run = first.id;
        records.push(Record::Baseline(Baseline { name: "release".to_owned(), run, saved: 7 }));
        let mut file = ExportFile::create(&path).unwrap();
        for record in &records {
            file.write(record).unwrap();
        }
        file.finish().unwrap();
        prop_assert!(file::is_exported(&path).unwrap());
        let mut read = Vec::new();
        file::read(&path, &mut |record| {
            read.push(record);
            Ok(())
        })
        .unwrap();
        prop_assert_eq!(read, records);
    }
}
