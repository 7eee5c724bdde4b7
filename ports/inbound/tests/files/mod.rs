//! Files, on fakes: uploads, what their owners do with them, and how others come to see them.

mod begin;
mod cut_off;
mod deleted_accounts;
mod downloads;
mod expiry;
mod foreign;
mod housekeeping;
mod links;
mod new_contents;
mod nodes;
mod own_files;
mod receive;
mod share_requests;
mod shares;
mod takeover;
mod trail;
mod whole;
mod whole_faults;
