//! Stores under attack: writers that are killed, full disks, locks, newer layouts, damaged bytes. Nothing that was
//! acknowledged may be lost, nothing half may be there, and every message says what to do.
//!
//! The test program is also the writer that is killed; so it has a `main` of its own.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use support::{impatient, small, store};
use tachy_measure::Metric;
use tachy_store::{HistoryFilter, Run, Store, StoreError};

/// Moments at which a writer is killed.
const KILLS: u64 = 200;

/// Files that are damaged.
const DAMAGES: usize = 600;

const WRITER: &str = "__writer";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, path, first] = &arguments[..]
        && word == WRITER
    {
        return write_for_ever(Path::new(path), first.parse().unwrap());
    }
    let tests: [(&str, fn()); 7] = [
        ("a killed writer leaves whole runs only", a_killed_writer_leaves_whole_runs_only),
        ("two writers both succeed", two_writers_both_succeed),
        ("a store that is held is waited for", a_store_that_is_held_is_waited_for),
        ("a newer store is refused", a_newer_store_is_refused),
        ("other files are refused", other_files_are_refused),
        ("a full disk loses nothing", a_full_disk_loses_nothing),
        ("damage is told and never panics", damage_is_told_and_never_panics),
    ];
    // As libtest: words choose tests, options are not for these.
    let words: Vec<&String> = arguments[1..].iter().filter(|word| !word.starts_with('-')).collect();
    for (name, test) in tests {
        if words.is_empty() || words.iter().any(|word| name.contains(word.as_str())) {
            test();
            println!("test {name} ... ok");
        }
    }
    ExitCode::SUCCESS
}

/// Stores run after run and says so after each, until it is killed or fails; then it says why.
fn write_for_ever(path: &Path, first: u64) -> ExitCode {
    let mut out = std::io::stdout();
    let mut store = match tachy_store::open(&tachy_store::Place::File(path.to_owned())) {
        Ok(store) => store,
        Err(error) => {
            let _ = writeln!(out, "{error}");
            return ExitCode::FAILURE;
        }
    };
    for started in first.. {
        let run = heavy(started);
        match store.save(&run) {
            Ok(_) => writeln!(out, "{}", run.started).unwrap(),
            Err(error) => {
                let _ = writeln!(out, "{error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// A run of some hundred pages, so that writing it takes a while.
fn heavy(started: u64) -> Run {
    let samples: Vec<f64> = (0..20_000).map(|i| (started * 31 + i) as f64).collect();
    let mut run = small(started);
    let measurement = support::measurement(Metric::Time, &[&samples, &samples]);
    run.benchmarks.push(support::benchmark("heavy", vec![measurement]));
    run
}

fn writer(path: &Path, first: u64) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(WRITER).arg(path).arg(first.to_string()).stdout(Stdio::piped());
    command
}

/// Every run that the store lists is whole, and is what was to be written. Returns their times.
fn all_whole(store: &mut dyn Store) -> Vec<u64> {
    let headers = store.runs(usize::MAX).unwrap();
    let filter = HistoryFilter { points: headers.len(), ..HistoryFilter::default() };
    let histories = store.history(&filter).unwrap();
    for history in &histories {
        assert_eq!(history.points.len(), headers.len(), "{}", history.key);
    }
    headers.iter().map(|header| header.started).collect()
}

fn a_killed_writer_leaves_whole_runs_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    let mut acknowledged: Vec<u64> = Vec::new();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut attempts = 0;
    for kill in 0..KILLS {
        // Xorshift (Marsaglia 2003): moments from before the store is open to several runs later.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let mut child = writer(&path, 1_000_000 * (kill + 1)).spawn().unwrap();
        let answers = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            let lines = BufReader::new(answers).lines().map_while(Result::ok);
            lines.map(|line| line.parse::<u64>().expect("a writer failed")).collect::<Vec<_>>()
        });
        std::thread::sleep(Duration::from_micros(random % 40_000));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(reader.join().unwrap());
        attempts += 1;
        // Opening repairs. All contents are read in the end, for they grow.
        let mut opened = store(&path);
        let stored = opened.runs(usize::MAX).unwrap();
        let last = acknowledged.last();
        assert!(last.is_none_or(|last| stored.iter().any(|run| run.started == *last)), "{kill}");
    }
    let mut opened = store(&path);
    let stored = all_whole(&mut *opened);
    for started in &acknowledged {
        assert!(stored.contains(started), "the run at {started} was acknowledged and is lost");
    }
    // A run that was written but not yet acknowledged may be there too, at most one for each writer.
    assert!(stored.len() <= acknowledged.len() + attempts);
    for header in opened.runs(usize::MAX).unwrap() {
        let run = opened.run(header.id).unwrap();
        assert_eq!(run, Run { id: run.id, ..heavy(run.started) });
    }
    assert!(acknowledged.len() > KILLS as usize / 4, "the writers hardly got to write");
    println!("    {} runs acknowledged, {} stored", acknowledged.len(), stored.len());
}

fn two_writers_both_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    // Both make the store: whoever comes second waits.
    let write = |first: u64| {
        let path = path.clone();
        std::thread::spawn(move || {
            let mut store = store(&path);
            for started in first..first + 25 {
                assert!(store.save(&small(started)).unwrap());
            }
        })
    };
    let writers: Vec<_> = [1000, 2000, 3000].into_iter().map(write).collect();
    for writer in writers {
        writer.join().unwrap();
    }
    assert_eq!(all_whole(&mut *store(&path)).len(), 75);
}

fn a_store_that_is_held_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    let mut waiting = impatient(&path).unwrap();
    let holder = rusqlite::Connection::open(&path).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = waiting.save(&small(1)).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    assert!(waiting.runs(1).unwrap().is_empty(), "reading goes on meanwhile");
    holder.execute_batch("COMMIT").unwrap();
    assert!(waiting.save(&small(1)).unwrap());
}

fn a_newer_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    store(&path).save(&small(1)).unwrap();
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.execute_batch("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = impatient(&path).err().unwrap();
    let StoreError::Newer { found: 99, .. } = &error else { panic!("{error}") };
    assert!(error.to_string().contains("Update Tachy"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    newer.execute_batch("PRAGMA user_version = 1").unwrap();
    assert_eq!(all_whole(&mut *store(&path)), [1]);
}

fn other_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "These are notes, and no store of anything at all.\n".repeat(100))
        .unwrap();
    let before = std::fs::read(&text).unwrap();
    assert!(matches!(impatient(&text), Err(StoreError::NotAStore { .. })));
    assert_eq!(std::fs::read(&text).unwrap(), before);
    let other = folder.path().join("other.sqlite");
    let connection = rusqlite::Connection::open(&other).unwrap();
    connection.execute_batch("CREATE TABLE run (number INTEGER)").unwrap();
    assert!(matches!(impatient(&other), Err(StoreError::NotAStore { .. })));
    assert!(matches!(impatient(folder.path()), Err(StoreError::Unusable { .. })));
    assert!(matches!(impatient(&text.join("store")), Err(StoreError::Unusable { .. })));
}

/// A limit on the size of files stands for the disk, because it needs no rights; where a small file system can be
/// mounted, that is filled too.
fn a_full_disk_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    let program = std::env::current_exe().unwrap();
    let mut limited = Command::new("sh");
    // In units of 512 bytes: 4 MiB. Without its signal, the limit is an error of writing.
    let script = r#"trap "" XFSZ; ulimit -f 8192; exec "$0" "$@""#;
    limited.arg("-c").arg(script).arg(program).arg(WRITER).arg(&path).arg("1");
    fill(limited, &path);

    let mounted = folder.path().join("small");
    std::fs::create_dir(&mounted).unwrap();
    let mount = |arguments: &[&str]| {
        let command = Command::new(arguments[0]).args(&arguments[1..]).arg(&mounted).output();
        command.is_ok_and(|output| output.status.success())
    };
    if mount(&["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs"]) {
        let path = mounted.join("store.sqlite");
        fill(writer(&path, 1), &path);
        assert!(mount(&["umount"]));
    } else {
        println!("    no file system may be mounted here: the limit stands for it");
    }
}

fn fill(mut writer: Command, path: &Path) {
    let output = writer.stdout(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "the writer ended by {}", output.status);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let (message, acknowledged) = lines.split_last().unwrap();
    assert!(message.contains("cannot grow"), "{message}");
    assert!(message.contains("Make room"), "{message}");
    assert!(acknowledged.len() > 2, "{text}");
    // It can be read even while there is no room.
    let copy = path.with_extension("copy");
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join(copy.file_name().unwrap());
    for suffix in ["", "-wal"] {
        let with = |path: &Path| format!("{}{suffix}", path.display());
        if Path::new(&with(path)).exists() {
            std::fs::copy(with(path), with(&copy)).unwrap();
        }
    }
    let mut stored = all_whole(&mut *store(&copy));
    stored.reverse();
    let stored: Vec<String> = stored.iter().map(u64::to_string).collect();
    assert_eq!(stored, acknowledged);
}

fn damage_is_told_and_never_panics() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    let runs: Vec<Run> = (1..=12).map(small).collect();
    {
        let mut store = store(&path);
        for run in &runs {
            store.save(run).unwrap();
        }
    }
    let whole = std::fs::read(&path).unwrap();
    let mut random = 88_172_645_463_325_252_u64;
    let mut draw = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random as usize % below
    };
    let (mut refused, mut unharmed) = (0, 0);
    for trial in 0..DAMAGES {
        let mut bytes = whole.clone();
        match trial % 3 {
            0 => bytes.truncate(1 + draw(whole.len() - 1)),
            1 => bytes[draw(whole.len())] ^= 1 << draw(8),
            _ => {
                let (start, length) = (draw(whole.len()), draw(64));
                for byte in bytes.iter_mut().skip(start).take(length) {
                    *byte = draw(256) as u8;
                }
            }
        }
        let damaged = folder.path().join(format!("damaged-{trial}.sqlite"));
        std::fs::write(&damaged, &bytes).unwrap();
        match read_everything(&damaged, &runs) {
            Ok(()) => unharmed += 1,
            Err(error) => {
                refused += 1;
                let told = matches!(
                    error,
                    StoreError::Damaged { .. }
                        | StoreError::NotAStore { .. }
                        | StoreError::Newer { .. }
                        | StoreError::Unusable { .. }
                );
                assert!(told, "trial {trial}: {error}");
            }
        }
        std::fs::remove_file(&damaged).unwrap();
    }
    println!(
        "    of {DAMAGES} damaged files, {refused} were refused and {unharmed} had lost nothing"
    );
    assert!(refused > DAMAGES / 4, "{refused}");
}

/// Reads all that is there. What is read must be what was written; what is missing must be told.
fn read_everything(path: &Path, runs: &[Run]) -> Result<(), StoreError> {
    let mut store = impatient(path)?;
    let headers = store.runs(usize::MAX)?;
    let histories = store.history(&HistoryFilter::default())?;
    let lost = runs.len() - headers.len();
    assert_eq!(lost, 0, "runs are lost and nobody is told");
    for header in &headers {
        let run = store.run(header.id)?;
        let expected = runs.iter().find(|run| run.id == header.id);
        assert_eq!(Some(&run), expected, "a run was changed and it was not noticed");
    }
    assert_eq!(histories.len(), 3);
    for history in &histories {
        assert_eq!(history.points.len(), runs.len(), "points are lost and nobody is told");
        for point in &history.points {
            let expected = runs.iter().find(|run| run.id == point.run.id).unwrap();
            assert_eq!(point.run.started, expected.started);
        }
    }
    Ok(())
}
