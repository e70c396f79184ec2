//! Dates as RFC 3339 has them: `2026-11-21T10:00:07.5+00:00`.

/// Milliseconds since 1970-01-01 UTC. Without an offset the date is taken to be in UTC. `None` for what is no date, or
/// lies before 1970.
pub(super) fn milliseconds(text: &str) -> Option<u64> {
    let (date, time) = text.split_once(['T', ' '])?;
    let mut date = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (time, offset) = match time.find(['Z', '+', '-']) {
        Some(place) => time.split_at(place),
        None => (time, "Z"),
    };
    let mut time = time.split(':');
    let hour: i64 = time.next()?.parse().ok()?;
    let minute: i64 = time.next()?.parse().ok()?;
    let second: f64 = time.next().unwrap_or("0").parse().ok()?;
    let valid = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0.0..61.0).contains(&second);
    if !valid {
        return None;
    }
    let minutes = (days(year, month, day) * 24 + hour) * 60 + minute - offset_minutes(offset)?;
    u64::try_from(minutes * 60_000 + (second * 1000.0).round() as i64).ok()
}

fn offset_minutes(text: &str) -> Option<i64> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return Some(0),
    };
    let digits: String = text[1..].chars().filter(char::is_ascii_digit).collect();
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i64>().ok();
    Some(sign * (number(0..2)? * 60 + number(2..4).unwrap_or(0)))
}

/// Days since 1970-01-01 in the Gregorian calendar, counted in eras of 400 years that begin on 1 March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn dates_are_read_with_their_offsets() {
        assert_eq!(milliseconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(milliseconds("2000-02-29T12:34:56Z"), Some(951_827_696_000));
        assert_eq!(milliseconds("2000-02-29T13:34:56.25+01:00"), Some(951_827_696_250));
        assert_eq!(milliseconds("2000-02-29 07:04:56-0530"), Some(951_827_696_000));
        assert_eq!(milliseconds("1969-12-31T23:59:59Z"), None);
        assert_eq!(milliseconds("2026-13-01T00:00:00Z"), None);
        assert_eq!(milliseconds("yesterday"), None);
    }
}
