// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module whose functions have the names of an LSM hook and of a function of the module
 * killswitch_target, with functions that check a capability.
 *
 * Reading <debugfs>/killswitch_impostor/<function> calls the function and prints its return value.
 */
#include <linux/capability.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

static int ks_value = 42;
module_param_named(value, ks_value, int, 0600);
MODULE_PARM_DESC(value, "return value of the impostor");

static unsigned int ks_sum;

/* Not the kernel's: it is not called when a file is opened. */
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

/* A larger function, with space for probes of all kinds. */
static noinline __noipa int ks_impostor_computes(int value)
{
	unsigned int sum = READ_ONCE(ks_value);

	for (int i = 0; i < 4; i++) {
		sum += READ_ONCE(ks_value) * 0x01234567u;
		sum ^= READ_ONCE(ks_value) + 0x12345678u;
		sum -= READ_ONCE(ks_value) ^ 0x23456789u;
		sum ^= READ_ONCE(ks_value) - 0x3456789au;
	}
	WRITE_ONCE(ks_sum, sum);
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	for (int i = 0; i < 4; i++) {
		sum -= READ_ONCE(ks_value) * 0x456789abu;
		sum ^= READ_ONCE(ks_value) - 0x56789abcu;
		sum += READ_ONCE(ks_value) ^ 0x6789abcdu;
	}
	WRITE_ONCE(ks_sum, sum);
	return READ_ONCE(ks_value) + value;
}

static noinline __noipa int ks_impostor_lets_compute(int value)
{
	unsigned int sum = READ_ONCE(ks_value);
	int ret;

	for (int i = 0; i < 4; i++) {
		sum += READ_ONCE(ks_value) * 0x789abcdeu;
		sum ^= READ_ONCE(ks_value) + 0x089abcdeu;
		sum -= READ_ONCE(ks_value) ^ 0x19abcdefu;
	}
	WRITE_ONCE(ks_sum, sum);
	ret = ks_impostor_computes(value);
	return ret < 0 ? ret : READ_ONCE(ks_value);
}

/* The module killswitch_target has another function of this name. */
static noinline __noipa int ks_twin(int value)
{
	return READ_ONCE(ks_value) + value;
}

static int ks_call_show(struct seq_file *m, void *unused)
{
	int (*call)(int value) = m->private;

	seq_printf(m, "%d\n", call(0));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ks_call);

static const struct ks_entry {
	const char *name;
	int (*call)(int value);
} ks_entries[] = {
	{ "security_file_open", security_file_open },
	{ "ks_impostor_asks", ks_impostor_asks },
	{ "ks_impostor_lets_ask", ks_impostor_lets_ask },
	{ "ks_impostor_computes", ks_impostor_computes },
	{ "ks_impostor_lets_compute", ks_impostor_lets_compute },
	{ "ks_twin", ks_twin },
};

static struct dentry *ks_root;

static int __init ks_impostor_init(void)
{
	ks_root = debugfs_create_dir("killswitch_impostor", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(ks_entries); i++)
		debugfs_create_file(ks_entries[i].name, 0444, ks_root, ks_entries[i].call,
				    &ks_call_fops);
	return 0;
}

static void __exit ks_impostor_exit(void)
{
	debugfs_remove(ks_root);
}

module_init(ks_impostor_init);
module_exit(ks_impostor_exit);
MODULE_DESCRIPTION("Killswitch selftests: functions with the names of others");
MODULE_LICENSE("GPL");
