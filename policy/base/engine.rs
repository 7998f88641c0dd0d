// SPDX-License-Identifier: GPL-2.0-only

//! What Killswitch itself stands on: how it finds, probes and patches functions, and its reports.

use super::{
    errno,
    never,
    Family, //
};

/// What puts a probe on a function, keeps it armed, and runs its handler.
#[rustfmt::skip]
pub(super) const PROBING: Family = Family {
    name: "kprobes",
    lines: &[
        never("registers and unregisters kprobes", &["*register_kprobe*"]),
        never("arms and disarms kprobes", &["*arm_kprobe*"]),
        never("arms and disarms all kprobes", &["*arm_all_kprobes"]),
        never("arms kprobes again", &["*enable_kprobe", "enable_kprobes"]),
        never("disarms kprobes", &["*disable_kprobe", "disable_kprobes"]),
        never("arms and disarms several kprobes", &["turn_kprobes_ipmodify"]),
        never("finds the kprobe at an address", &["*get_kprobe"]),
        never("tells which kprobes there are", &["__get_valid_kprobe", "kprobes_valid"]),
        never("tells whether all kprobes at an address are off", &["aggr_kprobe_disabled"]),
        never("finds where a kprobe goes", &["*kprobe_addr"]),
        never("keeps kprobes from where they do harm", &["check_kprobe_address_safe"]),
        never("tells whether a kprobe goes through ftrace", &["check_ftrace_location"]),
        never("tells what must not be probed", &["*within_kprobe_blacklist"]),
        never("collects what must not be probed", &[
            "*populate_kprobe_blacklist", "kprobe_add_*_blacklist", "add_module_kprobe_blacklist",
        ]),
        never("forgets what must not be probed", &[
            "kprobe_remove_*_blacklist", "remove_module_kprobe_blacklist",
        ]),
        never("lets several kprobes share an address", &[
            "init_aggr_kprobe", "alloc_aggr_kprobe", "free_aggr_kprobe",
        ]),
        never("runs the handlers of kprobes that share an address", &["aggr_*_handler"]),
        never("disarms the kprobes of a module that goes", &[
            "kill_*kprobe", "kprobes_module_callback",
        ]),
        never("runs and keeps kprobes", &["kprobe_*"]),
        never("counts the hits that a kprobe missed", &["kprobes_inc_nmissed_count"]),
        never("replaces a breakpoint by a jump and back", &[
            "*optimize_*kprobe*", "*optimize_kprobe*", "*optimized_kprobe*",
        ]),
        never("replaces breakpoints by jumps and back", &["do_*optimize_kprobes"]),
        never("waits until kprobes reached their final form", &["wait_for_kprobe_optimizer*"]),
        never("runs the handlers of a kprobe that is a jump", &[
            "optimized_callback", "opt_pre_handler",
        ]),
        never("holds probed instructions", &[
            "__get_insn_slot", "__free_insn_slot", "collect_garbage_slots",
        ]),
        never("puts kprobes into x86 code", &["arch_*kprobe*"]),
        never("tells whether an address can be probed", &["can_probe"]),
        never("tells whether a kprobe can be a jump", &["can_optimize"]),
        never("tells whether an instruction can run out of line", &["can_boost"]),
        never("reads what is under a probe", &["*recover_*probed_insn*"]),
        never("copies the instruction under a probe", &["__copy_instruction"]),
        never("steps over the instruction under a probe", &[
            "setup_singlestep", "resume_singlestep",
        ]),
        never("handles a probe that is hit in a probe", &["reenter_kprobe"]),
        never("catches functions that return", &["*kretprobe*", "*rethook*"]),
        never("turns the optimization of kprobes on and off", &[
            "proc_kprobes_optimization_handler",
        ]),
        never("arms and disarms all kprobes at once", &["write_enabled_file_bool"]),
    ],
};

/// What makes chosen functions fail to test their callers, with a list of its own of what may.
#[rustfmt::skip]
pub(super) const ERROR_INJECTION: Family = Family {
    name: "error injection",
    lines: &[
        never("tells where errors may be injected", &["within_error_injection_list"]),
        never("tells which errors may be injected", &["get_injectable_error_type"]),
        never("collects where errors may be injected", &[
            "populate_*error_injection_list", "module_load_ei_list", "ei_module_callback",
        ]),
        never("forgets where errors may be injected", &["module_unload_ei_list"]),
        never("keeps injected errors within what a function returns", &["adjust_error_retval"]),
        never("checks which error is injected", &["fei_retval_set"]),
        never("injects errors", &["fei_kprobe_handler"]),
        never("makes a probed function return", &["override_function_with_return"]),
        never("tells where BPF may inject errors", &[
            "trace_kprobe_error_injectable", "addrs_check_error_injection_list",
        ]),
    ],
};

/// What redirects the entry of a function.
#[rustfmt::skip]
pub(super) const FTRACE: Family = Family {
    name: "ftrace",
    lines: &[
        never("redirects the entries of functions", &["ftrace_*", "__ftrace_*", "arch_ftrace_*"]),
        never("adds and removes function tracers", &["*register_ftrace_function*", "*_ftrace_ops"]),
        never("adds and removes direct calls", &["*register_ftrace_direct*"]),
        never("changes direct calls", &["*modify_ftrace_direct*"]),
        never("changes what traced functions call", &["update_ftrace_*"]),
        never("adds and removes return tracers", &["*register_ftrace_graph"]),
        never("keeps redirections from colliding", &["*_direct_functions_*ipmodify"]),
        never("tells direct callers of redirections", &["share_direct_function"]),
        never("tells who traces a function", &["ops_references_ip"]),
        never("holds the functions that are traced", &["*_ftrace_hash*"]),
        never("catches functions that return", &["prepare_ftrace_return", "function_graph_enter*"]),
        never("tells which code belongs to ftrace", &["is_ftrace_trampoline"]),
        never("calls what a function was redirected to", &["call_direct_funcs"]),
    ],
};

/// What changes the code of the running kernel.
#[rustfmt::skip]
pub(super) const TEXT_PATCHING: Family = Family {
    name: "text patching",
    lines: &[
        never("writes to the code of the kernel", &["*text_poke*"]),
        never("makes a CPU see changed code", &["do_sync_core"]),
        never("runs what a breakpoint stands for", &["int3_exception_notify"]),
        never("halts all CPUs while code changes", &[
            "stop_machine*", "multi_cpu_stop", "stop_core_cpuslocked",
        ]),
        never("makes a CPU run something at once", &["stop_one_cpu*"]),
        never("makes CPUs run something at once", &[
            "stop_two_cpus", "stop_cpus", "cpu_stop_queue_*",
        ]),
        never("allocates memory for code", &["execmem_*"]),
        never("changes what a static call goes to", &[
            "*static_call_update*", "*static_call_transform",
        ]),
        never("sets up the static calls of modules", &[
            "static_call_*_module", "static_call_module_notify",
        ]),
        never("tells which code static calls own", &["*static_call_*text_reserved"]),
        never("switches branches that are compiled in", &[
            "*jump_label_*", "static_key_*", "__static_key_*",
        ]),
        never("fits code to the CPU and its flaws", &["apply_alternatives"]),
        never("closes indirect branches to speculation", &["apply_retpolines"]),
        never("closes returns to speculation", &["apply_returns"]),
        never("removes needless targets of indirect branches", &["apply_seal_endbr"]),
        never("checks the targets of indirect branches", &["apply_fineibt"]),
        never("closes indirect branches of modules to speculation", &["its_*_mod"]),
        never("closes returns of modules to speculation", &["callthunks_patch_module_calls"]),
        never("fits the code of a module to the CPU", &["module_finalize"]),
    ],
};

/// What attaches BPF programs to functions, those of LSMs among them.
#[rustfmt::skip]
pub(super) const TRAMPOLINES: Family = Family {
    name: "bpf trampolines",
    lines: &[
        errno("attaches BPF programs to functions", &[
            "bpf_trampoline_link_*", "__bpf_trampoline_link_prog", "bpf_trampoline_multi_attach",
            "bpf_trampoline_add_prog",
        ]),
        errno("checks which program may be replaced", &["bpf_freplace_check_tgt_prog"]),
        never("detaches BPF programs from functions", &["*bpf_trampoline_unlink_*"]),
        never("builds the code that calls BPF programs", &[
            "bpf_trampoline_update*", "*arch_prepare_bpf_trampoline",
        ]),
        never("write-protects the code that calls BPF programs", &["arch_protect_bpf_trampoline"]),
        never("makes a function call BPF programs", &["*modify_fentry*", "*register_fentry*"]),
        never("lets BPF and livepatches share a function", &["bpf_tramp_ftrace_ops_func"]),
        never("tells which BPF programs do not run", &[
            "bpf_trampoline_skip_prog", "arch_bpf_trampoline_skip",
        ]),
        never("runs BPF programs", &["__bpf_prog_enter*", "__bpf_prog_exit*"]),
        never("keeps the code that calls BPF programs", &["__bpf_tramp_*"]),
    ],
};

/// What replaces functions by fixed ones.
#[rustfmt::skip]
pub(super) const LIVEPATCH: Family = Family {
    name: "livepatch",
    lines: &[
        never("replaces functions by fixed ones", &["klp_*", "__klp_*"]),
        never("tells whether a task still runs old code", &[
            "stack_trace_save_tsk_reliable", "arch_stack_walk_reliable",
        ]),
    ],
};

/// What turns names into addresses, and tells what lies at an address.
#[rustfmt::skip]
pub(super) const SYMBOLS: Family = Family {
    name: "symbols",
    lines: &[
        never("finds symbols", &["kallsyms_*", "get_symbol_*"]),
        never("finds the symbols of modules", &["*module_kallsyms_*", "*find_kallsyms_symbol*"]),
        never("lists the symbols of modules", &["module_get_kallsym"]),
        never("names an address in a module", &["module_address_lookup"]),
        never("names an address", &["lookup_*symbol_name", "*sprint_symbol*"]),
        never("finds symbols that are exported", &[
            "lookup_exported_symbol", "find_symbol", "*symbol_get",
        ]),
        never("takes in the symbols of a module", &["add_kallsyms", "layout_symtab"]),
        never("lists symbols", &["get_ksymbol_*"]),
        never("tells whether an address is code", &[
            "core_kernel_text", "*kernel_text_address", "func_ptr_is_kernel_text",
        ]),
        never("finds where a failed access continues", &[
            "search_*exception_table*", "search_module_extables",
        ]),
        never("reads memory that may not be there", &["copy_from_kernel_nofault*"]),
    ],
};

/// What knows the types of functions.
#[rustfmt::skip]
pub(super) const TYPES: Family = Family {
    name: "btf",
    lines: &[
        never("gives the types of the kernel", &["bpf_get_btf_vmlinux"]),
        never("gives the types of a module", &["btf_get_module_btf"]),
        never("keeps a module while its types are used", &["btf_try_get_module"]),
        never("takes in the types of a module", &["btf_module_notify", "btf_parse_module"]),
        never("takes in the types of the kernel", &["btf_parse_vmlinux"]),
        never("finds types by name", &["bpf_find_btf_id", "btf_find_by_name_kind*"]),
        never("tells whether types can be searched by name", &["btf_check_sorted"]),
        never("finds types by number", &["btf_type_by_id"]),
        never("finds what a type stands for", &["btf_type_skip_*", "btf_type_resolve_*"]),
        never("tells how large a type is", &["*btf_resolve_size", "btf_type_id_size"]),
        never("gives the name of a type", &["btf_*name_by_offset", "btf_str_by_offset"]),
        never("tells how many types there are", &["btf_nr_types"]),
        never("tells which types build on which", &["btf_base_btf"]),
        never("tells whose types these are", &["btf_is_kernel", "btf_is_module", "btf_is_vmlinux"]),
        never("keeps types while they are used", &["btf_get", "btf_put"]),
    ],
};

/// What the files of security modules below /sys/kernel/security are made of.
#[rustfmt::skip]
pub(super) const CONTROL_FILES: Family = Family {
    name: "control files",
    lines: &[
        never("keeps the files of security modules", &["securityfs_*"]),
        never("tells which security modules are active", &["lsm_read"]),
        never("opens a file that is written as it is read", &["seq_open*"]),
        never("reads a file that is written as it is read", &["seq_read*"]),
        never("fills a file that is written as it is read", &[
            "seq_write", "seq_putc", "__seq_puts", "seq_printf", "seq_vprintf",
        ]),
        never("keeps names in files from posing as text", &["seq_escape_mem", "seq_mangle_path"]),
        never("moves within a file that is written as it is read", &["seq_lseek", "traverse"]),
        never("closes a file that is written as it is read", &["seq_release*"]),
        never("opens a file that is written in one piece", &["single_open*"]),
        never("reads a file that is written in one piece", &[
            "single_start", "single_next", "single_stop",
        ]),
        never("closes a file that is written in one piece", &["single_release*"]),
        never("copies an answer to user space", &["simple_read_from_buffer"]),
        never("copies a command from user space", &["simple_write_to_buffer"]),
        never("answers a command in a file", &["simple_transaction_*"]),
        never("copies an answer", &["memory_read_from_buffer"]),
        never("keeps a file system of the kernel mounted", &["simple_pin_fs", "simple_release_fs"]),
        never("makes files of the kernel", &["simple_start_creating", "simple_done_creating"]),
        never("removes files of the kernel", &[
            "*simple_recursive_removal", "locked_recursive_removal",
        ]),
        never("looks up files of the kernel", &["simple_lookup"]),
        never("moves within a file", &["default_llseek", "vfs_llseek"]),
    ],
};

/// What writes the audit log.
#[rustfmt::skip]
pub(super) const AUDIT_LOG: Family = Family {
    name: "audit log",
    lines: &[
        never("writes audit records", &["audit_log", "audit_log_*", "__audit_log_*"]),
        never("holds an audit record that is written", &["audit_buffer_*", "audit_expand"]),
        never("numbers audit events", &["audit_serial", "audit*_get_stamp"]),
        never("tells whether audit records are dropped", &["audit_rate_check"]),
        never("does what is to be done when records are lost", &["audit_panic"]),
        never("keeps names in records from posing as fields", &["audit_string_contains_control"]),
        never("talks to the audit daemon", &["auditd_*"]),
        never("sends audit records", &["kauditd_*"]),
        never("answers the audit daemon", &["audit_send_*", "audit_make_reply"]),
        never("keeps a working audit daemon from being replaced", &["audit_replace"]),
        never("takes records and commands from user space", &["audit_receive*"]),
        never("tells who may talk to the audit system", &["audit_netlink_ok"]),
        never("lets readers of the audit log in", &["audit_multicast_*"]),
        never("sets up the socket of the audit system", &["audit_net_*"]),
        never("keeps changes of the audit system apart", &["audit_ctl_*"]),
        never("tells which security modules audit names", &["audit_cfg_lsm"]),
        never("tells at which terminal a task runs", &["audit_get_tty"]),
        never("writes the records of security modules", &[
            "common_lsm_audit", "dump_common_audit_data",
        ]),
        never("puts packets into audit records", &[
            "ipv4_skb_to_auditdata", "ipv6_skb_to_auditdata",
        ]),
        never("puts addresses into audit records", &["print_ipv4_addr", "print_ipv6_addr"]),
        never("writes audit records of packets", &["xt_AUDIT:audit_tg", "xt_AUDIT:audit_tg_ebt"]),
        never("writes audit records of denied accesses", &[
            "audit_inode_permission", "slow_avc_audit",
        ]),
    ],
};

/// What decides which audit records are written.
#[rustfmt::skip]
pub(super) const AUDIT_RULES: Family = Family {
    name: "audit rules",
    lines: &[
        never("tells which events are recorded", &["audit_filter*", "__audit_filter_op"]),
        never("compares an event with an audit rule", &[
            "audit_field_compare", "audit_compare_*", "audit_*comparator", "audit_match_*",
        ]),
        never("compares a system call with an audit rule", &["audit_in_mask"]),
        never("compares a file with an audit rule", &[
            "audit_*_compare", "audit_tree_match", "audit_tree_lookup", "match_tree_refs",
        ]),
        never("tells what kind of system call this is", &["audit_classify_*"]),
        never("collects the kinds of system calls", &["audit_register_class"]),
        never("changes how the audit system works", &["audit_set_*", "audit_do_config_change"]),
        never("tells how the audit system works", &["audit_get_feature", "is_audit_feature_set"]),
        never("frees audit rules", &["audit_free_rule*"]),
        never("keeps audit rules up to date", &["audit_update_*", "update_lsm_rule"]),
        never("copies audit rules", &["audit_dupe_*"]),
        never("removes what audit rules watch", &["audit_remove_*", "audit_autoremove_mark_rule"]),
        never("follows the files that audit rules watch", &["audit_*_handle_event"]),
        never("lists audit rules", &["audit_list_rules*"]),
        never("keeps the trees that audit rules watch", &["audit_trim_trees", "audit_kill_trees"]),
        errno("adds and deletes audit rules", &["audit_rule_change"]),
        errno("adds audit rules", &["audit_add_*"]),
        errno("deletes audit rules", &["audit_del_rule"]),
        errno("reads audit rules", &[
            "audit_data_to_entry", "audit_unpack_string", "audit_to_watch", "audit_make_tree",
            "audit_alloc_mark",
        ]),
        errno("checks audit rules", &["audit_field_valid"]),
        errno("changes the trees that audit rules watch", &["audit_tag_tree"]),
        errno("marks the trees that audit rules watch", &["tag_mounts", "tag_chunk"]),
    ],
};

/// What collects what a task does for its audit record.
#[rustfmt::skip]
pub(super) const AUDIT_CONTEXT: Family = Family {
    name: "audit context",
    lines: &[
        never("collects what a task does for its record", &["__audit_*"]),
        never("makes the audit context of a task", &["audit_alloc", "audit_alloc_context"]),
        never("collects the files that a task touches", &["audit_alloc_name"]),
        never("empties the audit context of a task", &["audit_reset_context", "audit_free_*"]),
        never("collects what a task touches", &["audit_copy_*"]),
        never("finds the program that a task runs", &["get_mm_exe_file", "get_task_exe_file"]),
        never("collects who ended the audit daemon", &["audit_signal_info*"]),
        never("records tasks that crash", &["audit_core_dumps"]),
        never("records what seccomp denied", &["audit_seccomp*"]),
        never("collects trees that are no longer watched", &["audit_killed_trees"]),
        never("sets who a session belongs to", &["proc_loginuid_write"]),
    ],
};

/// What tells security modules and subsystems what happened.
#[rustfmt::skip]
pub(super) const NOTIFIERS: Family = Family {
    name: "notifier chains",
    lines: &[
        never("tells subscribers what happened", &[
            "notifier_call_chain*", "blocking_notifier_call_chain*", "atomic_notifier_call_chain*",
            "raw_notifier_call_chain*", "srcu_notifier_call_chain",
        ]),
        never("adds and removes subscribers", &["*notifier_chain_*register*"]),
        never("adds and removes subscribers to modules", &["*register_module_notifier"]),
        never("adds and removes subscribers to exceptions", &["*register_die_notifier"]),
        never("tells subscribers about exceptions", &["notify_die"]),
        never("adds and removes subscribers to policies", &["*register_blocking_lsm_notifier"]),
        never("tells that a security policy changed", &["call_blocking_lsm_notifier"]),
    ],
};

/// What finds modules, and keeps them from going while they are in use.
#[rustfmt::skip]
pub(super) const MODULES: Family = Family {
    name: "module references",
    lines: &[
        never("keeps a module from going", &[
            "try_module_get", "__module_get", "*strong_try_module_get",
        ]),
        never("lets a module go", &["module_put"]),
        never("tells whether a module is in use", &["module_refcount", "try_stop_module"]),
        never("finds the module at an address", &[
            "__module_address", "__module_text_address", "mod_find", "*mod_tree_*",
            "*mod_update_bounds",
        ]),
        never("tells whether an address is in a module", &["is_module_*address"]),
        never("finds a module by name", &["find_module*"]),
        never("lists modules", &["module_for_each_mod"]),
    ],
};

/// What marks a kernel that is no longer what was built.
#[rustfmt::skip]
pub(super) const TAINT: Family = Family {
    name: "taint",
    lines: &[
        never("marks the kernel as changed", &["add_taint*"]),
        never("tells whether the kernel is marked as changed", &["test_taint"]),
        never("tells how the kernel is marked", &["get_taint"]),
        never("shows how the kernel is marked", &["proc_taint", "print_tainted*"]),
    ],
};

/// Killswitch.
#[rustfmt::skip]
pub(super) const KILLSWITCH: Family = Family {
    name: "killswitch",
    lines: &[
        never("is part of Killswitch", &["killswitch_*", "*10killswitch*"]),
    ],
};

/// What every part of the kernel that is written in Rust calls.
#[rustfmt::skip]
pub(super) const RUST: Family = Family {
    name: "rust support",
    lines: &[
        never("lets Rust code call the kernel", &["rust_helper_*"]),
        never("prints what Rust code prints", &["rust_fmt_argument"]),
        never("is part of the kernel crate", &["_R*_6kernel*"]),
        never("is part of the core library of Rust", &["_R*_4core*"]),
        never("sets up what Rust code allocates", &["_R*_8pin_init*"]),
        never("stops Rust code that panics", &["_R*17rust_begin_unwind"]),
        never("allocates memory for Rust code", &[
            "krealloc_node_align*", "kvrealloc_node_align*", "vrealloc_node_align*",
        ]),
    ],
};

/// What waits until no task can be on its way to what is taken away.
#[rustfmt::skip]
pub(super) const GRACE_PERIODS: Family = Family {
    name: "rcu tasks",
    lines: &[
        never("waits for all tasks", &[
            "*synchronize_rcu_tasks*", "call_rcu_tasks*", "rcu_barrier_tasks*", "*rcu_tasks_*",
        ]),
        never("tells that a task ends", &["exit_tasks_rcu_*"]),
        never("tells which tasks are still waited for", &["check_*holdout_task*"]),
        never("keeps track of waiting for tasks", &["cblist_init_generic"]),
    ],
};

/// What the framework of the security modules does for all of them.
#[rustfmt::skip]
pub(super) const LSM_FRAMEWORK: Family = Family {
    name: "lsm framework",
    lines: &[
        never("holds what security modules know of an object", &["lsm_*_alloc"]),
        never("tells which security modules are active", &["lsm_is_enabled"]),
        never("tells user space the context of a task", &["lsm_fill_user_ctx"]),
        never("tells attributes of security modules apart", &["lsm_name_to_attr"]),
        never("sets the lowest address that may be mapped", &[
            "update_mmap_min_addr", "mmap_min_addr_handler",
        ]),
    ],
};
