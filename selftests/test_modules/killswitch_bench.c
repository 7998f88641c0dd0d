// SPDX-License-Identifier: GPL-2.0-only
/* A livepatch that makes test functions return immediately: any number of them. */
#include <linux/livepatch.h>
#include <linux/module.h>

static unsigned int functions = 1;
module_param(functions, uint, 0400);
MODULE_PARM_DESC(functions, "the number of patched functions");

static int ks_return_at_once(void)
{
	return -1;
}

static struct klp_func ks_measured[] = {
	{
		.old_name = "ks_peer_int",
		.new_func = ks_return_at_once,
	},
	{ }
};

/* The others. The list ends at the first empty name. */
#define MANY(n)	{ .old_name = "ks_many_" #n, .new_func = ks_return_at_once },
static struct klp_func ks_others[] = {
#include "many.h"
	{ }
};

static struct klp_object ks_objects[] = {
	{
		.name = "killswitch_peer",
		.funcs = ks_measured,
	},
	{
		.name = "killswitch_target",
		.funcs = ks_others,
	},
	{ }
};

static struct klp_patch ks_patch = {
	.mod = THIS_MODULE,
	.objs = ks_objects,
};

static int __init ks_bench_init(void)
{
	if (!functions || functions > ARRAY_SIZE(ks_others))
		return -EINVAL;
	if (functions == 1)
		memset(&ks_objects[1], 0, sizeof(ks_objects[1]));
	else
		memset(&ks_others[functions - 1], 0, sizeof(ks_others[0]));
	return klp_enable_patch(&ks_patch);
}

/* Only a disabled livepatch can be unloaded. */
static void __exit ks_bench_exit(void)
{
}

module_init(ks_bench_init);
module_exit(ks_bench_exit);
MODULE_DESCRIPTION("Livepatch for benchmarks of Killswitch");
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
