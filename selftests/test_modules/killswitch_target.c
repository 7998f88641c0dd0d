// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions for the Killswitch selftests to engage, with a way to call them.
 *
 * Reading <debugfs>/killswitch_target/call/<function> calls the function and
 * prints what it returned; killswitch_target/runs/<function> says how often
 * its body ran, and killswitch_target/at_init what ks_target_early() returned
 * when the module was loaded.
 */
#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/error-injection.h>
#include <linux/module.h>
#include <linux/seq_file.h>

/*
 * Each body counts its runs and returns what the compiler cannot know, so that
 * no caller can be compiled as if it knew the result.
 */
#define TARGET(type, name, ...)				\
	static atomic_t name##_runs;			\
	static noinline type name(__VA_ARGS__)

static int ks_value = 42;
module_param_named(value, ks_value, int, 0600);
MODULE_PARM_DESC(value, "what the integer functions return");

TARGET(int, ks_target_int, int value)
{
	atomic_inc(&ks_target_int_runs);
	return READ_ONCE(ks_value) + value;
}

TARGET(int, ks_target_other, int value)
{
	atomic_inc(&ks_target_other_runs);
	return READ_ONCE(ks_value) * 2 + value;
}

/* One that others, too, may make return an error. */
TARGET(int, ks_target_inject, int value)
{
	atomic_inc(&ks_target_inject_runs);
	return READ_ONCE(ks_value) * 3 + value;
}
ALLOW_ERROR_INJECTION(ks_target_inject, ERRNO);

TARGET(long, ks_target_long, long value)
{
	atomic_inc(&ks_target_long_runs);
	return READ_ONCE(ks_value) + 0x100000000L + value;
}

TARGET(void *, ks_target_ptr, int *object)
{
	atomic_inc(&ks_target_ptr_runs);
	return READ_ONCE(ks_value) ? object : NULL;
}

TARGET(bool, ks_target_bool, int value)
{
	atomic_inc(&ks_target_bool_runs);
	return READ_ONCE(ks_value) > value;
}

TARGET(void, ks_target_void, int *out)
{
	atomic_inc(&ks_target_void_runs);
	WRITE_ONCE(*out, READ_ONCE(ks_value));
}

TARGET(u8, ks_target_byte, u8 value)
{
	atomic_inc(&ks_target_byte_runs);
	return READ_ONCE(ks_value) + value;
}

TARGET(unsigned long, ks_target_ulong, unsigned long value)
{
	atomic_inc(&ks_target_ulong_runs);
	return READ_ONCE(ks_value) + value;
}

/* There is no place for tracers in it. */
static atomic_t ks_target_breakpoint_runs;
static noinline notrace int ks_target_breakpoint(int value)
{
	atomic_inc(&ks_target_breakpoint_runs);
	return READ_ONCE(ks_value) * 5 + value;
}

/* The module's own code calls it, when it begins to run. */
TARGET(int, ks_target_early, int value)
{
	atomic_inc(&ks_target_early_runs);
	return READ_ONCE(ks_value) * 3 + value;
}

enum ks_answer { KS_NO, KS_YES, KS_PERHAPS };

TARGET(enum ks_answer, ks_target_enum, int value)
{
	atomic_inc(&ks_target_enum_runs);
	return READ_ONCE(ks_value) > value ? KS_YES : KS_PERHAPS;
}

struct ks_pair {
	long first;
	long second;
};

TARGET(struct ks_pair, ks_target_struct, long value)
{
	atomic_inc(&ks_target_struct_runs);
	return (struct ks_pair){ READ_ONCE(ks_value), value };
}

/* As if the compiler had made a variant of the function for constant arguments. */
static int ks_target_varied_for_7(void)
	__asm__("ks_target_varied.constprop.0");

TARGET(int, ks_target_varied, int value)
{
	atomic_inc(&ks_target_varied_runs);
	return READ_ONCE(ks_value) + value;
}

static noinline int ks_target_varied_for_7(void)
{
	return READ_ONCE(ks_value) + 7;
}

static int ks_call_int(struct seq_file *m)
{
	seq_printf(m, "%d\n", ks_target_int(0));
	return 0;
}

static int ks_call_other(struct seq_file *m)
{
	seq_printf(m, "%d\n", ks_target_other(0));
	return 0;
}

static int ks_call_breakpoint(struct seq_file *m)
{
	seq_printf(m, "%d\n", ks_target_breakpoint(0));
	return 0;
}

static int ks_call_early(struct seq_file *m)
{
	seq_printf(m, "%d\n", ks_target_early(0));
	return 0;
}

static int ks_call_inject(struct seq_file *m)
{
	seq_printf(m, "%d\n", ks_target_inject(0));
	return 0;
}

static int ks_call_long(struct seq_file *m)
{
	seq_printf(m, "%ld\n", ks_target_long(0));
	return 0;
}

static int ks_call_ptr(struct seq_file *m)
{
	void *ptr = ks_target_ptr(&ks_value);

	if (!ptr)
		seq_puts(m, "NULL\n");
	else if (IS_ERR(ptr))
		seq_printf(m, "%ld\n", PTR_ERR(ptr));
	else
		seq_puts(m, ptr == &ks_value ? "object\n" : "garbage\n");
	return 0;
}

static int ks_call_bool(struct seq_file *m)
{
	seq_puts(m, ks_target_bool(0) ? "true\n" : "false\n");
	return 0;
}

static int ks_call_void(struct seq_file *m)
{
	int out = 0;

	ks_target_void(&out);
	seq_printf(m, "%d\n", out);
	return 0;
}

static int ks_call_byte(struct seq_file *m)
{
	seq_printf(m, "%u\n", ks_target_byte(0));
	return 0;
}

static int ks_call_ulong(struct seq_file *m)
{
	seq_printf(m, "%lu\n", ks_target_ulong(0));
	return 0;
}

static int ks_call_enum(struct seq_file *m)
{
	seq_printf(m, "%u\n", ks_target_enum(0));
	return 0;
}

static int ks_call_struct(struct seq_file *m)
{
	struct ks_pair pair = ks_target_struct(1);

	seq_printf(m, "%ld %ld\n", pair.first, pair.second);
	return 0;
}

static int ks_call_varied(struct seq_file *m)
{
	seq_printf(m, "%d %d\n", ks_target_varied(0), ks_target_varied_for_7());
	return 0;
}

#define ENTRY(type) { "ks_target_" #type, ks_call_##type, &ks_target_##type##_runs }

static const struct ks_target {
	const char *name;
	int (*call)(struct seq_file *m);
	atomic_t *runs;
} ks_targets[] = {
	ENTRY(int),
	ENTRY(other),
	ENTRY(breakpoint),
	ENTRY(early),
	ENTRY(inject),
	ENTRY(long),
	ENTRY(ptr),
	ENTRY(bool),
	ENTRY(void),
	ENTRY(byte),
	ENTRY(ulong),
	ENTRY(enum),
	ENTRY(struct),
	ENTRY(varied),
};

static int ks_call_show(struct seq_file *m, void *unused)
{
	const struct ks_target *target = m->private;

	return target->call(m);
}
DEFINE_SHOW_ATTRIBUTE(ks_call);

static int ks_runs_show(struct seq_file *m, void *unused)
{
	const struct ks_target *target = m->private;

	seq_printf(m, "%d\n", atomic_read(target->runs));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ks_runs);

/*
 * 300 functions, ks_many_000 to ks_many_299, to fill every slot with. Each has
 * a body of its own, or the compiler would fold them into one.
 */
#define MANY(n)							\
	static noinline int ks_many_##n(void)			\
	{							\
		return READ_ONCE(ks_value) + 1##n;		\
	}
#include "many.h"
#undef MANY

#define MANY(n) ks_many_##n,
static int (*const ks_many[])(void) = {
#include "many.h"
};

/* Reading killswitch_target/many calls them all: "<index> <value>" lines. */
static int ks_many_show(struct seq_file *m, void *unused)
{
	for (size_t i = 0; i < ARRAY_SIZE(ks_many); i++)
		seq_printf(m, "%zu %d\n", i, ks_many[i]());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ks_many);

static struct dentry *ks_root;
static u32 ks_at_init;

static int __init ks_target_init(void)
{
	struct dentry *call, *runs;

	ks_at_init = ks_target_early(0);

	ks_root = debugfs_create_dir("killswitch_target", NULL);
	call = debugfs_create_dir("call", ks_root);
	runs = debugfs_create_dir("runs", ks_root);
	for (size_t i = 0; i < ARRAY_SIZE(ks_targets); i++) {
		const struct ks_target *target = &ks_targets[i];

		debugfs_create_file(target->name, 0444, call, (void *)target, &ks_call_fops);
		debugfs_create_file(target->name, 0444, runs, (void *)target, &ks_runs_fops);
	}
	debugfs_create_u32("at_init", 0444, ks_root, &ks_at_init);
	debugfs_create_file("many", 0444, ks_root, NULL, &ks_many_fops);
	return 0;
}

static void __exit ks_target_exit(void)
{
	debugfs_remove(ks_root);
}

module_init(ks_target_init);
module_exit(ks_target_exit);
MODULE_DESCRIPTION("Functions for the Killswitch selftests to engage");
MODULE_LICENSE("GPL");
