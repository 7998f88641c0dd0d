// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes need CAP_SYS_ADMIN in the initial user namespace, both for the opener and the writer.
 */
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "common.h"

enum actor {
	/* root after login */
	ROOT,
	/* uid 0 without capabilities */
	NO_CAPABILITY,
	/* uid 0 with all capabilities except CAP_SYS_ADMIN */
	NO_SYS_ADMIN,
	/* an unprivileged user */
	USER,
	/* an unprivileged user with CAP_SYS_ADMIN only */
	SYS_ADMIN_ONLY,
	/* root in a user namespace created by root, where uid 0 is uid 0 outside */
	NAMESPACE_OF_ROOT,
	/* root in a user namespace created by an unprivileged user */
	NAMESPACE_OF_USER,
};

static int become_user(void)
{
	return setgroups(0, NULL) || setresgid(KS_NOBODY, KS_NOBODY, KS_NOBODY) ||
	       setresuid(KS_NOBODY, KS_NOBODY, KS_NOBODY);
}

/* Makes this process root in its own user namespace. */
static int become_namespace_root(int uid)
{
	char map[64];

	snprintf(map, sizeof(map), "0 %d 1", uid);
	return prctl(PR_SET_DUMPABLE, 1) || unshare(CLONE_NEWUSER) ||
	       ks_put("/proc/self/setgroups", "deny") ||
	       ks_put("/proc/self/uid_map", map) || ks_put("/proc/self/gid_map", map);
}

static int become(enum actor actor)
{
	switch (actor) {
	case ROOT:
		return 0;
	case NO_CAPABILITY:
		return ks_keep_capabilities(0);
	case NO_SYS_ADMIN:
		return ks_keep_capabilities(~(1ULL << CAP_SYS_ADMIN));
	case USER:
		return become_user();
	case SYS_ADMIN_ONLY:
		return prctl(PR_SET_KEEPCAPS, 1) || become_user() ||
		       ks_keep_capabilities(1ULL << CAP_SYS_ADMIN);
	case NAMESPACE_OF_ROOT:
		return become_namespace_root(0);
	case NAMESPACE_OF_USER:
		return become_user() || become_namespace_root(KS_NOBODY);
	}
	return -1;
}

/*
 * Lets another process, as @actor, open @path (if @text is NULL) or write @text to @fd: the
 * descriptor, 0, or a negative errno; -ESRCH if the process could not become @actor.
 */
static int run_as(enum actor actor, const char *path, int fd, const char *text)
{
	int sock[2], ret, status;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sock))
		return -errno;
	child = fork();
	if (!child) {
		if (become(actor)) {
			ks_send_result(sock[1], -ESRCH, -1);
		} else if (text) {
			ks_send_result(sock[1], ks_write(fd, text, strlen(text)), -1);
		} else {
			fd = open(path, O_RDWR);
			ks_send_result(sock[1], -errno, fd);
		}
		_exit(0);
	}
	close(sock[1]);
	ret = child < 0 ? -errno : ks_take_result(sock[0]);
	close(sock[0]);
	if (child > 0)
		waitpid(child, &status, 0);
	return ret;
}

FIXTURE(gate)
{
	int control;
	int audit;
	char engaged[4096];
};

FIXTURE_VARIANT(gate)
{
	enum actor opener;
	enum actor writer;
	int open_error;
	int write_error;
	int uid;
};

/* Permitted. */
FIXTURE_VARIANT_ADD(gate, root) {
	.opener = ROOT,
	.writer = ROOT,
};

FIXTURE_VARIANT_ADD(gate, root_to_sys_admin_only) {
	.opener = ROOT,
	.writer = SYS_ADMIN_ONLY,
	.uid = KS_NOBODY,
};

/* Not permitted, although they own the file. */
FIXTURE_VARIANT_ADD(gate, no_capability) {
	.opener = NO_CAPABILITY,
	.writer = NO_CAPABILITY,
	.write_error = EPERM,
};

FIXTURE_VARIANT_ADD(gate, no_sys_admin) {
	.opener = NO_SYS_ADMIN,
	.writer = NO_SYS_ADMIN,
	.write_error = EPERM,
};

FIXTURE_VARIANT_ADD(gate, namespace_of_root) {
	.opener = NAMESPACE_OF_ROOT,
	.writer = NAMESPACE_OF_ROOT,
	.write_error = EPERM,
};

/* Not permitted to open it. */
FIXTURE_VARIANT_ADD(gate, user) {
	.opener = USER,
	.writer = USER,
	.open_error = EACCES,
};

FIXTURE_VARIANT_ADD(gate, sys_admin_only) {
	.opener = SYS_ADMIN_ONLY,
	.writer = SYS_ADMIN_ONLY,
	.open_error = EACCES,
};

FIXTURE_VARIANT_ADD(gate, namespace_of_user) {
	.opener = NAMESPACE_OF_USER,
	.writer = NAMESPACE_OF_USER,
	.open_error = EACCES,
};

/* A file opened by a privileged process does not permit unprivileged writers. */
FIXTURE_VARIANT_ADD(gate, root_to_no_capability) {
	.opener = ROOT,
	.writer = NO_CAPABILITY,
	.write_error = EPERM,
};

FIXTURE_VARIANT_ADD(gate, root_to_no_sys_admin) {
	.opener = ROOT,
	.writer = NO_SYS_ADMIN,
	.write_error = EPERM,
};

FIXTURE_VARIANT_ADD(gate, root_to_user) {
	.opener = ROOT,
	.writer = USER,
	.write_error = EPERM,
	.uid = KS_NOBODY,
};

FIXTURE_VARIANT_ADD(gate, root_to_namespace_of_root) {
	.opener = ROOT,
	.writer = NAMESPACE_OF_ROOT,
	.write_error = EPERM,
};

FIXTURE_VARIANT_ADD(gate, root_to_namespace_of_user) {
	.opener = ROOT,
	.writer = NAMESPACE_OF_USER,
	.write_error = EPERM,
	.uid = KS_NOBODY,
};

/* A file opened by an unprivileged process does not permit privileged writers. */
FIXTURE_VARIANT_ADD(gate, no_capability_to_root) {
	.opener = NO_CAPABILITY,
	.writer = ROOT,
	.write_error = EPERM,
};

FIXTURE_VARIANT_ADD(gate, no_sys_admin_to_root) {
	.opener = NO_SYS_ADMIN,
	.writer = ROOT,
	.write_error = EPERM,
};

FIXTURE_VARIANT_ADD(gate, namespace_of_root_to_root) {
	.opener = NAMESPACE_OF_ROOT,
	.writer = ROOT,
	.write_error = EPERM,
};

FIXTURE_SETUP(gate)
{
	self->control = ks_start();
	ASSERT_LE(0, self->control)
		TH_LOG("cannot start: %s", strerror(-self->control));
	self->audit = ks_audit_open();
	ASSERT_LE(0, self->audit);
	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_other -9 reason=stays\n"));
	ASSERT_LT(0, ks_read(KS_ENGAGED, self->engaged, sizeof(self->engaged)));
}

FIXTURE_TEARDOWN(gate)
{
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	close(self->audit);
	close(self->control);
}

static const struct attempt {
	const char *path;
	const char *text;
	const char *op;
	const char *func;
} attempts[] = {
	{ KS_CONTROL, "engage ks_target_int -7\n", "engage", "ks_target_int" },
	{ KS_FN "ks_target_other/retval", "-5\n", "retval", "ks_target_other" },
	{ KS_CONTROL, "disengage ks_target_other\n", "disengage", "ks_target_other" },
};

TEST_F(gate, write)
{
	char records[16384], engaged[4096], value[64], op[64], func[64], result[64], uid[64];

	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		const struct attempt *a = &attempts[i];
		int fd, ret;

		fd = run_as(variant->opener, a->path, -1, NULL);
		if (variant->open_error) {
			EXPECT_EQ(-variant->open_error, fd)
				TH_LOG("%s was opened: %s", a->path, fd < 0 ? strerror(-fd) : "");
			continue;
		}
		ASSERT_LE(0, fd)
			TH_LOG("opening %s: %s", a->path, strerror(-fd));

		ASSERT_LE(0, ks_audit_collect(self->audit, self->control, records,
					      sizeof(records)));
		ret = run_as(variant->writer, NULL, fd, a->text);
		close(fd);
		EXPECT_EQ(-variant->write_error, ret)
			TH_LOG("%s: %s", a->text, ret < 0 ? strerror(-ret) : "done");

		/* One record, with the writer and the result. */
		EXPECT_EQ(1, ks_audit_collect(self->audit, self->control, records,
					      sizeof(records)))
			TH_LOG("%srecorded as %s", a->text, records);
		snprintf(op, sizeof(op), "lsm=killswitch op=%s ", a->op);
		snprintf(func, sizeof(func), " func=\"%s\" ", a->func);
		snprintf(uid, sizeof(uid), " uid=%d ", variant->uid);
		ks_record_end(result, sizeof(result), variant->write_error);
		EXPECT_NE(NULL, strstr(records, op))
			TH_LOG("no%sin %s", op, records);
		EXPECT_NE(NULL, strstr(records, func))
			TH_LOG("no%sin %s", func, records);
		EXPECT_NE(NULL, strstr(records, uid))
			TH_LOG("no%sin %s", uid, records);
		EXPECT_NE(NULL, strstr(records, result))
			TH_LOG("no%s in %s", result, records);

		if (!variant->write_error)
			continue;
		EXPECT_LT(0, ks_read(KS_ENGAGED, engaged, sizeof(engaged)));
		EXPECT_STREQ(self->engaged, engaged);
		EXPECT_LT(0, ks_call("ks_target_int", value, sizeof(value)));
		EXPECT_STREQ("42", value);
	}
}

/* Unprivileged writers get no information about other requests. */
TEST_F(gate, other_commands)
{
	static const char * const texts[] = {
		"disengage_all\n",
		"engage security_file_open 0\n",
		"engage ks_no_such_function 0\n",
		"no such command\n",
		"\n",
	};
	char engaged[4096];

	if (!variant->write_error)
		SKIP(return, "only for unprivileged writers");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		int fd = run_as(variant->opener, KS_CONTROL, -1, NULL);

		ASSERT_LE(0, fd);
		EXPECT_EQ(-EPERM, run_as(variant->writer, NULL, fd, texts[i]))
			TH_LOG("%s", texts[i]);
		close(fd);
	}
	EXPECT_LT(0, ks_read(KS_ENGAGED, engaged, sizeof(engaged)));
	EXPECT_STREQ(self->engaged, engaged);
}

TEST_HARNESS_MAIN
