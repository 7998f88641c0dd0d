// SPDX-License-Identifier: GPL-2.0-only

//! Functions that decide what a task may do: its privileges, its access to objects, and its access
//! to devices.

use super::{
    errno,
    never,
    one,
    zero,
    Family, //
};

/// What answers whether a task, a socket or an opener holds a capability.
#[rustfmt::skip]
pub(super) const CAPABILITIES: Family = Family {
    name: "capabilities",
    lines: &[
        never("answers whether the task holds a capability", &["capable", "capable_noaudit"]),
        never("answers whether the task holds a capability in a namespace", &[
            "ns_capable", "ns_capable_noaudit", "ns_capable_common",
        ]),
        never("answers whether the task may change IDs in a namespace", &["ns_capable_setid"]),
        never("answers whether another task holds a capability", &[
            "has_ns_capability", "has_ns_capability_noaudit", "has_capability_noaudit",
        ]),
        never("answers whether the opener of a file held a capability", &["file_ns_capable"]),
        never("answers whether the tracer held a capability", &["ptracer_capable"]),
        never("answers whether a namespace covers the owner of an inode", &[
            "privileged_wrt_inode_uidgid",
        ]),
        never("answers whether a capability reaches an inode", &["capable_wrt_inode_uidgid"]),
        never("answers whether a capability reaches a mount", &["capable_wrt_mount"]),
        never("answers whether the task may mount a file system type", &["mount_capable"]),
        never("answers whether the task may keep a user event", &["user_event_capable"]),
        never("answers whether the task may use an algorithm", &["af_alg:af_alg_capable"]),
        errno("validates the header of a capability set", &["cap_validate_magic"]),
        never("builds a capability set", &["mk_kernel_cap"]),
        never("computes whether credentials hold a capability", &["cap_capable_helper"]),
        errno("reads the capabilities of a file", &["get_vfs_caps_from_disk"]),
        errno("computes the capabilities that a file gives", &[
            "bprm_caps_from_vfs_caps", "get_file_caps",
        ]),
        never("computes the capabilities that root gets on exec", &["handle_privileged_root"]),
        never("answers whether exec raised capabilities", &["nonroot_raised_pE"]),
        never("drops capabilities when the user ID changes", &["cap_emulate_setxuid"]),
        never("answers whether the inheritable set is limited", &["cap_inh_is_capped"]),
        never("answers whether file capabilities are for this namespace", &[
            "vfsuid_root_in_currentns",
        ]),
        never("reads whose namespace file capabilities are for", &["rootid_from_xattr"]),
        errno("limits file capabilities to the writer's namespace", &["cap_convert_nscap"]),
        errno("decides about the priority of another task", &["cap_safe_nice"]),
    ],
};

/// What makes, installs and compares the credentials of tasks.
#[rustfmt::skip]
pub(super) const CREDENTIALS: Family = Family {
    name: "credentials",
    lines: &[
        never("copies the credentials of a task for a change", &["prepare_creds"]),
        never("makes credentials for a kernel service", &["prepare_kernel_cred"]),
        never("copies the credentials of a task for exec", &["prepare_exec_creds"]),
        never("allocates empty credentials", &["cred_alloc_blank"]),
        never("gives a new task its credentials", &["copy_creds"]),
        never("installs credentials and revokes dumpability", &["commit_creds"]),
        never("discards credentials", &["abort_creds"]),
        never("drops the credentials of a dead task", &["exit_creds"]),
        never("frees credentials", &["__put_cred", "put_cred_rcu"]),
        never("finds the credentials of another task", &["get_task_cred"]),
        never("sets what credentials create files", &["set_create_files_as"]),
        never("sets what credentials a kernel service acts with", &["set_security_override"]),
        never("moves credentials to the right resource counters", &["set_cred_ucounts"]),
        never("gives credentials a user namespace", &["set_cred_user_ns"]),
        never("compares the capabilities of credentials", &["cred_cap_issubset"]),
        never("orders credentials for file access", &["cred_fscmp"]),
        never("compares user IDs", &["uid_eq"]),
        never("compares group IDs", &["gid_eq"]),
        errno("changes the user that a task counts against", &["set_user"]),
        errno("decides about a change of the user ID", &["__sys_setuid"]),
        errno("decides about a change of the group ID", &["__sys_setgid"]),
        errno("decides about a change of the user IDs", &["__sys_setreuid", "__sys_setresuid"]),
        errno("decides about a change of the group IDs", &["__sys_setregid", "__sys_setresgid"]),
        never("decides about a change of the file system user ID", &["__sys_setfsuid"]),
        never("decides about a change of the file system group ID", &["__sys_setfsgid"]),
        never("maps an ID into a user namespace", &[
            "map_id_down", "map_id_range_down", "map_id_range_down_base", "map_id_range_down_max",
        ]),
        never("maps an ID out of a user namespace", &[
            "map_id_up", "map_id_range_up", "map_id_range_up_base", "map_id_range_up_max",
        ]),
        never("maps a user ID out of a user namespace", &["make_kuid"]),
        never("maps a group ID out of a user namespace", &["make_kgid"]),
        never("maps a project ID out of a user namespace", &["make_kprojid"]),
        never("maps a user ID into a user namespace", &["from_kuid", "from_kuid_munged"]),
        never("maps a group ID into a user namespace", &["from_kgid", "from_kgid_munged"]),
        never("maps the owner of an inode through a mount", &["make_vfsuid"]),
        never("maps the group of an inode through a mount", &["make_vfsgid"]),
        never("maps an owner back through a mount", &["from_vfsuid"]),
        never("maps a group back through a mount", &["from_vfsgid"]),
    ],
};

/// What answers whether a task is in a group, and changes its groups.
#[rustfmt::skip]
pub(super) const GROUPS: Family = Family {
    name: "groups",
    lines: &[
        zero("answers whether a group is in a list", &["groups_search"]),
        zero("answers whether the task is in a group for file access", &["in_group_p"]),
        zero("answers whether the task is in a group", &["in_egroup_p"]),
        zero("answers whether the task is in the group of an inode", &["vfsgid_in_group_p"]),
        zero("answers whether the task may keep the set-group-ID bit", &["in_group_or_capable"]),
        zero("answers whether the task may change its groups", &["may_setgroups"]),
        zero("answers whether a namespace lets its tasks change groups", &["userns_may_setgroups"]),
        never("installs a list of groups", &["set_groups"]),
        never("sorts groups so that they can be found", &["groups_sort"]),
        errno("installs the groups of a task", &["set_current_groups"]),
        errno("reads a list of groups", &["groups_from_user"]),
        errno("shows whether a namespace may change groups", &["proc_setgroups_show"]),
        errno("forbids a namespace to change groups", &["proc_setgroups_write"]),
        errno("opens the switch that forbids a change of groups", &["proc_setgroups_open"]),
    ],
};

/// What decides whether a task may reach, create, remove or link a file.
#[rustfmt::skip]
pub(super) const FILE_ACCESS: Family = Family {
    name: "file access",
    lines: &[
        errno("decides whether an access is permitted", &["*_permission"]),
        zero("decides about a change of the owner", &["chown_ok"]),
        zero("decides about a change of the group", &["chgrp_ok"]),
        errno("compares the mode and the ACL of an inode", &["acl_permission_check"]),
        errno("compares the ACL of an inode", &["check_acl"]),
        never("answers whether the task owns an inode", &["inode_owner_or_capable"]),
        one("protects files of others in a sticky directory", &["__check_sticky"]),
        errno("decides whether a name may be removed", &["may_delete_dentry"]),
        errno("decides whether a name may be created", &["may_create_dentry"]),
        errno("protects files of others in a sticky directory", &["may_create_in_sticky"]),
        errno("decides whether a hard link may be made", &["may_linkat"]),
        zero("decides whether a hard link may be made", &["safe_hardlink_source"]),
        errno("decides whether a symbolic link may be followed", &["may_follow_link"]),
        errno("decides whether a directory may be searched", &["may_lookup"]),
        errno("decides whether a file may be opened", &["may_open"]),
        errno("decides whether a file may be created on open", &["may_o_create"]),
        zero("decides whether a device node works on a mount", &["may_open_dev"]),
        errno("decides what kind of node may be made", &["may_mknod"]),
        errno("decides whether open may truncate", &["handle_truncate"]),
        errno("decides whether a name may be looked up", &["lookup_one_common"]),
        errno("starts a path walk where it may start", &["path_init"]),
        errno("keeps a path walk below its root", &[
            "complete_walk", "nd_jump_link", "nd_jump_root", "follow_dotdot", "follow_dotdot_rcu",
        ]),
        zero("answers whether a path is still below its mount", &["path_connected"]),
        errno("decides whether a file may be executed", &["do_open_execat", "open_exec"]),
        errno("answers what a task may do with a file", &["do_faccessat"]),
        never("checks access with the real IDs", &["access_override_creds"]),
        one("checks access with the real IDs", &["access_need_override_creds"]),
        errno("decides about the mode of an open file in sysfs", &["kernfs_fop_open"]),
        errno("opens a file of debugfs", &[
            "full_proxy_open_regular", "full_proxy_open_short", "open_proxy_open",
        ]),
        errno("waits for the verdict about an access", &["fanotify_get_response"]),
        errno("asks a listener about an access", &["fanotify_handle_event"]),
        errno("asks listeners about an access", &["fsnotify", "__fsnotify_parent"]),
        errno("counts the writers of an executable", &["file_get_write_access"]),
        errno("decides who is asked about an access", &["fsnotify_open_perm_and_set_mode"]),
    ],
};

/// What decides about changes of owner, mode, flags, ACLs and extended attributes.
#[rustfmt::skip]
pub(super) const FILE_ATTRIBUTES: Family = Family {
    name: "file attributes",
    lines: &[
        errno("decides whether attributes may be changed", &[
            "setattr_prepare", "may_setattr", "notify_change",
        ]),
        never("drops the set-group-ID bit on a change", &["setattr_copy"]),
        never("answers whether the set-group-ID bit is dropped", &["setattr_should_drop_sgid"]),
        never("answers whether set-ID bits are dropped", &["setattr_should_drop_suidgid"]),
        never("answers whether a write drops set-ID bits", &["dentry_needs_remove_privs"]),
        errno("drops set-ID bits on a write", &[
            "__remove_privs", "file_remove_privs", "file_remove_privs_flags", "file_modified",
            "file_modified_flags", "kiocb_modified", "ocfs2:__ocfs2_write_remove_suid",
            "ocfs2:ocfs2_write_remove_suid",
        ]),
        never("strips the set-group-ID bit of a new file", &["mode_strip_sgid"]),
        never("sets the owner and mode of a new inode", &["inode_init_owner"]),
        never("sets immutable and append-only", &["inode_set_flags"]),
        errno("decides whether inode flags may be changed", &[
            "fileattr_set_prepare", "vfs_fileattr_set",
        ]),
        errno("keeps append-only files append-only", &["setfl"]),
        errno("decides whether an inode takes extended attributes", &["may_write_xattr"]),
        errno("decides whether an inode takes user attributes", &["xattr_supports_user_prefix"]),
        errno("finds what guards an extended attribute", &["xattr_resolve_name"]),
        errno("validates an ACL", &["posix_acl_valid"]),
        errno("reads an ACL", &["posix_acl_from_xattr"]),
        errno("gives a new file its mode", &[
            "posix_acl_create", "__posix_acl_create", "posix_acl_create_masq",
        ]),
        errno("applies a new mode to an ACL", &[
            "posix_acl_chmod", "__posix_acl_chmod", "__posix_acl_chmod_masq",
        ]),
        errno("applies a new ACL to the mode", &["posix_acl_update_mode"]),
        never("compares an ACL with the mode", &["posix_acl_equiv_mode"]),
        errno("installs an ACL", &["set_posix_acl", "simple_set_acl"]),
        errno("decides whether an ACL may be changed", &["vfs_set_acl"]),
        errno("decides whether an ACL may be removed", &["vfs_remove_acl"]),
        errno("decides whether an ACL may be read", &["vfs_get_acl"]),
        errno("gives a new file its ACL", &["simple_acl_create"]),
        errno("finds the ACL of an inode", &[
            "get_inode_acl", "__get_acl", "*_get_acl", "*:*_get_acl", "*:*_get_inode_acl",
        ]),
        never("finds the ACL of an inode", &["get_cached_acl", "get_cached_acl_rcu"]),
        never("remembers the ACL of an inode", &["set_cached_acl"]),
        never("forgets an ACL that changed", &["forget_cached_acl"]),
        never("forgets ACLs that changed", &["forget_all_cached_acls"]),
        zero("decides whether times may be set", &[
            "exfat:exfat_allow_set_time", "fat:fat_allow_set_time",
        ]),
    ],
};

/// What keeps reads and writes within an open file's rights, leases and limits.
#[rustfmt::skip]
pub(super) const FILE_LIMITS: Family = Family {
    name: "file limits",
    lines: &[
        errno("checks a range and the right to read or write it", &["rw_verify_area"]),
        errno("checks a range and the right to share it", &["remap_verify_area"]),
        errno("checks the rights for a copy", &["generic_file_rw_checks"]),
        errno("checks the ranges of a copy", &["generic_copy_file_checks"]),
        errno("checks the ranges of a shared extent", &["generic_remap_checks"]),
        errno("checks the files of a shared extent", &[
            "generic_remap_file_range_prep", "__generic_remap_file_range_prep",
        ]),
        errno("enforces append mode and the file size limit", &[
            "generic_write_checks", "generic_write_checks_count",
        ]),
        errno("enforces the file size limit", &["generic_write_check_limits", "inode_newsize_ok"]),
        zero("decides whether a file may be deduplicated", &["may_dedupe_file"]),
        never("answers whether the task is above disk quotas", &["ignore_hardlimit"]),
        errno("decides whether a file may be locked", &["check_fmode_for_setlk"]),
        errno("decides whether a file may be leased", &["vfs_setlease", "generic_setlease"]),
        errno("breaks the lease of another opener", &["__break_lease"]),
        zero("decides what an O_PATH file may do", &["check_fcntl_cmd"]),
        errno("seals a file", &["memfd_add_seals"]),
        errno("enforces the seals of a file", &["memfd_check_seals_mmap"]),
        errno("enforces that memory files are not executable", &["check_sysctl_memfd_noexec"]),
    ],
};

/// The permission decisions that file systems take themselves.
#[rustfmt::skip]
pub(super) const FS_ACCESS: Family = Family {
    name: "file system access",
    lines: &[
        errno("decides whether an access is permitted", &[
            "fuse:fuse_permission", "overlay:ovl_permission", "nfs:nfs_permission",
            "nfs:nfs_do_access", "cifs:cifs_permission", "ceph:ceph_permission",
            "ceph:ceph_mds_check_access", "kafs:afs_permission", "gfs2:gfs2_permission",
            "ocfs2:ocfs2_permission", "btrfs:btrfs_permission", "nilfs2:nilfs_permission",
            "orangefs:orangefs_permission", "ecryptfs:ecryptfs_permission", "coda:coda_permission",
            "coda:coda_ioctl_permission", "autofs4:autofs_dir_permission",
        ]),
        zero("keeps other users out of a FUSE mount", &[
            "fuse:fuse_allow_current_process", "fuse:fuse_permissible_uidgid",
        ]),
        errno("asks the server about an access", &[
            "fuse:fuse_access", "nfsv3:nfs3_proc_access", "nfsv4:nfs4_proc_access",
            "nfsv4:_nfs4_proc_access",
        ]),
        errno("refreshes the mode before a check", &["fuse:fuse_perm_getattr"]),
        errno("decides whether a backing file may be opened", &["fuse:fuse_backing_open"]),
        never("acts with the credentials of the mounter", &["overlay:ovl_override_creds"]),
        errno("decides whether a layer may be written", &[
            "overlay:ovl_want_write", "overlay:ovl_get_write_access",
        ]),
        zero("decides whether file handles may be decoded", &["overlay:ovl_can_decode_fh"]),
        errno("decides whether a file may be opened", &[
            "nfs:nfs_may_open", "nfsv4:nfs4_opendata_access",
        ]),
        errno("finds an earlier decision", &[
            "nfs:nfs_access_get_cached", "nfs:nfs_access_get_cached_locked",
            "nfs:nfs_access_get_cached_rcu",
        ]),
        never("translates the decision of a server", &["nfs:nfs_access_calc_mask"]),
        never("remembers the decision of a server", &["nfs:nfs_access_set_mask"]),
        errno("finds the rights that a server granted", &["kafs:afs_check_permit"]),
        errno("decides whether a name may be removed", &["gfs2:gfs2_unlink_ok"]),
        errno("decides whether a subvolume may be removed", &["btrfs:may_destroy_subvol"]),
        errno("keeps files of another policy from being linked", &["__fscrypt_prepare_link"]),
        errno("keeps files of another policy from being moved", &["__fscrypt_prepare_rename"]),
        errno("sets a private attribute of a layer", &["overlay:ovl_check_setxattr"]),
        zero("hides private attributes", &["overlay:ovl_can_list"]),
        errno("refuses options of less privileged users", &["overlay:ovl_fs_params_verify"]),
    ],
};

/// What decides who may read and write in /proc and change kernel parameters.
#[rustfmt::skip]
pub(super) const PROC: Family = Family {
    name: "proc and sysctl",
    lines: &[
        errno("decides who may change a kernel parameter", &["sysctl_perm"]),
        errno("compares the mode of a kernel parameter", &["test_perm"]),
        zero("computes the mode of a kernel parameter", &[
            "set_permissions", "ipc_permissions", "mq_permissions", "pid_table_root_permissions",
        ]),
        never("sets the owner of a kernel parameter", &[
            "pid_table_root_set_ownership", "ipc_set_ownership",
        ]),
        errno("reads or writes a kernel parameter", &["proc_sys_call_handler"]),
        errno("refuses to change the mode of a parameter", &["proc_sys_setattr"]),
        errno("lets administrators change a kernel parameter", &["proc_dointvec_minmax_sysadmin"]),
        errno("changes the capabilities of kernel helpers", &["proc_cap_handler"]),
        zero("hides the processes of others", &["has_pid_permissions"]),
        never("sets the owner of a process directory", &["task_dump_owner"]),
        errno("decides who may open the memory of a process", &["proc_mem_open"]),
        never("decides who may override page protection", &["proc_mem_foll_force"]),
        errno("decides who may see the state of a process", &["lock_trace"]),
        errno("decides who may open a mapped file", &["proc_map_files_get_link"]),
        errno("refuses to change the mode of a file", &["proc_nochmod_setattr"]),
        errno("decides who may follow a link of a process", &["proc_pid_get_link"]),
        errno("decides who may read a link of a process", &["proc_pid_readlink"]),
        errno("decides who may open a namespace", &["proc_ns_get_link"]),
        errno("decides who may read a namespace", &["proc_ns_readlink"]),
        errno("decides who may read kernel memory", &["open_kcore"]),
        errno("decides who may read the kernel log", &["check_syslog_permissions", "do_syslog"]),
        never("finds the network namespace of a reader", &["get_proc_task_net"]),
    ],
};

/// What decides about mounts, their flags and who sees what below them.
#[rustfmt::skip]
pub(super) const MOUNTS: Family = Family {
    name: "mounts",
    lines: &[
        zero("answers whether the task may mount", &["may_mount"]),
        one("answers whether a mount would show too much", &["mount_too_revealing"]),
        zero("answers whether a mount shows nothing new", &["mnt_already_visible"]),
        zero("answers whether set-ID bits work on a mount", &["mnt_may_suid"]),
        one("answers whether a mount forbids execution", &["path_noexec"]),
        one("answers whether a mount is read-only", &["__mnt_is_readonly", "mnt_is_readonly"]),
        errno("decides whether a mount may be written", &[
            "mnt_want_write", "mnt_want_write_file", "mnt_get_write_access",
            "mnt_get_write_access_file",
        ]),
        errno("makes a mount read-only", &["mnt_make_readonly", "change_mount_ro_state"]),
        errno("makes a file system read-only", &["sb_prepare_remount_readonly"]),
        never("sets the flags of a mount", &["set_mount_attributes"]),
        zero("answers whether locked flags stay", &["can_change_locked_flags"]),
        never("locks mounts against less privileged users", &["lock_mnt_tree"]),
        never("keeps a mount point while it is used", &["do_lock_mount"]),
        one("answers whether a copy would uncover files", &["has_locked_children"]),
        errno("decides whether propagation may be changed", &["may_change_propagation"]),
        errno("decides whether a mount may be moved", &["can_move_mount_beneath"]),
        one("answers whether namespaces would form a loop", &["mnt_ns_loop"]),
        zero("answers whether a path is below a root", &["is_path_reachable"]),
        never("answers whether a path is below another", &["path_is_under"]),
        zero("answers whether a mount is the task's", &["our_mnt"]),
        one("answers whether the task is in a chroot", &["current_chrooted"]),
        errno("decides whether a mount may map IDs", &["can_idmap_mount", "build_mount_idmapped"]),
        errno("decides whether mount flags may be changed", &["mount_setattr_prepare"]),
        errno("changes the flags of mounts", &["do_mount_setattr"]),
        errno("changes the flags of a mount", &["do_reconfigure_mnt", "do_remount"]),
        errno("changes the propagation of a mount", &["do_change_type", "do_set_group"]),
        errno("moves a mount", &["do_move_mount"]),
        errno("binds a mount", &["do_loopback"]),
        errno("decides whether a mount may be removed", &["can_umount"]),
        errno("removes a mount", &["do_umount", "path_umount"]),
        errno("mounts", &["path_mount"]),
        errno("changes the root of a namespace", &["path_pivot_root"]),
        errno("copies a mount for a file system", &["clone_private_mount"]),
        errno("changes the flags of a file system", &["reconfigure_super"]),
        errno("mounts a file system", &["vfs_get_tree"]),
        zero("answers whether a file handle shows too much", &["subtree_unobstructed"]),
        zero("answers whether a file handle may be opened", &["vfs_dentry_acceptable"]),
        zero("answers whether file handles may be opened", &["may_decode_fh"]),
        errno("opens a file handle", &["handle_to_path"]),
        never("moves tasks to a new root", &["chroot_fs_refs"]),
    ],
};

/// What decides who may make, enter and map namespaces.
#[rustfmt::skip]
pub(super) const NAMESPACES: Family = Family {
    name: "namespaces",
    lines: &[
        zero("answers whether a task shares its memory with no other", &[
            "current_is_single_threaded",
        ]),
        errno("decides whether a user namespace may be entered", &["userns_install"]),
        errno("decides whether a mount namespace may be entered", &["mntns_install"]),
        errno("decides whether a PID namespace may be entered", &["pidns_install"]),
        errno("decides whether a UTS namespace may be entered", &["utsns_install"]),
        errno("decides whether an IPC namespace may be entered", &["ipcns_install"]),
        errno("decides whether a cgroup namespace may be entered", &["cgroupns_install"]),
        errno("decides whether a time namespace may be entered", &["timens_install"]),
        errno("validates what namespaces are entered", &["check_setns_flags"]),
        errno("prepares credentials for a namespace", &["prepare_nsset"]),
        errno("decides whether namespaces may be entered", &["validate_nsset"]),
        never("enters namespaces", &["commit_nsset"]),
        errno("makes a user namespace", &["create_user_ns", "unshare_userns"]),
        errno("makes namespaces", &[
            "ksys_unshare", "create_new_namespaces", "unshare_nsproxy_namespaces",
        ]),
        errno("validates what namespaces are made", &["check_unshare_flags"]),
        errno("makes the namespaces of a new task", &["copy_namespaces"]),
        never("moves a task to namespaces", &["switch_task_namespaces", "switch_cred_namespaces"]),
        errno("moves a task to namespaces on exec", &["exec_task_namespaces"]),
        errno("makes a mount namespace", &["copy_mnt_ns"]),
        errno("makes a PID namespace", &["copy_pid_ns"]),
        errno("makes a UTS namespace", &["copy_utsname"]),
        errno("makes an IPC namespace", &["copy_ipcs"]),
        errno("makes a network namespace", &["copy_net_ns"]),
        errno("makes a cgroup namespace", &["copy_cgroup_ns"]),
        errno("makes a time namespace", &["copy_time_ns"]),
        never("moves a task to a time namespace", &["timens_on_fork"]),
        errno("decides what IDs a namespace may map", &["map_write"]),
        zero("decides what IDs a namespace may map", &["new_idmap_permitted"]),
        zero("decides who may map the root user", &["verify_root_map"]),
        one("answers whether ID ranges overlap", &["mappings_overlap"]),
        errno("sets the user IDs of a namespace", &["proc_uid_map_write"]),
        errno("sets the group IDs of a namespace", &["proc_gid_map_write"]),
        errno("sets the project IDs of a namespace", &["proc_projid_map_write"]),
        errno("sets the clocks of a namespace", &["proc_timens_set_offset"]),
        zero("answers whether the task is below a namespace", &["current_in_userns"]),
        zero("answers whether a namespace is below another", &["in_userns", "pidns_is_ancestor"]),
        errno("sets the next process ID of a namespace", &["pid_ns_ctl_handler"]),
        zero("answers whether the task sees all namespaces", &["may_see_all_namespaces"]),
        zero("answers whether the task may look up namespaces", &["may_use_nsfs_ioctl"]),
        errno("opens the owner or parent of a namespace", &["open_related_ns"]),
        errno("finds the owner of a namespace", &["ns_get_owner"]),
        errno("opens the namespace of a task", &["ns_get_path_task"]),
        errno("finds a mount namespace to look into", &[
            "grab_requested_mnt_ns", "get_sequential_mnt_ns", "lookup_mnt_ns",
        ]),
        zero("answers whether the task may mount sysfs", &["kobj_ns_current_may_mount"]),
        zero("answers whether a namespace may use a device", &["ib_core:rdma_dev_access_netns"]),
        never("limits the objects of a user", &["inc_ucount"]),
        never("counts the resources of a user", &["inc_rlimit_ucounts", "inc_rlimit_get_ucounts"]),
        one("answers whether a user is over a limit", &["is_rlimit_overlimit"]),
    ],
};

/// What decides who may look into and control another process.
#[rustfmt::skip]
pub(super) const PTRACE: Family = Family {
    name: "process tracing",
    lines: &[
        errno("decides whether a process may be looked into", &["__ptrace_may_access"]),
        zero("decides whether a process may be looked into", &["ptrace_may_access"]),
        zero("decides whether a tracer may access memory", &["ptracer_access_allowed"]),
        zero("answers whether a tracer holds a capability", &["ptrace_has_cap"]),
        zero("answers whether a process may be looked into", &[
            "task_still_dumpable", "task_exec_state_get_dumpable",
        ]),
        never("sets whether a process may be looked into", &[
            "task_exec_state_set_dumpable", "task_exec_state_replace",
        ]),
        never("keeps whether a process may be looked into", &["task_exec_state_copy"]),
        errno("decides what options a tracer may set", &["check_ptrace_options"]),
        errno("decides whether a process may be traced", &["ptrace_attach"]),
        errno("decides whether a parent may trace", &["ptrace_traceme"]),
        errno("answers whether the caller traces a process", &["ptrace_check_attach"]),
        errno("sets the options of a tracer", &["ptrace_setoptions"]),
        errno("accesses the memory of a traced process", &["ptrace_access_vm"]),
        errno("controls a traced process", &["ptrace_request"]),
        errno("changes the system call of a traced process", &["ptrace_set_syscall_info"]),
        never("remembers the credentials of a tracer", &["ptrace_link", "__ptrace_link"]),
        errno("decides who may use the memory of a process", &["mm_access"]),
        zero("decides who may use the memory of a process", &["may_access_mm"]),
        errno("decides who may take a file of a process", &["pidfd_getfd", "__pidfd_fget"]),
        errno("decides who may copy the memory of a process", &[
            "process_vm_rw_core", "process_vm_rw",
        ]),
        zero("decides what advice reaches another process", &["process_madvise_remote_valid"]),
        errno("decides who may move the memory of a process", &[
            "kernel_migrate_pages", "kernel_move_pages", "find_mm_struct",
        ]),
        errno("decides who may see the I/O of a process", &["do_io_accounting"]),
        errno("changes what a process says about itself", &[
            "prctl_set_mm", "prctl_set_mm_map", "prctl_set_mm_exe_file",
        ]),
        errno("validates what a process says about itself", &["validate_prctl_map_addr"]),
        errno("changes what a process says it runs", &["replace_mm_exe_file"]),
    ],
};

/// What decides who may signal a process.
#[rustfmt::skip]
pub(super) const SIGNALS: Family = Family {
    name: "signals",
    lines: &[
        errno("decides who may signal a process", &[
            "check_kill_permission", "group_send_sig_info", "do_pidfd_send_signal",
        ]),
        zero("compares credentials before a signal", &["kill_ok_by_cred", "kill_as_cred_perm"]),
        errno("decides whether a device may signal a process", &["kill_pid_usb_asyncio"]),
        zero("decides whether a file may signal a process", &["sigio_perm"]),
        zero("decides whether a process may be signalled", &["access_pidfd_pidns"]),
        errno("decides who may signal a thread", &["do_send_specific"]),
        errno("refuses forged signals", &["do_rt_sigqueueinfo", "do_rt_tgsigqueueinfo"]),
        errno("sets who gets the signals of a file", &["f_setown"]),
        never("remembers the credentials behind a file's signals", &["__f_setown"]),
    ],
};

/// What decides about priorities, affinity and resource limits.
#[rustfmt::skip]
pub(super) const PROCESS_LIMITS: Family = Family {
    name: "process limits",
    lines: &[
        errno("decides about a resource limit", &["do_prlimit"]),
        errno("decides about the limits of another process", &["check_prlimit_permission"]),
        zero("decides about the priority of another process", &["set_one_prio_perm"]),
        errno("decides about the priority of another process", &["set_one_prio"]),
        never("answers whether the task may raise its priority", &["can_nice"]),
        errno("decides about a scheduling policy", &["user_check_sched_setscheduler"]),
        zero("answers whether the task owns another", &["check_same_owner"]),
        errno("decides about the processors of a task", &["sched_setaffinity"]),
        errno("decides about an I/O priority", &["set_task_ioprio", "ioprio_check_cap"]),
        errno("decides about the killing order", &["__set_oom_adj"]),
        one("answers whether limits on pipes apply", &["pipe_is_unprivileged_user"]),
        one("enforces the limit on pipes", &[
            "too_many_pipe_buffers_hard", "too_many_pipe_buffers_soft",
        ]),
        errno("enforces the limit on processes", &["pids_can_fork"]),
        errno("decides where a new process may be", &["cpuset_can_fork"]),
    ],
};

/// What decides who may use an IPC object.
#[rustfmt::skip]
pub(super) const IPC: Family = Family {
    name: "IPC access",
    lines: &[
        errno("decides who may use an IPC object", &["ipcperms", "ipc_check_perms"]),
        errno("decides who may control an IPC object", &["ipcctl_obtain_check"]),
        errno("finds an IPC object that still exists", &["ipc_obtain_object_check"]),
        errno("changes the owner of an IPC object", &["ipc_update_perm"]),
        errno("decides who may open a message queue", &["prepare_open"]),
        errno("enforces the limits on message queues", &["mqueue_create_attr"]),
        errno("decides who may lock shared memory", &["shmctl_do_lock"]),
        zero("decides who may use huge shared memory", &["can_do_hugetlb_shm"]),
    ],
};

/// What decides who may find, use, link and change keys.
#[rustfmt::skip]
pub(super) const KEYRINGS: Family = Family {
    name: "keyrings",
    lines: &[
        zero("answers whether the task holds a key", &["lookup_user_key_possessed"]),
        errno("refuses every key", &["restrict_link_reject"]),
        errno("refuses loops of keyrings", &["keyring_detect_cycle"]),
        errno("installs a keyring", &[
            "install_process_keyring", "install_session_keyring", "install_session_keyring_to_cred",
            "install_process_keyring_to_cred", "install_thread_keyring_to_cred",
        ]),
        never("follows a change of the group", &["key_fsgid_changed"]),
        errno("protects keys of the kernel", &["logon_vet_description"]),
        errno("verifies an encrypted key", &["encrypted_keys:datablob_hmac_verify"]),
    ],
};

/// What decides who may use a device or change a control group.
#[rustfmt::skip]
pub(super) const CGROUPS: Family = Family {
    name: "control groups",
    lines: &[
        errno("decides whether a group may use a device", &[
            "devcgroup_check_permission", "devcgroup_legacy_check_permission",
        ]),
        never("compares a device with the list of a group", &["match_exception"]),
        never("compares devices with the list of a group", &["match_exception_partial"]),
        never("compares devices with the parent's list", &["verify_new_ex"]),
        zero("decides whether a group may get a device", &["parent_has_perm"]),
        zero("decides whether a group may keep a device", &["parent_allows_removal"]),
        errno("changes what devices a group may use", &["devcgroup_update_access"]),
        errno("adds a device to the list of a group", &["dev_exception_add"]),
        never("removes a device from the list of a group", &["dev_exception_rm"]),
        never("empties the list of a group", &["dev_exception_clean"]),
        errno("passes a device list to children", &["propagate_exception"]),
        never("passes a device list to children", &["revalidate_active_exceptions"]),
        errno("decides who may change a group", &["cgroup_may_write"]),
        errno("decides who may move a process", &[
            "cgroup_procs_write_permission", "cgroup_attach_permissions",
            "rdtgroup_task_write_permission",
        ]),
        errno("finds the process to move", &["cgroup_procs_write_start"]),
        errno("decides where processes may be", &["cgroup_migrate_vet_dst"]),
        errno("decides whether a group may grow", &["cgroup_can_fork"]),
        errno("decides where a new process may be", &["cgroup_css_set_fork"]),
        errno("sets what runs when a group is empty", &["cgroup_release_agent_write"]),
        errno("decides whether processes may be moved", &["cpuset_can_attach"]),
    ],
};

/// What decides who may profile and trace.
#[rustfmt::skip]
pub(super) const PERF: Family = Family {
    name: "profiling access",
    lines: &[
        errno("decides who may profile the kernel", &["perf_allow_kernel"]),
        errno("decides who may profile a processor", &["perf_allow_cpu"]),
        errno("decides who may use tracepoints", &[
            "perf_allow_tracepoint", "perf_trace_event_perm",
        ]),
        zero("decides who may profile a process", &["perf_check_permission"]),
        zero("enforces the limit on locked memory", &["perf_mmap_calc_limits"]),
        errno("validates what is profiled", &["perf_copy_attr"]),
        one("hides kernel samples", &["perf_exclude_event"]),
        errno("refuses breakpoints in the kernel", &[
            "hw_breakpoint_parse", "modify_user_hw_breakpoint_check",
        ]),
        one("recognizes breakpoints in the kernel", &["arch_check_bp_in_kernelspace"]),
        errno("validates a breakpoint", &["hw_breakpoint_arch_parse"]),
        errno("decides who may open a trace", &["tracing_check_open_get_tr"]),
        zero("decides where paths may be read", &["bpf_d_path_allowed"]),
    ],
};

/// What decides who may use io_uring and with what requests.
#[rustfmt::skip]
pub(super) const IO_URING: Family = Family {
    name: "io_uring",
    lines: &[
        errno("decides who may use io_uring", &["io_uring_allowed"]),
        errno("makes a ring", &["io_uring_setup", "io_uring_create"]),
        zero("enforces the restrictions of a ring", &["io_check_restriction"]),
        errno("reads the restrictions of a ring", &["io_parse_restrictions"]),
        errno("restricts a ring", &["io_register_restrictions", "io_register_bpf_filter"]),
        errno("restricts the rings of a task", &[
            "io_register_restrictions_task", "io_register_bpf_filter_task",
        ]),
        errno("enforces the restrictions of a ring", &["__io_uring_run_bpf_filters"]),
        never("keeps the restrictions of a ring", &["io_restriction_clone"]),
        never("keeps the restrictions of a task", &["io_ctx_restriction_clone"]),
        errno("remembers credentials for requests", &["io_register_personality"]),
        errno("enforces the limit on locked memory", &["__io_account_mem"]),
    ],
};

/// What decides who may control a terminal.
#[rustfmt::skip]
pub(super) const TERMINALS: Family = Family {
    name: "terminals",
    lines: &[
        errno("stops background processes", &[
            "tty_check_change", "__tty_check_change", "job_control",
        ]),
        errno("decides who gets a controlling terminal", &["tiocsctty"]),
        errno("decides who is in the foreground", &["tiocspgrp"]),
        errno("decides who may fake input", &["tiocsti"]),
        errno("decides who may take the console", &["tioccons"]),
        errno("changes the line discipline", &["tiocsetd"]),
        errno("controls the session of a terminal", &["tty_jobctrl_ioctl"]),
        errno("refuses a terminal that is exclusive", &["tty_reopen"]),
        errno("decides what line discipline is loaded", &["tty_ldisc_get"]),
        errno("refuses a terminal that is locked", &["pty_open"]),
        errno("decides who may control a console", &[
            "tioclinux", "vt_ioctl", "vt_compat_ioctl", "vt_k_ioctl", "vt_io_ioctl",
        ]),
        errno("decides who may select text", &["set_selection_user"]),
        errno("decides who may change the keyboard", &[
            "vt_do_diacrit", "vt_do_kbkeycode_ioctl", "vt_do_kdsk_ioctl", "vt_do_kdgkb_ioctl",
            "vt_do_kdskled", "vt_kdskbent",
        ]),
        errno("changes the font of a console", &["con_font_op"]),
        never("clears a terminal for a safe login", &[
            "do_SAK", "do_SAK_work", "__do_SAK", "vc_SAK",
        ]),
        never("takes a terminal from its users", &[
            "__tty_hangup", "tty_vhangup", "tty_vhangup_self", "tty_vhangup_session",
            "disassociate_ctty",
        ]),
        zero("decides what system request keys do", &["sysrq_on_mask"]),
    ],
};

/// What decides who may control a display and reach graphics memory.
#[rustfmt::skip]
pub(super) const GRAPHICS: Family = Family {
    name: "graphics access",
    lines: &[
        zero("answers whether a client controls the display", &[
            "drm:drm_is_current_master", "drm:drm_is_current_master_locked",
        ]),
        errno("decides who may use a request", &["drm:drm_ioctl_permit", "drm:drm_ioctl_kernel"]),
        errno("decides who may control the display", &[
            "drm:drm_master_check_perm", "drm:drm_setmaster_ioctl", "drm:drm_master_open",
        ]),
        errno("gives up control of the display", &["drm:drm_dropmaster_ioctl"]),
        never("makes a client control the display", &["drm:drm_set_master"]),
        errno("makes a client control the display", &["drm:drm_new_set_master"]),
        never("gives up control of the display", &["drm:drm_drop_master"]),
        errno("authenticates a client", &["drm:drm_authmagic"]),
        zero("keeps the kernel off a controlled display", &["drm:drm_master_internal_acquire"]),
        zero("answers whether a client leases an object", &[
            "drm:_drm_lease_held", "drm:_drm_lease_held_master", "drm:drm_lease_held",
        ]),
        zero("hides what a client does not lease", &["drm:drm_lease_filter_crtcs"]),
        errno("validates a lease", &["drm:validate_lease"]),
        never("revokes a lease", &["drm:_drm_lease_revoke"]),
        zero("answers whether a client may map memory", &["drm:drm_vma_node_is_allowed"]),
        errno("decides who may map memory", &["drm:drm_gem_mmap"]),
        errno("refuses privileged commands", &["i915:intel_engine_cmd_parser"]),
        errno("refuses commands on memory of others", &[
            "vmwgfx:vmw_cmd_check_all", "vc4:vc4_validate_bin_cl", "vc4:vc4_validate_shader_recs",
        ]),
        errno("lets a client map memory", &["drm:drm_vma_node_allow"]),
        never("takes a mapping right from a client", &["drm:drm_vma_node_revoke"]),
    ],
};

/// What decides what commands reach a disk and who may open it.
#[rustfmt::skip]
pub(super) const STORAGE: Family = Family {
    name: "storage access",
    lines: &[
        zero("decides what commands reach a disk", &[
            "scsi_mod:scsi_cmd_allowed", "nvme_core:nvme_cmd_allowed",
            "nvme_core:nvme_admin_cmd_allowed", "nvme_core:nvme_ns_cmd_allowed",
        ]),
        errno("decides who may reset a disk", &["scsi_mod:scsi_ioctl_reset"]),
        errno("decides what commands reach a disk", &[
            "scsi_mod:scsi_bsg_sg_io_fn", "sg:sg_allow_access",
        ]),
        errno("decides what commands reach a controller", &["bsg_transport_sg_io_fn"]),
        errno("refuses commands of another user's file", &["sg:sg_check_file_access"]),
        zero("decides what disk a command reaches", &["nvme_core:nvme_validate_passthru_nsid"]),
        errno("decides what commands reach a card", &["mmc_block:mmc_blk_check_blkdev"]),
        zero("decides who may reserve a disk", &["blkdev_pr_allowed"]),
        zero("decides whether a disk may be opened", &["bdev_may_open"]),
        errno("decides whether a disk may be opened", &["bdev_permission"]),
        zero("decides whether a disk may be claimed", &["bd_may_claim"]),
        errno("decides whether a disk may be claimed", &["bd_prepare_to_claim"]),
        zero("answers whether a disk may be written", &["bdev_writes_blocked"]),
        never("protects a mounted disk", &["bdev_block_writes", "bdev_claim_write_access"]),
        errno("decides who may control a disk", &[
            "blkdev_common_ioctl", "ublk_drv:ublk_char_dev_permission",
            "ublk_drv:ublk_ctrl_uring_cmd_permission",
        ]),
        errno("decides who may make a disk read-only", &["blkdev_roset"]),
        errno("decides who may change partitions", &["blkpg_do_ioctl"]),
        errno("decides who may control device mapper", &["dm_mod:ctl_ioctl"]),
        errno("refuses loops of disks", &["loop:loop_validate_file"]),
    ],
};

/// What decides which USB devices work and who may use them.
#[rustfmt::skip]
pub(super) const USB: Family = Family {
    name: "USB authorization",
    lines: &[
        errno("authorizes a device", &["usbcore:usb_authorize_device"]),
        errno("takes the authorization of a device", &["usbcore:usb_deauthorize_device"]),
        zero("decides whether a new device is authorized", &["usbcore:usb_dev_authorized"]),
        never("authorizes an interface", &["usbcore:usb_authorize_interface"]),
        never("takes the authorization of an interface", &["usbcore:usb_deauthorize_interface"]),
        errno("decides who may use an interface", &[
            "usbcore:checkintf", "usbcore:claimintf", "usbcore:check_ctrlrecip",
        ]),
        one("answers whether a port is claimed", &["usbcore:usb_device_is_owned"]),
        errno("drops the rights of an open file", &["usbcore:proc_drop_privileges"]),
        errno("enforces a memory limit", &["usbcore:usbfs_increase_memory_usage"]),
    ],
};

/// What decides which Thunderbolt devices may reach memory.
#[rustfmt::skip]
pub(super) const THUNDERBOLT: Family = Family {
    name: "Thunderbolt authorization",
    lines: &[
        errno("approves a device", &[
            "thunderbolt:*approve_switch", "thunderbolt:tb_switch_set_authorized",
        ]),
        errno("approves a device and its key", &["thunderbolt:tb_domain_approve_switch_key"]),
        errno("verifies the key of a device", &["thunderbolt:*challenge_switch_key"]),
        errno("gives a device its key", &["thunderbolt:*add_switch_key"]),
        errno("takes the approval of a device", &["thunderbolt:disapprove_switch"]),
        errno("approves a connection to another host", &["thunderbolt:*approve_xdomain_paths"]),
        errno("authenticates new firmware", &["thunderbolt:nvm_authenticate"]),
    ],
};

/// What decides who may drive a device from user space.
#[rustfmt::skip]
pub(super) const PASSTHROUGH: Family = Family {
    name: "device assignment",
    lines: &[
        errno("verifies the token of a function", &[
            "vfio:vfio_df_check_token", "vfio_pci_core:vfio_pci_core_match_token_uuid",
        ]),
        errno("decides who may open a device", &[
            "vfio:vfio_device_fops_cdev_open", "vfio:vfio_df_group_open",
        ]),
        errno("decides who may open a group", &["vfio:vfio_group_fops_open"]),
        errno("decides who may use an unprotected device", &[
            "vfio:vfio_group_use_container", "vfio:vfio_container_attach_group",
            "vfio:vfio_noiommu_open",
        ]),
        zero("decides who may use an unprotected device", &["vfio:vfio_iommu_driver_allowed"]),
        zero("answers whether the caller owns a device", &["vfio_pci_core:vfio_dev_in_groups"]),
        errno("answers whether the caller owns a device", &[
            "vfio_pci_core:vfio_pci_is_device_in_set",
        ]),
        errno("keeps mappings inside a device", &[
            "vfio_pci_core:vfio_pci_core_mmap", "uio:uio_find_mem_index",
        ]),
        zero("keeps mappings out of reserved ranges", &[
            "vfio_iommu_type1:vfio_iommu_iova_dma_valid",
        ]),
        one("keeps mappings out of reserved ranges", &[
            "vfio_iommu_type1:vfio_iommu_resv_conflict",
        ]),
        errno("enforces the limit on locked memory", &[
            "vfio_iommu_type1:vfio_lock_acct", "vfio_iommu_type1:mm_lock_acct",
            "vfio_iommu_type1:vfio_change_dma_owner", "iommufd:iopt_pages_update_pinned",
            "iommufd:incr_user_locked_vm", "iommufd:update_mm_locked_vm",
        ]),
        zero("keeps accesses within a mapping's rights", &["iommufd:check_area_prot"]),
        errno("decides who changes how memory counts", &["iommufd:iommufd_option_rlimit_mode"]),
        errno("keeps mappings out of reserved ranges", &["iommufd:iopt_check_iova"]),
    ],
};

/// What decides who may use other devices and ports.
#[rustfmt::skip]
pub(super) const DEVICES: Family = Family {
    name: "device access",
    lines: &[
        errno("decides who may use I/O ports", &["ksys_ioperm"]),
        never("takes I/O ports from a task", &["task_update_io_bitmap", "io_bitmap_exit"]),
        never("copies the I/O ports of a task", &["io_bitmap_share"]),
        never("tells the processor what ports a task has", &[
            "native_tss_update_io_bitmap", "tss_copy_io_bitmap",
        ]),
        errno("decides who may open memory and ports", &["open_port"]),
        errno("decides who may open processor registers", &["msr:msr_open"]),
        errno("refuses writes to processor registers", &["msr:filter_write"]),
        zero("decides whether a task may have old segments", &["allow_16bit_segments"]),
        zero("validates a segment of a task", &["tls_desc_okay"]),
        errno("validates a segment of a task", &["write_ldt"]),
        errno("takes an input device from a client", &["evdev:evdev_revoke", "hid:hidraw_revoke"]),
        errno("gives an input device to one client", &["evdev:evdev_grab"]),
        errno("decides who may map a device", &["proc_bus_pci_mmap"]),
        errno("keeps mappings inside a device", &["pci_mmap_resource"]),
        errno("decides who may connect clients", &["snd_seq:check_subscription_permission"]),
        zero("answers whether raw packets are permitted", &["ib_uverbs:rdma_uattrs_has_raw_cap"]),
        errno("decides who may block radio", &["rfkill:rfkill_fop_ioctl"]),
        errno("decides who may drive a device", &["vhost:vhost_dev_check_owner"]),
        errno("validates an enclave page", &["sgx_validate_secinfo", "sgx_validate_offset_length"]),
        errno("decides who may set attributes of enclaves", &["sgx_set_attribute"]),
        errno("decides how enclave pages may be mapped", &["sgx_encl_may_map"]),
        errno("decides who may control the Xen store", &["xenbus_backend_ioctl"]),
    ],
};
