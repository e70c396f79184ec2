//! JSON laid out to be read: indented, with short values and lists of numbers on one line.

/// What is no longer than this stays on one line.
const SHORT: usize = 90;

/// Lays out valid JSON that was written without blanks.
pub(crate) fn layout(compact: &str) -> String {
    let mut layout = Layout { rest: compact, out: String::with_capacity(compact.len() * 2) };
    layout.value(0);
    layout.out.push('\n');
    layout.out
}

struct Layout<'a> {
    rest: &'a str,
    out: String,
}

impl Layout<'_> {
    fn value(&mut self, depth: usize) {
        let whole = &self.rest[..end_of_value(self.rest)];
        let nested = whole.starts_with(['{', '[']);
        let numbers = whole.starts_with('[') && !whole[1..].contains(['{', '[', '"']);
        if !nested || numbers || whole.len() <= SHORT {
            self.out += &spaced(whole);
            self.rest = &self.rest[whole.len()..];
            return;
        }
        self.take();
        loop {
            self.new_line(depth + 1);
            if whole.starts_with('{') {
                let key = end_of_value(self.rest);
                self.out += &self.rest[..key];
                self.out += ": ";
                self.rest = &self.rest[key + 1..];
            }
            self.value(depth + 1);
            if !self.rest.starts_with(',') {
                break;
            }
            self.take();
        }
        self.new_line(depth);
        self.take();
    }

    /// Moves one sign to the output.
    fn take(&mut self) {
        let (sign, rest) = self.rest.split_at(1);
        self.out += sign;
        self.rest = rest;
    }

    fn new_line(&mut self, depth: usize) {
        self.out.push('\n');
        self.out += &"  ".repeat(depth);
    }
}

/// Where the value at the beginning ends.
fn end_of_value(text: &str) -> usize {
    let mut depth = 0usize;
    let (mut quoted, mut escaped) = (false, false);
    for (place, byte) in text.bytes().enumerate() {
        if quoted {
            (quoted, escaped) = (byte != b'"' || escaped, byte == b'\\' && !escaped);
            if !quoted && depth == 0 {
                return place + 1;
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return place + depth,
            b'}' | b']' => depth -= 1,
            b',' | b':' if depth == 0 => return place,
            _ => {}
        }
    }
    text.len()
}

/// On one line, with a blank after each comma and colon outside of strings.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        out.push(c);
        if quoted {
            (quoted, escaped) = (c != '"' || escaped, c == '\\' && !escaped);
        } else if c == '"' {
            quoted = true;
        } else if matches!(c, ',' | ':') {
            out.push(' ');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::layout;

    #[test]
    fn strings_keep_what_is_in_them() {
        let text = r#"{"a":"[1,2]:{\"x\",","b":[1,2.5,-3e-7],"c":{},"d":[],"e":null}"#;
        let expected =
            r#"{"a": "[1,2]:{\"x\",", "b": [1, 2.5, -3e-7], "c": {}, "d": [], "e": null}"#;
        assert_eq!(layout(text).trim_end(), expected);
    }

    #[test]
    fn long_values_are_indented() {
        let long = "x".repeat(100);
        let text = format!(r#"{{"a":["{long}",{{"b":1}}],"c":[{}1]}}"#, "1,".repeat(100));
        let laid_out = layout(&text);
        let lines: Vec<&str> = laid_out.lines().collect();
        assert_eq!(lines.len(), 7);
        assert_eq!(lines[3], r#"    {"b": 1}"#);
        assert_eq!(laid_out.replace([' ', '\n'], ""), text);
    }
}
