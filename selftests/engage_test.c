// SPDX-License-Identifier: GPL-2.0-only
/*
 * An engaged function returns the value on every CPU without running its body, until it is
 * disengaged; the content of the files; transactions.
 */
#include <pthread.h>
#include <sched.h>

#include "common.h"

FIXTURE(engage)
{
	int control;
};

FIXTURE_SETUP(engage)
{
	self->control = ks_start();
	ASSERT_LE(0, self->control)
		TH_LOG("cannot start: %s", strerror(-self->control));
}

FIXTURE_TEARDOWN(engage)
{
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	close(self->control);
}

static const struct value_case {
	const char *function;
	/* The value as written, as shown by the kernel, and as returned to the caller. */
	const char *word;
	const char *shown;
	const char *seen;
} value_cases[] = {
	{ "ks_target_int", "-1", "-1", "-1" },
	{ "ks_target_int", "-EPERM", "-1", "-1" },
	{ "ks_target_int", "-EOPNOTSUPP", "-95", "-95" },
	{ "ks_target_int", "-0x10", "-16", "-16" },
	{ "ks_target_int", "-134", "-134", "-134" },
	{ "ks_target_other", "-42", "-42", "-42" },
	{ "ks_target_long", "-5", "-5", "-5" },
	{ "ks_target_long", "-EINVAL", "-22", "-22" },
	{ "ks_target_errptr", "-ENOMEM", "-12", "-12" },
	{ "ks_target_fails", "-ENOENT", "-2", "-2" },
	/* The following need type information. */
	{ "ks_target_int", "0", "0", "0" },
	{ "ks_target_int", "7", "7", "7" },
	{ "ks_target_int", "0x10", "16", "16" },
	{ "ks_target_int", "0x7fffffff", "2147483647", "2147483647" },
	{ "ks_target_int", "2147483647", "2147483647", "2147483647" },
	{ "ks_target_int", "-2147483648", "-2147483648", "-2147483648" },
	{ "ks_target_other", "42", "42", "42" },
	{ "ks_target_long", "5", "5", "5" },
	{ "ks_target_ptr", "NULL", "0", "NULL" },
	{ "ks_target_bool", "0", "0", "false" },
	{ "ks_target_void", "void", "0", "0" },
	{ "ks_target_void", "0", "0", "0" },
};

TEST_F_TIMEOUT(engage, values, 120)
{
	bool has_types = ks_has_types();

	for (size_t i = 0; i < ARRAY_SIZE(value_cases); i++) {
		const struct value_case *c = &value_cases[i];
		char before[64], during[64], after[64], line[512], expected[512], path[PATH_MAX];
		long runs, value = atol(c->shown);

		if (!has_types && (value < -134 || value >= 0))
			continue;
		ASSERT_LT(0, ks_call(c->function, before, sizeof(before)));
		runs = ks_runs(c->function);
		ASSERT_LT(0, runs);

		ASSERT_EQ(0, ks_command(self->control, "engage %s %s\n", c->function, c->word)) {
			TH_LOG("%s %s", c->function, c->word);
		}
		for (int n = 0; n < 3; n++) {
			EXPECT_LT(0, ks_call(c->function, during, sizeof(during)));
			EXPECT_STREQ(c->seen, during)
				TH_LOG("%s %s", c->function, c->word);
		}
		EXPECT_EQ(runs, ks_runs(c->function))
			TH_LOG("the body of %s ran", c->function);

		EXPECT_TRUE(ks_engaged(c->function, line, sizeof(line)));
		snprintf(expected, sizeof(expected),
			 "%s retval=%s hits=3 " KS_AS_USUAL " callers=1", c->function, c->shown);
		EXPECT_STREQ(expected, line);
		EXPECT_EQ(3, ks_hits(c->function));
		snprintf(path, sizeof(path), KS_FN "%s/retval", c->function);
		EXPECT_LT(0, ks_read(path, line, sizeof(line)));
		EXPECT_STREQ(c->shown, line);

		EXPECT_EQ(0, ks_command(self->control, "disengage %s\n", c->function));
		EXPECT_LT(0, ks_call(c->function, after, sizeof(after)));
		EXPECT_STREQ(before, after)
			TH_LOG("%s after disengage", c->function);
		EXPECT_EQ(runs + 1, ks_runs(c->function));
		EXPECT_FALSE(ks_engaged(c->function, NULL, 0));
	}
}

TEST_F(engage, reason)
{
	char line[512], path[PATH_MAX];

	ASSERT_EQ(0, ks_command(self->control,
				"engage ks_target_int -1 reason=a b,  id=7\n"));
	ASSERT_TRUE(ks_engaged("ks_target_int", line, sizeof(line)));
	EXPECT_STREQ("ks_target_int retval=-1 hits=0 " KS_AS_USUAL " reason=\"a b,  id=7\"", line);
	snprintf(path, sizeof(path), KS_FN "ks_target_int/reason");
	EXPECT_LT(0, ks_read(path, line, sizeof(line)));
	EXPECT_STREQ("a b,  id=7", line);
}

TEST_F(engage, only_the_named_function)
{
	char value[64];
	long runs = ks_runs("ks_target_other");

	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_int -1\n"));
	EXPECT_LT(0, ks_call("ks_target_other", value, sizeof(value)));
	EXPECT_STREQ("84", value);
	EXPECT_EQ(runs + 1, ks_runs("ks_target_other"));
}

/* A reason cannot forge other fields. */
TEST_F(engage, quoted_reason)
{
	char line[512];

	ASSERT_EQ(0, ks_command(self->control,
				"engage ks_target_int -1 reason=a\" hits=b\\\"\n"));
	ASSERT_TRUE(ks_engaged("ks_target_int", line, sizeof(line)));
	EXPECT_STREQ("ks_target_int retval=-1 hits=0 " KS_AS_USUAL
		     " reason=\"a\\\" hits=b\\\\\\\"\"", line);
}

/* Blanks around and between words, with and without a newline. */
TEST_F(engage, spelling)
{
	EXPECT_EQ(0, ks_command(self->control, "engage ks_target_int -1"));
	EXPECT_EQ(0, ks_command(self->control, "disengage ks_target_int"));
	EXPECT_EQ(0, ks_command(self->control, "  engage   ks_target_int  -1  "));
	EXPECT_TRUE(ks_engaged("ks_target_int", NULL, 0));
	EXPECT_EQ(0, ks_command(self->control, " disengage_all "));
	EXPECT_FALSE(ks_engaged("ks_target_int", NULL, 0));
}

/* The answer is read from the open file, one line per command. */
TEST_F(engage, answers)
{
	char text[1024];
	int other;

	EXPECT_EQ(0, ks_command(self->control,
				"engage ks_target_int -1\nengage ks_target_long -1\n"));
	EXPECT_LT(0, ks_read_fd(self->control, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "ks_target_int"));
	EXPECT_NE(NULL, strstr(text, "ks_target_long"));
	EXPECT_EQ(strchr(text, '\n') + 1, strstr(text, strchr(text, '\n') + 1));
	EXPECT_EQ(strlen(text) - 1, strrchr(text, '\n') - text);
	EXPECT_NE(strchr(text, '\n'), strrchr(text, '\n'));
	/* The answer can be read once. */
	EXPECT_EQ(0, ks_read_fd(self->control, text, sizeof(text)));

	EXPECT_EQ(-EBUSY, ks_command(self->control, "engage ks_target_int -1\n"));
	EXPECT_LT(0, ks_read_fd(self->control, text, sizeof(text)));

	/* The answers of other files are not readable here. */
	other = open(KS_CONTROL, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, other);
	EXPECT_EQ(0, ks_read_fd(other, text, sizeof(text)))
		TH_LOG("read %s", text);
	close(other);
}

TEST_F(engage, disengage_all)
{
	static const char * const functions[] = {
		"ks_target_int", "ks_target_long", "ks_target_errptr",
	};
	char list[4096], value[64];

	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		ASSERT_EQ(0, ks_command(self->control, "engage %s -1\n", functions[i]))
			TH_LOG("%s", functions[i]);
	}
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	EXPECT_EQ(0, ks_read(KS_ENGAGED, list, sizeof(list)));
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		EXPECT_EQ(-ENOENT, ks_open_fn(functions[i], "retval", O_RDONLY));
	EXPECT_LT(0, ks_call("ks_target_int", value, sizeof(value)));
	EXPECT_STREQ("42", value);
	/* Not an error without engagements. */
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
}

/* Closing the control file does not disengage. */
TEST_F(engage, outlives_the_writer)
{
	char value[64];

	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_int -3\n"));
	close(self->control);
	self->control = open(KS_CONTROL, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->control);
	EXPECT_LT(0, ks_call("ks_target_int", value, sizeof(value)));
	EXPECT_STREQ("-3", value);
}

static const struct transaction_case {
	const char *what;
	const char *text;
	int error;
} transaction_cases[] = {
	{ "an LSM entry point",
	  "engage ks_target_int -1\nengage security_file_open 0\n", EACCES },
	{ "an LSM entry point first",
	  "engage security_file_open 0\nengage ks_target_int -1\n", EACCES },
	{ "a value that grants access",
	  "engage ks_target_int -1\nengage __ptrace_may_access 0\n", EACCES },
	{ "a callback of an LSM",
	  "engage ks_target_int -1\nengage cap_capable 0\n", EACCES },
	{ "an unknown function",
	  "engage ks_target_int -1\nengage ks_no_such_function 0\n", ENOENT },
	{ "a value that is too large",
	  "engage ks_target_int -1\nengage ks_target_other 99999999999\n", ERANGE },
	{ "a malformed line",
	  "engage ks_target_int -1\nengage ks_target_long\n", EINVAL },
	{ "a malformed line in the middle",
	  "engage ks_target_int -1\nfoo\nengage ks_target_long -1\n", EINVAL },
	{ "a function that is engaged already",
	  "engage ks_target_int -1\nengage ks_target_other -1\n", EBUSY },
	{ "nothing to disengage",
	  "engage ks_target_int -1\ndisengage ks_target_long\n", ENOENT },
	{ "disengage, then an LSM entry point",
	  "disengage ks_target_other\nengage security_file_open 0\n", EACCES },
	{ "disengage, then a malformed line",
	  "disengage ks_target_other\nengage\n", EINVAL },
	{ "disengage_all, then an unknown function",
	  "disengage_all\nengage ks_no_such_function 0\n", ENOENT },
	{ "disengage twice",
	  "disengage ks_target_other\ndisengage ks_target_other\n", ENOENT },
};

TEST_F_TIMEOUT(engage, all_or_nothing, 120)
{
	char before[4096], after[4096], value[64];

	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_other -9 reason=stays\n"));
	ASSERT_LT(0, ks_read(KS_ENGAGED, before, sizeof(before)));
	for (size_t i = 0; i < ARRAY_SIZE(transaction_cases); i++) {
		const struct transaction_case *c = &transaction_cases[i];

		EXPECT_EQ(-c->error, ks_command(self->control, "%s", c->text))
			TH_LOG("%s", c->what);
		EXPECT_LT(0, ks_read(KS_ENGAGED, after, sizeof(after)));
		EXPECT_STREQ(before, after)
			TH_LOG("%s", c->what);
	}
	EXPECT_LT(0, ks_call("ks_target_other", value, sizeof(value)));
	EXPECT_STREQ("-9", value);
	EXPECT_LT(0, ks_call("ks_target_int", value, sizeof(value)));
	EXPECT_STREQ("42", value);
}

TEST_F(engage, several_in_one_write)
{
	char value[64];

	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_int -1 reason=both\n"
				"engage ks_target_other -2 reason=both\n"));
	EXPECT_LT(0, ks_call("ks_target_int", value, sizeof(value)));
	EXPECT_STREQ("-1", value);
	EXPECT_LT(0, ks_call("ks_target_other", value, sizeof(value)));
	EXPECT_STREQ("-2", value);
	EXPECT_EQ(0, ks_command(self->control,
				"disengage ks_target_int\ndisengage ks_target_other\n"));
	EXPECT_LT(0, ks_call("ks_target_int", value, sizeof(value)));
	EXPECT_STREQ("42", value);
}

static int rewrite(const char *text)
{
	int fd = ks_open_fn("ks_target_int", "retval", O_WRONLY);
	int ret;

	if (fd < 0)
		return fd;
	ret = ks_write(fd, text, strlen(text));
	close(fd);
	return ret;
}

static const struct retval_case {
	const char *text;
	int error;
	const char *seen;
} retval_cases[] = {
	{ "-13\n", 0, "-13" },
	{ "-6", 0, "-6" },
	{ "-EACCES\n", 0, "-13" },
	{ "-0x20\n", 0, "-32" },
	{ "2147483648\n", ERANGE, "-32" },
	{ "-2147483649\n", ERANGE, "-32" },
	{ "-7x\n", EINVAL, "-32" },
	{ "x\n", EINVAL, "-32" },
	{ "-7 -8\n", EINVAL, "-32" },
	{ "-7\n-8\n", EINVAL, "-32" },
	{ "\n", EINVAL, "-32" },
	{ "   ", EINVAL, "-32" },
	{ "-7\t", EINVAL, "-32" },
	{ "\xff", EINVAL, "-32" },
	{ "-1\n", 0, "-1" },
};

/* Writing to the retval file changes the value of an engagement. */
TEST_F(engage, retval_file)
{
	long runs = ks_runs("ks_target_int"), hits = 0;
	char value[64], line[512], expected[512], path[PATH_MAX];

	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_int -7 reason=kept\n"));
	snprintf(path, sizeof(path), KS_FN "ks_target_int/retval");
	for (size_t i = 0; i < ARRAY_SIZE(retval_cases); i++) {
		const struct retval_case *c = &retval_cases[i];

		EXPECT_EQ(-c->error, rewrite(c->text))
			TH_LOG("%s", c->text);
		EXPECT_LT(0, ks_call("ks_target_int", value, sizeof(value)));
		EXPECT_STREQ(c->seen, value)
			TH_LOG("after %s", c->text);
		EXPECT_LT(0, ks_read(path, line, sizeof(line)));
		EXPECT_STREQ(c->seen, line);
		EXPECT_TRUE(ks_engaged("ks_target_int", line, sizeof(line)));
		snprintf(expected, sizeof(expected),
			 "ks_target_int retval=%s hits=%ld " KS_AS_USUAL
			 " callers=1 reason=\"kept\"",
			 c->seen, ++hits);
		EXPECT_STREQ(expected, line);
	}
	EXPECT_EQ(runs, ks_runs("ks_target_int"));
}

/* Files that are open during disengage become stale, permanently. */
TEST_F(engage, stale_files)
{
	static const char * const names[] = { "retval", "hits", "reason" };
	int fds[ARRAY_SIZE(names)];
	char buf[64], value[64];

	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_int -7 reason=first\n"));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		fds[i] = ks_open_fn("ks_target_int", names[i], i ? O_RDONLY : O_RDWR);
		ASSERT_LE(0, fds[i])
			TH_LOG("%s", names[i]);
		EXPECT_LT(0, pread(fds[i], buf, sizeof(buf), 0))
			TH_LOG("%s", names[i]);
	}

	/* On the second turn it is engaged again, as another engagement. */
	for (int turn = 0; turn < 2; turn++) {
		EXPECT_EQ(0, ks_command(self->control, "%s", turn ?
					"engage ks_target_int -2 reason=second\n" :
					"disengage ks_target_int\n"));
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			EXPECT_EQ(-1, pread(fds[i], buf, sizeof(buf), 0));
			EXPECT_EQ(EIDRM, errno)
				TH_LOG("reading %s, turn %d", names[i], turn);
		}
		EXPECT_EQ(-EIDRM, ks_write(fds[0], "-5\n", 3));
	}
	EXPECT_LT(0, ks_call("ks_target_int", value, sizeof(value)));
	EXPECT_STREQ("-2", value);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		close(fds[i]);
}

/* Everyone can see engagements, only root can change them. */
TEST_F(engage, permissions)
{
	int status;
	pid_t child;

	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_int -1\n"));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		int bad = 0;

		if (setgid(65534) || setuid(65534))
			_exit(100);
		bad += !ks_engaged("ks_target_int", NULL, 0);
		bad += access(KS_DIR "/status", R_OK) != 0;
		bad += access(KS_DIR "/taint", R_OK) != 0;
		bad += ks_open_fn("ks_target_int", "hits", O_RDONLY) != -EACCES;
		bad += ks_open_fn("ks_target_int", "retval", O_RDONLY) != -EACCES;
		bad += open(KS_CONTROL, O_RDONLY) >= 0;
		_exit(bad);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

/* A thread on each CPU, all of which call the function. */
struct caller {
	pthread_t thread;
	int cpu;
	long calls;
	/* Calls that did not return the value while engaged, and the reverse. */
	long let_through;
	long held_back;
};

/*
 * Counts transitions between four phases: engaging, engaged, disengaging, not engaged. A call
 * compares the count to detect a transition during it.
 */
static unsigned int phase;
static bool stop;

#define ENGAGED		1
#define NOT_ENGAGED	3

static void next_phase(void)
{
	__atomic_add_fetch(&phase, 1, __ATOMIC_RELEASE);
}

static void *call_continuously(void *data)
{
	struct caller *caller = data;
	cpu_set_t set;
	char value[64];

	CPU_ZERO(&set);
	CPU_SET(caller->cpu, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set))
		return NULL;
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		unsigned int now = __atomic_load_n(&phase, __ATOMIC_ACQUIRE);

		if (ks_call("ks_target_int", value, sizeof(value)) < 0)
			return NULL;
		if (now == __atomic_load_n(&phase, __ATOMIC_ACQUIRE)) {
			caller->let_through += now % 4 == ENGAGED && strcmp(value, "-77");
			caller->held_back += now % 4 == NOT_ENGAGED && strcmp(value, "42");
		}
		__atomic_add_fetch(&caller->calls, 1, __ATOMIC_RELEASE);
	}
	return caller;
}

/* Waits for @more calls by each caller, for at most 20 seconds. */
static bool wait_for_calls(struct caller *callers, int count, long more)
{
	for (int i = 0; i < count; i++) {
		long goal = __atomic_load_n(&callers[i].calls, __ATOMIC_ACQUIRE) + more;
		int patience = 20000;

		while (__atomic_load_n(&callers[i].calls, __ATOMIC_ACQUIRE) < goal) {
			if (!patience--)
				return false;
			usleep(1000);
		}
	}
	return true;
}

TEST_F_TIMEOUT(engage, every_cpu, 180)
{
	struct caller callers[CPU_SETSIZE] = {};
	int count = 0;
	cpu_set_t set;

	ASSERT_EQ(0, sched_getaffinity(0, sizeof(set), &set));
	if (CPU_COUNT(&set) < 2)
		SKIP(return, "there is only one CPU");
	phase = NOT_ENGAGED;
	stop = false;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		callers[count].cpu = cpu;
		ASSERT_EQ(0, pthread_create(&callers[count].thread, NULL, call_continuously,
					    &callers[count]));
		count++;
	}
	EXPECT_TRUE(wait_for_calls(callers, count, 10));

	for (int turn = 0; turn < 10; turn++) {
		long runs, hits;

		next_phase();
		EXPECT_EQ(0, ks_command(self->control, "engage ks_target_int -77\n"));
		next_phase();

		/* A call may be in progress on each CPU. */
		EXPECT_TRUE(wait_for_calls(callers, count, 2));
		runs = ks_runs("ks_target_int");
		hits = ks_hits("ks_target_int");
		EXPECT_TRUE(wait_for_calls(callers, count, 50));
		EXPECT_EQ(runs, ks_runs("ks_target_int"));
		EXPECT_LE(hits + 50 * count, ks_hits("ks_target_int"));

		next_phase();
		EXPECT_EQ(0, ks_command(self->control, "disengage ks_target_int\n"));
		next_phase();
		EXPECT_TRUE(wait_for_calls(callers, count, 10));
	}

	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	for (int i = 0; i < count; i++) {
		void *ended;

		EXPECT_EQ(0, pthread_join(callers[i].thread, &ended));
		EXPECT_NE(NULL, ended);
		EXPECT_EQ(0, callers[i].let_through)
			TH_LOG("CPU %d ran the body while it was engaged", callers[i].cpu);
		EXPECT_EQ(0, callers[i].held_back)
			TH_LOG("CPU %d got the value while nothing was engaged", callers[i].cpu);
	}
}

/* Concurrent writers: every answer is a valid one. */
static void *write_continuously(void *data)
{
	static const char * const texts[] = {
		"engage ks_target_int -1\n",
		"disengage ks_target_int\n",
		"engage ks_target_int -2\nengage ks_target_other -2\n",
		"disengage_all\n",
		"disengage ks_target_other\n",
		"engage ks_target_other -3\n",
	};
	unsigned int seed = (unsigned long)data;
	long wrong = 0;
	char buf[1024];
	int fd;

	fd = open(KS_CONTROL, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return (void *)1;
	for (int i = 0; i < 60; i++) {
		int ret = ks_command(fd, "%s", texts[rand_r(&seed) % ARRAY_SIZE(texts)]);
		int hits;

		wrong += ret && ret != -EBUSY && ret != -ENOENT;
		wrong += ks_read_fd(fd, buf, sizeof(buf)) <= 0;
		wrong += ks_read(KS_ENGAGED, buf, sizeof(buf)) < 0;
		hits = ks_open_fn("ks_target_int", "hits", O_RDONLY);
		wrong += hits < 0 && hits != -ENOENT;
		if (hits >= 0) {
			ssize_t len = ks_read_fd(hits, buf, sizeof(buf));

			wrong += len < 0 && len != -EIDRM;
			close(hits);
		}
	}
	close(fd);
	return (void *)wrong;
}

TEST_F_TIMEOUT(engage, several_writers, 180)
{
	pthread_t writers[4];
	struct caller caller = {};
	char value[64], list[4096];

	phase = 0;
	stop = false;
	ASSERT_EQ(0, pthread_create(&caller.thread, NULL, call_continuously, &caller));
	for (unsigned long i = 0; i < ARRAY_SIZE(writers); i++) {
		ASSERT_EQ(0, pthread_create(&writers[i], NULL, write_continuously,
					    (void *)(i + 1)));
	}
	for (size_t i = 0; i < ARRAY_SIZE(writers); i++) {
		void *wrong;

		EXPECT_EQ(0, pthread_join(writers[i], &wrong));
		EXPECT_EQ(NULL, wrong)
			TH_LOG("%ld wrong answers", (long)wrong);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	EXPECT_EQ(0, pthread_join(caller.thread, NULL));

	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	EXPECT_EQ(0, ks_read(KS_ENGAGED, list, sizeof(list)));
	EXPECT_LT(0, ks_call("ks_target_int", value, sizeof(value)));
	EXPECT_STREQ("42", value);
	EXPECT_LT(0, ks_call("ks_target_other", value, sizeof(value)));
	EXPECT_STREQ("84", value);
}

TEST_HARNESS_MAIN
