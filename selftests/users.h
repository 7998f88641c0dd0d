/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes of users during a test, and the time of operations.
 */
#ifndef KILLSWITCH_USERS_H
#define KILLSWITCH_USERS_H

#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "common.h"

#define USER	1001

static inline double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* Runs @body in a process that is killed when this one exits: its pid. */
static inline pid_t start(int (*body)(const void *), const void *data)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(body(data));
}

static inline void stop(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Waits for the process for @seconds at most: its exit status, or -1. */
static inline int end_within(pid_t pid, double seconds)
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

static inline int become_user(void)
{
	/* Changing the user ID resets this. */
	return setgroups(0, NULL) || setresgid(USER, USER, USER) || setresuid(USER, USER, USER) ||
	       prctl(PR_SET_PDEATHSIG, SIGKILL);
}

#endif
