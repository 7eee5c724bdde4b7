//! Statements under a check: that each finds its rows by an index, and in order.

/// Defines statements as constants, and lists them all for the check.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$doc])* const $name: &str = $sql;)+

        /// Every statement above.
        #[cfg(test)]
        pub(crate) const STATEMENTS: &[&str] = &[$($name),+];
    };
}
pub(crate) use statements;

#[cfg(test)]
mod tests {
    use crate::{
        audit, blob_ledger, content_row, file_lists, file_removal, file_row, link_row, removed_accounts,
        requests, share_row, storage, upload_row,
    };
    use rusqlite::Connection;

    const ALL: [&[&str]; 12] = [
        audit::STATEMENTS,
        blob_ledger::STATEMENTS,
        content_row::STATEMENTS,
        file_lists::STATEMENTS,
        file_removal::STATEMENTS,
        file_row::STATEMENTS,
        link_row::STATEMENTS,
        removed_accounts::STATEMENTS,
        requests::STATEMENTS,
        share_row::STATEMENTS,
        storage::STATEMENTS,
        upload_row::STATEMENTS,
    ];

    /// A connection set up as the store's own, to an empty database.
    fn connection() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::connection::harden(&connection, 1_024).unwrap();
        crate::schema::migrate(&mut connection).unwrap();
        connection
    }

    fn plan(connection: &Connection, statement: &str) -> Vec<String> {
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        let mut rows = explain.raw_query();
        let mut steps = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            steps.push(row.get(3).unwrap());
        }
        steps
    }

    /// Whether a step of a plan looks at rows one after the other, or sorts them. A constant row is no row of a table.
    fn is_slow(step: &str) -> bool {
        (step.contains("SCAN") && step != "SCAN CONSTANT ROW") || step.contains("TEMP B-TREE")
    }

    #[test]
    fn every_statement_finds_its_rows_by_an_index_and_in_order() {
        let connection = connection();
        for statement in ALL.into_iter().flatten() {
            let steps = plan(&connection, statement);
            assert!(!steps.iter().any(|step| is_slow(step)), "{steps:?} of {statement}");
        }
    }

    #[test]
    fn the_check_sees_a_scan_and_a_sort() {
        let connection = connection();
        assert!(plan(&connection, "SELECT id FROM files").iter().any(|step| is_slow(step)));
        let sorted = "SELECT id FROM files WHERE owner_id = ?1 ORDER BY size_bytes";
        assert!(plan(&connection, sorted).iter().any(|step| is_slow(step)));
    }
}
