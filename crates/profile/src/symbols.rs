//! The names of functions at addresses of this process.

use crate::stacks::Frame;

/// The functions at a return address, innermost first: more than one where calls were inlined.
pub(crate) fn functions(address: usize) -> Vec<Frame> {
    let mut frames = Vec::new();
    backtrace::resolve(address as *mut _, |symbol| {
        let name = symbol.name().map(|name| format!("{name:#}"));
        frames.push(Frame {
            name: name.unwrap_or_else(|| format!("{address:#x}")),
            file: symbol.filename().map_or(String::new(), |path| path.display().to_string()),
            line: symbol.lineno().unwrap_or(0),
            ..Frame::default()
        });
    });
    if frames.is_empty() {
        frames.push(Frame { name: format!("{address:#x}"), ..Frame::default() });
    }
    frames
}
