// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random conditions on calls with random arguments: each call is stopped or runs as an evaluator in
 * this file predicts, whatever memory pointers lead to, and the kernel reports no errors.
 *
 * KS_CONDITIONS is the number of conditions (default 500), KS_SEED the seed (default 1).
 */
#include <limits.h>
#include <pthread.h>

#include "kallsyms.h"

#define TARGET		"killswitch_target:ks_target_args"
#define PEER		"killswitch_peer"
#define CALLS		24
#define MAX_COMPARISONS	16
#define MAX_DEPTH	3
#define MAX_LENGTH	512
/* Expected taint flags: those of the test modules and of Killswitch. */
#define EXPECTED_TAINT	0x10b000UL

static unsigned long long state;

static unsigned long long randomly(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static size_t below(size_t limit)
{
	return (randomly() >> 11) % limit;
}

/* Targets of the pointer "next", as in the target module. */
enum next { TO_NULL, TO_ITSELF, TO_USER, TO_NOTHING, TO_NO_ADDRESS, NEXTS };

/* Values of the number "big" as a pointer. */
enum pointer { UNREADABLE, BANNER, ANYWHERE };

/* The arguments of a call. */
struct call {
	int byte, inner, number;
	unsigned int word, low, high, answer, small;
	unsigned long wide;
	unsigned long long big;
	enum pointer big_leads;
	const char *label, *text;
	enum next next;
};

enum says { NO, YES, UNKNOWN, ANY };

/* Numbers to compare, with the range of their types. */
enum field { BYTE, WORD, LOW, HIGH, ANSWER, BIG, INNER, OTHER, THIRD, NUMBER, SMALL, WIDE, FIELDS };

static const struct {
	const char *name;
	bool is_member;
	long long min;
	unsigned long long max;
} fields[FIELDS] = {
	[BYTE] = { "byte", true, -128, 127 },
	[WORD] = { "word", true, 0, 65535 },
	[LOW] = { "low", true, 0, 7 },
	[HIGH] = { "high", true, 0, 31 },
	[ANSWER] = { "answer", true, 0, UINT_MAX },
	[BIG] = { "big", true, 0, ULLONG_MAX },
	[INNER] = { "inner", true, INT_MIN, INT_MAX },
	[OTHER] = { "other", true, INT_MIN, INT_MAX },
	[THIRD] = { "array[2]", true, INT_MIN, INT_MAX },
	[NUMBER] = { "number", false, INT_MIN, INT_MAX },
	[SMALL] = { "small", false, 0, 255 },
	[WIDE] = { "wide", false, 0, ULONG_MAX },
};

static unsigned long long value_of(const struct call *call, enum field field)
{
	switch (field) {
	case BYTE:
		return call->byte;
	case WORD:
		return call->word;
	case LOW:
		return call->low;
	case HIGH:
		return call->high;
	case ANSWER:
		return call->answer;
	case BIG:
		return call->big;
	case INNER:
	case OTHER:
	case THIRD:
		return call->inner;
	case NUMBER:
		return call->number;
	case SMALL:
		return call->small;
	default:
		return call->wide;
	}
}

static const char * const operators[] = { "==", "!=", "<", "<=", ">", ">=", "&", "~" };
enum operator { EQUAL, DIFFERENT, LESS, AT_MOST, MORE, AT_LEAST, BITS, MATCHES };

/* A comparison. */
struct leaf {
	enum { OF_NUMBERS, OF_TEXT, OF_CALLER, OF_BANNER, OF_WILD_MEMORY } what;
	/* The number of pointers to the structure. */
	int chain;
	enum field field;
	enum operator operator;
	unsigned long long number;
	enum { LABEL, POINTER, ARGUMENT } which;
	const char *pattern;
	/* The text, and its value if that is constant. */
	char text[160];
	enum says says;
};

/* A condition, and its parts. */
struct condition {
	struct node {
		enum { LEAF, NOT, AND, OR } kind;
		int left, right;
	} nodes[4 * MAX_COMPARISONS];
	struct leaf leaves[MAX_COMPARISONS];
	int node_count, leaf_count;
	char text[2048];
	size_t length;
};

static struct call calls[CALLS];
static unsigned long long banner;
static unsigned long long module;

static enum says truth(bool is_true)
{
	return is_true ? YES : NO;
}

/* Whether the whole text matches the pattern with * and ?. */
static bool matches(const char *text, const char *pattern)
{
	if (!*pattern)
		return !*text;
	if (*pattern == '*')
		return matches(text, pattern + 1) || (*text && matches(text + 1, pattern));
	return *text && (*pattern == '?' || *pattern == *text) && matches(text + 1, pattern + 1);
}

static enum says compare_texts(const char *text, const struct leaf *leaf)
{
	if (leaf->operator == MATCHES)
		return truth(matches(text, leaf->pattern));
	return truth(!strcmp(text, leaf->pattern) == (leaf->operator == EQUAL));
}

static enum says compare_numbers(const struct call *call, const struct leaf *leaf)
{
	unsigned long long a = value_of(call, leaf->field), b = leaf->number;
	bool is_less = fields[leaf->field].min ? (long long)a < (long long)b : a < b;

	switch (leaf->operator) {
	case EQUAL:
		return truth(a == b);
	case DIFFERENT:
		return truth(a != b);
	case LESS:
		return truth(is_less);
	case AT_MOST:
		return truth(is_less || a == b);
	case MORE:
		return truth(!is_less && a != b);
	case AT_LEAST:
		return truth(!is_less);
	default:
		return truth(a & b);
	}
}

static enum says evaluate_leaf(const struct call *call, const struct leaf *leaf)
{
	if (leaf->chain && call->next != TO_ITSELF)
		return UNKNOWN;
	switch (leaf->what) {
	case OF_NUMBERS:
		return compare_numbers(call, leaf);
	case OF_TEXT:
		return compare_texts(leaf->which == ARGUMENT ? call->text : call->label, leaf);
	case OF_BANNER:
		if (call->big_leads == ANYWHERE)
			return ANY;
		return call->big_leads == BANNER ? leaf->says : UNKNOWN;
	default:
		return leaf->says;
	}
}

static enum says evaluate(const struct condition *condition, const struct call *call, int number)
{
	const struct node *node = &condition->nodes[number];
	enum says says;

	if (node->kind == LEAF)
		return evaluate_leaf(call, &condition->leaves[node->left]);
	says = evaluate(condition, call, node->left);
	if (node->kind == NOT)
		return says == NO ? YES : says == YES ? NO : says;
	if (says != (node->kind == AND ? YES : NO))
		return says;
	return evaluate(condition, call, node->right);
}

/* Generates the arguments of all calls. */
static void make_calls(void)
{
	static const char * const texts[] = { "a", "aead-gcm", "hash", "hello", "world", "aaaab" };
	static const unsigned long long unreadable[] = {
		0, 1, 0x1000, 0x7fffffffe000, 0x7ffffffff000, 0x800000000000, 0x8000000000000000,
		0xffff7fffffffffff, 0xffffffffffffffff,
		/* An arm64 tag, and a user space address. */
		0xff00000000001000,
#ifdef __x86_64__
		/* The vsyscall page. */
		0xffffffffff600000, 0xffffffffff600ff8,
#endif
	};

	for (size_t i = 0; i < CALLS; i++) {
		struct call *call = &calls[i];

		*call = (struct call) {
			.byte = (int)below(256) - 128,
			.inner = below(2) ? (int)below(5) - 2 : (int)randomly(),
			.number = below(2) ? (int)below(5) - 2 : (int)randomly(),
			.word = below(65536),
			.low = below(8),
			.high = below(32),
			.answer = below(3),
			.small = below(256),
			.wide = below(2) ? below(5) : randomly(),
			.next = below(2) ? TO_ITSELF : below(NEXTS),
		};
		call->label = texts[below(ARRAY_SIZE(texts))];
		call->text = texts[below(ARRAY_SIZE(texts))];
		switch (below(3)) {
		case 0:
			/* The accessed member is at offset 8. */
			call->big = banner - 8;
			call->big_leads = BANNER;
			break;
		case 1:
			call->big = unreadable[below(ARRAY_SIZE(unreadable))];
			break;
		default:
			call->big = module + below(64 << 10);
			call->big_leads = ANYWHERE;
			break;
		}
	}
}

static void add_path(struct leaf *leaf, const char *member)
{
	static const char * const starts[] = { "part", "$arg1", "(ks_part)part", "part" };
	size_t used = sprintf(leaf->text, "%s", starts[below(ARRAY_SIZE(starts))]);

	for (int i = 0; i < leaf->chain; i++)
		used += sprintf(leaf->text + used, "->next");
	sprintf(leaf->text + used, "->%s", member);
}

static bool is_in_range(enum field field, unsigned long long number)
{
	if (!fields[field].min)
		return number <= fields[field].max;
	return (long long)number >= fields[field].min &&
	       (long long)number <= (long long)fields[field].max;
}

static void make_numbers(struct leaf *leaf)
{
	unsigned long long number;
	size_t used;

	leaf->field = below(FIELDS);
	number = value_of(&calls[below(CALLS)], leaf->field) + below(3) - 1;
	if (!is_in_range(leaf->field, number))
		number = fields[leaf->field].max;
	leaf->number = number;
	leaf->operator = below(MATCHES);
	if (fields[leaf->field].is_member) {
		leaf->chain = below(2) ? 0 : below(5);
		add_path(leaf, fields[leaf->field].name);
	} else {
		sprintf(leaf->text, "%s", fields[leaf->field].name);
	}
	used = strlen(leaf->text);
	if (!number && leaf->operator == DIFFERENT && below(2))
		return;
	if (fields[leaf->field].min)
		sprintf(leaf->text + used, "%s%lld", operators[leaf->operator], (long long)number);
	else
		sprintf(leaf->text + used, below(2) ? "%s%llu" : "%s0x%llx",
			operators[leaf->operator], number);
}

static void make_text(struct leaf *leaf)
{
	static const char * const patterns[] = {
		"*", "a*", "*a*a*", "a??d*", "?????", "*o", "h*", "", "aead-gcm", "hello", "*ab",
	};
	static const enum operator all[] = { EQUAL, DIFFERENT, MATCHES, MATCHES };

	leaf->which = below(3);
	leaf->operator = all[below(ARRAY_SIZE(all))];
	leaf->pattern = patterns[below(ARRAY_SIZE(patterns))];
	if (leaf->which == ARGUMENT) {
		sprintf(leaf->text, "text");
	} else {
		leaf->chain = below(2) ? 0 : below(4);
		add_path(leaf, leaf->which == LABEL ? "label.text" : "label.pointer");
	}
	sprintf(leaf->text + strlen(leaf->text), "%s\"%s\"", operators[leaf->operator],
		leaf->pattern);
}

/* Generates a comparison. */
static void make_leaf(struct leaf *leaf)
{
	static const struct {
		const char *text;
		enum says says;
	} of_caller[] = {
		{ "$uid==0", YES }, { "$uid>0", NO }, { "$gid<=5", YES }, { "$context==task", YES },
		{ "$context!=task", NO }, { "$cap(\"sys_admin\")", YES },
		{ "$userns==initial", YES }, { "$comm~\"condition_*\"", YES },
		{ "$comm==\"x\"", NO }, { "$exe==\"/proc/self/exe\"", YES },
		{ "$exe!=\"/proc/self/exe\"", NO },
	}, of_banner[] = {
		/* A number from user space used as a pointer. */
		{ "(ks_part,answer)part->next->label.text~\"Linux*\"", YES },
		{ "(ks_part,answer)part->next->label.text==\"Linux\"", NO },
		{ "!(ks_part,answer)part->next->label.text~\"Linux?version*\"", NO },
	};
	static const char * const of_wild_memory[] = {
		"(ks_part,answer)part->next->next->word==1", "(ks_part,answer)part->next->byte<0",
		"(ks_part,answer)part->next->label.pointer~\"*x\"",
		"(ks_part,label)part->next->next->next->big&1", "(list_head)part->next->prev!=NULL",
		"(ks_part)part->label.pointer[0]==0", "(task_struct)part->mm->pgd!=NULL",
		"(task_struct)part->comm~\"*a*\"", "(file)part->f_inode->i_sb->s_id~\"?*\"",
		"(sk_buff)part->head[1]==3", "(ks_part,answer)part->next[1].word==9",
		"(sk_buff,len)part->next->next->next->len>1", "part[3].next->next->next->byte==0",
		"(module,list)part->name~\"k*\"", "(cred)part->user_ns->level==0",
		"(ks_part,answer)part->next[1000000].next->word", "(callback_head)part->next!=NULL",
	};
	size_t i;

	memset(leaf, 0, sizeof(*leaf));
	switch (below(16)) {
	case 0 ... 7:
		leaf->what = OF_NUMBERS;
		make_numbers(leaf);
		break;
	case 8 ... 10:
		leaf->what = OF_TEXT;
		make_text(leaf);
		break;
	case 11 ... 12:
		leaf->what = OF_CALLER;
		i = below(ARRAY_SIZE(of_caller));
		sprintf(leaf->text, "%s", of_caller[i].text);
		leaf->says = of_caller[i].says;
		break;
	case 13 ... 14:
		leaf->what = OF_BANNER;
		i = below(ARRAY_SIZE(of_banner));
		sprintf(leaf->text, "%s", of_banner[i].text);
		leaf->says = of_banner[i].says;
		break;
	default:
		leaf->what = OF_WILD_MEMORY;
		i = below(ARRAY_SIZE(of_wild_memory));
		sprintf(leaf->text, "%s", of_wild_memory[i]);
		leaf->says = ANY;
	}
}

static void append(struct condition *condition, const char *text)
{
	condition->length += snprintf(condition->text + condition->length,
				      sizeof(condition->text) - condition->length, "%s", text);
}

/* Generates a condition, appended to the existing parts, and returns the number of its node. */
static int make_node(struct condition *condition, int depth)
{
	int number = condition->node_count++;
	struct node *node = &condition->nodes[number];

	if (depth == MAX_DEPTH || !below(4)) {
		struct leaf *leaf = &condition->leaves[condition->leaf_count];

		node->kind = LEAF;
		node->left = condition->leaf_count++;
		make_leaf(leaf);
		append(condition, leaf->text);
		return number;
	}
	node->kind = 1 + below(3);
	append(condition, node->kind == NOT ? "!(" : "(");
	node->left = make_node(condition, depth + 1);
	append(condition, ")");
	if (node->kind != NOT) {
		append(condition, node->kind == AND ? "&&(" : "||(");
		node->right = make_node(condition, depth + 1);
		append(condition, ")");
	}
	return number;
}

static void make_condition(struct condition *condition)
{
	do {
		condition->node_count = 0;
		condition->leaf_count = 0;
		condition->length = 0;
		make_node(condition, 0);
	} while (condition->length > MAX_LENGTH);
}

/* Calls the function: whether it ran, or a negative errno. */
static int make_call(int fd, const struct call *call)
{
	char line[256];
	int len;

	len = snprintf(line, sizeof(line), "%d %u %u %u %s %u %llu %d %d %u %s %lu %u\n",
		       call->byte, call->word, call->low, call->high, call->label, call->answer,
		       call->big, call->inner, call->number, call->small, call->text, call->wide,
		       call->next);
	if (pwrite(fd, line, len, 0) == len)
		return 1;
	return errno == EPERM ? 0 : -errno;
}

/* The number after @key in the target's line, or -1. */
static long field(const char *key)
{
	char line[4096], *at;

	if (!ks_engaged(TARGET, line, sizeof(line)))
		return -1;
	at = strstr(line, key);
	return at ? atol(at + strlen(key)) : -1;
}

/* Finds the module that pointers lead into: 0 or a negative errno. */
static int find_module(void)
{
	unsigned long long begin;
	char text[64];
	int ret;

	ret = ks_load_module(PEER);
	if (!ret)
		ret = ks_read("/sys/module/" PEER "/sections/.text", text, sizeof(text));
	if (ret < 0)
		return ret;
	begin = strtoull(text, NULL, 0);
	__atomic_store_n(&module, begin, __ATOMIC_RELAXED);
	return begin ? 0 : -EPERM;
}

static unsigned long unexpected_taint(void)
{
	return ks_read_long("/proc/sys/kernel/tainted") & ~EXPECTED_TAINT;
}

FIXTURE(condition_random)
{
	int control, args;
	unsigned long taint;
	long seed;
};

FIXTURE_SETUP(condition_random)
{
	struct ks_symbols symbols = {};
	const struct ks_symbol *symbol;

	self->control = ks_start();
	ASSERT_LE(0, self->control)
		TH_LOG("cannot start: %s", strerror(-self->control));
	if (!ks_has_types())
		SKIP(return, "no type information");
	ASSERT_EQ(0, ks_load_symbols(&symbols));
	symbol = ks_find_symbol(&symbols, "linux_banner");
	ASSERT_NE(NULL, symbol);
	banner = symbol->address;
	self->args = open(KS_TARGET "/args", O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, self->args);
	self->seed = ks_setting("KS_SEED", 1);
	state = self->seed * 0x9e3779b97f4a7c15ULL;
	self->taint = unexpected_taint();
}

FIXTURE_TEARDOWN(condition_random)
{
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	/* No warnings, and no reports of KASAN or lockdep. */
	EXPECT_EQ(self->taint, unexpected_taint());
	close(self->args);
	close(self->control);
}

/* Each call is stopped or runs as predicted, and is counted accordingly. */
TEST_F_TIMEOUT(condition_random, as_predicted, 10000)
{
	long count = ks_setting("KS_CONDITIONS", 500), sums[4] = {}, exact = 0;
	static struct condition condition;

	TH_LOG("KS_CONDITIONS=%ld KS_SEED=%ld", count, self->seed);
	ASSERT_EQ(0, find_module());
	for (long turn = 0; turn < count; turn++) {
		bool observes = !below(8);
		long says[4] = {};

		if (turn % 8 == 0)
			make_calls();
		make_condition(&condition);
		ASSERT_EQ(0, ks_command(self->control, "%s " TARGET "%s if=%s\n",
					observes ? "observe" : "engage", observes ? "" : " -EPERM",
					condition.text))
			TH_LOG("%ld: %s", turn, condition.text);
		for (size_t i = 0; i < CALLS; i++) {
			enum says expected = evaluate(&condition, &calls[i], 0);
			int runs = make_call(self->args, &calls[i]);

			says[expected]++;
			sums[expected]++;
			ASSERT_LE(0, runs);
			if (expected == ANY && !observes)
				continue;
			ASSERT_EQ(observes || expected == NO, runs)
				TH_LOG("%ld, call %zu: %d: %s (big 0x%llx, next %d)", turn, i,
				       expected, condition.text, calls[i].big, calls[i].next);
		}
		ASSERT_EQ(CALLS, field(" hits=") + field(" passed="));
		ASSERT_LE(says[UNKNOWN], field(" faults="));
		ASSERT_GE(says[UNKNOWN] + says[ANY], field(" faults="));
		ASSERT_LE(says[NO], field(" passed="));
		ASSERT_GE(says[NO] + says[ANY], field(" passed="));
		exact += !says[ANY];
		ASSERT_EQ(0, ks_command(self->control, "disengage " TARGET "\n"));
	}
	TH_LOG("%ld calls stopped, %ld passed, %ld unknown, %ld either way; %ld conditions exact",
	       sums[YES], sums[NO], sums[UNKNOWN], sums[ANY], exact);
	/* Identical results would test little. */
	for (size_t i = 0; i < ARRAY_SIZE(sums); i++)
		EXPECT_LT(count, sums[i]);
}

static bool over;

/* Loads and unloads the module. */
static void *load_and_unload(void *data)
{
	long *turns = data;

	while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE)) {
		if (find_module())
			return "it cannot be loaded, or its address is unknown";
		usleep(2000);
		if (ks_unload_module(PEER))
			return "it cannot be unloaded";
		++*turns;
	}
	return NULL;
}

/* Pointers lead into a module that is loaded and unloaded concurrently. */
TEST_F_TIMEOUT(condition_random, in_an_unloading_module, 1000)
{
	static const char * const conditions[] = {
		"(ks_part,answer)part->next->word==1",
		"(ks_part,answer)part->next->label.text~\"*a?b*\"",
		"(ks_part,answer)part->next->next->next->byte<0",
		"(ks_part,answer)part->next->label.pointer~\"x*y\"||(ks_part,answer)part->next->high&1",
	};
	long calls_made = 0, faults = 0, turns = 0, start;
	const char *wrong = NULL;
	struct call call = { .label = "a", .text = "b" };
	struct timespec time;
	pthread_t thread;
	void *said;

	ASSERT_EQ(0, find_module());
	ASSERT_EQ(0, ks_unload_module(PEER));
	ASSERT_EQ(0, pthread_create(&thread, NULL, load_and_unload, &turns));
	for (size_t i = 0; i < ARRAY_SIZE(conditions) && !wrong; i++) {
		long made = 0;

		if (ks_command(self->control, "engage " TARGET " -EPERM if=%s\n", conditions[i])) {
			wrong = conditions[i];
			break;
		}
		clock_gettime(CLOCK_MONOTONIC, &time);
		start = time.tv_sec;
		do {
			call.big = __atomic_load_n(&module, __ATOMIC_RELAXED) +
				   below(64 << 10);
			if (make_call(self->args, &call) < 0)
				wrong = "a call fails";
			made++;
			clock_gettime(CLOCK_MONOTONIC, &time);
		} while (!wrong && time.tv_sec - start < 3 * KS_SLOWER);
		if (field(" hits=") + field(" passed=") != made)
			wrong = "not all calls are counted";
		faults += field(" faults=");
		calls_made += made;
		ks_command(self->control, "disengage " TARGET "\n");
	}
	__atomic_store_n(&over, true, __ATOMIC_RELEASE);
	pthread_join(thread, &said);
	EXPECT_EQ(NULL, wrong)
		TH_LOG("%s", wrong);
	EXPECT_EQ(NULL, said)
		TH_LOG("%s", (char *)said);
	TH_LOG("%ld calls, %ld faults, %ld times loaded", calls_made, faults, turns);
	EXPECT_LT(0, turns);
	EXPECT_LT(0, faults);
	EXPECT_LT(faults, calls_made);
}

TEST_HARNESS_MAIN
