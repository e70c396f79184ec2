//! The attribute `#[tachy::bench]`, which `tachy` and `tachy-bench` re-export.
#![forbid(unsafe_code)]

mod expand;
mod options;
#[cfg(test)]
mod refusals;
mod signature;

use proc_macro::TokenStream;
use syn::{ItemFn, parse_macro_input};

/// Registers a function as a benchmark.
///
/// | option | meaning |
/// |---|---|
/// | `args = [10, 1000]` | one benchmark for each; the function takes it as its last parameter. An element may have a name: `"small" => make(10)`. Without one it is called what `Debug` says of it. Instead of a list, any expression that can be iterated over |
/// | `named_args = …` | any expression that can be iterated over, of pairs of a name and a value |
/// | `types = [u8, String]` | one benchmark for each; the function has one type parameter |
/// | `consts = [16, 64]` | one benchmark for each; the function has one constant parameter |
/// | `bytes = …`, `items = …` | what one iteration works through, for the rate; may speak of the argument by its name |
/// | `crate = path` | where this library is, if not at `::tachy` |
///
/// A function without a `Bencher` is measured as it is: its result goes through `black_box`, and what dropping it takes
/// is part of the time. An argument by value is cloned for every iteration; take it by reference if that costs anything.
/// A function whose first parameter is a `Bencher` prepares what it needs and says what is to be measured.
#[proc_macro_attribute]
pub fn bench(options: TokenStream, function: TokenStream) -> TokenStream {
    let options = parse_macro_input!(options as options::Options);
    let function = parse_macro_input!(function as ItemFn);
    expand::expand(&options, &function).unwrap_or_else(syn::Error::into_compile_error).into()
}
