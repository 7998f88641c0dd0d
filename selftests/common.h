/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared code of the tests: the control file, the target module and audit records.
 */
#ifndef KILLSWITCH_COMMON_H
#define KILLSWITCH_COMMON_H

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/limits.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "kselftest_harness.h"

/* The slowdown of the machine, which applies to the tests' time limits, too. */
#ifndef KS_SLOWER
#define KS_SLOWER 1
#endif
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	(30 * KS_SLOWER)
#undef TEST_F_TIMEOUT
#define TEST_F_TIMEOUT(fixture, test, seconds) \
	__TEST_F_IMPL(fixture, test, -1, (seconds) * KS_SLOWER)

#define KS_DIR		"/sys/kernel/security/killswitch"
#define KS_CONTROL	KS_DIR "/control"
#define KS_CHECK	KS_DIR "/check"
#define KS_ENGAGED	KS_DIR "/engaged"
#define KS_POLICY	KS_DIR "/policy"
#define KS_FN		KS_DIR "/fn/"
#define KS_TARGET	"/sys/kernel/debug/killswitch_target"

#define KS_MAX_COMMAND	4096
#define KS_MAX_REASON	128
/* An unprivileged user. */
#define KS_NOBODY	65534

/* The rest of an ordinary line of `engaged`, after the hits. */
#define KS_AS_USUAL	"state=engaged scope=all"

/* The number in the environment variable @name, or @otherwise. */
static inline long ks_setting(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text && atol(text) > 0 ? atol(text) : otherwise;
}

/* Writes @buf in one write: 0 or a negative errno. */
static inline int ks_write(int fd, const char *buf, size_t len)
{
	ssize_t ret = write(fd, buf, len);

	if (ret < 0)
		return -errno;
	return (size_t)ret == len ? 0 : -EIO;
}

/* Appends @text to the file @path: 0 or a negative errno. */
static inline int ks_put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = ks_write(fd, text, strlen(text));
	close(fd);
	return ret;
}

/* Writes one command to an open control file: 0 or a negative errno. */
static inline int ks_command(int fd, const char *format, ...)
{
	char buf[KS_MAX_COMMAND + 1];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(buf, sizeof(buf), format, args);
	va_end(args);
	return ks_write(fd, buf, len);
}

/* Reads the rest of @fd into @buf as a string: its length or a negative errno. */
static inline ssize_t ks_read_fd(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t ret;

	buf[0] = '\0';
	while (len < size - 1) {
		ret = read(fd, buf + len, size - 1 - len);
		if (ret < 0)
			return -errno;
		if (!ret)
			break;
		len += ret;
	}
	buf[len] = '\0';
	return len;
}

/* Reads the file @path as a string, without its last newline: length or -errno. */
static inline ssize_t ks_read(const char *path, char *buf, size_t size)
{
	ssize_t len;
	int fd;

	buf[0] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = ks_read_fd(fd, buf, size);
	close(fd);
	if (len > 0 && buf[len - 1] == '\n')
		buf[--len] = '\0';
	return len;
}

static inline long ks_read_long(const char *path)
{
	char buf[64];
	ssize_t ret = ks_read(path, buf, sizeof(buf));

	return ret < 0 ? ret : strtol(buf, NULL, 0);
}

/*
 * Whether the kernel has type information. Without it, functions may be made to
 * return errors only.
 */
static inline bool ks_has_types(void)
{
	char status[8192];

	return ks_read(KS_DIR "/status", status, sizeof(status)) > 0 &&
	       strstr(status, "\ntypes: btf\n");
}

/* Opens the file @file of the engaged function @name: descriptor or -errno. */
static inline int ks_open_fn(const char *name, const char *file, int flags)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), KS_FN "%s/%s", name, file);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static inline long ks_hits(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), KS_FN "%s/hits", name);
	return ks_read_long(path);
}

/* Copies the line of `engaged` that begins with @name into @line. */
static inline bool ks_engaged(const char *name, char *line, size_t size)
{
	static char all[256 * 512];
	size_t len = strlen(name);
	char *start, *save;

	if (ks_read(KS_ENGAGED, all, sizeof(all)) < 0)
		return false;
	for (start = strtok_r(all, "\n", &save); start; start = strtok_r(NULL, "\n", &save)) {
		if (strncmp(start, name, len) || start[len] != ' ')
			continue;
		if (line)
			snprintf(line, size, "%s", start);
		return true;
	}
	return false;
}

/* Drops all capabilities of this thread except @wanted: 0 or a negative errno. */
static inline int ks_keep_capabilities(__u64 wanted)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};

	if (syscall(__NR_capget, &header, data))
		return -errno;
	for (int i = 0; i < 2; i++) {
		data[i].permitted &= wanted >> (32 * i);
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(__NR_capset, &header, data) ? -errno : 0;
}

/* Calls the function @name of the target module: its return value, as text. */
static inline ssize_t ks_call(const char *name, char *buf, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), KS_TARGET "/call/%s", name);
	return ks_read(path, buf, size);
}

/* How often the body of the function @name of the target module ran. */
static inline long ks_runs(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), KS_TARGET "/runs/%s", name);
	return ks_read_long(path);
}

/* Opens @file, which is in @place next to this program: a descriptor or -errno. */
static inline int ks_open_beside(const char *place, const char *file)
{
	char self[PATH_MAX] = "", path[PATH_MAX + 128];
	int fd;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return -errno;
	snprintf(path, sizeof(path), "%s/%s%s", dirname(self), place, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Loads a test module with @parameters, unless it is loaded: 0 or a negative errno. */
static inline int ks_load_module_with(const char *name, const char *parameters)
{
	static const char * const places[] = { "", "test_modules/" };
	int fd, ret = -ENOENT;
	char file[64];

	snprintf(file, sizeof(file), "%s.ko", name);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		fd = ks_open_beside(places[i], file);
		if (fd < 0)
			continue;
		ret = syscall(__NR_finit_module, fd, parameters, 0) ? -errno : 0;
		close(fd);
		if (!ret || ret == -EEXIST)
			return 0;
	}
	return ret;
}

static inline int ks_load_module(const char *name)
{
	return ks_load_module_with(name, "");
}

static inline int ks_unload_module(const char *name)
{
	return syscall(__NR_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

/* Loads the target module, unless it is loaded: 0 or a negative errno. */
static inline int ks_load_target(void)
{
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	return access(KS_TARGET, F_OK) ? ks_load_module("killswitch_target") : 0;
}

/*
 * Opens the control file with nothing engaged and the target module loaded:
 * the descriptor or a negative errno.
 */
static inline int ks_start(void)
{
	int control, ret;

	ret = ks_load_target();
	if (ret)
		return ret;
	control = open(KS_CONTROL, O_RDWR | O_CLOEXEC);
	if (control < 0)
		return -errno;
	ret = ks_command(control, "disengage_all\n");
	if (!ret)
		return control;
	close(control);
	return ret;
}

/* Sends @number, and @fd if it is valid, to the other end of @sock. */
static inline void ks_send_result(int sock, int number, int fd)
{
	char space[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { .iov_base = &number, .iov_len = sizeof(number) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		struct cmsghdr *header;

		msg.msg_control = space;
		msg.msg_controllen = sizeof(space);
		header = CMSG_FIRSTHDR(&msg);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	}
	if (sendmsg(sock, &msg, 0) != sizeof(number))
		_exit(1);
}

/* Receives from ks_send_result(): the descriptor if there is one, or the number. */
static inline int ks_take_result(int sock)
{
	char space[CMSG_SPACE(sizeof(int))] = {};
	int number = -EPIPE, fd;
	struct iovec iov = { .iov_base = &number, .iov_len = sizeof(number) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = sizeof(space),
	};

	if (recvmsg(sock, &msg, 0) != sizeof(number))
		return -EPIPE;
	if (!CMSG_FIRSTHDR(&msg))
		return number;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* Opens the stream of audit records: a descriptor or a negative errno. */
static inline int ks_audit_open(void)
{
	struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_groups = 1U << (AUDIT_NLGRP_READLOG - 1),
	};
	struct timeval timeout = { .tv_sec = 10 };
	int size = 4 << 20;
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		int ret = -errno;

		close(fd);
		return ret;
	}
	return fd;
}

/* The end of a record, for success or failure with @error. */
static inline void ks_record_end(char *buf, size_t size, int error)
{
	if (error)
		snprintf(buf, size, " res=0 errno=%d", error);
	else
		snprintf(buf, size, " res=1\n");
}

/*
 * Collects into @buf the Killswitch records that have arrived on @audit since it was opened or last
 * read, one per line, up to the first that contains @mark: their number or a negative errno.
 */
static inline int ks_audit_collect_until(int audit, const char *mark, char *buf, size_t size)
{
	char record[16384];
	size_t used = 0;
	int count = 0;

	buf[0] = '\0';
	while (true) {
		struct nlmsghdr *header = (struct nlmsghdr *)record;
		ssize_t len = recv(audit, record, sizeof(record) - 1, 0);
		char *text = NLMSG_DATA(header);
		int added;

		/* io_uring's work also interrupts it, not only signals. */
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return -errno;
		record[len] = '\0';
		if (header->nlmsg_type != AUDIT_MAC_CONFIG_CHANGE ||
		    !strstr(text, "lsm=killswitch "))
			continue;
		if (strstr(text, mark))
			return count;
		added = snprintf(buf + used, size - used, "%s\n", strstr(text, "lsm="));
		if (added < 0 || (size_t)added >= size - used)
			return -ENOBUFS;
		used += added;
		count++;
	}
}

/*
 * The same, up to the record of a refused command, since records are delayed.
 */
static inline int ks_audit_collect(int audit, int control, char *buf, size_t size)
{
	static unsigned int turn;
	char mark[64];

	buf[0] = '\0';
	snprintf(mark, sizeof(mark), "ks_mark_%d_%u", getpid(), turn++);
	if (ks_command(control, "disengage %s\n", mark) != -ENOENT)
		return -EPROTO;
	return ks_audit_collect_until(audit, mark, buf, size);
}

/*
 * Whether the function @name could be engaged with @value: 0, or the negative errno of the refusal.
 * Uses a transaction whose second line always fails, so that nothing is engaged.
 */
static inline int ks_try(int control, const char *name, const char *value)
{
	char answer[4096];
	ssize_t len;
	int ret;

	ret = ks_command(control, "engage %s %s\nengage ks_no_such_function 0\n", name, value);
	if (ret != -ENOENT)
		return ret ? ret : -EPROTO;
	len = pread(control, answer, sizeof(answer) - 1, 0);
	if (len < 0)
		return -errno;
	answer[len] = '\0';
	return strstr(answer, "refused in line 2: ") ? 0 : ret;
}

/* Writes a request to the file check, and copies the answer to @answer: 0 or -errno. */
static inline int ks_ask(char *answer, size_t size, const char *format, ...)
{
	char buf[KS_MAX_COMMAND + 1];
	va_list args;
	int fd, len, ret;

	answer[0] = '\0';
	fd = open(KS_CHECK, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	va_start(args, format);
	len = vsnprintf(buf, sizeof(buf), format, args);
	va_end(args);
	ret = ks_write(fd, buf, len);
	len = ks_read_fd(fd, answer, size);
	close(fd);
	return ret ? ret : len < 0 ? len : 0;
}

#endif /* KILLSWITCH_COMMON_H */
