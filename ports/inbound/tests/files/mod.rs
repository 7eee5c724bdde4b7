//! Files, on fakes: uploads, what their owners do with them, and how others come to see them.

mod begin;
mod cut_off;
//X mod deleted_accounts;
//X mod downloads;
//X mod expiry;
//X mod foreign;
//X mod housekeeping;
//X mod links;
mod new_contents;
//X mod own_files;
mod receive;
//X mod share_requests;
//X mod shares;
mod takeover;
//X mod trail;
mod whole;
mod whole_faults;
