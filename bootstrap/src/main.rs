//! The process `epic-server`.

use clap::Parser;
use epic_bootstrap::cli::Cli;
use epic_bootstrap::commands;
use std::process::ExitCode;

fn main() -> ExitCode {
    commands::run(Cli::parse())
}
