// SPDX-License-Identifier: GPL-2.0-only

//! Functions that drop rights or enable a protection: if they fail, what the caller assumes to be
//! closed stays open.

use super::{
    closed,
    never,
    spared,
    Family, //
};

/// Functions that drop rights. Programs continue when they fail.
#[rustfmt::skip]
pub(super) const RIGHTS: Family = Family {
    name: "giving up rights",
    lines: &[
        never("changes the user or the groups of a task", &[
            "*sys_set*uid*", "*sys_set*gid*", "*sys_setgroups*", "set_current_groups",
        ]),
        never("gives up capabilities", &["*sys_capset*", "cap_validate_magic"]),
        never("lets a task reach devices", &["*sys_iopl*", "*sys_ioperm*"]),
        never("limits or protects a task", &["*prctl*", "io_*restrict*", "wrss_control"]),
        never("enters or makes namespaces", &[
            "*sys_unshare*", "unshare_*", "*sys_setns*", "copy_namespaces", "create_new_namespaces",
            "create_user_ns", "ops_init", "*chroot*", "*pivot_root*",
        ]),
        never("limits what a task may use", &["*rlimit*"]),
        never("closes files", &["*sys_close*", "*close_range*", "kvm*:*_release"]),
    ],
};

/// Functions that set access rights of files.
#[rustfmt::skip]
pub(super) const FILES: Family = Family {
    name: "setting rights of files",
    lines: &[
        never("changes the mode or the owner of a file", &[
            "*chmod*", "*chown*", "*sys_umask", "notify_change", "*:*_setattr",
        ]),
        never("sets attributes, labels or ACLs", &[
            "*setxattr*", "*removexattr*", "*set_acl*", "*remove_acl*", "*fileattr*",
            "__getname_maybe_null", "*listxattr*", "*xattr_list*", "*remove_privs*",
            "file_modified*",
        ]),
        never("finds attributes", &["*vfs_getxattr*"]),
        never("sets flags of descriptors, leases and seals", &[
            "*fcntl*", "*memfd_*", "do_vfs_ioctl",
        ]),
        never("mounts or unmounts", &[
            "do_remount", "do_reconfigure_mnt", "*mount_setattr*", "path_mount", "*sys_*mount*",
            "do_change_type", "reconfigure_super", "do_loopback", "*open_tree*", "*fsconfig*",
            "*fspick*", "vfs_parse_*", "copy_tree", "clone_mnt", "get_anon_bdev", "set_anon_super*",
            "sget_fc", "super_dev_insert", "vfs_get_tree", "vfs_create_mount", "vfs_kern_mount",
            "alloc_fs_context", "do_add_mount", "attach_recursive_mnt", "do_mount", "do_move_mount",
            "vfs_move_mount", "path_umount", "vfs_cmd_create", "fs_param_is_*", "fs_lookup_param",
        ]),
        never("changes rights of shared memory and messages", &[
            "*ctl_do_lock", "semctl_down", "shmctl_down", "msgctl_down",
        ]),
        never("makes a protection stricter", &[
            "kvm:*set_*_filter", "seg6_*hmac*", "wireguard:set_peer", "wireguard:wg_set_*",
            "macsec:get_*_from_nl", "ovpn:ovpn_nl_*_doit", "mac80211:*sta_info_*",
            "mac80211:drv_s*", "mac80211:sta_apply_*", "mac80211:ieee80211_change_*",
            "cfg80211:*wext_siw*", "ipv6_add_addr",
        ]),
        never("copies flags from the disk", &["*:*_inode_flags*", "*:*iflags*"]),
    ],
};

/// Functions that protect memory.
#[rustfmt::skip]
pub(super) const MEMORY: Family = Family {
    name: "protecting memory",
    lines: &[
        never("protects, seals or locks memory", &[
            "*mprotect*", "*sys_pkey_*", "*mseal*", "*mlock*", "*madvise*", "shmem_lock",
            "*shadow_stack*", "*swapoff*", "*secretmem*",
        ]),
    ],
};

/// Functions that configure the kernel.
#[rustfmt::skip]
pub(super) const SETTINGS: Family = Family {
    name: "changing settings",
    lines: &[
        never("writes a setting", &[
            "kernfs_*", "*param_set_*", "sysfs_kf_*", "sysctl_*", "*_store",
        ]),
        never("loads or unloads modules", &[
            "*init_module*", "*delete_module*", "idempotent*", "load_module", "*request_module",
            "*:init_module", "*:cleanup_module",
        ]),
        never("registers something", &["register_*", "*_register", "*_register_*"]),
        never("sets options of sockets", &["*setsockopt*"]),
        spared("reads options of sockets", &["*getsockopt*"]),
        spared("sets options of sockets or attributes of files", &[
            "*:*setsockopt*", "*:*_fileattr_set", "*:*_ioctl_subvol_setflags",
        ]),
        never("takes over or revokes a display, a terminal or a device", &[
            "vt_ioctl", "*:evdev_*ioctl*", "input_grab_*", "*hidraw_revoke*", "*:hidraw_ioctl",
            "bluetooth:block_device", "drm:drm_dropmaster_ioctl", "drm:drm_setmaster_ioctl",
            "*_hangup", "tty_jobctrl_*", "set_termios*", "pty_*ioctl", "tty_ioctl",
            "tty_compat_ioctl", "tty_mode_ioctl", "n_tty_ioctl*",
        ]),
        never("serves requests of administrators of the network", &[
            "rtnetlink_*", "genl_*", "*_rcv_msg", "dev_ioctl", "dev_ifsioc",
        ]),
        closed("is a system call or implements one", &[
            "__x64_*sys_*", "__ia32_*sys_*", "__do_*sys_*", "__se_*sys_*", "__arm64_*sys_*",
            "ksys_*", "compat_ksys_*", "__sys_*", "*__sys_*msg", "*copy_msghdr*", "move_addr_to_*",
            "sock_read_iter", "sock_write_iter", "__sock_create", "do_faccessat",
            "vfs_fstatat", "*setlease*", "lease_modify",
        ]),
        closed("implements most of a system call", &[
            "vfs_truncate", "do_truncate", "generic_write_check*", "rw_verify_area", "*statfs*",
            "*_select", "do_pselect*", "poll_select_*", "__do_wait", "__io_uring_fork",
        ]),
        spared("controls a device", &["*_ioctl"]),
        closed("chooses where a packet goes", &[
            "fib*_rule_*", "__udp*_mcast_deliver",
        ]),
        spared("changes the rules of the network", &[
            "*setlink*", "fib_*", "tcf_*", "qdisc_*", "tc_*", "dev_xdp_*", "nla_*", "__nla_*",
            "nlmsg_*", "rtnl_*", "rtm_*", "validate_linkmsg", "ip6_route_*", "ip_fib_*", "fib4_*",
            "fib6_*",
        ]),
    ],
};
