//! The commands, and how their errors reach a person.

mod audit_verify;
mod config_check;
mod demo;
mod keys_make;
mod migrate;
mod serve;

use crate::background::causes;
use crate::cli::{AuditCommand, Cli, Command, ConfigCommand, KeysCommand};
use crate::config::{Given, Problems, Settings, read_file, unknown_variables};
use core::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Runs what the command line asks for.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    let Cli { config, given, command } = cli;
    let settings = || load(config.as_deref(), given);
    let outcome = match command {
        None | Some(Command::Serve) => settings().and_then(serve::run),
        Some(Command::Config(ConfigCommand::Check)) => {
            settings().map(|settings| config_check::run(&settings))
        }
        Some(Command::Audit(AuditCommand::Verify { heads })) => {
            settings().and_then(|settings| audit_verify::run(&settings, &heads))
        }
        Some(Command::Keys(KeysCommand::Make)) => settings().and_then(|settings| keys_make::run(settings)),
        Some(Command::Migrate(arguments)) => {
            settings().and_then(|settings| migrate::run(settings, arguments))
        }
        Some(Command::Demo(arguments)) => demo::run(arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say_error(&format!("error: {}", causes(error.as_ref())));
            ExitCode::FAILURE
        }
    }
}

/// Whatever a command failed for.
type CommandError = Box<dyn Error>;

fn load(config: Option<&Path>, given: Given) -> Result<Settings, CommandError> {
    let mut problems = Vec::new();
    let file = read_file(config, &mut problems);
    let mut settings =
        Settings::parse(&given.over(file), problems).map_err(|problems: Problems| Box::new(problems))?;
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in unknown_variables(names) {
        settings.warnings.push(format!("the environment variable {name} is not a setting of this server"));
    }
    Ok(settings)
}

/// Says a line on standard output, at once. A reader that is gone does not stop the server.
fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    drop(writeln!(output, "{line}").and_then(|()| output.flush()));
}

/// Says a line on standard error.
fn say_error(line: &str) {
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}
