// SPDX-License-Identifier: GPL-2.0-only

//! Modules of the kernel: keeping one loaded, finding their code, and being told when one comes or
//! goes.
//!
//! C header: [`include/linux/module.h`](srctree/include/linux/module.h)

use core::{
    marker::PhantomData,
    ops::Range,
    ptr::{
        self,
        NonNull, //
    }, //
};
use kernel::{
    bindings,
    error::to_result,
    ffi::{
        c_int,
        c_ulong,
        c_void, //
    },
    prelude::*,
    str::CStrExt,
    sync::rcu,
    types::Opaque, //
};

/// The room that the name of a module takes, with a NUL behind it.
pub(super) const NAME_LEN: usize = bindings::KILLSWITCH_MODULE_NAME_LEN as usize;

/// A reference to a module, which is not unloaded as long as it exists. To a module that comes it
/// is one for `'m` only, since loading that can still fail, and then nothing keeps it.
///
/// # Invariants
///
/// The pointer is to a module of which this holds a reference, and which has been set up or is
/// there for `'m` in any case.
pub(crate) struct Loaded<'m>(NonNull<bindings::module>, PhantomData<&'m Module>);

impl Loaded<'static> {
    /// Keeps the module that owns `address` loaded; `Ok(None)` if none owns it. Any context.
    ///
    /// Fails with ENOENT when the module is about to go, or not yet set up.
    pub(crate) fn owner_of(address: usize) -> Result<Option<Self>> {
        let _guard = rcu::read_lock();
        // SAFETY: Any address may be asked for under the RCU read lock.
        let Some(module) = NonNull::new(unsafe { bindings::__module_address(address) }) else {
            return Ok(None);
        };

        // SAFETY: The module is there under the RCU read lock.
        unsafe {
            let state = (&raw const (*module.as_ptr()).state).read_volatile();

            if state != bindings::module_state_MODULE_STATE_LIVE
                || !bindings::killswitch_try_module_get(module.as_ptr())
            {
                return Err(ENOENT);
            }
        }
        // INVARIANT: The reference was taken just above, and the module has been set up.
        Ok(Some(Self(module, PhantomData)))
    }
}

impl<'m> Loaded<'m> {
    /// Keeps `module` loaded. Any context. Fails with ENOENT when it goes.
    pub(crate) fn during_notification(module: &'m Module) -> Result<Self> {
        let module = NonNull::from(&module.0).cast::<bindings::module>();

        // SAFETY: The module is there by the invariants of `Module`.
        if !unsafe { bindings::killswitch_try_module_get(module.as_ptr()) } {
            return Err(ENOENT);
        }
        // INVARIANT: The reference was taken just above, and the module is there for `'m`.
        Ok(Self(module, PhantomData))
    }

    /// The module's name.
    pub(crate) fn name(&self) -> &CStr {
        // SAFETY: The module is there by the type invariants; its name is a string and constant.
        unsafe { CStr::from_char_ptr((&raw const (*self.as_ptr()).name).cast()) }
    }

    /// Whether `address` is in the module.
    pub(super) fn contains(&self, address: usize) -> bool {
        // SAFETY: The module is there by the type invariants.
        unsafe { bindings::killswitch_within_module(self.as_ptr(), address) }
    }

    /// Whether `address` is in code that is freed when the module has been set up.
    pub(super) fn has_in_init(&self, address: usize) -> bool {
        // SAFETY: The module is there by the type invariants.
        unsafe { bindings::killswitch_within_module_init(self.as_ptr(), address) }
    }

    /// The module, as the kernel knows it.
    pub(super) fn as_ptr(&self) -> *mut bindings::module {
        self.0.as_ptr()
    }
}

impl Clone for Loaded<'_> {
    fn clone(&self) -> Self {
        // SAFETY: The module is there by the type invariants, and there is a reference to it.
        unsafe { bindings::killswitch_module_get(self.as_ptr()) };
        // INVARIANT: The reference was taken just above, and the rest holds as for `self`.
        Self(self.0, PhantomData)
    }
}

impl Drop for Loaded<'_> {
    fn drop(&mut self) {
        // SAFETY: The reference is ours by the type invariants.
        unsafe { bindings::killswitch_module_put(self.as_ptr()) };
    }
}

/// Calls `visit` with the code that stays of every module that is loaded. Sleeps; `visit` may
/// sleep, but must not load or unload modules.
pub(crate) fn for_each_text(mut visit: impl FnMut(Range<usize>)) {
    // SAFETY:
    // - The mutex is taken and given back here. With it held no module comes or goes.
    // - The list consists of modules; those that are not unformed have their areas of memory.
    unsafe {
        let head = &raw mut bindings::modules;

        bindings::mutex_lock(&raw mut bindings::module_mutex);
        let mut entry = (*head).next;
        while entry != head {
            let module = kernel::container_of!(entry, bindings::module, list);

            if (*module).state != bindings::module_state_MODULE_STATE_UNFORMED {
                let memory = &raw const (*module).mem[bindings::mod_mem_type_MOD_TEXT as usize];
                let start = (*memory).base.addr();

                visit(start..start + (*memory).size as usize);
            }
            entry = (*entry).next;
        }
        bindings::mutex_unlock(&raw mut bindings::module_mutex);
    }
}

/// Whether a module called `name` is loaded and has been set up. Any context.
pub(crate) fn is_live(name: &str) -> bool {
    let mut buffer = [0; NAME_LEN];
    let Some(start) = buffer[..NAME_LEN - 1].get_mut(..name.len()) else {
        return false;
    };

    start.copy_from_slice(name.as_bytes());
    let _guard = rcu::read_lock();
    // SAFETY: Called under the RCU read lock, with a string that ends in NUL.
    let module = unsafe { bindings::find_module(buffer.as_ptr().cast()) };

    // SAFETY: The module is there under the RCU read lock.
    !module.is_null()
        && unsafe { (&raw const (*module).state).read_volatile() }
            == bindings::module_state_MODULE_STATE_LIVE
}

/// Copies the name of the module that owns `address`, with a NUL behind it, to `buffer`; says
/// whether one owns it. Any context.
pub(super) fn copy_owner_name(address: usize, buffer: &mut [u8; NAME_LEN]) -> bool {
    let _guard = rcu::read_lock();
    // SAFETY: Any address may be asked for under the RCU read lock.
    let module = unsafe { bindings::__module_address(address) };

    if module.is_null() {
        return false;
    }
    // SAFETY: The module is there under the RCU read lock; its name is a string and constant.
    let name = unsafe { CStr::from_char_ptr((&raw const (*module).name).cast()) };
    let bytes = name.to_bytes_with_nul();

    buffer[..bytes.len()].copy_from_slice(bytes);
    true
}

/// A module that comes or goes.
///
/// # Invariants
///
/// A reference to it exists only while the notifier chain tells of the module, which is there as
/// long.
#[repr(transparent)]
pub(crate) struct Module(Opaque<bindings::module>);

impl Module {
    /// Its name.
    pub(crate) fn name(&self) -> &str {
        // SAFETY: The module is there by the type invariants; its name is a string and constant.
        unsafe { CStr::from_char_ptr((&raw const (*self.0.get()).name).cast()) }
            .to_str()
            .unwrap_or_default()
    }

    /// Whether `address` is in the module.
    pub(crate) fn contains(&self, address: usize) -> bool {
        // SAFETY: The module is there by the type invariants.
        unsafe { bindings::killswitch_within_module(self.0.get(), address) }
    }
}

/// Has [`crate::module_coming`] called for every module before its own code runs,
/// [`crate::module_live`] after it has been set up, and [`crate::module_going`] for every one that
/// is unloaded. To be called once, in process context.
pub(crate) fn watch() -> Result {
    const fn notifier(
        call: unsafe extern "C" fn(*mut bindings::notifier_block, c_ulong, *mut c_void) -> c_int,
        priority: c_int,
    ) -> bindings::notifier_block {
        bindings::notifier_block {
            notifier_call: Some(call),
            next: ptr::null_mut(),
            priority,
        }
    }
    // The kprobe layer and those who read a module's type information have 0. The call for a module
    // that is unloaded must come before the one, the call for one that is loaded after the others.
    static mut GOING: bindings::notifier_block = notifier(on_going, 1);
    static mut COMING: bindings::notifier_block = notifier(on_coming, -1);

    // SAFETY: The blocks live forever, and the chain takes none that it has already.
    unsafe {
        to_result(bindings::register_module_notifier(&raw mut GOING))?;
        to_result(bindings::register_module_notifier(&raw mut COMING))
    }
}

/// # Safety
///
/// Called by the module notifier chain, with a module as data.
unsafe extern "C" fn on_going(
    _: *mut bindings::notifier_block,
    state: c_ulong,
    module: *mut c_void,
) -> c_int {
    if state == bindings::module_state_MODULE_STATE_GOING as c_ulong {
        // SAFETY: The module is there during the call.
        // INVARIANT: The notifier chain tells of it during the call, which the reference does not
        // outlive.
        crate::module_going(unsafe { &*module.cast::<Module>() });
    }
    bindings::NOTIFY_DONE as c_int
}

/// # Safety
///
/// Called by the module notifier chain, with a module as data.
unsafe extern "C" fn on_coming(
    _: *mut bindings::notifier_block,
    state: c_ulong,
    module: *mut c_void,
) -> c_int {
    // SAFETY: The module is there during the call.
    // INVARIANT: As in `on_going()`.
    let module = unsafe { &*module.cast::<Module>() };

    if state == bindings::module_state_MODULE_STATE_LIVE as c_ulong {
        crate::module_live(module);
    }
    if state != bindings::module_state_MODULE_STATE_COMING as c_ulong {
        return bindings::NOTIFY_DONE as c_int;
    }
    match crate::module_coming(module) {
        Ok(()) => bindings::NOTIFY_OK as c_int,
        // As notifier_from_errno() does: the module is not loaded.
        Err(error) => {
            bindings::NOTIFY_STOP_MASK as c_int | (bindings::NOTIFY_OK as c_int - error.to_errno())
        }
    }
}
