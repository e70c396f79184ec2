//! The worked example of a Slurm job array, on a cluster of this machine alone.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::workspace::Workspace;

/// What Debian's packages slurmctld, slurmd, slurm-client and munge bring.
const PROGRAMS: [&str; 5] = ["slurmctld", "slurmd", "munged", "sbatch", "sinfo"];

/// Where Debian has programs that an ordinary user's PATH may lack.
const SYSTEM_FOLDERS: [&str; 2] = ["/usr/sbin", "/sbin"];

/// How long the cluster may take until it takes jobs.
const PATIENCE: Duration = Duration::from_secs(30);

/// The suite that is cut into parts: of the project's own benchmarks, in the build that takes least time.
const CARGO_OPTIONS: &str = "--package tachy-benches --bench kernels --profile dev";

/// Long enough to show that parts are measured and joined; the figures are of no interest here.
const BENCH_OPTIONS: &str = "--time 0.2 --processes 2";

/// Submits the example's job array, and checks that its parts make the whole.
pub(super) fn slurm(workspace: &Workspace, parts: u64) -> Result<()> {
    let missing: Vec<&str> =
        PROGRAMS.into_iter().filter(|program| find(program).is_none()).collect();
    ensure!(
        missing.is_empty(),
        "Slurm is not installed, so nothing was tried: {} cannot be found. On Debian, `apt-get install slurmctld slurmd \
         slurm-client munge` brings them.",
        missing.join(", ")
    );
    let folder = workspace.target().join("slurm");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("the folder of the last trial cannot be emptied")?;
    }
    let work = folder.join("work");
    fs::create_dir_all(&work).context("a folder for the trial cannot be made")?;
    let cluster = Cluster::start(&folder)?;

    let store = work.join("all.sqlite");
    let mut submit = workspace.command(workspace.root().join("examples/ci/slurm-submit.sh"));
    let submit = submit
        .arg(parts.to_string())
        .current_dir(&work)
        .env("SLURM_CONF", &cluster.configuration)
        .env("CARGO_OPTIONS", CARGO_OPTIONS)
        .env("BENCH_OPTIONS", BENCH_OPTIONS)
        .env("TACHY", "cargo run --quiet --package tachy --")
        .env("TACHY_STORE", &store)
        .env_remove("GITHUB_RUN_ID")
        .stderr(Stdio::inherit());
    let output = submit.output().context("the example could not be started")?;
    let told = String::from_utf8_lossy(&output.stdout);
    print!("{told}");
    ensure!(output.status.success(), "the example failed; its logs are in {}", work.display());
    ensure!(
        told.contains(&format!("is complete: all {parts} parts are here")),
        "merging did not say that the suite is complete"
    );

    let measured = measured(workspace, &store, parts)?;
    let mut list = workspace.cargo();
    list.arg("bench").args(CARGO_OPTIONS.split(' ')).args(["--quiet", "--", "--list"]);
    let list = list.output().context("Cargo could not be started")?;
    let all: BTreeSet<String> =
        String::from_utf8_lossy(&list.stdout).lines().map(str::to_owned).collect();
    ensure!(!all.is_empty(), "the benchmarks could not be listed");
    ensure!(measured == all, "the parts measured {measured:?}, but there are {all:?}");
    println!("{} benchmarks in {parts} parts: each was measured once.", all.len());
    Ok(())
}

/// The benchmarks of all runs in the store, which must be parts of one suite and have none in common.
fn measured(workspace: &Workspace, store: &Path, parts: u64) -> Result<BTreeSet<String>> {
    let lines = store.with_extension("jsonl");
    let mut export = workspace.cargo();
    export.args(["run", "--quiet", "--package", "tachy", "--", "export"]).arg(&lines);
    let status = export.arg("--store").arg(store).status().context("Cargo could not be started")?;
    ensure!(status.success(), "the joined store cannot be exported");
    let (mut suites, mut places, mut names) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for line in fs::read_to_string(&lines).context("the export cannot be read")?.lines() {
        let line: Value = serde_json::from_str(line).context("the export holds no JSON")?;
        let label = |name: &str| line["run"]["labels"][name].as_str().map(str::to_owned);
        suites.extend(label("suite"));
        places.extend(label("partition"));
        for benchmark in super::list(&line, "/run/benchmarks") {
            ensure!(benchmark["outcome"]["state"] == "measured", "a benchmark failed: {benchmark}");
            let name = name(benchmark);
            // Timed in every part: how fast the machine was.
            if name == "tachy:reference" {
                continue;
            }
            ensure!(names.insert(name.clone()), "{name} was measured in two parts");
        }
    }
    let expected: BTreeSet<String> = (1..=parts).map(|part| format!("{part}/{parts}")).collect();
    ensure!(suites.len() == 1, "the parts are of the suites {suites:?}");
    ensure!(places == expected, "the parts are {places:?}");
    Ok(names)
}

/// The name with the parameters, as `--list` has it: the project's own benchmarks have one parameter at most.
fn name(benchmark: &Value) -> String {
    let name = super::text(benchmark, "/name");
    let parameters = benchmark["parameters"].as_object().into_iter().flatten();
    let parameters: Vec<String> = parameters
        .filter(|(name, _)| *name != "package")
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .collect();
    match parameters.is_empty() {
        true => name.to_owned(),
        false => format!("{name}({})", parameters.join(", ")),
    }
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(SYSTEM_FOLDERS.map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// A cluster of one node, which is this machine. Dropping it ends it.
struct Cluster {
    configuration: PathBuf,
    daemons: Vec<Child>,
}

impl Cluster {
    fn start(folder: &Path) -> Result<Self> {
        // Whoever may read the key may act for anybody; munged insists that nobody else may.
        let key = folder.join("munge.key");
        fs::write(&key, random_key()?).context("the key cannot be written")?;
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600))
            .context("the key cannot be hidden")?;
        for name in ["state", "spool"] {
            fs::create_dir(folder.join(name)).context("a folder for the cluster cannot be made")?;
        }
        let configuration = folder.join("slurm.conf");
        fs::write(&configuration, slurm_conf(folder)?).context("slurm.conf cannot be written")?;
        let mut cluster = Self { configuration, daemons: Vec::new() };
        let file = |name: &str| folder.join(name).display().to_string();
        let munge = [
            "--foreground".to_owned(),
            "--force".to_owned(),
            format!("--key-file={}", key.display()),
            format!("--socket={}", file("munge.socket")),
            format!("--pid-file={}", file("munged.pid")),
            format!("--log-file={}", file("munged.log")),
            format!("--seed-file={}", file("munged.seed")),
        ];
        cluster.daemon(folder, "munged", &munge)?;
        let start = Instant::now();
        while !folder.join("munge.socket").exists() {
            ensure!(
                start.elapsed() < PATIENCE,
                "munged does not answer; see {}",
                file("munged.log")
            );
            sleep(Duration::from_millis(100));
        }
        cluster.daemon(folder, "slurmctld", &["-D".to_owned()])?;
        cluster.daemon(folder, "slurmd", &["-D".to_owned()])?;
        cluster.wait_until_idle(folder)?;
        Ok(cluster)
    }

    fn daemon(&mut self, folder: &Path, program: &str, arguments: &[String]) -> Result<()> {
        let path = find(program).with_context(|| format!("{program} has gone"))?;
        let words = fs::File::create(folder.join(format!("{program}.out")))
            .context("a log cannot be written")?;
        let child = Command::new(path)
            .args(arguments)
            .env("SLURM_CONF", &self.configuration)
            .stdin(Stdio::null())
            .stdout(words.try_clone().context("a log cannot be written")?)
            .stderr(words)
            .spawn()
            .with_context(|| format!("{program} could not be started"))?;
        self.daemons.push(child);
        Ok(())
    }

    fn wait_until_idle(&mut self, folder: &Path) -> Result<()> {
        let start = Instant::now();
        loop {
            let mut sinfo = Command::new("sinfo");
            sinfo.args(["--noheader", "--format=%t"]).env("SLURM_CONF", &self.configuration);
            let output = sinfo.output().context("sinfo could not be started")?;
            if String::from_utf8_lossy(&output.stdout).trim() == "idle" {
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                bail!("the cluster takes no jobs; its logs are in {}", folder.display());
            }
            sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The last one started ends first. What cannot be ended has ended already.
        for daemon in self.daemons.iter_mut().rev() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

fn random_key() -> Result<Vec<u8>> {
    use std::io::Read;
    let mut key = vec![0; 128];
    let mut source = fs::File::open("/dev/urandom").context("there is no source of randomness")?;
    source.read_exact(&mut key).context("there is no source of randomness")?;
    Ok(key)
}

/// The output of a program, without the line break.
fn said(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .with_context(|| format!("{program} could not be started"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// One node under the user that runs this, without accounts, on ports of its own.
fn slurm_conf(folder: &Path) -> Result<String> {
    let (host, user) = (said("hostname", &["-s"])?, said("id", &["-un"])?);
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let folder = folder.display();
    Ok(format!(
        "ClusterName=trial\n\
         SlurmctldHost={host}(127.0.0.1)\n\
         SlurmUser={user}\n\
         SlurmdUser={user}\n\
         AuthType=auth/munge\n\
         AuthInfo=socket={folder}/munge.socket\n\
         CredType=cred/munge\n\
         SlurmctldPort=26817\n\
         SlurmdPort=26818\n\
         StateSaveLocation={folder}/state\n\
         SlurmdSpoolDir={folder}/spool\n\
         SlurmctldPidFile={folder}/slurmctld.pid\n\
         SlurmdPidFile={folder}/slurmd.pid\n\
         SlurmctldLogFile={folder}/slurmctld.log\n\
         SlurmdLogFile={folder}/slurmd.log\n\
         ProctrackType=proctrack/linuxproc\n\
         TaskPlugin=task/none\n\
         SelectType=select/cons_tres\n\
         SelectTypeParameters=CR_Core\n\
         AccountingStorageType=accounting_storage/none\n\
         JobAcctGatherType=jobacct_gather/none\n\
         MpiDefault=none\n\
         ReturnToService=2\n\
         NodeName={host} NodeAddr=127.0.0.1 CPUs={processors} State=UNKNOWN\n\
         PartitionName=benches Nodes=ALL Default=YES MaxTime=INFINITE State=UP\n"
    ))
}
