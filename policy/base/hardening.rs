// SPDX-License-Identifier: GPL-2.0-only

//! Functions by which the kernel protects itself and its processes: filters, checks of memory
//! accesses, page protection, detection of exploits, and limits.

use super::{
    never,
    zero,
    Family, //
};

/// Functions that keep code read-only and data not executable.
#[rustfmt::skip]
pub(super) const PAGE_PROTECTION: Family = Family {
    name: "page protection",
    lines: &[
        never("changes the protection of kernel pages", &[
            "set_memory_*", "__change_page_attr_set_clr", "split_kernel_leaf_mapping", "split_pmd",
            "split_pud",
        ]),
    ],
};

/// Detection of corrupted kernel memory.
#[rustfmt::skip]
pub(super) const EXPLOIT_DETECTION: Family = Family {
    name: "exploit detection",
    lines: &[
        never("shuffles the heap", &["cache_random_seq_create"]),
        never("separates the memory of different users", &[
            "__vma_start_*", "swap_dup_*", "swap_pte_batch", "copy_huge_p*d", "skb_pp_*",
            "should_failslab", "obj_cgroup_*", "netdev_rx_queue_*", "get_file_active",
        ]),
        never("stores objects and keeps their users apart", &[
            "xa_*", "__xa_*", "ida_*", "*rhashtable_walk_*", "*rt_mutex_*",
        ]),
    ],
};

/// Functions that confine devices to their memory.
#[rustfmt::skip]
pub(super) const DMA: Family = Family {
    name: "DMA protection",
    lines: &[
        never("lets a device bypass the IOMMU", &["context_setup_pass_through"]),
    ],
};

/// Protections of processes: shadow stacks, protection keys, segments.
#[rustfmt::skip]
pub(super) const USER_PROTECTION: Family = Family {
    name: "process protection",
    lines: &[
        never("chooses a protection key", &["__execute_only_pkey"]),
        zero("decides whether old system calls work", &[
            "emulate_vsyscall_*", "__emulate_vsyscall",
        ]),
    ],
};
