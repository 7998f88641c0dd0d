// SPDX-License-Identifier: GPL-2.0-only

//! Killswitch as a Linux Security Module: its registration, and its seal.
//!
//! C header: [`include/linux/lsm_hooks.h`](srctree/include/linux/lsm_hooks.h)

use super::{
    boot::CommandLine,
    kprobe, //
};
use core::ptr;
use kernel::{
    bindings,
    error::from_result,
    ffi::c_int,
    prelude::*,
    str::as_char_ptr_in_const_context,
    sync::atomic::{
        ordering::Relaxed,
        Atomic, //
    }, //
};

/// Set once, by [`seal()`].
static SEALED: Atomic<bool> = Atomic::new(false);

static ID: SyncId = SyncId(bindings::lsm_id {
    name: as_char_ptr_in_const_context(c"killswitch"),
    id: bindings::LSM_ID_KILLSWITCH as u64,
});

#[link_section = ".data..ro_after_init"]
static mut HOOKS: [bindings::security_hook_list; 1] = [bindings::security_hook_list {
    // SAFETY: Only the address is taken.
    scalls: unsafe { (&raw mut bindings::static_calls_table.locked_down).cast() },
    hook: bindings::security_list_options {
        locked_down: Some(locked_down),
    },
    lsmid: ptr::null(),
}];

/// What DEFINE_LSM() defines. The framework writes to it, so it is mutable.
#[link_section = ".lsm_info.init"]
#[used(compiler)]
static mut KILLSWITCH: bindings::lsm_info = bindings::lsm_info {
    id: &raw const ID.0,
    enabled: &raw mut bindings::killswitch_enabled,
    init: Some(init),
    initcall_fs: Some(initcall_fs),
    initcall_late_sync: Some(initcall_late_sync),
    order: bindings::lsm_order_LSM_ORDER_MUTABLE,
    flags: 0,
    blobs: ptr::null_mut(),
    initcall_pure: None,
    initcall_early: None,
    initcall_core: None,
    initcall_subsys: None,
    initcall_device: None,
    initcall_late: None,
};

struct SyncId(bindings::lsm_id);

// SAFETY: Constant, and so is the string that it points to.
unsafe impl Sync for SyncId {}

/// Seals Killswitch: changes of engagements are refused until reboot. Any context.
pub(crate) fn seal() {
    SEALED.store(true, Relaxed);
}

/// Whether Killswitch is sealed. Any context.
pub(crate) fn is_sealed() -> bool {
    SEALED.load(Relaxed)
}

/// Registers the hooks.
///
/// # Safety
///
/// Called by the framework once, early, when Killswitch is enabled.
#[link_section = ".init.text"]
unsafe extern "C" fn init() -> c_int {
    // SAFETY: The framework calls this once, while LSMs register; nothing else uses the array.
    unsafe { bindings::security_add_hooks((&raw mut HOOKS).cast(), 1, &raw const ID.0) };
    0
}

/// Initializes Killswitch.
///
/// # Safety
///
/// Called by the framework once, at fs_initcall time.
#[link_section = ".init.text"]
unsafe extern "C" fn initcall_fs() -> c_int {
    // SAFETY: Called once, and before anything registers a probe.
    unsafe { kprobe::init() };
    from_result(|| crate::set_up().map(|()| 0))
}

/// Applies the kernel command line.
///
/// # Safety
///
/// Called by the framework once, before user space starts.
#[link_section = ".init.text"]
unsafe extern "C" fn initcall_late_sync() -> c_int {
    // SAFETY: Init memory is freed after the initcalls, and `command_line` does not leave this one.
    let command_line = unsafe { CommandLine::new() };

    crate::apply(&command_line);
    0
}

/// The `locked_down` hook: refuses changes of engagements once Killswitch is sealed.
///
/// # Safety
///
/// None: it only reads its argument.
unsafe extern "C" fn locked_down(what: bindings::lockdown_reason) -> c_int {
    if what == bindings::lockdown_reason_LOCKDOWN_KILLSWITCH && is_sealed() {
        return EPERM.to_errno();
    }
    0
}
