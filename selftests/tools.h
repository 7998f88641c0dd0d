/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Other tools that attach to functions: those implemented by the module killswitch_peer, and BPF
 * programs.
 */
#ifndef KILLSWITCH_TOOLS_H
#define KILLSWITCH_TOOLS_H

#include <linux/bpf.h>
#include <linux/btf.h>

#include "common.h"

#define KS_PEER "/sys/kernel/debug/killswitch_peer"

/* Writes a line to a file of the module killswitch_peer: 0 or a negative errno. */
static inline int ks_peer(const char *file, const char *format, ...)
{
	char path[PATH_MAX], line[640];
	va_list args;
	int fd, ret;

	snprintf(path, sizeof(path), KS_PEER "/%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	ret = ks_write(fd, line, strlen(line));
	close(fd);
	return ret;
}

/* Engages the first @count of the functions ks_many_*, several per write: 0 or -errno. */
static inline int ks_engage_crowd(int control, int count)
{
	char text[KS_MAX_COMMAND];
	int ret = 0, next = 0;

	while (next < count && !ret) {
		size_t used = 0;

		for (int i = 0; i < 50 && next < count; i++, next++)
			used += snprintf(text + used, sizeof(text) - used,
					 "engage ks_many_%03d -%d\n", next, next + 1);
		ret = ks_command(control, "%s", text);
	}
	return ret;
}

/*
 * The cost of a call of ks_peer_int(), on one CPU or on all @cpus concurrently: in tenths of a
 * cycle, or a negative errno. The minimum of several measurements, because of other load.
 */
static inline long ks_cost(int cpus)
{
	const int calls = 10000;
	long least = -EINVAL;

	for (int i = 0; i < 5; i++) {
		int ret = ks_peer("cost", "%d %d", calls, cpus);
		long cycles = ks_read_long(KS_PEER "/cost");

		if (ret)
			return ret;
		if (least < 0 || cycles < least)
			least = cycles;
	}
	return least * 10 / calls / cpus;
}

/* How often a tool was called, and the last return value that it saw. */
struct ks_sight {
	long calls;
	int value;
};

/* What the tool @kind of the module killswitch_peer saw on @function: 0 or -errno. */
static inline int ks_peer_sight(const char *kind, const char *function, struct ks_sight *sight)
{
	static char all[256 * 64];
	char start[640];
	ssize_t len;
	char *line;

	len = ks_read(KS_PEER "/peers", all, sizeof(all));
	if (len < 0)
		return len;
	len = snprintf(start, sizeof(start), "%s %s ", kind, function);
	for (line = all; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, start, len))
			return sscanf(line + len, "hits=%ld seen=%d", &sight->calls,
				      &sight->value) == 2 ? 0 : -EPROTO;
	}
	return -ENOENT;
}

#define KPROBES		"/sys/kernel/debug/kprobes/"

#define KS_LIVEPATCH	"killswitch_livepatch"
/* The function that the livepatch replaces, and the file that shows its output. */
#define KS_PATCHED	"comm_show"
#define KS_PATCHED_FILE	"/proc/self/comm"

/* Loads the livepatch and waits until this process is patched: 0 or a negative errno. */
static inline int ks_patch(void)
{
	int ret = ks_load_module(KS_LIVEPATCH);
	char text[4096];

	for (int i = 0; i < 900 && !ret; i++) {
		if (ks_read(KS_PATCHED_FILE, text, sizeof(text)) >= 0 &&
		    !strcmp(text, "livepatched"))
			return 0;
		usleep(100000);
	}
	return ret ? ret : -ETIMEDOUT;
}

/* Removes the livepatch and waits until it is unloaded. */
static inline int ks_unpatch(void)
{
	int ret = ks_put("/sys/kernel/livepatch/" KS_LIVEPATCH "/enabled", "0\n");

	for (int i = 0; i < 900 && !ret; i++) {
		if (access("/sys/kernel/livepatch/" KS_LIVEPATCH, F_OK) &&
		    !ks_unload_module(KS_LIVEPATCH))
			return 0;
		usleep(100000);
	}
	return ret ? ret : -ETIMEDOUT;
}

/* The BTF of the kernel or of a module. */
struct ks_types {
	char *data;
	/* The first type has this ID, and the first string this offset. */
	unsigned int first_type, first_string;
	/* The ID and the offset after the last ones. */
	unsigned int end_type, end_string;
};

/* The type ID of the function @name, or 0. Also determines the last ID. */
static inline unsigned int ks_function_type(struct ks_types *types, const char *name)
{
	static const size_t per_entry[] = {
		[BTF_KIND_STRUCT] = sizeof(struct btf_member),
		[BTF_KIND_UNION] = sizeof(struct btf_member),
		[BTF_KIND_ENUM] = sizeof(struct btf_enum),
		[BTF_KIND_FUNC_PROTO] = sizeof(struct btf_param),
		[BTF_KIND_DATASEC] = sizeof(struct btf_var_secinfo),
		[BTF_KIND_ENUM64] = sizeof(struct btf_enum64),
	};
	static const size_t fixed[] = {
		[BTF_KIND_INT] = sizeof(__u32),
		[BTF_KIND_ARRAY] = sizeof(struct btf_array),
		[BTF_KIND_VAR] = sizeof(struct btf_var),
		[BTF_KIND_DECL_TAG] = sizeof(struct btf_decl_tag),
	};
	const struct btf_header *header = (const struct btf_header *)types->data;
	const char *strings = types->data + header->hdr_len + header->str_off;
	const char *at = types->data + header->hdr_len + header->type_off;
	const char *end = at + header->type_len;
	unsigned int id, found = 0;

	for (id = types->first_type; at < end; id++) {
		const struct btf_type *type = (const struct btf_type *)at;
		unsigned int kind = BTF_INFO_KIND(type->info);

		if (name && kind == BTF_KIND_FUNC && type->name_off >= types->first_string &&
		    !strcmp(strings + type->name_off - types->first_string, name))
			found = id;
		at += sizeof(*type);
		if (kind < ARRAY_SIZE(fixed))
			at += fixed[kind];
		if (kind < ARRAY_SIZE(per_entry))
			at += per_entry[kind] * BTF_INFO_VLEN(type->info);
	}
	types->end_type = id;
	return found;
}

/* Loads the BTF of @module, which extends @base: 0 or a negative errno. */
static inline int ks_load_types(struct ks_types *types, const char *module,
				const struct ks_types *base)
{
	const size_t size = 32 << 20;
	const struct btf_header *header;
	char path[PATH_MAX];
	ssize_t len;

	*types = (struct ks_types) {
		.data = malloc(size),
		.first_type = base ? base->end_type : 1,
		.first_string = base ? base->end_string : 0,
	};
	if (!types->data)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/sys/kernel/btf/%s", module);
	len = ks_read(path, types->data, size);
	header = (const struct btf_header *)types->data;
	if (len < (ssize_t)sizeof(*header) || header->magic != BTF_MAGIC) {
		free(types->data);
		return len < 0 ? len : -EPROTO;
	}
	types->end_string = types->first_string + header->str_len;
	ks_function_type(types, NULL);
	return 0;
}

static inline int ks_bpf(int command, union bpf_attr *attr)
{
	int ret = syscall(__NR_bpf, command, attr, sizeof(*attr));

	return ret < 0 ? -errno : ret;
}

static inline __u64 ks_pointer(const void *pointer)
{
	return (__u64)(unsigned long)pointer;
}

/* Opens the BTF of @module in the kernel: a descriptor or a negative errno. */
static inline int ks_open_types(const char *module)
{
	__u32 id = 0;

	while (true) {
		union bpf_attr next = { .start_id = id }, open = {}, ask = {};
		struct bpf_btf_info info = {};
		char name[64] = "";
		int fd, ret;

		ret = ks_bpf(BPF_BTF_GET_NEXT_ID, &next);
		if (ret < 0)
			return ret;
		id = next.next_id;
		open.btf_id = id;
		fd = ks_bpf(BPF_BTF_GET_FD_BY_ID, &open);
		if (fd < 0)
			return fd;
		info.name = ks_pointer(name);
		info.name_len = sizeof(name);
		ask.info.bpf_fd = fd;
		ask.info.info_len = sizeof(info);
		ask.info.info = ks_pointer(&info);
		ret = ks_bpf(BPF_OBJ_GET_INFO_BY_FD, &ask);
		if (!ret && info.kernel_btf && !strcmp(name, module))
			return fd;
		close(fd);
	}
}

/* A BPF program for a function, and its counters. */
struct ks_program {
	int map;
	int program;
	int link;
};

/*
 * Loads a program for the function @name of @module, which takes one argument. It counts its calls,
 * stores the return value, if @type has one, and itself returns @value: 0 or a negative errno.
 */
static inline int ks_load_program(struct ks_program *program, const char *module, const char *name,
				  enum bpf_attach_type type, int value)
{
	union bpf_attr create = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(__u32),
		.value_size = 2 * sizeof(__u64),
		.max_entries = 1,
	};
	union bpf_attr load = {};
	struct ks_types base, types;
	int ret, object;

	program->map = ks_bpf(BPF_MAP_CREATE, &create);
	if (program->map < 0)
		return program->map;

	struct bpf_insn code[] = {
		/* r2 = the map's value at key 0 */
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 2,
		  .src_reg = BPF_PSEUDO_MAP_VALUE, .imm = program->map },
		{},
		/* r3 = the return value, after the argument; without one, the argument */
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = 3, .src_reg = 1,
		  .off = type == BPF_TRACE_FEXIT ? 8 : 0 },
		{ .code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = 2, .src_reg = 3, .off = 8 },
		/* Count the call */
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = 1 },
		{ .code = BPF_STX | BPF_ATOMIC | BPF_DW, .dst_reg = 2, .src_reg = 3,
		  .imm = BPF_ADD },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = value },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	ret = ks_load_types(&base, "vmlinux", NULL);
	if (ret)
		goto no_map;
	ret = ks_load_types(&types, module, &base);
	free(base.data);
	if (ret)
		goto no_map;
	load.attach_btf_id = ks_function_type(&types, name);
	free(types.data);
	object = ks_open_types(module);
	ret = object < 0 ? object : load.attach_btf_id ? 0 : -ENOENT;
	if (ret)
		goto no_map;

	load.prog_type = BPF_PROG_TYPE_TRACING;
	load.expected_attach_type = type;
	load.attach_btf_obj_fd = object;
	load.insns = ks_pointer(code);
	load.insn_cnt = ARRAY_SIZE(code);
	load.license = ks_pointer("GPL");
	snprintf(load.prog_name, sizeof(load.prog_name), "ks_tool");
	program->program = ks_bpf(BPF_PROG_LOAD, &load);
	close(object);
	if (program->program >= 0)
		return 0;
	ret = program->program;
no_map:
	close(program->map);
	return ret;
}

static inline int ks_attach_program(struct ks_program *program)
{
	union bpf_attr attach = { .raw_tracepoint.prog_fd = program->program };

	program->link = ks_bpf(BPF_RAW_TRACEPOINT_OPEN, &attach);
	return program->link < 0 ? program->link : 0;
}

static inline int ks_detach_program(struct ks_program *program)
{
	return close(program->link) ? -errno : 0;
}

static inline int ks_program_sight(const struct ks_program *program, struct ks_sight *sight)
{
	__u64 value[2] = {};
	__u32 key = 0;
	union bpf_attr lookup = {
		.map_fd = program->map,
		.key = ks_pointer(&key),
		.value = ks_pointer(value),
	};
	int ret = ks_bpf(BPF_MAP_LOOKUP_ELEM, &lookup);

	sight->calls = value[0];
	sight->value = value[1];
	return ret;
}

#endif /* KILLSWITCH_TOOLS_H */
