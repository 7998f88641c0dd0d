// SPDX-License-Identifier: GPL-2.0-only
/*
 * kprobes: count probes on ftrace correctly when disarming fails
 *
 * When disarming failed on -ENOMEM, the probe was counted as disarmed, and disarming
 * another one disarmed both. The last probe was disarmed and stayed registered.
 */
#include <linux/sched.h>

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

/* All allocations fail of a task that asks for it. */
static char *settings[5] __initdata = {
	"echo Y >/sys/kernel/debug/failslab/task-filter",
	"echo N >/sys/kernel/debug/failslab/ignore-gfp-wait",
	"echo 0 >/sys/kernel/debug/failslab/verbose",
	"echo -1 >/sys/kernel/debug/failslab/times",
	"echo 100 >/sys/kernel/debug/failslab/probability",
};

static void __init run(void)
{
	int ret;

	for (int i = 0; i < ARRAY_SIZE(settings); i++)
		if (fix_shell(settings[i]))
			fix_ok(false, settings[i]);

	fix_is(0, fix_register(&probe, target, true), "a probe is registered");
	fix_is(0, fix_register(&other, other_target, true), "and another one");
	current->make_it_fail = 1;
	ret = disable_kprobe(&probe.kp);
	current->make_it_fail = 0;
	fix_is(-ENOMEM, ret, "disabling the first fails without memory");
	fix_is(0, disable_kprobe(&other.kp), "the other one is disabled");
	target();
	fix_is(1, probe.hits, "the first is still armed");
	unregister_kprobe(&probe.kp);
	unregister_kprobe(&other.kp);

	/* Without a post_handler, on ops of their own. */
	fix_is(0, fix_register(&probe, target, false), "a single probe is registered");
	current->make_it_fail = 1;
	unregister_kprobe(&probe.kp);
	current->make_it_fail = 0;
	/* unregister_kprobes() clears the address of a probe that stays. */
	fix_ok(probe.kp.addr, "and is unregistered without memory");
	target();
	fix_is(0, probe.hits, "and is no longer hit");
}

MODULE_DESCRIPTION("Probes on ftrace are counted when disarming fails");
