//! What stands between the brackets of the attribute.

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, Path, Token, Type, bracketed, parse_quote, token};

/// The options of a benchmark.
pub(crate) struct Options {
    /// Where the library is.
    pub(crate) library: Path,
    pub(crate) arguments: Option<Arguments>,
    pub(crate) types: Option<Vec<Type>>,
    pub(crate) consts: Option<Vec<Expr>>,
    pub(crate) throughput: Option<Throughput>,
}

/// Where the arguments come from.
pub(crate) enum Arguments {
    /// A list, of which some may have a name.
    List(Vec<Argument>),
    /// An expression to iterate over, of values.
    Values(Expr),
    /// An expression to iterate over, of names and values.
    Named(Expr),
}

/// An element of a list of arguments.
pub(crate) struct Argument {
    pub(crate) name: Option<Expr>,
    pub(crate) value: Expr,
}

/// What one iteration works through.
pub(crate) enum Throughput {
    Bytes(Expr),
    Items(Expr),
}

impl Parse for Argument {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let first = input.parse()?;
        if input.parse::<Option<Token![=>]>>()?.is_some() {
            return Ok(Self { name: Some(first), value: input.parse()? });
        }
        Ok(Self { name: None, value: first })
    }
}

fn list<T: Parse>(input: ParseStream) -> syn::Result<Vec<T>> {
    let content;
    bracketed!(content in input);
    let list = Punctuated::<T, Token![,]>::parse_terminated(&content)?;
    if list.is_empty() {
        return Err(content.error("an empty list leaves nothing to measure"));
    }
    Ok(list.into_iter().collect())
}

impl Parse for Options {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let mut options = Self {
            library: parse_quote!(::tachy),
            arguments: None,
            types: None,
            consts: None,
            throughput: None,
        };
        let mut seen: Vec<String> = Vec::new();
        while !input.is_empty() {
            let (name, span) = if input.peek(Token![crate]) {
                ("crate".to_owned(), input.parse::<Token![crate]>()?.span)
            } else {
                let ident: syn::Ident = input.parse()?;
                (ident.to_string(), ident.span())
            };
            let excluded: &[&str] = match name.as_str() {
                "args" | "named_args" => &["args", "named_args"],
                "bytes" | "items" => &["bytes", "items"],
                _ => &[],
            };
            if seen.contains(&name) || excluded.iter().any(|other| seen.iter().any(|s| s == other))
            {
                let message = match excluded {
                    [] => format!("`{name}` is there twice"),
                    names => format!("`{}` may be there once in all", names.join("` or `")),
                };
                return Err(syn::Error::new(span, message));
            }
            input.parse::<Token![=]>()?;
            match name.as_str() {
                "args" if input.peek(token::Bracket) => {
                    options.arguments = Some(Arguments::List(list(input)?));
                }
                "args" => options.arguments = Some(Arguments::Values(input.parse()?)),
                "named_args" => options.arguments = Some(Arguments::Named(input.parse()?)),
                "types" => options.types = Some(list(input)?),
                "consts" => options.consts = Some(list(input)?),
                "bytes" => options.throughput = Some(Throughput::Bytes(input.parse()?)),
                "items" => options.throughput = Some(Throughput::Items(input.parse()?)),
                "crate" => options.library = input.parse()?,
                _ => {
                    return Err(syn::Error::new(
                        span,
                        format!(
                            "there is no option `{name}`; there are `args`, `named_args`, `types`, `consts`, `bytes`, \
                             `items` and `crate`"
                        ),
                    ));
                }
            }
            seen.push(name);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}
