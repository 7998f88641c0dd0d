// SPDX-License-Identifier: GPL-2.0-only

//! The userspace tool of Killswitch: commands for a machine that runs it, and the policy's verdicts
//! on the files of a kernel.

#![forbid(unsafe_code)]

mod cache;
mod catalogue;
// The kernel's modules, of which this program uses only a part. Clippy checks them in the host
// tests.
#[allow(dead_code, clippy::all)]
#[path = "../../../src/command.rs"]
mod command;
#[allow(dead_code, clippy::all)]
#[path = "../../../src/condition"]
mod condition {
    pub(crate) mod compile;
    pub(crate) mod program;
    pub(crate) mod syntax;
}
mod conditions;
mod cve;
#[allow(dead_code)]
#[path = "../../../src/errno.rs"]
mod errno;
mod explain;
mod facts;
mod file;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod image;
mod index;
mod kernel;
mod known;
mod live;
mod machine;
mod manual;
mod mitigations;
#[allow(dead_code, unused_imports, clippy::all)]
#[path = "../../../policy/mod.rs"]
mod policy;
mod print;
mod printable;
mod record;
mod running;
mod scan;
mod suggest;
mod version;
mod vex;

use catalogue::Catalogue;
use clap::{ArgGroup, Args, CommandFactory, Parser, Subcommand};
use image::{find_modules, Image};
use index::Index;
use kernel::Kernel;
use live::Screen;
use machine::Machine;
use mitigations::FromCatalogue;
use printable::{escape, Printable, OF_LINES};
use std::{
    cell::Cell,
    env,
    error::Error,
    fmt::Display,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Success.
const DONE: u8 = 0;
/// Files of the catalogue have errors.
const NOT_ALL: u8 = 1;
/// A file cannot be read, or the output cannot be written. Also clap's status for wrong arguments.
const FAILED: u8 = 2;
/// The reader of the output closed it early. Shells report the same status for SIGPIPE.
const CLOSED: u8 = 128 + libc::SIGPIPE as u8;
/// Where packages install debug information.
const DEBUG: &str = "/usr/lib/debug";
/// Size limit of a list, in bytes. The list of everything accepted in a distribution's kernel with
/// all of its modules is smaller.
const MAX_LIST: u64 = 16 << 20;

const NO_MODULES: &str = "it contains no modules";

/// Make vulnerable functions of the running kernel return an error, and find out which could be
/// made to
///
/// Killswitch is a Linux Security Module. Most commands use its files in
/// /sys/kernel/security/killswitch. scan, facts, explain, cve and suggest read the memory of the
/// running kernel, or the files of an x86-64 or arm64 kernel and its modules, and apply the rules
/// that are built into Killswitch. Their answers are those of the file check in that kernel with
/// all of its modules loaded.
#[derive(Parser)]
#[command(
    name = "killswitch",
    after_help = "\
Exit status:
  0  success
  1  the kernel refuses the request, or nothing is engaged by that name; scan: all lines of a list
     are invalid; lint: files of the catalogue have errors
  2  Killswitch is not active, a file cannot be read, or an argument is wrong
  3  partial success, or a problem was found; scan: some lines of a list are invalid, and their
     verdict is \"?\"
  141  the reader of the output closed it, as head does"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    Live(live::Command),
    #[command(flatten)]
    Manual(manual::Command),
    /// Print how many symbols, types, callbacks and so on were found
    Facts {
        #[command(flatten)]
        files: Files,
    },
    /// Print the verdicts on functions and values
    #[command(group(ArgGroup::new("what").required(true)))]
    Scan {
        #[command(flatten)]
        files: Files,
        /// Print the verdicts on the entries of a CSV file; "-" is the standard input
        ///
        /// The columns are "function" and "value" (or "retval", or "bypass_retval"), and optionally
        /// "module", "scope" and "if". They take the same as the file `check`: symbol or
        /// module:symbol; a number, an error such as -EPERM, NULL or void; all or nonroot; a
        /// condition. Can be given several times.
        ///
        /// Prints CSV: function, value, scope, verdict (allow, refuse, absent or ?), rule, reason.
        /// The rule is "condition" if the condition does not compile against the kernel's types.
        #[arg(long, value_name = "FILE", group = "what")]
        list: Vec<PathBuf>,
        /// Print everything that is accepted
        ///
        /// Checks every function that can be probed with -1 (-EPERM), 0 and 1, or with void if it
        /// returns nothing.
        ///
        /// Prints CSV: function, module, zone, returns, value, scope. The scope is nonroot if
        /// scope=all is refused. --list reads this format.
        #[arg(long, group = "what")]
        all: bool,
        /// Print the number of functions by verdict
        ///
        /// Functions and values are those of --all.
        ///
        /// Prints tab-separated columns: zone, value, verdict, functions. The verdict is accepted,
        /// accepted-nonroot if scope=all is refused, or the rule that refuses.
        #[arg(long, group = "what")]
        counts: bool,
        /// Print JSON, one object per line, with the columns as fields, plus source (memory or
        /// files)
        #[arg(long)]
        json: bool,
    },
    /// Print the state of CVEs on a kernel, and the engagements against them
    Cve(print::Cve),
    /// Suggest what to engage against a CVE, from its record
    Suggest(print::Suggest),
    /// Check files of the catalogue
    ///
    /// Prints one line per error: the file, the key, and the problem. With a kernel, an alternative
    /// that the policy refuses is also an error, unless the file says so.
    Lint(print::Lint),
    /// Explain whether a function can be skipped
    ///
    /// Checks, from machine code and type information, how callers use the value, what they expect
    /// the body to do, and which operation tables refer to the function. This is independent of the
    /// policy; see scan.
    #[command(group(ArgGroup::new("functions").required(true)))]
    Explain {
        #[command(flatten)]
        files: Files,
        /// The function, as symbol or module:symbol
        #[arg(group = "functions")]
        function: Option<String>,
        /// The return value: a number, an error such as -EPERM, NULL or void
        #[arg(default_value = "-EPERM", allow_hyphen_values = true)]
        value: String,
        /// Explain the entries of a CSV file with the columns "function", "value" and optionally
        /// "module"; "-" is the standard input
        #[arg(long, value_name = "FILE", group = "functions", requires = "json")]
        list: Option<PathBuf>,
        /// Print JSON, one object per line: function, module, value, summary (safe, loss, unsafe or
        /// unknown), findings (each with kind, where and why), better (values and callers),
        /// returns, copies (copies that the compiler made, by debug information: inlined, places
        /// and clones; null without), unseen and source (memory or files)
        #[arg(long)]
        json: bool,
        /// Separate debug information of a kernel or module: a file, or a directory with files by
        /// build ID
        #[arg(long, value_name = "PATH", default_value = DEBUG)]
        debug: PathBuf,
    },
}

/// Files of the kernel.
#[derive(Args)]
struct Files {
    /// The kernel: a vmlinux, or a boot image such as vmlinuz [default: the running kernel, from
    /// /proc/kcore or else from its file]
    #[arg(long, value_name = "FILE")]
    vmlinux: Option<PathBuf>,
    /// The directory with that kernel's modules, compressed or not [default: that of the running
    /// kernel]
    #[arg(long, value_name = "DIRECTORY")]
    modules: Option<PathBuf>,
}

/// An output that records whether its reader closed it.
struct Output<'a, W> {
    inner: W,
    is_closed: &'a Cell<bool>,
}

impl<W> Output<'_, W> {
    fn record_close<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.inspect_err(|error| {
            if error.kind() == io::ErrorKind::BrokenPipe {
                self.is_closed.set(true);
            }
        })
    }
}

impl<W: Write> Write for Output<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.inner.write(bytes);

        self.record_close(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.inner.flush();

        self.record_close(result)
    }
}

/// Runs the command line. Prints errors to standard error.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse_from(live::arguments(env::args_os()));
    let is_closed = Cell::new(false);
    let mut out = io::BufWriter::new(Output {
        inner: io::stdout().lock(),
        is_closed: &is_closed,
    });
    let result = run(&arguments, &Machine::this(), &mut out).and_then(|status| {
        out.flush().map_err(cannot_write)?;
        Ok(status)
    });

    match result {
        _ if is_closed.get() => CLOSED.into(),
        Ok(status) => status.into(),
        Err(error) => {
            note(error);
            FAILED.into()
        }
    }
}

/// Prints a line to standard error, and ignores write errors.
fn note(text: impl Display) {
    let text = text.to_string();
    let _ = writeln!(io::stderr(), "killswitch: {}", escape(&text, OF_LINES));
}

fn cannot_write(error: impl Error) -> Box<dyn Error> {
    format!("cannot write the result: {error}").into()
}

fn run(
    arguments: &Arguments,
    machine: &Machine,
    out: &mut impl Write,
) -> Result<u8, Box<dyn Error>> {
    let out = &mut Printable::new(out);

    match &arguments.command {
        Command::Live(command) => {
            let has_colours =
                anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
            // systemd sets this if the journal reads standard error.
            let is_logged = env::var_os("INVOCATION_ID").is_some();
            let mut err = io::stderr();
            // clap's text has colours, and clap escapes the rest.
            let out = out.unescaped();
            let mut screen = Screen::new(out, &mut err, has_colours, is_logged);

            live::run(
                command,
                machine,
                &FromCatalogue::new(Catalogue::built_in),
                &mut screen,
            )
        }
        Command::Manual(command) => manual::write(command, Arguments::command(), out),
        Command::Cve(it) => it.run(machine, out),
        Command::Suggest(it) => it.run(machine, out),
        Command::Lint(it) => it.run(machine, out),
        Command::Facts { files } => {
            let facts = facts::of(&files.open(machine)?);

            out.write_all(facts.as_bytes()).map_err(cannot_write)?;
            Ok(DONE)
        }
        Command::Scan {
            files,
            list,
            all,
            counts,
            json,
        } => {
            // Report errors in a list before reading the kernel, which is slower.
            let mut lines = Vec::new();
            for path in list {
                lines.append(&mut read_list(path, scan::read)?);
            }
            let kernel = Kernel::new(files.open(machine)?);
            let mut out = match (json, counts) {
                (true, _) => scan::Output::Json(out, kernel.image().source()),
                (_, true) => scan::Output::table(out, b'\t'),
                _ => scan::Output::table(out, b','),
            };
            let wrong = if *all {
                scan::all(&kernel, &mut out).map(|()| 0)
            } else if *counts {
                scan::counts(&kernel, &mut out).map(|()| 0)
            } else {
                scan::list(&kernel, &lines, &mut out)
            }
            .map_err(cannot_write)?;

            out.flush().map_err(cannot_write)?;
            if wrong > 0 {
                note(format_args!("invalid lines: {wrong}"));
            }
            Ok(live::outcome(wrong < lines.len(), wrong > 0))
        }
        Command::Explain {
            files,
            function,
            value,
            list,
            json,
            debug,
        } => {
            let lines = match (list, function) {
                (Some(path), _) => read_list(path, explain::output::read)?,
                (None, function) => vec![explain::output::Line::new(
                    function.as_deref().unwrap_or_default(),
                    "",
                    value,
                )?],
            };
            exists(debug)?;
            let (image, left_out) = match &lines[..] {
                [line] => files.open_around(machine, line)?,
                _ => (files.open(machine)?, 0),
            };
            let kernel = Kernel::new(image);
            let index = explain::Index::new(&kernel).without(left_out).with_debug(
                lines.iter().map(explain::output::Line::target),
                files.vmlinux.as_deref(),
                debug,
            );

            match json {
                true => explain::output::list(&index, &lines, out),
                false => lines
                    .iter()
                    .try_for_each(|line| explain::output::text(&index, line, out)),
            }
            .map_err(cannot_write)?;
            Ok(DONE)
        }
    }
}

/// Reads the list at `path` with the parser `read`.
fn read_list<T>(
    path: &Path,
    read: impl FnOnce(&[u8]) -> Result<T, Box<dyn Error>>,
) -> Result<T, String> {
    let bytes = file::input(path, MAX_LIST)
        .map_err(|error| say(path, format!("it cannot be read: {error}")))?;

    read(&bytes).map_err(|error| say(path, error))
}

/// Fails if `debug` does not exist, unless it is the default.
fn exists(debug: &Path) -> Result<(), String> {
    match debug == Path::new(DEBUG) || debug.exists() {
        true => Ok(()),
        false => Err(say(debug, "no such file or directory")),
    }
}

/// Formats an error about the file at `path`.
fn say(path: &Path, error: impl Display) -> String {
    format!("{}: {error}", path.display())
}

impl Files {
    /// Opens the files. Reports what makes the answers differ from those of the running kernel.
    fn open(&self, machine: &Machine) -> Result<Image, Box<dyn Error>> {
        let modules = match &self.directory(machine) {
            None => Vec::new(),
            Some(directory) => {
                fs::read_dir(directory)
                    .map_err(|error| say(directory, format!("it cannot be read: {error}")))?;
                find_modules(directory)
            }
        };
        if let (Some(directory), true) = (&self.modules, modules.is_empty()) {
            return Err(say(directory, NO_MODULES).into());
        }
        let image = self.read(machine, |_| modules.clone())?;

        self.checked(image)
    }

    /// The directory of the modules.
    fn directory(&self, machine: &Machine) -> Option<PathBuf> {
        match (&self.modules, &self.vmlinux) {
            (Some(given), _) => Some(given.clone()),
            (None, None) => running::modules(machine),
            (None, Some(_)) => None,
        }
    }

    /// Reads the kernel and the modules that `choose` returns for it. If it is the running kernel,
    /// also reads the loaded modules.
    fn read(
        &self,
        machine: &Machine,
        mut choose: impl FnMut(&Image) -> Vec<PathBuf>,
    ) -> Result<Image, Box<dyn Error>> {
        match &self.vmlinux {
            Some(vmlinux) => Ok(Image::open_with(vmlinux, choose)?),
            None => running::open(machine, &mut choose, &mut |it| note(it)),
        }
    }

    /// Reads the kernel, and those module files that are related to a function. Also returns the
    /// number of related modules that were not read.
    fn open_around(
        &self,
        machine: &Machine,
        line: &explain::output::Line,
    ) -> Result<(Image, usize), Box<dyn Error>> {
        let Some(directory) = self.directory(machine) else {
            return Ok((self.open(machine)?, 0));
        };
        let (module, symbol) = line.target();
        let module = module.replace('-', "_");
        let index = Index::of(machine, &directory).map_err(|error| say(&directory, error))?;
        let mut left_out = 0;

        if self.modules.is_some() && index.modules().is_empty() {
            return Err(say(&directory, NO_MODULES).into());
        }
        let image = self.read(machine, |image| {
            let callers = kernel::callers_in(image, symbol);
            let is_read = |name: &str| image.module_named(name).is_some();
            let around = index.around(Some(&module), symbol, &callers, is_read);

            left_out = around.left_out;
            around.paths
        })?;

        Ok((self.checked(image)?, left_out))
    }

    /// Reports missing information.
    fn checked(&self, image: Image) -> Result<Image, Box<dyn Error>> {
        let kernel = self.vmlinux.as_deref().unwrap_or(Path::new("the kernel"));
        let lost = image.unresolved().len();

        if lost > 0 {
            note(format_args!(
                "{lost} references of modules are unresolved; some modules are missing, or they belong \
                 to another kernel"
            ));
        }
        if !image.has_hook_table() {
            note(say(
                kernel,
                "no table of LSM callbacks was found, so rule lsm-hook refuses nothing",
            ));
        }
        if image.types(None).is_none() {
            note(say(
                kernel,
                "it has no type information, so more is refused",
            ));
        }
        Ok(image)
    }
}

#[cfg(test)]
mod built;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod tests;
