//! From which batch size on each device is faster than another.

use super::{Precision, VariantComparison, VariantPoint};
use crate::operators::{AtSize, FamilyCrossings, Transfers, pairs};

/// The crossovers over batch sizes of every model, resolution and precision, without transfers and with them. Nothing where
/// there is only one batch size.
pub fn crossings(comparison: &VariantComparison) -> Vec<FamilyCrossings> {
    let mut all = Vec::new();
    for (name, points) in families(comparison) {
        for precision in Precision::ALL {
            let timed: Vec<AtSize> = points
                .iter()
                .filter_map(|point| {
                    let rows = point.rows.iter().filter(|row| row.precision == precision);
                    let rows = rows.map(|row| (&row.device, &row.outcome)).collect();
                    Some(AtSize { size: point.batch?, rows })
                })
                .collect();
            let any = timed.iter().any(|timed| !timed.rows.is_empty());
            if timed.len() < 2 || !any {
                continue;
            }
            for transfers in Transfers::ALL {
                let family = format!("{name} {precision}");
                let pairs = pairs(&comparison.devices, &timed, transfers);
                all.push(FamilyCrossings { family, transfers, pairs });
            }
        }
    }
    all
}

/// The points of each model and resolution, by batch size.
fn families(comparison: &VariantComparison) -> Vec<(String, Vec<&VariantPoint>)> {
    let mut families: Vec<(String, Vec<&VariantPoint>)> = Vec::new();
    for point in &comparison.points {
        let name = point.family();
        match families.iter_mut().find(|(known, _)| *known == name) {
            Some((_, points)) => points.push(point),
            None => families.push((name, vec![point])),
        }
    }
    for (_, points) in &mut families {
        points.sort_by_key(|point| point.batch);
    }
    families
}
