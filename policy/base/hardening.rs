// SPDX-License-Identifier: GPL-2.0-only

//! Functions by which the kernel protects itself and its processes: filters, checks of memory
//! accesses, page protection, detection of exploits, and limits.

use super::{
    errno,
    never,
    one,
    zero,
    Family, //
};

/// What installs and runs the system call filters of tasks.
#[rustfmt::skip]
pub(super) const SECCOMP: Family = Family {
    name: "seccomp",
    lines: &[
        never("decides whether a system call is permitted", &[
            "__seccomp_permit_syscall", "__seccomp_filter", "secure_computing_strict",
            "__secure_computing_strict",
        ]),
        never("runs the filters of a task", &[
            "seccomp_run_filters", "syscall_trace_enter", "trace_syscall_enter",
        ]),
        never("asks a supervisor about a system call", &["seccomp_do_user_notification"]),
        never("exempts a system call from the filters", &["seccomp_uprobe_exception"]),
        errno("validates a filter", &["seccomp_check_filter", "seccomp_prepare_filter"]),
        errno("reads a filter", &["seccomp_prepare_user_filter"]),
        errno("installs a filter", &["seccomp_attach_filter", "seccomp_set_mode_filter"]),
        errno("confines a task", &["seccomp_set_mode_strict", "prctl_set_seccomp", "do_seccomp"]),
        zero("decides what system calls are never filtered", &["seccomp_is_const_allow"]),
        never("remembers what system calls are never filtered", &[
            "seccomp_cache_prepare", "seccomp_cache_prepare_bitmap",
        ]),
        never("describes a system call to the filters", &["populate_seccomp_data"]),
        one("refuses a second supervisor", &["has_duplicate_listener"]),
        never("gives a new task the filters of its parent", &["copy_seccomp"]),
        never("keeps the filters of a task", &["get_seccomp_filter", "__get_seccomp_filter"]),
        never("drops the filters of a dead task", &["seccomp_filter_release"]),
        never("turns on mitigations for a filtered task", &["arch_seccomp_spec_mitigate"]),
    ],
};

/// What bounds copies between the kernel and its users, and within the kernel.
#[rustfmt::skip]
pub(super) const USERCOPY: Family = Family {
    name: "usercopy and fortify",
    lines: &[
        never("checks the bounds of a copy", &["__check_object_size"]),
        never("checks the bounds of a copy from the heap", &["__check_heap_object"]),
        never("checks the bounds of a copy from the stack", &["check_stack_object"]),
        never("stops a copy that is out of bounds", &["usercopy_abort"]),
        never("stops an access that is out of bounds", &["__fortify_panic"]),
        never("reports an access that is out of bounds", &["__fortify_report"]),
        never("reports a copy that is out of bounds", &["__copy_overflow"]),
        zero("decides what memory may be read", &["copy_from_kernel_nofault_allowed"]),
        errno("checks that unknown fields are zero", &["check_zeroed_user"]),
        never("handles a fault of a copy", &["ex_handler_uaccess", "ex_handler_ucopy_len"]),
        zero("recognizes a copy to a bad address", &["gp_fault_address_ok"]),
    ],
};

/// What keeps code read-only and data not executable.
#[rustfmt::skip]
pub(super) const PAGE_PROTECTION: Family = Family {
    name: "page protection",
    lines: &[
        never("makes constants of the kernel read-only", &["mark_rodata_ro", "mark_readonly"]),
        never("changes the protection of kernel pages", &[
            "set_memory_*", "set_pages_*", "set_direct_map_*", "change_page_attr_set_clr",
            "__change_page_attr", "__change_page_attr_set_clr", "cpa_process_alias",
            "split_set_pte", "__split_large_page",
        ]),
        never("flushes old page protection", &["cpa_flush"]),
        never("unmaps free pages", &["__kernel_map_pages"]),
        never("keeps the code of the kernel read-only", &[
            "protect_kernel_text", "protect_kernel_text_ro",
        ]),
        never("keeps constants of the kernel read-only", &["protect_rodata"]),
        never("looks for pages both writable and executable", &["ptdump_walk_pgd_level_checkwx"]),
        never("reports pages both writable and executable", &["note_wx"]),
        never("changes code of the kernel", &[
            "text_poke*", "__text_poke", "smp_text_poke*", "__smp_text_poke*",
        ]),
        never("patches checks of indirect calls", &["__apply_fineibt"]),
        never("removes targets of indirect calls", &["poison_endbr", "poison_cfi"]),
        never("allocates guarded branches", &["its_alloc"]),
        never("allocates a guarded branch", &["its_allocate_thunk"]),
        never("guards branches of a module", &["its_init_mod"]),
        never("protects guarded branches of a module", &["its_fini_mod"]),
        never("protects guarded branches", &["its_pages_protect"]),
        never("patches code of the kernel", &[
            "arch_jump_label_transform*", "arch_static_call_transform", "__static_call_transform",
        ]),
        never("allocates memory for code", &["__execmem_cache_alloc"]),
        never("frees memory for code", &["__execmem_cache_free"]),
        errno("protects the pages of a module", &[
            "module_enable_rodata_ro", "module_enable_text_rox", "module_enable_data_nx",
        ]),
        never("keeps write protection on", &["native_write_cr0"]),
        never("keeps execution and access prevention on", &["native_write_cr4"]),
        never("changes what the processor prevents", &["cr4_update_irqsoff"]),
        never("computes the protection of a page", &["vm_get_page_prot"]),
        never("computes the protection of a mapping", &["vma_set_page_prot"]),
        never("changes the protection of a mapping", &[
            "change_protection", "change_protection_range", "hugetlb_change_protection",
        ]),
        errno("changes the protection of a mapping", &["mprotect_fixup", "do_mprotect_pkey"]),
        zero("decides whether a page may be made writable", &[
            "can_change_pte_writable", "can_change_private_pte_writable",
            "can_change_shared_pte_writable",
        ]),
        errno("sets the protection of the stack", &["setup_arg_pages"]),
        errno("validates a page fault", &["sanitize_fault_flags"]),
        never("handles an expected fault of the kernel", &["fixup_exception"]),
    ],
};

/// What keeps processes out of the memory of the kernel and of devices.
#[rustfmt::skip]
pub(super) const PHYSICAL_MEMORY: Family = Family {
    name: "physical memory",
    lines: &[
        zero("decides what physical memory may be accessed", &[
            "devmem_is_allowed", "valid_phys_addr_range",
        ]),
        zero("decides what physical memory may be mapped", &[
            "pfn_modify_allowed", "phys_mem_access_prot_allowed", "valid_mmap_phys_addr_range",
            "range_is_allowed",
        ]),
        never("answers whether memory is mapped encrypted", &["phys_mem_access_encrypted"]),
        errno("reads physical memory", &["read_mem"]),
        errno("writes physical memory", &["write_mem"]),
        errno("maps physical memory", &["mmap_mem_prepare"]),
        one("answers whether a driver owns a range", &[
            "iomem_is_exclusive", "resource_is_exclusive",
        ]),
        never("takes a range from processes", &["revoke_iomem"]),
        never("answers whether a range is memory", &["pat_pagerange_is_ram"]),
        never("refuses to map memory as a device", &[
            "__ioremap_check_ram", "__ioremap_check_mem", "iomem_map_sanity_check",
        ]),
        never("answers whether a range is mapped encrypted", &[
            "__ioremap_check_other", "__ioremap_check_encrypted", "memremap_should_map_decrypted",
            "arch_memremap_can_ram_remap",
        ]),
        errno("keeps the cache modes of memory apart", &[
            "memtype_reserve", "reserve_pfn_range", "pfnmap_track",
        ]),
        zero("answers whether an address is memory", &["__virt_addr_valid"]),
    ],
};

/// What notices that memory of the kernel was corrupted, and reacts.
#[rustfmt::skip]
pub(super) const EXPLOIT_DETECTION: Family = Family {
    name: "exploit detection",
    lines: &[
        never("stops a reference count that overflowed", &["refcount_warn_saturate"]),
        never("reports undefined behaviour", &["__ubsan_handle_*"]),
        never("handles a failed check", &[
            "handle_bug", "handle_invalid_op", "report_bug", "report_bug_entry", "__report_bug",
            "find_bug",
        ]),
        never("describes undefined behaviour", &["report_ubsan_failure"]),
        never("stops a function whose stack was overwritten", &["__stack_chk_fail"]),
        never("stops a task whose stack overflowed", &["handle_stack_overflow"]),
        zero("detects a corrupted list", &[
            "__list_add_valid_or_report", "__list_del_entry_valid_or_report",
        ]),
        never("detects a corrupted heap", &[
            "check_slab", "check_object", "check_bytes_and_report", "check_pad_bytes",
            "on_freelist", "alloc_debug_processing", "free_debug_processing",
            "alloc_consistency_checks", "free_consistency_checks", "slab_pad_check",
        ]),
        never("reports a corrupted heap", &["object_err", "__slab_err", "__slab_bug"]),
        never("reports a corrupted page", &["bad_page", "check_new_page_bad"]),
        never("detects a corrupted page", &[
            "check_new_page", "free_page_is_bad", "free_tail_page_prepare",
        ]),
        never("describes a corrupted page", &["page_bad_reason"]),
        never("reports a corrupted page table", &["print_bad_page_map"]),
        never("detects a page that is mapped twice", &[
            "__page_table_check_*", "page_table_check_*",
        ]),
        never("reports a memory error", &["kfence_report_error", "kasan_report*"]),
        never("detects a memory error", &[
            "kfence_handle_fault", "check_canary", "kasan_check_range", "__kasan_check_*",
            "kfence_protect", "check_canary_byte", "check_slab_allocation",
        ]),
        never("reports uninitialized memory", &["kmsan_report"]),
        never("handles a violation of control flow", &[
            "exc_control_protection", "do_kernel_cp_fault", "do_user_cp_fault", "do_unexpected_cp",
            "handle_cfi_failure",
        ]),
        never("reports a violation of control flow", &["report_cfi_failure"]),
        never("recognizes a violation of control flow", &["is_cfi_trap", "decode_fineibt_insn"]),
        never("describes a violation of control flow", &["decode_cfi_insn"]),
        never("erases the kernel stack", &[
            "stackleak_erase", "stackleak_erase_*", "__stackleak_erase",
        ]),
        never("measures the kernel stack", &["__sanitizer_cov_stack_depth"]),
        never("shuffles the heap", &[
            "cache_random_seq_create", "freelist_randomize", "init_cache_random_seq",
        ]),
        never("describes a tainted kernel", &["print_tainted"]),
        never("stops a task on a bad access", &[
            "page_fault_oops", "bad_area_access_error", "bad_area_nosemaphore",
            "__bad_area_nosemaphore",
        ]),
        never("handles a bad access of the kernel", &["kernelmode_fixup_or_oops"]),
        never("handles a bad access to kernel memory", &["do_kern_addr_fault"]),
        one("decides whether an access faults", &["access_error"]),
        zero("recognizes a fault to be repeated", &["spurious_kernel_fault"]),
        never("detects a misused heap", &["kmem_cache_sanity_check"]),
    ],
};

/// What decides how much memory a task may map, lock and reach.
#[rustfmt::skip]
pub(super) const MEMORY_LIMITS: Family = Family {
    name: "memory limits",
    lines: &[
        zero("enforces the limit on mappings", &["may_expand_vm"]),
        zero("enforces the limit on locked memory", &["mlock_future_ok", "user_shm_lock"]),
        zero("decides whether a task may lock memory", &["can_do_mlock"]),
        errno("enforces the limit on locked memory", &["account_locked_vm", "__account_locked_vm"]),
        errno("enforces the limit on committed memory", &["__vm_enough_memory"]),
        errno("decides who may use reserved memory", &["cap_vm_enough_memory"]),
        errno("enforces the limit on data", &["check_brk_limits"]),
        errno("enforces the limit on the stack", &["acct_stack_growth"]),
        errno("keeps a gap below the stack", &["expand_downwards"]),
        errno("enforces the limit on arguments", &["bprm_stack_limits"]),
        zero("decides what addresses may be mapped", &["mmap_address_hint_valid"]),
        errno("decides what addresses may be mapped", &["__get_unmapped_area"]),
        zero("decides what mappings may be served", &[
            "vma_can_userfault", "anon_can_userfault", "hugetlb_can_userfault",
            "shmem_can_userfault",
        ]),
        zero("decides who may serve kernel faults", &["userfaultfd_syscall_allowed"]),
        errno("decides what may be served", &["userfaultfd_api"]),
        errno("decides who may serve kernel faults", &["userfaultfd_dev_ioctl"]),
        zero("decides what mappings may be filled", &["validate_dst_vma"]),
        errno("decides what mappings may be moved", &["validate_move_areas"]),
        zero("keeps sealed mappings unchanged", &["can_madvise_modify"]),
        one("looks for holes in what is sealed", &["range_contains_unmapped"]),
        errno("seals mappings", &["mseal_range", "__mseal_range"]),
        errno("decides whether a mapping may be moved", &["check_prep_vma"]),
        errno("decides whether a mapping may be accessed", &["check_vma_flags"]),
        zero("decides whether a mapping may be accessed", &["vma_permits_fault"]),
        zero("decides whether file pages may be pinned", &["writable_file_mapping_allowed"]),
        zero("decides whether a page may be pinned", &["gup_fast_folio_allowed"]),
        zero("validates how pages are pinned", &["is_valid_gup_args"]),
        zero("decides whether pages may be evicted", &["can_do_file_pageout"]),
        errno("decides who may poison memory", &["madvise_inject_error"]),
        one("recognizes secret memory", &["vma_is_secretmem"]),
        errno("hides secret memory", &["secretmem_mmap_prepare", "secretmem_fault"]),
        zero("decides whether a shared page may be written", &[
            "wp_can_reuse_anon_folio", "__wp_can_reuse_large_anon_folio",
        ]),
    ],
};

/// What hides kernel addresses and randomizes the layout of memory.
#[rustfmt::skip]
pub(super) const ADDRESS_HIDING: Family = Family {
    name: "address hiding",
    lines: &[
        zero("decides who may see kernel addresses", &["kallsyms_show_value"]),
        never("hides a kernel address", &["restricted_pointer", "default_pointer", "ptr_to_id"]),
        errno("hides a kernel address", &["ptr_to_hashval", "__ptr_to_hashval"]),
        errno("chooses the key that hides addresses", &["fill_ptr_key"]),
        never("randomizes mappings", &["arch_rnd", "arch_pick_mmap_layout", "arch_pick_mmap_base"]),
        never("randomizes the stack of a process", &["arch_align_stack", "randomize_stack_top"]),
        never("randomizes the kernel", &["kaslr_get_random_long"]),
    ],
};

/// What guards against speculative execution and splits the page tables.
#[rustfmt::skip]
pub(super) const CPU_MITIGATIONS: Family = Family {
    name: "CPU mitigations",
    lines: &[
        never("controls speculation", &[
            "update_spec_ctrl", "update_spec_ctrl_cond", "x86_spec_ctrl_setup_ap",
        ]),
        never("controls speculation of guests", &["x86_virt_spec_ctrl"]),
        never("controls speculation of a task", &[
            "speculation_ctrl_update", "__speculation_ctrl_update",
            "speculation_ctrl_update_current", "speculation_ctrl_update_tif",
            "task_update_spec_tif", "amd_set_core_ssb_state",
        ]),
        never("switches mitigations with the task", &["__switch_to_xtra"]),
        errno("controls speculation of a task", &[
            "arch_prctl_spec_ctrl_set", "ib_prctl_set", "ssb_prctl_set",
        ]),
        errno("controls cache flushes of a task", &["l1d_flush_prctl_set"]),
        never("flushes the cache between tasks", &["l1d_flush_evaluate"]),
        never("flushes branch predictions between tasks", &["cond_mitigation"]),
        never("flushes branch predictions", &["__bpf_arch_ibpb", "write_ibpb"]),
        never("controls sibling threads", &[
            "cpu_bugs_smt_update", "arch_smt_update", "update_stibp_msr", "update_stibp_strict",
        ]),
        never("controls branch predictions", &["update_indir_branch_cond"]),
        never("flushes buffers when idle", &["update_mds_branch_idle"]),
        never("controls the leak of random numbers", &["update_srbds_msr"]),
        never("controls the leak of gathered data", &["update_gds_msr"]),
        zero("answers whether a module is mitigated", &["retpoline_module_ok"]),
        never("guards indirect branches", &["__x86_indirect_*thunk*"]),
        never("guards returns", &["__x86_return_thunk", "*_return_thunk", "srso_*safe_ret"]),
        never("flushes return predictions", &["*_untrain_ret"]),
        never("flushes branch history", &["clear_bhb_loop"]),
        never("reports a return that is not guarded", &["__warn_thunk"]),
        never("keeps the kernel out of user page tables", &[
            "__pti_set_user_pgtbl", "pti_finalize",
        ]),
        never("flushes old translations", &[
            "native_flush_tlb_*", "flush_tlb_*", "arch_tlbbatch_flush",
        ]),
        never("switches page tables", &["load_new_mm_cr3"]),
        never("answers whether a mitigation is wanted", &["cpu_attack_vector_mitigated"]),
        never("answers whether mitigations are off", &["cpu_mitigations_off"]),
    ],
};

/// What confines devices to the memory that they were given.
#[rustfmt::skip]
pub(super) const DMA: Family = Family {
    name: "DMA protection",
    lines: &[
        never("finds what memory a device may access", &[
            "iommu_get_dma_domain", "iommu_get_domain_for_dev",
        ]),
        errno("confines a device", &[
            "iommu_attach_device", "__iommu_attach_device", "iommu_setup_default_domain",
            "iommu_probe_device", "__iommu_probe_device", "iommu_deferred_attach",
        ]),
        errno("confines a group of devices", &[
            "iommu_attach_group", "__iommu_attach_group", "__iommu_group_set_domain_internal",
        ]),
        errno("confines a process on a device", &["iommu_attach_device_pasid"]),
        never("confines a device again", &["iommu_detach_device"]),
        never("confines a group of devices again", &[
            "iommu_detach_group", "__iommu_group_set_core_domain",
        ]),
        never("confines a process on a device", &["iommu_detach_device_pasid"]),
        errno("decides who may drive a device", &[
            "iommu_device_claim_dma_owner", "iommu_group_claim_dma_owner",
            "__iommu_take_dma_ownership", "iommu_device_use_default_domain",
        ]),
        one("answers whether a device is in use", &["iommu_group_dma_owner_claimed"]),
        zero("answers whether interrupts are confined", &["iommu_group_has_isolated_msi"]),
        zero("answers what confines a device", &[
            "device_iommu_capable", "amd_iommu_capable", "intel_iommu_capable",
        ]),
        never("decides how a device is confined", &[
            "iommu_get_default_domain_type", "iommu_get_def_domain_type",
        ]),
        zero("answers whether devices are not confined", &["iommu_default_passthrough"]),
        never("leaves devices unconfined", &["iommu_set_default_passthrough"]),
        never("confines devices", &["iommu_set_default_translated"]),
        never("flushes old translations at once", &["iommu_set_dma_strict"]),
        errno("changes how a device is confined", &["iommu_group_store_type"]),
        errno("reserves what a device may not access", &["iommu_dma_init_domain"]),
        never("takes memory from a device", &[
            "iommu_unmap", "iommu_unmap_fast", "__iommu_unmap", "__iommu_unmap_domain_pgtbl",
            "__iommu_dma_unmap", "iommu_dma_unmap_phys", "iommu_dma_unmap_sg",
        ]),
        never("flushes old translations of devices", &[
            "fq_flush_iotlb", "cache_tag_flush_*", "intel_iommu_tlb_sync", "intel_flush_iotlb_all",
            "qi_flush_*", "amd_iommu_domain_flush_*", "amd_iommu_flush_*",
        ]),
        never("turns confinement on", &["iommu_enable_translation"]),
        never("turns confinement off", &["iommu_disable_translation"]),
        never("confines a device", &["device_block_translation"]),
        never("leaves a device unconfined", &["context_setup_pass_through"]),
        zero("decides whether a device may translate", &[
            "dmar_ats_supported", "pci_ats_supported",
        ]),
        one("decides whether a device is trusted", &["risky_device"]),
        one("answers whether a device is trusted", &["dev_is_untrusted"]),
        one("decides whether a device gets copies", &["dev_use_swiotlb", "dev_use_sg_swiotlb"]),
        never("copies memory for a device", &["swiotlb_bounce"]),
        errno("decides whether a device may translate", &["pci_enable_ats", "pci_prepare_ats"]),
        zero("answers whether devices are kept apart", &[
            "pci_acs_enabled", "pci_acs_path_enabled",
        ]),
        never("keeps devices apart", &["pci_enable_acs"]),
        never("decides what devices are kept apart", &["pci_device_group"]),
        never("remembers that a device is not trusted", &["set_pcie_untrusted"]),
        never("remembers that a port is external", &["pci_acpi_set_external_facing"]),
    ],
};

/// What stops, marks and reports on a kernel that can no longer be trusted.
#[rustfmt::skip]
pub(super) const PANIC: Family = Family {
    name: "panic and taint",
    lines: &[
        never("stops the kernel", &[
            "panic", "vpanic", "nmi_panic", "panic_try_start", "panic_other_cpus_shutdown",
        ]),
        never("marks the kernel as tainted", &["add_taint"]),
        never("marks a module as tainted", &["add_taint_module"]),
        never("stops the kernel after a warning", &["check_panic_on_warn"]),
        never("stops a task after an error of the kernel", &[
            "die", "__die", "die_addr", "oops_end", "make_task_dead", "rewind_stack_and_make_dead",
        ]),
        never("starts the report of an error", &["oops_begin", "oops_enter"]),
        never("ends the report of an error", &["oops_exit"]),
        never("decides whether an error is reported", &["oops_may_print"]),
        never("reports an error of the kernel", &["__warn", "__warn_printk", "warn_slowpath_fmt"]),
    ],
};

/// What clears memory before others get it.
#[rustfmt::skip]
pub(super) const MEMORY_INIT: Family = Family {
    name: "memory initialization",
    lines: &[
        never("clears secrets before their memory is free", &["kvfree_sensitive"]),
        never("clears memory for a process", &["folio_zero_user", "clear_contig_highpages"]),
        never("clears memory on allocation", &["clear_highpages_kasan_tagged"]),
        never("fills free memory with a pattern", &["init_object", "__kernel_poison_pages"]),
        never("clears pointers of the heap", &["maybe_wipe_obj_freeptr"]),
        never("checks the pattern of free memory", &[
            "__kernel_unpoison_pages", "check_poison_mem",
        ]),
    ],
};

/// What guards processes: shadow stacks, protection keys, segments.
#[rustfmt::skip]
pub(super) const USER_PROTECTION: Family = Family {
    name: "process protection",
    lines: &[
        errno("controls the shadow stack of a task", &["shstk_prctl"]),
        errno("gives a task a shadow stack", &["shstk_setup"]),
        errno("turns a shadow stack off", &["shstk_disable"]),
        errno("decides who may write shadow stacks", &["wrss_control"]),
        errno("protects the return from a signal", &[
            "shstk_push_sigframe", "setup_signal_shadow_stack",
        ]),
        errno("verifies the return from a signal", &[
            "shstk_pop_sigframe", "restore_signal_shadow_stack",
        ]),
        errno("verifies a return", &["shstk_pop"]),
        errno("sets the rights of a protection key", &["arch_set_user_pkey_access"]),
        never("chooses a protection key", &[
            "__arch_override_mprotect_pkey", "__execute_only_pkey",
        ]),
        never("resets protection keys on exec", &["pkru_flush_thread"]),
        never("keeps branch tracking of the kernel on", &["ibt_save", "ibt_restore"]),
        never("resets a task on exec", &["flush_thread", "arch_setup_new_exec"]),
        zero("decides whether old system calls work", &["*emulate_vsyscall*"]),
        never("handles an instruction of a task", &["fixup_iopl_exception"]),
        errno("maps a shadow stack", &["vm_mmap_shadow_stack"]),
        errno("decides what registers a task may use", &["xstate_request_perm"]),
    ],
};

/// What decides about the privileges that a program gets and loses on exec.
#[rustfmt::skip]
pub(super) const EXECUTION: Family = Family {
    name: "exec",
    lines: &[
        never("gives a program its set-ID credentials", &["bprm_fill_uid"]),
        errno("gives a program its credentials", &["bprm_creds_from_file", "prepare_bprm_creds"]),
        never("refuses privileges to a traced program", &["check_unsafe_exec"]),
        never("protects a program that may not be read", &["would_dump"]),
        errno("drops what a program may not keep", &["begin_new_exec"]),
        never("drops what a program may not keep", &["setup_new_exec"]),
        never("sets the limits of a program", &["finalize_exec"]),
        errno("runs a program", &["bprm_execve", "exec_binprm", "search_binary_handler"]),
        errno("reads a program", &["prepare_binprm"]),
        errno("stops other threads on exec", &["de_thread"]),
        errno("replaces the memory of a task", &["exec_mmap"]),
        errno("replaces the signal handlers of a task", &["unshare_sighand"]),
        never("closes files on exec", &["do_close_on_exec"]),
        never("resets signal handlers on exec", &["flush_signal_handlers"]),
        never("drops events that a program may not keep", &["perf_event_exec"]),
        never("drops timers on exec", &["posixtimer_exec"]),
        never("sets how a program is run", &["set_binfmt"]),
    ],
};

/// What decides whether and where the memory of a process is dumped.
#[rustfmt::skip]
pub(super) const COREDUMP: Family = Family {
    name: "core dumps",
    lines: &[
        zero("decides what memory is dumped", &[
            "vma_dump_size", "always_dump_vma", "dump_vma_snapshot",
        ]),
        never("warns about an unsafe dump", &["validate_coredump_safety"]),
        zero("decides where a dump is written", &["coredump_file", "coredump_parse"]),
        zero("decides who gets a dump", &["coredump_pipe"]),
        errno("sets whether privileged programs are dumped", &["proc_dointvec_minmax_coredump"]),
        errno("sets where dumps are written", &["proc_dostring_coredump"]),
    ],
};

/// What guards encrypted guests and enclaves.
#[rustfmt::skip]
pub(super) const CONFIDENTIAL: Family = Family {
    name: "confidential computing",
    lines: &[
        never("answers whether memory is encrypted", &["cc_platform_has"]),
        never("computes an encrypted mapping", &["cc_mkenc"]),
        never("computes a shared mapping", &["cc_mkdec"]),
        never("decides what memory a device shares", &["force_dma_unencrypted"]),
        never("changes what memory is encrypted", &[
            "__set_memory_enc_pgtable", "__set_memory_enc_dec", "amd_enc_status_change_prepare",
            "amd_enc_status_change_finish", "tdx_enc_status_changed",
            "tdx_enc_status_change_prepare", "tdx_enc_status_change_finish", "enc_dec_hypercall",
            "set_pages_state", "snp_set_memory_private", "snp_set_memory_shared",
        ]),
        never("accepts memory from the host", &[
            "accept_memory", "snp_accept_memory", "tdx_accept_memory", "pvalidate_pages",
        ]),
        errno("talks to the security processor", &[
            "snp_issue_guest_request", "snp_send_guest_request",
        ]),
        errno("verifies a message of the security processor", &["verify_and_dec_payload"]),
        zero("handles a request of a guest", &["tdx_handle_virt_exception"]),
        errno("talks to the host", &["sev_es_ghcb_hv_call"]),
        never("handles a request of a guest", &["vc_raw_handle_exception"]),
        errno("verifies what a guest executes", &["vc_check_opcode_bytes"]),
    ],
};

/// What verifies microcode before a processor loads it.
#[rustfmt::skip]
pub(super) const MICROCODE: Family = Family {
    name: "microcode",
    lines: &[
        zero("verifies the digest of microcode", &["verify_sha256_digest"]),
        one("decides whether microcode needs a known digest", &["need_sha_check"]),
        zero("verifies a file of microcode", &[
            "verify_container", "verify_equivalence_table", "__verify_patch_section",
            "__verify_patch_size",
        ]),
        errno("verifies a file of microcode", &["verify_patch", "intel_microcode_sanity_check"]),
    ],
};
