// SPDX-License-Identifier: GPL-2.0-only
/*
 * The value must fit the function's return type, and must be one that the function itself could
 * return; variants that still run are reported.
 */
#include "common.h"

FIXTURE(types)
{
	int control;
	int check;
};

FIXTURE_SETUP(types)
{
	self->control = ks_start();
	ASSERT_LE(0, self->control)
		TH_LOG("cannot start: %s", strerror(-self->control));
	self->check = open(KS_DIR "/check", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->check);
	if (!ks_has_types())
		SKIP(return, "the kernel has no type information");
}

FIXTURE_TEARDOWN(types)
{
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	close(self->check);
	close(self->control);
}

/*
 * The return value of an engaged function, or the error: ERANGE for values that the type cannot
 * hold, EACCES for values that callers take for success, or cannot handle.
 */
static const struct type_case {
	const char *name;
	const char *value;
	int error;
	const char *returned;
} type_cases[] = {
	{ "ks_target_int", "2147483647", 0, "2147483647" },
	{ "ks_target_int", "-2147483648", 0, "-2147483648" },
	{ "ks_target_int", "2147483648", ERANGE },
	{ "ks_target_int", "-2147483649", ERANGE },
	{ "ks_target_long", "9223372036854775807", 0, "9223372036854775807" },
	{ "ks_target_long", "-9223372036854775808", 0, "-9223372036854775808" },
	{ "ks_target_bool", "0", 0, "false" },
	{ "ks_target_bool", "1", EACCES },
	{ "ks_target_bool", "-1", EACCES },
	{ "ks_target_bool", "2", EACCES },
	{ "ks_target_bool", "-EPERM", EACCES },
	{ "ks_target_void", "void", 0, "0" },
	{ "ks_target_void", "0", 0, "0" },
	{ "ks_target_void", "1", ERANGE },
	{ "ks_target_void", "-1", ERANGE },
	{ "ks_target_ptr", "NULL", 0, "NULL" },
	{ "ks_target_ptr", "-ENOMEM", EACCES },
	{ "ks_target_ptr", "1", EACCES },
	{ "ks_target_ptr", "0x7fffffffffffffff", EACCES },
	/* A function that can fail takes errors only. */
	{ "ks_target_errptr", "-ENOMEM", 0, "-12" },
	{ "ks_target_errptr", "-134", 0, "-134" },
	{ "ks_target_errptr", "NULL", EACCES },
	{ "ks_target_errptr", "-135", EACCES },
	{ "ks_target_errptr", "1", EACCES },
	{ "ks_target_fails", "-ENOENT", 0, "-2" },
	{ "ks_target_fails", "-134", 0, "-134" },
	{ "ks_target_fails", "0", EACCES },
	{ "ks_target_fails", "1", EACCES },
	{ "ks_target_fails", "-135", EACCES },
	{ "ks_target_fails", "2147483648", EACCES },
	{ "ks_target_byte", "255", 0, "255" },
	{ "ks_target_byte", "256", ERANGE },
	{ "ks_target_byte", "-1", ERANGE },
	{ "ks_target_ulong", "9223372036854775807", 0, "9223372036854775807" },
	{ "ks_target_ulong", "-ENOMEM", 0, "18446744073709551604" },
	{ "ks_target_ulong", "-134", 0, "18446744073709551482" },
	{ "ks_target_ulong", "-135", ERANGE },
	{ "ks_target_enum", "0", 0, "0" },
	{ "ks_target_enum", "-1", ERANGE },
	{ "ks_target_struct", "0", ERANGE },
	{ "ks_target_struct", "-1", ERANGE },
	{ "ks_target_varied.constprop.0", "-1", 0 },
	{ "ks_target_varied.constprop.0", "2147483648", ERANGE },
};

TEST_F_TIMEOUT(types, each_value, 120)
{
	char value[64];

	for (size_t i = 0; i < ARRAY_SIZE(type_cases); i++) {
		const struct type_case *c = &type_cases[i];

		EXPECT_EQ(-c->error, ks_command(self->control, "engage %s %s\n", c->name, c->value))
			TH_LOG("%s %s", c->name, c->value);
		if (c->returned) {
			EXPECT_LT(0, ks_call(c->name, value, sizeof(value)));
			EXPECT_STREQ(c->returned, value)
				TH_LOG("%s %s", c->name, c->value);
		}
		EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	}
}

/* A changed value is checked like the first one. */
TEST_F(types, rewritten)
{
	char value[64];
	int fd;

	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_byte 7\n"));
	fd = ks_open_fn("ks_target_byte", "retval", O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-ERANGE, ks_write(fd, "-1\n", 3));
	EXPECT_EQ(-ERANGE, ks_write(fd, "256\n", 4));
	EXPECT_LT(0, ks_call("ks_target_byte", value, sizeof(value)));
	EXPECT_STREQ("7", value);
	EXPECT_EQ(0, ks_write(fd, "255\n", 4));
	EXPECT_LT(0, ks_call("ks_target_byte", value, sizeof(value)));
	EXPECT_STREQ("255", value);
	close(fd);

	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_fails -7\n"));
	fd = ks_open_fn("ks_target_fails", "retval", O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EACCES, ks_write(fd, "0\n", 2));
	EXPECT_EQ(-EACCES, ks_write(fd, "-135\n", 5));
	EXPECT_LT(0, ks_call("ks_target_fails", value, sizeof(value)));
	EXPECT_STREQ("-7", value);
	EXPECT_EQ(0, ks_write(fd, "-8\n", 3));
	EXPECT_LT(0, ks_call("ks_target_fails", value, sizeof(value)));
	EXPECT_STREQ("-8", value);
	close(fd);
}

static const struct {
	const char *name;
	const char *type;
} declared[] = {
	{ "ks_target_int", "  returns: int\n" },
	{ "ks_target_long", "  returns: signed 64-bit number\n" },
	{ "ks_target_ulong", "  returns: unsigned 64-bit number\n" },
	{ "ks_target_byte", "  returns: unsigned 8-bit number\n" },
	{ "ks_target_enum", "  returns: unsigned 32-bit number\n" },
	{ "ks_target_bool", "  returns: bool\n" },
	{ "ks_target_void", "  returns: void\n" },
	{ "ks_target_ptr", "  returns: pointer\n" },
	{ "ks_target_errptr", "  returns: pointer\n" },
	{ "ks_target_fails", "  returns: int\n" },
	{ "ks_target_struct", "  returns: structure\n" },
	{ "ks_target_varied.constprop.0", "  returns: int\n" },
};

TEST_F(types, check_shows_the_type)
{
	char answer[4096];

	for (size_t i = 0; i < ARRAY_SIZE(declared); i++) {
		ASSERT_EQ(0, ks_command(self->check, "%s 0\n", declared[i].name));
		ASSERT_LT(0, ks_read_fd(self->check, answer, sizeof(answer)));
		EXPECT_NE(NULL, strstr(answer, declared[i].type))
			TH_LOG("%s", answer);
		EXPECT_NE(NULL, strstr(answer, " in module killswitch_target\n  zone: module\n"))
			TH_LOG("%s", answer);
	}
}

/* A note says that a variant still runs, and it does. */
TEST_F(types, variants)
{
	static const char * const other = "note: ks_target_varied.constprop.0, ";
	static const char * const original = "note: ks_target_varied, ";
	char answer[4096], value[64];

	ASSERT_EQ(0, ks_command(self->check, "ks_target_varied -1\n"));
	ASSERT_LT(0, ks_read_fd(self->check, answer, sizeof(answer)));
	EXPECT_EQ(0, strncmp(answer, "allow ks_target_varied -1\n", 26));
	EXPECT_NE(NULL, strstr(answer, other))
		TH_LOG("%s", answer);

	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_varied -1\n"));
	ASSERT_LT(0, ks_read_fd(self->control, answer, sizeof(answer)));
	EXPECT_NE(NULL, strstr(answer, other))
		TH_LOG("%s", answer);
	EXPECT_LT(0, ks_call("ks_target_varied", value, sizeof(value)));
	EXPECT_STREQ("-1 49", value);

	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_varied.constprop.0 -2\n"));
	ASSERT_LT(0, ks_read_fd(self->control, answer, sizeof(answer)));
	EXPECT_NE(NULL, strstr(answer, original))
		TH_LOG("%s", answer);
	EXPECT_EQ(NULL, strstr(answer, other))
		TH_LOG("%s", answer);
	EXPECT_LT(0, ks_call("ks_target_varied", value, sizeof(value)));
	EXPECT_STREQ("-1 -2", value);

	ASSERT_EQ(0, ks_command(self->check, "ks_target_int 0\n"));
	ASSERT_LT(0, ks_read_fd(self->check, answer, sizeof(answer)));
	EXPECT_EQ(NULL, strstr(answer, "keeps running"))
		TH_LOG("%s", answer);
}

TEST_HARNESS_MAIN
