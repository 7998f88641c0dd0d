// SPDX-License-Identifier: GPL-2.0-only

//! Kernel modules: references to them, their code, and notifications of loading and unloading.
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

/// The size of a module's name, with NUL.
pub(super) const NAME_LEN: usize = bindings::KILLSWITCH_MODULE_NAME_LEN as usize;

/// A reference to a module, which keeps it from being unloaded. For a module that is being loaded,
/// it is valid for `'m` only, since loading can still fail, whatever references there are.
///
/// # Invariants
///
/// The pointer is to a module to which this holds a reference, and which has been live or is valid
/// for `'m` in any case.
pub(crate) struct Loaded<'m>(NonNull<bindings::module>, PhantomData<&'m Module>);

impl Loaded<'static> {
    /// Takes a reference to the module that owns `address`; `Ok(None)` if none does. Any context.
    ///
    /// Fails with ENOENT if the module is not live.
    pub(crate) fn owner_of(address: usize) -> Result<Option<Self>> {
        let _guard = rcu::read_lock();
        // SAFETY: Any address may be passed under the RCU read lock.
        let Some(module) = NonNull::new(unsafe { bindings::__module_address(address) }) else {
            return Ok(None);
        };

        // SAFETY: The module is valid under the RCU read lock.
        unsafe {
            let state = (&raw const (*module.as_ptr()).state).read_volatile();

            if state != bindings::module_state_MODULE_STATE_LIVE
                || !bindings::killswitch_try_module_get(module.as_ptr())
            {
                return Err(ENOENT);
            }
        }
        // INVARIANT: The reference was taken just above, and the module is live.
        Ok(Some(Self(module, PhantomData)))
    }
}

impl<'m> Loaded<'m> {
    /// Takes a reference to `module`, which the notifier chain reports. Any context. Fails with
    /// ENOENT if it is being unloaded.
    pub(crate) fn during_notification(module: &'m Module) -> Result<Self> {
        let module = NonNull::from(&module.0).cast::<bindings::module>();

        // SAFETY: The module is valid by the invariants of `Module`.
        if !unsafe { bindings::killswitch_try_module_get(module.as_ptr()) } {
            return Err(ENOENT);
        }
        // INVARIANT: The reference was taken just above, and the module is valid for `'m`.
        Ok(Self(module, PhantomData))
    }

    /// The module's name.
    pub(crate) fn name(&self) -> &CStr {
        // SAFETY: The module is valid by the type invariants; its name is a string and constant.
        unsafe { CStr::from_char_ptr((&raw const (*self.as_ptr()).name).cast()) }
    }

    /// Whether `address` is in the module.
    pub(super) fn contains(&self, address: usize) -> bool {
        // SAFETY: The module is valid by the type invariants.
        unsafe { bindings::killswitch_within_module(self.as_ptr(), address) }
    }

    /// Whether `address` is in init memory of the module.
    pub(super) fn has_in_init(&self, address: usize) -> bool {
        // SAFETY: The module is valid by the type invariants.
        unsafe { bindings::killswitch_within_module_init(self.as_ptr(), address) }
    }

    /// The module, as the kernel knows it.
    pub(super) fn as_ptr(&self) -> *mut bindings::module {
        self.0.as_ptr()
    }
}

impl Clone for Loaded<'_> {
    fn clone(&self) -> Self {
        // SAFETY: The module is valid by the type invariants, and `self` holds a reference to it.
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

/// Calls `visit` with the code of every module, without init code. Sleeps; `visit` may sleep, but
/// must not load or unload modules.
pub(crate) fn for_each_text(mut visit: impl FnMut(Range<usize>)) {
    // SAFETY:
    // - The mutex is taken and released here. While it is held, the list does not change.
    // - The list consists of modules; those that are not UNFORMED have their memory.
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

/// Whether a module called `name` is live. Any context.
pub(crate) fn is_live(name: &str) -> bool {
    let mut buffer = [0; NAME_LEN];
    let Some(start) = buffer[..NAME_LEN - 1].get_mut(..name.len()) else {
        return false;
    };

    start.copy_from_slice(name.as_bytes());
    let _guard = rcu::read_lock();
    // SAFETY: Called under the RCU read lock, with a string that ends in NUL.
    let module = unsafe { bindings::find_module(buffer.as_ptr().cast()) };

    // SAFETY: The module is valid under the RCU read lock.
    !module.is_null()
        && unsafe { (&raw const (*module).state).read_volatile() }
            == bindings::module_state_MODULE_STATE_LIVE
}

/// Copies the name of the module that owns `address`, with NUL, to `buffer`. Returns whether one
/// owns it. Any context.
pub(super) fn copy_owner_name(address: usize, buffer: &mut [u8; NAME_LEN]) -> bool {
    let _guard = rcu::read_lock();
    // SAFETY: Any address may be passed under the RCU read lock.
    let module = unsafe { bindings::__module_address(address) };

    if module.is_null() {
        return false;
    }
    // SAFETY: The module is valid under the RCU read lock; its name is a string and constant.
    let name = unsafe { CStr::from_char_ptr((&raw const (*module).name).cast()) };
    let bytes = name.to_bytes_with_nul();

    buffer[..bytes.len()].copy_from_slice(bytes);
    true
}

/// A module that is being loaded or unloaded.
///
/// # Invariants
///
/// A reference to it exists only during a call of the notifier chain for it, when the module is
/// valid.
#[repr(transparent)]
pub(crate) struct Module(Opaque<bindings::module>);

impl Module {
    /// Its name.
    pub(crate) fn name(&self) -> &str {
        // SAFETY: The module is valid by the type invariants; its name is a string and constant.
        unsafe { CStr::from_char_ptr((&raw const (*self.0.get()).name).cast()) }
            .to_str()
            .unwrap_or_default()
    }

    /// Whether `address` is in the module.
    pub(crate) fn contains(&self, address: usize) -> bool {
        // SAFETY: The module is valid by the type invariants.
        unsafe { bindings::killswitch_within_module(self.0.get(), address) }
    }
}

/// Registers notifiers: [`crate::module_coming`] is called for every module before its own code
/// runs, [`crate::module_live`] when it is live, and [`crate::module_going`] when it is being
/// unloaded. To be called once, in process context.
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
    // The notifiers of kprobes and BTF have priority 0. GOING must run before that of kprobes, and
    // COMING after that of BTF.
    static mut GOING: bindings::notifier_block = notifier(on_going, 1);
    static mut COMING: bindings::notifier_block = notifier(on_coming, -1);

    // SAFETY: The blocks live forever, and the chain rejects duplicates.
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
        // SAFETY: The module is valid during the call.
        // INVARIANT: The reference does not outlive the call.
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
    // SAFETY: The module is valid during the call.
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
        // As notifier_from_errno(): loading fails.
        Err(error) => {
            bindings::NOTIFY_STOP_MASK as c_int | (bindings::NOTIFY_OK as c_int - error.to_errno())
        }
    }
}
