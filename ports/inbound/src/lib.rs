//! Driving ports: the use cases, one concrete struct each, that every way into the server calls.
//!
//! A use case takes parsed domain values, asks the outbound ports, lets the domain decide, and answers with a value
//! that the caller turns into a reply. When it says that something happened, that is durable.

pub mod answer;
pub mod audit_trail;
pub mod authenticate;
pub mod begin_upload;
pub mod byte_source;
pub mod change_credentials;
pub mod delete_account;
pub mod download;
pub mod fault;
pub mod file_audit;
pub mod file_housekeeping;
pub mod fresh;
pub mod gate;
pub mod housekeeping;
pub mod introspect;
pub mod linking;
pub mod listed;
pub mod move_house;
pub mod node_sync;
pub mod own_files;
pub mod public_keys;
pub mod published_keys;
pub mod readiness;
pub mod receive_upload;
pub mod recover;
pub mod recovery_codes;
pub mod recovery_key;
pub mod refresh;
pub mod register;
pub mod replace_totp;
pub mod request_ids;
pub mod salts;
pub mod send_whole;
pub mod sessions;
pub mod sharing;
pub mod sign_in;
pub mod sign_out;
pub mod step_up;
pub mod storage_usage;

mod desk;
mod ended_sessions;
mod ending;
mod finish_upload;
mod minting;
mod record_pages;
mod recorder;
mod rivals;
mod second_factor;
mod sight;
mod token_pair;

pub use answer::Answer;
pub use fault::Fault;
pub use minting::Minting;
pub use recorder::Recorder;
pub use sight::SeenFile;
pub use token_pair::{TokenIssuer, TokenPair};
