// SPDX-License-Identifier: GPL-2.0-only
/* The tracepoint killswitch:call, in BPF programs and perf. */
#include <limits.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>

#include "kallsyms.h"
#include "tools.h"

#define EVENT	"/sys/kernel/tracing/events/killswitch/call"
#define CALLS	5

/* The outcome of a call. */
enum { RETURNED, OBSERVED, PASSED };

/* The program's notes: the number of calls, and the last one. */
struct notes {
	__u64 calls, function, caller, value, action, fault;
};

/*
 * Attaches a program to the tracepoint, which stores notes in @map: its link or a negative errno.
 */
static int attach(int map)
{
	struct bpf_insn code[16] = {
		/* r2 = the map's value at key 0 */
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 2,
		  .src_reg = BPF_PSEUDO_MAP_VALUE, .imm = map },
		{},
		/* Count the call */
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = 1 },
		{ .code = BPF_STX | BPF_ATOMIC | BPF_DW, .dst_reg = 2, .src_reg = 3,
		  .imm = BPF_ADD },
	};
	size_t count = 4;
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
		.insns = ks_pointer(code),
		.insn_cnt = ARRAY_SIZE(code),
		.license = ks_pointer("GPL"),
	}, attach = {};
	int link;

	/* Store each argument of the tracepoint in the notes. */
	for (size_t i = 0; i < 5; i++) {
		code[count++] = (struct bpf_insn) {
			.code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = 3, .src_reg = 1,
			.off = i * sizeof(__u64),
		};
		code[count++] = (struct bpf_insn) {
			.code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = 2, .src_reg = 3,
			.off = (i + 1) * sizeof(__u64),
		};
	}
	code[count++] = (struct bpf_insn) {
		.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0,
	};
	code[count] = (struct bpf_insn) { .code = BPF_JMP | BPF_EXIT };
	attach.raw_tracepoint.name = ks_pointer("call");
	attach.raw_tracepoint.prog_fd = ks_bpf(BPF_PROG_LOAD, &load);
	if ((int)attach.raw_tracepoint.prog_fd < 0)
		return attach.raw_tracepoint.prog_fd;
	link = ks_bpf(BPF_RAW_TRACEPOINT_OPEN, &attach);
	close(attach.raw_tracepoint.prog_fd);
	return link;
}

static int read_notes(int map, struct notes *notes)
{
	__u32 key = 0;
	union bpf_attr lookup = {
		.map_fd = map,
		.key = ks_pointer(&key),
		.value = ks_pointer(notes),
	};

	return ks_bpf(BPF_MAP_LOOKUP_ELEM, &lookup);
}

FIXTURE(trace)
{
	int control;
};

FIXTURE_SETUP(trace)
{
	self->control = ks_start();
	ASSERT_LE(0, self->control)
		TH_LOG("cannot start: %s", strerror(-self->control));
	mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	if (access(EVENT, F_OK))
		SKIP(return, "no event tracing");
	/* BPF needs it, too. */
	if (!ks_has_types())
		SKIP(return, "no type information");
}

FIXTURE_TEARDOWN(trace)
{
	EXPECT_EQ(0, ks_command(self->control, "disengage_all\n"));
	close(self->control);
}

static void call_times(const char *name, int times)
{
	char text[64];

	while (times--)
		ks_call(name, text, sizeof(text));
}

/* A BPF program, such as those of bpftrace and libbpf, sees each call. */
TEST_F(trace, bpf_program)
{
	union bpf_attr create = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(__u32),
		.value_size = sizeof(struct notes),
		.max_entries = 1,
	};
	struct notes notes = {}, before;
	struct ks_symbols symbols = {};
	const struct ks_symbol *symbol;
	int map, link;

	ASSERT_EQ(0, ks_load_symbols(&symbols));
	symbol = ks_find_symbol(&symbols, "ks_target_int");
	ASSERT_NE(NULL, symbol);
	map = ks_bpf(BPF_MAP_CREATE, &create);
	ASSERT_LE(0, map);
	link = attach(map);
	ASSERT_LE(0, link)
		TH_LOG("%s", strerror(-link));

	call_times("ks_target_int", CALLS);
	ASSERT_EQ(0, read_notes(map, &notes));
	EXPECT_EQ(0, notes.calls);

	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_int -7\n"));
	call_times("ks_target_int", CALLS);
	ASSERT_EQ(0, read_notes(map, &notes));
	EXPECT_EQ(CALLS, notes.calls);
	EXPECT_EQ(symbol->address, notes.function);
	EXPECT_NE(0, notes.caller);
	EXPECT_EQ(-7, (__s64)notes.value);
	EXPECT_EQ(RETURNED, (__u32)notes.action);
	EXPECT_EQ(0, (__u8)notes.fault);

	ASSERT_EQ(0, ks_command(self->control, "disengage_all\n"));
	ASSERT_EQ(0, ks_command(self->control, "observe ks_target_int\n"));
	call_times("ks_target_int", CALLS);
	ASSERT_EQ(0, read_notes(map, &notes));
	EXPECT_EQ(2 * CALLS, notes.calls);
	EXPECT_EQ(OBSERVED, (__u32)notes.action);

	ASSERT_EQ(0, ks_command(self->control, "disengage_all\n"));
	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_int -7 if=$uid!=0\n"));
	call_times("ks_target_int", CALLS);
	ASSERT_EQ(0, read_notes(map, &notes));
	EXPECT_EQ(3 * CALLS, notes.calls);
	EXPECT_EQ(PASSED, (__u32)notes.action);

	/* After it is detached, calls work as before. */
	before = notes;
	close(link);
	call_times("ks_target_int", CALLS);
	ASSERT_EQ(0, read_notes(map, &notes));
	EXPECT_EQ(before.calls, notes.calls);
	close(map);
}

/* perf counts events of this task, all of them or those that match its filter. */
TEST_F(trace, perf_event)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = ks_read_long(EVENT "/id"),
	};
	int all, passed;
	__u64 count;

	all = syscall(__NR_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	ASSERT_LE(0, all);
	passed = syscall(__NR_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	ASSERT_LE(0, passed);
	ASSERT_EQ(0, ioctl(passed, PERF_EVENT_IOC_SET_FILTER, "action == 2 && value == -9"));

	ASSERT_EQ(0, ks_command(self->control, "engage ks_target_int -7\n"
				"engage ks_target_other -9 if=$uid!=0\n"));
	call_times("ks_target_int", CALLS);
	call_times("ks_target_other", CALLS + 1);
	ASSERT_EQ(sizeof(count), read(all, &count, sizeof(count)));
	EXPECT_EQ(2 * CALLS + 1, count);
	ASSERT_EQ(sizeof(count), read(passed, &count, sizeof(count)));
	EXPECT_EQ(CALLS + 1, count);
	close(passed);
	close(all);
}

TEST_HARNESS_MAIN
