// SPDX-License-Identifier: GPL-2.0-only
/*
 * kprobes: return the error when a probe cannot be armed
 *
 * register_kprobe() returned 0 for a probe that it had not armed.
 */
#include "fixes.h"

static noinline int target(void)
{
	return READ_ONCE(fix_body);
}

static struct fix_probe probe;

static void __init run(void)
{
	fix_is(0, fix_modify(target), "ops with IPMODIFY are registered");
	fix_is(-EBUSY, fix_register(&probe, target, true),
	       "a probe with a post_handler gets -EBUSY there");
	fix_is(0, fix_unmodify(), "the ops are unregistered");
	fix_is(0, fix_register(&probe, target, true), "the probe can be registered now");
	target();
	fix_is(1, probe.hits, "and is hit");
	unregister_kprobe(&probe.kp);
}

MODULE_DESCRIPTION("register_kprobe() returns the error of arming");
