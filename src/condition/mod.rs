// SPDX-License-Identifier: GPL-2.0-only

//! Conditions on calls of a function. [`syntax`] parses the text, [`compile`] makes a [`program`]
//! of it, by the types of the function's arguments, and the handlers run that.
//!
//! No allocation and no kernel types here, so the same files are tested on the host.

pub(crate) mod compile;
pub(crate) mod program;
pub(crate) mod syntax;

#[cfg(CONFIG_SECURITY_KILLSWITCH_KUNIT_TEST)]
#[kernel::macros::kunit_tests(killswitch_condition)]
mod tests {
    use crate::condition_cases;

    #[test]
    fn conditions_are_compiled_as_expected() {
        assert_eq!(condition_cases::first_wrong_program(), None);
    }

    #[test]
    fn wrong_conditions_are_refused_as_expected() {
        assert_eq!(condition_cases::first_wrong_refusal(), None);
    }
}
