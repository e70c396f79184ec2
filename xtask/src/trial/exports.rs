//! The files that traces are written to, opened by the programs they are for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::journal::Journal;
use crate::python;
use crate::stamp::Stamp;
use crate::workspace::Workspace;

/// The Firefox Profiler's command, from npm.
const FIREFOX_READER: &str = "@firefox-devtools/profiler-cli@0.10.0";

/// Where Debian's golang-github-google-pprof-dev puts pprof's own package.
const GO_PATH: &str = "/usr/share/gocode";

/// Writes a trace in every format and has each file read by the format's own reader, as far as they can be had.
pub(super) fn exports(workspace: &Workspace, journal: &mut Journal) -> Result<()> {
    let folder = workspace.target().join("exports");
    let files = folder.join("files");
    let mut write = workspace.cargo();
    write.args(["run", "--package", "tachy-profile", "--features", "exports"]);
    write.args(["--example", "exports", "--"]).arg(&files);
    journal.step("write the files", &mut write)?;

    perfetto(workspace, journal, &folder, &files)?;
    if answers(workspace, "node") && answers(workspace, "npm") {
        firefox(workspace, journal, &folder, &files)?;
    } else {
        journal.leave_out(
            "The Firefox Profiler's files were not read: node and npm bring its command."
                .to_owned(),
        );
    }
    let package = Path::new(GO_PATH).join("src/github.com/google/pprof/profile");
    if answers(workspace, "go") && package.is_dir() {
        let mut read = workspace.command("go");
        read.arg("run").arg(readers(workspace).join("check_pprof.go")).arg(&files);
        read.env("GO111MODULE", "off").env("GOPATH", GO_PATH);
        read.env("GOCACHE", folder.join("go-cache"));
        journal.step("read the profile of pprof", &mut read)?;
    } else {
        journal.leave_out(
            "pprof's file was not read. On Debian, `apt-get install golang-go golang-github-google-pprof-dev` brings \
             its reader."
                .to_owned(),
        );
    }
    Ok(())
}

/// Perfetto's package from PyPI, in an environment of its own.
fn perfetto(
    workspace: &Workspace,
    journal: &mut Journal,
    folder: &Path,
    files: &Path,
) -> Result<()> {
    let environment = folder.join("python");
    let pins = readers(workspace).join("requirements.txt");
    let stamp = Stamp::new(environment.join("requirements.stamp"), std::slice::from_ref(&pins))?;
    let interpreter = if stamp.is_current() {
        python::interpreter_in(&environment)
    } else {
        let interpreter = python::create(workspace, journal, &environment, &pins)?;
        stamp.write()?;
        interpreter
    };
    let mut read = workspace.command(interpreter);
    read.env("PYTHONDONTWRITEBYTECODE", "1");
    read.arg(readers(workspace).join("check_perfetto.py")).arg(files);
    journal.step("read the traces of Perfetto and Chrome", &mut read)
}

fn firefox(
    workspace: &Workspace,
    journal: &mut Journal,
    folder: &Path,
    files: &Path,
) -> Result<()> {
    let installed = folder.join("npm");
    fs::create_dir_all(&installed).context("a folder for npm cannot be made")?;
    let mut install = workspace.command("npm");
    install.args(["install", "--no-save", "--no-audit", "--no-fund", "--silent", "--prefix"]);
    install.arg(&installed).arg(FIREFOX_READER);
    journal.step("install the Firefox Profiler's command", &mut install)?;
    let program =
        installed.join("node_modules/@firefox-devtools/profiler-cli/dist/profiler-cli.js");
    let mut read = workspace.command("node");
    read.arg(readers(workspace).join("check_firefox.mjs")).arg(program).arg(files);
    journal.step("read the profiles of the Firefox Profiler", &mut read)
}

fn readers(workspace: &Workspace) -> PathBuf {
    workspace.root().join("xtask/readers")
}

fn answers(workspace: &Workspace, program: &str) -> bool {
    let argument = if program == "go" { "version" } else { "--version" };
    let mut command: Command = workspace.command(program);
    command.arg(argument).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
