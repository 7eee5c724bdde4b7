//! Which store the servers of the tests use: SQLite, unless `EPIC_TEST_STORE` says otherwise.

/// A kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreKind {
    Sqlite,
    Mongodb,
}

impl StoreKind {
    /// The one that this run of the tests is about.
    pub(crate) fn of_this_run() -> Self {
        match std::env::var("EPIC_TEST_STORE").as_deref() {
            Err(_) | Ok("sqlite") => Self::Sqlite,
            Ok("mongodb") => Self::Mongodb,
            Ok(other) => panic!("EPIC_TEST_STORE is sqlite or mongodb, not {other}"),
        }
    }

    /// How many connections the store keeps, those that have come about later included.
    pub(crate) fn connections_max() -> usize {
        match Self::of_this_run() {
            Self::Sqlite => 0,
            Self::Mongodb => 36,
        }
    }

    /// How often something that is over quickly is done again, so that what is rare is seen: as often as the case asks for,
    /// and less often on a store where each time costs many times as much.
    pub(crate) fn rounds(asked_for: usize) -> usize {
        match Self::of_this_run() {
            Self::Sqlite => asked_for,
            Self::Mongodb => asked_for.div_ceil(MONGODB_ROUNDS_DIVISOR),
        }
    }
}

/// A round of sixty-four racers costs so many times as much on MongoDB.
const MONGODB_ROUNDS_DIVISOR: usize = 20;
