/* SPDX-License-Identifier: GPL-2.0-only */
/* Symbols of the running kernel, for tests that choose targets at run time. */
#ifndef KILLSWITCH_KALLSYMS_H
#define KILLSWITCH_KALLSYMS_H

#include "common.h"

struct ks_symbol {
	unsigned long long address;
	char type;
	const char *name;
	const char *module;
};

/* All symbols, sorted by name, then by address. */
struct ks_symbols {
	struct ks_symbol *all;
	size_t count;
};

static inline bool ks_starts(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

/* Functions have the type t, T, w or W, but so do other symbols in text sections. */
static inline bool ks_is_text(const struct ks_symbol *symbol)
{
	return strchr("tTwW", symbol->type) && !ks_starts(symbol->name, "__pfx_") &&
	       !ks_starts(symbol->name, "__cfi_");
}

static inline int ks_by_address(const void *a, const void *b)
{
	const struct ks_symbol *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static inline int ks_by_name(const void *a, const void *b)
{
	const struct ks_symbol *x = a, *y = b;

	return strcmp(x->name, y->name) ?: ks_by_address(a, b);
}

static inline int ks_load_symbols(struct ks_symbols *symbols)
{
	unsigned long long address;
	char line[1024], type, name[640], module[128];
	size_t room = 1 << 16;
	FILE *file;

	file = fopen("/proc/kallsyms", "re");
	if (!file)
		return -errno;
	symbols->count = 0;
	symbols->all = malloc(room * sizeof(*symbols->all));
	while (symbols->all && fgets(line, sizeof(line), file)) {
		module[0] = '\0';
		if (sscanf(line, "%llx %c %639s [%127[^]]", &address, &type, name, module) < 3)
			continue;
		if (symbols->count == room) {
			room *= 2;
			symbols->all = realloc(symbols->all, room * sizeof(*symbols->all));
			if (!symbols->all)
				break;
		}
		symbols->all[symbols->count++] = (struct ks_symbol) {
			.address = address,
			.type = type,
			.name = strdup(name),
			.module = module[0] ? strdup(module) : "",
		};
	}
	fclose(file);
	if (!symbols->all)
		return -ENOMEM;
	qsort(symbols->all, symbols->count, sizeof(*symbols->all), ks_by_name);
	return symbols->count && symbols->all[symbols->count - 1].address ? 0 : -EPERM;
}

/* The first symbol called @name, or NULL. */
static inline const struct ks_symbol *ks_find_symbol(const struct ks_symbols *symbols,
						     const char *name)
{
	size_t low = 0, high = symbols->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(symbols->all[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == symbols->count || strcmp(symbols->all[low].name, name))
		return NULL;
	return &symbols->all[low];
}

/* The number of symbols with the name of @symbol, which is the first of them. */
static inline size_t ks_same_name(const struct ks_symbols *symbols, const struct ks_symbol *symbol)
{
	const struct ks_symbol *end = symbols->all + symbols->count, *other = symbol;

	while (other < end && !strcmp(other->name, symbol->name))
		other++;
	return other - symbol;
}

/*
 * Names in a file that was generated when the tests were built: lines of a word and a name.
 */
struct ks_names {
	struct ks_name {
		const char *word;
		const char *name;
	} *all;
	size_t count;
};

static inline int ks_load_names(struct ks_names *names, const char *file)
{
	char word[32], name[128];
	size_t room = 1 << 13;
	FILE *stream;
	int fd;

	fd = ks_open_beside("", file);
	if (fd < 0)
		return fd;
	stream = fdopen(fd, "r");
	names->count = 0;
	names->all = malloc(room * sizeof(*names->all));
	while (names->all && names->count < room &&
	       fscanf(stream, "%31s %127s", word, name) == 2) {
		names->all[names->count++] = (struct ks_name) {
			.word = strdup(word),
			.name = strdup(name),
		};
	}
	fclose(stream);
	return !names->all ? -ENOMEM : names->count == room ? -ENOSPC : 0;
}

#endif /* KILLSWITCH_KALLSYMS_H */
