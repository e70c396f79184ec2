//! Which GPU a program means by a number: CUDA numbers them by their speed, unless `CUDA_DEVICE_ORDER` says otherwise, and
//! `CUDA_VISIBLE_DEVICES` renumbers them; NVIDIA's management library goes by their places on the bus.

use super::absent::EnergyAbsent;

/// A GPU as the management library knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Board {
    /// Its number there.
    pub(super) number: u32,
    pub(super) model: String,
    /// `GPU-` and digits.
    pub(super) identifier: String,
}

/// The one of these GPUs, which are in the order of their places on the bus, that CUDA gives this number by the values of
/// `CUDA_VISIBLE_DEVICES` and `CUDA_DEVICE_ORDER`.
pub(super) fn find<'a>(
    number: u32,
    boards: &'a [Board],
    visible: Option<&str>,
    order: Option<&str>,
) -> Result<&'a Board, EnergyAbsent> {
    let hidden = || {
        EnergyAbsent::new(
            format!(
                "`CUDA_VISIBLE_DEVICES` hides GPU {number}, or names it in a way that is not read."
            ),
            "Name GPUs there by number or by `GPU-` and their identifier.",
        )
    };
    let among_all = match visible {
        None => number,
        Some(visible) => {
            let entry =
                visible.split(',').map(str::trim).nth(number as usize).ok_or_else(hidden)?;
            if entry.starts_with("GPU-") {
                // CUDA takes the first digits of an identifier for the whole, where no other begins with them.
                let mut meant = boards.iter().filter(|board| board.identifier.starts_with(entry));
                return match (meant.next(), meant.next()) {
                    (Some(board), None) => Ok(board),
                    _ => Err(hidden()),
                };
            }
            entry.parse().map_err(|_| hidden())?
        }
    };
    let by_place = order == Some("PCI_BUS_ID");
    // Among GPUs of one model the fastest is the first on the bus.
    if !by_place && boards.windows(2).any(|pair| pair[0].model != pair[1].model) {
        return Err(EnergyAbsent::new(
            format!(
                "There are GPUs of several models, and which of them CUDA calls {among_all} is not known."
            ),
            "Set `CUDA_DEVICE_ORDER=PCI_BUS_ID`, or name one in `CUDA_VISIBLE_DEVICES` by `GPU-` and its identifier.",
        ));
    }
    boards.get(among_all as usize).ok_or_else(|| {
        EnergyAbsent::new(
            format!("NVIDIA's management library shows no GPU {among_all}."),
            "See that `nvidia-smi --list-gpus` has it.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boards(models: [&str; 3]) -> Vec<Board> {
        let identifiers = ["GPU-4f1a-1", "GPU-4f2b-2", "GPU-77aa-3"];
        let board = |(number, (model, identifier)): (usize, (&str, &str))| Board {
            // One that this user may not see comes before them.
            number: number as u32 + 1,
            model: model.to_owned(),
            identifier: identifier.to_owned(),
        };
        models.into_iter().zip(identifiers).enumerate().map(board).collect()
    }

    #[test]
    fn visible_devices_are_renumbered() {
        let boards = boards(["H200"; 3]);
        let find = |number, visible| find(number, &boards, visible, None).map(|board| board.number);
        for (number, visible, expected) in [
            (0, None, 1),
            (2, None, 3),
            (0, Some("1"), 2),
            (1, Some("2, 0"), 1),
            (0, Some("GPU-4f2b-2"), 2),
            (1, Some("0,GPU-7"), 3),
        ] {
            assert_eq!(find(number, visible), Ok(expected), "{number} of {visible:?}");
        }
        // Too few, none, several, and parts of a GPU, which have no counter.
        for (number, visible) in [
            (2, "2,1"),
            (0, ""),
            (0, "-1"),
            (0, "NoDevFiles"),
            (0, "GPU-4f"),
            (0, "GPU-5"),
            (0, "MIG-4f1a-1"),
        ] {
            let absent = find(number, Some(visible)).unwrap_err();
            assert!(
                absent.reason.starts_with("`CUDA_VISIBLE_DEVICES` hides"),
                "{visible}: {absent}"
            );
        }
        assert!(find(0, Some("3")).unwrap_err().reason.ends_with("shows no GPU 3."));
    }

    #[test]
    fn gpus_of_several_models_are_numbered_by_speed_unless_the_order_is_said() {
        let boards = boards(["T400", "H200", "T400"]);
        let find = |visible, order| find(0, &boards, visible, order).map(|board| board.number);
        for visible in [None, Some("1")] {
            for order in [None, Some("FASTEST_FIRST")] {
                let absent = find(visible, order).unwrap_err();
                assert!(absent.remedy.contains("CUDA_DEVICE_ORDER=PCI_BUS_ID"), "{absent}");
            }
        }
        assert_eq!(find(None, Some("PCI_BUS_ID")), Ok(1));
        assert_eq!(find(Some("1"), Some("PCI_BUS_ID")), Ok(2));
        assert_eq!(find(Some("GPU-77aa-3"), None), Ok(3));
    }
}
