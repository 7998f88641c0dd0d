/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the reproducers. Each is a module that runs when it is loaded and prints
 * TAP to the kernel log. It cannot be unloaded, since a kernel without the fix may keep
 * its probes.
 */
#ifndef FIXES_H
#define FIXES_H

#include <linux/compiler.h>
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/umh.h>

/* What functions return, so that no call is optimized away. */
static int fix_body = 42;

static int fix_results;

static inline void fix_ok(bool ok, const char *what)
{
	pr_info("%sok %d - %s\n", ok ? "" : "not ", ++fix_results, what);
}

static inline void fix_is(long expected, long got, const char *what)
{
	fix_ok(got == expected, what);
	if (got != expected)
		pr_info("# expected %ld, got %ld\n", expected, got);
}

static inline void fix_skip(const char *what, const char *why)
{
	pr_info("ok %d - %s # SKIP %s\n", ++fix_results, what, why);
}

/* The scenario, which each reproducer defines. */
static void run(void);

static int __init fix_init(void)
{
	run();
	pr_info("1..%d\n", fix_results);
	return 0;
}
module_init(fix_init);
MODULE_LICENSE("GPL");

struct fix_probe {
	struct kprobe kp;
	int hits;
};

static inline int fix_pre_handler(struct kprobe *kp, struct pt_regs *regs)
{
	container_of(kp, struct fix_probe, kp)->hits++;
	return 0;
}

static inline void fix_post_handler(struct kprobe *kp, struct pt_regs *regs, unsigned long flags)
{
}

/* On ftrace, kprobes arm a probe with a post_handler on ops with IPMODIFY. */
static inline int fix_register(struct fix_probe *probe, void *function, bool post_handler)
{
	memset(probe, 0, sizeof(*probe));
	probe->kp.addr = function;
	probe->kp.pre_handler = fix_pre_handler;
	if (post_handler)
		probe->kp.post_handler = fix_post_handler;
	return register_kprobe(&probe->kp);
}

/* Where ftrace calls its users from @function. */
static inline unsigned long fix_location(void *function)
{
	struct kprobe kp = { .addr = function, .flags = KPROBE_FLAG_DISABLED };

	if (register_kprobe(&kp))
		return 0;
	unregister_kprobe(&kp);
	return (unsigned long)kp.addr;
}

static inline void fix_ops_func(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
				struct ftrace_regs *fregs)
{
}

/* Ops with IPMODIFY, as a livepatch has. */
static struct ftrace_ops fix_ops __maybe_unused = {
	.func = fix_ops_func,
	.flags = FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_IPMODIFY,
};

static inline int fix_modify(void *function)
{
	int ret = ftrace_set_filter_ip(&fix_ops, (unsigned long)function, 0, 1);

	return ret ?: register_ftrace_function(&fix_ops);
}

static inline int fix_unmodify(void)
{
	return unregister_ftrace_function(&fix_ops);
}

static inline int fix_shell(char *command)
{
	char *argv[4] = { "/bin/sh", "-c", command, NULL };
	char *envp[2] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };

	return call_usermodehelper(argv[0], argv, envp, UMH_WAIT_PROC);
}

#endif
