// SPDX-License-Identifier: GPL-2.0-only

//! Functions that decide what a task may do: its privileges, and its access to objects and devices.

use super::{
    errno,
    never,
    one,
    zero,
    Family, //
};

/// Functions that create, install and compare credentials of tasks.
#[rustfmt::skip]
pub(super) const CREDENTIALS: Family = Family {
    name: "credentials",
    lines: &[
        never("gives a new task its credentials", &["copy_creds"]),
    ],
};

/// Decisions about changes of owner, mode, flags, ACLs and extended attributes.
#[rustfmt::skip]
pub(super) const FILE_ATTRIBUTES: Family = Family {
    name: "file attributes",
    lines: &[
        errno("drops set-ID bits on a write", &["ocfs2:__ocfs2_write_remove_suid"]),
        never("converts the ACL that a client reads or sets", &[
            "ksmbd:ndr_*acl", "ksmbd:parse_dacl", "nfsd:nfsd_map_name_to_*",
            "affs:affs_mode_to_prot", "9p:v9fs_mapped_iattr_valid",
        ]),
    ],
};

/// Permission checks by file systems themselves.
#[rustfmt::skip]
pub(super) const FS_ACCESS: Family = Family {
    name: "file system access",
    lines: &[
        zero("decides whether file handles may be decoded", &["overlay:ovl_can_decode_fh"]),
        never("remembers the decision of a server", &["nfs:nfs_access_set_mask"]),
    ],
};

/// Decisions about mounts, their flags and their visibility.
#[rustfmt::skip]
pub(super) const MOUNTS: Family = Family {
    name: "mounts",
    lines: &[
        never("holds a mount point while it is in use", &["do_lock_mount"]),
    ],
};

/// Decisions about who may create, enter and map namespaces.
#[rustfmt::skip]
pub(super) const NAMESPACES: Family = Family {
    name: "namespaces",
    lines: &[
        zero("answers whether a namespace may use a device", &["ib_core:rdma_dev_access_netns"]),
    ],
};

/// Decisions about who may inspect and control another process.
#[rustfmt::skip]
pub(super) const PTRACE: Family = Family {
    name: "process tracing",
    lines: &[
        never("records whether a process may be traced", &["task_exec_state_copy"]),
    ],
};

/// Decisions about who may profile and trace.
#[rustfmt::skip]
pub(super) const PERF: Family = Family {
    name: "profiling access",
    lines: &[
        one("recognizes breakpoints in the kernel", &["arch_check_bp_in_kernelspace"]),
    ],
};

/// Decisions about who may control a display and access graphics memory.
#[rustfmt::skip]
pub(super) const GRAPHICS: Family = Family {
    name: "graphics access",
    lines: &[
        zero("answers whether a client controls the display", &["drm:drm_is_current_master"]),
        errno("decides who may control the display", &["drm:drm_master_open"]),
        errno("makes a client control the display", &["drm:drm_new_set_master"]),
        zero("keeps the kernel off a controlled display", &["drm:drm_master_internal_acquire"]),
        zero("answers whether a client leases an object", &[
            "drm:_drm_lease_held", "drm:drm_lease_held",
        ]),
        zero("hides what a client does not lease", &["drm:drm_lease_filter_crtcs"]),
        never("revokes a lease", &["drm:_drm_lease_revoke"]),
        errno("decides who may map memory", &["drm:drm_gem_mmap"]),
        never("revokes a mapping right of a client", &["drm:drm_vma_node_revoke"]),
    ],
};

/// Decisions about which USB devices work, and who may use them.
#[rustfmt::skip]
pub(super) const USB: Family = Family {
    name: "USB authorization",
    lines: &[
        errno("revokes the authorization of a device", &["usbcore:usb_deauthorize_device"]),
        never("authorizes an interface", &["usbcore:usb_authorize_interface"]),
        never("disables a device", &[
            "usbcore:usb_set_configuration", "usbcore:usb_forced_unbind_intf",
            "usbcore:usb_disable_device",
        ]),
        never("revokes the authorization of an interface", &["usbcore:usb_deauthorize_interface"]),
        errno("decides who may use an interface", &["usbcore:claimintf"]),
        one("answers whether a port is claimed", &["usbcore:usb_device_is_owned"]),
    ],
};

/// Decisions about which Thunderbolt devices may access memory.
#[rustfmt::skip]
pub(super) const THUNDERBOLT: Family = Family {
    name: "Thunderbolt authorization",
    lines: &[
        errno("approves a device or revokes the approval", &["thunderbolt:*approve_switch"]),
        errno("approves a connection to another host", &["thunderbolt:*approve_xdomain_paths"]),
    ],
};

/// Decisions about who may use other devices and ports.
#[rustfmt::skip]
pub(super) const DEVICES: Family = Family {
    name: "device access",
    lines: &[
        errno("refuses writes to processor registers", &["msr:filter_write"]),
        never("decides who may use a disk", &[
            "target_core_mod:core_scsi3_*", "target_core_mod:target_scsi3_*",
            "target_core_mod:core_*_device_list*", "libnvdimm:nvdimm_check_and_set_ro",
        ]),
        never("revokes memory of a client", &[
            "*:*_mmap_disassociate", "ib_uverbs:uverbs_free_*", "ib_uverbs:uverbs_dealloc_*",
            "ib_core:ib_policy_change_task", "ib_core:rdma_umap_priv_init",
            "hfi1:hfi1_set_ctxt_jkey", "amdgpu:amdgpu_*flush*tlb*",
            "amdgpu:amdgpu_bo_release_notify", "binder*:binder_alloc_clear_buf",
        ]),
    ],
};
