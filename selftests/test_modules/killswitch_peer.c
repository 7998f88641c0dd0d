// SPDX-License-Identifier: GPL-2.0-only
/*
 * Other tools that attach to functions, for the Killswitch selftests: they share a function with an
 * engagement, make functions fail, and disable ftrace.
 *
 * Files in <debugfs>/killswitch_peer:
 *
 *   attach       takes "<kind> <function> [<value>]", see ks_kinds[] for the kinds
 *   detach       takes "<kind> <function>", or "all"
 *   peers        shows what is attached, how often it was called, and the last return
 *                value it saw: "<kind> <function> hits=<n> seen=<value>" lines
 *   fail         takes "<function> <value> <nth> [<pid>]": the nth next call (each one, if
 *                nth is 0) returns the value without running, of that process only if
 *                one is given; an empty line ends it. Shows what was asked for, how many
 *                calls came since and how many of them failed.
 *   call, runs   call ks_peer_int() and say how often its body ran
 *   cost         takes "<calls> [<processors>]": that many calls of ks_peer_int(), on one
 *                processor or on all at once; shows what they took, in cycles
 *   text         shows the code of ks_peer_int(), and what is behind it
 *   kill_ftrace  kills ftrace, for good, on any write
 */
#include <linux/atomic.h>
#include <linux/cpufeature.h>
#include <linux/debugfs.h>
#include <linux/error-injection.h>
#include <linux/fprobe.h>
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/linkage.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/objtool.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/timex.h>
#include <linux/uaccess.h>

#define KS_LINE		640
#define KS_NAME		512

struct ks_peer {
	struct list_head list;
	const struct ks_kind *kind;
	char function[KS_NAME];
	long value;
	atomic_t hits;
	int seen;
	union {
		struct kprobe kprobe;
		struct kretprobe kretprobe;
		struct ftrace_ops ops;
		struct fprobe fprobe;
	};
};

struct ks_kind {
	const char *name;
	int (*attach)(struct ks_peer *peer);
	void (*detach)(struct ks_peer *peer);
};

/* Protects what follows. */
static DEFINE_MUTEX(ks_lock);
static LIST_HEAD(ks_peers);

/*
 * A function for tests that cannot run in user space: calls in a probe's handler, and very frequent
 * calls. Like those of the target module, its return value is unknown to the compiler.
 */
static atomic_t ks_peer_runs;
static int ks_peer_value = 42;

/* Data that conditions access through pointers. */
struct ks_peer_part {
	struct ks_peer_part *next;
	char name[16];
};

static struct ks_peer_part ks_peer_part = { &ks_peer_part, "part-of-a-peer" };

/* The name ends with a NUL. */
static noinline __noipa int ks_peer_int(int value, struct ks_peer_part *part)
{
	atomic_inc(&ks_peer_runs);
	return READ_ONCE(ks_peer_value) + value + part->name[sizeof(part->name) - 1];
}
ALLOW_ERROR_INJECTION(ks_peer_int, ERRNO);

/* The continuation of overridden functions: the value is already in its register. */
asmlinkage void ks_peer_return(void);
asm(".text\n"
	".type ks_peer_return, %function\n"
#ifdef CONFIG_X86_64
	ASM_FUNC_ALIGN
	"ks_peer_return:\n"
	ANNOTATE_NOENDBR "\n"
	ASM_RET
#else
	/* A breakpoint on a landing pad requires one at the next address: bti c. */
	".balign 4\n"
	"ks_peer_return:\n"
	"hint #34\n"
	"ret\n"
#endif
	".size ks_peer_return, .-ks_peer_return\n");

/* As the kernel's fault injection and BPF do. */
static int ks_override(struct pt_regs *regs, long value)
{
	regs_set_return_value(regs, value);
	instruction_pointer_set(regs, (unsigned long)ks_peer_return);
	return 1;
}
NOKPROBE_SYMBOL(ks_override);

static int ks_on_kprobe(struct kprobe *kprobe, struct pt_regs *regs)
{
	atomic_inc(&container_of(kprobe, struct ks_peer, kprobe)->hits);
	return 0;
}
NOKPROBE_SYMBOL(ks_on_kprobe);

static void ks_after_kprobe(struct kprobe *kprobe, struct pt_regs *regs, unsigned long flags)
{
}
NOKPROBE_SYMBOL(ks_after_kprobe);

static int ks_on_override(struct kprobe *kprobe, struct pt_regs *regs)
{
	struct ks_peer *peer = container_of(kprobe, struct ks_peer, kprobe);

	atomic_inc(&peer->hits);
	return ks_override(regs, peer->value);
}
NOKPROBE_SYMBOL(ks_on_override);

/* Other probes are not handled during a handler, so this runs the body. */
static int ks_on_nested(struct kprobe *kprobe, struct pt_regs *regs)
{
	struct ks_peer *peer = container_of(kprobe, struct ks_peer, kprobe);

	atomic_inc(&peer->hits);
	WRITE_ONCE(peer->seen, ks_peer_int(0, &ks_peer_part));
	return 0;
}
NOKPROBE_SYMBOL(ks_on_nested);

static int ks_on_return(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct kretprobe *kretprobe = get_kretprobe(instance);
	struct ks_peer *peer;

	if (kretprobe) {
		peer = container_of(kretprobe, struct ks_peer, kretprobe);
		atomic_inc(&peer->hits);
		WRITE_ONCE(peer->seen, regs_return_value(regs));
	}
	return 0;
}
NOKPROBE_SYMBOL(ks_on_return);

static void notrace ks_on_ftrace(unsigned long ip, unsigned long parent_ip,
				 struct ftrace_ops *ops, struct ftrace_regs *regs)
{
	atomic_inc(&container_of(ops, struct ks_peer, ops)->hits);
}

static int ks_on_fprobe_entry(struct fprobe *fprobe, unsigned long entry_ip, unsigned long ret_ip,
			      struct ftrace_regs *regs, void *data)
{
	return 0;
}

static void ks_on_fprobe_exit(struct fprobe *fprobe, unsigned long entry_ip, unsigned long ret_ip,
			      struct ftrace_regs *regs, void *data)
{
	struct ks_peer *peer = container_of(fprobe, struct ks_peer, fprobe);

	atomic_inc(&peer->hits);
	WRITE_ONCE(peer->seen, ftrace_regs_get_return_value(regs));
}

static int ks_attach_with(struct ks_peer *peer, kprobe_pre_handler_t before,
			  kprobe_post_handler_t after)
{
	peer->kprobe.symbol_name = peer->function;
	peer->kprobe.pre_handler = before;
	peer->kprobe.post_handler = after;
	return register_kprobe(&peer->kprobe);
}

static int ks_attach_kprobe(struct ks_peer *peer)
{
	return ks_attach_with(peer, ks_on_kprobe, NULL);
}

static int ks_attach_kprobe_post(struct ks_peer *peer)
{
	return ks_attach_with(peer, ks_on_kprobe, ks_after_kprobe);
}

static int ks_attach_override(struct ks_peer *peer)
{
	return ks_attach_with(peer, ks_on_override, ks_after_kprobe);
}

static int ks_attach_nested(struct ks_peer *peer)
{
	return ks_attach_with(peer, ks_on_nested, NULL);
}

/* Without ftrace it could be optimized, and miss nested hits without counting. */
static int ks_attach_flagged(struct ks_peer *peer)
{
	peer->kprobe.flags = KPROBE_FLAG_NESTED;
	return ks_attach_with(peer, ks_on_kprobe, NULL);
}

static void ks_detach_kprobe(struct ks_peer *peer)
{
	unregister_kprobe(&peer->kprobe);
}

static int ks_attach_kretprobe(struct ks_peer *peer)
{
	peer->kretprobe.kp.symbol_name = peer->function;
	peer->kretprobe.handler = ks_on_return;
	return register_kretprobe(&peer->kretprobe);
}

static void ks_detach_kretprobe(struct ks_peer *peer)
{
	unregister_kretprobe(&peer->kretprobe);
}

static void ks_detach_ftrace(struct ks_peer *peer)
{
	unregister_ftrace_function(&peer->ops);
	ftrace_free_filter(&peer->ops);
}

static int ks_attach_ops(struct ks_peer *peer, unsigned long flags)
{
	int ret;

	peer->ops.func = ks_on_ftrace;
	peer->ops.flags = flags;
	ret = ftrace_set_filter(&peer->ops, peer->function, strlen(peer->function), 0);
	if (!ret)
		ret = register_ftrace_function(&peer->ops);
	if (ret)
		ftrace_free_filter(&peer->ops);
	return ret;
}

static int ks_attach_ftrace(struct ks_peer *peer)
{
	return ks_attach_ops(peer, FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_SAVE_REGS_IF_SUPPORTED);
}

static int ks_attach_ftrace_args(struct ks_peer *peer)
{
	return ks_attach_ops(peer, 0);
}

static int ks_attach_fprobe(struct ks_peer *peer)
{
	peer->fprobe.entry_handler = ks_on_fprobe_entry;
	peer->fprobe.exit_handler = ks_on_fprobe_exit;
	return register_fprobe(&peer->fprobe, peer->function, NULL);
}

static void ks_detach_fprobe(struct ks_peer *peer)
{
	unregister_fprobe(&peer->fprobe);
}

static const struct ks_kind ks_kinds[] = {
	/* Called before the function. */
	{ "kprobe", ks_attach_kprobe, ks_detach_kprobe },
	/* The same, also called after the first instruction. */
	{ "kprobe_post", ks_attach_kprobe_post, ks_detach_kprobe },
	/* Called on the function's return. */
	{ "kretprobe", ks_attach_kretprobe, ks_detach_kretprobe },
	/* Function tracers with and without all registers. */
	{ "ftrace", ks_attach_ftrace, ks_detach_ftrace },
	{ "ftrace_args", ks_attach_ftrace_args, ks_detach_ftrace },
	/* An fprobe, at the function's entry and exit. */
	{ "fprobe", ks_attach_fprobe, ks_detach_fprobe },
	/* A probe that overrides the return value. */
	{ "override", ks_attach_override, ks_detach_kprobe },
	/* A probe that calls ks_peer_int() and stores its return value. */
	{ "nested", ks_attach_nested, ks_detach_kprobe },
	/* A probe that requests nested hits without a post_handler. */
	{ "flagged", ks_attach_flagged, ks_detach_kprobe },
};

static const struct ks_kind *ks_find_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(ks_kinds); i++)
		if (!strcmp(ks_kinds[i].name, name))
			return &ks_kinds[i];
	return NULL;
}

static struct ks_peer *ks_find_peer(const struct ks_kind *kind, const char *function)
{
	struct ks_peer *peer;

	list_for_each_entry(peer, &ks_peers, list)
		if (peer->kind == kind && !strcmp(peer->function, function))
			return peer;
	return NULL;
}

static void ks_detach(struct ks_peer *peer)
{
	peer->kind->detach(peer);
	/* Wait for handlers that are still running. */
	synchronize_rcu();
	list_del(&peer->list);
	kfree(peer);
}

static void ks_detach_all(void)
{
	struct ks_peer *peer, *next;

	guard(mutex)(&ks_lock);
	list_for_each_entry_safe(peer, next, &ks_peers, list)
		ks_detach(peer);
}

static int ks_do_attach(const char *line)
{
	char kind[16] = "", function[KS_NAME];
	struct ks_peer *peer;
	long value = 0;
	int ret;

	if (sscanf(line, "%15s %511s %li", kind, function, &value) < 2 || !ks_find_kind(kind))
		return -EINVAL;

	guard(mutex)(&ks_lock);
	if (ks_find_peer(ks_find_kind(kind), function))
		return -EEXIST;
	peer = kzalloc_obj(*peer);
	if (!peer)
		return -ENOMEM;
	peer->kind = ks_find_kind(kind);
	peer->value = value;
	strscpy(peer->function, function);
	ret = peer->kind->attach(peer);
	if (ret) {
		kfree(peer);
		return ret;
	}
	list_add_tail(&peer->list, &ks_peers);
	return 0;
}

static int ks_do_detach(const char *line)
{
	char kind[16] = "", function[KS_NAME];
	struct ks_peer *peer;

	if (sscanf(line, "%15s %511s", kind, function) < 2) {
		if (strcmp(kind, "all"))
			return -EINVAL;
		ks_detach_all();
		return 0;
	}

	guard(mutex)(&ks_lock);
	peer = ks_find_peer(ks_find_kind(kind), function);
	if (!peer)
		return -ENOENT;
	ks_detach(peer);
	return 0;
}

static int ks_peers_show(struct seq_file *m, void *unused)
{
	struct ks_peer *peer;

	guard(mutex)(&ks_lock);
	list_for_each_entry(peer, &ks_peers, list)
		seq_printf(m, "%s %s hits=%d seen=%d\n", peer->kind->name, peer->function,
			   atomic_read(&peer->hits), READ_ONCE(peer->seen));
	return 0;
}

/* The function that is to fail, if it has a name. */
static struct {
	char function[KS_NAME];
	long value;
	unsigned int nth;
	pid_t pid;
	atomic_t calls;
	atomic_t failed;
	struct kprobe kprobe;
} ks_fail;

static int ks_on_fail(struct kprobe *kprobe, struct pt_regs *regs)
{
	unsigned int call;

	/* A breakpoint is handled like an NMI. */
	if (ks_fail.pid && ((!in_task() && !in_nmi()) || task_tgid_nr(current) != ks_fail.pid))
		return 0;
	call = atomic_inc_return(&ks_fail.calls);
	if (ks_fail.nth && call != ks_fail.nth)
		return 0;
	atomic_inc(&ks_fail.failed);
	return ks_override(regs, ks_fail.value);
}
NOKPROBE_SYMBOL(ks_on_fail);

static void ks_fail_end(void)
{
	if (ks_fail.function[0])
		unregister_kprobe(&ks_fail.kprobe);
	memset(&ks_fail, 0, sizeof(ks_fail));
}

static int ks_do_fail(const char *line)
{
	int words, ret;

	guard(mutex)(&ks_lock);
	ks_fail_end();
	words = sscanf(line, "%511s %li %u %d", ks_fail.function, &ks_fail.value, &ks_fail.nth,
		       &ks_fail.pid);
	if (words <= 0)
		return 0;
	ret = words < 3 ? -EINVAL : 0;
	if (!ret) {
		ks_fail.kprobe.symbol_name = ks_fail.function;
		ks_fail.kprobe.pre_handler = ks_on_fail;
		ks_fail.kprobe.post_handler = ks_after_kprobe;
		ret = register_kprobe(&ks_fail.kprobe);
	}
	if (ret)
		memset(&ks_fail, 0, sizeof(ks_fail));
	return ret;
}

static int ks_fail_show(struct seq_file *m, void *unused)
{
	guard(mutex)(&ks_lock);
	if (ks_fail.function[0])
		seq_printf(m, "%s %ld %u %d calls=%d failed=%d\n", ks_fail.function, ks_fail.value,
			   ks_fail.nth, ks_fail.pid, atomic_read(&ks_fail.calls),
			   atomic_read(&ks_fail.failed));
	return 0;
}

static int ks_call_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "%d\n", ks_peer_int(0, &ks_peer_part));
	return 0;
}

static int ks_runs_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "%d\n", atomic_read(&ks_peer_runs));
	return 0;
}

static unsigned long long ks_cycles;

static void ks_call_often(void *calls)
{
	for (unsigned int i = 0; i < *(unsigned int *)calls; i++)
		ks_peer_int(0, &ks_peer_part);
}

static int ks_do_cost(const char *line)
{
	unsigned int calls, cpus = 1;
	cycles_t start;

	if (sscanf(line, "%u %u", &calls, &cpus) < 1 || calls > 100000 ||
	    !cpus || cpus > num_online_cpus())
		return -EINVAL;

	guard(mutex)(&ks_lock);
	if (cpus == 1) {
		/* Interrupts would be measured, too. */
		guard(irqsave)();
		start = get_cycles();
		ks_call_often(&calls);
		ks_cycles = get_cycles() - start;
	} else {
		struct cpumask mask = { };

		for (unsigned int i = 0; i < cpus; i++)
			cpumask_set_cpu(cpumask_nth(i, cpu_online_mask), &mask);
		start = get_cycles();
		on_each_cpu_mask(&mask, ks_call_often, &calls, true);
		ks_cycles = get_cycles() - start;
	}
	return 0;
}

static int ks_cost_show(struct seq_file *m, void *unused)
{
	guard(mutex)(&ks_lock);
	seq_printf(m, "%llu\n", ks_cycles);
	return 0;
}

static int ks_text_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "%64ph\n", ks_peer_int);
	return 0;
}

/*
 * Not exported, but a disabled probe finds it: after its ENDBR, where CFI does not find its type.
 */
static int __nocfi ks_do_kill_ftrace(const char *line)
{
	struct kprobe probe = { .symbol_name = "ftrace_kill", .flags = KPROBE_FLAG_DISABLED };
	void (*kill)(void);
	int ret;

#ifdef CONFIG_X86_64
	/* It is never called indirectly otherwise, so the CPU may not allow it. */
	if (cpu_feature_enabled(X86_FEATURE_IBT))
		return -EOPNOTSUPP;
#endif
	ret = register_kprobe(&probe);
	if (ret)
		return ret;
	kill = (void *)probe.addr;
	unregister_kprobe(&probe);
	kill();
	return 0;
}

static const struct ks_file {
	const char *name;
	umode_t mode;
	int (*show)(struct seq_file *m, void *unused);
	int (*command)(const char *line);
} ks_files[] = {
	{ "attach", 0200, NULL, ks_do_attach },
	{ "detach", 0200, NULL, ks_do_detach },
	{ "peers", 0400, ks_peers_show, NULL },
	{ "fail", 0600, ks_fail_show, ks_do_fail },
	{ "call", 0400, ks_call_show, NULL },
	{ "runs", 0400, ks_runs_show, NULL },
	{ "cost", 0600, ks_cost_show, ks_do_cost },
	{ "text", 0400, ks_text_show, NULL },
	{ "kill_ftrace", 0200, NULL, ks_do_kill_ftrace },
};

static int ks_open(struct inode *inode, struct file *file)
{
	const struct ks_file *what = inode->i_private;

	/* File modes do not restrict root. */
	if ((file->f_mode & FMODE_READ && !what->show) ||
	    (file->f_mode & FMODE_WRITE && !what->command))
		return -EACCES;
	return single_open(file, what->show, (void *)what);
}

/* One line per write. */
static ssize_t ks_write(struct file *file, const char __user *buf, size_t size, loff_t *pos)
{
	const struct ks_file *what = ((struct seq_file *)file->private_data)->private;
	char *line;
	int ret;

	if (size >= KS_LINE)
		return -E2BIG;
	line = memdup_user_nul(buf, size);
	if (IS_ERR(line))
		return PTR_ERR(line);
	ret = what->command(strim(line));
	kfree(line);
	return ret ? ret : size;
}

static const struct file_operations ks_fops = {
	.owner		= THIS_MODULE,
	.open		= ks_open,
	.read		= seq_read,
	.write		= ks_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

static struct dentry *ks_root;

static int __init ks_peer_init(void)
{
	ks_root = debugfs_create_dir("killswitch_peer", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(ks_files); i++)
		debugfs_create_file(ks_files[i].name, ks_files[i].mode, ks_root,
				    (void *)&ks_files[i], &ks_fops);
	return 0;
}

static void __exit ks_peer_exit(void)
{
	debugfs_remove(ks_root);
	ks_detach_all();
	ks_fail_end();
}

module_init(ks_peer_init);
module_exit(ks_peer_exit);
MODULE_DESCRIPTION("Killswitch selftests: other tools that attach to functions");
MODULE_LICENSE("GPL");
