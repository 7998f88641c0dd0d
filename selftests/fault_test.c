// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whichever step of a request fails, on -ENOMEM or a refusal by the kernel, the request has no
 * effect, existing engagements stay in force without a gap, and the same request succeeds
 * afterwards.
 */
#include <dirent.h>
#include <pthread.h>
#include <sys/mman.h>

#include "common.h"

#define IMPOSTOR	"killswitch_impostor"
#define ARMED		IMPOSTOR ":ks_impostor_lets_ask"
#define IMPOSTOR_FILE	"/sys/kernel/debug/" IMPOSTOR "/ks_impostor_lets_ask"
#define PEER_FAIL	"/sys/kernel/debug/killswitch_peer/fail"

/* More steps than any request has: a request that never succeeds. */
#define MAX_STEPS	5000

/* The kernel's fault injection: the thread's nth allocation fails. */
static int fail_nth = -1;

/* Lets all kinds of allocations fail, silently: 0 or -errno. */
static int faults_start(void)
{
	static const struct {
		const char *file;
		const char *value;
	} knobs[] = {
		{ "failslab/ignore-gfp-wait", "N" },
		{ "failslab/cache-filter", "N" },
		{ "failslab/verbose", "0" },
		{ "fail_page_alloc/ignore-gfp-wait", "N" },
		{ "fail_page_alloc/ignore-gfp-highmem", "N" },
		{ "fail_page_alloc/min-order", "0" },
		{ "fail_page_alloc/verbose", "0" },
	};
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(knobs); i++) {
		int ret;

		snprintf(path, sizeof(path), "/sys/kernel/debug/%s", knobs[i].file);
		ret = ks_put(path, knobs[i].value);
		if (ret)
			return ret;
	}
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	return fail_nth < 0 ? -errno : 0;
}

/* Lets the nth allocation of this thread from now on fail. 0: none. */
static bool fault_arm(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	return pwrite(fail_nth, text, len, 0) == len;
}

/* Disarms fault injection. Returns whether an allocation failed. */
static bool fault_disarm(void)
{
	char text[16] = "";

	if (pread(fail_nth, text, sizeof(text) - 1, 0) <= 0)
		return false;
	fault_arm(0);
	return !atoi(text);
}

/* Appends to the text in @buf. */
static void add(char *buf, size_t size, const char *format, ...)
{
	size_t used = strlen(buf);
	va_list args;

	va_start(args, format);
	vsnprintf(buf + used, size - used, format, args);
	va_end(args);
}

/* Removes the number after each @key, which is unrelated to failures. */
static void blank(char *text, const char *key)
{
	for (char *at = text; (at = strstr(at, key)); ) {
		at += strlen(key);
		memmove(at, at + strspn(at, "0123456789"),
			strlen(at + strspn(at, "0123456789")) + 1);
	}
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Adds the names in the directory @path, recursively. */
static void add_tree(char *buf, size_t size, const char *path)
{
	struct dirent **names;
	char below[PATH_MAX];
	int count;

	count = scandir(path, &names, not_hidden, alphasort);
	if (count < 0) {
		add(buf, size, "%s: %s\n", path, strerror(errno));
		return;
	}
	for (int i = 0; i < count; i++) {
		snprintf(below, sizeof(below), "%s/%s", path, names[i]->d_name);
		add(buf, size, "%s\n", below);
		if (names[i]->d_type == DT_DIR)
			add_tree(buf, size, below);
		free(names[i]);
	}
	free(names);
}

/* Appends the state that a request could change, as text. */
static void read_state(char *buf, size_t size)
{
	static const char * const functions[] = {
		"ks_target_int", "ks_target_other", "ks_target_long", "ks_target_ptr",
		"ks_target_bool",
	};
	char text[16384], *slots;
	long runs, left;

	/* Before the calls, which are counted. */
	buf[0] = '\0';
	if (ks_read(KS_ENGAGED, text, sizeof(text)) < 0)
		add(buf, size, "cannot read engaged\n");
	/* Remaining times have not decreased much. */
	blank(text, "hits=");
	blank(text, "timeout_left=");
	/* The calls below are the first of each caller. */
	blank(text, "callers=");
	for (char *at; (at = strstr(text, " callers="));)
		memmove(at, at + strlen(" callers="), strlen(at + strlen(" callers=")) + 1);
	add(buf, size, "%s\n", text);

	ks_read(KS_DIR "/status", text, sizeof(text));
	slots = strstr(text, "slots:");
	add(buf, size, "%.*s\n", slots ? (int)strcspn(slots, "\n") : 0, slots ?: "");
	add_tree(buf, size, KS_DIR "/fn");

	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		runs = ks_runs(functions[i]);
		if (ks_call(functions[i], text, sizeof(text)) < 0)
			snprintf(text, sizeof(text), "?");
		left = ks_runs(functions[i]) - runs;
		add(buf, size, "%s: %s, body ran %ld times\n", functions[i], text, left);
	}
}

/* Calls ks_target_other continuously, and counts how often its body runs. */
struct watch {
	pthread_t thread;
	bool stop;
	long calls;
	long wrong;
};

static void *watch_calls(void *data)
{
	struct watch *watch = data;
	char value[64];

	while (!__atomic_load_n(&watch->stop, __ATOMIC_ACQUIRE)) {
		ks_call("ks_target_other", value, sizeof(value));
		watch->calls++;
		watch->wrong += strcmp(value, "-9") != 0;
		usleep(1000);
	}
	return NULL;
}

/* Tries the request once: 0 or -errno. */
static int try_it(int control, const char *file, const char *text)
{
	char path[PATH_MAX];

	if (!file)
		return ks_command(control, "%s", text);
	snprintf(path, sizeof(path), KS_DIR "/%s", file);
	return ks_put(path, text);
}

/* Restores the engagements before the request. */
static int restore(int control, const char *before)
{
	int ret = ks_command(control, "disengage_all\n");

	return ret || !before ? ret : ks_command(control, "%s", before);
}

FIXTURE(fault)
{
	int control;
};

FIXTURE_SETUP(fault)
{
	int ret = ks_load_target();

	ASSERT_EQ(0, ret)
		TH_LOG("cannot load the target: %s", strerror(-ret));
	self->control = open(KS_CONTROL, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->control);
	if (faults_start())
		SKIP(return, "no fault injection: CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC");
}

FIXTURE_TEARDOWN(fault)
{
	ks_put(PEER_FAIL, "\n");
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	close(self->control);
	close(fail_nth);
}

/*
 * With a limited number of bytes. First, because the protected functions are determined on first
 * use, which allocates most, and are kept.
 */
TEST_F_TIMEOUT(fault, first_of_this_boot, 600)
{
	static const char * const knobs[][3] = {
		{ "failslab/task-filter", "Y", "N" },
		{ "failslab/times", "-1", "1" },
		{ "failslab/probability", "100", "0" },
	};
	char before[32768], after[32768], path[PATH_MAX], space[16];
	unsigned int failed = 0;
	int ret = -1, unlimited;

	read_state(before, sizeof(before));
	for (unsigned int n = 64; ret && n < 1 << 30; n += n / 2) {
		snprintf(space, sizeof(space), "%u", n);
		ASSERT_EQ(0, ks_put("/sys/kernel/debug/failslab/space", space));
		for (size_t i = 0; i < ARRAY_SIZE(knobs); i++) {
			snprintf(path, sizeof(path), "/sys/kernel/debug/%s", knobs[i][0]);
			ASSERT_EQ(0, ks_put(path, knobs[i][1]));
		}
		unlimited = open("/proc/thread-self/make-it-fail", O_WRONLY | O_CLOEXEC);
		ASSERT_LE(0, unlimited);
		ASSERT_EQ(1, pwrite(unlimited, "1", 1, 0));
		ret = ks_command(self->control, "engage ks_target_int -7\n");
		ASSERT_EQ(1, pwrite(unlimited, "0", 1, 0));
		close(unlimited);
		for (size_t i = ARRAY_SIZE(knobs); i--; ) {
			snprintf(path, sizeof(path), "/sys/kernel/debug/%s", knobs[i][0]);
			ASSERT_EQ(0, ks_put(path, knobs[i][2]));
		}
		if (!ret)
			break;
		EXPECT_EQ(-ENOMEM, ret)
			TH_LOG("with %u bytes: %s", n, strerror(-ret));
		read_state(after, sizeof(after));
		EXPECT_STREQ(before, after)
			TH_LOG("with %u bytes it had an effect", n);
		failed++;
	}
	ASSERT_EQ(0, ret);
	TH_LOG("%u failures", failed);
	EXPECT_LT(3, failed);
	read_state(after, sizeof(after));
	EXPECT_STRNE(before, after);
}

/* Reads return correct content or -ENOMEM. */
static const struct read_case {
	const char *file;
	const char *engaged;
} read_cases[] = {
	{ "engaged", "engage ks_target_int -7 reason=a reason\nengage ks_target_other -9\n" },
	{ "status", "engage ks_target_int -7\n" },
	{ "policy", "engage ks_target_int -7\n" },
	{ "fn/ks_target_int/retval", "engage ks_target_int -7\n" },
	{ "fn/ks_target_int/hits", "engage ks_target_int -7\n" },
	{ "fn/ks_target_int/state", "engage ks_target_int -7\n" },
	{ "fn/ks_target_int/scope", "engage ks_target_int -7 scope=nonroot\n" },
	{ "fn/ks_target_int/reason", "engage ks_target_int -7 reason=a reason\n" },
};

TEST_F_TIMEOUT(fault, reads, 300)
{
	static char expected[65536], got[65536];

	for (size_t i = 0; i < ARRAY_SIZE(read_cases); i++) {
		const struct read_case *c = &read_cases[i];
		unsigned int failed = 0, n;
		char path[PATH_MAX];
		bool hit = true;

		ASSERT_EQ(0, restore(self->control, c->engaged));
		snprintf(path, sizeof(path), KS_DIR "/%s", c->file);
		ASSERT_LT(0, ks_read(path, expected, sizeof(expected)))
			TH_LOG("%s", path);
		for (n = 1; hit && n < MAX_STEPS; n++) {
			ssize_t ret;

			ASSERT_TRUE(fault_arm(n));
			ret = ks_read(path, got, sizeof(got));
			hit = fault_disarm();
			if (ret < 0) {
				failed++;
				EXPECT_TRUE(hit && ret == -ENOMEM)
					TH_LOG("%s, allocation %u: %s", c->file, n,
					       strerror(-ret));
			} else {
				EXPECT_STREQ(expected, got)
					TH_LOG("%s, allocation %u", c->file, n);
			}
		}
		TH_LOG("%s: %u allocations, %u of them fatal", c->file, n - 1, failed);
		EXPECT_LT(0, failed);
	}
}

TEST_F_TIMEOUT(fault, check, 300)
{
	static char expected[4096], got[4096];
	unsigned int failed = 0, n;
	bool hit = true;

	ASSERT_EQ(0, ks_ask(expected, sizeof(expected), "ks_target_int -7\ncap_capable 0\n"));
	for (n = 1; hit && n < MAX_STEPS; n++) {
		int ret;

		ASSERT_TRUE(fault_arm(n));
		ret = ks_ask(got, sizeof(got), "ks_target_int -7\ncap_capable 0\n");
		hit = fault_disarm();
		if (ret) {
			failed++;
			EXPECT_TRUE(hit && ret == -ENOMEM)
				TH_LOG("allocation %u: %s", n, strerror(-ret));
		} else if (strcmp(expected, got)) {
			/* A verdict may be the error that prevented it. */
			failed++;
			EXPECT_NE(NULL, strstr(got, "ENOMEM"))
				TH_LOG("allocation %u: %s", n, got);
			EXPECT_EQ(NULL, strstr(got, "allow cap_capable"))
				TH_LOG("allocation %u: %s", n, got);
		}
	}
	TH_LOG("%u allocations, %u of them fatal", n - 1, failed);
	EXPECT_LT(0, failed);
}

/* Makes this process's nth next call of the kernel function @name return @value. */
static int peer_fail(const char *name, long value, unsigned int nth)
{
	char text[128];

	snprintf(text, sizeof(text), "%s %ld %u %d\n", name, value, nth, getpid());
	return ks_put(PEER_FAIL, text);
}

/* Ends that. Returns the number of failed calls. */
static int peer_end(void)
{
	char text[256] = "", *failed;

	ks_read(PEER_FAIL, text, sizeof(text));
	ks_put(PEER_FAIL, "\n");
	failed = strstr(text, "failed=");
	return failed ? atoi(failed + strlen("failed=")) : -1;
}

/* Functions of the kernel that requests depend on: the failure, and its consequence. */
static const struct call_case {
	const char *function;
	long value;
	unsigned int nth;
	const char *text;
	/* The error of the request, and the start of its answer. */
	int error;
	const char *answer;
} call_cases[] = {
	{ "register_kprobe", -ENOMEM, 1, "engage ks_target_int -7\n",
	  ENOMEM, "refused engage ks_target_int -7" },
	{ "register_kprobe", -EINVAL, 1, "engage ks_target_int -7\n",
	  EOPNOTSUPP, "refused engage ks_target_int -7" },
	{ "register_kprobe", -EBUSY, 1, "engage ks_target_int -7\n",
	  EBUSY, "refused engage ks_target_int -7" },
	/* BPF programs are attached continuously; ftrace is disabled. */
	{ "enable_kprobes", -EAGAIN, 0, "engage ks_target_int -7\n",
	  EBUSY, "refused engage ks_target_int -7: BPF programs" },
	{ "enable_kprobes", -ENODEV, 1, "engage ks_target_int -7\n",
	  EBUSY, "refused engage ks_target_int -7: the kernel did not arm its probe" },
	/* Neither together nor one by one. */
	{ "enable_kprobes", -EBUSY, 0, "engage ks_target_int -7\nengage ks_target_long -7\n",
	  EBUSY, "refused in line 1: engage ks_target_int -7" },
	{ "register_kprobe", -ENOMEM, 1, "tryengage ks_target_int -7 3600\n",
	  ENOMEM, "refused tryengage ks_target_int -7" },
	{ "register_kprobe", -ENOMEM, 3,
	  "engage ks_target_int -7\nengage ks_target_long -7\nengage ks_target_ptr NULL\n"
	  "engage ks_target_bool 0\nengage ks_target_byte 1\n",
	  ENOMEM, "refused in line 3: engage ks_target_ptr 0" },
	{ "register_kprobe", -ENOMEM, 2,
	  "disengage ks_target_other\nengage ks_target_int -7\nengage ks_target_long -7\n",
	  ENOMEM, "refused in line 3: engage ks_target_long -7" },
	/* Callers are registered for all lines together. */
	{ "killswitch_pause", 1, 1, "engage ks_target_int -7\nengage inet_create -EPERM\n",
	  EINTR, "refused engage: " },
};

FIXTURE(call)
{
	int control;
	int audit;
};

FIXTURE_SETUP(call)
{
	int ret;

	self->audit = ks_audit_open();
	ASSERT_LE(0, self->audit);
	self->control = ks_start();
	ASSERT_LE(0, self->control);
	ret = ks_load_module("killswitch_peer");
	ASSERT_EQ(0, ret)
		TH_LOG("cannot load killswitch_peer: %s", strerror(-ret));
	ret = ks_unload_module(IMPOSTOR);
	ASSERT_TRUE(!ret || ret == -ENOENT);
}

FIXTURE_TEARDOWN(call)
{
	ks_put(PEER_FAIL, "\n");
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	close(self->control);
	close(self->audit);
}

TEST_F_TIMEOUT(call, fails, 300)
{
	char before[32768], after[32768], answer[4096];

	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_other -9\n"));
	for (size_t i = 0; i < ARRAY_SIZE(call_cases); i++) {
		const struct call_case *c = &call_cases[i];
		int ret, failed;

		read_state(before, sizeof(before));
		ret = peer_fail(c->function, c->value, c->nth);
		ASSERT_EQ(0, ret)
			TH_LOG("%s: %s", c->function, strerror(-ret));
		ret = ks_command(self->control, "%s", c->text);
		failed = peer_end();
		EXPECT_TRUE(c->nth ? failed == 1 : failed > 1)
			TH_LOG("%s %u: %d", c->function, c->nth, failed);
		EXPECT_EQ(-c->error, ret)
			TH_LOG("%s %ld: %s", c->function, c->value, strerror(-ret));
		ASSERT_LE(0, ks_read_fd(self->control, answer, sizeof(answer)));
		EXPECT_EQ(0, strncmp(answer, c->answer, strlen(c->answer)))
			TH_LOG("%s %ld: '%s' is not '%s...'", c->function, c->value, answer,
			       c->answer);
		read_state(after, sizeof(after));
		EXPECT_STREQ(before, after)
			TH_LOG("%s %ld %u", c->function, c->value, c->nth);

		/* The same without the failure. */
		EXPECT_EQ(0, ks_command(self->control, "%s", c->text))
			TH_LOG("%s %ld %u", c->function, c->value, c->nth);
		ASSERT_EQ(0, restore(self->control, "engage ks_target_other -9\n"));
	}
}

/* Changes are never silent: without an audit record they are in the kernel log. */
TEST_F(call, no_audit)
{
	char records[4096], line[8192];
	bool found = false;
	int log;

	log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, log);
	ASSERT_LE(0, lseek(log, 0, SEEK_END));

	ASSERT_EQ(0, peer_fail("audit_log_start", 0, 0));
	EXPECT_EQ(0, ks_command(self->control, "engage ks_target_int -7 reason=unrecorded\n"));
	EXPECT_LT(0, peer_end());
	EXPECT_TRUE(ks_engaged("ks_target_int", NULL, 0));

	ASSERT_LE(0, ks_audit_collect(self->audit, self->control, records, sizeof(records)));
	EXPECT_EQ(NULL, strstr(records, "unrecorded"))
		TH_LOG("%s", records);
	while (true) {
		ssize_t len = read(log, line, sizeof(line) - 1);

		/* EPIPE: records were overwritten before they were read. */
		if (len < 0 && errno != EPIPE)
			break;
		line[len < 0 ? 0 : len] = '\0';
		found |= strstr(line, "killswitch: engaged ks_target_int") &&
			 strstr(line, "unrecorded");
	}
	EXPECT_TRUE(found);
	close(log);
}

/*
 * Functions are released even if their probes cannot be disarmed immediately, and can be engaged
 * again; those of an unloaded module are armed again.
 */
TEST_F_TIMEOUT(call, release_does_not_fail, 120)
{
	static const char * const releases[] = {
		"disengage ks_target_other\ndisengage ks_target_int\n", "disengage_all\n",
	};
	char value[64];

	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		ASSERT_EQ(0, ks_command(self->control,
					"engage ks_target_other -9\nengage ks_target_int -7\n"));
		ASSERT_EQ(0, peer_fail("disable_kprobes", -ENOMEM, 1));
		EXPECT_EQ(0, ks_command(self->control, "%s", releases[i]));
		EXPECT_EQ(1, peer_end());
		EXPECT_FALSE(ks_engaged("ks_target_other", NULL, 0));
		EXPECT_LT(0, ks_call("ks_target_other", value, sizeof(value)));
		EXPECT_STREQ("84", value);
		EXPECT_LT(0, ks_call("ks_target_int", value, sizeof(value)));
		EXPECT_STREQ("42", value);
	}

	ASSERT_EQ(0, ks_command(self->control, "engage " ARMED " -7\n"));
	ASSERT_EQ(0, ks_load_module(IMPOSTOR));
	ASSERT_EQ(0, peer_fail("disable_kprobes", -ENOMEM, 1));
	EXPECT_EQ(0, ks_unload_module(IMPOSTOR));
	EXPECT_EQ(1, peer_end());
	/* It is loaded at the same address. */
	ASSERT_EQ(0, ks_load_module(IMPOSTOR));
	EXPECT_LT(0, ks_read(IMPOSTOR_FILE, value, sizeof(value)));
	EXPECT_STREQ("-7", value);
	EXPECT_EQ(0, ks_command(self->control, "disengage " ARMED "\n"));
	EXPECT_LT(0, ks_read(IMPOSTOR_FILE, value, sizeof(value)));
	EXPECT_STREQ("42", value);
	EXPECT_EQ(0, ks_unload_module(IMPOSTOR));
}

/* A module whose function cannot be engaged is not loaded, and its functions stay armed. */
TEST_F_TIMEOUT(call, module_does_not_load, 120)
{
	char before[32768], after[32768], value[64];

	ASSERT_EQ(0, ks_command(self->control, "engage " ARMED " -7\n"));
	read_state(before, sizeof(before));
	EXPECT_NE(NULL, strstr(before, "state=armed"))
		TH_LOG("%s", before);

	ASSERT_EQ(0, peer_fail("register_kprobe", -ENOMEM, 1));
	EXPECT_GT(0, ks_load_module(IMPOSTOR));
	EXPECT_EQ(1, peer_end());
	EXPECT_NE(0, access(IMPOSTOR_FILE, F_OK));
	read_state(after, sizeof(after));
	EXPECT_STREQ(before, after);

	EXPECT_EQ(0, ks_load_module(IMPOSTOR));
	EXPECT_LT(0, ks_read(IMPOSTOR_FILE, value, sizeof(value)));
	EXPECT_STREQ("-7", value);
	EXPECT_EQ(0, ks_unload_module(IMPOSTOR));
	read_state(after, sizeof(after));
	EXPECT_STREQ(before, after);
}

FIXTURE(step)
{
	int control;
};

FIXTURE_VARIANT(step)
{
	/* The commands before the request. */
	const char *before;
	/* The request, a write to @file of Killswitch's directory, or to control. */
	const char *text;
	const char *file;
	/* Whether ks_target_other is engaged, with -9, before and after. */
	bool watched;
};

FIXTURE_VARIANT_ADD(step, engage)
{
	.text = "engage ks_target_int -7 scope=all reason=a reason\n",
};

FIXTURE_VARIANT_ADD(step, engage_beside_others)
{
	.before = "engage ks_target_other -9\n",
	.text = "engage ks_target_int -7\n",
	.watched = true,
};

FIXTURE_VARIANT_ADD(step, engage_a_function_of_the_kernel)
{
	.text = "engage af_alg_sendmsg -EPERM\n",
};

FIXTURE_VARIANT_ADD(step, tryengage)
{
	.text = "tryengage ks_target_int -7 3600 reason=perhaps\n",
};

FIXTURE_VARIANT_ADD(step, arm)
{
	.text = "engage " ARMED " -7\n",
};

FIXTURE_VARIANT_ADD(step, change_the_value)
{
	.before = "engage ks_target_int -7\nengage ks_target_other -9\n",
	.text = "-8\n",
	.file = "fn/ks_target_int/retval",
	.watched = true,
};

FIXTURE_VARIANT_ADD(step, transaction)
{
	.before = "engage ks_target_other -9\nengage ks_target_bool 0\n",
	.text = "engage " ARMED " -7\nengage ks_target_int -7\ndisengage ks_target_bool\n",
	.watched = true,
};

FIXTURE_VARIANT_ADD(step, disengage_the_only_one)
{
	.before = "engage ks_target_int -7\n",
	.text = "disengage ks_target_int\n",
};

FIXTURE_VARIANT_ADD(step, disengage_one_of_three)
{
	.before = "engage ks_target_int -7\nengage ks_target_other -9\nengage ks_target_long -9\n",
	.text = "disengage ks_target_int\n",
	.watched = true,
};

FIXTURE_VARIANT_ADD(step, disengage_what_is_armed)
{
	.before = "engage " ARMED " -7\n",
	.text = "disengage " ARMED "\n",
};

FIXTURE_VARIANT_ADD(step, disengage_what_is_tried_out)
{
	.before = "tryengage ks_target_int -7 3600\n",
	.text = "disengage ks_target_int\n",
};

FIXTURE_VARIANT_ADD(step, disengage_all)
{
	.before = "engage ks_target_int -7\nengage ks_target_ptr NULL\nengage " ARMED " -1\n",
	.text = "disengage_all\n",
};

FIXTURE_SETUP(step)
{
	int ret;

	self->control = ks_start();
	ASSERT_LE(0, self->control)
		TH_LOG("cannot start: %s", strerror(-self->control));
	ret = ks_unload_module(IMPOSTOR);
	ASSERT_TRUE(!ret || ret == -ENOENT);
	if (faults_start())
		SKIP(return, "no fault injection: CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC");
	/* Page faults must not consume the failures for the kernel. */
	ASSERT_EQ(0, mlockall(MCL_CURRENT | MCL_FUTURE));
}

FIXTURE_TEARDOWN(step)
{
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	close(self->control);
	close(fail_nth);
}

TEST_F_TIMEOUT(step, each_allocation, 900)
{
	char before[32768], wanted[32768], after[32768];
	unsigned int failed = 0, harmless = 0, n;
	struct watch watch = {};
	bool hit = true;

	ASSERT_EQ(0, restore(self->control, variant->before));
	read_state(before, sizeof(before));
	ASSERT_EQ(0, try_it(self->control, variant->file, variant->text));
	read_state(wanted, sizeof(wanted));
	ASSERT_STRNE(before, wanted);
	ASSERT_EQ(0, restore(self->control, variant->before));
	read_state(after, sizeof(after));
	ASSERT_STREQ(before, after);

	for (n = 1; hit && n < MAX_STEPS; n++) {
		int ret;

		if (variant->watched) {
			watch = (struct watch){};
			ASSERT_EQ(0, pthread_create(&watch.thread, NULL, watch_calls, &watch));
		}
		ASSERT_TRUE(fault_arm(n));
		ret = try_it(self->control, variant->file, variant->text);
		hit = fault_disarm();
		read_state(after, sizeof(after));

		if (ret) {
			ASSERT_TRUE(hit)
				TH_LOG("failed without an injected failure: %s", strerror(-ret));
			failed++;
			EXPECT_EQ(-ENOMEM, ret)
				TH_LOG("allocation %u: %s", n, strerror(-ret));
			EXPECT_STREQ(before, after)
				TH_LOG("the failure of allocation %u had an effect", n);
			EXPECT_EQ(0, try_it(self->control, variant->file, variant->text))
				TH_LOG("the request fails after a failure of allocation %u", n);
			read_state(after, sizeof(after));
		} else {
			harmless += hit;
		}
		EXPECT_STREQ(wanted, after)
			TH_LOG("allocation %u", n);
		if (variant->watched) {
			__atomic_store_n(&watch.stop, true, __ATOMIC_RELEASE);
			ASSERT_EQ(0, pthread_join(watch.thread, NULL));
			EXPECT_EQ(0, watch.wrong)
				TH_LOG("allocation %u: %ld of %ld calls", n, watch.wrong,
				       watch.calls);
		}
		ASSERT_EQ(0, restore(self->control, variant->before));
		/* One failure is enough for debugging. */
		if (_metadata->exit_code == KSFT_FAIL)
			break;
	}
	TH_LOG("%u allocations: %u fatal, %u not", n - 1, failed, harmless);
	EXPECT_LT(0, failed + harmless);
	EXPECT_GT(MAX_STEPS, n);
}

TEST_HARNESS_MAIN
