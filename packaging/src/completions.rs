//! What the shells complete.

use std::{io, path::Path};

use clap::Command;
use clap_complete::{Generator, Shell};

use crate::Made;

const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

/// The completions of a program, each under the name by which its shell finds it.
pub(crate) fn of(command: &Command) -> io::Result<Vec<Made>> {
    SHELLS.into_iter().map(|shell| for_shell(command, shell)).collect()
}

fn for_shell(command: &Command, shell: Shell) -> io::Result<Made> {
    let name = command.get_name().to_owned();
    let mut command = command.clone();
    command.set_bin_name(&name);
    command.build();
    let mut text = Vec::new();
    shell.try_generate(&command, &mut text)?;
    // bash-completion and the folders of vendors load a file by the name of the command.
    let file = if shell == Shell::Bash { name } else { shell.file_name(&name) };
    let path = Path::new("completions").join(shell.to_string()).join(file);
    Ok(Made { path, text: String::from_utf8(text).map_err(io::Error::other)? })
}
