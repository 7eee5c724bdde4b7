//! Figures as people read them.

use crate::measuring::Figures;
use core::fmt::Write;

/// A route's figures in one line, while it is measured.
pub(crate) fn line(figures: &Figures) -> String {
    let (p50, p99) = (figures.percentile(50), figures.percentile(99));
    format!(
        "{:20} p50 {p50:8.2} ms, p99 {p99:8.2} ms; together {:8.0} /s, CPU {:7.3} ms + {:?}; {:?}",
        figures.route, figures.per_second, figures.server_millis, figures.database_millis, figures.commands
    )
}

fn latency(figures: &Figures) -> String {
    format!("{} / {}", short(figures.percentile(50)), short(figures.percentile(99)))
}

/// A number with about three digits that count.
fn short(number: f64) -> String {
    match number {
        number if number < 10.0 => format!("{number:.2}"),
        number if number < 100.0 => format!("{number:.1}"),
        number => format!("{number:.0}"),
    }
}

/// Both stores side by side, as a table in Markdown.
pub(crate) fn costs(sqlite: &[Figures], mongodb: &[Figures]) -> String {
    let mut table = String::from(
        "| route | SQLite p50 / p99 ms | /s | CPU ms | MongoDB p50 / p99 ms | /s | CPU ms, server + database | \
         p50 ratio | CPU ratio |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for (one, other) in sqlite.iter().zip(mongodb) {
        let database = other.database_millis.map_or_else(|| "?".to_owned(), short);
        writeln!(
            table,
            "| {} | {} | {:.0} | {} | {} | {:.0} | {} + {database} | {:.1} | {:.1} |",
            one.route,
            latency(one),
            one.per_second,
            short(one.server_millis),
            latency(other),
            other.per_second,
            short(other.server_millis),
            other.percentile(50) / one.percentile(50),
            other.processor_millis() / one.processor_millis(),
        )
        .unwrap();
    }
    table
}

/// What each route asks of the database, as a table in Markdown.
pub(crate) fn commands(counted: &[Figures]) -> String {
    let mut table = String::from("| route | commands a call | which |\n|---|---:|---|\n");
    for figures in counted {
        let each: Vec<_> =
            figures.commands.iter().map(|(name, count)| format!("{name} {count:.1}")).collect();
        let all: f64 = figures.commands.values().sum();
        writeln!(table, "| {} | {all:.1} | {} |", figures.route, each.join(", ")).unwrap();
    }
    table
}
