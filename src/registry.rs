// SPDX-License-Identifier: GPL-2.0-only

//! All engagements, and the one place that changes them.
//!
//! Lock order: the lock of the registry, then whatever the kernel takes to create files, to
//! register kprobes and to write audit records. Nothing is called with the lock held that reads a
//! file of Killswitch.

use crate::{
    authority::Authority,
    command::{
        Command,
        Target, //
    },
    engagement::Engagement,
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
        lsm,
        module::Going,
        securityfs::Directory,
        taint, //
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
            .and_then(|permits| self.engage(commands, permits))
            .inspect_err(|_| self.engagements.truncate(before))?;

        let mut result = Ok(());
        for (line, command) in commands.iter().enumerate() {
            let finished = self.finish(authority.origin(), command, first_new, answer);
            result = result.and(finished.map_err(|refusal| Failed(line, refusal)));
        }
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
        let address = engagement.address();
        let name = Text::try_from(engagement.name())?;
        let target = Target::parse(name.as_str()).map_err(|_| Refusal::Gone)?;
        let permit = Permit::grant_again(authority, self.protected()?, address, target, value)?;

        if let Some(engagement) = self.engagements.iter_mut().find(|e| e.key() == key) {
            engagement.change(permit);

            let (name, named) = (engagement.name(), Named(value));
            let request = Request {
                function: Some(name),
                value: Some(value),
                ..Request::of(Operation::Retval)
            };
            let answer = &mut Text::new();

            done(
                authority.origin(),
                request,
                answer,
                format_args!("changed {name}: it returns {named}"),
            );
        }
        Ok(())
    }

    /// Judges every command, and returns the permits of those that engage.
    fn judge<'a>(
        &mut self,
        authority: &Authority,
        commands: &[Command<'a>],
    ) -> Result<KVec<(usize, Permit)>, Failed<'a>> {
        let mut permits: KVec<(usize, Permit)> = KVec::new();

        for (line, command) in commands.iter().enumerate() {
            let verdict = match command {
                Command::Engage { target, value, .. } => self
                    .protected()
                    .map_err(Refusal::from)
                    .and_then(|protected| Permit::grant(authority, protected, *target, *value))
                    .and_then(|permit| {
                        let address = permit.entry().address();
                        let engaged = self.engagements.iter().any(|e| e.address() == address);
                        let earlier = permits.iter().any(|(_, p)| p.entry().address() == address);

                        if engaged || earlier {
                            return Err(Refusal::AlreadyEngaged);
                        }
                        permits.push((line, permit), GFP_KERNEL)?;
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
        Ok(permits)
    }

    /// Engages what `permits` are for.
    fn engage<'a>(
        &mut self,
        commands: &[Command<'a>],
        permits: KVec<(usize, Permit)>,
    ) -> Result<(), Failed<'a>> {
        for (line, permit) in permits {
            let Command::Engage { target, reason, .. } = commands[line] else {
                continue;
            };
            let key = self.next_key;

            self.next_key += 1;
            self.engagements
                .reserve(1, GFP_KERNEL)
                .map_err(Refusal::from)
                .and_then(|()| Engagement::new(permit, target, reason, key, &self.directory))
                .and_then(|engagement| Ok(self.engagements.push(engagement, GFP_KERNEL)?))
                .map_err(|refusal| Failed(line, refusal))?;
            taint::set();
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
            Command::Engage { target, value, .. } => {
                let value = Named(value);
                let name = target.name;

                done(
                    origin,
                    request,
                    answer,
                    format_args!("engaged {name}: it returns {value} without running"),
                );
                for engagement in self.engagements.iter().filter(|e| e.name() == name) {
                    records::noted(name, engagement.notes());
                    // As in done().
                    let _ = answer.write_str(engagement.notes());
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
        self.engagements[at].end()?;

        let engagement = self.engagements.remove(at).map_err(|_| EINVAL)?;
        let (name, hits) = (engagement.name(), engagement.hits());
        let request = Request {
            function: Some(name),
            ..Request::of(operation)
        };
        let words = match operation {
            Operation::Lost => "lost, because its module goes,",
            _ => "disengaged",
        };

        done(
            origin,
            request,
            answer,
            format_args!("{words} {name} after {hits} hits"),
        );
        Ok(())
    }

    /// Ends the engagements of functions that are in a module that goes, and tells about it. Sleeps.
    pub(crate) fn module_goes(&mut self, module: &Going) {
        let answer = &mut Text::new();

        while let Some(at) = self
            .engagements
            .iter()
            .position(|engagement| module.contains(engagement.address()))
        {
            if let Err(refusal) = self.disengage(Origin::Kernel, Operation::Lost, at, answer) {
                let request = Request {
                    function: Some(self.engagements[at].name()),
                    ..Request::of(Operation::Lost)
                };
                records::refused(Origin::Kernel, request, &refusal);
                return;
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
