//! The process `epic-server`.

use clap::Parser;
use epic_bootstrap::cli::Cli;
use epic_bootstrap::commands;
use mimalloc::MiMalloc;
use std::process::ExitCode;

/// A request makes some thirty small allocations; this allocator halves what they cost.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    commands::run(Cli::parse())
}
