// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unprivileged readers of all readable files do not delay an engage.
 *
 * KS_READERS is the number of reading processes (default 200).
 */
#include "common.h"
#include "users.h"

FIXTURE(readers)
{
	int control;
};

FIXTURE_SETUP(readers)
{
	self->control = ks_start();
	ASSERT_LE(0, self->control)
		TH_LOG("cannot start: %s", strerror(-self->control));
}

FIXTURE_TEARDOWN(readers)
{
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	close(self->control);
}

/* Reads all world-readable files continuously, some byte by byte. */
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

/* Starts @count readers in their own session. */
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
 * The time of an engage, in milliseconds. Several are timed together, because the clock of an
 * emulated machine is coarse.
 */
static double time_engage(int control)
{
	double begun = now(), took;

	for (int i = 0; i < 8; i++)
		if (ks_command(control, "engage ks_many_%03d -7\n", i))
			return -1;
	took = (now() - begun) * 1000 / 8;
	for (int i = 0; i < 8; i++)
		if (ks_command(control, "disengage ks_many_%03d\n", i))
			return -1;
	return took;
}

TEST_F_TIMEOUT(readers, of_everything, 300)
{
	long readers = ks_setting("KS_READERS", 200);
	double idle[25], busy[ARRAY_SIZE(idle)];
	size_t middle = ARRAY_SIZE(idle) / 2;
	pid_t session;

	/* Some content for readers. */
	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_other -9 reason=a reason\n"
				"tryengage ks_target_long -9 3600\n"));
	session = start(read_all, (void *)readers);
	sleep(3 * KS_SLOWER);
	/* Alternate, because the load of the host varies. */
	for (size_t i = 0; i < ARRAY_SIZE(idle); i++) {
		EXPECT_EQ(0, kill(-session, SIGSTOP));
		idle[i] = time_engage(self->control);
		EXPECT_EQ(0, kill(-session, SIGCONT));
		busy[i] = time_engage(self->control);
		EXPECT_LT(0, idle[i]);
		EXPECT_LT(0, busy[i]);
	}
	kill(-session, SIGKILL);
	stop(session);
	qsort(idle, ARRAY_SIZE(idle), sizeof(idle[0]), by_time);
	qsort(busy, ARRAY_SIZE(busy), sizeof(busy[0]), by_time);
	TH_LOG("an engage takes %.2f ms, and %.2f ms with %ld readers: %.1f times as long",
	       idle[middle], busy[middle], readers, busy[middle] / idle[middle]);
	EXPECT_GE(3 * idle[middle], busy[middle]);
}

TEST_HARNESS_MAIN
