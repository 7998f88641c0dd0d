// SPDX-License-Identifier: GPL-2.0-only

//! Killswitch behaves like the model, for any operations on it and on the machine below it.

use crate::{
    boot, files,
    machine::{self, machine, switch_on, Build, Failure, File, Lockdown, What, MODULES, SLOTS},
    model::{Model, FILES},
    security::{
        boot::CommandLine,
        securityfs::{find, open},
    },
    wording::{By, Line, Wanted},
};
use kernel::{
    error::{code::*, Error},
    host,
};
use proptest::{prelude::*, sample::select, test_runner::TestCaseResult};

/// An event.
#[derive(Clone, Debug)]
enum Event {
    /// A write to `control`.
    Write(Vec<Line>),
    /// A write that is too long.
    WriteTooMuch,
    /// A write to a `retval` that was opened when this engagement was created, counting from the
    /// last one.
    Change(usize, Result<i64, (&'static str, Error)>),
    /// A request to check.
    Check(&'static str, i64),
    /// Reading a file that checks the engagements.
    Read(&'static str),
    /// A call of a function, by root or by a user.
    Call(Which, bool),
    /// Time passes, in milliseconds.
    Pass(i64),
    /// Loading, initializing or unloading a module, or the next possible one of these.
    Module(&'static str, Build, bool),
    /// Disarming or arming all kprobes; the one at this function then stays disarmed.
    Kprobes(bool, Option<Which>),
    KillFtrace,
    Lockdown(Lockdown),
    /// Whether the opener, or the writer, has the capability.
    Capable(bool, bool),
    /// The next use of this kernel operation fails.
    Fail(Failure),
    /// All engagements are released; after this number of probes, one cannot be disarmed.
    Stuck(usize),
    /// An allocation of the next write fails.
    FailAllocation(usize),
}

/// A parameter on the command line.
#[derive(Clone, Debug)]
enum Parameter {
    Engage(&'static str, i64),
    Nonsense(&'static str),
    Level(bool),
    Seal,
}

fn target() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        10 => select(vec!["alpha", "beta", "gamma", "both", "one", "two"]),
        10 => select(vec!["m1:one", "m1:both", "m2:one", "m2:two"]),
        3 => select(vec!["m1:missing", "m1:alpha", "m3:one", "m3:two"]),
        1 => select(vec!["twice", "security_one", "label", "missing"]),
    ]
}

fn value() -> impl Strategy<Value = i64> {
    prop_oneof![8 => Just(0), 16 => Just(-1), 1 => Just(1), 1 => Just(1 << 31)]
}

fn engage() -> impl Strategy<Value = Line> {
    let watch = prop_oneof![2 => Just(None), 1 => prop_oneof![0u32..5, 0u32..60].prop_map(Some)];
    let term = prop_oneof![3 => Just(None), 1 => prop_oneof![1u32..5, 1u32..60].prop_map(Some)];
    let reason =
        prop_oneof![2 => Just(None), 1 => Just(Some("CVE-1")), 1 => Just(Some("so it is"))];

    let action = prop_oneof![
        3 => (value().prop_map(Some), watch),
        1 => Just((None, None)),
    ];

    (target(), action, any::<bool>(), term, reason).prop_map(
        |(target, (value, watch), nonroot, term, reason)| {
            Line::Engage(Wanted {
                target,
                value,
                watch,
                nonroot,
                term,
                reason,
            })
        },
    )
}

fn line() -> impl Strategy<Value = Line> {
    let bad = select(vec![
        ("", EINVAL),
        ("engage alpha", EINVAL),
        ("sael", EINVAL),
        ("disengage alpha now", EINVAL),
        ("engage alpha -1 for=0", EINVAL),
        ("engage alpha 0x10000000000000000", ERANGE),
    ]);

    prop_oneof![
        600 => engage(),
        250 => target().prop_map(Line::Disengage),
        100 => target().prop_map(Line::Keep),
        40 => Just(Line::DisengageAll),
        1 => Just(Line::Seal),
        20 => bad.prop_map(|(text, errno)| Line::Bad(text, errno)),
    ]
}

/// A function of the machine, by number.
#[derive(Clone, Copy, Debug)]
enum Which {
    Function(usize),
    /// An engaged function.
    Engaged(usize),
}

fn function() -> impl Strategy<Value = Which> {
    prop_oneof![
        (0..12usize).prop_map(Which::Function),
        (0..SLOTS).prop_map(Which::Engaged),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let module = select(MODULES.to_vec());
    let read = select(vec![
        "engaged",
        "engaged",
        "status",
        "state",
        "timeout_left",
    ]);
    let build = prop_oneof![
        5 => Just(Build::Whole),
        1 => Just(Build::Lacking),
        1 => Just(Build::Bool),
        1 => Just(Build::Init),
    ];
    let lockdown = select(vec![
        Lockdown::None,
        Lockdown::None,
        Lockdown::None,
        Lockdown::None,
        Lockdown::None,
        Lockdown::None,
        Lockdown::Integrity,
        Lockdown::Confidentiality,
    ]);
    let written = prop_oneof![
        8 => value().prop_map(Ok),
        1 => Just(Err(("never", EINVAL))),
        1 => Just(Err(("99999999999999999999", ERANGE))),
    ];
    let what = prop_oneof![
        3 => select(vec![EINVAL, EBUSY, EAGAIN, ENODEV, ENOMEM]).prop_map(|e| (What::Register, e)),
        6 => select(vec![ENOMEM, EBUSY]).prop_map(|e| (What::Disarm, e)),
        1 => Just((What::Arm, EBUSY)),
    ];
    let failure = (what, prop_oneof![3 => 0usize..4, 1 => 0usize..20])
        .prop_map(|((what, error), after)| Failure { what, after, error });

    prop_oneof![
        15 => line().prop_map(|line| Event::Write(vec![line])),
        15 => prop::collection::vec(line(), 2..5).prop_map(Event::Write),
        1 => Just(Event::WriteTooMuch),
        6 => (0usize..6, written).prop_map(|(id, value)| Event::Change(id, value)),
        3 => (target(), value()).prop_map(|(target, value)| Event::Check(target, value)),
        12 => read.prop_map(Event::Read),
        12 => (function(), any::<bool>()).prop_map(|(at, is_root)| Event::Call(at, is_root)),
        8 => prop_oneof![1 => 0i64..30_000, 1 => (0i64..30).prop_map(|s| s * 1000)]
            .prop_map(Event::Pass),
        20 => (module, build, prop::bool::weighted(0.8))
            .prop_map(|(name, build, is_good)| Event::Module(name, build, is_good)),
        10 => (prop::bool::weighted(0.7), prop::option::of(function()))
            .prop_map(|(on, at)| Event::Kprobes(on, at)),
        1 => prop_oneof![9 => Just(Event::Read("status")), 1 => Just(Event::KillFtrace)],
        2 => lockdown.prop_map(Event::Lockdown),
        3 => prop_oneof![6 => Just((true, true)), 1 => any::<(bool, bool)>()]
            .prop_map(|(opener, writer)| Event::Capable(opener, writer)),
        14 => failure.prop_map(Event::Fail),
        6 => prop_oneof![0usize..4, 0usize..40].prop_map(Event::FailAllocation),
        2 => (1usize..3).prop_map(Event::Stuck),
    ]
}

fn parameters() -> impl Strategy<Value = Vec<Parameter>> {
    let parameter = prop_oneof![
        20 => (target(), value()).prop_map(|(target, value)| Parameter::Engage(target, value)),
        2 => Just(Parameter::Nonsense(".nonsense")),
        2 => Just(Parameter::Nonsense("=alpha")),
        4 => any::<bool>().prop_map(Parameter::Level),
        1 => Just(Parameter::Seal),
    ];

    prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(parameter, 0..4)]
}

impl Model {
    fn address(&self, which: Which) -> Option<usize> {
        match which {
            Which::Function(number) => self.world.functions().get(number).map(|f| f.address),
            Which::Engaged(number) => self.engagements.get(number)?.address(),
        }
    }
}

/// Files that were opened when an engagement was created.
struct Opened {
    id: usize,
    files: [File; FILES.len()],
}

/// Both systems.
struct Pair {
    model: Model,
    opened: Vec<Opened>,
    allocation: Option<usize>,
}

impl Pair {
    /// Boots the machine.
    fn boot(parameters: &[Parameter]) -> Result<Self, TestCaseError> {
        switch_on();
        prop_assert_eq!(crate::protected::create(), Ok(()));
        prop_assert_eq!(crate::list::create(), Ok(()));
        prop_assert_eq!(crate::upkeep::create(), Ok(()));
        prop_assert_eq!(crate::event::create(), Ok(()));
        prop_assert_eq!(files::create(), Ok(()));
        prop_assert!(crate::protected::in_this_kernel().is_ok());
        let mut pair = Self {
            model: Model::new(machine(|m| m.world.clone())),
            opened: Vec::new(),
            allocation: None,
        };
        let words: Vec<_> = parameters
            .iter()
            .map(|parameter| match parameter {
                Parameter::Engage(target, value) => format!("={target}={value}"),
                Parameter::Nonsense(word) => word.to_string(),
                Parameter::Level(true) => String::from(".lockdown=confidentiality"),
                Parameter::Level(false) => String::from(".lockdown=integrity"),
                Parameter::Seal => String::from(".seal"),
            })
            .collect();

        boot::apply(&CommandLine(&words));
        for parameter in parameters {
            match *parameter {
                Parameter::Engage(target, value) => {
                    pair.model.boot(Wanted::new(target, value));
                }
                Parameter::Nonsense(word) => {
                    pair.model.boot_nonsense(word.trim_start_matches('='));
                }
                Parameter::Level(level) => pair.model.boot_level(level),
                Parameter::Seal => {}
            }
        }
        pair.model.boot_ended();
        if parameters.iter().any(|p| matches!(p, Parameter::Seal)) {
            prop_assert_eq!(pair.model.write(By::Kernel, &[Line::Seal]), Ok(()));
        }
        pair.compare_log(true)?;
        pair.compare()?;
        Ok(pair)
    }

    /// Runs an event on both, and compares them.
    fn happens(&mut self, event: &Event) -> TestCaseResult {
        match event {
            Event::Fail(failure) => {
                self.fail(Some(*failure), None);
                return Ok(());
            }
            Event::Stuck(after) => {
                let (what, after, error) = (What::Disarm, *after, ENOMEM);

                self.fail(Some(Failure { what, after, error }), None);
                return self.happens(&Event::Write(vec![Line::DisengageAll]));
            }
            Event::FailAllocation(after) => {
                self.fail(None, Some(*after));
                return Ok(());
            }
            _ => {}
        }
        self.model.records.clear();
        self.model.answers.clear();
        let had_memory = self.allocation.is_none();

        self.happens_to_both(event)?;
        self.compare_log(had_memory)?;
        self.compare()
    }

    /// One failure at a time is enough.
    fn fail(&mut self, failure: Option<Failure>, allocation: Option<usize>) {
        self.model.failure = failure;
        machine(|m| m.failure = failure);
        self.allocation = allocation;
    }

    /// The allocation that fails, once. Not while a disarmed probe is rearmed by any check: on
    /// -ENOMEM it stays disarmed until the next check, which is reported.
    fn take_allocation(&mut self) -> Option<usize> {
        match self.model.can_rearm() {
            true => None,
            false => self.allocation.take(),
        }
    }

    fn happens_to_both(&mut self, event: &Event) -> TestCaseResult {
        let model = &mut self.model;

        match event {
            Event::Write(lines) => {
                let text: String = lines.iter().map(|line| line.text() + "\n").collect();

                return self.asks("control", &text, |model| model.write(By::Task, lines));
            }
            Event::WriteTooMuch => {
                let text = "x".repeat(4097);

                return self.asks("control", &text, Model::write_too_much);
            }
            Event::Check(target, value) => {
                let text = format!("{target} {value}");

                return self.asks("check", &text, |model| {
                    model.check(&Wanted::new(target, *value))
                });
            }
            Event::Change(back, value) => return self.changes(*back, value),
            Event::Read(name) => return self.reads(name),
            Event::Call(which, is_root) => {
                if let Some(address) = model.address(*which) {
                    let returned = machine(|m| m.call(address, *is_root, true));

                    prop_assert_eq!(returned, model.call(address, *is_root, true));
                }
            }
            Event::Pass(milliseconds) => {
                machine::pass(*milliseconds);
                model.pass(*milliseconds);
            }
            Event::Module(name, build, is_good) => return self.moves(name, *build, *is_good),
            Event::Kprobes(on, which) => {
                let address = which.and_then(|which| model.address(which));

                if *on && !model.world.kprobes_on && !model.world.ftrace_killed {
                    model.kprobes_on(address);
                }
                machine(|m| m.switch_kprobes(*on, address));
            }
            Event::KillFtrace => machine(|m| m.world.ftrace_killed = true),
            Event::Lockdown(level) => machine(|m| m.world.lockdown = *level),
            Event::Capable(opener, writer) => machine(|m| {
                m.world.opener_may = *opener;
                m.world.writer_may = *writer;
            }),
            Event::Fail(_) | Event::FailAllocation(_) | Event::Stuck(_) => {}
        }
        self.model.world = machine(|m| m.world.clone());
        Ok(())
    }

    /// Writes `text` to a file with an answer.
    fn asks(
        &mut self,
        path: &str,
        text: &str,
        of_model: impl FnOnce(&mut Model) -> Result<(), Error>,
    ) -> TestCaseResult {
        let allocation = self.take_allocation();
        let is_short = allocation.is_some();

        host::fail_allocation(allocation);
        let (result, answer) = open(path).ask(text);
        host::fail_allocation(None);
        if is_short && result == Err(ENOMEM) {
            return self.is_unchanged(path == "check");
        }
        prop_assert_eq!(result, of_model(&mut self.model));
        // The answer lacks text on -ENOMEM.
        if is_short {
            return Ok(());
        }
        let lines: Vec<_> = answer.lines().filter(|l| !l.starts_with(' ')).collect();
        let heads = &self.model.answers;
        let is_right = lines.len() == heads.len()
            && heads
                .iter()
                .zip(&lines)
                .all(|(head, line)| line.starts_with(head));

        prop_assert!(is_right, "{answer:?} is not {heads:?}");
        Ok(())
    }

    /// After -ENOMEM, nothing has changed, with one exception.
    fn is_unchanged(&mut self, may_be_silent: bool) -> TestCaseResult {
        let records = machine(|m| std::mem::take(&mut m.records));
        // check records its verdict even if there is no memory for the answer.
        let is_right = |record: &String| {
            record.ends_with(" task res=0 errno=12") || record.contains(" op=check ")
        };

        prop_assert!(records.iter().all(is_right), "{:?}", records);
        prop_assert!(records.len() == 1 || records.is_empty() && may_be_silent);
        self.follow();
        Ok(())
    }

    /// After -ENOMEM, a module was not loaded: its functions are armed again.
    fn is_kept_out(&mut self) -> TestCaseResult {
        let records = machine(|m| std::mem::take(&mut m.records));
        let count = |words: &str| records.iter().filter(|r| r.contains(words)).count();

        prop_assert_eq!(count(" kernel res=0 errno=12"), 1, "{:?}", records);
        prop_assert_eq!(count(" op=engage "), count(" op=arm ") + 1, "{:?}", records);
        prop_assert_eq!(count(""), count(" op=arm ") * 2 + 1, "{:?}", records);
        self.model.module_changed();
        self.follow();
        Ok(())
    }

    /// The effects of a failed request.
    fn follow(&mut self) {
        self.model.is_tainted |= machine(|m| m.is_tainted);
        self.model.failure = machine(|m| m.failure);
    }

    /// Writes to a `retval` that was opened earlier.
    fn changes(
        &mut self,
        back: usize,
        value: &Result<i64, (&'static str, Error)>,
    ) -> TestCaseResult {
        let opened = self.opened.iter().rev().nth(back);
        let Some((id, file)) = opened.map(|opened| (opened.id, opened.files[0])) else {
            return Ok(());
        };
        let text = value.map_or_else(|(text, _)| String::from(text), |value| value.to_string());
        let allocation = self.take_allocation();
        let is_short = allocation.is_some();

        host::fail_allocation(allocation);
        let result = file.write(&text);
        host::fail_allocation(None);
        if is_short && result == Err(ENOMEM) {
            return self.is_unchanged(false);
        }
        let expected = self.model.change(id, value.map_err(|(_, errno)| errno));
        prop_assert_eq!(result, expected);
        Ok(())
    }

    /// Reads a file that checks the engagements.
    fn reads(&mut self, name: &str) -> TestCaseResult {
        match name {
            "engaged" => {
                let engaged = open(name).read();

                self.model.check_for_reader();
                prop_assert_eq!(engaged, Ok(self.model.engaged()));
            }
            "status" => {
                let status = open(name).read().unwrap();

                self.model.check_for_reader();
                let (expected, errors) = (self.model.status(), self.model.boot_errors);

                prop_assert!(status.starts_with(&expected), "{status} is not {expected}");
                prop_assert_eq!(status.matches("boot-error: ").count(), errors);
            }
            _ => self.reads_opened(name, true)?,
        }
        Ok(())
    }

    /// Reads all files of this name that were ever opened.
    fn reads_opened(&mut self, name: &str, checks: bool) -> TestCaseResult {
        for opened in &self.opened {
            let file = FILES.iter().position(|known| *known == name).unwrap();
            let content = opened.files[file].read();

            if checks {
                self.model.check_for_reader();
            }
            let engagement = self.model.engagements.iter().find(|e| e.id == opened.id);
            let expected = engagement
                .map(|engagement| engagement.file(name, self.model.now))
                .ok_or(EIDRM);

            prop_assert_eq!(content, expected, "{}", name);
        }
        Ok(())
    }

    /// Loads a module, completes or fails its loading, or unloads it.
    fn moves(&mut self, name: &'static str, build: Build, is_good: bool) -> TestCaseResult {
        let module = self.model.world.module(name).copied();

        match module {
            None => {
                let allocation = match self.model.only_waits(name) {
                    true => self.take_allocation(),
                    false => None,
                };
                let is_short = allocation.is_some();

                host::fail_allocation(allocation);
                let result = machine::module_coming(name, build);
                host::fail_allocation(None);
                if is_short && result == Err(ENOMEM) {
                    return self.is_kept_out();
                }
                self.model.world.load(name, build);
                prop_assert_eq!(result, self.model.module_coming(name, false));
            }
            Some(module) if !module.is_live && is_good => machine::module_is_live(name),
            Some(module) if module.is_live && !module.is_told => {
                machine::module_live(name);
                prop_assert_eq!(self.model.module_coming(name, true), Ok(()));
            }
            Some(_) => {
                machine::module_going(name);
                self.model.module_going(name);
            }
        }
        self.model.world = machine(|m| m.world.clone());
        Ok(())
    }

    /// Every record except those of check has a line in the kernel log, unless memory was short.
    fn compare_log(&self, had_memory: bool) -> TestCaseResult {
        let log = host::take_log();
        // Notes begin with the name of their function.
        let is_decision = |line: &&String| {
            let word = line.split(' ').next().unwrap_or_default();

            !word.ends_with(':') || word == "sealed:"
        };
        let refusals = log.iter().filter(|line| line.starts_with("refused "));
        let records = machine(|m| m.records.clone());
        let is_logged = |r: &&String| !r.contains(" op=check ") && !r.starts_with("avc: ");
        let records = || records.iter().filter(is_logged);

        if had_memory {
            let refused = records().filter(|record| record.contains(" res=0 "));

            prop_assert_eq!(log.iter().filter(is_decision).count(), records().count());
            prop_assert_eq!(refusals.count(), refused.count());
        }
        Ok(())
    }

    /// Compares all state that is visible without checking the engagements.
    fn compare(&mut self) -> TestCaseResult {
        let model = &mut self.model;

        let records = machine(|m| std::mem::take(&mut m.records));
        let expected = std::mem::take(&mut model.records);

        // A record without memory is lost, which is reported.
        match machine(|m| std::mem::take(&mut m.lost_records)) {
            0 => prop_assert_eq!(records, expected),
            lost => prop_assert_eq!(records.len() + lost, expected.len()),
        }
        for function in model.world.functions() {
            for is_root in [false, true] {
                let returned = machine(|m| m.call(function.address, is_root, false));
                let expected = model.call(function.address, is_root, false);

                prop_assert_eq!(returned, expected, "{:?}, root: {}", function, is_root);
            }
        }
        machine(|m| {
            let probes = model.engagements.iter().filter(|e| e.exists()).count();

            let values = model.engagements.iter().filter_map(|e| e.wanted.value);

            prop_assert_eq!(m.slots.iter().flatten().count(), values.count());
            prop_assert_eq!(m.probes.len(), probes);
            prop_assert_eq!(m.references, 0);
            prop_assert_eq!(m.is_sealed, model.is_sealed);
            prop_assert_eq!(m.is_tainted, model.is_tainted);
            prop_assert_eq!(m.check_at, model.next_check);
            // Disarming is retried until it works, which is not visible.
            if model
                .failure
                .is_some_and(|failure| failure.what == What::Disarm)
            {
                model.failure = m.failure;
            }
            prop_assert_eq!(m.failure, model.failure);
            Ok::<_, TestCaseError>(())
        })?;
        self.compare_files()
    }

    fn compare_files(&mut self) -> TestCaseResult {
        let there = machine(|m| m.filled["killswitch/fn"]).list();
        let mut expected = Vec::new();

        for engagement in &self.model.engagements {
            let directory = format!("fn/{}", engagement.wanted.target);

            expected.push(engagement.wanted.target);
            if self.opened.iter().all(|opened| opened.id != engagement.id) {
                let files = FILES.map(|name| find(&format!("{directory}/{name}")));

                prop_assert!(files.iter().all(Option::is_some));
                self.opened.push(Opened {
                    id: engagement.id,
                    files: files.map(Option::unwrap),
                });
            }
        }
        prop_assert_eq!(there, expected);
        for name in ["retval", "hits", "scope", "reason"] {
            self.reads_opened(name, false)?;
        }
        Ok(())
    }
}

/// Loading and unloading a module without engagements takes no lock of Killswitch.
#[test]
fn other_modules_take_no_lock() -> Result<(), TestCaseError> {
    let mut pair = Pair::boot(&[])?;
    let engaged = ["alpha", "m1:one", "m3:two"].map(|it| Line::Engage(Wanted::new(it, -1)));

    pair.happens(&Event::Write(engaged.to_vec()))?;
    for (module, takes_locks) in [("m2", false), ("m1", true)] {
        host::take_locked();
        prop_assert_eq!(machine::module_coming(module, Build::Whole), Ok(()));
        prop_assert_eq!(host::take_locked() > 0, takes_locks, "{} is loaded", module);
        machine::module_is_live(module);
        machine::module_live(module);
        prop_assert_eq!(host::take_locked() > 0, takes_locks, "{} is live", module);
        machine::module_going(module);
        prop_assert_eq!(
            host::take_locked() > 0,
            takes_locks,
            "{} is unloaded",
            module
        );
    }
    Ok(())
}

proptest! {
    // Twice PROPTEST_CASES, or 512.
    #![proptest_config(ProptestConfig {
        cases: 2 * ProptestConfig::default().cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn it_behaves_like_the_model(
        parameters in parameters(),
        events in prop::collection::vec(event(), 1..120),
    ) {
        let mut pair = Pair::boot(&parameters)?;

        for event in events.iter().chain([&Event::Read("engaged")]) {
            pair.happens(event)?;
        }
    }
}
