// SPDX-License-Identifier: GPL-2.0-only
/*
 * kprobes: disable probes that arm_all_kprobes() cannot arm
 *
 * A probe that could not be armed when kprobes were enabled again counted as armed.
 * Unregistering it disarmed another one.
 */
#include "fixes.h"

static noinline int target(void)
{
	return READ_ONCE(fix_body);
}

static noinline int other_target(void)
{
	return READ_ONCE(fix_body);
}

static struct fix_probe probe, other;

static void __init run(void)
{
	fix_is(0, fix_register(&probe, target, true), "a probe is registered");
	fix_is(0, fix_register(&other, other_target, true), "and another one");
	fix_is(0, fix_shell("echo 0 >/sys/kernel/debug/kprobes/enabled"), "kprobes are disabled");
	fix_is(0, fix_modify(target), "ops with IPMODIFY are registered on the first function");
	fix_ok(fix_shell("echo 1 >/sys/kernel/debug/kprobes/enabled 2>/dev/null"),
	       "enabling kprobes fails");
	fix_ok(kprobe_disabled(&probe.kp), "the probe that is not armed is disabled");
	fix_ok(!kprobe_disabled(&other.kp), "the other one is not");
	fix_is(0, fix_unmodify(), "the ops are unregistered");
	unregister_kprobe(&probe.kp);
	other_target();
	fix_is(1, other.hits, "the other probe is armed after the first was unregistered");
	unregister_kprobe(&other.kp);
}

MODULE_DESCRIPTION("A probe that is not armed with all others is disabled");
