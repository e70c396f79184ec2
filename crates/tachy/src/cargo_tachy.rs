//! The `cargo tachy` command: the same as `tachy`.

fn main() -> std::process::ExitCode {
    // Cargo gives its subcommands their own name as the first argument.
    let mut arguments: Vec<_> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|argument| argument == "tachy") {
        arguments.remove(1);
    }
    tachy::command::main(arguments)
}
