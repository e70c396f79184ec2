//! Finding the shared library of an engine that is loaded at run time.

use std::env;
use std::path::{Path, PathBuf};

use crate::library_file::check_whole;
use crate::python_environment::PythonEnvironment;

/// Where the shared library of an engine may lie. Nothing is ever downloaded.
///
/// In this order: the file or folder that an environment variable names; the engine's package in the Python
/// environment; the folders in which the system's loader looks. What the variable names is taken or refused,
/// never passed over, so that nobody measures another library than the one asked for.
#[derive(Debug, Clone, Copy)]
pub struct LibrarySearch {
    /// The engine's name, for people: `ONNX Runtime`.
    pub engine: &'static str,
    /// The environment variable that names the library's file or its folder.
    pub variable: &'static str,
    /// The Python package that carries the library.
    pub package: &'static str,
    /// The folder inside that package.
    pub package_folder: &'static str,
    /// The library's name without what the platform adds: `onnxruntime` for `libonnxruntime.so.1`.
    pub stem: &'static str,
}

/// An engine's library was not found, or cannot be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibraryAbsent {
    /// Why, as a sentence.
    pub reason: String,
    /// What would bring the library, as a sentence.
    pub remedy: String,
}

impl LibrarySearch {
    /// The absolute path of the library's file, which exists and is whole.
    ///
    /// # Errors
    /// If there is no such file, with everything that was tried.
    pub fn find(&self) -> Result<PathBuf, LibraryAbsent> {
        if let Some(named) = env::var_os(self.variable).filter(|value| !value.is_empty()) {
            return self.named_by_variable(Path::new(&named));
        }
        let python = PythonEnvironment::current();
        let in_python = match python.package_folder(self.package) {
            Ok(Some(folder)) => {
                let folder = folder.join(self.package_folder);
                match self.in_folder(&folder) {
                    Some(file) => return self.whole(file),
                    None => format!("{} holds no {}", folder.display(), self.file_pattern()),
                }
            }
            Ok(None) => format!(
                "the Python package `{}` is not installed for {}",
                self.package,
                python.interpreter().display()
            ),
            Err(problem) => problem,
        };
        match loader_folders().iter().find_map(|folder| self.in_folder(folder)) {
            Some(file) => self.whole(file),
            None => Err(self.absent(format!(
                "{}'s library was not found: the environment variable {} is not set, {in_python}, and the \
                 system's library folders hold no {}.",
                self.engine,
                self.variable,
                self.file_pattern()
            ))),
        }
    }

    /// An absence with the remedy that always works.
    pub fn absent(&self, reason: String) -> LibraryAbsent {
        let remedy = format!(
            "Set {} to the library's file, or run `pip install {}` in the active Python environment.",
            self.variable, self.package
        );
        LibraryAbsent { reason, remedy }
    }

    fn named_by_variable(&self, named: &Path) -> Result<PathBuf, LibraryAbsent> {
        let says = |problem: &str| {
            let Self { variable, engine, .. } = self;
            let named = named.display();
            self.absent(format!(
                "{variable} should name {engine}'s library, but {named} {problem}."
            ))
        };
        if named.is_dir() {
            // It may also be the package's folder.
            let inside = || self.in_folder(&named.join(self.package_folder));
            let file = self.in_folder(named).or_else(inside);
            return self
                .whole(file.ok_or_else(|| says(&format!("holds no {}", self.file_pattern())))?);
        }
        if !named.exists() {
            return Err(says("does not exist"));
        }
        self.whole(named.to_owned())
    }

    fn whole(&self, file: PathBuf) -> Result<PathBuf, LibraryAbsent> {
        let file = std::path::absolute(&file).unwrap_or(file);
        match check_whole(&file) {
            Ok(()) => Ok(file),
            Err(problem) => Err(self.absent(format!(
                "{} cannot be {}'s library: {problem}.",
                file.display(),
                self.engine
            ))),
        }
    }

    /// The library in this folder: the unversioned name if it is there, else the last of the versioned ones.
    fn in_folder(&self, folder: &Path) -> Option<PathBuf> {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .ok()?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| is_library_name(name, self.stem))
            .collect();
        names.sort_by_key(|name| (name.len() == self.plain_name().len(), name.clone()));
        names.pop().map(|name| folder.join(name))
    }

    fn plain_name(&self) -> String {
        format!("{}{}{}", env::consts::DLL_PREFIX, self.stem, env::consts::DLL_SUFFIX)
    }

    fn file_pattern(&self) -> String {
        format!("`{}`", self.plain_name())
    }
}

/// Whether a file is named as a shared library of this stem is on this platform, with or without a version:
/// `libx.so`, `libx.so.1.2`, `libx.1.2.dylib`, `x.dll`.
fn is_library_name(name: &str, stem: &str) -> bool {
    let Some(rest) = name
        .strip_prefix(env::consts::DLL_PREFIX)
        .and_then(|name| name.strip_prefix(stem))
        .and_then(|rest| rest.strip_prefix('.'))
    else {
        return false;
    };
    let is_version = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let mut parts: Vec<&str> = rest.split('.').collect();
    let extension = parts.iter().position(|part| *part == env::consts::DLL_EXTENSION);
    extension.is_some_and(|index| {
        parts.remove(index);
        parts.into_iter().all(is_version)
    })
}

/// The folders in which the system's loader looks, and those in which the engines' own packages install.
fn loader_folders() -> Vec<PathBuf> {
    let variable = if cfg!(windows) {
        "PATH"
    } else if cfg!(target_os = "macos") {
        "DYLD_LIBRARY_PATH"
    } else {
        "LD_LIBRARY_PATH"
    };
    let mut folders: Vec<PathBuf> = env::var_os(variable)
        .map(|paths| env::split_paths(&paths).filter(|path| path.is_absolute()).collect())
        .unwrap_or_default();
    let multiarch = format!("/usr/lib/{}-linux-gnu", env::consts::ARCH);
    let fixed: &[&str] = if cfg!(windows) {
        &[]
    } else {
        &["/usr/local/lib", "/opt/homebrew/lib", &multiarch, "/usr/lib64", "/usr/lib", "/lib"]
    };
    folders.extend(fixed.iter().map(PathBuf::from));
    folders
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn versioned_names_are_libraries_and_neighbours_are_not() {
        for name in ["libx.so", "libx.so.1", "libx.so.1.31.1"] {
            assert!(is_library_name(name, "x"), "{name}");
        }
        for name in ["libx_shared.so", "libx.so.txt", "libx.a", "x.so", "libx.", "libx.so.1.bak"] {
            assert!(!is_library_name(name, "x"), "{name}");
        }
    }
}
