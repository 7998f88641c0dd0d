// SPDX-License-Identifier: GPL-2.0-only

//! The list of rule `primitive`: functions with few callers that the kernel cannot work without.
//!
//! Whatever they are made to return, the machine stops or becomes unusable.

/// Names; `*` matches any characters.
#[rustfmt::skip]
pub(super) const CORE: &[&str] = &[
    // Process life
    "kernel_clone", "copy_process", "dup_task_struct", "dup_mmap", "copy_mm", "copy_fs",
    "copy_sighand", "copy_signal", "dup_fd", "sched_fork", "alloc_pid", "kernel_wait4",
    "wait_consider_task",
    // Programs
    "do_execveat_common", "bprm_execve", "begin_new_exec", "exec_mmap", "alloc_bprm",
    "setup_arg_pages", "copy_string_kernel", "copy_strings", "kernel_execve", "load_elf_binary",
    "create_elf_tables",
    // Kernel threads
    "kthread", "__kthread_create_on_node", "kthread_park",
    // Scheduler
    "select_task_rq_fair",
    // Waiting and waking
    "bit_wait", "bit_wait_io", "folio_wait_bit_common",
    // Locks
    "__mutex_lock", "rwsem_down_read_slowpath", "rwsem_down_write_slowpath", "lockref_put_return",
    // System calls, exceptions and interrupts
    "generic_handle_irq", "generic_handle_domain_irq", "generic_exec_single",
    "smp_call_function_single_async", "__setup_irq", "request_threaded_irq", "irq_set_affinity",
    "irq_do_set_affinity", "x86_vector_alloc_irqs", "gic_*", "gicv*", "its_*affinity",
    "its_*irq*", "its_*msi*",
    // Signals
    "__send_signal_locked", "do_send_sig_info", "x64_setup_rt_frame", "force_sig_info_to_task",
    "restore_altstack",
    // Slab
    "__kmem_cache_create_args", "do_kmem_cache_create",
    // Page faults
    "__pte_alloc", "__pte_alloc_kernel", "__pmd_alloc", "__pud_alloc", "__p4d_alloc",
    "__get_user_pages", "gup_fast_fallback", "copy_page_range", "change_protection",
    // Mappings
    "__vm_munmap", "do_vmi_munmap", "do_vmi_align_munmap", "do_brk_flags", "vm_brk_flags",
    "split_vma", "__split_vma", "vma_modify", "vma_link", "insert_vm_struct", "anon_vma_fork",
    "__anon_vma_prepare", "mas_*", "mtree_*",
    // Kernel mappings
    "alloc_vmap_area", "vmap_range_noflush", "ioremap_page_range",
    // Page cache, swap and reclaim
    "__filemap_get_folio_mpol", "filemap_get_pages", "filemap_read", "generic_perform_write",
    "do_writepages", "balance_dirty_pages", "truncate_inode_folio", "folio_alloc_swap",
    "shmem_get_folio_gfp", "generic_file_read_iter",
    // Time
    "__tick_broadcast_oneshot_control", "clockevents_program_event",
    "schedule_hrtimeout_range_clock", "do_nanosleep",
    // Work queues
    "rescuer_thread", "try_to_grab_pending",
    // Path walks
    "path_init", "link_path_walk", "lookup_fast", "__lookup_slow", "step_into_slowpath",
    "pick_link", "handle_dots", "__traverse_mounts", "complete_walk", "nd_jump_root",
    "path_lookupat", "path_openat", "lookup_open", "do_dentry_open", "do_sys_openat2",
    "build_open_flags", "do_getname", "lookup_one_qstr_excl", "do_getname_kernel",
    // Dentries and inodes
    "d_alloc_parallel", "d_splice_alias_ops", "inode_init_always_gfp", "find_inode",
    "find_inode_fast", "generic_update_time",
    // Open files
    "alloc_fd", "expand_files", "alloc_fdtable", "close_fd",
    // Reading and writing
    "vfs_read", "vfs_readv", "vfs_writev", "do_readv", "do_writev", "do_iter_readv_writev",
    "vfs_iter_read", "vfs_iter_write", "kernel_read", "kernel_write", "__kernel_write_iter",
    "__import_iovec", "iovec_from_user", "iterate_dir", "vfs_fstat", "vfs_statx", "do_statx",
    "cp_new_stat", "anon_pipe_read", "anon_pipe_write", "__get_user_*",
    // Block layer
    "__blk_mq_sched_dispatch_requests", "bio_iov_iter_get_pages", "bio_split",
    // Devices
    "device_add", "__driver_probe_device", "really_probe", "bus_add_driver", "bus_add_device",
    "device_links_check_suppliers", "kobject_add", "kobject_add_internal", "devtmpfs_create_node",
    "devres_release_all", "pci_device_probe", "platform_probe", "__dma_map_sg_attrs",
    "cpuhp_invoke_callback",
    // Terminals and messages of the kernel
    "vprintk_deferred",
    // Network
    "__dev_queue_xmit", "___pskb_trim", "__skb_datagram_iter",
    // Library
    "_kstrto*", "kstrto*", "xas_find_marked", "xas_create", "radix_tree_*", "idr_alloc_u32",
    "idr_replace",
    "percpu_ref_init",
];
