//! The benchmarks that are linked into the program.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic::{catch_unwind, set_hook, take_hook};

use tachy_measure::function::Case;

use crate::bencher::Bencher;

/// A function with the attribute.
pub struct Entry {
    module: &'static str,
    function: &'static str,
    place: (&'static str, u32),
    package: &'static str,
    variants: fn() -> Vec<Variant>,
}

inventory::collect!(Entry);

impl Entry {
    /// A function of a module, at a file and a line, of a package.
    pub const fn new(
        module: &'static str,
        function: &'static str,
        place: (&'static str, u32),
        package: &'static str,
        variants: fn() -> Vec<Variant>,
    ) -> Self {
        Self { module, function, place, package, variants }
    }

    fn name(&self) -> String {
        format!("{}::{}", self.module, self.function)
    }
}

/// A function with its generic parameters and its argument.
pub struct Variant {
    parameters: Vec<(String, String)>,
    run: Box<dyn FnOnce(Bencher<'_>)>,
}

impl Variant {
    /// The names and values of generic parameters, the name of the argument and what it is called, and what runs it.
    pub fn new<const N: usize>(
        generics: [(&str, &str); N],
        argument: Option<(&str, String)>,
        run: impl FnOnce(Bencher<'_>) + 'static,
    ) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let mut parameters: Vec<_> = generics.into_iter().map(owned).collect();
        parameters.extend(argument.map(|(name, value)| (name.to_owned(), value)));
        Self { parameters, run: Box::new(run) }
    }

    /// `sorting::stable(T=u8, n=1000)`.
    fn id(&self, name: &str) -> String {
        let parameters: Vec<String> =
            self.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        match parameters.is_empty() {
            true => name.to_owned(),
            false => format!("{name}({})", parameters.join(", ")),
        }
    }
}

/// What an argument without a name is called: what `Debug` says, without quotes around it.
pub fn name(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(inner) => inner.to_owned(),
        None => text,
    }
}

/// All benchmarks, in the order of their files and lines. Where making the arguments of one panics, there is one
/// without arguments in their stead, which panics when it is run.
pub(crate) fn cases() -> Vec<Case> {
    let mut entries: Vec<&Entry> = inventory::iter::<Entry>.into_iter().collect();
    entries.sort_by_key(|entry| (entry.module, entry.place));
    // What panics here panics again where it is a row of the result.
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let mut cases = Vec::new();
    for entry in entries {
        let name = entry.name();
        let case = |id: String, parameters: BTreeMap<String, String>| {
            let mut parameters = parameters;
            parameters.entry("package".to_owned()).or_insert_with(|| entry.package.to_owned());
            Case { id, name: name.clone(), parameters }
        };
        match catch_unwind(entry.variants) {
            Ok(variants) => cases.extend(variants.into_iter().map(|variant| {
                let id = variant.id(&name);
                case(id, variant.parameters.into_iter().collect())
            })),
            Err(_) => cases.push(case(name.clone(), BTreeMap::new())),
        }
    }
    set_hook(hook);
    cases
}

/// Runs the benchmark of this id.
///
/// # Errors
/// If there is none.
pub(crate) fn run(id: &str, bencher: Bencher<'_>) -> Result<(), String> {
    let found = inventory::iter::<Entry>
        .into_iter()
        .filter(|entry| {
            let name = entry.name();
            id == name || id.strip_prefix(&name).is_some_and(|rest| rest.starts_with('('))
        })
        .find_map(|entry| {
            let name = entry.name();
            (entry.variants)().into_iter().find(|variant| variant.id(&name) == id)
        });
    let Some(variant) = found else {
        return Err(
            "its process does not have it; the names of its arguments must be the same in every process"
                .to_owned(),
        );
    };
    (variant.run)(bencher);
    Ok(())
}
