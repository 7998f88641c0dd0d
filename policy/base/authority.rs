// SPDX-License-Identifier: GPL-2.0-only

//! Functions that decide what a task may do: its privileges, its access to objects, and its access
//! to devices.

use super::{errno, never, one, zero, Family};

/// What answers whether a task, a socket or an opener holds a capability.
pub(super) const CAPABILITIES: Family = Family {
    name: "capabilities",
    entries: &[
        never("capable", "answers whether the task holds a capability"),
        never(
            "capable_noaudit",
            "answers whether the task holds a capability",
        ),
        never(
            "ns_capable",
            "answers whether the task holds a capability in a namespace",
        ),
        never(
            "ns_capable_noaudit",
            "answers whether the task holds a capability in a namespace",
        ),
        never(
            "ns_capable_setid",
            "answers whether the task may change IDs in a namespace",
        ),
        never(
            "ns_capable_common",
            "answers whether the task holds a capability in a namespace",
        ),
        never(
            "has_ns_capability",
            "answers whether another task holds a capability",
        ),
        never(
            "has_ns_capability_noaudit",
            "answers whether another task holds a capability",
        ),
        never(
            "has_capability_noaudit",
            "answers whether another task holds a capability",
        ),
        never(
            "file_ns_capable",
            "answers whether the opener of a file held a capability",
        ),
        never(
            "ptracer_capable",
            "answers whether the tracer held a capability",
        ),
        never(
            "privileged_wrt_inode_uidgid",
            "answers whether a namespace covers the owner of an inode",
        ),
        never(
            "capable_wrt_inode_uidgid",
            "answers whether a capability reaches an inode",
        ),
        never(
            "capable_wrt_mount",
            "answers whether a capability reaches a mount",
        ),
        never(
            "mount_capable",
            "answers whether the task may mount a file system type",
        ),
        never(
            "user_event_capable",
            "answers whether the task may keep a user event",
        ),
        never(
            "af_alg:af_alg_capable",
            "answers whether the task may use an algorithm",
        ),
        errno(
            "cap_validate_magic",
            "validates the header of a capability set",
        ),
        never("mk_kernel_cap", "builds a capability set"),
        never(
            "cap_capable_helper",
            "computes whether credentials hold a capability",
        ),
        errno("get_vfs_caps_from_disk", "reads the capabilities of a file"),
        errno(
            "bprm_caps_from_vfs_caps",
            "computes the capabilities that a file gives",
        ),
        errno(
            "get_file_caps",
            "computes the capabilities that a file gives",
        ),
        never(
            "handle_privileged_root",
            "computes the capabilities that root gets on exec",
        ),
        never(
            "nonroot_raised_pE",
            "answers whether exec raised capabilities",
        ),
        never(
            "cap_emulate_setxuid",
            "drops capabilities when the user ID changes",
        ),
        never(
            "cap_inh_is_capped",
            "answers whether the inheritable set is limited",
        ),
        never(
            "vfsuid_root_in_currentns",
            "answers whether file capabilities are for this namespace",
        ),
        never(
            "rootid_from_xattr",
            "reads whose namespace file capabilities are for",
        ),
        errno(
            "cap_convert_nscap",
            "limits file capabilities to the writer's namespace",
        ),
        errno(
            "cap_safe_nice",
            "decides about the priority of another task",
        ),
    ],
};

/// What makes, installs and compares the credentials of tasks.
pub(super) const CREDENTIALS: Family = Family {
    name: "credentials",
    entries: &[
        never(
            "prepare_creds",
            "copies the credentials of a task for a change",
        ),
        never(
            "prepare_kernel_cred",
            "makes credentials for a kernel service",
        ),
        never(
            "prepare_exec_creds",
            "copies the credentials of a task for exec",
        ),
        never("cred_alloc_blank", "allocates empty credentials"),
        never("copy_creds", "gives a new task its credentials"),
        never(
            "commit_creds",
            "installs credentials and revokes dumpability",
        ),
        never("abort_creds", "discards credentials"),
        never("exit_creds", "drops the credentials of a dead task"),
        never("__put_cred", "frees credentials"),
        never("put_cred_rcu", "frees credentials"),
        never("get_task_cred", "finds the credentials of another task"),
        never("set_create_files_as", "sets what credentials create files"),
        never(
            "set_security_override",
            "sets what credentials a kernel service acts with",
        ),
        never(
            "set_cred_ucounts",
            "moves credentials to the right resource counters",
        ),
        never("set_cred_user_ns", "gives credentials a user namespace"),
        never(
            "cred_cap_issubset",
            "compares the capabilities of credentials",
        ),
        never("cred_fscmp", "orders credentials for file access"),
        never("uid_eq", "compares user IDs"),
        never("gid_eq", "compares group IDs"),
        errno("set_user", "changes the user that a task counts against"),
        errno("__sys_setuid", "decides about a change of the user ID"),
        errno("__sys_setgid", "decides about a change of the group ID"),
        errno("__sys_setreuid", "decides about a change of the user IDs"),
        errno("__sys_setregid", "decides about a change of the group IDs"),
        errno("__sys_setresuid", "decides about a change of the user IDs"),
        errno("__sys_setresgid", "decides about a change of the group IDs"),
        never(
            "__sys_setfsuid",
            "decides about a change of the file system user ID",
        ),
        never(
            "__sys_setfsgid",
            "decides about a change of the file system group ID",
        ),
        never("map_id_down", "maps an ID into a user namespace"),
        never("map_id_range_down", "maps an ID into a user namespace"),
        never("map_id_range_down_base", "maps an ID into a user namespace"),
        never("map_id_range_down_max", "maps an ID into a user namespace"),
        never("map_id_up", "maps an ID out of a user namespace"),
        never("map_id_range_up", "maps an ID out of a user namespace"),
        never("map_id_range_up_base", "maps an ID out of a user namespace"),
        never("map_id_range_up_max", "maps an ID out of a user namespace"),
        never("make_kuid", "maps a user ID out of a user namespace"),
        never("make_kgid", "maps a group ID out of a user namespace"),
        never("make_kprojid", "maps a project ID out of a user namespace"),
        never("from_kuid", "maps a user ID into a user namespace"),
        never("from_kuid_munged", "maps a user ID into a user namespace"),
        never("from_kgid", "maps a group ID into a user namespace"),
        never("from_kgid_munged", "maps a group ID into a user namespace"),
        never("make_vfsuid", "maps the owner of an inode through a mount"),
        never("make_vfsgid", "maps the group of an inode through a mount"),
        never("from_vfsuid", "maps an owner back through a mount"),
        never("from_vfsgid", "maps a group back through a mount"),
    ],
};

/// What answers whether a task is in a group, and changes its groups.
pub(super) const GROUPS: Family = Family {
    name: "groups",
    entries: &[
        zero("groups_search", "answers whether a group is in a list"),
        zero(
            "in_group_p",
            "answers whether the task is in a group for file access",
        ),
        zero("in_egroup_p", "answers whether the task is in a group"),
        zero(
            "vfsgid_in_group_p",
            "answers whether the task is in the group of an inode",
        ),
        zero(
            "in_group_or_capable",
            "answers whether the task may keep the set-group-ID bit",
        ),
        zero(
            "may_setgroups",
            "answers whether the task may change its groups",
        ),
        zero(
            "userns_may_setgroups",
            "answers whether a namespace lets its tasks change groups",
        ),
        never("set_groups", "installs a list of groups"),
        never("groups_sort", "sorts groups so that they can be found"),
        errno("set_current_groups", "installs the groups of a task"),
        errno("groups_from_user", "reads a list of groups"),
        errno(
            "proc_setgroups_show",
            "shows whether a namespace may change groups",
        ),
        errno(
            "proc_setgroups_write",
            "forbids a namespace to change groups",
        ),
        errno(
            "proc_setgroups_open",
            "opens the switch that forbids a change of groups",
        ),
    ],
};

/// What decides whether a task may reach, create, remove or link a file.
pub(super) const FILE_ACCESS: Family = Family {
    name: "file access",
    entries: &[
        errno("*_permission", "decides whether an access is permitted"),
        zero("chown_ok", "decides about a change of the owner"),
        zero("chgrp_ok", "decides about a change of the group"),
        errno(
            "acl_permission_check",
            "compares the mode and the ACL of an inode",
        ),
        errno("check_acl", "compares the ACL of an inode"),
        never(
            "inode_owner_or_capable",
            "answers whether the task owns an inode",
        ),
        one(
            "__check_sticky",
            "protects files of others in a sticky directory",
        ),
        errno("may_delete_dentry", "decides whether a name may be removed"),
        errno("may_create_dentry", "decides whether a name may be created"),
        errno(
            "may_create_in_sticky",
            "protects files of others in a sticky directory",
        ),
        errno("may_linkat", "decides whether a hard link may be made"),
        zero(
            "safe_hardlink_source",
            "decides whether a hard link may be made",
        ),
        errno(
            "may_follow_link",
            "decides whether a symbolic link may be followed",
        ),
        errno("may_lookup", "decides whether a directory may be searched"),
        errno("may_open", "decides whether a file may be opened"),
        errno(
            "may_o_create",
            "decides whether a file may be created on open",
        ),
        zero(
            "may_open_dev",
            "decides whether a device node works on a mount",
        ),
        errno("may_mknod", "decides what kind of node may be made"),
        errno("handle_truncate", "decides whether open may truncate"),
        errno(
            "lookup_one_common",
            "decides whether a name may be looked up",
        ),
        errno("path_init", "starts a path walk where it may start"),
        errno("complete_walk", "keeps a path walk below its root"),
        errno("nd_jump_link", "keeps a path walk below its root"),
        errno("nd_jump_root", "keeps a path walk below its root"),
        errno("follow_dotdot", "keeps a path walk below its root"),
        errno("follow_dotdot_rcu", "keeps a path walk below its root"),
        zero(
            "path_connected",
            "answers whether a path is still below its mount",
        ),
        errno("do_open_execat", "decides whether a file may be executed"),
        errno("open_exec", "decides whether a file may be executed"),
        errno("do_faccessat", "answers what a task may do with a file"),
        never("access_override_creds", "checks access with the real IDs"),
        one(
            "access_need_override_creds",
            "checks access with the real IDs",
        ),
        errno(
            "kernfs_fop_open",
            "decides about the mode of an open file in sysfs",
        ),
        errno("full_proxy_open_regular", "opens a file of debugfs"),
        errno("full_proxy_open_short", "opens a file of debugfs"),
        errno("open_proxy_open", "opens a file of debugfs"),
        errno(
            "fanotify_get_response",
            "waits for the verdict about an access",
        ),
        errno("fanotify_handle_event", "asks a listener about an access"),
        errno("fsnotify", "asks listeners about an access"),
        errno("__fsnotify_parent", "asks listeners about an access"),
        errno(
            "file_get_write_access",
            "counts the writers of an executable",
        ),
        errno(
            "fsnotify_open_perm_and_set_mode",
            "decides who is asked about an access",
        ),
    ],
};

/// What decides about changes of owner, mode, flags, ACLs and extended attributes.
pub(super) const FILE_ATTRIBUTES: Family = Family {
    name: "file attributes",
    entries: &[
        errno(
            "setattr_prepare",
            "decides whether attributes may be changed",
        ),
        errno("may_setattr", "decides whether attributes may be changed"),
        errno("notify_change", "decides whether attributes may be changed"),
        never("setattr_copy", "drops the set-group-ID bit on a change"),
        never(
            "setattr_should_drop_sgid",
            "answers whether the set-group-ID bit is dropped",
        ),
        never(
            "setattr_should_drop_suidgid",
            "answers whether set-ID bits are dropped",
        ),
        never(
            "dentry_needs_remove_privs",
            "answers whether a write drops set-ID bits",
        ),
        errno("__remove_privs", "drops set-ID bits on a write"),
        errno("file_remove_privs", "drops set-ID bits on a write"),
        errno("file_remove_privs_flags", "drops set-ID bits on a write"),
        errno("file_modified", "drops set-ID bits on a write"),
        errno("file_modified_flags", "drops set-ID bits on a write"),
        errno("kiocb_modified", "drops set-ID bits on a write"),
        errno(
            "ocfs2:__ocfs2_write_remove_suid",
            "drops set-ID bits on a write",
        ),
        errno(
            "ocfs2:ocfs2_write_remove_suid",
            "drops set-ID bits on a write",
        ),
        never(
            "mode_strip_sgid",
            "strips the set-group-ID bit of a new file",
        ),
        never("inode_init_owner", "sets the owner and mode of a new inode"),
        never("inode_set_flags", "sets immutable and append-only"),
        errno(
            "fileattr_set_prepare",
            "decides whether inode flags may be changed",
        ),
        errno(
            "vfs_fileattr_set",
            "decides whether inode flags may be changed",
        ),
        errno("setfl", "keeps append-only files append-only"),
        errno(
            "may_write_xattr",
            "decides whether an inode takes extended attributes",
        ),
        errno(
            "xattr_supports_user_prefix",
            "decides whether an inode takes user attributes",
        ),
        errno(
            "xattr_resolve_name",
            "finds what guards an extended attribute",
        ),
        errno("posix_acl_valid", "validates an ACL"),
        errno("posix_acl_from_xattr", "reads an ACL"),
        errno("posix_acl_create", "gives a new file its mode"),
        errno("__posix_acl_create", "gives a new file its mode"),
        errno("posix_acl_create_masq", "gives a new file its mode"),
        errno("posix_acl_chmod", "applies a new mode to an ACL"),
        errno("__posix_acl_chmod", "applies a new mode to an ACL"),
        errno("__posix_acl_chmod_masq", "applies a new mode to an ACL"),
        errno("posix_acl_update_mode", "applies a new ACL to the mode"),
        never("posix_acl_equiv_mode", "compares an ACL with the mode"),
        errno("set_posix_acl", "installs an ACL"),
        errno("vfs_set_acl", "decides whether an ACL may be changed"),
        errno("vfs_remove_acl", "decides whether an ACL may be removed"),
        errno("vfs_get_acl", "decides whether an ACL may be read"),
        errno("simple_set_acl", "installs an ACL"),
        errno("simple_acl_create", "gives a new file its ACL"),
        errno("get_inode_acl", "finds the ACL of an inode"),
        errno("__get_acl", "finds the ACL of an inode"),
        never("get_cached_acl", "finds the ACL of an inode"),
        never("get_cached_acl_rcu", "finds the ACL of an inode"),
        never("set_cached_acl", "remembers the ACL of an inode"),
        never("forget_cached_acl", "forgets an ACL that changed"),
        never("forget_all_cached_acls", "forgets ACLs that changed"),
        errno("*_get_acl", "finds the ACL of an inode"),
        errno("*:*_get_acl", "finds the ACL of an inode"),
        errno("*:*_get_inode_acl", "finds the ACL of an inode"),
        zero(
            "exfat:exfat_allow_set_time",
            "decides whether times may be set",
        ),
        zero("fat:fat_allow_set_time", "decides whether times may be set"),
    ],
};

/// What keeps reads and writes within an open file's rights, leases and limits.
pub(super) const FILE_LIMITS: Family = Family {
    name: "file limits",
    entries: &[
        errno(
            "rw_verify_area",
            "checks a range and the right to read or write it",
        ),
        errno(
            "remap_verify_area",
            "checks a range and the right to share it",
        ),
        errno("generic_file_rw_checks", "checks the rights for a copy"),
        errno("generic_copy_file_checks", "checks the ranges of a copy"),
        errno(
            "generic_remap_checks",
            "checks the ranges of a shared extent",
        ),
        errno(
            "generic_remap_file_range_prep",
            "checks the files of a shared extent",
        ),
        errno(
            "__generic_remap_file_range_prep",
            "checks the files of a shared extent",
        ),
        errno(
            "generic_write_checks",
            "enforces append mode and the file size limit",
        ),
        errno(
            "generic_write_checks_count",
            "enforces append mode and the file size limit",
        ),
        errno("generic_write_check_limits", "enforces the file size limit"),
        errno("inode_newsize_ok", "enforces the file size limit"),
        zero(
            "may_dedupe_file",
            "decides whether a file may be deduplicated",
        ),
        never(
            "ignore_hardlimit",
            "answers whether the task is above disk quotas",
        ),
        errno(
            "check_fmode_for_setlk",
            "decides whether a file may be locked",
        ),
        errno("vfs_setlease", "decides whether a file may be leased"),
        errno("generic_setlease", "decides whether a file may be leased"),
        errno("__break_lease", "breaks the lease of another opener"),
        zero("check_fcntl_cmd", "decides what an O_PATH file may do"),
        errno("memfd_add_seals", "seals a file"),
        errno("memfd_check_seals_mmap", "enforces the seals of a file"),
        errno(
            "check_sysctl_memfd_noexec",
            "enforces that memory files are not executable",
        ),
    ],
};

/// The permission decisions that file systems take themselves.
pub(super) const FS_ACCESS: Family = Family {
    name: "file system access",
    entries: &[
        errno(
            "fuse:fuse_permission",
            "decides whether an access is permitted",
        ),
        zero(
            "fuse:fuse_allow_current_process",
            "keeps other users out of a FUSE mount",
        ),
        zero(
            "fuse:fuse_permissible_uidgid",
            "keeps other users out of a FUSE mount",
        ),
        errno("fuse:fuse_access", "asks the server about an access"),
        errno(
            "fuse:fuse_perm_getattr",
            "refreshes the mode before a check",
        ),
        errno(
            "fuse:fuse_backing_open",
            "decides whether a backing file may be opened",
        ),
        errno(
            "overlay:ovl_permission",
            "decides whether an access is permitted",
        ),
        never(
            "overlay:ovl_override_creds",
            "acts with the credentials of the mounter",
        ),
        errno(
            "overlay:ovl_want_write",
            "decides whether a layer may be written",
        ),
        errno(
            "overlay:ovl_get_write_access",
            "decides whether a layer may be written",
        ),
        zero(
            "overlay:ovl_can_decode_fh",
            "decides whether file handles may be decoded",
        ),
        errno(
            "nfs:nfs_permission",
            "decides whether an access is permitted",
        ),
        errno(
            "nfs:nfs_do_access",
            "decides whether an access is permitted",
        ),
        errno("nfs:nfs_may_open", "decides whether a file may be opened"),
        errno("nfs:nfs_access_get_cached", "finds an earlier decision"),
        errno(
            "nfs:nfs_access_get_cached_locked",
            "finds an earlier decision",
        ),
        errno("nfs:nfs_access_get_cached_rcu", "finds an earlier decision"),
        never(
            "nfs:nfs_access_calc_mask",
            "translates the decision of a server",
        ),
        never(
            "nfs:nfs_access_set_mask",
            "remembers the decision of a server",
        ),
        errno("nfsv3:nfs3_proc_access", "asks the server about an access"),
        errno("nfsv4:nfs4_proc_access", "asks the server about an access"),
        errno("nfsv4:_nfs4_proc_access", "asks the server about an access"),
        errno(
            "nfsv4:nfs4_opendata_access",
            "decides whether a file may be opened",
        ),
        errno(
            "cifs:cifs_permission",
            "decides whether an access is permitted",
        ),
        errno(
            "ceph:ceph_permission",
            "decides whether an access is permitted",
        ),
        errno(
            "ceph:ceph_mds_check_access",
            "decides whether an access is permitted",
        ),
        errno(
            "kafs:afs_permission",
            "decides whether an access is permitted",
        ),
        errno(
            "kafs:afs_check_permit",
            "finds the rights that a server granted",
        ),
        errno(
            "gfs2:gfs2_permission",
            "decides whether an access is permitted",
        ),
        errno(
            "gfs2:gfs2_unlink_ok",
            "decides whether a name may be removed",
        ),
        errno(
            "ocfs2:ocfs2_permission",
            "decides whether an access is permitted",
        ),
        errno(
            "btrfs:btrfs_permission",
            "decides whether an access is permitted",
        ),
        errno(
            "btrfs:may_destroy_subvol",
            "decides whether a subvolume may be removed",
        ),
        errno(
            "nilfs2:nilfs_permission",
            "decides whether an access is permitted",
        ),
        errno(
            "orangefs:orangefs_permission",
            "decides whether an access is permitted",
        ),
        errno(
            "ecryptfs:ecryptfs_permission",
            "decides whether an access is permitted",
        ),
        errno(
            "coda:coda_permission",
            "decides whether an access is permitted",
        ),
        errno(
            "coda:coda_ioctl_permission",
            "decides whether an access is permitted",
        ),
        errno(
            "autofs4:autofs_dir_permission",
            "decides whether an access is permitted",
        ),
        errno(
            "__fscrypt_prepare_link",
            "keeps files of another policy from being linked",
        ),
        errno(
            "__fscrypt_prepare_rename",
            "keeps files of another policy from being moved",
        ),
        errno(
            "overlay:ovl_check_setxattr",
            "sets a private attribute of a layer",
        ),
        zero("overlay:ovl_can_list", "hides private attributes"),
        errno(
            "overlay:ovl_fs_params_verify",
            "refuses options of less privileged users",
        ),
    ],
};

/// What decides who may read and write in /proc and change kernel parameters.
pub(super) const PROC: Family = Family {
    name: "proc and sysctl",
    entries: &[
        errno("sysctl_perm", "decides who may change a kernel parameter"),
        errno("test_perm", "compares the mode of a kernel parameter"),
        zero("set_permissions", "computes the mode of a kernel parameter"),
        zero("ipc_permissions", "computes the mode of a kernel parameter"),
        zero("mq_permissions", "computes the mode of a kernel parameter"),
        zero(
            "pid_table_root_permissions",
            "computes the mode of a kernel parameter",
        ),
        never(
            "pid_table_root_set_ownership",
            "sets the owner of a kernel parameter",
        ),
        never("ipc_set_ownership", "sets the owner of a kernel parameter"),
        errno(
            "proc_sys_call_handler",
            "reads or writes a kernel parameter",
        ),
        errno(
            "proc_sys_setattr",
            "refuses to change the mode of a parameter",
        ),
        errno(
            "proc_dointvec_minmax_sysadmin",
            "lets administrators change a kernel parameter",
        ),
        errno(
            "proc_cap_handler",
            "changes the capabilities of kernel helpers",
        ),
        zero("has_pid_permissions", "hides the processes of others"),
        never("task_dump_owner", "sets the owner of a process directory"),
        errno(
            "proc_mem_open",
            "decides who may open the memory of a process",
        ),
        never(
            "proc_mem_foll_force",
            "decides who may override page protection",
        ),
        errno("lock_trace", "decides who may see the state of a process"),
        errno(
            "proc_map_files_get_link",
            "decides who may open a mapped file",
        ),
        errno(
            "proc_nochmod_setattr",
            "refuses to change the mode of a file",
        ),
        errno(
            "proc_pid_get_link",
            "decides who may follow a link of a process",
        ),
        errno(
            "proc_pid_readlink",
            "decides who may read a link of a process",
        ),
        errno("proc_ns_get_link", "decides who may open a namespace"),
        errno("proc_ns_readlink", "decides who may read a namespace"),
        errno("open_kcore", "decides who may read kernel memory"),
        errno(
            "check_syslog_permissions",
            "decides who may read the kernel log",
        ),
        errno("do_syslog", "decides who may read the kernel log"),
        never(
            "get_proc_task_net",
            "finds the network namespace of a reader",
        ),
    ],
};

/// What decides about mounts, their flags and who sees what below them.
pub(super) const MOUNTS: Family = Family {
    name: "mounts",
    entries: &[
        zero("may_mount", "answers whether the task may mount"),
        one(
            "mount_too_revealing",
            "answers whether a mount would show too much",
        ),
        zero(
            "mnt_already_visible",
            "answers whether a mount shows nothing new",
        ),
        zero(
            "mnt_may_suid",
            "answers whether set-ID bits work on a mount",
        ),
        one("path_noexec", "answers whether a mount forbids execution"),
        one("__mnt_is_readonly", "answers whether a mount is read-only"),
        one("mnt_is_readonly", "answers whether a mount is read-only"),
        errno("mnt_want_write", "decides whether a mount may be written"),
        errno(
            "mnt_want_write_file",
            "decides whether a mount may be written",
        ),
        errno(
            "mnt_get_write_access",
            "decides whether a mount may be written",
        ),
        errno(
            "mnt_get_write_access_file",
            "decides whether a mount may be written",
        ),
        errno("mnt_make_readonly", "makes a mount read-only"),
        errno(
            "sb_prepare_remount_readonly",
            "makes a file system read-only",
        ),
        errno("change_mount_ro_state", "makes a mount read-only"),
        never("set_mount_attributes", "sets the flags of a mount"),
        zero(
            "can_change_locked_flags",
            "answers whether locked flags stay",
        ),
        never(
            "lock_mnt_tree",
            "locks mounts against less privileged users",
        ),
        never("do_lock_mount", "keeps a mount point while it is used"),
        one(
            "has_locked_children",
            "answers whether a copy would uncover files",
        ),
        errno(
            "may_change_propagation",
            "decides whether propagation may be changed",
        ),
        errno(
            "can_move_mount_beneath",
            "decides whether a mount may be moved",
        ),
        one(
            "mnt_ns_loop",
            "answers whether namespaces would form a loop",
        ),
        zero(
            "is_path_reachable",
            "answers whether a path is below a root",
        ),
        never("path_is_under", "answers whether a path is below another"),
        zero("our_mnt", "answers whether a mount is the task's"),
        one(
            "current_chrooted",
            "answers whether the task is in a chroot",
        ),
        errno("can_idmap_mount", "decides whether a mount may map IDs"),
        errno(
            "build_mount_idmapped",
            "decides whether a mount may map IDs",
        ),
        errno(
            "mount_setattr_prepare",
            "decides whether mount flags may be changed",
        ),
        errno("do_mount_setattr", "changes the flags of mounts"),
        errno("do_reconfigure_mnt", "changes the flags of a mount"),
        errno("do_remount", "changes the flags of a mount"),
        errno("do_change_type", "changes the propagation of a mount"),
        errno("do_move_mount", "moves a mount"),
        errno("do_set_group", "changes the propagation of a mount"),
        errno("do_loopback", "binds a mount"),
        errno("can_umount", "decides whether a mount may be removed"),
        errno("do_umount", "removes a mount"),
        errno("path_umount", "removes a mount"),
        errno("path_mount", "mounts"),
        errno("path_pivot_root", "changes the root of a namespace"),
        errno("clone_private_mount", "copies a mount for a file system"),
        errno("reconfigure_super", "changes the flags of a file system"),
        errno("vfs_get_tree", "mounts a file system"),
        zero(
            "subtree_unobstructed",
            "answers whether a file handle shows too much",
        ),
        zero(
            "vfs_dentry_acceptable",
            "answers whether a file handle may be opened",
        ),
        zero(
            "may_decode_fh",
            "answers whether file handles may be opened",
        ),
        errno("handle_to_path", "opens a file handle"),
        never("chroot_fs_refs", "moves tasks to a new root"),
    ],
};

/// What decides who may make, enter and map namespaces.
pub(super) const NAMESPACES: Family = Family {
    name: "namespaces",
    entries: &[
        errno(
            "userns_install",
            "decides whether a user namespace may be entered",
        ),
        errno(
            "mntns_install",
            "decides whether a mount namespace may be entered",
        ),
        errno(
            "pidns_install",
            "decides whether a PID namespace may be entered",
        ),
        errno(
            "utsns_install",
            "decides whether a UTS namespace may be entered",
        ),
        errno(
            "ipcns_install",
            "decides whether an IPC namespace may be entered",
        ),
        errno(
            "cgroupns_install",
            "decides whether a cgroup namespace may be entered",
        ),
        errno(
            "timens_install",
            "decides whether a time namespace may be entered",
        ),
        errno("check_setns_flags", "validates what namespaces are entered"),
        errno("prepare_nsset", "prepares credentials for a namespace"),
        errno(
            "validate_nsset",
            "decides whether namespaces may be entered",
        ),
        never("commit_nsset", "enters namespaces"),
        errno("create_user_ns", "makes a user namespace"),
        errno("unshare_userns", "makes a user namespace"),
        errno("ksys_unshare", "makes namespaces"),
        errno("check_unshare_flags", "validates what namespaces are made"),
        errno("copy_namespaces", "makes the namespaces of a new task"),
        errno("create_new_namespaces", "makes namespaces"),
        errno("unshare_nsproxy_namespaces", "makes namespaces"),
        never("switch_task_namespaces", "moves a task to namespaces"),
        never("switch_cred_namespaces", "moves a task to namespaces"),
        errno("exec_task_namespaces", "moves a task to namespaces on exec"),
        errno("copy_mnt_ns", "makes a mount namespace"),
        errno("copy_pid_ns", "makes a PID namespace"),
        errno("copy_utsname", "makes a UTS namespace"),
        errno("copy_ipcs", "makes an IPC namespace"),
        errno("copy_net_ns", "makes a network namespace"),
        errno("copy_cgroup_ns", "makes a cgroup namespace"),
        errno("copy_time_ns", "makes a time namespace"),
        never("timens_on_fork", "moves a task to a time namespace"),
        errno("map_write", "decides what IDs a namespace may map"),
        zero(
            "new_idmap_permitted",
            "decides what IDs a namespace may map",
        ),
        zero("verify_root_map", "decides who may map the root user"),
        one("mappings_overlap", "answers whether ID ranges overlap"),
        errno("proc_uid_map_write", "sets the user IDs of a namespace"),
        errno("proc_gid_map_write", "sets the group IDs of a namespace"),
        errno(
            "proc_projid_map_write",
            "sets the project IDs of a namespace",
        ),
        errno("proc_timens_set_offset", "sets the clocks of a namespace"),
        zero(
            "current_in_userns",
            "answers whether the task is below a namespace",
        ),
        zero("in_userns", "answers whether a namespace is below another"),
        zero(
            "pidns_is_ancestor",
            "answers whether a namespace is below another",
        ),
        errno(
            "pid_ns_ctl_handler",
            "sets the next process ID of a namespace",
        ),
        zero(
            "may_see_all_namespaces",
            "answers whether the task sees all namespaces",
        ),
        zero(
            "may_use_nsfs_ioctl",
            "answers whether the task may look up namespaces",
        ),
        errno(
            "open_related_ns",
            "opens the owner or parent of a namespace",
        ),
        errno("ns_get_owner", "finds the owner of a namespace"),
        errno("ns_get_path_task", "opens the namespace of a task"),
        errno(
            "grab_requested_mnt_ns",
            "finds a mount namespace to look into",
        ),
        errno(
            "get_sequential_mnt_ns",
            "finds a mount namespace to look into",
        ),
        errno("lookup_mnt_ns", "finds a mount namespace to look into"),
        zero(
            "kobj_ns_current_may_mount",
            "answers whether the task may mount sysfs",
        ),
        zero(
            "ib_core:rdma_dev_access_netns",
            "answers whether a namespace may use a device",
        ),
        never("inc_ucount", "limits the objects of a user"),
        never("inc_rlimit_ucounts", "counts the resources of a user"),
        never("inc_rlimit_get_ucounts", "counts the resources of a user"),
        one(
            "is_rlimit_overlimit",
            "answers whether a user is over a limit",
        ),
    ],
};

/// What decides who may look into and control another process.
pub(super) const PTRACE: Family = Family {
    name: "process tracing",
    entries: &[
        errno(
            "__ptrace_may_access",
            "decides whether a process may be looked into",
        ),
        zero(
            "ptrace_may_access",
            "decides whether a process may be looked into",
        ),
        zero(
            "ptracer_access_allowed",
            "decides whether a tracer may access memory",
        ),
        zero(
            "ptrace_has_cap",
            "answers whether a tracer holds a capability",
        ),
        zero(
            "task_still_dumpable",
            "answers whether a process may be looked into",
        ),
        zero(
            "task_exec_state_get_dumpable",
            "answers whether a process may be looked into",
        ),
        never(
            "task_exec_state_set_dumpable",
            "sets whether a process may be looked into",
        ),
        never(
            "task_exec_state_copy",
            "keeps whether a process may be looked into",
        ),
        never(
            "task_exec_state_replace",
            "sets whether a process may be looked into",
        ),
        errno(
            "check_ptrace_options",
            "decides what options a tracer may set",
        ),
        errno("ptrace_attach", "decides whether a process may be traced"),
        errno("ptrace_traceme", "decides whether a parent may trace"),
        errno(
            "ptrace_check_attach",
            "answers whether the caller traces a process",
        ),
        errno("ptrace_setoptions", "sets the options of a tracer"),
        errno(
            "ptrace_access_vm",
            "accesses the memory of a traced process",
        ),
        errno("ptrace_request", "controls a traced process"),
        errno(
            "ptrace_set_syscall_info",
            "changes the system call of a traced process",
        ),
        never("ptrace_link", "remembers the credentials of a tracer"),
        never("__ptrace_link", "remembers the credentials of a tracer"),
        errno("mm_access", "decides who may use the memory of a process"),
        zero(
            "may_access_mm",
            "decides who may use the memory of a process",
        ),
        errno("pidfd_getfd", "decides who may take a file of a process"),
        errno("__pidfd_fget", "decides who may take a file of a process"),
        errno(
            "process_vm_rw_core",
            "decides who may copy the memory of a process",
        ),
        errno(
            "process_vm_rw",
            "decides who may copy the memory of a process",
        ),
        zero(
            "process_madvise_remote_valid",
            "decides what advice reaches another process",
        ),
        errno(
            "kernel_migrate_pages",
            "decides who may move the memory of a process",
        ),
        errno(
            "kernel_move_pages",
            "decides who may move the memory of a process",
        ),
        errno(
            "find_mm_struct",
            "decides who may move the memory of a process",
        ),
        errno(
            "do_io_accounting",
            "decides who may see the I/O of a process",
        ),
        errno("prctl_set_mm", "changes what a process says about itself"),
        errno(
            "prctl_set_mm_map",
            "changes what a process says about itself",
        ),
        errno(
            "prctl_set_mm_exe_file",
            "changes what a process says about itself",
        ),
        errno(
            "validate_prctl_map_addr",
            "validates what a process says about itself",
        ),
        errno("replace_mm_exe_file", "changes what a process says it runs"),
    ],
};

/// What decides who may signal a process.
pub(super) const SIGNALS: Family = Family {
    name: "signals",
    entries: &[
        errno("check_kill_permission", "decides who may signal a process"),
        zero("kill_ok_by_cred", "compares credentials before a signal"),
        zero("kill_as_cred_perm", "compares credentials before a signal"),
        errno(
            "kill_pid_usb_asyncio",
            "decides whether a device may signal a process",
        ),
        zero("sigio_perm", "decides whether a file may signal a process"),
        zero(
            "access_pidfd_pidns",
            "decides whether a process may be signalled",
        ),
        errno("group_send_sig_info", "decides who may signal a process"),
        errno("do_send_specific", "decides who may signal a thread"),
        errno("do_rt_sigqueueinfo", "refuses forged signals"),
        errno("do_rt_tgsigqueueinfo", "refuses forged signals"),
        errno("do_pidfd_send_signal", "decides who may signal a process"),
        errno("f_setown", "sets who gets the signals of a file"),
        never(
            "__f_setown",
            "remembers the credentials behind a file's signals",
        ),
    ],
};

/// What decides about priorities, affinity and resource limits.
pub(super) const PROCESS_LIMITS: Family = Family {
    name: "process limits",
    entries: &[
        errno("do_prlimit", "decides about a resource limit"),
        errno(
            "check_prlimit_permission",
            "decides about the limits of another process",
        ),
        zero(
            "set_one_prio_perm",
            "decides about the priority of another process",
        ),
        errno(
            "set_one_prio",
            "decides about the priority of another process",
        ),
        never(
            "can_nice",
            "answers whether the task may raise its priority",
        ),
        errno(
            "user_check_sched_setscheduler",
            "decides about a scheduling policy",
        ),
        zero("check_same_owner", "answers whether the task owns another"),
        errno(
            "sched_setaffinity",
            "decides about the processors of a task",
        ),
        errno("set_task_ioprio", "decides about an I/O priority"),
        errno("ioprio_check_cap", "decides about an I/O priority"),
        errno("__set_oom_adj", "decides about the killing order"),
        one(
            "pipe_is_unprivileged_user",
            "answers whether limits on pipes apply",
        ),
        one("too_many_pipe_buffers_hard", "enforces the limit on pipes"),
        one("too_many_pipe_buffers_soft", "enforces the limit on pipes"),
        errno("pids_can_fork", "enforces the limit on processes"),
        errno("cpuset_can_fork", "decides where a new process may be"),
    ],
};

/// What decides who may use an IPC object.
pub(super) const IPC: Family = Family {
    name: "IPC access",
    entries: &[
        errno("ipcperms", "decides who may use an IPC object"),
        errno("ipc_check_perms", "decides who may use an IPC object"),
        errno(
            "ipcctl_obtain_check",
            "decides who may control an IPC object",
        ),
        errno(
            "ipc_obtain_object_check",
            "finds an IPC object that still exists",
        ),
        errno("ipc_update_perm", "changes the owner of an IPC object"),
        errno("prepare_open", "decides who may open a message queue"),
        errno(
            "mqueue_create_attr",
            "enforces the limits on message queues",
        ),
        errno("shmctl_do_lock", "decides who may lock shared memory"),
        zero(
            "can_do_hugetlb_shm",
            "decides who may use huge shared memory",
        ),
    ],
};

/// What decides who may find, use, link and change keys.
pub(super) const KEYRINGS: Family = Family {
    name: "keyrings",
    entries: &[
        zero(
            "lookup_user_key_possessed",
            "answers whether the task holds a key",
        ),
        errno("restrict_link_reject", "refuses every key"),
        errno("keyring_detect_cycle", "refuses loops of keyrings"),
        errno("install_process_keyring", "installs a keyring"),
        errno("install_session_keyring", "installs a keyring"),
        errno("install_session_keyring_to_cred", "installs a keyring"),
        errno("install_process_keyring_to_cred", "installs a keyring"),
        errno("install_thread_keyring_to_cred", "installs a keyring"),
        never("key_fsgid_changed", "follows a change of the group"),
        errno("logon_vet_description", "protects keys of the kernel"),
        errno(
            "encrypted_keys:datablob_hmac_verify",
            "verifies an encrypted key",
        ),
    ],
};

/// What decides who may use a device or change a control group.
pub(super) const CGROUPS: Family = Family {
    name: "control groups",
    entries: &[
        errno(
            "devcgroup_check_permission",
            "decides whether a group may use a device",
        ),
        errno(
            "devcgroup_legacy_check_permission",
            "decides whether a group may use a device",
        ),
        never(
            "match_exception",
            "compares a device with the list of a group",
        ),
        never(
            "match_exception_partial",
            "compares devices with the list of a group",
        ),
        never("verify_new_ex", "compares devices with the parent's list"),
        zero(
            "parent_has_perm",
            "decides whether a group may get a device",
        ),
        zero(
            "parent_allows_removal",
            "decides whether a group may keep a device",
        ),
        errno(
            "devcgroup_update_access",
            "changes what devices a group may use",
        ),
        errno("dev_exception_add", "adds a device to the list of a group"),
        never(
            "dev_exception_rm",
            "removes a device from the list of a group",
        ),
        never("dev_exception_clean", "empties the list of a group"),
        errno("propagate_exception", "passes a device list to children"),
        never(
            "revalidate_active_exceptions",
            "passes a device list to children",
        ),
        errno("cgroup_may_write", "decides who may change a group"),
        errno(
            "cgroup_procs_write_permission",
            "decides who may move a process",
        ),
        errno(
            "cgroup_attach_permissions",
            "decides who may move a process",
        ),
        errno("cgroup_procs_write_start", "finds the process to move"),
        errno("cgroup_migrate_vet_dst", "decides where processes may be"),
        errno("cgroup_can_fork", "decides whether a group may grow"),
        errno("cgroup_css_set_fork", "decides where a new process may be"),
        errno(
            "cgroup_release_agent_write",
            "sets what runs when a group is empty",
        ),
        errno(
            "cpuset_can_attach",
            "decides whether processes may be moved",
        ),
        errno(
            "rdtgroup_task_write_permission",
            "decides who may move a process",
        ),
    ],
};

/// What decides who may profile and trace.
pub(super) const PERF: Family = Family {
    name: "profiling access",
    entries: &[
        errno("perf_allow_kernel", "decides who may profile the kernel"),
        errno("perf_allow_cpu", "decides who may profile a processor"),
        errno("perf_allow_tracepoint", "decides who may use tracepoints"),
        zero("perf_check_permission", "decides who may profile a process"),
        errno("perf_trace_event_perm", "decides who may use tracepoints"),
        zero(
            "perf_mmap_calc_limits",
            "enforces the limit on locked memory",
        ),
        errno("perf_copy_attr", "validates what is profiled"),
        one("perf_exclude_event", "hides kernel samples"),
        errno("hw_breakpoint_parse", "refuses breakpoints in the kernel"),
        one(
            "arch_check_bp_in_kernelspace",
            "recognizes breakpoints in the kernel",
        ),
        errno("hw_breakpoint_arch_parse", "validates a breakpoint"),
        errno("tracing_check_open_get_tr", "decides who may open a trace"),
        zero("bpf_d_path_allowed", "decides where paths may be read"),
        errno(
            "modify_user_hw_breakpoint_check",
            "refuses breakpoints in the kernel",
        ),
    ],
};

/// What decides who may use io_uring and with what requests.
pub(super) const IO_URING: Family = Family {
    name: "io_uring",
    entries: &[
        errno("io_uring_allowed", "decides who may use io_uring"),
        errno("io_uring_setup", "makes a ring"),
        errno("io_uring_create", "makes a ring"),
        zero(
            "io_check_restriction",
            "enforces the restrictions of a ring",
        ),
        errno("io_parse_restrictions", "reads the restrictions of a ring"),
        errno("io_register_restrictions", "restricts a ring"),
        errno(
            "io_register_restrictions_task",
            "restricts the rings of a task",
        ),
        errno(
            "io_register_bpf_filter_task",
            "restricts the rings of a task",
        ),
        errno("io_register_bpf_filter", "restricts a ring"),
        errno(
            "__io_uring_run_bpf_filters",
            "enforces the restrictions of a ring",
        ),
        never("io_restriction_clone", "keeps the restrictions of a ring"),
        never(
            "io_ctx_restriction_clone",
            "keeps the restrictions of a task",
        ),
        errno(
            "io_register_personality",
            "remembers credentials for requests",
        ),
        errno("__io_account_mem", "enforces the limit on locked memory"),
    ],
};

/// What decides who may control a terminal.
pub(super) const TERMINALS: Family = Family {
    name: "terminals",
    entries: &[
        errno("tty_check_change", "stops background processes"),
        errno("__tty_check_change", "stops background processes"),
        errno("job_control", "stops background processes"),
        errno("tiocsctty", "decides who gets a controlling terminal"),
        errno("tiocspgrp", "decides who is in the foreground"),
        errno("tiocsti", "decides who may fake input"),
        errno("tioccons", "decides who may take the console"),
        errno("tiocsetd", "changes the line discipline"),
        errno("tty_jobctrl_ioctl", "controls the session of a terminal"),
        errno("tty_reopen", "refuses a terminal that is exclusive"),
        errno("tty_ldisc_get", "decides what line discipline is loaded"),
        errno("pty_open", "refuses a terminal that is locked"),
        errno("tioclinux", "decides who may control a console"),
        errno("set_selection_user", "decides who may select text"),
        errno("vt_ioctl", "decides who may control a console"),
        errno("vt_compat_ioctl", "decides who may control a console"),
        errno("vt_k_ioctl", "decides who may control a console"),
        errno("vt_io_ioctl", "decides who may control a console"),
        errno("vt_do_diacrit", "decides who may change the keyboard"),
        errno(
            "vt_do_kbkeycode_ioctl",
            "decides who may change the keyboard",
        ),
        errno("vt_do_kdsk_ioctl", "decides who may change the keyboard"),
        errno("vt_do_kdgkb_ioctl", "decides who may change the keyboard"),
        errno("vt_do_kdskled", "decides who may change the keyboard"),
        errno("vt_kdskbent", "decides who may change the keyboard"),
        errno("con_font_op", "changes the font of a console"),
        never("do_SAK", "clears a terminal for a safe login"),
        never("do_SAK_work", "clears a terminal for a safe login"),
        never("__do_SAK", "clears a terminal for a safe login"),
        never("vc_SAK", "clears a terminal for a safe login"),
        never("__tty_hangup", "takes a terminal from its users"),
        never("tty_vhangup", "takes a terminal from its users"),
        never("tty_vhangup_self", "takes a terminal from its users"),
        never("tty_vhangup_session", "takes a terminal from its users"),
        never("disassociate_ctty", "takes a terminal from its users"),
        zero("sysrq_on_mask", "decides what system request keys do"),
    ],
};

/// What decides who may control a display and reach graphics memory.
pub(super) const GRAPHICS: Family = Family {
    name: "graphics access",
    entries: &[
        zero(
            "drm:drm_is_current_master",
            "answers whether a client controls the display",
        ),
        zero(
            "drm:drm_is_current_master_locked",
            "answers whether a client controls the display",
        ),
        errno("drm:drm_ioctl_permit", "decides who may use a request"),
        errno("drm:drm_ioctl_kernel", "decides who may use a request"),
        errno(
            "drm:drm_master_check_perm",
            "decides who may control the display",
        ),
        errno(
            "drm:drm_setmaster_ioctl",
            "decides who may control the display",
        ),
        errno(
            "drm:drm_dropmaster_ioctl",
            "gives up control of the display",
        ),
        never("drm:drm_set_master", "makes a client control the display"),
        errno(
            "drm:drm_new_set_master",
            "makes a client control the display",
        ),
        never("drm:drm_drop_master", "gives up control of the display"),
        errno("drm:drm_master_open", "decides who may control the display"),
        errno("drm:drm_authmagic", "authenticates a client"),
        zero(
            "drm:drm_master_internal_acquire",
            "keeps the kernel off a controlled display",
        ),
        zero(
            "drm:_drm_lease_held",
            "answers whether a client leases an object",
        ),
        zero(
            "drm:_drm_lease_held_master",
            "answers whether a client leases an object",
        ),
        zero(
            "drm:drm_lease_held",
            "answers whether a client leases an object",
        ),
        zero(
            "drm:drm_lease_filter_crtcs",
            "hides what a client does not lease",
        ),
        errno("drm:validate_lease", "validates a lease"),
        never("drm:_drm_lease_revoke", "revokes a lease"),
        zero(
            "drm:drm_vma_node_is_allowed",
            "answers whether a client may map memory",
        ),
        errno("drm:drm_gem_mmap", "decides who may map memory"),
        errno(
            "i915:intel_engine_cmd_parser",
            "refuses privileged commands",
        ),
        errno(
            "vmwgfx:vmw_cmd_check_all",
            "refuses commands on memory of others",
        ),
        errno(
            "vc4:vc4_validate_bin_cl",
            "refuses commands on memory of others",
        ),
        errno(
            "vc4:vc4_validate_shader_recs",
            "refuses commands on memory of others",
        ),
        errno("drm:drm_vma_node_allow", "lets a client map memory"),
        never(
            "drm:drm_vma_node_revoke",
            "takes a mapping right from a client",
        ),
    ],
};

/// What decides what commands reach a disk and who may open it.
pub(super) const STORAGE: Family = Family {
    name: "storage access",
    entries: &[
        zero(
            "scsi_mod:scsi_cmd_allowed",
            "decides what commands reach a disk",
        ),
        errno("scsi_mod:scsi_ioctl_reset", "decides who may reset a disk"),
        errno(
            "scsi_mod:scsi_bsg_sg_io_fn",
            "decides what commands reach a disk",
        ),
        errno(
            "bsg_transport_sg_io_fn",
            "decides what commands reach a controller",
        ),
        errno("sg:sg_allow_access", "decides what commands reach a disk"),
        errno(
            "sg:sg_check_file_access",
            "refuses commands of another user's file",
        ),
        zero(
            "nvme_core:nvme_cmd_allowed",
            "decides what commands reach a disk",
        ),
        zero(
            "nvme_core:nvme_admin_cmd_allowed",
            "decides what commands reach a disk",
        ),
        zero(
            "nvme_core:nvme_ns_cmd_allowed",
            "decides what commands reach a disk",
        ),
        zero(
            "nvme_core:nvme_validate_passthru_nsid",
            "decides what disk a command reaches",
        ),
        errno(
            "mmc_block:mmc_blk_check_blkdev",
            "decides what commands reach a card",
        ),
        zero("blkdev_pr_allowed", "decides who may reserve a disk"),
        zero("bdev_may_open", "decides whether a disk may be opened"),
        errno("bdev_permission", "decides whether a disk may be opened"),
        zero("bd_may_claim", "decides whether a disk may be claimed"),
        errno(
            "bd_prepare_to_claim",
            "decides whether a disk may be claimed",
        ),
        zero(
            "bdev_writes_blocked",
            "answers whether a disk may be written",
        ),
        never("bdev_block_writes", "protects a mounted disk"),
        never("bdev_claim_write_access", "protects a mounted disk"),
        errno("blkdev_common_ioctl", "decides who may control a disk"),
        errno("blkdev_roset", "decides who may make a disk read-only"),
        errno("blkpg_do_ioctl", "decides who may change partitions"),
        errno("dm_mod:ctl_ioctl", "decides who may control device mapper"),
        errno(
            "ublk_drv:ublk_char_dev_permission",
            "decides who may control a disk",
        ),
        errno(
            "ublk_drv:ublk_ctrl_uring_cmd_permission",
            "decides who may control a disk",
        ),
        errno("loop:loop_validate_file", "refuses loops of disks"),
    ],
};

/// What decides which USB devices work and who may use them.
pub(super) const USB: Family = Family {
    name: "USB authorization",
    entries: &[
        errno("usbcore:usb_authorize_device", "authorizes a device"),
        errno(
            "usbcore:usb_deauthorize_device",
            "takes the authorization of a device",
        ),
        zero(
            "usbcore:usb_dev_authorized",
            "decides whether a new device is authorized",
        ),
        never("usbcore:usb_authorize_interface", "authorizes an interface"),
        never(
            "usbcore:usb_deauthorize_interface",
            "takes the authorization of an interface",
        ),
        errno("usbcore:checkintf", "decides who may use an interface"),
        errno("usbcore:claimintf", "decides who may use an interface"),
        errno(
            "usbcore:check_ctrlrecip",
            "decides who may use an interface",
        ),
        one(
            "usbcore:usb_device_is_owned",
            "answers whether a port is claimed",
        ),
        errno(
            "usbcore:proc_drop_privileges",
            "drops the rights of an open file",
        ),
        errno(
            "usbcore:usbfs_increase_memory_usage",
            "enforces a memory limit",
        ),
    ],
};

/// What decides which Thunderbolt devices may reach memory.
pub(super) const THUNDERBOLT: Family = Family {
    name: "Thunderbolt authorization",
    entries: &[
        errno("thunderbolt:*approve_switch", "approves a device"),
        errno(
            "thunderbolt:tb_domain_approve_switch_key",
            "approves a device and its key",
        ),
        errno(
            "thunderbolt:*challenge_switch_key",
            "verifies the key of a device",
        ),
        errno("thunderbolt:*add_switch_key", "gives a device its key"),
        errno("thunderbolt:tb_switch_set_authorized", "approves a device"),
        errno(
            "thunderbolt:disapprove_switch",
            "takes the approval of a device",
        ),
        errno(
            "thunderbolt:*approve_xdomain_paths",
            "approves a connection to another host",
        ),
        errno("thunderbolt:nvm_authenticate", "authenticates new firmware"),
    ],
};

/// What decides who may drive a device from user space.
pub(super) const PASSTHROUGH: Family = Family {
    name: "device assignment",
    entries: &[
        errno(
            "vfio:vfio_df_check_token",
            "verifies the token of a function",
        ),
        errno(
            "vfio:vfio_device_fops_cdev_open",
            "decides who may open a device",
        ),
        errno("vfio:vfio_df_group_open", "decides who may open a device"),
        errno("vfio:vfio_group_fops_open", "decides who may open a group"),
        errno(
            "vfio:vfio_group_use_container",
            "decides who may use an unprotected device",
        ),
        errno(
            "vfio:vfio_container_attach_group",
            "decides who may use an unprotected device",
        ),
        errno(
            "vfio:vfio_noiommu_open",
            "decides who may use an unprotected device",
        ),
        zero(
            "vfio:vfio_iommu_driver_allowed",
            "decides who may use an unprotected device",
        ),
        zero(
            "vfio_pci_core:vfio_dev_in_groups",
            "answers whether the caller owns a device",
        ),
        errno(
            "vfio_pci_core:vfio_pci_is_device_in_set",
            "answers whether the caller owns a device",
        ),
        errno(
            "vfio_pci_core:vfio_pci_core_mmap",
            "keeps mappings inside a device",
        ),
        zero(
            "vfio_iommu_type1:vfio_iommu_iova_dma_valid",
            "keeps mappings out of reserved ranges",
        ),
        one(
            "vfio_iommu_type1:vfio_iommu_resv_conflict",
            "keeps mappings out of reserved ranges",
        ),
        errno(
            "vfio_iommu_type1:vfio_lock_acct",
            "enforces the limit on locked memory",
        ),
        errno(
            "vfio_iommu_type1:mm_lock_acct",
            "enforces the limit on locked memory",
        ),
        errno(
            "vfio_iommu_type1:vfio_change_dma_owner",
            "enforces the limit on locked memory",
        ),
        errno(
            "iommufd:iopt_pages_update_pinned",
            "enforces the limit on locked memory",
        ),
        errno(
            "iommufd:incr_user_locked_vm",
            "enforces the limit on locked memory",
        ),
        errno(
            "iommufd:update_mm_locked_vm",
            "enforces the limit on locked memory",
        ),
        zero(
            "iommufd:check_area_prot",
            "keeps accesses within a mapping's rights",
        ),
        errno(
            "iommufd:iommufd_option_rlimit_mode",
            "decides who changes how memory counts",
        ),
        errno("uio:uio_find_mem_index", "keeps mappings inside a device"),
        errno(
            "vfio_pci_core:vfio_pci_core_match_token_uuid",
            "verifies the token of a function",
        ),
        errno(
            "iommufd:iopt_check_iova",
            "keeps mappings out of reserved ranges",
        ),
    ],
};

/// What decides who may use other devices and ports.
pub(super) const DEVICES: Family = Family {
    name: "device access",
    entries: &[
        errno("ksys_ioperm", "decides who may use I/O ports"),
        never("task_update_io_bitmap", "takes I/O ports from a task"),
        never("io_bitmap_share", "copies the I/O ports of a task"),
        never("io_bitmap_exit", "takes I/O ports from a task"),
        never(
            "native_tss_update_io_bitmap",
            "tells the processor what ports a task has",
        ),
        never(
            "tss_copy_io_bitmap",
            "tells the processor what ports a task has",
        ),
        errno("open_port", "decides who may open memory and ports"),
        errno("msr:msr_open", "decides who may open processor registers"),
        errno("msr:filter_write", "refuses writes to processor registers"),
        zero(
            "allow_16bit_segments",
            "decides whether a task may have old segments",
        ),
        zero("tls_desc_okay", "validates a segment of a task"),
        errno("write_ldt", "validates a segment of a task"),
        errno("evdev:evdev_revoke", "takes an input device from a client"),
        errno("hid:hidraw_revoke", "takes an input device from a client"),
        errno("evdev:evdev_grab", "gives an input device to one client"),
        errno("proc_bus_pci_mmap", "decides who may map a device"),
        errno("pci_mmap_resource", "keeps mappings inside a device"),
        errno(
            "snd_seq:check_subscription_permission",
            "decides who may connect clients",
        ),
        zero(
            "ib_uverbs:rdma_uattrs_has_raw_cap",
            "answers whether raw packets are permitted",
        ),
        errno("rfkill:rfkill_fop_ioctl", "decides who may block radio"),
        errno(
            "vhost:vhost_dev_check_owner",
            "decides who may drive a device",
        ),
        errno("sgx_validate_secinfo", "validates an enclave page"),
        errno("sgx_validate_offset_length", "validates an enclave page"),
        errno(
            "sgx_set_attribute",
            "decides who may set attributes of enclaves",
        ),
        errno(
            "sgx_encl_may_map",
            "decides how enclave pages may be mapped",
        ),
        errno(
            "xenbus_backend_ioctl",
            "decides who may control the Xen store",
        ),
    ],
};
