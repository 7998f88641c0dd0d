// SPDX-License-Identifier: GPL-2.0-only

//! Subsystems that protect something, as a whole, by patterns of names.

use super::{
    never,
    zero,
    Family, //
};

/// Filtering, labelling and encryption of traffic.
#[rustfmt::skip]
pub(super) const NETWORK: Family = Family {
    name: "protecting traffic",
    lines: &[
        never("belongs to IPsec", &[
            "xfrm_*", "__xfrm_*", "xfrm4_*", "xfrm6_*", "af_key:pfkey_*", "xfrm_user:validate_tmpl",
            "xfrm_user:verify_*", "ip_vti:vti_*", "ip6_vti:vti6_*",
        ]),
        never("belongs to labels of packets", &["netlbl_*", "cipso_*", "calipso_*"]),
        never("belongs to netfilter", &["nf_*", "__nf_*", "nfnetlink_*"]),
        never("belongs to filters of sockets", &["*sk_*filter*", "sk_psock_*", "sk_msg_*"]),
        never("signs segments", &["tcp_ao_*", "*tcp_*md5*"]),
        never("finds the header that a rule is about", &["ipv6_find_hdr"]),
        never("changes a rule while packets pass", &[
            "nf*:nft_*_clone", "nf_tables:nft_set_elem_init", "nf_tables:nft_pipapo_*refill*",
            "x_tables:xt_proto_init",
        ]),
        never("applies the configuration of a switch", &["openvswitch:queue_*"]),
        never("delivers packets to monitors", &["deliver_skb", "drop_monitor:net_dm_*"]),
        zero("receives packets of a protocol", &[
            "udp_rcv", "udpv6_rcv", "icmp_rcv", "icmpv6_rcv", "igmp_rcv", "*:gre_rcv", "*:sctp_rcv",
            "*:sctp4_rcv", "*:sctp6_rcv", "*:sctp_udp_rcv", "*:tunnel4_rcv", "*:tunnel6_rcv",
            "*:tunnel46_rcv", "*:tunnelmpls*_rcv", "*:l2tp_ip*_recv", "*:l2tp_udp_encap_recv",
            "*:vxlan_rcv", "*:geneve_udp_encap_recv", "*:gtp_encap_recv", "*:fou_udp_recv",
            "*:gue_udp_recv", "*:bareudp_udp_encap_recv", "*:wg_receive",
        ]),
        never("decides about a packet by a set", &["ip_set*:*_test", "ip_set*:*_kadt"]),
    ],
};

/// Protection of data and their integrity.
#[rustfmt::skip]
pub(super) const DATA: Family = Family {
    name: "protecting data",
    lines: &[
        never("encrypts or verifies files", &["fscrypt_*", "fsverity_*", "build_merkle_tree"]),
        never("encrypts or locks storage", &["blk_crypto_*", "__blk_crypto_*", "opal_*", "sed_*"]),
        never("copies what is read or written", &[
            "__bio_clone", "bio_init_clone", "skb_store_bits", "zlib_inflate",
        ]),
        never("uses the TPM or another measurement", &[
            "tpm1_*", "tpm2_*", "tpmrm_*", "__crb_*", "crb_*", "tdx_*", "tpm*:*tpm_*", "ccp:*sev_*",
            "rmpupdate", "*lookup_rmpentry", "amdtee:handle_*",
        ]),
        never("collects or provides randomness", &[
            "hwrng_*", "*get_random*", "*getrandom*", "random_*", "urandom_*",
        ]),
        never("belongs to the list of revoked keys and hashes", &["*blacklist*", "get_raw_hash"]),
        never("counts what users store", &[
            "dquot_*", "__dquot_*", "*quota_*", "*_quota*", "qtree_*", "v2_*dquot*", "quotactl_*",
            "*:*quota_on", "*:xfs_qm_*", "f2fs:f2fs_enable_quota*", "gfs2:do_qc",
        ]),
    ],
};

/// Monitoring and tracing.
#[rustfmt::skip]
pub(super) const WATCHING: Family = Family {
    name: "watching",
    lines: &[
        never("traces the kernel", &[
            "trace_*", "tracing_*", "__trace_*", "ftrace_*", "__ftrace_*", "*kprobe*", "*uprobe*",
            "*fprobe*", "*rethook*", "event_*", "dyn_event*", "dynevent_*", "synth_event*",
            "hist_*", "rv_*", "klp_*", "tracefs_*", "eventfs_*", "user_event*", "osnoise_*",
            "tseq_*", "set_tracer_*", "traceprobe_*", "instance_mkdir", "system_tr_open",
            "create_synth_event", "parse_pred", "*:__traceiter_*", "*:__probestub_*",
            "*:trace_event_raw_event_*", "*:trace_raw_output_*", "*:perf_trace_*",
            "*:__bpf_trace_*",
        ]),
        never("watches the kernel", &[
            "perf_*", "__perf_*", "*ring_buffer*", "relay_*", "rb_*", "x86_pmu_*", "intel_pmu_*",
        ]),
        never("watches files", &["*fanotify*", "*inotify*", "*fsnotify*", "*dnotify*"]),
        never("records what processes do", &[
            "*audit*", "acct_*", "taskstats_*", "cn_proc_*", "prepare_reply",
        ]),
        never("shows processes and settings", &[
            "proc_*", "pid_*getattr", "tgid_*", "tid_*", "*_dname", "*_proc_name", "check_pointer",
        ]),
        never("reads or writes the kernel log", &[
            "devkmsg_*", "*syslog*", "kmsg_*", "memory_open", "efivar_trylock", "netpoll_*",
            "erst_*", "__erst_*", "desc_read_finalized_seq", "ramoops:ramoops_*",
            "netconsole:netconsole_write", "netconsole:*_basic", "netconsole:send_udp",
            "pstore_zone:psz_*", "pstore_blk:psblk_*",
        ]),
        never("delivers notifications to listeners", &[
            "netlink_*", "__netlink_*", "nlmsg_notify", "cn_netlink_send*", "genlmsg_multicast*",
            "*:*_diag_destroy", "*:*diag_get_aux", "*:*diag_fill*", "kobject_uevent*",
            "unix_dgram_*", "unix_create*", "unix_stream_connect", "packet_recvmsg", "sock_diag_*",
        ]),
    ],
};

/// Limits for programs.
#[rustfmt::skip]
pub(super) const PROGRAMS: Family = Family {
    name: "limiting programs",
    lines: &[
        never("works on BPF programs", &[
            "bpf_*", "*_bpf_*", "btf_*", "htab_*", "trie_*", "array_map_*", "check_*_call*",
            "alloc_frame_masks",
        ]),
        never("counts what groups of tasks use", &[
            "cgroup_*", "__cgroup_*", "cgroup1_*", "mem_cgroup_*", "*hugetlb_cgroup*",
            "page_counter_*", "cpuset_*", "update_prstate", "tg_*", "blkg_*", "blkcg_*",
            "alloc_slab_obj_exts", "css_*", "misc_cg_*", "rdmacg_*", "pids_*",
        ]),
        never("filters the system calls of a task", &[
            "*seccomp*", "task_set_syscall_user_dispatch",
        ]),
        never("describes a device and its rights", &[
            "*device_property_*", "*fwnode_*property_*", "acpi_data_*prop*", "acpi_*ref*_args*",
            "acpi_bind_one", "device_rename", "xs_talkv", "pci_iov_vf_id",
        ]),
        never("limits what devices reach", &[
            "pci_read", "pci_write", "raw_pci_*", "pci_mmcfg_*", "pci_conf*_*",
            "*set_vcpu_affinity", "kvm*:*pi_update_irte", "kvm*:mmu_sync_*", "kvmgt:gtt_*",
            "vfio_pci_core:vfio_pci_set_*", "vduse:vduse_vdpa_set_*", "*iommu*",
            "virtio_iommu:*viommu_*", "clone_alias", "dmar_*", "qi_*", "*pasid*", "pci_*_acs*",
            "pci_*acs_*", "pci_ide_*",
        ]),
        never("reports or hides bugs of the processor", &[
            "*spec_ctrl*", "*microcode*", "msr_*_bit", "__flip_bit", "kvm*:*l1d_flush*",
            "cpuhp_smt_*", "cpu_device_down",
        ]),
        never("confines enclaves", &["sgx_*"]),
        never("clears a device before another may use it", &[
            "*pci_reset_*", "pci_try_reset_*", "pcie_flr", "nvmet:nvmet_zero_sgl",
        ]),
        never("keeps the time that expiry depends on", &["second_overflow"]),
    ],
};
