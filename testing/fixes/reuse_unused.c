// SPDX-License-Identifier: GPL-2.0-only
/*
 * kprobes: do not arm unused probes that are reused
 *
 * A disabled probe that was registered while an optimized one was being removed from
 * the same address left the jump of that in the text, also when it was unregistered.
 */
#include <linux/delay.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "fixes.h"

#define TRIES		20
/* The length of the jump that an optimized probe is. */
#define JUMP_SIZE	5
#define JUMP_OPCODE	0xe9

/* Not on ftrace, where probes are not optimized. */
static notrace noinline int target(void)
{
	return READ_ONCE(fix_body);
}

static struct fix_probe first, second;
static u8 original[JUMP_SIZE];

static void unregister_first(struct work_struct *work)
{
	unregister_kprobe(&first.kp);
}

static bool optimized(void)
{
	for (int i = 0; i < 100; i++) {
		if (READ_ONCE(*(u8 *)first.kp.addr) == JUMP_OPCODE)
			return true;
		msleep(20);
	}
	return false;
}

static bool restored(void)
{
	for (int i = 0; i < 100; i++) {
		if (!memcmp(first.kp.addr, original, sizeof(original)))
			return true;
		msleep(20);
	}
	return false;
}

static void __init run(void)
{
	static DECLARE_WORK(work, unregister_first);
	int ret = 0;

	/* A probe may be behind the address of its function. */
	memcpy(original, (void *)fix_location(target), sizeof(original));

	for (int i = 0; i < TRIES; i++) {
		ret = fix_register(&first, target, false);
		if (ret || !optimized())
			break;
		memset(&second, 0, sizeof(second));
		second.kp.addr = (void *)target;
		second.kp.pre_handler = fix_pre_handler;
		second.kp.flags = KPROBE_FLAG_DISABLED;

		/* The optimizer waits for some jiffies before it removes the first. */
		schedule_work(&work);
		while (!kprobe_disabled(&first.kp))
			cpu_relax();
		ret = register_kprobe(&second.kp);
		flush_work(&work);
		if (ret)
			break;
		unregister_kprobe(&second.kp);
		if (!restored()) {
			fix_ok(false, "the text is restored when both are unregistered");
			pr_info("# try %d: %*ph, not %*ph\n", i + 1, JUMP_SIZE, first.kp.addr,
				JUMP_SIZE, original);
			return;
		}
		if (i == TRIES - 1)
			fix_ok(true, "the text is restored when both are unregistered");
	}
	if (ret)
		fix_is(0, ret, "probes are registered");
	else if (!fix_results)
		fix_skip("the text is restored when both are unregistered", "not optimized");
}

MODULE_DESCRIPTION("A disabled probe does not keep an unused one armed");
