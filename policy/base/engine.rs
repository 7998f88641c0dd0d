// SPDX-License-Identifier: GPL-2.0-only

//! What Killswitch itself stands on: how it finds, probes and patches functions, and its reports.

use super::{errno, never, Family};

/// What puts a probe on a function, keeps it armed, and runs its handler.
pub(super) const PROBING: Family = Family {
    name: "kprobes",
    entries: &[
        never("*register_kprobe*", "registers and unregisters kprobes"),
        never("*arm_kprobe*", "arms and disarms kprobes"),
        never("*arm_all_kprobes", "arms and disarms all kprobes"),
        never("enable_kprobe", "arms a kprobe again"),
        never("*disable_kprobe", "disarms a kprobe"),
        never("*get_kprobe", "finds the kprobe at an address"),
        never("*kprobe_addr", "finds where a kprobe goes"),
        never(
            "check_kprobe_address_safe",
            "keeps kprobes from where they do harm",
        ),
        never(
            "check_ftrace_location",
            "tells whether a kprobe goes through ftrace",
        ),
        never("*within_kprobe_blacklist", "tells what must not be probed"),
        never(
            "*populate_kprobe_blacklist",
            "collects what must not be probed",
        ),
        never("kprobe_add_*_blacklist", "collects what must not be probed"),
        never(
            "kprobe_remove_*_blacklist",
            "forgets what must not be probed",
        ),
        never(
            "add_module_kprobe_blacklist",
            "collects what must not be probed",
        ),
        never(
            "remove_module_kprobe_blacklist",
            "forgets what must not be probed",
        ),
        never("init_aggr_kprobe", "lets several kprobes share an address"),
        never("alloc_aggr_kprobe", "lets several kprobes share an address"),
        never("free_aggr_kprobe", "lets several kprobes share an address"),
        never(
            "aggr_*_handler",
            "runs the handlers of kprobes that share an address",
        ),
        never("kill_*kprobe", "disarms the kprobes of a module that goes"),
        never(
            "kprobes_module_callback",
            "disarms the kprobes of a module that goes",
        ),
        never("kprobe_*", "runs and keeps kprobes"),
        never(
            "kprobes_inc_nmissed_count",
            "counts the hits that a kprobe missed",
        ),
        never(
            "*optimize_*kprobe*",
            "replaces a breakpoint by a jump and back",
        ),
        never(
            "*optimize_kprobe*",
            "replaces a breakpoint by a jump and back",
        ),
        never(
            "do_*optimize_kprobes",
            "replaces breakpoints by jumps and back",
        ),
        never(
            "*optimized_kprobe*",
            "replaces a breakpoint by a jump and back",
        ),
        never(
            "wait_for_kprobe_optimizer*",
            "waits until kprobes reached their final form",
        ),
        never(
            "optimized_callback",
            "runs the handlers of a kprobe that is a jump",
        ),
        never(
            "opt_pre_handler",
            "runs the handlers of a kprobe that is a jump",
        ),
        never("__get_insn_slot", "holds probed instructions"),
        never("__free_insn_slot", "holds probed instructions"),
        never("collect_garbage_slots", "holds probed instructions"),
        never("arch_*kprobe*", "puts kprobes into x86 code"),
        never("can_probe", "tells whether an address can be probed"),
        never("can_optimize", "tells whether a kprobe can be a jump"),
        never(
            "can_boost",
            "tells whether an instruction can run out of line",
        ),
        never("*recover_*probed_insn*", "reads what is under a probe"),
        never("__copy_instruction", "copies the instruction under a probe"),
        never(
            "setup_singlestep",
            "steps over the instruction under a probe",
        ),
        never(
            "resume_singlestep",
            "steps over the instruction under a probe",
        ),
        never("reenter_kprobe", "handles a probe that is hit in a probe"),
        never("*kretprobe*", "catches functions that return"),
        never("*rethook*", "catches functions that return"),
        never(
            "proc_kprobes_optimization_handler",
            "turns the optimization of kprobes on and off",
        ),
        never(
            "write_enabled_file_bool",
            "arms and disarms all kprobes at once",
        ),
    ],
};

/// What makes chosen functions fail to test their callers, with a list of its own of what may.
pub(super) const ERROR_INJECTION: Family = Family {
    name: "error injection",
    entries: &[
        never(
            "within_error_injection_list",
            "tells where errors may be injected",
        ),
        never(
            "get_injectable_error_type",
            "tells which errors may be injected",
        ),
        never(
            "populate_*error_injection_list",
            "collects where errors may be injected",
        ),
        never(
            "module_load_ei_list",
            "collects where errors may be injected",
        ),
        never(
            "module_unload_ei_list",
            "forgets where errors may be injected",
        ),
        never(
            "ei_module_callback",
            "collects where errors may be injected",
        ),
        never(
            "adjust_error_retval",
            "keeps injected errors within what a function returns",
        ),
        never("fei_retval_set", "checks which error is injected"),
        never("fei_kprobe_handler", "injects errors"),
        never(
            "override_function_with_return",
            "makes a probed function return",
        ),
        never(
            "trace_kprobe_error_injectable",
            "tells where BPF may inject errors",
        ),
        never(
            "addrs_check_error_injection_list",
            "tells where BPF may inject errors",
        ),
    ],
};

/// What redirects the entry of a function.
pub(super) const FTRACE: Family = Family {
    name: "ftrace",
    entries: &[
        never("ftrace_*", "redirects the entries of functions"),
        never("__ftrace_*", "redirects the entries of functions"),
        never("arch_ftrace_*", "redirects the entries of functions"),
        never(
            "*register_ftrace_function*",
            "adds and removes function tracers",
        ),
        never("*register_ftrace_direct*", "adds and removes direct calls"),
        never("*modify_ftrace_direct*", "changes direct calls"),
        never("update_ftrace_*", "changes what traced functions call"),
        never("*register_ftrace_graph", "adds and removes return tracers"),
        never("*_ftrace_ops", "adds and removes function tracers"),
        never(
            "*_direct_functions_*ipmodify",
            "keeps redirections from colliding",
        ),
        never("*_ftrace_hash*", "holds the functions that are traced"),
        never("prepare_ftrace_return", "catches functions that return"),
        never("function_graph_enter*", "catches functions that return"),
        never("is_ftrace_trampoline", "tells which code belongs to ftrace"),
        never(
            "call_direct_funcs",
            "calls what a function was redirected to",
        ),
    ],
};

/// What changes the code of the running kernel.
pub(super) const TEXT_PATCHING: Family = Family {
    name: "text patching",
    entries: &[
        never("*text_poke*", "writes to the code of the kernel"),
        never("do_sync_core", "makes a CPU see changed code"),
        never("int3_exception_notify", "runs what a breakpoint stands for"),
        never("stop_machine*", "halts all CPUs while code changes"),
        never("multi_cpu_stop", "halts all CPUs while code changes"),
        never("stop_core_cpuslocked", "halts all CPUs while code changes"),
        never("stop_one_cpu*", "makes a CPU run something at once"),
        never("stop_two_cpus", "makes CPUs run something at once"),
        never("stop_cpus", "makes CPUs run something at once"),
        never("cpu_stop_queue_*", "makes CPUs run something at once"),
        never("execmem_*", "allocates memory for code"),
        never("*static_call_update*", "changes what a static call goes to"),
        never(
            "*static_call_transform",
            "changes what a static call goes to",
        ),
        never(
            "static_call_*_module",
            "sets up the static calls of modules",
        ),
        never(
            "static_call_module_notify",
            "sets up the static calls of modules",
        ),
        never(
            "*static_call_*text_reserved",
            "tells which code static calls own",
        ),
        never("*jump_label_*", "switches branches that are compiled in"),
        never("static_key_*", "switches branches that are compiled in"),
        never("__static_key_*", "switches branches that are compiled in"),
        never("apply_alternatives", "fits code to the CPU and its flaws"),
        never(
            "apply_retpolines",
            "closes indirect branches to speculation",
        ),
        never("apply_returns", "closes returns to speculation"),
        never(
            "apply_seal_endbr",
            "removes needless targets of indirect branches",
        ),
        never("apply_fineibt", "checks the targets of indirect branches"),
        never(
            "its_*_mod",
            "closes indirect branches of modules to speculation",
        ),
        never(
            "callthunks_patch_module_calls",
            "closes returns of modules to speculation",
        ),
        never("module_finalize", "fits the code of a module to the CPU"),
    ],
};

/// What attaches BPF programs to functions, those of LSMs among them.
pub(super) const TRAMPOLINES: Family = Family {
    name: "bpf trampolines",
    entries: &[
        errno(
            "bpf_trampoline_link_*",
            "attaches BPF programs to functions",
        ),
        errno(
            "__bpf_trampoline_link_prog",
            "attaches BPF programs to functions",
        ),
        errno(
            "bpf_trampoline_multi_attach",
            "attaches BPF programs to functions",
        ),
        errno(
            "bpf_trampoline_add_prog",
            "attaches BPF programs to functions",
        ),
        errno(
            "bpf_freplace_check_tgt_prog",
            "checks which program may be replaced",
        ),
        never(
            "*bpf_trampoline_unlink_*",
            "detaches BPF programs from functions",
        ),
        never(
            "bpf_trampoline_update*",
            "builds the code that calls BPF programs",
        ),
        never(
            "*arch_prepare_bpf_trampoline",
            "builds the code that calls BPF programs",
        ),
        never(
            "arch_protect_bpf_trampoline",
            "write-protects the code that calls BPF programs",
        ),
        never("*modify_fentry*", "makes a function call BPF programs"),
        never("*register_fentry*", "makes a function call BPF programs"),
        never(
            "bpf_tramp_ftrace_ops_func",
            "lets BPF and livepatches share a function",
        ),
        never(
            "bpf_trampoline_skip_prog",
            "tells which BPF programs do not run",
        ),
        never(
            "arch_bpf_trampoline_skip",
            "tells which BPF programs do not run",
        ),
        never("__bpf_prog_enter*", "runs BPF programs"),
        never("__bpf_prog_exit*", "runs BPF programs"),
        never("__bpf_tramp_*", "keeps the code that calls BPF programs"),
    ],
};

/// What replaces functions by fixed ones.
pub(super) const LIVEPATCH: Family = Family {
    name: "livepatch",
    entries: &[
        never("klp_*", "replaces functions by fixed ones"),
        never("__klp_*", "replaces functions by fixed ones"),
        never(
            "stack_trace_save_tsk_reliable",
            "tells whether a task still runs old code",
        ),
        never(
            "arch_stack_walk_reliable",
            "tells whether a task still runs old code",
        ),
    ],
};

/// What turns names into addresses, and tells what lies at an address.
pub(super) const SYMBOLS: Family = Family {
    name: "symbols",
    entries: &[
        never("kallsyms_*", "finds symbols"),
        never("*module_kallsyms_*", "finds the symbols of modules"),
        never("*find_kallsyms_symbol*", "finds the symbols of modules"),
        never("module_get_kallsym", "lists the symbols of modules"),
        never("module_address_lookup", "names an address in a module"),
        never("lookup_*symbol_name", "names an address"),
        never("lookup_exported_symbol", "finds symbols that are exported"),
        never("add_kallsyms", "takes in the symbols of a module"),
        never("layout_symtab", "takes in the symbols of a module"),
        never("find_symbol", "finds symbols that are exported"),
        never("*symbol_get", "finds symbols that are exported"),
        never("get_symbol_*", "finds symbols"),
        never("get_ksymbol_*", "lists symbols"),
        never("*sprint_symbol*", "names an address"),
        never("core_kernel_text", "tells whether an address is code"),
        never("*kernel_text_address", "tells whether an address is code"),
        never(
            "func_ptr_is_kernel_text",
            "tells whether an address is code",
        ),
        never(
            "search_*exception_table*",
            "finds where a failed access continues",
        ),
        never(
            "search_module_extables",
            "finds where a failed access continues",
        ),
        never(
            "copy_from_kernel_nofault*",
            "reads memory that may not be there",
        ),
    ],
};

/// What knows the types of functions.
pub(super) const TYPES: Family = Family {
    name: "btf",
    entries: &[
        never("bpf_get_btf_vmlinux", "gives the types of the kernel"),
        never("btf_get_module_btf", "gives the types of a module"),
        never(
            "btf_try_get_module",
            "keeps a module while its types are used",
        ),
        never("btf_module_notify", "takes in the types of a module"),
        never("btf_parse_module", "takes in the types of a module"),
        never("btf_parse_vmlinux", "takes in the types of the kernel"),
        never("bpf_find_btf_id", "finds types by name"),
        never("btf_find_by_name_kind*", "finds types by name"),
        never(
            "btf_check_sorted",
            "tells whether types can be searched by name",
        ),
        never("btf_type_by_id", "finds types by number"),
        never("btf_type_skip_*", "finds what a type stands for"),
        never("btf_type_resolve_*", "finds what a type stands for"),
        never("*btf_resolve_size", "tells how large a type is"),
        never("btf_type_id_size", "tells how large a type is"),
        never("btf_*name_by_offset", "gives the name of a type"),
        never("btf_str_by_offset", "gives the name of a type"),
        never("btf_nr_types", "tells how many types there are"),
        never("btf_base_btf", "tells which types build on which"),
        never("btf_is_kernel", "tells whose types these are"),
        never("btf_is_module", "tells whose types these are"),
        never("btf_is_vmlinux", "tells whose types these are"),
        never("btf_get", "keeps types while they are used"),
        never("btf_put", "keeps types while they are used"),
    ],
};

/// What the files of security modules below /sys/kernel/security are made of.
pub(super) const CONTROL_FILES: Family = Family {
    name: "control files",
    entries: &[
        never("securityfs_*", "keeps the files of security modules"),
        never("lsm_read", "tells which security modules are active"),
        never("seq_open*", "opens a file that is written as it is read"),
        never("seq_read*", "reads a file that is written as it is read"),
        never("seq_write", "fills a file that is written as it is read"),
        never("seq_putc", "fills a file that is written as it is read"),
        never("__seq_puts", "fills a file that is written as it is read"),
        never("seq_printf", "fills a file that is written as it is read"),
        never("seq_vprintf", "fills a file that is written as it is read"),
        never("seq_escape_mem", "keeps names in files from posing as text"),
        never(
            "seq_mangle_path",
            "keeps names in files from posing as text",
        ),
        never(
            "seq_lseek",
            "moves within a file that is written as it is read",
        ),
        never(
            "seq_release*",
            "closes a file that is written as it is read",
        ),
        never(
            "traverse",
            "moves within a file that is written as it is read",
        ),
        never("single_open*", "opens a file that is written in one piece"),
        never("single_start", "reads a file that is written in one piece"),
        never("single_next", "reads a file that is written in one piece"),
        never("single_stop", "reads a file that is written in one piece"),
        never(
            "single_release*",
            "closes a file that is written in one piece",
        ),
        never("simple_read_from_buffer", "copies an answer to user space"),
        never("simple_write_to_buffer", "copies a command from user space"),
        never("simple_transaction_*", "answers a command in a file"),
        never("memory_read_from_buffer", "copies an answer"),
        never("simple_pin_fs", "keeps a file system of the kernel mounted"),
        never(
            "simple_release_fs",
            "keeps a file system of the kernel mounted",
        ),
        never("simple_start_creating", "makes files of the kernel"),
        never("simple_done_creating", "makes files of the kernel"),
        never("*simple_recursive_removal", "removes files of the kernel"),
        never("locked_recursive_removal", "removes files of the kernel"),
        never("simple_lookup", "looks up files of the kernel"),
        never("default_llseek", "moves within a file"),
        never("vfs_llseek", "moves within a file"),
    ],
};

/// What writes the audit log.
pub(super) const AUDIT_LOG: Family = Family {
    name: "audit log",
    entries: &[
        never("audit_log", "writes audit records"),
        never("audit_log_*", "writes audit records"),
        never("__audit_log_*", "writes audit records"),
        never("audit_buffer_*", "holds an audit record that is written"),
        never("audit_expand", "holds an audit record that is written"),
        never("audit_serial", "numbers audit events"),
        never("audit*_get_stamp", "numbers audit events"),
        never(
            "audit_rate_check",
            "tells whether audit records are dropped",
        ),
        never(
            "audit_panic",
            "does what is to be done when records are lost",
        ),
        never(
            "audit_string_contains_control",
            "keeps names in records from posing as fields",
        ),
        never("auditd_*", "talks to the audit daemon"),
        never("kauditd_*", "sends audit records"),
        never("audit_send_*", "answers the audit daemon"),
        never("audit_make_reply", "answers the audit daemon"),
        never(
            "audit_replace",
            "keeps a working audit daemon from being replaced",
        ),
        never(
            "audit_receive*",
            "takes records and commands from user space",
        ),
        never("audit_netlink_ok", "tells who may talk to the audit system"),
        never("audit_multicast_*", "lets readers of the audit log in"),
        never("audit_net_*", "sets up the socket of the audit system"),
        never("audit_ctl_*", "keeps changes of the audit system apart"),
        never("audit_cfg_lsm", "tells which security modules audit names"),
        never("audit_get_tty", "tells at which terminal a task runs"),
        never("common_lsm_audit", "writes the records of security modules"),
        never(
            "dump_common_audit_data",
            "writes the records of security modules",
        ),
        never("ipv4_skb_to_auditdata", "puts packets into audit records"),
        never("ipv6_skb_to_auditdata", "puts packets into audit records"),
        never("print_ipv4_addr", "puts addresses into audit records"),
        never("print_ipv6_addr", "puts addresses into audit records"),
        never("xt_AUDIT:audit_tg", "writes audit records of packets"),
        never("xt_AUDIT:audit_tg_ebt", "writes audit records of packets"),
        never(
            "audit_inode_permission",
            "writes audit records of denied accesses",
        ),
        never("slow_avc_audit", "writes audit records of denied accesses"),
    ],
};

/// What decides which audit records are written.
pub(super) const AUDIT_RULES: Family = Family {
    name: "audit rules",
    entries: &[
        never("audit_filter*", "tells which events are recorded"),
        never("__audit_filter_op", "tells which events are recorded"),
        never(
            "audit_field_compare",
            "compares an event with an audit rule",
        ),
        never("audit_compare_*", "compares an event with an audit rule"),
        never("audit_*comparator", "compares an event with an audit rule"),
        never("audit_match_*", "compares an event with an audit rule"),
        never("audit_in_mask", "compares a system call with an audit rule"),
        never("audit_*_compare", "compares a file with an audit rule"),
        never("audit_tree_match", "compares a file with an audit rule"),
        never("audit_tree_lookup", "compares a file with an audit rule"),
        never("match_tree_refs", "compares a file with an audit rule"),
        never("audit_classify_*", "tells what kind of system call this is"),
        never("audit_register_class", "collects the kinds of system calls"),
        never("audit_set_*", "changes how the audit system works"),
        never(
            "audit_do_config_change",
            "changes how the audit system works",
        ),
        never("audit_get_feature", "tells how the audit system works"),
        never("is_audit_feature_set", "tells how the audit system works"),
        never("audit_free_rule*", "frees audit rules"),
        never("audit_update_*", "keeps audit rules up to date"),
        never("update_lsm_rule", "keeps audit rules up to date"),
        never("audit_dupe_*", "copies audit rules"),
        never("audit_remove_*", "removes what audit rules watch"),
        never(
            "audit_autoremove_mark_rule",
            "removes what audit rules watch",
        ),
        never(
            "audit_*_handle_event",
            "follows the files that audit rules watch",
        ),
        never("audit_list_rules*", "lists audit rules"),
        never("audit_trim_trees", "keeps the trees that audit rules watch"),
        never("audit_kill_trees", "keeps the trees that audit rules watch"),
        errno("audit_rule_change", "adds and deletes audit rules"),
        errno("audit_add_*", "adds audit rules"),
        errno("audit_del_rule", "deletes audit rules"),
        errno("audit_data_to_entry", "reads audit rules"),
        errno("audit_field_valid", "checks audit rules"),
        errno("audit_unpack_string", "reads audit rules"),
        errno("audit_to_watch", "reads audit rules"),
        errno("audit_make_tree", "reads audit rules"),
        errno("audit_alloc_mark", "reads audit rules"),
        errno("audit_tag_tree", "changes the trees that audit rules watch"),
        errno("tag_mounts", "marks the trees that audit rules watch"),
        errno("tag_chunk", "marks the trees that audit rules watch"),
    ],
};

/// What collects what a task does for its audit record.
pub(super) const AUDIT_CONTEXT: Family = Family {
    name: "audit context",
    entries: &[
        never("__audit_*", "collects what a task does for its record"),
        never("audit_alloc", "makes the audit context of a task"),
        never("audit_alloc_context", "makes the audit context of a task"),
        never("audit_alloc_name", "collects the files that a task touches"),
        never("audit_reset_context", "empties the audit context of a task"),
        never("audit_free_*", "empties the audit context of a task"),
        never("audit_copy_*", "collects what a task touches"),
        never("get_mm_exe_file", "finds the program that a task runs"),
        never("get_task_exe_file", "finds the program that a task runs"),
        never("audit_signal_info*", "collects who ended the audit daemon"),
        never("audit_core_dumps", "records tasks that crash"),
        never("audit_seccomp*", "records what seccomp denied"),
        never(
            "audit_killed_trees",
            "collects trees that are no longer watched",
        ),
        never("proc_loginuid_write", "sets who a session belongs to"),
    ],
};

/// What tells security modules and subsystems what happened.
pub(super) const NOTIFIERS: Family = Family {
    name: "notifier chains",
    entries: &[
        never("notifier_call_chain*", "tells subscribers what happened"),
        never(
            "blocking_notifier_call_chain*",
            "tells subscribers what happened",
        ),
        never(
            "atomic_notifier_call_chain*",
            "tells subscribers what happened",
        ),
        never(
            "raw_notifier_call_chain*",
            "tells subscribers what happened",
        ),
        never(
            "srcu_notifier_call_chain",
            "tells subscribers what happened",
        ),
        never("*notifier_chain_*register*", "adds and removes subscribers"),
        never(
            "*register_module_notifier",
            "adds and removes subscribers to modules",
        ),
        never(
            "*register_die_notifier",
            "adds and removes subscribers to exceptions",
        ),
        never("notify_die", "tells subscribers about exceptions"),
        never(
            "*register_blocking_lsm_notifier",
            "adds and removes subscribers to policies",
        ),
        never(
            "call_blocking_lsm_notifier",
            "tells that a security policy changed",
        ),
    ],
};

/// What finds modules, and keeps them from going while they are in use.
pub(super) const MODULES: Family = Family {
    name: "module references",
    entries: &[
        never("try_module_get", "keeps a module from going"),
        never("__module_get", "keeps a module from going"),
        never("module_put", "lets a module go"),
        never("*strong_try_module_get", "keeps a module from going"),
        never("module_refcount", "tells whether a module is in use"),
        never("try_stop_module", "tells whether a module is in use"),
        never("__module_address", "finds the module at an address"),
        never("__module_text_address", "finds the module at an address"),
        never(
            "is_module_*address",
            "tells whether an address is in a module",
        ),
        never("find_module*", "finds a module by name"),
        never("module_for_each_mod", "lists modules"),
        never("mod_find", "finds the module at an address"),
        never("*mod_tree_*", "finds the module at an address"),
        never("*mod_update_bounds", "finds the module at an address"),
    ],
};

/// What marks a kernel that is no longer what was built.
pub(super) const TAINT: Family = Family {
    name: "taint",
    entries: &[
        never("add_taint*", "marks the kernel as changed"),
        never(
            "test_taint",
            "tells whether the kernel is marked as changed",
        ),
        never("get_taint", "tells how the kernel is marked"),
        never("proc_taint", "shows how the kernel is marked"),
        never("print_tainted*", "shows how the kernel is marked"),
    ],
};

/// Killswitch.
pub(super) const KILLSWITCH: Family = Family {
    name: "killswitch",
    entries: &[
        never("killswitch_*", "is part of Killswitch"),
        never("*10killswitch*", "is part of Killswitch"),
    ],
};

/// What every part of the kernel that is written in Rust calls.
pub(super) const RUST: Family = Family {
    name: "rust support",
    entries: &[
        never("rust_helper_*", "lets Rust code call the kernel"),
        never("rust_fmt_argument", "prints what Rust code prints"),
        never("_R*_6kernel*", "is part of the kernel crate"),
        never("_R*_4core*", "is part of the core library of Rust"),
        never("_R*_8pin_init*", "sets up what Rust code allocates"),
        never("_R*17rust_begin_unwind", "stops Rust code that panics"),
        never("krealloc_node_align*", "allocates memory for Rust code"),
        never("kvrealloc_node_align*", "allocates memory for Rust code"),
        never("vrealloc_node_align*", "allocates memory for Rust code"),
    ],
};

/// What waits until no task can be on its way to what is taken away.
pub(super) const GRACE_PERIODS: Family = Family {
    name: "rcu tasks",
    entries: &[
        never("*synchronize_rcu_tasks*", "waits for all tasks"),
        never("call_rcu_tasks*", "waits for all tasks"),
        never("rcu_barrier_tasks*", "waits for all tasks"),
        never("*rcu_tasks_*", "waits for all tasks"),
        never("exit_tasks_rcu_*", "tells that a task ends"),
        never(
            "check_*holdout_task*",
            "tells which tasks are still waited for",
        ),
        never("cblist_init_generic", "keeps track of waiting for tasks"),
    ],
};

/// What the framework of the security modules does for all of them.
pub(super) const LSM_FRAMEWORK: Family = Family {
    name: "lsm framework",
    entries: &[
        never(
            "lsm_*_alloc",
            "holds what security modules know of an object",
        ),
        never("lsm_is_enabled", "tells which security modules are active"),
        never(
            "lsm_fill_user_ctx",
            "tells user space the context of a task",
        ),
        never(
            "lsm_name_to_attr",
            "tells attributes of security modules apart",
        ),
        never(
            "update_mmap_min_addr",
            "sets the lowest address that may be mapped",
        ),
        never(
            "mmap_min_addr_handler",
            "sets the lowest address that may be mapped",
        ),
    ],
};
