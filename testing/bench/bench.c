// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what Killswitch costs, for scripts/bench: "bench <what> ..." lines. With testing/vm/run
 * --icount each instruction takes one nanosecond.
 */
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <time.h>

#include "kallsyms.h"
#include "tools.h"

#define FAIL_FUNCTION	"/sys/kernel/debug/fail_function"
#define LIVEPATCH	"/sys/kernel/livepatch/killswitch_bench"
#define MOST		200

static int control;

/* Runs a short form, to check that measuring works. */
static bool is_quick(void)
{
	char text[4096] = "";

	ks_read("/proc/cmdline", text, sizeof(text));
	return strstr(text, "bench_quick");
}

/* Exits if @ret is a negative errno. */
static int must(int ret, const char *what)
{
	if (ret >= 0)
		return ret;
	printf("bench failed: %s: %s\n", what, strerror(-ret));
	exit(1);
}

/* Waits for up to a minute until @path exists, or does not exist, or reads as 0. */
static void await(const char *path, bool there)
{
	for (int i = 0; i < 6000; i++) {
		long value = ks_read_long(path);

		if (there ? value == 0 : value < 0)
			return;
		usleep(10000);
	}
	must(-ETIMEDOUT, path);
}

/* The measured function, or one of the others. */
static const char *function(int i)
{
	static char name[32];

	if (!i)
		return "ks_peer_int";
	snprintf(name, sizeof(name), "ks_many_%03d", i - 1);
	return name;
}

static void attach_killswitch(int count)
{
	must(ks_command(control, "engage ks_peer_int -1\n"), "engage");
	must(ks_engage_crowd(control, count - 1), "engage the others");
}

static void detach_killswitch(void)
{
	must(ks_command(control, "disengage_all\n"), "disengage_all");
}

static void attach_override(int count)
{
	for (int i = 0; i < count; i++)
		must(ks_peer("attach", "override %s -1", function(i)), "attach");
}

static void detach_override(void)
{
	must(ks_peer("detach", "all"), "detach");
}

static void attach_injection(int count)
{
	must(ks_put(FAIL_FUNCTION "/probability", "100"), FAIL_FUNCTION);
	must(ks_put(FAIL_FUNCTION "/times", "-1"), FAIL_FUNCTION);
	must(ks_put(FAIL_FUNCTION "/verbose", "0"), FAIL_FUNCTION);
	for (int i = 0; i < count; i++)
		must(ks_put(FAIL_FUNCTION "/inject", function(i)), FAIL_FUNCTION "/inject");
}

static void detach_injection(void)
{
	must(ks_put(FAIL_FUNCTION "/inject", "\n"), FAIL_FUNCTION "/inject");
}

static int events[MOST];

static void attach_bpf(int count)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = -1 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_override_return },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_KPROBE,
		.insns = ks_pointer(code),
		.insn_cnt = ARRAY_SIZE(code),
		.license = ks_pointer("GPL"),
	};
	int program = must(ks_bpf(BPF_PROG_LOAD, &load), "load a BPF program");

	for (int i = 0; i < count; i++) {
		struct perf_event_attr attr = {
			.size = sizeof(attr),
			.type = ks_read_long("/sys/bus/event_source/devices/kprobe/type"),
			.config1 = ks_pointer(function(i)),
		};

		events[i] = syscall(__NR_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
		must(events[i] < 0 ? -errno : 0, "perf_event_open");
		must(ioctl(events[i], PERF_EVENT_IOC_SET_BPF, program) ? -errno : 0, "attach");
		must(ioctl(events[i], PERF_EVENT_IOC_ENABLE, 0) ? -errno : 0, "enable");
	}
	close(program);
}

static void detach_bpf(void)
{
	for (int i = 0; i < MOST && events[i]; i++) {
		close(events[i]);
		events[i] = 0;
	}
}

static void attach_livepatch(int count)
{
	char functions[32];

	snprintf(functions, sizeof(functions), "functions=%d", count);
	must(ks_load_module_with("killswitch_bench", functions), "killswitch_bench");
	await(LIVEPATCH "/transition", true);
}

static void detach_livepatch(void)
{
	must(ks_put(LIVEPATCH "/enabled", "0"), LIVEPATCH "/enabled");
	await(LIVEPATCH "/enabled", false);
	must(ks_unload_module("killswitch_bench"), "unload the livepatch");
}

static const struct mechanism {
	const char *name;
	void (*attach)(int count);
	void (*detach)(void);
} mechanisms[] = {
	{ "killswitch", attach_killswitch, detach_killswitch },
	{ "kprobe", attach_override, detach_override },
	{ "fail_function", attach_injection, detach_injection },
	{ "bpf_override_return", attach_bpf, detach_bpf },
	{ "livepatch", attach_livepatch, detach_livepatch },
};

/* The cost of a call, with one CPU calling and with all. */
static void calls(const char *mechanism, int count)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN);

	printf("bench call %s %d 1 %d\n", mechanism, count, must(ks_cost(1), "cost"));
	if (cpus > 1)
		printf("bench call %s %d %d %d\n", mechanism, count, cpus,
		       must(ks_cost(cpus), "cost"));
}

/* The code of the measured function, and the cost of a call without engagements. */
static void print_plain(const char *when)
{
	const struct ks_symbol *symbol;
	struct ks_symbols symbols;
	unsigned long long end = ~0ULL;
	char text[256];

	must(ks_read(KS_PEER "/text", text, sizeof(text)), "text");
	must(ks_load_symbols(&symbols), "kallsyms");
	symbol = ks_find_symbol(&symbols, "ks_peer_int");
	must(symbol ? 0 : -ENOENT, "ks_peer_int");
	for (size_t i = 0; i < symbols.count; i++)
		if (symbols.all[i].address > symbol->address && symbols.all[i].address < end)
			end = symbols.all[i].address;
	/* Two digits and a blank per byte. */
	if ((end - symbol->address) * 3 < sizeof(text))
		text[(end - symbol->address) * 3] = '\0';
	printf("bench text %s %s\n", when, text);
	calls(when, 0);
}

static void all_calls(void)
{
	static const int counts[] = { 1, 16, MOST };
	size_t most = is_quick() ? 1 : ARRAY_SIZE(counts);

	for (size_t i = 0; i < ARRAY_SIZE(mechanisms); i++) {
		for (size_t j = 0; j < most; j++) {
			long before;

			mechanisms[i].attach(counts[j]);
			before = ks_read_long(KS_PEER "/runs");
			if (ks_read_long(KS_PEER "/call") >= 0 ||
			    ks_read_long(KS_PEER "/runs") != before)
				must(-EPROTO, mechanisms[i].name);
			calls(mechanisms[i].name, counts[j]);
			mechanisms[i].detach();
		}
	}
}

/* The cost of a short-circuited call, on an increasing number of CPUs. */
static void scaling(void)
{
	attach_killswitch(1);
	for (int cpus = 1; cpus <= sysconf(_SC_NPROCESSORS_ONLN); cpus *= 2) {
		long before = ks_hits("ks_peer_int");
		int cost = must(ks_cost(cpus), "cost");

		/* ks_cost() counts all calls, on any CPU. */
		if (ks_hits("ks_peer_int") - before != 5L * 10000 * cpus)
			must(-EPROTO, "hits");
		printf("bench scale %d %d\n", cpus, cost);
	}
	detach_killswitch();
}

/*
 * The cost of a call for which the scope or a condition is evaluated, on one CPU, and by a user for
 * whom the scope applies.
 */
static void deciding(void)
{
	static const struct {
		const char *name, *command;
	} ways[] = {
		{ "all", "engage ks_peer_int -1\n" },
		{ "scope", "engage ks_peer_int -1 scope=nonroot\n" },
		{ "number", "engage ks_peer_int -1 if=value>=0\n" },
		{ "comm", "engage ks_peer_int -1 if=$comm~\"b*h\"\n" },
		{ "glob", "engage ks_peer_int -1 if=part->next->name~\"part*peer\"\n" },
		{ "passed", "engage ks_peer_int -1 if=value<0\n" },
		{ "observed", "observe ks_peer_int\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		for (int count = 1; count <= (is_quick() ? 1 : MOST); count += MOST - 1) {
			must(ks_command(control, "%s", ways[i].command), ways[i].name);
			if (count > 1)
				must(ks_engage_crowd(control, count - 1), "engage the others");
			/* Privileges depend on the effective user ID, scope on the real one. */
			must(setresuid(65534, -1, -1) ? -errno : 0, "change the user");
			printf("bench decide %s %d %d\n", ways[i].name, count,
			       must(ks_cost(1), "cost"));
			must(setresuid(0, -1, -1) ? -errno : 0, "become root again");
			detach_killswitch();
		}
	}
}

/* In nanoseconds: the CPU time of this program, and the elapsed time. */
struct spent {
	long long busy, passed;
};

static long long now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void start(struct spent *spent)
{
	spent->passed -= now(CLOCK_MONOTONIC);
	spent->busy -= now(CLOCK_THREAD_CPUTIME_ID);
}

static void stop(struct spent *spent)
{
	spent->busy += now(CLOCK_THREAD_CPUTIME_ID);
	spent->passed += now(CLOCK_MONOTONIC);
}

/*
 * Writes "@command <function>@value" to the control file for @count functions, @at_once or one
 * write for each.
 */
static void run_commands(const char *what, const char *command, const char *value, int count,
			 bool at_once)
{
	struct spent spent = {};
	char text[KS_MAX_COMMAND] = "";
	size_t used = 0;

	for (int i = 0; i < count; i++) {
		used += snprintf(text + used, sizeof(text) - used, "%s ks_many_%03d%s\n", command,
				 i, value);
		if (at_once && i < count - 1)
			continue;
		start(&spent);
		must(ks_write(control, text, used), command);
		stop(&spent);
		used = 0;
	}
	if (what)
		printf("bench time %s %d %lld %lld\n", what, count, spent.busy, spent.passed);
}

static void times(int count)
{
	struct spent spent = {};

	run_commands("engage", "engage", " -1", count, false);
	run_commands("disengage", "disengage", "", count, false);
	run_commands("transaction-engage", "engage", " -1", count, true);
	run_commands("transaction-disengage", "disengage", "", count, true);
	run_commands(NULL, "engage", " -1", count, true);
	start(&spent);
	detach_killswitch();
	stop(&spent);
	printf("bench time disengage_all %d %lld %lld\n", count, spent.busy, spent.passed);
}

/* Bytes of memory in slabs, from vmalloc() and per CPU. */
static long memory(void)
{
	static char text[1 << 20];
	long bytes = 0, before;
	char *at;

	/* Memory that waits for a grace period is freed when nothing changes any more. */
	do {
		before = bytes;
		usleep(500000);
		bytes = 0;
		must(ks_read("/proc/vmstat", text, sizeof(text)), "vmstat");
		for (at = text; (at = strstr(at, "nr_slab_")); at++)
			bytes += strtol(strchr(at, ' '), NULL, 10) * getpagesize();
		must(ks_read("/proc/vmallocinfo", text, sizeof(text)), "vmallocinfo");
		for (at = text; (at = strstr(at, " pages=")); at++)
			bytes += strtol(at + strlen(" pages="), NULL, 10) * getpagesize();
		must(ks_read("/proc/meminfo", text, sizeof(text)), "meminfo");
		at = strstr(text, "Percpu:");
		bytes += strtol(at + strlen("Percpu:"), NULL, 10) * 1024;
	} while (bytes != before);
	return bytes;
}

static void memory_of_engagements(void)
{
	for (int i = 0; i < (is_quick() ? 1 : 3); i++) {
		long before = memory();

		attach_killswitch(MOST);
		printf("bench memory engagements %d %ld\n", MOST, memory() - before);
		detach_killswitch();
	}
}

/* The cost of the verdict on @function for 0 and -1, and the answer for -1. */
static long long verdict(const char *function, char *answer, size_t size)
{
	long long most = 0;

	for (int value = 0; value >= -1; value--) {
		struct spent spent = {};

		start(&spent);
		must(ks_ask(answer, size, "%s %d\n", function, value), "check");
		stop(&spent);
		most = spent.busy > most ? spent.busy : most;
	}
	return most;
}

/* Reading the file finds out what is protected; it reports the memory that this takes. */
static void memory_of_policy(void)
{
	static char text[1 << 16];
	char *at;

	must(ks_read(KS_POLICY, text, sizeof(text)), "policy");
	at = strstr(text, "memory: ");
	must(at ? 0 : -ENOENT, "memory");
	printf("bench memory protected 1 %ld\n", atol(at + strlen("memory: ")));
}

struct sample {
	const char *name;
	long size;
};

static int by_size(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	return x->size < y->size ? 1 : x->size > y->size ? -1 : 0;
}

/*
 * Verdicts on every 50th function of the kernel and on the 20 largest. Counting callers takes
 * constant time, and is measured separately: for the verdicts, the function that counts is
 * overridden.
 */
static void verdicts(void)
{
	const char *counter = NULL;
	struct ks_symbols symbols;
	struct sample *samples;
	long long with, without;
	size_t count = 0, text = 0;
	char answer[4096];

	must(ks_load_symbols(&symbols), "kallsyms");
	qsort(symbols.all, symbols.count, sizeof(*symbols.all), ks_by_address);
	samples = calloc(symbols.count, sizeof(*samples));
	must(samples ? 0 : -ENOMEM, "samples");
	for (size_t i = 0; i + 1 < symbols.count; i++) {
		const struct ks_symbol *symbol = &symbols.all[i];
		size_t size = symbol[1].address - symbol->address;

		if (!strcmp(symbol->name, "_stext"))
			text = symbol->address;
		if (!strcmp(symbol->name, "_etext")) {
			text = symbol->address - text;
			break;
		}
		/* The mangled name of security::code::callers_in(). */
		if (strstr(symbol->name, "10killswitch8security4code10callers_in") &&
		    ks_starts(symbol->name, "_RNv"))
			counter = symbol->name;
		/* Larger symbols are not functions, and longer names are not valid targets. */
		if (text && size && size < 65536 && ks_is_text(symbol) &&
		    strlen(symbol->name) < NAME_MAX)
			samples[count++] = (struct sample){ symbol->name, size };
	}

	/* Callers of a function of the kernel are counted in all of it. */
	with = verdict("af_alg_sendmsg", answer, sizeof(answer));
	must(counter ? 0 : -ENOENT, "the function that counts callers");
	must(ks_peer("attach", "override %s 0", counter), "disable counting");
	without = verdict("af_alg_sendmsg", answer, sizeof(answer));
	printf("bench count %zu %lld\n", text, with - without);

	for (size_t i = 0; i < count; i += is_quick() ? 5000 : 50) {
		without = verdict(samples[i].name, answer, sizeof(answer));
		printf("bench verdict %ld %lld %.6s %s\n", samples[i].size, without, answer,
		       samples[i].name);
	}
	qsort(samples, count, sizeof(*samples), by_size);
	for (size_t i = 0; i < (is_quick() ? 1 : 20) && i < count; i++) {
		without = verdict(samples[i].name, answer, sizeof(answer));
		printf("bench verdict %ld %lld %.6s %s\n", samples[i].size, without, answer,
		       samples[i].name);
	}
	must(ks_peer("detach", "all"), "detach");
}

/* The time when the first program was started, in microseconds since the clock started. */
static void print_boot_time(void)
{
	static char log[1 << 20];
	long seconds, microseconds;
	char *at;
	int len;

	len = klogctl(3 /* all of it */, log, sizeof(log) - 1);
	must(len < 0 ? -errno : 0, "kernel log");
	at = strstr(log, "] Run /sbin/init");
	must(at ? 0 : -ENOENT, "the start of init");
	while (*at != '[')
		at--;
	must(sscanf(at, "[ %ld.%ld]", &seconds, &microseconds) == 2 ? 0 : -EPROTO, "time");
	printf("bench boot %ld\n", seconds * 1000000 + microseconds);
}

/* These two also work without Killswitch. */
TEST(boot)
{
	print_boot_time();
}

TEST(plain)
{
	setlinebuf(stdout);
	must(ks_load_target(), "killswitch_target");
	must(ks_load_module("killswitch_peer"), "killswitch_peer");
	print_plain(access(KS_DIR, F_OK) ? "without" : "before");
}

FIXTURE(bench) {};

FIXTURE_SETUP(bench)
{
	setlinebuf(stdout);
	must(ks_load_module("killswitch_peer"), "killswitch_peer");
	control = must(ks_start(), KS_CONTROL);
}

FIXTURE_TEARDOWN(bench)
{
	close(control);
}

/* In a boot in which Killswitch was not used yet. */
TEST_F_TIMEOUT(bench, memory, 1800)
{
	memory_of_policy();
	memory_of_engagements();
	print_plain("after");
}

TEST_F_TIMEOUT(bench, calls, 1800)
{
	all_calls();
}

TEST_F_TIMEOUT(bench, deciding, 1800)
{
	deciding();
}

TEST_F_TIMEOUT(bench, scaling, 1800)
{
	scaling();
}

TEST_F_TIMEOUT(bench, times, 3600)
{
	times(1);
	times(16);
	if (!is_quick())
		times(100);
}

TEST_F_TIMEOUT(bench, verdicts, 3600)
{
	verdicts();
}

TEST_HARNESS_MAIN
