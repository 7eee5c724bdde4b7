//! `epic-server demo`.

use super::CommandError;
use crate::cli::DemoArguments;
use crate::demo::{self, DemoOptions};
use crate::wire::Machine;
use epic_domain::secret::SecretText;

pub(super) fn run(arguments: DemoArguments) -> Result<(), CommandError> {
    let DemoArguments { url, username, password } = arguments;
    let options = DemoOptions { url, username, password: password.map(SecretText::new) };
    let machine = Machine::system();
    demo::run(options, machine.clock.as_ref(), machine.entropy.as_ref(), &mut std::io::stdout())?;
    Ok(())
}
