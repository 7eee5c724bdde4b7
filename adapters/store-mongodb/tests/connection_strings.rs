//! The connection strings of test databases, whatever `TEST_MONGODB_URI` looks like.

use crate::support::named_database::in_database;

#[test]
fn a_test_database_takes_the_place_of_the_one_that_is_named() {
    for (uri, expected) in [
        ("mongodb://localhost", "mongodb://localhost/own"),
        ("mongodb://localhost:1/", "mongodb://localhost:1/own"),
        ("mongodb://a,b/other?replicaSet=rs0", "mongodb://a,b/own?replicaSet=rs0"),
        (
            "mongodb+srv://cluster.example.org/?retryWrites=true",
            "mongodb+srv://cluster.example.org/own?retryWrites=true",
        ),
    ] {
        assert_eq!(in_database(uri, "own"), expected);
    }
}

#[test]
fn credentials_stay_those_of_the_database_that_knew_them() {
    for (uri, expected) in [
        ("mongodb+srv://me:word@host/?w=1", "mongodb+srv://me:word@host/own?w=1&authSource=admin"),
        ("mongodb://me:word@host/users", "mongodb://me:word@host/own?authSource=users"),
        ("mongodb://me:word@host/users?authSource=other", "mongodb://me:word@host/own?authSource=other"),
        ("mongodb://me@host/?authMechanism=MONGODB-X509", "mongodb://me@host/own?authMechanism=MONGODB-X509"),
    ] {
        assert_eq!(in_database(uri, "own"), expected);
    }
}
