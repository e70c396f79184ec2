//! What the attribute refuses, and how it says so.

use syn::ItemFn;

use crate::expand::expand;
use crate::options::Options;

/// What the compiler would show; nothing if the attribute takes the function.
fn refusal(options: &str, function: &str) -> Option<String> {
    let options: Options = match syn::parse_str(options) {
        Ok(options) => options,
        Err(error) => return Some(error.to_string()),
    };
    let function: ItemFn = syn::parse_str(function).expect("a function");
    expand(&options, &function).err().map(|error| error.to_string())
}

#[test]
fn what_is_refused_is_told_with_the_remedy() {
    let cases = [
        ("arg = [1]", "fn f() {}", "there is no option `arg`"),
        ("args = []", "fn f(n: u8) {}", "an empty list leaves nothing to measure"),
        ("bytes = 1, items = 2", "fn f() {}", "`bytes` or `items` may be there once in all"),
        ("bytes = 1, bytes = 2", "fn f() {}", "`bytes` or `items` may be there once in all"),
        ("types = [u8], types = [u16]", "fn f<T>() {}", "`types` is there twice"),
        ("args = [1], named_args = x", "fn f(n: u8) {}", "`args` or `named_args` may be there"),
        ("", "async fn f() {}", "a benchmark cannot be `async`; let it block"),
        ("", "fn f(&self) {}", "a benchmark is a function, not a method"),
        ("", "fn f(bencher: Bencher, n: u8) {}", "nothing gives this parameter a value"),
        ("args = [1]", "fn f() {}", "with `args` the function takes an argument"),
        ("args = [1]", "fn f(b: Bencher, n: u8, m: u8) {}", "make several a tuple"),
        ("", "fn f<T>() {}", "types"),
        ("types = [u8]", "fn f() {}", "type"),
        ("consts = [1]", "fn f() {}", "const"),
        ("types", "fn f<T>() {}", "expected `=`"),
        ("args = [1] bytes = 2", "fn f(n: u8) {}", "expected `,`"),
    ];
    for (options, function, expected) in cases {
        let refusal = refusal(options, function);
        let told = refusal.as_deref().unwrap_or("nothing");
        assert!(told.contains(expected), "#[bench({options})] {function}: {told}");
    }
}

#[test]
fn what_is_right_is_taken() {
    let cases = [
        ("", "fn f() {}"),
        ("", "fn f(bencher: Bencher) {}"),
        ("args = [1, \"two\" => 2], bytes = n", "fn f(n: u64) {}"),
        ("named_args = all(), crate = a::b", "fn f(bencher: Bencher, (a, b): (u8, u8)) {}"),
        ("types = [u8], consts = [1, 2]", "fn f<const N: usize, T>() {}"),
    ];
    for (options, function) in cases {
        assert_eq!(refusal(options, function), None, "#[bench({options})] {function}");
    }
}
