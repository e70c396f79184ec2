//! From a function to its registration.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Expr, ItemFn, Type};

use crate::options::{Argument, Arguments, Options, Throughput};
use crate::signature::{Generic, Parameter, Signature};

pub(crate) fn expand(options: &Options, function: &ItemFn) -> syn::Result<TokenStream> {
    let signature = Signature::new(function, options)?;
    let library = &options.library;
    let name = function.sig.ident.to_string();
    let instances = instances(&signature.generics, options);
    let variants =
        instances.iter().map(|instance| variants(options, &signature, function, instance));
    Ok(quote! {
        #function

        #library::__bench::inventory::submit! {
            #library::__bench::Entry::new(
                ::core::module_path!(),
                #name,
                (::core::file!(), ::core::line!()),
                ::core::env!("CARGO_PKG_NAME"),
                || {
                    let mut __variants = ::std::vec::Vec::new();
                    #(#variants)*
                    __variants
                },
            )
        }
    })
}

/// The function with its generic parameters filled in.
struct Instance {
    /// The parameters by name, as people read them.
    parameters: Vec<(String, String)>,
    /// What stands after the function's name: `::<u8, 16>`.
    turbofish: TokenStream,
}

fn instances(generics: &[Generic], options: &Options) -> Vec<Instance> {
    let types: Vec<Option<&Type>> = choices(&options.types);
    let consts: Vec<Option<&Expr>> = choices(&options.consts);
    let mut instances = Vec::new();
    for ty in &types {
        for constant in &consts {
            let mut parameters = Vec::new();
            let mut values = Vec::new();
            for generic in generics {
                match (generic, ty, constant) {
                    (Generic::Type(name), Some(ty), _) => {
                        parameters.push((name.to_string(), readable(ty)));
                        values.push(quote!(#ty));
                    }
                    (Generic::Const(name), _, Some(constant)) => {
                        parameters.push((name.to_string(), readable(constant)));
                        values.push(quote!({ #constant }));
                    }
                    // Their number was checked.
                    (Generic::Type(_), None, _) | (Generic::Const(_), _, None) => {}
                }
            }
            let turbofish = if values.is_empty() { quote!() } else { quote!(::<#(#values),*>) };
            instances.push(Instance { parameters, turbofish });
        }
    }
    instances
}

fn choices<T>(list: &Option<Vec<T>>) -> Vec<Option<&T>> {
    match list {
        Some(list) => list.iter().map(Some).collect(),
        None => vec![None],
    }
}

/// Code as people write it: with blanks between words only.
fn readable(code: &impl ToTokens) -> String {
    let code = code.to_token_stream().to_string();
    let mut text = String::new();
    let mut characters = code.chars().peekable();
    let word = |c: char| c.is_alphanumeric() || c == '_';
    while let Some(c) = characters.next() {
        let between_words = text.chars().next_back().is_some_and(word)
            && characters.peek().copied().is_some_and(word);
        if !c.is_whitespace() || between_words {
            text.push(c);
        }
    }
    text
}

/// The statements that add the variants of one instance.
fn variants(
    options: &Options,
    signature: &Signature,
    function: &ItemFn,
    instance: &Instance,
) -> TokenStream {
    let library = &options.library;
    let bench = quote!(#library::__bench);
    let (names, values): (Vec<_>, Vec<_>) = instance.parameters.iter().cloned().unzip();
    let run = run(options, signature, function, instance);
    let Some(parameter) = &signature.argument else {
        return quote! {
            __variants.push(#bench::Variant::new([#((#names, #values)),*], ::core::option::Option::None, #run));
        };
    };
    let argument = &parameter.name;
    let push = quote! {
        __variants.push(#bench::Variant::new(
            [#((#names, #values)),*],
            ::core::option::Option::Some((#argument, __name)),
            #run,
        ));
    };
    match &options.arguments {
        Some(Arguments::List(list)) => {
            let elements = list.iter().map(|Argument { name, value }| match name {
                Some(name) => {
                    quote!((::core::option::Option::Some(::std::string::ToString::to_string(&#name)), #value))
                }
                None => quote!((::core::option::Option::None, #value)),
            });
            quote! {
                for (__name, __value) in [#(#elements),*] {
                    let __name: ::core::option::Option<::std::string::String> = __name;
                    let __name = __name.unwrap_or_else(|| #bench::name(&__value));
                    #push
                }
            }
        }
        Some(Arguments::Values(values)) => quote! {
            for __value in #values {
                let __name = #bench::name(&__value);
                #push
            }
        },
        Some(Arguments::Named(values)) => quote! {
            for (__name, __value) in #values {
                let __name = ::std::string::ToString::to_string(&__name);
                #push
            }
        },
        // The signature has an argument only if there are some.
        None => quote!(),
    }
}

/// The closure that runs one variant.
fn run(
    options: &Options,
    signature: &Signature,
    function: &ItemFn,
    Instance { turbofish, .. }: &Instance,
) -> TokenStream {
    let bench = {
        let library = &options.library;
        quote!(#library::__bench)
    };
    let name = &function.sig.ident;
    let value = signature.argument.as_ref().map(pass);
    let meter = options.throughput.as_ref().map(|throughput| {
        let (method, amount) = match throughput {
            Throughput::Bytes(amount) => (quote!(bytes), amount),
            Throughput::Items(amount) => (quote!(items), amount),
        };
        let binding = signature.argument.as_ref().and_then(|Parameter { ident, ty, .. }| {
            let ident = ident.as_ref()?;
            Some(match by_reference(ty) {
                true => quote!(#[allow(unused_variables)] let #ident = &__value;),
                false => {
                    quote!(#[allow(unused_variables)] let #ident: #ty = ::core::clone::Clone::clone(&__value);)
                }
            })
        });
        quote!(let __bencher = __bencher.#method({ #binding #bench::count(#amount) });)
    });
    let call = match signature.bencher {
        true => {
            let value = value.map(|value| quote!(, #value));
            quote!(#name #turbofish(__bencher #value);)
        }
        false => {
            let value = value.map(|value| quote!(::core::hint::black_box(#value)));
            quote!(__bencher.bench(|| #name #turbofish(#value));)
        }
    };
    quote! {
        move |__bencher: #bench::Bencher<'_>| {
            #meter
            #call
        }
    }
}

/// The argument as the function takes it.
fn pass(parameter: &Parameter) -> TokenStream {
    match by_reference(parameter.ty) {
        true => quote!(&__value),
        false => quote!(::core::clone::Clone::clone(&__value)),
    }
}

fn by_reference(ty: &Type) -> bool {
    matches!(ty, Type::Reference(_))
}
