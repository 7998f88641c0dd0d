// SPDX-License-Identifier: GPL-2.0-only
/*
 * kprobes: keep aggrprobes on the ops that their post_handler needs
 *
 * A probe was disarmed on other ops than it was armed on, so that it stayed armed, or
 * stayed on ops with IPMODIFY, so that nothing else could modify the function.
 */
#include "fixes.h"

static noinline int left_target(void)
{
	return READ_ONCE(fix_body);
}

static noinline int joined_target(void)
{
	return READ_ONCE(fix_body);
}

static struct fix_probe plain, with_post;

static void __init run(void)
{
	fix_is(0, fix_register(&with_post, left_target, true),
	       "a probe with a post_handler is registered");
	fix_is(0, fix_register(&plain, left_target, false), "one without joins");
	unregister_kprobe(&with_post.kp);
	fix_is(0, fix_modify(left_target), "ops with IPMODIFY are registered when the first left");
	left_target();
	fix_is(1, plain.hits, "the second is still armed");
	if (fix_ops.flags & FTRACE_OPS_FL_ENABLED)
		fix_is(0, fix_unmodify(), "the ops are unregistered");
	unregister_kprobe(&plain.kp);

	fix_is(0, fix_register(&plain, joined_target, false),
	       "a probe without a post_handler is registered");
	fix_is(0, fix_register(&with_post, joined_target, true), "one with a post_handler joins");
	fix_is(-EBUSY, fix_modify(joined_target), "ops with IPMODIFY cannot be registered then");
	if (fix_ops.flags & FTRACE_OPS_FL_ENABLED)
		fix_unmodify();
	unregister_kprobe(&with_post.kp);
	unregister_kprobe(&plain.kp);
	/* unregister_kprobes() clears the address of a probe that stays. */
	fix_ok(plain.kp.addr, "both are unregistered");
	joined_target();
	fix_is(0, plain.hits, "and is no longer hit");
}

MODULE_DESCRIPTION("Probes are on the ops that their post_handlers need");
