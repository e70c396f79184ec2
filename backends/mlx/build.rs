//! Compiles the shim into a shared library that is carried inside of the crate, and writes the list of its operations.
//!
//! The shim is not linked to MLX's library, which is found when the program runs. MLX's headers and a C++20 compiler
//! are needed. Without them the crate still builds, and its devices are absent and say why.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

const SOURCES: [&str; 6] = ["driver", "elementwise", "movement", "linear", "runtime", "transfer"];

fn main() {
    println!("cargo::rustc-check-cfg=cfg(mlx_shim)");
    println!("cargo::rerun-if-changed=shim");
    println!("cargo::rerun-if-env-changed=MLX_ROOT");
    if env::var_os("MLX_ROOT").is_none_or(|value| value.is_empty()) {
        println!("cargo::rerun-if-env-changed=TACHY_PYTHON");
        println!("cargo::rerun-if-env-changed=VIRTUAL_ENV");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets OUT_DIR"));
    write_operations(&out);
    match headers().and_then(|headers| Ok((build(&headers, &out)?, version(&headers)?))) {
        Ok(((), version)) => {
            println!("cargo::rustc-cfg=mlx_shim");
            println!("cargo::rustc-env=TACHY_MLX_VERSION={version}");
        }
        Err(reason) => {
            // A variable of the environment cannot hold several lines.
            let reason = reason.lines().next().unwrap_or_default();
            println!("cargo::rustc-env=TACHY_MLX_NOT_BUILT={reason}");
        }
    }
}

/// The enumeration of the operations, in the order of the shim's table.
fn write_operations(out: &Path) {
    let list = fs::read_to_string("shim/operations.def").expect("the list of operations is there");
    let names = list.lines().filter_map(|line| line.strip_prefix("OPERATION(")?.strip_suffix(')'));
    let mut text = String::from(
        "/// An operation of the shim, by its code.\n#[derive(Debug, Clone, Copy, PartialEq, Eq)]\n\
         #[repr(u32)]\npub(crate) enum Operation {\n",
    );
    let mut count = 0;
    for name in names {
        let words = name.split('_').map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        });
        writeln!(text, "    {},", words.collect::<String>()).expect("a string takes all");
        count += 1;
    }
    write!(text, "}}\n\n/// How many there are.\npub(crate) const OPERATIONS: u32 = {count};\n")
        .expect("a string takes all");
    fs::write(out.join("operations.rs"), text).expect("the build's folder can be written");
}

/// The folder that holds `mlx/mlx.h`.
fn headers() -> Result<PathBuf, String> {
    let holds = |folder: &Path| folder.join("mlx/mlx.h").is_file();
    let named = env::var_os("MLX_ROOT").filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(named) = named {
        let around = named.ancestors().take(3).map(|folder| folder.join("include"));
        return around.into_iter().find(|folder| holds(folder)).ok_or_else(|| {
            build_again_if_changed(&named);
            format!("MLX_ROOT names {}, which has no `include/mlx/mlx.h`", named.display())
        });
    }
    let folder = package_folder().ok_or_else(|| {
        if let Some(packages) =
            ask_python("import sysconfig; print(sysconfig.get_path('purelib'), end='')")
        {
            build_again_if_changed(&packages);
        }
        "MLX_ROOT is not set, and Python has no package `mlx`".to_owned()
    })?;
    let include = folder.join("include");
    if holds(&include) {
        Ok(include)
    } else {
        Err(format!("{} holds no headers", folder.display()))
    }
}

/// The version of MLX that the headers belong to.
fn version(headers: &Path) -> Result<String, String> {
    let file = headers.join("mlx/version.h");
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let part = |name: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(&format!("#define MLX_VERSION_{name} ")))?;
        line.trim().parse::<u32>().ok()
    };
    let parts = ["MAJOR", "MINOR", "PATCH"].map(part);
    let parts: Option<Vec<String>> =
        parts.into_iter().map(|part| Some(part?.to_string())).collect();
    parts.map(|parts| parts.join(".")).ok_or_else(|| format!("{} names no version", file.display()))
}

/// Has Cargo look at this folder before the next build, or at the nearest one around it that there is: of a file that is
/// missing, Cargo would think at every build that it has changed.
fn build_again_if_changed(folder: &Path) {
    if let Some(there) = folder.ancestors().find(|folder| folder.is_dir()) {
        println!("cargo::rerun-if-changed={}", there.display());
    }
}

/// Where Python's package `mlx` lies, found without importing it.
fn package_folder() -> Option<PathBuf> {
    ask_python(
        "import importlib.util as u; s = u.find_spec('mlx'); \
         print(next(iter(s.submodule_search_locations), '') if s else '', end='')",
    )
}

/// A path that Python prints.
fn ask_python(code: &str) -> Option<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let interpreter = set("TACHY_PYTHON")
        .or_else(|| Some(set("VIRTUAL_ENV")?.join("bin/python")))
        .unwrap_or_else(|| "python3".into());
    let output = Command::new(interpreter).args(["-c", code]).output().ok()?;
    let path = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !path.is_empty()).then(|| path.into())
}

fn build(headers: &Path, out: &Path) -> Result<(), String> {
    println!("cargo::rerun-if-changed={}", headers.join("mlx/version.h").display());
    if env::var("CARGO_CFG_TARGET_FAMILY").as_deref() != Ok("unix") {
        return Err("the shim is not made for this system".to_owned());
    }
    let mut compiler = cc::Build::new();
    compiler.cpp(true).std("c++20").opt_level(2).pic(true).debug(false).cargo_output(false);
    compiler.flag("-fvisibility=hidden").flag("-fvisibility-inlines-hidden");
    let compiler = compiler
        .try_get_compiler()
        .map_err(|error| format!("there is no C++ compiler: {error}"))?;
    let object = |source: &str| out.join(format!("{source}.o"));
    let compile = |source: &str| {
        let mut command = compiler.to_command();
        command.args(["-Wall", "-Wextra", "-I", "shim", "-isystem"]).arg(headers);
        command.arg("-c").arg(format!("shim/{source}.cpp")).arg("-o").arg(object(source));
        run(&mut command)
    };
    thread::scope(|scope| {
        let mut jobs = Vec::new();
        for source in SOURCES.into_iter().chain(["blas"]) {
            jobs.push(scope.spawn(move || compile(source)));
        }
        jobs.into_iter().try_for_each(|job| job.join().expect("a compiler job does not panic"))
    })?;
    // Names of MLX's are left open: they are found in its library, which is loaded before the shim.
    let apple = env::var("CARGO_CFG_TARGET_VENDOR").as_deref() == Ok("apple");
    let link = |objects: &[&str], name: &str| {
        let mut command = compiler.to_command();
        command.arg("-shared").args(objects.iter().map(|source| object(source)));
        command.arg("-o").arg(out.join(name));
        if apple {
            command.args(["-undefined", "dynamic_lookup"]);
        } else {
            command.arg("-s");
        }
        run(&mut command)
    };
    link(&SOURCES, "shim.so")?;
    link(&["blas"], "blas.so")
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|error| format!("the C++ compiler could not be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let message = String::from_utf8_lossy(&output.stderr);
    let line = message.lines().find(|line| line.contains("error")).unwrap_or("it failed");
    println!("cargo::warning=MLX's shim was not built: {line}");
    Err(format!("the C++ compiler refused the shim: {line}"))
}
