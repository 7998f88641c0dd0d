// SPDX-License-Identifier: GPL-2.0-only

//! All engagements, and the one place that changes them.
//!
//! Lock order: the lock of the module notifier chain when a module comes or goes, the lock of the
//! registry, then whatever the kernel takes to create files, to register kprobes, to look at
//! modules, code and types, and to write audit records. Nothing is called with the lock held that
//! reads a file of Killswitch, or that adds a module notifier.

use crate::{
    authority::Authority,
    command::{
        Command,
        Engage,
        Scope,
        Target, //
    },
    engagement::{
        Engagement,
        State, //
    },
    errno,
    permit::Permit,
    policy::Value,
    protected::Protected,
    records::{
        self,
        Operation,
        Origin,
        Request, //
    },
    refusal::Refusal,
    security::{
        kprobe,
        lsm,
        module::Module,
        securityfs::Directory,
        taint,
        work, //
    },
    subject::{
        self,
        Found,
        Subject, //
    },
    text::Text, //
};
use core::fmt::{
    self,
    Write, //
};
use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Mutex,
        MutexGuard,
        SetOnce, //
    }, //
};

/// How often it is looked whether probes are still on, in milliseconds.
const LOOK_EVERY: u32 = 10_000;

static REGISTRY: SetOnce<Pin<KBox<Mutex<Registry>>>> = SetOnce::new();

/// All engagements.
pub(crate) struct Registry {
    engagements: KVec<Engagement>,
    /// Found out when it is first needed, and kept.
    protected: Option<Protected>,
    /// The directory in which engagements have their files.
    directory: Directory,
    next_key: usize,
}

/// A request of a transaction that was refused, and why: the number of its line, counted from 0.
pub(crate) struct Failed<'a>(pub(crate) usize, pub(crate) Refusal<'a>);

/// Creates the registry. `directory` is where engagements have their files. Called once.
pub(crate) fn create(directory: Directory) -> Result {
    let registry = KBox::pin_init(
        new_mutex!(Registry {
            engagements: KVec::new(),
            protected: None,
            directory,
            next_key: 0,
        }),
        GFP_KERNEL,
    )?;
    REGISTRY.populate(registry);
    Ok(())
}

/// Locks the registry. Fails with ENODEV before it was created.
pub(crate) fn lock() -> Result<MutexGuard<'static, Registry>> {
    Ok(REGISTRY.as_ref().ok_or(ENODEV)?.lock())
}

/// Locks the registry, and brings up to date what it knows of the engagements. Sleeps.
pub(crate) fn look() -> Result<MutexGuard<'static, Registry>> {
    let mut registry = lock()?;

    registry.look(&mut Text::new());
    Ok(registry)
}

/// Looks after the engagements. Called by a workqueue, some time after they were looked at last.
pub(crate) fn tick() {
    // The look is all there is to do.
    drop(look());
}

/// Engages what is armed for a module that comes; if that fails the module must not be loaded.
/// Called by the module notifier chain, before the module's own code runs.
pub(crate) fn module_comes(module: &Module) -> Result {
    match lock() {
        Ok(mut registry) => registry.module_comes(module, false),
        // Without a registry nothing is armed.
        Err(_) => Ok(()),
    }
}

/// Engages what was armed for a module while that was set up. Called by the module notifier chain.
pub(crate) fn module_is_there(module: &Module) {
    // Failures are told, and there is nothing else to be done about them.
    let _ = lock().and_then(|mut registry| registry.module_comes(module, true));
}

/// Ends the engagements in a module that goes. Called by the module notifier chain.
pub(crate) fn module_goes(module: &Module) {
    // Without a registry there is nothing to end.
    if let Ok(mut registry) = lock() {
        registry.module_goes(module);
    }
}

impl Registry {
    /// All engagements, oldest first.
    pub(crate) fn engagements(&self) -> &[Engagement] {
        &self.engagements
    }

    /// The engagement that its files know by `key`. Fails with EIDRM when it has ended.
    pub(crate) fn by_key(&self, key: usize) -> Result<&Engagement> {
        self.engagements
            .iter()
            .find(|engagement| engagement.key() == key)
            .ok_or(EIDRM)
    }

    /// Carries out all `commands` or none, tells about it, and writes one line per command to
    /// `answer`. Sleeps.
    ///
    /// Functions are engaged before others are disengaged, so that a write that replaces
    /// engagements leaves no gap between them.
    pub(crate) fn transact<'a>(
        &mut self,
        authority: &Authority,
        commands: &[Command<'a>],
        answer: &mut Text,
    ) -> Result<(), Failed<'a>> {
        let before = self.engagements.len();
        let first_new = self.next_key;

        authority
            .confirm()
            .map_err(|refusal| Failed(0, refusal))
            .and_then(|()| self.judge(authority, commands))
            .and_then(|granted| self.engage(authority, granted))
            .and_then(|()| self.switch_off(commands, first_new))
            .inspect_err(|_| {
                let new = self.engagements[before..].iter_mut();

                // At once, and what is left one by one.
                let _ = kprobe::unregister(new.filter_map(Engagement::probe_mut));
                self.engagements.truncate(before);
            })?;

        // The same here: what is left is unregistered below.
        let _ = kprobe::unregister(
            self.engagements
                .iter_mut()
                .filter(|engagement| is_ending(engagement, commands, first_new))
                .filter_map(Engagement::probe_mut),
        );
        let mut result = Ok(());
        for (line, command) in commands.iter().enumerate() {
            let finished = self.finish(authority.origin(), command, first_new, answer);
            result = result.and(finished.map_err(|refusal| Failed(line, refusal)));
        }
        self.look(answer);
        result
    }

    /// Makes the engagement that its files know by `key` return `value`, and tells about it.
    /// Sleeps.
    pub(crate) fn change<'a>(
        &mut self,
        authority: &Authority,
        key: usize,
        value: Value,
    ) -> Result<(), Refusal<'a>> {
        authority.confirm()?;
        let engagement = self.by_key(key).map_err(|_| Refusal::Gone)?;
        let name = Text::try_from(engagement.name())?;
        let permit = match engagement.address() {
            // It is judged when its module comes.
            None => None,
            Some(address) => {
                let subject = Subject::at(address, Target::of(name.as_str()))?;
                Some(Permit::grant(
                    authority,
                    self.protected()?,
                    &subject,
                    value,
                )?)
            }
        };

        if let Some(engagement) = self.engagements.iter_mut().find(|e| e.key() == key) {
            match permit {
                Some(permit) => engagement.change(permit),
                None => engagement.intend(value),
            }

            let (name, named) = (engagement.name(), Named(value));
            let returns = match engagement.state() {
                State::Engaged => "returns",
                _ => "will return",
            };
            let to = whom(engagement.scope());
            let request = Request {
                function: Some(name),
                value: Some(value),
                ..Request::of(Operation::Retval)
            };

            records::done(
                authority.origin(),
                request,
                format_args!("changed {name}: it {returns} {named}{to}"),
            );
            log_notes(engagement);
        }
        Ok(())
    }

    /// Judges every command, and returns what is to be engaged, with the numbers of the lines.
    /// There is no permit for what waits for its module.
    fn judge<'a>(
        &mut self,
        authority: &Authority,
        commands: &[Command<'a>],
    ) -> Result<KVec<(usize, Engage<'a>, Option<Permit<'a>>)>, Failed<'a>> {
        let mut granted: KVec<(usize, Engage<'a>, Option<Permit<'a>>)> = KVec::new();
        let mut found = find(commands)
            .map_err(|refusal| Failed(0, refusal))?
            .into_iter();

        for (line, command) in commands.iter().enumerate() {
            let verdict = match command {
                Command::Engage(engage) => found
                    .next()
                    .unwrap_or(Err(Refusal::NoFunction))
                    .and_then(|found| self.judge_one(authority, engage, found))
                    .and_then(|permit| {
                        let name = engage.target.name;
                        let address = permit.as_ref().map(|permit| permit.entry().address());
                        let engaged = |other: &str, at: Option<usize>| {
                            other == name || (address.is_some() && at == address)
                        };
                        let earlier = granted.iter().any(|(_, other, permit)| {
                            let at = permit.as_ref().map(|permit| permit.entry().address());
                            engaged(other.target.name, at)
                        });

                        if earlier
                            || self
                                .engagements
                                .iter()
                                .any(|e| engaged(e.name(), e.address()))
                        {
                            return Err(Refusal::AlreadyEngaged);
                        }
                        granted.push((line, *engage, permit), GFP_KERNEL)?;
                        Ok(())
                    }),
                Command::Disengage(target) => {
                    let engaged = self.engagements.iter().any(|e| e.name() == target.name);
                    let ended = commands[..line].iter().any(|earlier| match earlier {
                        Command::Disengage(other) => other == target,
                        other => *other == Command::DisengageAll,
                    });

                    if engaged && !ended {
                        Ok(())
                    } else {
                        Err(Refusal::NotEngaged)
                    }
                }
                Command::DisengageAll | Command::Seal => Ok(()),
            };
            verdict.map_err(|refusal| Failed(line, refusal))?;
        }
        Ok(granted)
    }

    /// Judges what was `found` and shall be engaged. There is no permit for what waits for its
    /// module.
    fn judge_one<'a>(
        &mut self,
        authority: &Authority,
        engage: &Engage<'a>,
        found: Found<'a>,
    ) -> Result<Option<Permit<'a>>, Refusal<'a>> {
        match found {
            Found::Function(subject) => {
                Permit::grant(authority, self.protected()?, &subject, engage.value).map(Some)
            }
            Found::NotLoaded(module) if engage.watch.is_some() => {
                Err(Refusal::NothingToWatch(module))
            }
            Found::NotLoaded(_) => Ok(None),
        }
    }

    /// Engages what was `granted`.
    fn engage<'a>(
        &mut self,
        authority: &Authority,
        granted: KVec<(usize, Engage<'a>, Option<Permit<'a>>)>,
    ) -> Result<(), Failed<'a>> {
        let before = self.engagements.len();
        let mut lines = KVec::new();

        for (line, engage, permit) in granted {
            let key = self.next_key;

            self.next_key += 1;
            self.engagements
                .reserve(1, GFP_KERNEL)
                .map_err(Refusal::from)
                .and_then(|()| Engagement::new(authority, &engage, permit, key, &self.directory))
                .and_then(|engagement| {
                    lines.push(line, GFP_KERNEL)?;
                    Ok(self.engagements.push(engagement, GFP_KERNEL)?)
                })
                .map_err(|refusal| Failed(line, refusal))?;
        }

        // Last, so that no function is touched when anything else fails; and all at once, because
        // each time takes long. Which of them cannot be is seen when it is tried one by one.
        let new = &self.engagements[before..];
        let probes = || new.iter().filter_map(Engagement::probe);

        if probes().count() > 1 {
            let _ = kprobe::enable(probes());
        }
        for (line, engagement) in lines.iter().zip(new) {
            engagement
                .enable()
                .map_err(|refusal| Failed(*line, refusal))?;
            if engagement.state() == State::Engaged {
                taint::set();
            }
        }
        Ok(())
    }

    /// Switches off what `commands` disengage, or nothing; from then on they cannot fail.
    /// Engagements whose key is below `first_new` were there before the transaction.
    fn switch_off<'a>(&self, commands: &[Command<'a>], first_new: usize) -> Result<(), Failed<'a>> {
        let ending = || {
            self.engagements
                .iter()
                .filter(|engagement| is_ending(engagement, commands, first_new))
        };
        let probes = || ending().filter_map(Engagement::probe);

        // As in `engage()`.
        if probes().count() > 1 {
            let _ = kprobe::disable(probes());
        }
        for (line, command) in commands.iter().enumerate() {
            let result = ending()
                .filter(|engagement| command.disengages(engagement.name()))
                .try_for_each(Engagement::switch_off);

            if let Err(refusal) = result {
                // What cannot be undone at once is found, told and tried again by `look()`.
                for engagement in ending() {
                    let _ = engagement.enable();
                }
                return Err(Failed(line, refusal));
            }
        }
        Ok(())
    }

    /// Carries out what engages nothing of a command, and tells about all of it. Engagements whose
    /// key is below `first_new` were there before the transaction.
    fn finish<'a>(
        &mut self,
        origin: Origin,
        command: &Command<'a>,
        first_new: usize,
        answer: &mut Text,
    ) -> Result<(), Refusal<'a>> {
        let request = Request::from(command);

        match *command {
            Command::Engage(engage) => {
                if let Some(engagement) = self
                    .engagements
                    .iter()
                    .find(|engagement| engagement.name() == engage.target.name)
                {
                    tell_engaged(origin, request, engagement, answer);
                }
            }
            Command::Disengage(target) => {
                let at = self
                    .engagements
                    .iter()
                    .position(|engagement| engagement.name() == target.name);

                if let Some(at) = at {
                    self.disengage(origin, Operation::Disengage, at, answer)?;
                }
            }
            Command::DisengageAll if !self.has_older_than(first_new) => {
                done(origin, request, answer, format_args!("nothing was engaged"));
            }
            Command::DisengageAll => {
                while self.has_older_than(first_new) {
                    self.disengage(origin, Operation::Disengage, 0, answer)?;
                }
            }
            Command::Seal => {
                lsm::seal();
                done(
                    origin,
                    request,
                    answer,
                    format_args!("sealed: nothing changes until the next boot"),
                );
            }
        }
        Ok(())
    }

    /// Whether there is an engagement whose key is below `key`. The first is the oldest.
    fn has_older_than(&self, key: usize) -> bool {
        self.engagements
            .first()
            .is_some_and(|oldest| oldest.key() < key)
    }

    /// Ends the engagement at an index that is there, and tells about it. One that cannot be ended
    /// stays.
    fn disengage<'a>(
        &mut self,
        origin: Origin,
        operation: Operation,
        at: usize,
        answer: &mut Text,
    ) -> Result<(), Refusal<'a>> {
        let watched = self.engagements[at].watch_seconds();
        let is_early = self.engagements[at].watch_left() != Some(0);

        self.engagements[at].end()?;

        let engagement = self.engagements.remove(at).map_err(|_| EINVAL)?;
        let (name, hits) = (engagement.name(), engagement.hits());
        let calls = hits + engagement.missed();
        let request = Request {
            function: Some(name),
            ..Request::of(operation)
        };

        match (operation, watched) {
            (Operation::Abort, Some(seconds)) if !is_early => done(
                origin,
                request,
                answer,
                format_args!("aborted {name}: it was called {calls} times in {seconds} s"),
            ),
            (Operation::Abort, _) => done(
                origin,
                request,
                answer,
                format_args!(
                    "aborted {name}: its calls cannot be watched any more, {calls} were seen"
                ),
            ),
            (Operation::Lost, _) => done(
                origin,
                request,
                answer,
                format_args!("lost, because its module goes, {name} after {hits} hits"),
            ),
            _ => done(
                origin,
                request,
                answer,
                format_args!("disengaged {name} after {hits} hits"),
            ),
        }
        Ok(())
    }

    /// Brings up to date what is known of the engagements: tells about those that something
    /// switched off or on, decides on those whose functions have been watched for long enough, and
    /// arranges for the next look. Sleeps.
    pub(crate) fn look(&mut self, answer: &mut Text) {
        let mut at = 0;
        let mut next = None;

        while let Some(engagement) = self.engagements.get_mut(at) {
            let mut is_off = engagement.state() == State::Disarmed;

            while engagement.has_turned() {
                is_off |= engagement.state() == State::Disarmed;
                tell_turned(engagement);
            }
            let operation = match engagement.watch_left() {
                // Calls went by that nobody counted.
                Some(_) if is_off => Some(Operation::Abort),
                Some(0) if engagement.commit() => Some(Operation::Commit),
                Some(0) => Some(Operation::Abort),
                _ => None,
            };

            match operation {
                Some(Operation::Abort) => {
                    match self.disengage(Origin::Kernel, Operation::Abort, at, answer) {
                        Ok(()) => continue,
                        Err(refusal) => records::refused(
                            Origin::Kernel,
                            Request::about(Operation::Abort, &self.engagements[at]),
                            &refusal,
                        ),
                    }
                }
                Some(_) => {
                    taint::set();
                    let request = Request::about(Operation::Commit, engagement);
                    tell_engaged(Origin::Kernel, request, engagement, answer);
                }
                None => {}
            }
            let engagement = &self.engagements[at];

            if engagement.address().is_some() {
                // Nothing is left only of one that could not be ended.
                let left = engagement.watch_left().filter(|left| *left > 0);
                next = Some(next.unwrap_or(LOOK_EVERY).min(left.unwrap_or(LOOK_EVERY)));
            }
            at += 1;
        }
        if let Some(milliseconds) = next {
            work::tick_after(milliseconds);
        }
    }

    /// Engages what is armed for a module that comes, before its code runs, and tells about it.
    /// Sleeps. If it fails the module must not be loaded.
    ///
    /// For what is armed while that code runs it is called again when the module `is_there`. It
    /// does not fail then.
    pub(crate) fn module_comes(&mut self, module: &Module, is_there: bool) -> Result {
        if !is_there {
            // What could not be ended when it went: its probes are gone.
            self.module_goes(module);
        }
        for at in 0..self.engagements.len() {
            let engagement = &mut self.engagements[at];

            if engagement.target().module != Some(module.name()) {
                // Only to be shown, so that it does not matter if it fails.
                let _ = engagement.look_for_in(module);
                continue;
            }
            // Its own function, put there in the meantime or the first time; or it has none.
            if engagement.address().is_some_and(|at| module.contains(at))
                || (is_there && engagement.state() == State::Missing)
            {
                continue;
            }
            if let Err(error) = self.put(at, module) {
                let (name, module) = (self.engagements[at].name(), module.name());

                if is_there {
                    let note = format_args!("module {module} is loaded WITHOUT it");
                    records::noted(name, note);
                    continue;
                }
                records::noted(
                    name,
                    format_args!(
                        "module {module} is not loaded without it: disengage {name} to load it \
                         all the same"
                    ),
                );
                return Err(error);
            }
        }
        self.look(&mut Text::new());
        Ok(())
    }

    /// Engages what is at an index and armed for a module that comes, and tells about it.
    fn put(&mut self, at: usize, module: &Module) -> Result {
        let name = Text::try_from(self.engagements[at].name());
        let result = match &name {
            Ok(name) => self.try_put(at, Target::of(name.as_str()), module),
            Err(error) => Err((*error).into()),
        };
        let engagement = &self.engagements[at];
        let request = Request::about(Operation::Engage, engagement);

        match result {
            Ok(true) => {
                taint::set();
                tell_engaged(Origin::Kernel, request, engagement, &mut Text::new());
            }
            Ok(false) => {}
            Err(refusal) => {
                records::refused(Origin::Kernel, request, &refusal);
                return Err(refusal.errno());
            }
        }
        Ok(())
    }

    /// Engages what is at an index, and says whether the function is in its module.
    fn try_put<'a>(
        &mut self,
        at: usize,
        target: Target<'a>,
        module: &Module,
    ) -> Result<bool, Refusal<'a>> {
        let authority = self.engagements[at].authority().keep();
        let value = self.engagements[at].value();
        let Some(subject) = Subject::find_in(module, target)? else {
            // It may be the kernel's own function, and stay that.
            if self.engagements[at].address().is_none() {
                self.engagements[at].set_missing(true);
                records::noted(
                    target.name,
                    format_args!("its module comes, and has no such function: nothing is engaged"),
                );
            }
            return Ok(false);
        };
        let permit = Permit::grant(&authority, self.protected()?, &subject, value)?;
        let address = permit.entry().address();

        if self
            .engagements
            .iter()
            .any(|other| other.address() == Some(address))
        {
            return Err(Refusal::AlreadyEngaged);
        }
        self.engagements[at].put(permit)?;
        Ok(true)
    }

    /// Ends the engagements of functions that are in a module that goes, and tells about it: those
    /// that name the module are armed again. Sleeps.
    pub(crate) fn module_goes(&mut self, module: &Module) {
        let answer = &mut Text::new();
        let mut at = 0;

        while let Some(engagement) = self.engagements.get_mut(at) {
            let is_named = engagement.target().module.is_some();

            engagement.forget(module);
            at += 1;
            if !engagement.address().is_some_and(|at| module.contains(at)) {
                continue;
            }

            let ended = if engagement.watch_seconds().is_some() {
                self.disengage(Origin::Kernel, Operation::Abort, at - 1, answer)
            } else if !is_named {
                self.disengage(Origin::Kernel, Operation::Lost, at - 1, answer)
            } else if let Err(refusal) = engagement.end() {
                Err(refusal)
            } else {
                let request = Request::about(Operation::Arm, engagement);
                let (name, hits) = (engagement.name(), engagement.hits());

                done(
                    Origin::Kernel,
                    request,
                    answer,
                    format_args!(
                        "armed {name} again, because its module goes, after {hits} hits: it will \
                         be engaged when the module is back"
                    ),
                );
                continue;
            };
            match ended {
                // The next one has taken its place.
                Ok(()) => at -= 1,
                Err(refusal) => {
                    let request = Request::about(Operation::Lost, &self.engagements[at - 1]);
                    records::refused(Origin::Kernel, request, &refusal);
                }
            }
        }
    }

    /// What the policy protects in the running kernel. Sleeps.
    pub(crate) fn protected(&mut self) -> Result<&Protected> {
        let protected = match self.protected.take() {
            Some(protected) => protected,
            None => Protected::of_this_kernel()?,
        };
        Ok(self.protected.insert(protected))
    }
}

/// Tells that `request` was carried out, in the records and in a line of `answer`.
fn done(origin: Origin, request: Request<'_>, answer: &mut Text, words: fmt::Arguments<'_>) {
    records::done(origin, request, words);
    // Without memory for the answer, what was done is done all the same.
    let _ = writeln!(answer, "{words}");
}

/// Tells the kernel log what is to be known about `engagement`.
fn log_notes(engagement: &Engagement) {
    for note in engagement.notes().lines() {
        records::noted(engagement.name(), format_args!("{}", note.trim_start()));
    }
}

/// To whom an engaged function returns its value, in words behind the value.
fn whom(scope: Scope) -> &'static str {
    match scope {
        Scope::All => "",
        Scope::Nonroot => " to all but root",
    }
}

/// Tells that `engagement` is engaged, or will be.
fn tell_engaged(origin: Origin, request: Request<'_>, engagement: &Engagement, answer: &mut Text) {
    let (name, value) = (engagement.name(), Named(engagement.value()));
    let to = whom(engagement.scope());

    match (engagement.state(), engagement.watch_seconds()) {
        (State::Probing, Some(seconds)) => done(
            origin,
            request,
            answer,
            format_args!("watching {name} for {seconds} s: uncalled, it will return {value}{to}"),
        ),
        (State::Armed, _) => {
            let request = Request {
                operation: Operation::Arm,
                ..request
            };
            done(
                origin,
                request,
                answer,
                format_args!(
                    "armed {name}: when its module is loaded it will return {value}{to} without \
                     running"
                ),
            );
        }
        _ => done(
            origin,
            request,
            answer,
            format_args!("engaged {name}: it returns {value}{to} without running"),
        ),
    }
    log_notes(engagement);
    // As in done().
    let _ = answer.write_str(engagement.notes());
    if let Some(module) = engagement.found_in() {
        let note = format_args!("note: module {module} is loaded and has a function of this name");

        records::noted(name, note);
        let _ = writeln!(answer, "  {note}");
    }
}

/// Tells that something switched `engagement` off or on again.
fn tell_turned(engagement: &Engagement) {
    let name = engagement.name();
    let answer = &mut Text::new();

    if engagement.state() == State::Disarmed {
        let request = Request::about(Operation::Disarmed, engagement);
        let words = "its probe was switched off, and it RUNS; see \
                     /sys/kernel/debug/kprobes/enabled, whether it was livepatched meanwhile, \
                     and whether ftrace was killed";

        done(
            Origin::Kernel,
            request,
            answer,
            format_args!("disarmed {name}: {words}"),
        );
    } else {
        let request = Request::about(Operation::Rearmed, engagement);
        let words = "its probe is on again";

        done(
            Origin::Kernel,
            request,
            answer,
            format_args!("rearmed {name}: {words}"),
        );
    }
}

/// Whether `commands` end `engagement`, which they do if its key is below `first_new`: if it was
/// there before the transaction.
fn is_ending(engagement: &Engagement, commands: &[Command<'_>], first_new: usize) -> bool {
    engagement.key() < first_new
        && commands
            .iter()
            .any(|command| command.disengages(engagement.name()))
}

/// Finds what `commands` engage. Sleeps.
fn find<'a>(
    commands: &[Command<'a>],
) -> Result<KVVec<Result<Found<'a>, Refusal<'a>>>, Refusal<'a>> {
    let mut found = KVVec::new();

    for command in commands {
        if let Command::Engage(engage) = command {
            found.push(Subject::find(engage.target), GFP_KERNEL)?;
        }
    }
    subject::count_callers(found.iter_mut().flatten())?;
    Ok(found)
}

/// A value with the name of the error that it stands for, if it does.
struct Named(Value);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.get().checked_neg().and_then(errno::name) {
            Some(name) => write!(f, "{} (-{name})", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}
