// SPDX-License-Identifier: GPL-2.0-only

//! Files that packages install with the program: manual pages and shell completions.

use clap_complete::Shell;
use std::{
    error::Error,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

/// The files to generate.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Print a completion script
    #[command(hide = true)]
    Completion {
        /// bash, fish, zsh, elvish or powershell
        shell: Shell,
    },
    /// Write the manual pages, one per command
    #[command(hide = true)]
    Manual {
        /// The output directory
        directory: PathBuf,
    },
}

/// Section of the manual for administration commands.
const SECTION: &str = "8";

/// Writes the files for `program`.
pub fn write(
    command: &Command,
    mut program: clap::Command,
    out: &mut impl Write,
) -> Result<u8, Box<dyn Error>> {
    match command {
        Command::Completion { shell } => {
            let mut text = Vec::new();

            clap_complete::generate(*shell, &mut program, "killswitch", &mut text);
            out.write_all(&text)?;
        }
        Command::Manual { directory } => {
            program.build();
            pages(&program, directory)
                .map_err(|error| format!("{}: {error}", directory.display()))?;
        }
    }
    Ok(0)
}

/// Writes the page of `program` and those of its subcommands.
fn pages(program: &clap::Command, directory: &Path) -> std::io::Result<()> {
    let name = program.get_display_name().unwrap_or(program.get_name());
    let mut page = Vec::new();

    clap_mangen::Man::new(program.clone())
        .title(name)
        .section(SECTION)
        .render(&mut page)?;
    fs::write(directory.join(format!("{name}.{SECTION}")), page)?;
    program
        .get_subcommands()
        .filter(|it| !it.is_hide_set() && it.get_name() != "help")
        .try_for_each(|command| pages(command, directory))
}
