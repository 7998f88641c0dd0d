// SPDX-License-Identifier: GPL-2.0-only

//! Functions by which the kernel protects itself and its processes: filters, checks of memory
//! accesses, page protection, detection of exploits, and limits.

use super::{errno, never, one, zero, Family};

/// What installs and runs the system call filters of tasks.
pub(super) const SECCOMP: Family = Family {
    name: "seccomp",
    entries: &[
        never(
            "__seccomp_permit_syscall",
            "decides whether a system call is permitted",
        ),
        never(
            "__seccomp_filter",
            "decides whether a system call is permitted",
        ),
        never("seccomp_run_filters", "runs the filters of a task"),
        never(
            "seccomp_do_user_notification",
            "asks a supervisor about a system call",
        ),
        never(
            "secure_computing_strict",
            "decides whether a system call is permitted",
        ),
        never(
            "__secure_computing_strict",
            "decides whether a system call is permitted",
        ),
        never(
            "seccomp_uprobe_exception",
            "exempts a system call from the filters",
        ),
        errno("seccomp_check_filter", "validates a filter"),
        errno("seccomp_prepare_filter", "validates a filter"),
        errno("seccomp_prepare_user_filter", "reads a filter"),
        errno("seccomp_attach_filter", "installs a filter"),
        errno("seccomp_set_mode_filter", "installs a filter"),
        errno("seccomp_set_mode_strict", "confines a task"),
        errno("prctl_set_seccomp", "confines a task"),
        errno("do_seccomp", "confines a task"),
        zero(
            "seccomp_is_const_allow",
            "decides what system calls are never filtered",
        ),
        never(
            "seccomp_cache_prepare",
            "remembers what system calls are never filtered",
        ),
        never(
            "seccomp_cache_prepare_bitmap",
            "remembers what system calls are never filtered",
        ),
        never(
            "populate_seccomp_data",
            "describes a system call to the filters",
        ),
        one("has_duplicate_listener", "refuses a second supervisor"),
        never("copy_seccomp", "gives a new task the filters of its parent"),
        never("get_seccomp_filter", "keeps the filters of a task"),
        never("__get_seccomp_filter", "keeps the filters of a task"),
        never("seccomp_filter_release", "drops the filters of a dead task"),
        never(
            "arch_seccomp_spec_mitigate",
            "turns on mitigations for a filtered task",
        ),
        never("syscall_trace_enter", "runs the filters of a task"),
        never("trace_syscall_enter", "runs the filters of a task"),
    ],
};

/// What bounds copies between the kernel and its users, and within the kernel.
pub(super) const USERCOPY: Family = Family {
    name: "usercopy and fortify",
    entries: &[
        never("__check_object_size", "checks the bounds of a copy"),
        never(
            "__check_heap_object",
            "checks the bounds of a copy from the heap",
        ),
        never(
            "check_stack_object",
            "checks the bounds of a copy from the stack",
        ),
        never("usercopy_abort", "stops a copy that is out of bounds"),
        never("__fortify_panic", "stops an access that is out of bounds"),
        never(
            "__fortify_report",
            "reports an access that is out of bounds",
        ),
        never("__copy_overflow", "reports a copy that is out of bounds"),
        zero(
            "copy_from_kernel_nofault_allowed",
            "decides what memory may be read",
        ),
        errno("check_zeroed_user", "checks that unknown fields are zero"),
        never("ex_handler_uaccess", "handles a fault of a copy"),
        never("ex_handler_ucopy_len", "handles a fault of a copy"),
        zero("gp_fault_address_ok", "recognizes a copy to a bad address"),
    ],
};

/// What keeps code read-only and data not executable.
pub(super) const PAGE_PROTECTION: Family = Family {
    name: "page protection",
    entries: &[
        never("mark_rodata_ro", "makes constants of the kernel read-only"),
        never("mark_readonly", "makes constants of the kernel read-only"),
        never("set_memory_*", "changes the protection of kernel pages"),
        never("set_pages_*", "changes the protection of kernel pages"),
        never("set_direct_map_*", "changes the protection of kernel pages"),
        never(
            "change_page_attr_set_clr",
            "changes the protection of kernel pages",
        ),
        never(
            "__change_page_attr",
            "changes the protection of kernel pages",
        ),
        never(
            "__change_page_attr_set_clr",
            "changes the protection of kernel pages",
        ),
        never(
            "cpa_process_alias",
            "changes the protection of kernel pages",
        ),
        never("cpa_flush", "flushes old page protection"),
        never("split_set_pte", "changes the protection of kernel pages"),
        never(
            "__split_large_page",
            "changes the protection of kernel pages",
        ),
        never("__kernel_map_pages", "unmaps free pages"),
        never(
            "protect_kernel_text",
            "keeps the code of the kernel read-only",
        ),
        never(
            "protect_kernel_text_ro",
            "keeps the code of the kernel read-only",
        ),
        never("protect_rodata", "keeps constants of the kernel read-only"),
        never(
            "ptdump_walk_pgd_level_checkwx",
            "looks for pages both writable and executable",
        ),
        never("note_wx", "reports pages both writable and executable"),
        never("text_poke*", "changes code of the kernel"),
        never("__text_poke", "changes code of the kernel"),
        never("smp_text_poke*", "changes code of the kernel"),
        never("__smp_text_poke*", "changes code of the kernel"),
        never("__apply_fineibt", "patches checks of indirect calls"),
        never("poison_endbr", "removes targets of indirect calls"),
        never("poison_cfi", "removes targets of indirect calls"),
        never("its_alloc", "allocates guarded branches"),
        never("its_allocate_thunk", "allocates a guarded branch"),
        never("its_init_mod", "guards branches of a module"),
        never("its_fini_mod", "protects guarded branches of a module"),
        never("its_pages_protect", "protects guarded branches"),
        never("arch_jump_label_transform*", "patches code of the kernel"),
        never("arch_static_call_transform", "patches code of the kernel"),
        never("__static_call_transform", "patches code of the kernel"),
        never("__execmem_cache_alloc", "allocates memory for code"),
        never("__execmem_cache_free", "frees memory for code"),
        errno("module_enable_rodata_ro", "protects the pages of a module"),
        errno("module_enable_text_rox", "protects the pages of a module"),
        errno("module_enable_data_nx", "protects the pages of a module"),
        never("native_write_cr0", "keeps write protection on"),
        never(
            "native_write_cr4",
            "keeps execution and access prevention on",
        ),
        never("cr4_update_irqsoff", "changes what the processor prevents"),
        never("vm_get_page_prot", "computes the protection of a page"),
        never("vma_set_page_prot", "computes the protection of a mapping"),
        never("change_protection", "changes the protection of a mapping"),
        errno("mprotect_fixup", "changes the protection of a mapping"),
        errno("do_mprotect_pkey", "changes the protection of a mapping"),
        zero(
            "can_change_pte_writable",
            "decides whether a page may be made writable",
        ),
        errno("setup_arg_pages", "sets the protection of the stack"),
        errno("sanitize_fault_flags", "validates a page fault"),
        never("fixup_exception", "handles an expected fault of the kernel"),
        never(
            "change_protection_range",
            "changes the protection of a mapping",
        ),
        never(
            "hugetlb_change_protection",
            "changes the protection of a mapping",
        ),
        zero(
            "can_change_private_pte_writable",
            "decides whether a page may be made writable",
        ),
        zero(
            "can_change_shared_pte_writable",
            "decides whether a page may be made writable",
        ),
    ],
};

/// What keeps processes out of the memory of the kernel and of devices.
pub(super) const PHYSICAL_MEMORY: Family = Family {
    name: "physical memory",
    entries: &[
        zero(
            "devmem_is_allowed",
            "decides what physical memory may be accessed",
        ),
        zero(
            "pfn_modify_allowed",
            "decides what physical memory may be mapped",
        ),
        never(
            "phys_mem_access_encrypted",
            "answers whether memory is mapped encrypted",
        ),
        zero(
            "phys_mem_access_prot_allowed",
            "decides what physical memory may be mapped",
        ),
        zero(
            "valid_phys_addr_range",
            "decides what physical memory may be accessed",
        ),
        zero(
            "valid_mmap_phys_addr_range",
            "decides what physical memory may be mapped",
        ),
        zero(
            "range_is_allowed",
            "decides what physical memory may be mapped",
        ),
        errno("read_mem", "reads physical memory"),
        errno("write_mem", "writes physical memory"),
        errno("mmap_mem_prepare", "maps physical memory"),
        one(
            "iomem_is_exclusive",
            "answers whether a driver owns a range",
        ),
        one(
            "resource_is_exclusive",
            "answers whether a driver owns a range",
        ),
        never("revoke_iomem", "takes a range from processes"),
        never("pat_pagerange_is_ram", "answers whether a range is memory"),
        never("__ioremap_check_ram", "refuses to map memory as a device"),
        never("__ioremap_check_mem", "refuses to map memory as a device"),
        never(
            "__ioremap_check_other",
            "answers whether a range is mapped encrypted",
        ),
        never(
            "__ioremap_check_encrypted",
            "answers whether a range is mapped encrypted",
        ),
        never(
            "memremap_should_map_decrypted",
            "answers whether a range is mapped encrypted",
        ),
        never(
            "arch_memremap_can_ram_remap",
            "answers whether a range is mapped encrypted",
        ),
        never(
            "iomem_map_sanity_check",
            "refuses to map memory as a device",
        ),
        errno("memtype_reserve", "keeps the cache modes of memory apart"),
        errno("reserve_pfn_range", "keeps the cache modes of memory apart"),
        errno("pfnmap_track", "keeps the cache modes of memory apart"),
        zero("__virt_addr_valid", "answers whether an address is memory"),
    ],
};

/// What notices that memory of the kernel was corrupted, and reacts.
pub(super) const EXPLOIT_DETECTION: Family = Family {
    name: "exploit detection",
    entries: &[
        never(
            "refcount_warn_saturate",
            "stops a reference count that overflowed",
        ),
        never("__ubsan_handle_*", "reports undefined behaviour"),
        never("handle_bug", "handles a failed check"),
        never("handle_invalid_op", "handles a failed check"),
        never("report_bug", "handles a failed check"),
        never("report_bug_entry", "handles a failed check"),
        never("__report_bug", "handles a failed check"),
        never("report_ubsan_failure", "describes undefined behaviour"),
        never(
            "__stack_chk_fail",
            "stops a function whose stack was overwritten",
        ),
        never(
            "handle_stack_overflow",
            "stops a task whose stack overflowed",
        ),
        zero("__list_add_valid_or_report", "detects a corrupted list"),
        zero(
            "__list_del_entry_valid_or_report",
            "detects a corrupted list",
        ),
        never("check_slab", "detects a corrupted heap"),
        never("check_object", "detects a corrupted heap"),
        never("check_bytes_and_report", "detects a corrupted heap"),
        never("check_pad_bytes", "detects a corrupted heap"),
        never("on_freelist", "detects a corrupted heap"),
        never("alloc_debug_processing", "detects a corrupted heap"),
        never("free_debug_processing", "detects a corrupted heap"),
        never("alloc_consistency_checks", "detects a corrupted heap"),
        never("free_consistency_checks", "detects a corrupted heap"),
        never("object_err", "reports a corrupted heap"),
        never("__slab_err", "reports a corrupted heap"),
        never("__slab_bug", "reports a corrupted heap"),
        never("slab_pad_check", "detects a corrupted heap"),
        never("bad_page", "reports a corrupted page"),
        never("check_new_page", "detects a corrupted page"),
        never("check_new_page_bad", "reports a corrupted page"),
        never("free_page_is_bad", "detects a corrupted page"),
        never("free_tail_page_prepare", "detects a corrupted page"),
        never("page_bad_reason", "describes a corrupted page"),
        never("print_bad_page_map", "reports a corrupted page table"),
        never(
            "__page_table_check_*",
            "detects a page that is mapped twice",
        ),
        never("page_table_check_*", "detects a page that is mapped twice"),
        never("kfence_report_error", "reports a memory error"),
        never("kfence_handle_fault", "detects a memory error"),
        never("check_canary", "detects a memory error"),
        never("kasan_report*", "reports a memory error"),
        never("kasan_check_range", "detects a memory error"),
        never("__kasan_check_*", "detects a memory error"),
        never("kmsan_report", "reports uninitialized memory"),
        never(
            "exc_control_protection",
            "handles a violation of control flow",
        ),
        never("do_kernel_cp_fault", "handles a violation of control flow"),
        never("do_user_cp_fault", "handles a violation of control flow"),
        never("do_unexpected_cp", "handles a violation of control flow"),
        never("handle_cfi_failure", "handles a violation of control flow"),
        never("report_cfi_failure", "reports a violation of control flow"),
        never("is_cfi_trap", "recognizes a violation of control flow"),
        never("decode_cfi_insn", "describes a violation of control flow"),
        never(
            "decode_fineibt_insn",
            "recognizes a violation of control flow",
        ),
        never("stackleak_erase", "erases the kernel stack"),
        never("stackleak_erase_*", "erases the kernel stack"),
        never("__stackleak_erase", "erases the kernel stack"),
        never("__sanitizer_cov_stack_depth", "measures the kernel stack"),
        never("cache_random_seq_create", "shuffles the heap"),
        never("freelist_randomize", "shuffles the heap"),
        never("init_cache_random_seq", "shuffles the heap"),
        never("print_tainted", "describes a tainted kernel"),
        never("page_fault_oops", "stops a task on a bad access"),
        never(
            "kernelmode_fixup_or_oops",
            "handles a bad access of the kernel",
        ),
        never(
            "do_kern_addr_fault",
            "handles a bad access to kernel memory",
        ),
        one("access_error", "decides whether an access faults"),
        never("bad_area_access_error", "stops a task on a bad access"),
        never("bad_area_nosemaphore", "stops a task on a bad access"),
        never("__bad_area_nosemaphore", "stops a task on a bad access"),
        zero("spurious_kernel_fault", "recognizes a fault to be repeated"),
        never("kfence_protect", "detects a memory error"),
        never("check_canary_byte", "detects a memory error"),
        never("check_slab_allocation", "detects a memory error"),
        never("kmem_cache_sanity_check", "detects a misused heap"),
    ],
};

/// What decides how much memory a task may map, lock and reach.
pub(super) const MEMORY_LIMITS: Family = Family {
    name: "memory limits",
    entries: &[
        zero("may_expand_vm", "enforces the limit on mappings"),
        zero("mlock_future_ok", "enforces the limit on locked memory"),
        zero("can_do_mlock", "decides whether a task may lock memory"),
        zero("user_shm_lock", "enforces the limit on locked memory"),
        errno("account_locked_vm", "enforces the limit on locked memory"),
        errno("__account_locked_vm", "enforces the limit on locked memory"),
        errno(
            "__vm_enough_memory",
            "enforces the limit on committed memory",
        ),
        errno(
            "cap_vm_enough_memory",
            "decides who may use reserved memory",
        ),
        errno("check_brk_limits", "enforces the limit on data"),
        errno("acct_stack_growth", "enforces the limit on the stack"),
        errno("expand_downwards", "keeps a gap below the stack"),
        errno("bprm_stack_limits", "enforces the limit on arguments"),
        zero(
            "mmap_address_hint_valid",
            "decides what addresses may be mapped",
        ),
        errno(
            "__get_unmapped_area",
            "decides what addresses may be mapped",
        ),
        zero("vma_can_userfault", "decides what mappings may be served"),
        zero("anon_can_userfault", "decides what mappings may be served"),
        zero(
            "userfaultfd_syscall_allowed",
            "decides who may serve kernel faults",
        ),
        errno("userfaultfd_api", "decides what may be served"),
        errno(
            "userfaultfd_dev_ioctl",
            "decides who may serve kernel faults",
        ),
        zero("validate_dst_vma", "decides what mappings may be filled"),
        errno("validate_move_areas", "decides what mappings may be moved"),
        zero("can_madvise_modify", "keeps sealed mappings unchanged"),
        one(
            "range_contains_unmapped",
            "looks for holes in what is sealed",
        ),
        errno("mseal_range", "seals mappings"),
        errno("__mseal_range", "seals mappings"),
        errno("check_prep_vma", "decides whether a mapping may be moved"),
        errno(
            "check_vma_flags",
            "decides whether a mapping may be accessed",
        ),
        zero(
            "vma_permits_fault",
            "decides whether a mapping may be accessed",
        ),
        zero(
            "writable_file_mapping_allowed",
            "decides whether file pages may be pinned",
        ),
        zero(
            "gup_fast_folio_allowed",
            "decides whether a page may be pinned",
        ),
        zero("is_valid_gup_args", "validates how pages are pinned"),
        zero(
            "can_do_file_pageout",
            "decides whether pages may be evicted",
        ),
        errno("madvise_inject_error", "decides who may poison memory"),
        one("vma_is_secretmem", "recognizes secret memory"),
        errno("secretmem_mmap_prepare", "hides secret memory"),
        errno("secretmem_fault", "hides secret memory"),
        zero(
            "hugetlb_can_userfault",
            "decides what mappings may be served",
        ),
        zero("shmem_can_userfault", "decides what mappings may be served"),
        zero(
            "wp_can_reuse_anon_folio",
            "decides whether a shared page may be written",
        ),
        zero(
            "__wp_can_reuse_large_anon_folio",
            "decides whether a shared page may be written",
        ),
    ],
};

/// What hides kernel addresses and randomizes the layout of memory.
pub(super) const ADDRESS_HIDING: Family = Family {
    name: "address hiding",
    entries: &[
        zero(
            "kallsyms_show_value",
            "decides who may see kernel addresses",
        ),
        never("restricted_pointer", "hides a kernel address"),
        never("default_pointer", "hides a kernel address"),
        never("ptr_to_id", "hides a kernel address"),
        errno("ptr_to_hashval", "hides a kernel address"),
        errno("__ptr_to_hashval", "hides a kernel address"),
        errno("fill_ptr_key", "chooses the key that hides addresses"),
        never("arch_rnd", "randomizes mappings"),
        never("arch_pick_mmap_layout", "randomizes mappings"),
        never("arch_pick_mmap_base", "randomizes mappings"),
        never("arch_align_stack", "randomizes the stack of a process"),
        never("randomize_stack_top", "randomizes the stack of a process"),
        never("kaslr_get_random_long", "randomizes the kernel"),
    ],
};

/// What guards against speculative execution and splits the page tables.
pub(super) const CPU_MITIGATIONS: Family = Family {
    name: "CPU mitigations",
    entries: &[
        never("update_spec_ctrl", "controls speculation"),
        never("update_spec_ctrl_cond", "controls speculation"),
        never("x86_virt_spec_ctrl", "controls speculation of guests"),
        never("x86_spec_ctrl_setup_ap", "controls speculation"),
        never("speculation_ctrl_update", "controls speculation of a task"),
        never(
            "__speculation_ctrl_update",
            "controls speculation of a task",
        ),
        never(
            "speculation_ctrl_update_current",
            "controls speculation of a task",
        ),
        never(
            "speculation_ctrl_update_tif",
            "controls speculation of a task",
        ),
        never("task_update_spec_tif", "controls speculation of a task"),
        never("amd_set_core_ssb_state", "controls speculation of a task"),
        never("__switch_to_xtra", "switches mitigations with the task"),
        errno("arch_prctl_spec_ctrl_set", "controls speculation of a task"),
        errno("ib_prctl_set", "controls speculation of a task"),
        errno("ssb_prctl_set", "controls speculation of a task"),
        errno("l1d_flush_prctl_set", "controls cache flushes of a task"),
        never("l1d_flush_evaluate", "flushes the cache between tasks"),
        never(
            "cond_mitigation",
            "flushes branch predictions between tasks",
        ),
        never("__bpf_arch_ibpb", "flushes branch predictions"),
        never("cpu_bugs_smt_update", "controls sibling threads"),
        never("arch_smt_update", "controls sibling threads"),
        never("update_indir_branch_cond", "controls branch predictions"),
        never("update_mds_branch_idle", "flushes buffers when idle"),
        never("update_srbds_msr", "controls the leak of random numbers"),
        never("update_gds_msr", "controls the leak of gathered data"),
        never("update_stibp_msr", "controls sibling threads"),
        never("update_stibp_strict", "controls sibling threads"),
        zero(
            "retpoline_module_ok",
            "answers whether a module is mitigated",
        ),
        never("__x86_indirect_*thunk*", "guards indirect branches"),
        never("__x86_return_thunk", "guards returns"),
        never("*_return_thunk", "guards returns"),
        never("*_untrain_ret", "flushes return predictions"),
        never("srso_*safe_ret", "guards returns"),
        never("write_ibpb", "flushes branch predictions"),
        never("clear_bhb_loop", "flushes branch history"),
        never("__warn_thunk", "reports a return that is not guarded"),
        never(
            "__pti_set_user_pgtbl",
            "keeps the kernel out of user page tables",
        ),
        never("pti_finalize", "keeps the kernel out of user page tables"),
        never("native_flush_tlb_*", "flushes old translations"),
        never("flush_tlb_*", "flushes old translations"),
        never("arch_tlbbatch_flush", "flushes old translations"),
        never("load_new_mm_cr3", "switches page tables"),
        never(
            "cpu_attack_vector_mitigated",
            "answers whether a mitigation is wanted",
        ),
        never("cpu_mitigations_off", "answers whether mitigations are off"),
    ],
};

/// What confines devices to the memory that they were given.
pub(super) const DMA: Family = Family {
    name: "DMA protection",
    entries: &[
        never(
            "iommu_get_dma_domain",
            "finds what memory a device may access",
        ),
        never(
            "iommu_get_domain_for_dev",
            "finds what memory a device may access",
        ),
        errno("iommu_attach_device", "confines a device"),
        errno("iommu_attach_group", "confines a group of devices"),
        errno("__iommu_attach_device", "confines a device"),
        errno("__iommu_attach_group", "confines a group of devices"),
        errno(
            "__iommu_group_set_domain_internal",
            "confines a group of devices",
        ),
        errno(
            "iommu_attach_device_pasid",
            "confines a process on a device",
        ),
        never("iommu_detach_device", "confines a device again"),
        never("iommu_detach_group", "confines a group of devices again"),
        never(
            "iommu_detach_device_pasid",
            "confines a process on a device",
        ),
        never(
            "__iommu_group_set_core_domain",
            "confines a group of devices again",
        ),
        errno(
            "iommu_device_claim_dma_owner",
            "decides who may drive a device",
        ),
        errno(
            "iommu_group_claim_dma_owner",
            "decides who may drive a device",
        ),
        errno(
            "__iommu_take_dma_ownership",
            "decides who may drive a device",
        ),
        errno(
            "iommu_device_use_default_domain",
            "decides who may drive a device",
        ),
        one(
            "iommu_group_dma_owner_claimed",
            "answers whether a device is in use",
        ),
        zero(
            "iommu_group_has_isolated_msi",
            "answers whether interrupts are confined",
        ),
        zero("device_iommu_capable", "answers what confines a device"),
        never(
            "iommu_get_default_domain_type",
            "decides how a device is confined",
        ),
        never(
            "iommu_get_def_domain_type",
            "decides how a device is confined",
        ),
        errno("iommu_setup_default_domain", "confines a device"),
        errno("iommu_probe_device", "confines a device"),
        errno("__iommu_probe_device", "confines a device"),
        zero(
            "iommu_default_passthrough",
            "answers whether devices are not confined",
        ),
        never("iommu_set_default_passthrough", "leaves devices unconfined"),
        never("iommu_set_default_translated", "confines devices"),
        never("iommu_set_dma_strict", "flushes old translations at once"),
        errno("iommu_group_store_type", "changes how a device is confined"),
        errno("iommu_deferred_attach", "confines a device"),
        errno(
            "iommu_dma_init_domain",
            "reserves what a device may not access",
        ),
        never("iommu_unmap", "takes memory from a device"),
        never("iommu_unmap_fast", "takes memory from a device"),
        never("__iommu_unmap", "takes memory from a device"),
        never("__iommu_unmap_domain_pgtbl", "takes memory from a device"),
        never("__iommu_dma_unmap", "takes memory from a device"),
        never("iommu_dma_unmap_phys", "takes memory from a device"),
        never("iommu_dma_unmap_sg", "takes memory from a device"),
        never("fq_flush_iotlb", "flushes old translations of devices"),
        never("cache_tag_flush_*", "flushes old translations of devices"),
        never(
            "intel_iommu_tlb_sync",
            "flushes old translations of devices",
        ),
        never(
            "intel_flush_iotlb_all",
            "flushes old translations of devices",
        ),
        never("qi_flush_*", "flushes old translations of devices"),
        never(
            "amd_iommu_domain_flush_*",
            "flushes old translations of devices",
        ),
        never("amd_iommu_flush_*", "flushes old translations of devices"),
        never("iommu_enable_translation", "turns confinement on"),
        never("iommu_disable_translation", "turns confinement off"),
        never("device_block_translation", "confines a device"),
        never("context_setup_pass_through", "leaves a device unconfined"),
        zero(
            "dmar_ats_supported",
            "decides whether a device may translate",
        ),
        one("risky_device", "decides whether a device is trusted"),
        one("dev_is_untrusted", "answers whether a device is trusted"),
        one("dev_use_swiotlb", "decides whether a device gets copies"),
        one("dev_use_sg_swiotlb", "decides whether a device gets copies"),
        never("swiotlb_bounce", "copies memory for a device"),
        zero(
            "pci_ats_supported",
            "decides whether a device may translate",
        ),
        errno("pci_enable_ats", "decides whether a device may translate"),
        errno("pci_prepare_ats", "decides whether a device may translate"),
        zero("pci_acs_enabled", "answers whether devices are kept apart"),
        zero(
            "pci_acs_path_enabled",
            "answers whether devices are kept apart",
        ),
        never("pci_enable_acs", "keeps devices apart"),
        never("pci_device_group", "decides what devices are kept apart"),
        never(
            "set_pcie_untrusted",
            "remembers that a device is not trusted",
        ),
        never(
            "pci_acpi_set_external_facing",
            "remembers that a port is external",
        ),
        zero("amd_iommu_capable", "answers what confines a device"),
        zero("intel_iommu_capable", "answers what confines a device"),
    ],
};

/// What stops, marks and reports on a kernel that can no longer be trusted.
pub(super) const PANIC: Family = Family {
    name: "panic and taint",
    entries: &[
        never("panic", "stops the kernel"),
        never("vpanic", "stops the kernel"),
        never("nmi_panic", "stops the kernel"),
        never("panic_try_start", "stops the kernel"),
        never("panic_other_cpus_shutdown", "stops the kernel"),
        never("add_taint", "marks the kernel as tainted"),
        never("add_taint_module", "marks a module as tainted"),
        never("check_panic_on_warn", "stops the kernel after a warning"),
        never("die", "stops a task after an error of the kernel"),
        never("__die", "stops a task after an error of the kernel"),
        never("die_addr", "stops a task after an error of the kernel"),
        never("oops_begin", "starts the report of an error"),
        never("oops_end", "stops a task after an error of the kernel"),
        never("oops_enter", "starts the report of an error"),
        never("oops_exit", "ends the report of an error"),
        never("oops_may_print", "decides whether an error is reported"),
        never(
            "make_task_dead",
            "stops a task after an error of the kernel",
        ),
        never(
            "rewind_stack_and_make_dead",
            "stops a task after an error of the kernel",
        ),
        never("__warn", "reports an error of the kernel"),
        never("__warn_printk", "reports an error of the kernel"),
        never("warn_slowpath_fmt", "reports an error of the kernel"),
    ],
};

/// What clears memory before others get it.
pub(super) const MEMORY_INIT: Family = Family {
    name: "memory initialization",
    entries: &[
        never(
            "kvfree_sensitive",
            "clears secrets before their memory is free",
        ),
        never("folio_zero_user", "clears memory for a process"),
        never("clear_contig_highpages", "clears memory for a process"),
        never(
            "clear_highpages_kasan_tagged",
            "clears memory on allocation",
        ),
        never("init_object", "fills free memory with a pattern"),
        never("maybe_wipe_obj_freeptr", "clears pointers of the heap"),
        never("__kernel_poison_pages", "fills free memory with a pattern"),
        never(
            "__kernel_unpoison_pages",
            "checks the pattern of free memory",
        ),
        never("check_poison_mem", "checks the pattern of free memory"),
    ],
};

/// What guards processes: shadow stacks, protection keys, segments.
pub(super) const USER_PROTECTION: Family = Family {
    name: "process protection",
    entries: &[
        errno("shstk_prctl", "controls the shadow stack of a task"),
        errno("shstk_setup", "gives a task a shadow stack"),
        errno("shstk_disable", "turns a shadow stack off"),
        errno("wrss_control", "decides who may write shadow stacks"),
        errno("shstk_push_sigframe", "protects the return from a signal"),
        errno("shstk_pop_sigframe", "verifies the return from a signal"),
        errno("shstk_pop", "verifies a return"),
        errno(
            "setup_signal_shadow_stack",
            "protects the return from a signal",
        ),
        errno(
            "restore_signal_shadow_stack",
            "verifies the return from a signal",
        ),
        errno(
            "arch_set_user_pkey_access",
            "sets the rights of a protection key",
        ),
        never("__arch_override_mprotect_pkey", "chooses a protection key"),
        never("__execute_only_pkey", "chooses a protection key"),
        never("pkru_flush_thread", "resets protection keys on exec"),
        never("ibt_save", "keeps branch tracking of the kernel on"),
        never("ibt_restore", "keeps branch tracking of the kernel on"),
        never("flush_thread", "resets a task on exec"),
        never("arch_setup_new_exec", "resets a task on exec"),
        zero(
            "*emulate_vsyscall*",
            "decides whether old system calls work",
        ),
        never("fixup_iopl_exception", "handles an instruction of a task"),
        errno("vm_mmap_shadow_stack", "maps a shadow stack"),
        errno(
            "xstate_request_perm",
            "decides what registers a task may use",
        ),
    ],
};

/// What decides about the privileges that a program gets and loses on exec.
pub(super) const EXECUTION: Family = Family {
    name: "exec",
    entries: &[
        never("bprm_fill_uid", "gives a program its set-ID credentials"),
        errno("bprm_creds_from_file", "gives a program its credentials"),
        errno("prepare_bprm_creds", "gives a program its credentials"),
        never(
            "check_unsafe_exec",
            "refuses privileges to a traced program",
        ),
        never("would_dump", "protects a program that may not be read"),
        errno("begin_new_exec", "drops what a program may not keep"),
        never("setup_new_exec", "drops what a program may not keep"),
        never("finalize_exec", "sets the limits of a program"),
        errno("bprm_execve", "runs a program"),
        errno("exec_binprm", "runs a program"),
        errno("search_binary_handler", "runs a program"),
        errno("prepare_binprm", "reads a program"),
        errno("de_thread", "stops other threads on exec"),
        errno("exec_mmap", "replaces the memory of a task"),
        errno("unshare_sighand", "replaces the signal handlers of a task"),
        never("do_close_on_exec", "closes files on exec"),
        never("flush_signal_handlers", "resets signal handlers on exec"),
        never(
            "perf_event_exec",
            "drops events that a program may not keep",
        ),
        never("posixtimer_exec", "drops timers on exec"),
        never("set_binfmt", "sets how a program is run"),
    ],
};

/// What decides whether and where the memory of a process is dumped.
pub(super) const COREDUMP: Family = Family {
    name: "core dumps",
    entries: &[
        zero("vma_dump_size", "decides what memory is dumped"),
        zero("always_dump_vma", "decides what memory is dumped"),
        zero("dump_vma_snapshot", "decides what memory is dumped"),
        never("validate_coredump_safety", "warns about an unsafe dump"),
        zero("coredump_file", "decides where a dump is written"),
        zero("coredump_pipe", "decides who gets a dump"),
        zero("coredump_parse", "decides where a dump is written"),
        errno(
            "proc_dointvec_minmax_coredump",
            "sets whether privileged programs are dumped",
        ),
        errno("proc_dostring_coredump", "sets where dumps are written"),
    ],
};

/// What guards encrypted guests and enclaves.
pub(super) const CONFIDENTIAL: Family = Family {
    name: "confidential computing",
    entries: &[
        never("cc_platform_has", "answers whether memory is encrypted"),
        never("cc_mkenc", "computes an encrypted mapping"),
        never("cc_mkdec", "computes a shared mapping"),
        never(
            "force_dma_unencrypted",
            "decides what memory a device shares",
        ),
        never(
            "__set_memory_enc_pgtable",
            "changes what memory is encrypted",
        ),
        never("__set_memory_enc_dec", "changes what memory is encrypted"),
        never(
            "amd_enc_status_change_prepare",
            "changes what memory is encrypted",
        ),
        never(
            "amd_enc_status_change_finish",
            "changes what memory is encrypted",
        ),
        never("tdx_enc_status_changed", "changes what memory is encrypted"),
        never(
            "tdx_enc_status_change_prepare",
            "changes what memory is encrypted",
        ),
        never(
            "tdx_enc_status_change_finish",
            "changes what memory is encrypted",
        ),
        never("enc_dec_hypercall", "changes what memory is encrypted"),
        never("accept_memory", "accepts memory from the host"),
        never("snp_accept_memory", "accepts memory from the host"),
        never("tdx_accept_memory", "accepts memory from the host"),
        never("pvalidate_pages", "accepts memory from the host"),
        never("set_pages_state", "changes what memory is encrypted"),
        never("snp_set_memory_private", "changes what memory is encrypted"),
        never("snp_set_memory_shared", "changes what memory is encrypted"),
        errno("snp_issue_guest_request", "talks to the security processor"),
        errno("snp_send_guest_request", "talks to the security processor"),
        errno(
            "verify_and_dec_payload",
            "verifies a message of the security processor",
        ),
        zero("tdx_handle_virt_exception", "handles a request of a guest"),
        errno("sev_es_ghcb_hv_call", "talks to the host"),
        never("vc_raw_handle_exception", "handles a request of a guest"),
        errno("vc_check_opcode_bytes", "verifies what a guest executes"),
    ],
};

/// What verifies microcode before a processor loads it.
pub(super) const MICROCODE: Family = Family {
    name: "microcode",
    entries: &[
        zero("verify_sha256_digest", "verifies the digest of microcode"),
        one(
            "need_sha_check",
            "decides whether microcode needs a known digest",
        ),
        zero("verify_container", "verifies a file of microcode"),
        zero("verify_equivalence_table", "verifies a file of microcode"),
        zero("__verify_patch_section", "verifies a file of microcode"),
        zero("__verify_patch_size", "verifies a file of microcode"),
        errno("verify_patch", "verifies a file of microcode"),
        errno(
            "intel_microcode_sanity_check",
            "verifies a file of microcode",
        ),
    ],
};
