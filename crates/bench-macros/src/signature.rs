//! What a benchmark's function takes.

use syn::spanned::Spanned;
use syn::{Error, FnArg, GenericParam, Ident, ItemFn, Pat, Type};

use crate::options::Options;

/// What a benchmark's function takes.
pub(crate) struct Signature<'a> {
    /// Whether its first parameter is a `Bencher`.
    pub(crate) bencher: bool,
    pub(crate) argument: Option<Parameter<'a>>,
    /// Its generic parameters but lifetimes, in order.
    pub(crate) generics: Vec<Generic<'a>>,
}

/// The parameter that takes the argument.
pub(crate) struct Parameter<'a> {
    /// What the argument is called, for people.
    pub(crate) name: String,
    /// What the function itself calls it, if that is one name.
    pub(crate) ident: Option<&'a Ident>,
    pub(crate) ty: &'a Type,
}

/// A generic parameter.
pub(crate) enum Generic<'a> {
    Type(&'a Ident),
    Const(&'a Ident),
}

impl<'a> Signature<'a> {
    /// What the function takes.
    ///
    /// # Errors
    /// If that is not what the options give it.
    pub(crate) fn new(function: &'a ItemFn, options: &Options) -> syn::Result<Self> {
        let signature = &function.sig;
        if let Some(asynchronous) = &signature.asyncness {
            let message = "a benchmark cannot be `async`; let it block on what is to be measured";
            return Err(Error::new(asynchronous.span, message));
        }
        let mut inputs = Vec::new();
        for input in &signature.inputs {
            match input {
                FnArg::Typed(input) => inputs.push(input),
                FnArg::Receiver(_) => {
                    return Err(Error::new(
                        input.span(),
                        "a benchmark is a function, not a method",
                    ));
                }
            }
        }
        let (bencher, argument) = match (options.arguments.is_some(), inputs.as_slice()) {
            (false, []) => (false, None),
            (false, [_]) => (true, None),
            (true, [argument]) => (false, Some(*argument)),
            (true, [_, argument]) => (true, Some(*argument)),
            (true, []) => {
                let message = "with `args` the function takes an argument";
                return Err(Error::new(signature.paren_token.span.join(), message));
            }
            (false, [_, argument, ..]) => {
                return Err(Error::new(
                    argument.span(),
                    "nothing gives this parameter a value; `#[bench(args = […])]` does",
                ));
            }
            (true, [_, _, more, ..]) => {
                let message =
                    "a benchmark takes a `Bencher` and one argument; make several a tuple";
                return Err(Error::new(more.span(), message));
            }
        };
        Ok(Self {
            bencher,
            argument: argument.map(|argument| {
                let ident = match &*argument.pat {
                    Pat::Ident(pattern) => Some(&pattern.ident),
                    _ => None,
                };
                let name = ident.map(|ident| ident.to_string().trim_start_matches('_').to_owned());
                let name = name.filter(|name| !name.is_empty());
                Parameter {
                    name: name.unwrap_or_else(|| "argument".to_owned()),
                    ident,
                    ty: &argument.ty,
                }
            }),
            generics: generics(function, options)?,
        })
    }
}

fn generics<'a>(function: &'a ItemFn, options: &Options) -> syn::Result<Vec<Generic<'a>>> {
    let generics: Vec<Generic> = function
        .sig
        .generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(Generic::Type(&parameter.ident)),
            GenericParam::Const(parameter) => Some(Generic::Const(&parameter.ident)),
            GenericParam::Lifetime(_) => None,
        })
        .collect();
    let types = generics.iter().filter(|generic| matches!(generic, Generic::Type(_))).count();
    let consts = generics.len() - types;
    let place = match &function.sig.generics.lt_token {
        Some(_) => function.sig.generics.span(),
        None => function.sig.ident.span(),
    };
    for (count, given, option, what) in [
        (types, options.types.is_some(), "types", "type"),
        (consts, options.consts.is_some(), "consts", "constant"),
    ] {
        let message = match (count, given) {
            (0, false) | (1, true) => continue,
            (0, true) => format!("`{option}` is given, but the function has no {what} parameter"),
            (1, false) => format!(
                "nothing gives the {what} parameter a value; `#[bench({option} = […])]` does"
            ),
            _ => format!("a benchmark has one {what} parameter at most"),
        };
        return Err(Error::new(place, message));
    }
    Ok(generics)
}
