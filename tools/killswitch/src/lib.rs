// SPDX-License-Identifier: GPL-2.0-only

//! The program of Killswitch: what there is to do on a machine that runs it, and what the policy
//! says to the files of a kernel.

#![forbid(unsafe_code)]

mod cache;
mod catalogue;
// What is compiled into the kernel, which makes use of more of it. The host tests have clippy judge
// that.
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

/// Everything was done.
const DONE: u8 = 0;
/// Files of the catalogue are wrong.
const NOT_ALL: u8 = 1;
/// A file cannot be read, or the result cannot be written. clap takes it for wrong arguments, too.
const FAILED: u8 = 2;
/// What reads the output closed it before all was written, as a shell has it of programs that
/// SIGPIPE ends.
const CLOSED: u8 = 128 + libc::SIGPIPE as u8;
/// Where packages put debug information.
const DEBUG: &str = "/usr/lib/debug";
/// The largest list that is read, in bytes. That of all that is accepted in a kernel of a
/// distribution, with all its modules, is shorter.
const MAX_LIST: u64 = 16 << 20;

const NO_MODULES: &str = "there are no modules in it";

/// Makes vulnerable functions of the running kernel return an error, and says which could be made to
///
/// Killswitch is a Linux Security Module. Most commands speak to it through its files in
/// /sys/kernel/security/killswitch, and show what it says. scan, facts, explain, cve and suggest
/// read the memory of the kernel that runs instead, or the files of a kernel for x86-64 or arm64 and
/// of its modules, and apply the rules that are built into Killswitch: the answers are those that
/// check would give in that kernel, with all of its modules loaded.
#[derive(Parser)]
#[command(
    name = "killswitch",
    after_help = "\
Exit status:
  0  everything was done, or is as it should be
  1  the kernel refuses, or nothing is engaged by that name; scan: no line of a list is understood;
     lint: files of the catalogue are wrong
  2  Killswitch is not there, a file cannot be read, or an argument is wrong
  3  only part of it was done, is allowed, or is as it should be; scan: lines of a list are not
     understood, and their verdict is \"?\"
  141  what reads the output closed it, as head does when it has its lines"
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
    /// Judge functions and values
    #[command(group(ArgGroup::new("what").required(true)))]
    Scan {
        #[command(flatten)]
        files: Files,
        /// Judge what a CSV file lists; "-" is the standard input
        ///
        /// It has the columns "function" and "value" (or "retval", or "bypass_retval"), and may
        /// have "module", "scope" and "if". They hold what the file `check` takes: symbol or
        /// module:symbol; a number, an error such as -EPERM, NULL or void; all or nonroot; a
        /// condition. Can be given several times.
        ///
        /// Prints CSV: function, value, scope, verdict (allow, refuse, absent or ?), rule, reason. The
        /// rule is "condition" for a condition that cannot be compiled by the kernel's types.
        #[arg(long, value_name = "FILE", group = "what")]
        list: Vec<PathBuf>,
        /// Print what is accepted, of all functions
        ///
        /// Every function that can be probed is judged for -1 (-EPERM), 0 and 1, or for void if it
        /// returns nothing.
        ///
        /// Prints CSV: function, module, zone, returns, value, scope. The scope is nonroot where
        /// scope=all is refused. It can be read again with --list.
        #[arg(long, group = "what")]
        all: bool,
        /// Print how many functions get which verdict
        ///
        /// Functions and values are those of --all.
        ///
        /// Prints tab-separated columns: zone, value, verdict, functions. The verdict is accepted,
        /// accepted-nonroot where scope=all is refused, or the rule that refuses.
        #[arg(long, group = "what")]
        counts: bool,
        /// Print JSON, one object a line, with the columns as its fields and source (memory or
        /// files)
        #[arg(long)]
        json: bool,
    },
    /// Say what is known about CVEs on a kernel, and what is engaged against them
    Cve(print::Cve),
    /// Suggest what to engage against a CVE, from its record
    Suggest(print::Suggest),
    /// Check files of the catalogue
    ///
    /// Prints what is wrong, a line each: the file, the key, and the problem. With a kernel, it is also
    /// wrong if the policy refuses an alternative and the file does not say so.
    Lint(print::Lint),
    /// Say whether a function can be skipped
    ///
    /// Machine code and type information say what callers do with the value, what the body takes
    /// over from them, and which operation tables hold the function. The policy is another matter,
    /// see scan.
    #[command(group(ArgGroup::new("functions").required(true)))]
    Explain {
        #[command(flatten)]
        files: Files,
        /// The function, as symbol or module:symbol
        #[arg(group = "functions")]
        function: Option<String>,
        /// What it should return: a number, an error such as -EPERM, NULL or void
        #[arg(default_value = "-EPERM", allow_hyphen_values = true)]
        value: String,
        /// Explain what a CSV file lists in the columns "function", "value" and perhaps "module"; "-"
        /// is the standard input
        #[arg(long, value_name = "FILE", group = "functions", requires = "json")]
        list: Option<PathBuf>,
        /// Print JSON, one object a line: function, module, value, summary (safe, loss, unsafe or
        /// unknown), findings (each with kind, where and why), better (values and callers), returns,
        /// copies (what debug information says of those that the compiler made: inlined, places and
        /// clones; null without), unseen and source (memory or files)
        #[arg(long)]
        json: bool,
        /// Debug information of a kernel or module that has none itself: a file, or a directory with
        /// such files by build ID
        #[arg(long, value_name = "PATH", default_value = DEBUG)]
        debug: PathBuf,
    },
}

/// The files of a kernel.
#[derive(Args)]
struct Files {
    /// The kernel: a vmlinux, or a boot image such as vmlinuz [default: the kernel that runs, from
    /// /proc/kcore or else from its file]
    #[arg(long, value_name = "FILE")]
    vmlinux: Option<PathBuf>,
    /// A directory with the modules of that kernel, which may be compressed [default: that of the
    /// kernel that runs]
    #[arg(long, value_name = "DIRECTORY")]
    modules: Option<PathBuf>,
}

/// An output that takes note of whether it was closed by what reads it.
struct Output<'a, W> {
    inner: W,
    is_closed: &'a Cell<bool>,
}

impl<W> Output<'_, W> {
    fn noted<T>(&self, result: io::Result<T>) -> io::Result<T> {
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

        self.noted(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.inner.flush();

        self.noted(result)
    }
}

/// Does what the command line asks for. Prints what is wrong to the standard error output.
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

/// Prints a line to the standard error output, if that takes it.
fn note(text: impl Display) {
    let text = text.to_string();
    let _ = writeln!(io::stderr(), "killswitch: {}", escape(&text, OF_LINES));
}

fn cannot_write(error: impl Error) -> Box<dyn Error> {
    format!("the result cannot be written: {error}").into()
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
            // Set by systemd for what the journal reads.
            let is_logged = env::var_os("INVOCATION_ID").is_some();
            let mut err = io::stderr();
            // It has colours, and escapes the rest by itself.
            let out = out.as_it_is();
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
            // What is wrong with a list is said before the kernel is read, which takes longer.
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
                note(format_args!("lines that are not understood: {wrong}"));
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
            is_there(debug)?;
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

/// What the list at `path` has, which `read` understands.
fn read_list<T>(
    path: &Path,
    read: impl FnOnce(&[u8]) -> Result<T, Box<dyn Error>>,
) -> Result<T, String> {
    let bytes = file::input(path, MAX_LIST)
        .map_err(|error| say(path, format!("it cannot be read: {error}")))?;

    read(&bytes).map_err(|error| say(path, error))
}

/// Fails if there is no place that debug information is to be read from, unless it is the usual one.
fn is_there(debug: &Path) -> Result<(), String> {
    match debug == Path::new(DEBUG) || debug.exists() {
        true => Ok(()),
        false => Err(say(debug, "there is no such file or directory")),
    }
}

/// What is wrong with the file at `path`.
fn say(path: &Path, error: impl Display) -> String {
    format!("{}: {error}", path.display())
}

impl Files {
    /// Reads them. What makes the answers differ from those of the running kernel is said.
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

    /// The directory with the modules.
    fn directory(&self, machine: &Machine) -> Option<PathBuf> {
        match (&self.modules, &self.vmlinux) {
            (Some(given), _) => Some(given.clone()),
            (None, None) => running::modules(machine),
            (None, Some(_)) => None,
        }
    }

    /// Reads the kernel with the modules that `choose` names, which is given the kernel, and with
    /// those that are loaded if that runs.
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

    /// Reads the kernel, and of the files of its modules those that have to do with a function. Also
    /// says how many more have.
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

    /// Says what it lacks.
    fn checked(&self, image: Image) -> Result<Image, Box<dyn Error>> {
        let kernel = self.vmlinux.as_deref().unwrap_or(Path::new("the kernel"));
        let lost = image.unresolved().len();

        if lost > 0 {
            note(format_args!(
                "{lost} references of modules lead nowhere; some modules are missing, or they are \
                 not of this kernel"
            ));
        }
        if !image.has_hook_table() {
            note(say(
                kernel,
                "its table of LSM callbacks is not found, so rule lsm-hook refuses nothing",
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
