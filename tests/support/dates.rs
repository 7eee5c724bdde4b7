//! Times as the API writes them, without the server's own code.

const DAY_MILLIS: u64 = 24 * 60 * 60 * 1_000;

/// The RFC 3339 text of a time in milliseconds since 1970.
pub(crate) fn rfc3339(millis: u64) -> String {
    let (mut year, mut day) = (1_970, millis / DAY_MILLIS);
    while day >= days_in_year(year) {
        day -= days_in_year(year);
        year += 1;
    }
    let mut month = 1;
    while day >= days_in_month(year, month) {
        day -= days_in_month(year, month);
        month += 1;
    }
    let rest = millis % DAY_MILLIS;
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, fraction) = (rest / 1_000 % 60, rest % 1_000);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}.{fraction:03}Z", day + 1)
}

/// The milliseconds since 1970 of such a text.
pub(crate) fn millis(text: &str) -> u64 {
    let (whole, fraction) =
        text.trim_end_matches('Z').split_once('.').unwrap_or((text.trim_end_matches('Z'), "0"));
    let numbers: Vec<u64> = whole.split(['-', 'T', ':']).map(|part| part.parse().unwrap()).collect();
    let &[year, month, day, hour, minute, second] = numbers.as_slice() else { panic!("{text}") };
    let fraction: u64 = format!("{fraction:0<3}").parse().unwrap();
    let years: u64 = (1_970..year).map(days_in_year).sum();
    let months: u64 = (1..month).map(|month| days_in_month(year, month)).sum();
    let days = years + months + day - 1;
    days * DAY_MILLIS + hour * 3_600_000 + minute * 60_000 + second * 1_000 + fraction
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_in_year(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

const fn days_in_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
