//! The report: how quickly its page is made, how large it is, and whether a browser finds anything wrong with it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::journal::Journal;
use crate::workspace::Workspace;

/// What Chromium is called where it is installed.
const BROWSERS: [&str; 4] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Makes a report of so many measurements, and opens its page in headless Chromium.
pub(super) fn report(
    workspace: &Workspace,
    journal: &mut Journal,
    measurements: u64,
) -> Result<()> {
    let folder = workspace.target().join("report");
    let mut make = workspace.cargo();
    make.args(["run", "--release", "--package", "tachy-report", "--example", "report_trial", "--"]);
    make.arg(&folder).arg(measurements.to_string());
    journal.step("make the report", &mut make)?;
    let Some(browser) = browser() else {
        journal.leave_out(
            "The page was not opened: there is no Chromium. Install it (`apt install chromium`), or name it in CHROMIUM."
                .to_owned(),
        );
        return Ok(());
    };
    let tools = tools(workspace, journal)?;
    let mut check = Command::new("node");
    check.current_dir(&tools).arg(workspace.root().join("xtask/browser/check_page.mjs"));
    check.arg(browser).arg(folder.join("report.html")).arg(folder.join("pictures"));
    let status =
        check.status().context("node could not be started; install Node.js 20 or later")?;
    ensure!(status.success(), "the browser found something wrong with the page");
    println!("Pictures of the page are in {}.", folder.join("pictures").display());
    Ok(())
}

/// Where Chromium is: where CHROMIUM says, or on the path.
fn browser() -> Option<PathBuf> {
    if let Some(named) = crate::workspace::non_empty_variable("CHROMIUM") {
        return Some(named);
    }
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let candidates =
        BROWSERS.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    candidates.into_iter().find(|candidate| candidate.is_file())
}

/// The folder with what drives the browser, installed once with npm.
fn tools(workspace: &Workspace, journal: &mut Journal) -> Result<PathBuf> {
    let folder = workspace.target().join("browser");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made.", folder.display()))?;
    let wanted = fs::read(workspace.root().join("xtask/browser/package.json"))
        .context("xtask/browser/package.json cannot be read.")?;
    let stamp = folder.join("installed.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    fs::write(folder.join("package.json"), &wanted).context("package.json cannot be written.")?;
    let mut install = Command::new("npm");
    install.current_dir(&folder).args(["install", "--no-audit", "--no-fund", "--ignore-scripts"]);
    if journal.step("install what drives the browser", &mut install).is_err() {
        bail!("npm could not install axe-core and puppeteer-core; it says above what it met.");
    }
    fs::write(&stamp, &wanted).context("the stamp cannot be written.")?;
    Ok(folder)
}
