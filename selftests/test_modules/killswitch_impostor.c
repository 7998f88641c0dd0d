// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module that gives its own function the name of an LSM hook, and that has
 * functions which ask for a capability.
 *
 * Reading <debugfs>/killswitch_impostor/<function> calls the function and prints
 * what it returned.
 */
#include <linux/capability.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

static int ks_value = 42;
module_param_named(value, ks_value, int, 0600);
MODULE_PARM_DESC(value, "what the impostor returns");

/* Not the kernel's: nothing asks it whether a file may be opened. */
static noinline __noipa int security_file_open(int value)
{
	return READ_ONCE(ks_value) + value;
}

static noinline __noipa int ks_impostor_asks(int value)
{
	return capable(CAP_SYS_ADMIN) ? READ_ONCE(ks_value) + value : -EPERM;
}

static noinline __noipa int ks_impostor_lets_ask(int value)
{
	int ret = ks_impostor_asks(value);

	return ret < 0 ? ret : READ_ONCE(ks_value);
}

static int ks_call_show(struct seq_file *m, void *unused)
{
	int (*call)(int value) = m->private;

	seq_printf(m, "%d\n", call(0));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ks_call);

static struct dentry *ks_root;

static int __init ks_impostor_init(void)
{
	ks_root = debugfs_create_dir("killswitch_impostor", NULL);
	debugfs_create_file("security_file_open", 0444, ks_root, security_file_open,
			    &ks_call_fops);
	debugfs_create_file("ks_impostor_asks", 0444, ks_root, ks_impostor_asks, &ks_call_fops);
	debugfs_create_file("ks_impostor_lets_ask", 0444, ks_root, ks_impostor_lets_ask,
			    &ks_call_fops);
	return 0;
}

static void __exit ks_impostor_exit(void)
{
	debugfs_remove(ks_root);
}

module_init(ks_impostor_init);
module_exit(ks_impostor_exit);
MODULE_DESCRIPTION("A function of the Killswitch selftests that is called as an LSM hook is");
MODULE_LICENSE("GPL");
