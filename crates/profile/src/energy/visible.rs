//! Which GPU a program means by a number: `CUDA_VISIBLE_DEVICES` renumbers them.

/// A GPU as the driver knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Which {
    /// By its number among all of the machine.
    Number(u32),
    /// By its identifier.
    Identifier(String),
}

/// The GPU that has this number where the variable has this value; `None` if it hides so many.
pub(super) fn which(number: u32, visible: Option<&str>) -> Option<Which> {
    let Some(visible) = visible else { return Some(Which::Number(number)) };
    let entry = visible.split(',').map(str::trim).nth(number as usize)?;
    match entry.parse() {
        Ok(number) => Some(Which::Number(number)),
        Err(_) if entry.starts_with("GPU-") => Some(Which::Identifier(entry.to_owned())),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visible_devices_are_renumbered() {
        assert_eq!(which(1, None), Some(Which::Number(1)));
        assert_eq!(which(1, Some("3, 2")), Some(Which::Number(2)));
        assert_eq!(which(0, Some("GPU-4f-1")), Some(Which::Identifier("GPU-4f-1".to_owned())));
        assert_eq!(which(2, Some("3,2")), None);
        assert_eq!(which(0, Some("")), None);
        assert_eq!(which(0, Some("-1")), None);
    }
}
