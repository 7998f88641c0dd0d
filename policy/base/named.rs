// SPDX-License-Identifier: GPL-2.0-only

//! Values that are accepted although a rule refuses them: mitigations of published bugs, and values
//! that are known to stop the function and open nothing.

use super::{
    named,
    named_spared,
    Family, //
};

/// Values that a rule refuses only because it cannot see that they are harmless.
#[rustfmt::skip]
pub(super) const HARMLESS: Family = Family {
    name: "harmless answers",
    lines: &[
        named(0, "says that two buffers cannot be merged", &["skb_try_coalesce"]),
        named(2, "drops a segment", &["tcp_inbound_ao_hash"]),
        named(0, "fills in what routers add", &["ioam6_fill_trace_data"]),
        named(0, "matches nothing", &["xt_tcpmss:tcpmss_mt"]),
        named(0, "drops nothing", &["mlx5_core:mlx5e_xdp_handle"]),
        named(-1, "denies access to a process", &["__ptrace_may_access"]),
        named(-1, "mounts nothing", &["overlay:ovl_get_tree"]),
        named(-5, "finds no build ID", &["build_id_parse_file"]),
        named(-22, "keeps the size of a ring", &["io_register_resize_rings"]),
        named(1, "leaves a packet alone", &[
            "rxrpc:rxrpc_input_packet_on_conn", "rxrpc:rxrpc_encap_rcv", "tipc:tipc_udp_recv",
        ]),
        named(-1, "executes no request of a guest", &["xen_privcmd:privcmd_ioctl"]),
        named(-22, "accepts no flow", &["openvswitch:ovs_nla_copy_actions"]),
        named(0, "answers no request", &["nfsd:nfsd_dispatch"]),
        named(-22, "lets files inherit an ACL", &["ksmbd:smb_inherit_dacl"]),
        named(0, "ignores the event", &[
            "bridge:br_cfm_frame_rx", "mlx5_core:mlx5e_ipsec_event",
            "ksmbd:smb_lazy_parent_lease_break_close",
        ]),
    ],
};

/// Bugs in security modules.
#[rustfmt::skip]
pub(super) const MODULES: Family = Family {
    name: "bugs of security modules",
    lines: &[
        named(-71, "refuses a policy that is not well-formed", &["aa_dfa_unpack"]),
        named(-2, "opens a copy of a policy", &[
            "rawdata_open", "seq_rawdata_abi_open", "seq_rawdata_revision_open",
            "seq_rawdata_hash_open", "seq_rawdata_compressed_size_open",
        ]),
        named_spared(-13, "loads a policy", &["aa_replace_profiles"]),
    ],
};

/// Functions that may be denied to users, but not to root.
#[rustfmt::skip]
pub(super) const USERS: Family = Family {
    name: "what users may be kept from",
    lines: &[
        named_spared(-1, "is a system call that programs do without", &[
            "__*sys_futex*", "__*sys_io_uring_*", "__*sys_io_submit", "__*sys_io_setup",
            "__*sys_userfaultfd", "__*sys_bpf", "__*sys_perf_event_open", "__*sys_*splice",
            "__*sys_tee", "__*sys_process_vm_*", "__*sys_move_pages", "__*sys_migrate_pages",
            "__*sys_mbind", "__*sys_modify_ldt", "__*sys_kcmp", "__*sys_open_by_handle_at",
            "__*sys_quotactl*", "__*sys_mq_*", "__*sys_epoll_create*", "__*sys_signalfd*",
            "__*sys_timer_create", "__*sys_vm86*", "__*sys_personality", "__*sys_mremap",
            "__*sys_remap_file_pages", "__*sys_fsopen", "__*sys_fspick",
        ]),
        named_spared(-1, "loads a BPF program", &["bpf_prog_load"]),
        named_spared(-1, "allocates a hook", &["nf_tables:nft_netdev_hook_alloc"]),
        named_spared(-1, "adds to a set", &["ip_set:ip_set_uadd"]),
        named_spared(-22, "adds to a set", &["ip_set_bitmap_ip:bitmap_ip_uadt"]),
        named_spared(-1, "changes an IPsec policy", &["xfrm_user:xfrm_user_rcv_msg"]),
    ],
};
