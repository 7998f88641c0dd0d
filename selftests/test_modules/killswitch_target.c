// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions to engage in the Killswitch selftests, with files to call them.
 *
 * Reading <debugfs>/killswitch_target/call/<function> calls the function and prints its return
 * value; killswitch_target/runs/<function> has the number of runs of its body, and
 * killswitch_target/at_init the return value of ks_target_early() in the module's initialization.
 *
 * Writing "[<where>] <function> <count> <value>..." to killswitch_target/storm calls the function
 * <count> times: in the writing task, in interrupts of another CPU if <where> is interrupt, or in
 * those of a timer if it is timer (hard) or softirq. Reading it returns the results. Writing to
 * killswitch_target/leak leaks some memory.
 */
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/error-injection.h>
#include <linux/hrtimer.h>
#include <linux/kprobes.h>
#include <linux/linkage.h>
#include <linux/module.h>
#include <linux/objtool.h>
#include <linux/processor.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

/*
 * Each body counts its runs and returns a value that is unknown to the compiler, so that it cannot
 * optimize callers by the result or by other effects of the body, which GCC would do.
 */
#define TARGET(type, name, ...)				\
	static atomic_t name##_runs;			\
	static noinline __noipa type name(__VA_ARGS__)

static int ks_value = 42;
module_param_named(value, ks_value, int, 0600);
MODULE_PARM_DESC(value, "return value of the integer functions");

static bool ks_hold;
module_param_named(hold, ks_hold, bool, 0600);
MODULE_PARM_DESC(hold, "while set, loading is delayed (for a minute at most)");

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

/* A function that error injection is allowed for, too. */
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

/* Two functions that can fail, and report it. */
TARGET(int, ks_target_fails, int value)
{
	atomic_inc(&ks_target_fails_runs);
	return READ_ONCE(ks_value) < 0 ? -EINVAL : READ_ONCE(ks_value) * 4 + value;
}

TARGET(void *, ks_target_errptr, int *object)
{
	atomic_inc(&ks_target_errptr_runs);
	return READ_ONCE(ks_value) < 0 ? ERR_PTR(-ENODEV) : object;
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

#ifdef CONFIG_X86_64
/*
 * A symbol with an ftrace location that is not at its entry: the top of the stack is not the return
 * address.
 */
extern int ks_target_late(int value);
asm(".pushsection .text, \"ax\"\n"
	".globl ks_target_late\n"
	".type ks_target_late, @function\n"
	".p2align 4\n"
	"ks_target_late:\n"
	ANNOTATE_NOENDBR
	"	push %rbx\n"
	"	mov %edi, %ebx\n"
	"1:	call __fentry__\n"
	"	mov %ebx, %eax\n"
	"	pop %rbx\n"
	ASM_RET
	".size ks_target_late, .-ks_target_late\n"
#ifdef CONFIG_FTRACE_MCOUNT_USE_CC
	".pushsection __mcount_loc, \"a\", @progbits\n"
	"	.quad 1b\n"
	".popsection\n"
#endif
	".popsection\n");
STACK_FRAME_NON_STANDARD(ks_target_late);
#endif

/* It has no ftrace location. */
static atomic_t ks_target_breakpoint_runs;
static noinline __noipa notrace int ks_target_breakpoint(int value)
{
	atomic_inc(&ks_target_breakpoint_runs);
	return READ_ONCE(ks_value) * 5 + value;
}

/* It is on the kprobe blacklist. */
static noinline __noipa int ks_target_noprobe(int value)
{
	return READ_ONCE(ks_value) * 6 + value;
}
NOKPROBE_SYMBOL(ks_target_noprobe);

/* Another module has a function of this name, too. */
static noinline __noipa int ks_twin(int value)
{
	return READ_ONCE(ks_value) * 7 + value;
}

/* Called by the module's initialization. */
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

/* Data that conditions access. */
struct ks_label {
	char text[16];
	const char *pointer;
};

struct ks_part {
	s8 byte;
	u16 word;
	unsigned int low : 3, high : 5;
	struct ks_label label;
	enum ks_answer answer;
	u64 big;
	union {
		int inner;
		int other;
	};
	int array[4];
	struct ks_part *next;
	const char __user *user;
};

struct ks_whole {
	long before;
	struct ks_part part;
};

static noinline __noipa int ks_target_args(struct ks_part *part, int number, u8 small,
					   const char *text, unsigned long wide)
{
	/* Never true, but unknown to the compiler. */
	if (READ_ONCE(ks_value) < 0)
		return part->byte + number + small + text[0] + (int)wide;
	return 0;
}

/*
 * Calls ks_target_args() with the written values: numbers, two texts, and the target of a pointer:
 * the structure itself (1), NULL (0), user space (2), unmapped memory (3) or an invalid
 * address (4). The write fails like the function.
 */
static ssize_t ks_args_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	struct ks_whole *whole __free(kfree) = kzalloc_obj(*whole);
	char line[256] = "", label[32] = "", text[32] = "";
	unsigned int word, low, high, answer, small, next;
	int byte, inner, number, ret;
	struct ks_part *part;

	if (!whole)
		return -ENOMEM;
	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, from, len))
		return -EFAULT;
	part = &whole->part;
	ret = sscanf(line, "%d %u %u %u %15s %u %llu %d %d %u %31s %lu %u", &byte, &word, &low,
		     &high, label, &answer, &part->big, &inner, &number, &small, text,
		     &whole->before, &next);
	if (ret != 13)
		return -EINVAL;
	part->byte = byte;
	part->word = word;
	part->low = low;
	part->high = high;
	strscpy(part->label.text, label);
	part->label.pointer = part->label.text;
	part->answer = answer;
	part->inner = inner;
	part->array[2] = inner;
	part->user = from;
	part->next = next == 1 ? part :
		     next == 2 ? (void *)from :
		     next == 3 ? (void *)(MODULES_VADDR - PAGE_SIZE) :
		     next == 4 ? (void *)0x8000000000000000 : NULL;
	ret = ks_target_args(part, number, small, text, whole->before);
	return ret ?: len;
}

static const struct file_operations ks_args_fops = {
	.owner = THIS_MODULE,
	.write = ks_args_write,
};

/* Like a variant that the compiler makes for constant arguments. */
static int ks_target_varied_for_7(void)
	__asm__("ks_target_varied.constprop.0");

TARGET(int, ks_target_varied, int value)
{
	atomic_inc(&ks_target_varied_runs);
	return READ_ONCE(ks_value) + value;
}

static noinline __noipa int ks_target_varied_for_7(void)
{
	return READ_ONCE(ks_value) + 7;
}

/* Type information contains neither of its names. */
static int ks_untyped(int value)
	__asm__("ks_target_untyped");

static atomic_t ks_target_untyped_runs;
static noinline __noipa int ks_untyped(int value)
{
	atomic_inc(&ks_target_untyped_runs);
	return READ_ONCE(ks_value) * 8 + value;
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
	int *object = &ks_value;
	void *ptr;

	/* A constant would be propagated into the function, which BTF would then leave out. */
	OPTIMIZER_HIDE_VAR(object);
	ptr = ks_target_ptr(object);
	if (!ptr)
		seq_puts(m, "NULL\n");
	else if (IS_ERR(ptr))
		seq_printf(m, "%ld\n", PTR_ERR(ptr));
	else
		seq_puts(m, ptr == &ks_value ? "object\n" : "garbage\n");
	return 0;
}

static int ks_call_fails(struct seq_file *m)
{
	seq_printf(m, "%d\n", ks_target_fails(0));
	return 0;
}

static int ks_call_errptr(struct seq_file *m)
{
	int *object = &ks_value;
	void *ptr;

	OPTIMIZER_HIDE_VAR(object);
	ptr = ks_target_errptr(object);
	if (IS_ERR_OR_NULL(ptr))
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

static int ks_call_untyped(struct seq_file *m)
{
	seq_printf(m, "%d\n", ks_untyped(0));
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
	ENTRY(fails),
	ENTRY(errptr),
	ENTRY(bool),
	ENTRY(void),
	ENTRY(byte),
	ENTRY(ulong),
	ENTRY(enum),
	ENTRY(struct),
	ENTRY(untyped),
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
 * 300 functions, ks_many_000 to ks_many_299, to fill every slot, for which error injection is
 * allowed, too. Each has a different body, to prevent folding.
 */
#define MANY(n)							\
	static int ks_many_##n(void);				\
	ALLOW_ERROR_INJECTION(ks_many_##n, ERRNO);		\
	static noinline __noipa int ks_many_##n(void)		\
	{							\
		return READ_ONCE(ks_value) + 1##n;		\
	}
#include "many.h"
#undef MANY

#define MANY(n) ks_many_##n,
static int (*const ks_many[])(void) = {
#include "many.h"
};

/* Reading killswitch_target/many calls all of them: "<index> <value>" lines. */
static int ks_many_show(struct seq_file *m, void *unused)
{
	for (size_t i = 0; i < ARRAY_SIZE(ks_many); i++)
		seq_printf(m, "%zu %d\n", i, ks_many[i]());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ks_many);

/*
 * The values that a storm's function may return: two values, one of them unless a change is in
 * progress, and a counter of changes. In one word, so that readers get a consistent state.
 */
static u64 ks_expected;

#define KS_EXPECTED(turn, first, second) \
	((u64)(turn) << 32 | (u32)(u16)(first) << 16 | (u16)(second))
#define KS_TURN(expected)	((u32)((expected) >> 32))
#define KS_FIRST(expected)	((s16)((expected) >> 16))
#define KS_SECOND(expected)	((s16)(expected))

/* Parses "<turn> <value> <value>"; at turn 0 any known value is valid. */
static ssize_t ks_expect_write(struct file *file, const char __user *from, size_t len,
			       loff_t *pos)
{
	char text[64] = "";
	int first, second;
	u32 turn;

	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, len))
		return -EFAULT;
	if (sscanf(text, "%u %d %d", &turn, &first, &second) != 3)
		return -EINVAL;
	/* Release: earlier operations of the caller are visible to readers of this. */
	smp_store_release(&ks_expected, KS_EXPECTED(turn, first, second));
	/* Full barrier: this is visible before later operations of the caller. */
	smp_mb();
	return len;
}

static const struct file_operations ks_expect_fops = {
	.owner = THIS_MODULE,
	.write = ks_expect_write,
};

#define KS_KNOWN 16

/* The results of calls through one open file. Used by one task at a time. */
struct ks_storm {
	u64 calls;
	/* Calls that no change overlapped, and those of them with a wrong value. */
	u64 judged;
	u64 wrong;
	/* Calls with an unknown value. */
	u64 unknown;
	/* The first wrong or unknown value, and the expected values. */
	bool is_bad;
	int bad;
	u64 bad_expected;
	int known[KS_KNOWN];
	u64 seen[KS_KNOWN];
	int count;
};

static void ks_storm_judge(struct ks_storm *storm, int value, u64 before, u64 after)
{
	bool bad = false;
	int i;

	storm->calls++;
	for (i = 0; i < storm->count && storm->known[i] != value; i++)
		;
	if (i < storm->count) {
		storm->seen[i]++;
	} else {
		storm->unknown++;
		bad = true;
	}
	if (KS_TURN(before) && before == after) {
		storm->judged++;
		if (value != KS_FIRST(before) && value != KS_SECOND(before)) {
			storm->wrong++;
			bad = true;
		}
	}
	if (bad && !storm->is_bad) {
		storm->is_bad = true;
		storm->bad = value;
		storm->bad_expected = before;
	}
}

/* A call in an interrupt, in any context. */
struct ks_interrupt {
	int (*call)(int value);
	int value;
	struct hrtimer timer;
	struct completion done;
};

static void ks_interrupt_call(void *data)
{
	struct ks_interrupt *interrupt = data;

	interrupt->value = interrupt->call(0);
}

/* In an IPI to another CPU. */
static int ks_call_there(int (*call)(int value))
{
	struct ks_interrupt interrupt = { .call = call, .value = INT_MIN };
	int cpu;

	/* Without another CPU it is an ordinary call with interrupts disabled. */
	preempt_disable();
	cpu = cpumask_any_but(cpu_online_mask, smp_processor_id());
	smp_call_function_single(cpu < nr_cpu_ids ? cpu : smp_processor_id(), ks_interrupt_call,
				 &interrupt, true);
	preempt_enable();
	return interrupt.value;
}

static enum hrtimer_restart ks_on_timer(struct hrtimer *timer)
{
	struct ks_interrupt *interrupt = container_of(timer, struct ks_interrupt, timer);

	ks_interrupt_call(interrupt);
	complete(&interrupt->done);
	return HRTIMER_NORESTART;
}

static int ks_call_by_timer(int (*call)(int value), enum hrtimer_mode mode)
{
	struct ks_interrupt interrupt = { .call = call, .value = INT_MIN };

	init_completion(&interrupt.done);
	hrtimer_setup_on_stack(&interrupt.timer, ks_on_timer, CLOCK_MONOTONIC, mode);
	hrtimer_start(&interrupt.timer, ns_to_ktime(NSEC_PER_USEC), mode);
	wait_for_completion(&interrupt.done);
	hrtimer_cancel(&interrupt.timer);
	destroy_hrtimer_on_stack(&interrupt.timer);
	return interrupt.value;
}

static int ks_call_in_timer(int (*call)(int value))
{
	return ks_call_by_timer(call, HRTIMER_MODE_REL_HARD);
}

static int ks_call_in_softirq(int (*call)(int value))
{
	return ks_call_by_timer(call, HRTIMER_MODE_REL_SOFT);
}

static int ks_call_here(int (*call)(int value))
{
	return call(0);
}

static const struct ks_where {
	const char *name;
	int (*call)(int (*call)(int value));
} ks_where[] = {
	{ "interrupt", ks_call_there },
	{ "timer", ks_call_in_timer },
	{ "softirq", ks_call_in_softirq },
};

static const struct ks_storm_target {
	const char *name;
	int (*call)(int value);
} ks_storm_targets[] = {
	{ "ks_target_int", ks_target_int },
	{ "ks_target_other", ks_target_other },
	{ "ks_target_breakpoint", ks_target_breakpoint },
};

static void ks_storm_call(struct ks_storm *storm, int (*call)(int value), unsigned int count,
			  int (*where)(int (*call)(int value)))
{
	for (unsigned int i = 1; i <= count; i++) {
		u64 before, after;
		int value;

		before = READ_ONCE(ks_expected);
		/* The call is ordered after this. */
		smp_mb();
		/*
		 * An emulator that runs CPUs in turn switches here, so that changes sometimes
		 * happen before, during or after a call.
		 */
		if (i % 61 == 20)
			cpu_relax();
		value = where(call);
		if (i % 61 == 40)
			cpu_relax();
		/* And before this. */
		smp_mb();
		after = READ_ONCE(ks_expected);
		ks_storm_judge(storm, value, before, after);
		/* A storm must not delay grace periods of RCU Tasks. */
		if (i % 256 == 0)
			cond_resched_tasks_rcu_qs();
	}
}

static int ks_storm_open(struct inode *inode, struct file *file)
{
	struct ks_storm *storm = kzalloc_obj(*storm);

	file->private_data = storm;
	return storm ? 0 : -ENOMEM;
}

static int ks_storm_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static ssize_t ks_storm_write(struct file *file, const char __user *from, size_t len,
			      loff_t *pos)
{
	struct ks_storm *storm = file->private_data;
	char text[256] = "", *rest = text, *word;
	int (*where)(int (*call)(int value)) = ks_call_here;
	int (*call)(int value) = NULL;
	unsigned int count;

	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, len))
		return -EFAULT;
	strim(text);

	word = strsep(&rest, " ");
	for (size_t i = 0; i < ARRAY_SIZE(ks_where); i++) {
		if (strcmp(word, ks_where[i].name))
			continue;
		where = ks_where[i].call;
		word = strsep(&rest, " ") ?: "";
		break;
	}
	for (size_t i = 0; i < ARRAY_SIZE(ks_storm_targets); i++)
		if (!strcmp(word, ks_storm_targets[i].name))
			call = ks_storm_targets[i].call;
	word = strsep(&rest, " ");
	if (!call || !word || kstrtouint(word, 0, &count))
		return -EINVAL;
	for (int i = 0; (word = strsep(&rest, " ")); i++) {
		int value;

		if (i == KS_KNOWN || kstrtoint(word, 0, &value))
			return -EINVAL;
		/* The values are counted by position, and stay the same. */
		if (storm->calls && (i >= storm->count || storm->known[i] != value))
			return -EINVAL;
		storm->known[i] = value;
		storm->count = max(storm->count, i + 1);
	}
	ks_storm_call(storm, call, count, where);
	return len;
}

static ssize_t ks_storm_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	struct ks_storm *storm = file->private_data;
	char text[1024];
	int used;

	used = scnprintf(text, sizeof(text), "calls %llu judged %llu wrong %llu unknown %llu",
			 storm->calls, storm->judged, storm->wrong, storm->unknown);
	used += scnprintf(text + used, sizeof(text) - used, " bad %d turn %u expected %d %d\n",
			  storm->bad, KS_TURN(storm->bad_expected),
			  KS_FIRST(storm->bad_expected), KS_SECOND(storm->bad_expected));
	for (int i = 0; i < storm->count; i++)
		used += scnprintf(text + used, sizeof(text) - used, "value %d seen %llu\n",
				  storm->known[i], storm->seen[i]);
	return simple_read_from_buffer(to, len, pos, text, used);
}

static const struct file_operations ks_storm_fops = {
	.owner = THIS_MODULE,
	.open = ks_storm_open,
	.release = ks_storm_release,
	.write = ks_storm_write,
	.read = ks_storm_read,
};

/*
 * Leaks some memory for the leak test: many times, because objects with pointers left on a stack
 * are not reported.
 */
static ssize_t ks_leak_write(struct file *file, const char __user *from, size_t len,
			     loff_t *pos)
{
	for (int i = 0; i < 32; i++) {
		char *lost = kmalloc(1000, GFP_KERNEL);

		if (!lost)
			return -ENOMEM;
		memset(lost, 0x5a, 1000);
		OPTIMIZER_HIDE_VAR(lost);
	}
	return len;
}

static const struct file_operations ks_leak_fops = {
	.owner = THIS_MODULE,
	.write = ks_leak_write,
};

/* Calls ks_target_int() for a task, and stores its return value. */
struct ks_errand {
	struct work_struct work;
	int result;
};

static void ks_run_errand(struct work_struct *work)
{
	struct ks_errand *errand = container_of(work, struct ks_errand, work);

	errand->result = ks_target_int(0);
}

/* Reading killswitch_target/by_thread calls it in a kernel thread. */
static int ks_by_thread_show(struct seq_file *m, void *unused)
{
	struct ks_errand errand;

	INIT_WORK_ONSTACK(&errand.work, ks_run_errand);
	schedule_work(&errand.work);
	flush_work(&errand.work);
	destroy_work_on_stack(&errand.work);
	seq_printf(m, "%d\n", errand.result);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ks_by_thread);

/* Reading killswitch_target/by_interrupt calls it in an interrupt of another CPU. */
static int ks_by_interrupt_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "%d\n", ks_call_there(ks_target_int));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ks_by_interrupt);

/* Reading killswitch_target/others calls the remaining functions. */
static int ks_others_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "%d %d\n", ks_target_noprobe(0), ks_twin(0));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ks_others);

static struct dentry *ks_root;
static u32 ks_at_init;

/* Freed after the module's initialization. */
static noinline __noipa int __init ks_target_once(int value)
{
	return ks_target_early(value);
}

static int __init ks_target_init(void)
{
	struct dentry *call, *runs;

	for (int i = 0; i < 600 && READ_ONCE(ks_hold); i++)
		msleep(100);
	ks_at_init = ks_target_once(0);

	ks_root = debugfs_create_dir("killswitch_target", NULL);
	call = debugfs_create_dir("call", ks_root);
	runs = debugfs_create_dir("runs", ks_root);
	for (size_t i = 0; i < ARRAY_SIZE(ks_targets); i++) {
		const struct ks_target *target = &ks_targets[i];

		debugfs_create_file(target->name, 0444, call, (void *)target, &ks_call_fops);
		debugfs_create_file(target->name, 0444, runs, (void *)target, &ks_runs_fops);
	}
	debugfs_create_u32("at_init", 0444, ks_root, &ks_at_init);
	debugfs_create_file("by_thread", 0444, ks_root, NULL, &ks_by_thread_fops);
	debugfs_create_file("by_interrupt", 0444, ks_root, NULL, &ks_by_interrupt_fops);
	debugfs_create_file("others", 0444, ks_root, NULL, &ks_others_fops);
	debugfs_create_file("many", 0444, ks_root, NULL, &ks_many_fops);
	debugfs_create_file("expect", 0200, ks_root, NULL, &ks_expect_fops);
	debugfs_create_file("storm", 0600, ks_root, NULL, &ks_storm_fops);
	debugfs_create_file("args", 0200, ks_root, NULL, &ks_args_fops);
	debugfs_create_file("leak", 0200, ks_root, NULL, &ks_leak_fops);
	return 0;
}

static void __exit ks_target_exit(void)
{
	debugfs_remove(ks_root);
}

module_init(ks_target_init);
module_exit(ks_target_exit);
MODULE_DESCRIPTION("Killswitch selftests: functions to engage");
MODULE_LICENSE("GPL");
