//! The `tachy` command.

fn main() -> std::process::ExitCode {
    tachy::command::main(std::env::args_os())
}
