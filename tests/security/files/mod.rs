//! F: encrypted files, in the hands of their owners, of those they share with, and of strangers.

mod audit_chain;
mod bodies;
mod conditions;
mod foreign_ids;
mod hostile_paths;
mod idempotency;
mod journey;
mod limits;
mod links;
mod loggings;
mod pages;
mod quota;
mod ranges;
mod removal;
mod rivals;
mod shares;
mod sizes;
