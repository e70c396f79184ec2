//! The same store on a PostgreSQL server, which the test starts for itself where the programs are there.
#![cfg(all(feature = "postgres", feature = "sqlite", unix))]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use support::small;
use tachy_store::{Baseline, HistoryFilter, Place, StoreError, merge};

/// A server in a folder of its own; it ends with the test.
struct Server {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
}

/// The folder of `initdb`: on the path, or where Debian puts it.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = debian.map(|version| version.path().join("bin"));
    debian.chain(std::env::split_paths(&path)).find(|folder| folder.join("initdb").is_file())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

impl Server {
    fn start() -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { folder, programs, port };
        if is_root() {
            // The server refuses to run as root.
            let owned = Command::new("chown").arg("postgres").arg(server.folder.path()).status();
            owned.ok().filter(|status| status.success())?;
        }
        let data = server.data();
        server
            .run("initdb", &["-D", &data, "-A", "trust", "-U", "tachy", "--no-sync"])
            .then_some(())?;
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -k {}",
            server.folder.path().display()
        );
        let log = format!("{data}/log");
        server
            .run("pg_ctl", &["-D", &data, "-w", "-l", &log, "-o", &options, "start"])
            .then_some(server)
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> bool {
        let program = self.programs.join(program);
        let mut command = match is_root() {
            false => Command::new(program),
            true => {
                let mut command = Command::new("setpriv");
                command
                    .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
                    .arg(program);
                command
            }
        };
        command.args(arguments).current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    fn place(&self) -> Place {
        Place::new(&format!("postgres://tachy@127.0.0.1:{}/postgres", self.port))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.run("pg_ctl", &["-D", &self.data(), "-m", "immediate", "stop"]);
    }
}

#[test]
fn a_server_answers_as_a_file_does() {
    let Some(server) = Server::start() else {
        println!("PostgreSQL is not there (Debian: apt install postgresql): nothing is tested.");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut file = support::store(&folder.path().join("store.sqlite"));
    let runs: Vec<_> = (1..=8).map(|place| small(place * 10)).collect();
    for run in &runs {
        file.save(run).unwrap();
    }
    let baseline = Baseline { name: "release".to_owned(), run: runs[2].id, saved: 7 };
    file.save_baseline(&baseline).unwrap();

    // Whoever comes second to an empty database waits for the tables.
    let writers: Vec<_> = (0..3)
        .map(|writer| {
            let (place, runs) = (server.place(), runs.clone());
            std::thread::spawn(move || {
                let mut store = tachy_store::open(&place).unwrap();
                runs.iter().skip(writer).filter(|run| store.save(run).unwrap()).count()
            })
        })
        .collect();
    let added: usize = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
    assert_eq!(added, runs.len());

    let mut store = tachy_store::open(&server.place()).unwrap();
    let merged = merge(&mut *file, &mut *store).unwrap();
    assert_eq!((merged.added, merged.known, merged.baselines), (0, 8, 1));
    assert_eq!(store.baselines().unwrap(), file.baselines().unwrap());
    assert_eq!(store.ids().unwrap(), file.ids().unwrap());
    for run in &runs {
        assert_eq!(&store.run(run.id).unwrap(), run);
    }
    let filter = HistoryFilter { points: 3, ..HistoryFilter::default() };
    assert_eq!(store.history(&filter).unwrap(), file.history(&filter).unwrap());
    assert_eq!(store.find("latest").unwrap(), runs[7].id);
    assert!(matches!(store.find("f"), Err(StoreError::NoRun(_))));
    store.remove_baseline("release").unwrap();
    assert!(store.baselines().unwrap().is_empty());
    assert!(Path::new(&server.data()).is_dir());

    drop(server);
    let error = store.save(&small(1_000)).unwrap_err();
    assert!(matches!(error, StoreError::Unusable { .. }), "{error}");
}
