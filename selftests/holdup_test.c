// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nobody without privileges delays, prevents or hides an engagement: not by holding
 * the directory, not by reading, not by filling the audit log; and a request that
 * fails has short-circuited nothing, not for a moment.
 *
 * KS_READERS is how many processes read (200).
 */
#include <dirent.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "tools.h"

#define USER		1001
#define IMPOSTOR	"killswitch_impostor"
#define AT_ONCE		(2.0 * KS_SLOWER)

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* Runs @body in a process that ends with this one: its pid. */
static pid_t start(int (*body)(const void *), const void *data)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(body(data));
}

static void stop(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Waits for the process for so many seconds: its exit status, or -1. */
static int end_within(pid_t pid, double seconds)
{
	double until = now() + seconds;
	int status;

	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (now() > until)
			return -1;
		usleep(1000);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int become_user(void)
{
	/* The last is forgotten with the rights. */
	return setgroups(0, NULL) || setresgid(USER, USER, USER) || setresuid(USER, USER, USER) ||
	       prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* Reads a directory into a page that never comes. */
static int hold_directory(const void *path)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	size_t size = sysconf(_SC_PAGESIZE);
	int fault, fd;
	void *page;

	if (become_user())
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

/* Wants to make something in a directory, so that all others wait behind it. */
static int make_directory(const void *path)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%s/made", (const char *)path);
	return become_user() || !mkdir(name, 0700);
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

/* What root does while users hold a directory, and how long it may take, in seconds. */
static const struct step {
	const char *what;
	int (*body)(const void *data);
	const void *data;
	/* What a function returns afterwards. */
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
	{ "disengage what is held", command, "disengage ks_target_other\n", "ks_target_other",
	  "84" },
	{ "disengage all", command, "disengage_all\n" },
};

TEST_F_TIMEOUT(holdup, by_a_reader_of_the_directory, 120)
{
	static const char * const paths[] = { KS_FN, KS_FN "ks_target_other" };
	int unstarted = ks_put("/proc/sys/vm/unprivileged_userfaultfd", "1\n");

	if (unstarted == -ENOENT)
		SKIP(return, "no userfaultfd");
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		pid_t holder, maker;
		bool is_held;

		ASSERT_EQ(0, ks_command(self->control, "engage ks_target_other -9\n"));
		holder = start(hold_directory, paths[i]);
		/* It does not end, since the page does not come. */
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
				TH_LOG("%s, with %s held by a user", step->what, paths[i]);
			EXPECT_GT(AT_ONCE, now() - begun);
			if (step->function) {
				EXPECT_TRUE(returns(step->function, step->value))
					TH_LOG("%s", step->function);
			}
			if (status == -1) {
				/* It goes on when nobody holds the directory any more. */
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

/* Reads all files that everyone may read, as fast as it can, some byte by byte. */
static int read_on(const void *data)
{
	static const char * const files[] = { KS_ENGAGED, KS_DIR "/status", KS_POLICY };
	bool by_bytes = (long)data % 2;

	if (become_user())
		return 1;
	while (true) {
		for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
			int fd = open(files[i], O_RDONLY | O_CLOEXEC);
			char text[4096];

			for (off_t at = 0; by_bytes && pread(fd, text, 1, at) == 1; at++)
				;
			while (!by_bytes && read(fd, text, sizeof(text)) > 0)
				;
			close(fd);
		}
	}
	return 1;
}

/* Has so many processes read, in a session of their own. */
static int read_all(const void *count)
{
	setsid();
	for (long i = 0; i < (long)count; i++)
		start(read_on, (void *)i);
	while (true)
		pause();
	return 1;
}

static int by_time(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return (one > other) - (one < other);
}

/*
 * The median time of an engage, in milliseconds. Some are timed together, because the
 * clock of an emulated machine moves in steps.
 */
static double time_engage(int control)
{
	double times[15];

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		double begun = now();

		for (int j = 0; j < 8; j++)
			if (ks_command(control, "engage ks_many_%03d -7\n", j))
				return -1;
		times[i] = (now() - begun) * 1000 / 8;
		for (int j = 0; j < 8; j++)
			if (ks_command(control, "disengage ks_many_%03d\n", j))
				return -1;
	}
	qsort(times, ARRAY_SIZE(times), sizeof(times[0]), by_time);
	return times[ARRAY_SIZE(times) / 2];
}

TEST_F_TIMEOUT(holdup, by_readers_of_everything, 300)
{
	long readers = ks_setting("KS_READERS", 200);
	double idle, busy;
	pid_t session;

	/* Something to read. */
	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_other -9 reason=a reason\n"
				"tryengage ks_target_long -9 3600\n"));
	idle = time_engage(self->control);
	session = start(read_all, (void *)readers);
	sleep(3 * KS_SLOWER);
	busy = time_engage(self->control);
	stop(session);
	TH_LOG("an engage takes %.2f ms, and %.2f ms beside %ld readers: %.1f times as long", idle,
	       busy, readers, busy / idle);
	EXPECT_LT(0, idle);
	EXPECT_LT(0, busy);
	EXPECT_GE(3 * idle, busy);
}

/* What a user gets from calls of socketpair() until it is stopped. */
struct sockets {
	unsigned long calls, refused;
	bool stop;
};

static int make_sockets(const void *data)
{
	struct sockets *sockets = (struct sockets *)data;

	if (become_user())
		return 1;
	while (!__atomic_load_n(&sockets->stop, __ATOMIC_ACQUIRE)) {
		int pair[2];

		if (!socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) {
			close(pair[0]);
			close(pair[1]);
		} else if (errno == EPERM) {
			__atomic_fetch_add(&sockets->refused, 1, __ATOMIC_RELAXED);
		}
		__atomic_fetch_add(&sockets->calls, 1, __ATOMIC_RELAXED);
	}
	return 0;
}

/* A request fails late: all its functions but one can be armed, and that one is livepatched. */
TEST_F_TIMEOUT(holdup, a_request_that_fails_stops_nothing, 300)
{
	char text[KS_MAX_COMMAND];
	struct sockets *sockets;
	size_t used;
	pid_t pid;

	if (access("/sys/kernel/livepatch", F_OK))
		SKIP(return, "no livepatching");
	sockets = mmap(NULL, sizeof(*sockets), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	ASSERT_NE(MAP_FAILED, sockets);
	used = snprintf(text, sizeof(text), "engage unix_socketpair -EPERM\n");
	for (int i = 0; i < 60; i++)
		used += snprintf(text + used, sizeof(text) - used, "engage ks_many_%03d -1\n", i);
	used += snprintf(text + used, sizeof(text) - used, "engage " KS_PATCHED " -5\n");
	ASSERT_GT(sizeof(text), used);

	ASSERT_EQ(0, ks_patch());
	pid = start(make_sockets, sockets);
	for (int i = 0; i < 30; i++)
		EXPECT_EQ(-EBUSY, ks_command(self->control, "%s", text));
	__atomic_store_n(&sockets->stop, true, __ATOMIC_RELEASE);
	EXPECT_EQ(0, end_within(pid, 10));
	TH_LOG("%lu of %lu calls were stopped by requests that failed", sockets->refused,
	       sockets->calls);
	EXPECT_LT(0, sockets->calls);
	EXPECT_EQ(0, sockets->refused);
	EXPECT_EQ(0, ks_unpatch());
	munmap(sockets, sizeof(*sockets));
}

/* Changes how audit is set up: 0 or -errno. */
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

/* An audit daemon that takes records, and never reads one. */
static int stopped_daemon(const void *data)
{
	struct audit_status status = {
		.mask = AUDIT_STATUS_PID | AUDIT_STATUS_ENABLED | AUDIT_STATUS_BACKLOG_LIMIT |
			AUDIT_STATUS_BACKLOG_WAIT_TIME,
		.enabled = 1,
		.pid = getpid(),
		.backlog_limit = 4,
		/* In jiffies: half a minute, or as much as there may be. */
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

/* Fills the log with what is refused, as root without capabilities. */
static int fill_log(const void *written)
{
	int fd = open(KS_CONTROL, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || ks_keep_capabilities(0))
		return 1;
	while (true) {
		ks_command(fd, "engage ks_target_int 0\n");
		__atomic_fetch_add((long *)written, 1, __ATOMIC_RELAXED);
	}
	return 1;
}

/* Waits until a function returns this: whether it does within two seconds. */
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
	/* What waits for its record, and has an effect at once all the same. */
	static const struct step writers[] = {
		{ "engage", command, "engage ks_target_int -7\n", "ks_target_int", "-7" },
		{ "engage another", command, "engage ks_target_other -9\n",
		  "ks_target_other", "-9" },
		{ "arm", command, "engage " IMPOSTOR ":ks_impostor_lets_ask -7\n" },
		{ "disengage", command, "disengage ks_target_int\n", "ks_target_int", "42" },
	};
	/* What waits for nothing. */
	static const struct step others[] = {
		{ "read engaged", read_file, KS_ENGAGED },
		{ "read status", read_file, KS_DIR "/status" },
		{ "load and unload the module that was armed", load_and_unload, IMPOSTOR },
		{ "load and unload another module", load_and_unload, "killswitch_peer" },
	};
	pid_t pids[ARRAY_SIZE(writers)], fillers[8], auditd;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT), waited = 0;
	long *written;

	written = mmap(NULL, sizeof(*written), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	ASSERT_NE(MAP_FAILED, written);
	ASSERT_LE(0, fd);
	auditd = start(stopped_daemon, NULL);
	ASSERT_EQ(-1, end_within(auditd, 0.5))
		TH_LOG("there is an audit daemon already");
	for (size_t i = 0; i < ARRAY_SIZE(fillers); i++)
		fillers[i] = start(fill_log, written);
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
	TH_LOG("%d of %zu writers waited for their records, beside %ld others", waited,
	       ARRAY_SIZE(writers), __atomic_load_n(written, __ATOMIC_RELAXED));
	/* Or else nothing was tried. */
	EXPECT_LT(0, waited);

	for (size_t i = 0; i < ARRAY_SIZE(fillers); i++)
		stop(fillers[i]);
	stop(auditd);
	EXPECT_EQ(0, set_audit(fd, &usual));
	for (size_t i = 0; i < ARRAY_SIZE(writers); i++)
		stop(pids[i]);
	close(fd);
}

TEST_HARNESS_MAIN
