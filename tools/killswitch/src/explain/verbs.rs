// SPDX-License-Identifier: GPL-2.0-only

//! Effects of functions by their names: the kernel uses a few common words for locks, references
//! and memory.

/// The effect of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    Lock,
    /// Takes a lock, unless it fails.
    TryLock,
    Unlock,
    /// Takes a reference.
    Get,
    /// Drops a reference.
    Put,
    /// Creates or initializes something.
    Make,
    Free,
    /// Completes a wait.
    Complete,
    /// Nothing permanent.
    Nothing,
    Other,
}

/// Words for an effect, at any place in a name.
const WORDS: [(Verb, &[&str]); 6] = [
    (
        Verb::Complete,
        &["complete", "wake", "wakeup", "swake", "endio"],
    ),
    (
        Verb::Free,
        &[
            "free", "kfree", "vfree", "kvfree", "consume", "destroy", "dispose", "purge", "kzfree",
        ],
    ),
    (
        Verb::Put,
        &[
            "put", "fput", "dput", "iput", "mntput", "unref", "drop", "unpin", "release", "unhold",
            "unget", "dec",
        ],
    ),
    (
        Verb::Get,
        &[
            "get", "hold", "grab", "igrab", "dget", "fget", "mntget", "ref", "pin", "inc",
        ],
    ),
    (
        Verb::Make,
        &[
            "alloc", "create", "init", "setup", "new", "register", "add", "open", "start",
            "prepare",
        ],
    ),
    (
        Verb::Nothing,
        &[
            "printk", "capable", "strcmp", "strncmp", "memcmp", "strlen", "strnlen", "pr", "dev",
            "resched", "sleep", "fault", "valid", "check",
        ],
    ),
];

/// Prefixes of functions without effects on others.
const HARMLESS: [&str; 24] = [
    "_dev_",
    "_printk",
    "__warn",
    "__dynamic_",
    "netdev_err",
    "netdev_warn",
    "netdev_info",
    "netdev_printk",
    "__might_",
    "might_",
    "__cond_resched",
    "___ratelimit",
    "capable",
    "ns_capable",
    "__nla_",
    "nla_",
    "_copy_from_user",
    "memset",
    "__memset",
    "memcpy",
    "__memcpy",
    "trace_",
    "__traceiter",
    "__sanitizer",
];

/// The effect of the function called `name`.
pub fn of(name: &str) -> Verb {
    let name = name.split('.').next().unwrap_or(name);
    let words = || name.split('_').filter(|it| !it.is_empty());
    let has = |word: &str| words().any(|it| it == word);

    if HARMLESS.iter().any(|it| name.starts_with(it)) {
        return Verb::Nothing;
    }
    if let Some(verb) = of_lock(name) {
        return verb;
    }
    WORDS
        .iter()
        .find(|(_, known)| known.iter().any(|it| has(it)))
        .map_or(Verb::Other, |(verb, _)| *verb)
}

/// The lock operation of a function.
fn of_lock(name: &str) -> Option<Verb> {
    const ENDS: [&str; 9] = [
        "lock", "bh", "irq", "irqsave", "nested", "io", "read", "write", "sock",
    ];
    const NO_LOCK: [&str; 9] = [
        "lookup", "init", "free", "alloc", "destroy", "assert", "held", "get", "is",
    ];
    let words: Vec<_> = name.split('_').filter(|it| !it.is_empty()).collect();
    let has = |word: &str| words.contains(&word);

    if NO_LOCK.iter().any(|it| has(it)) {
        return None;
    }
    if words.iter().any(|it| it.ends_with("unlock"))
        || name == "release_sock"
        || name.ends_with("local_bh_enable_ip")
        || (has("up") && (has("read") || has("write") || words == ["up"]))
    {
        return Some(Verb::Unlock);
    }
    if name.ends_with("local_bh_disable_ip") {
        return Some(Verb::Lock);
    }
    let is_lock =
        has("lock") || (has("down") && (has("read") || has("write"))) || words == ["down"];
    let may_fail = ["trylock", "interruptible", "killable", "timeout"];

    if has("trylock") || (is_lock && may_fail.iter().any(|it| has(it))) {
        return Some(Verb::TryLock);
    }
    (is_lock
        && words
            .last()
            .is_some_and(|it| ENDS.contains(it) || *it == "down"))
    .then_some(Verb::Lock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_found_in_names() {
        for (name, verb) in [
            ("mutex_lock", Verb::Lock),
            ("_raw_spin_lock_irqsave", Verb::Lock),
            ("__rcu_read_lock", Verb::Lock),
            ("down_write", Verb::Lock),
            ("lock_sock_nested", Verb::Lock),
            ("mutex_lock_interruptible", Verb::TryLock),
            ("mutex_trylock", Verb::TryLock),
            ("__local_bh_disable_ip", Verb::Lock),
            ("__local_bh_enable_ip", Verb::Unlock),
            ("up_read", Verb::Unlock),
            ("ldsem_up_read", Verb::Unlock),
            ("folio_unlock", Verb::Unlock),
            ("release_sock", Verb::Unlock),
            ("dev_get_by_index", Verb::Get),
            ("sock_hold", Verb::Get),
            ("fput", Verb::Put),
            ("netdev_put", Verb::Put),
            ("kfree_skb_reason", Verb::Free),
            ("kfree", Verb::Free),
            ("complete_all", Verb::Complete),
            ("__wake_up", Verb::Complete),
            ("_printk", Verb::Nothing),
            ("init_rwsem_lock", Verb::Make),
            ("input_event", Verb::Other),
            ("block_size", Verb::Other),
            ("clock_gettime", Verb::Other),
            ("kvm_create_lapic", Verb::Make),
        ] {
            assert_eq!(of(name), verb, "{name}");
        }
    }
}
