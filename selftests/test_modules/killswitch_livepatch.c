// SPDX-License-Identifier: GPL-2.0-only
/* Replaces the function that shows /proc/<pid>/comm. */
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/seq_file.h>

static int ks_comm_show(struct seq_file *m, void *unused)
{
	seq_puts(m, "livepatched\n");
	return 0;
}

static struct klp_func ks_functions[] = {
	{
		.old_name = "comm_show",
		.new_func = ks_comm_show,
	},
	{ }
};

static struct klp_object ks_objects[] = {
	{
		/* No name means vmlinux. */
		.funcs = ks_functions,
	},
	{ }
};

static struct klp_patch ks_patch = {
	.mod = THIS_MODULE,
	.objs = ks_objects,
};

static int __init ks_livepatch_init(void)
{
	return klp_enable_patch(&ks_patch);
}

/* Only a disabled livepatch can be unloaded. */
static void __exit ks_livepatch_exit(void)
{
}

module_init(ks_livepatch_init);
module_exit(ks_livepatch_exit);
MODULE_DESCRIPTION("A livepatch for the Killswitch selftests");
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
