// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures the cost of a call of an engaged function, compared with a probe that overrides the
 * return value as the kernel's fault injection does: in cycles, or in instructions with
 * testing/vm/run --icount.
 */
#include "tools.h"

#define CROWD 199

static int override_crowd(void)
{
	int ret = 0;

	for (int i = 0; i < CROWD && !ret; i++)
		ret = ks_peer("attach", "override ks_many_%03d -1", i);
	return ret;
}

/* Measures and prints the cost. */
#define COST(what) ({								\
	long cost_ = ks_cost(1);							\
										\
	EXPECT_LE(0, cost_);							\
	TH_LOG("%-30s %4ld.%ld", what, cost_ / 10, cost_ % 10);			\
	cost_;									\
})

FIXTURE(cost)
{
	int control;
};

FIXTURE_SETUP(cost)
{
	self->control = ks_start();
	ASSERT_LE(0, self->control);
	ASSERT_EQ(0, ks_load_module("killswitch_peer"));
	ASSERT_EQ(0, ks_peer("detach", "all"));
}

FIXTURE_TEARDOWN(cost)
{
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	EXPECT_EQ(0, ks_peer("detach", "all"));
	close(self->control);
}

TEST_F_TIMEOUT(cost, of_a_hit, 600)
{
	long plain, engaged, crowd, after, overridden, override_among;

	plain = COST("a call");

	ASSERT_EQ(0, ks_command(self->control, "engage ks_peer_int -1\n"));
	engaged = COST("engaged");
	EXPECT_EQ(0, ks_engage_crowd(self->control, CROWD));
	crowd = COST("engaged, with 199 others");
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	after = COST("a call afterwards");

	ASSERT_EQ(0, ks_peer("attach", "override ks_peer_int -1"));
	overridden = COST("overridden");
	EXPECT_EQ(0, override_crowd());
	override_among = COST("overridden, with 199 others");

	/* Cycles vary, instructions do not. */
	if (!getenv("KS_EXACT"))
		return;
	EXPECT_EQ(plain, after);
	/* It costs at most a tenth more than a probe that does not distinguish callers. */
	EXPECT_LE(engaged, overridden * 11 / 10);
	/* Probes are found in a hash table, in which they may share a bucket. */
	EXPECT_EQ(override_among - overridden, crowd - engaged);
}

TEST_HARNESS_MAIN
