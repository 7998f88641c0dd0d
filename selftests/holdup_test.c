// SPDX-License-Identifier: GPL-2.0-only
/*
 * No unprivileged user can delay, prevent or hide an engagement, neither by holding the directory
 * nor by filling the audit log; and a failed request short-circuits no call, not even briefly.
 */
#include <dirent.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "tools.h"
#include "users.h"

#define IMPOSTOR	"killswitch_impostor"
#define AT_ONCE		(2.0 * KS_SLOWER)

/* Permission is denied to users. */
static int cannot_open(const void *path)
{
	return become_user() || open(path, O_RDONLY | O_DIRECTORY) != -1 || errno != EACCES;
}

/* Reads a directory into a page whose fault is never handled. */
static int hold_directory(const void *path)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	size_t size = sysconf(_SC_PAGESIZE);
	int fault, fd;
	void *page;

	/* The directories belong to uid 0. */
	if (ks_keep_capabilities(0))
		return 1;
	fault = syscall(__NR_userfaultfd, O_CLOEXEC);
	page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	area.range.start = (unsigned long)page;
	area.range.len = size;
	fd = open(path, O_RDONLY | O_DIRECTORY);
	if (fault < 0 || page == MAP_FAILED || ioctl(fault, UFFDIO_API, &api) ||
	    ioctl(fault, UFFDIO_REGISTER, &area) || fd < 0)
		return 1;
	syscall(__NR_getdents64, fd, page, size);
	return 1;
}

/* Tries to create a file in a directory, which blocks all others. */
static int make_directory(const void *path)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%s/made", (const char *)path);
	return ks_keep_capabilities(0) || !mkdir(name, 0700);
}

static int command(const void *text)
{
	int fd = open(KS_CONTROL, O_WRONLY | O_CLOEXEC);

	return fd < 0 || ks_command(fd, "%s", (const char *)text);
}

static int read_file(const void *path)
{
	char text[65536];

	return ks_read(path, text, sizeof(text)) < 0;
}

static int load_and_unload(const void *name)
{
	return ks_load_module(name) || ks_unload_module(name);
}

static bool returns(const char *function, const char *expected)
{
	char value[64];

	return ks_call(function, value, sizeof(value)) > 0 && !strcmp(value, expected);
}

FIXTURE(holdup)
{
	int control;
};

FIXTURE_SETUP(holdup)
{
	int ret;

	self->control = ks_start();
	ASSERT_LE(0, self->control)
		TH_LOG("cannot start: %s", strerror(-self->control));
	ret = ks_unload_module(IMPOSTOR);
	ASSERT_TRUE(!ret || ret == -ENOENT);
}

FIXTURE_TEARDOWN(holdup)
{
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	close(self->control);
}

/* Operations of root while a directory is held. */
static const struct step {
	const char *what;
	int (*body)(const void *data);
	const void *data;
	/* The return value of a function afterwards. */
	const char *function;
	const char *value;
} steps[] = {
	{ "engage", command, "engage ks_target_int -7\n", "ks_target_int", "-7" },
	{ "read engaged", read_file, KS_ENGAGED },
	{ "read status", read_file, KS_DIR "/status" },
	{ "load and unload a module", load_and_unload, IMPOSTOR },
	{ "arm", command, "engage " IMPOSTOR ":ks_impostor_lets_ask -7\n" },
	{ "load and unload that module", load_and_unload, IMPOSTOR },
	{ "disengage", command, "disengage ks_target_int\n", "ks_target_int", "42" },
	{ "disengage a held one", command, "disengage ks_target_other\n", "ks_target_other",
	  "84" },
	{ "disengage all", command, "disengage_all\n" },
};

TEST_F_TIMEOUT(holdup, by_a_reader_of_the_directory, 120)
{
	/* A user can hold the first one, too; the others need uid 0. */
	static const char * const paths[] = { KS_DIR, KS_FN, KS_FN "ks_target_other" };
	int unstarted = ks_put("/proc/sys/vm/unprivileged_userfaultfd", "1\n");

	if (unstarted == -ENOENT)
		SKIP(return, "no userfaultfd");
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		pid_t holder, maker;
		bool is_held;

		ASSERT_EQ(0, ks_command(self->control, "engage ks_target_other -9\n"));
		EXPECT_EQ(i > 0, end_within(start(cannot_open, paths[i]), 5) == 0)
			TH_LOG("a user opens %s", paths[i]);
		holder = start(hold_directory, paths[i]);
		/* It blocks, since the page is missing. */
		is_held = end_within(holder, 0.5) == -1;
		EXPECT_TRUE(is_held)
			TH_LOG("%s cannot be held", paths[i]);
		maker = start(make_directory, paths[i]);
		usleep(100000);

		for (size_t j = 0; is_held && j < ARRAY_SIZE(steps); j++) {
			const struct step *step = &steps[j];
			double begun = now();
			pid_t pid = start(step->body, step->data);
			int status = end_within(pid, 10 * KS_SLOWER);

			TH_LOG("%s: %s after %.3f s", step->what,
			       status == -1 ? "hangs" : status ? "failed" : "done", now() - begun);
			EXPECT_EQ(0, status)
				TH_LOG("%s, with %s held", step->what, paths[i]);
			EXPECT_GT(AT_ONCE, now() - begun);
			if (step->function) {
				EXPECT_TRUE(returns(step->function, step->value))
					TH_LOG("%s", step->function);
			}
			if (status == -1) {
				/* It continues when the directory is released. */
				stop(holder);
				stop(maker);
				waitpid(pid, NULL, 0);
				is_held = false;
			}
		}
		stop(holder);
		stop(maker);
	}
	EXPECT_EQ(0, ks_put("/proc/sys/vm/unprivileged_userfaultfd", "0\n"));
}

/* Runs a system call for seconds, generating random numbers. */
static int call_for_long(const void *cpu)
{
	static char buffer[1 << 20];
	struct iovec all[1024];
	cpu_set_t cpus;
	int fd;

	CPU_ZERO(&cpus);
	CPU_SET((long)cpu, &cpus);
	fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	if (become_user() || sched_setaffinity(0, sizeof(cpus), &cpus) || fd < 0)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		all[i] = (struct iovec){ .iov_base = buffer, .iov_len = sizeof(buffer) };
	while (readv(fd, all, ARRAY_SIZE(all)) > 0)
		;
	return 1;
}

/* Engages @count functions from number @first on: 0 or -errno. */
static int engage_many(int control, long first, long count, int value)
{
	int ret = 0;

	for (long i = first; i < first + count && !ret; i++)
		ret = ks_command(control, "engage ks_many_%03ld %d\n", i, value);
	return ret;
}

/*
 * A slot is released when no task can still be in its handler, which RCU determines, and a long
 * system call delays that.
 */
TEST_F_TIMEOUT(holdup, by_a_long_system_call, 300)
{
	char status[4096], *line;
	long used, slots;
	cpu_set_t cpus;
	double begun;
	pid_t caller;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "it needs a CPU of its own");
	ASSERT_LT(0, ks_read(KS_DIR "/status", status, sizeof(status)));
	line = strstr(status, "slots: ");
	ASSERT_TRUE(line && sscanf(line, "slots: %ld/%ld", &used, &slots) == 2);
	if (slots > 290)
		SKIP(return, "there are fewer functions than slots");
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(cpus), &cpus));
	caller = start(call_for_long, (void *)1);
	sleep(1);
	for (int i = 0; i < 3; i++) {
		begun = now();
		/* Some slots may still have other values. */
		EXPECT_EQ(0, engage_many(self->control, 0, slots - 8, -7));
		TH_LOG("%ld functions were engaged in %.1f s", slots - 8, now() - begun);
		EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	}
	/* With another value, the answer takes some seconds. */
	begun = now();
	EXPECT_EQ(-ENOSPC, engage_many(self->control, slots, 9, -8));
	TH_LOG("the answer came after %.1f s", now() - begun);
	EXPECT_GT(30 * KS_SLOWER, now() - begun);
	/* An engagement that shares a slot with calls in progress keeps its value, and says so. */
	EXPECT_EQ(0, ks_command(self->control, "engage ks_target_int -7\n"));
	EXPECT_EQ(-EBUSY, ks_put(KS_FN "ks_target_int/retval", "-8\n"));
	EXPECT_TRUE(returns("ks_target_int", "-7"));
	stop(caller);
	sleep(3 * KS_SLOWER);
	EXPECT_EQ(0, ks_put(KS_FN "ks_target_int/retval", "-8\n"));
	EXPECT_TRUE(returns("ks_target_int", "-8"));
	EXPECT_EQ(0, ks_command(self->control, "engage ks_target_other -9\n"));
}

/* Results of calls until they are stopped. */
struct calls {
	unsigned long made, refused;
	bool stop;
};

static bool count_call(struct calls *calls, bool is_refused)
{
	__atomic_fetch_add(&calls->refused, is_refused, __ATOMIC_RELAXED);
	__atomic_fetch_add(&calls->made, 1, __ATOMIC_RELAXED);
	return !__atomic_load_n(&calls->stop, __ATOMIC_ACQUIRE);
}

static int make_sockets(const void *data)
{
	int fd;

	if (become_user())
		return 1;
	do {
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		if (fd >= 0)
			close(fd);
	} while (count_call((struct calls *)data, fd < 0 && errno == EPERM));
	return 0;
}

static int call_target(const void *data)
{
	char value[32];

	do {
		if (ks_call("ks_target_long", value, sizeof(value)) < 0)
			return 1;
	} while (count_call((struct calls *)data, !strcmp(value, "-9")));
	return 0;
}

FIXTURE(late)
{
	int control;
	struct calls *sockets, *target;
};

FIXTURE_SETUP(late)
{
	if (access("/sys/kernel/livepatch", F_OK))
		SKIP(return, "no livepatching");
	self->control = ks_start();
	ASSERT_LE(0, self->control);
	self->sockets = mmap(NULL, 2 * sizeof(*self->sockets), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->sockets);
	self->target = self->sockets + 1;
	ASSERT_EQ(0, ks_patch());
}

FIXTURE_TEARDOWN(late)
{
	EXPECT_EQ(0, ks_unpatch());
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	close(self->control);
}

/*
 * Writes requests that fail at the end, while both functions are called: all functions except the
 * last can be armed, and that one is livepatched. Returns how many requests did not fail.
 */
static int fail_late(FIXTURE_DATA(late) * const self, const char *first)
{
	pid_t sockets = start(make_sockets, self->sockets), target;
	char text[KS_MAX_COMMAND];
	int wrong = 0;
	size_t used;

	target = start(call_target, self->target);
	used = snprintf(text, sizeof(text), "%s", first);
	for (int i = 0; i < 60; i++)
		used += snprintf(text + used, sizeof(text) - used, "engage ks_many_%03d -1\n", i);
	snprintf(text + used, sizeof(text) - used, "engage " KS_PATCHED " -5\n");
	for (int i = 0; i < 8; i++)
		wrong += ks_command(self->control, "%s", text) != -EBUSY;
	__atomic_store_n(&self->sockets->stop, true, __ATOMIC_RELEASE);
	__atomic_store_n(&self->target->stop, true, __ATOMIC_RELEASE);
	wrong += !!end_within(sockets, 10);
	wrong += !!end_within(target, 10);
	return wrong;
}

TEST_F_TIMEOUT(late, failed_request_stops_no_call, 300)
{
	EXPECT_EQ(0, fail_late(self, "engage inet_create -EPERM\n"
				     "engage ks_target_long -9\n"));
	TH_LOG("%lu of %lu calls were stopped by requests that failed",
	       self->sockets->refused + self->target->refused,
	       self->sockets->made + self->target->made);
	EXPECT_LT(0, self->sockets->made);
	EXPECT_LT(0, self->target->made);
	EXPECT_EQ(0, self->sockets->refused);
	EXPECT_EQ(0, self->target->refused);
}

TEST_F_TIMEOUT(late, failed_request_passes_no_call, 300)
{
	ASSERT_EQ(0, ks_command(self->control, "engage inet_create -EPERM\n"
					       "tryengage ks_target_long -9 3600\n"));
	EXPECT_EQ(0, fail_late(self, "disengage inet_create\ndisengage ks_target_long\n"));
	TH_LOG("%lu of %lu calls were stopped, %ld of %lu were counted", self->sockets->refused,
	       self->sockets->made, ks_hits("ks_target_long"), self->target->made);
	EXPECT_LT(0, self->sockets->made);
	EXPECT_LT(0, self->target->made);
	EXPECT_EQ(self->sockets->made, self->sockets->refused);
	EXPECT_EQ(self->sockets->made, ks_hits("inet_create"));
	EXPECT_EQ(self->target->made, ks_hits("ks_target_long"));
}

/* Changes the configuration of audit: 0 or -errno. */
static int set_audit(int fd, const struct audit_status *status)
{
	struct {
		struct nlmsghdr header;
		struct audit_status status;
	} message = {
		.header = {
			.nlmsg_len = sizeof(message),
			.nlmsg_type = AUDIT_SET,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		},
		.status = *status,
	};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} answer;

	if (send(fd, &message, sizeof(message), 0) != sizeof(message) ||
	    recv(fd, &answer, sizeof(answer), 0) < (ssize_t)sizeof(answer))
		return -errno;
	return answer.error.error;
}

/* An audit daemon that never reads its records. */
static int stopped_daemon(const void *data)
{
	struct audit_status status = {
		.mask = AUDIT_STATUS_PID | AUDIT_STATUS_ENABLED | AUDIT_STATUS_BACKLOG_LIMIT |
			AUDIT_STATUS_BACKLOG_WAIT_TIME,
		.enabled = 1,
		.pid = getpid(),
		.backlog_limit = 4,
		/* In jiffies: half a minute, or the maximum. */
		.backlog_wait_time = 3000,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT), size = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) ||
	    set_audit(fd, &status))
		return 1;
	while (true)
		pause();
	return 1;
}

/* Writes requests without capabilities, which are refused, and counts them. */
static int fill_log(const char *path, const char *text, long *written)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || ks_keep_capabilities(0))
		return 1;
	while (ks_write(fd, text, strlen(text)) == -EPERM)
		__atomic_fetch_add(written, 1, __ATOMIC_RELAXED);
	return 1;
}

static int fill_by_control(const void *written)
{
	return fill_log(KS_CONTROL, "engage ks_target_int 0\n", (long *)written);
}

static int fill_by_retval(const void *written)
{
	return fill_log(KS_FN "ks_target_long/retval", "0\n", (long *)written);
}

/* Waits until a function returns a value: whether it does within two seconds. */
static bool returns_soon(const char *function, const char *expected)
{
	double until = now() + AT_ONCE;

	while (!returns(function, expected)) {
		if (now() > until)
			return false;
		usleep(1000);
	}
	return true;
}

TEST_F_TIMEOUT(holdup, by_a_full_audit_log, 180)
{
	struct audit_status usual = {
		.mask = AUDIT_STATUS_ENABLED | AUDIT_STATUS_BACKLOG_LIMIT |
			AUDIT_STATUS_BACKLOG_WAIT_TIME,
		.enabled = 1,
		.backlog_limit = 64,
		.backlog_wait_time = 6000,
	};
	/* Requests that wait for their record, but take effect immediately. */
	static const struct step writers[] = {
		{ "engage", command, "engage ks_target_int -7\n", "ks_target_int", "-7" },
		{ "engage another", command, "engage ks_target_other -9\n",
		  "ks_target_other", "-9" },
		{ "arm", command, "engage " IMPOSTOR ":ks_impostor_lets_ask -7\n" },
		{ "disengage", command, "disengage ks_target_int\n", "ks_target_int", "42" },
	};
	/* Operations that do not wait. */
	static const struct step others[] = {
		{ "read engaged", read_file, KS_ENGAGED },
		{ "read status", read_file, KS_DIR "/status" },
		{ "load and unload the module that was armed", load_and_unload, IMPOSTOR },
		{ "load and unload another module", load_and_unload, "killswitch_peer" },
	};
	pid_t pids[ARRAY_SIZE(writers)], fillers[8], auditd;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT), waited = 0;
	long *written;

	written = mmap(NULL, 2 * sizeof(*written), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, written);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_long -9\n"));
	auditd = start(stopped_daemon, NULL);
	ASSERT_EQ(-1, end_within(auditd, 0.5))
		TH_LOG("an audit daemon is already running");
	for (size_t i = 0; i < ARRAY_SIZE(fillers); i++)
		fillers[i] = start(i % 2 ? fill_by_retval : fill_by_control, &written[i % 2]);
	sleep(3 * KS_SLOWER);

	for (size_t i = 0; i < ARRAY_SIZE(writers); i++) {
		const struct step *step = &writers[i];
		double begun = now();

		pids[i] = start(step->body, step->data);
		if (step->function) {
			EXPECT_TRUE(returns_soon(step->function, step->value))
				TH_LOG("%s: no effect after %.1f s", step->what, now() - begun);
		} else {
			usleep(500000 * KS_SLOWER);
		}
		TH_LOG("%s: has an effect after %.3f s", step->what, now() - begun);
		waited += end_within(pids[i], 0) == -1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		double begun = now();
		pid_t pid = start(others[i].body, others[i].data);

		EXPECT_EQ(0, end_within(pid, AT_ONCE))
			TH_LOG("%s waits", others[i].what);
		TH_LOG("%s: after %.3f s", others[i].what, now() - begun);
		stop(pid);
	}
	TH_LOG("%d of %zu writers waited, beside %ld writes to control, %ld to retval", waited,
	       ARRAY_SIZE(writers), __atomic_load_n(&written[0], __ATOMIC_RELAXED),
	       __atomic_load_n(&written[1], __ATOMIC_RELAXED));
	/* Otherwise the log was not full. */
	EXPECT_LT(0, waited);
	EXPECT_LT(0, written[1]);

	for (size_t i = 0; i < ARRAY_SIZE(fillers); i++)
		stop(fillers[i]);
	stop(auditd);
	EXPECT_EQ(0, set_audit(fd, &usual));
	for (size_t i = 0; i < ARRAY_SIZE(writers); i++)
		stop(pids[i]);
	close(fd);
}

TEST_HARNESS_MAIN
