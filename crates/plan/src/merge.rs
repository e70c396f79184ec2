//! In-place operators decided, and everything that shares memory made one item.

use std::ops::Range;

use crate::error::ProblemError;
use crate::groups::{Groups, least_common_multiple};
use crate::item::Instance;
use crate::load_tree::LoadTree;
use crate::problem::Problem;

/// The packing problem that is left, and where each buffer lies in its items.
#[derive(Clone, Debug)]
pub(crate) struct Merged {
    pub instance: Instance,
    /// All sizes and offsets of the instance are multiples of this.
    pub granularity: u64,
    /// For each buffer, its item (none for one without bytes) and its offset in it.
    pub place: Vec<(Option<usize>, u64)>,
}

struct Piece {
    lifetime: Range<u64>,
    size: u64,
    alignment: u64,
    /// When the latest of its groups was born.
    latest: u64,
}

/// Merges the groups that are to share memory.
///
/// Of equal size, they always do. Otherwise the larger size would count over both lifetimes, so they do only where
/// this lowers the load.
pub(crate) fn merge(problem: &Problem, groups: &Groups) -> Result<Merged, ProblemError> {
    let granularity = groups.granularity();
    let mut total: u64 = 0;
    let mut pieces = Vec::with_capacity(groups.groups.len());
    for group in &groups.groups {
        let size =
            group.size.checked_next_multiple_of(granularity).ok_or(ProblemError::Overflow)?;
        // Room for the gaps that alignment leaves, so that no offset overflows.
        total = (total.checked_add(size))
            .and_then(|total| total.checked_add(if size == 0 { 0 } else { group.alignment }))
            .ok_or(ProblemError::Overflow)?;
        pieces.push(Piece {
            lifetime: group.lifetime.clone(),
            size,
            alignment: group.alignment,
            latest: group.lifetime.start,
        });
    }
    // For each group, its piece and its offset in it.
    let mut home: Vec<(usize, u64)> = (0..pieces.len()).map(|index| (index, 0)).collect();
    let claims = claims(problem, groups);
    let mut loads = claims.iter().any(|claim| !claim.alike).then(|| {
        LoadTree::new(pieces.iter().map(|piece| (piece.lifetime.clone(), piece.size)).collect())
    });
    for Claim { taker, source, offset, alike, .. } in claims {
        let (into, inside) = (home[source].0, home[source].1 + offset);
        let [piece, other] = pieces.get_disjoint_mut([into, taker]).expect("a taker is new");
        let born = other.lifetime.start;
        if piece.latest >= born
            || piece.lifetime.end - 1 != born
            || !inside.is_multiple_of(other.alignment)
        {
            continue;
        }
        let whole = piece.lifetime.start..other.lifetime.end;
        let size = piece.size.max(inside + other.size);
        if let Some(loads) = &mut loads {
            let before = loads.most(&whole);
            loads.add(&whole, size);
            loads.subtract(&piece.lifetime, piece.size);
            loads.subtract(&other.lifetime, other.size);
            if !alike && loads.most(&whole) >= before {
                loads.add(&piece.lifetime, piece.size);
                loads.add(&other.lifetime, other.size);
                loads.subtract(&whole, size);
                continue;
            }
        }
        piece.alignment = least_common_multiple(piece.alignment, other.alignment)?;
        total = total.checked_add(piece.alignment).ok_or(ProblemError::Overflow)?;
        (piece.size, piece.lifetime, piece.latest) = (size, whole, other.latest);
        other.size = 0;
        home[taker] = (into, inside);
    }
    let mut items = Vec::new();
    let mut item_of_piece = vec![None; pieces.len()];
    for (index, piece) in pieces.into_iter().enumerate() {
        if piece.size > 0 {
            item_of_piece[index] = Some(items.len());
            items.push((piece.lifetime, piece.size, piece.alignment));
        }
    }
    let place = groups.place.iter().map(|&(group, offset)| {
        let (piece, inside) = home[group];
        (item_of_piece[piece], inside + offset)
    });
    Ok(Merged { place: place.collect(), instance: Instance::new(&items), granularity })
}

/// A group that may take over the place of another.
struct Claim {
    born: u64,
    /// Whether both are of one size.
    alike: bool,
    taker: usize,
    source: usize,
    /// Where in the source.
    offset: u64,
}

/// All claims in the order of birth: whoever is claimed has made its own claim before. Equals come first.
fn claims(problem: &Problem, groups: &Groups) -> Vec<Claim> {
    let mut claims: Vec<Claim> = (groups.groups.iter().enumerate())
        .filter_map(|(taker, group)| {
            let (source, offset) = groups.may_take_over(problem, taker)?;
            let alike = offset == 0 && groups.groups[source].size == group.size;
            Some(Claim { born: group.lifetime.start, alike, taker, source, offset })
        })
        .collect();
    claims.sort_by_key(|claim| (claim.born, !claim.alike, claim.taker));
    claims
}
