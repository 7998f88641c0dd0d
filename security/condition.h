/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Evaluates the condition of an engagement, for handlers.c: no calls, no locks, no
 * sleep, and only forward jumps between comparisons.
 */
#ifndef _SECURITY_KILLSWITCH_CONDITION_H
#define _SECURITY_KILLSWITCH_CONDITION_H

#include <linux/mm.h>
#include <linux/types.h>
#include <linux/uaccess.h>

#include "arch.h"
#include "killswitch.h"

/* A copy of text, read in aligned words, which never cross a page boundary. */
union killswitch_copy {
	char text[KILLSWITCH_TEXT + 16];
	u64 words[KILLSWITCH_TEXT / 8 + 2];
};

/*
 * Whether memory at @address is kernel memory, if it is mapped. User memory is
 * refused, since it might be faulted in.
 */
static __always_inline bool may_read(unsigned long address)
{
	return arch_may_read(address, sizeof(union killswitch_copy));
}

/* Reads 1, 2, 4 or 8 @bytes. Returns false on a fault. */
static __always_inline bool read_kernel(unsigned long address, unsigned int bytes, u64 *value)
{
	if (!may_read(address))
		return false;
	switch (bytes) {
	case 1: {
		u8 byte;

		__get_kernel_nofault(&byte, (void *)address, u8, fault);
		*value = byte;
		return true;
	}
	case 2: {
		u16 word;

		__get_kernel_nofault(&word, (void *)address, u16, fault);
		*value = word;
		return true;
	}
	case 4: {
		u32 word;

		__get_kernel_nofault(&word, (void *)address, u32, fault);
		*value = word;
		return true;
	}
	default:
		__get_kernel_nofault(value, (void *)address, u64, fault);
		return true;
	}
fault:
	return false;
}

/* Whether @count characters match @pattern, in which ? matches any character. */
static __always_inline bool is_alike(const char *text, const char *pattern, unsigned long count)
{
	unsigned long i;

	for (i = 0; i < count; i++)
		if (text[i] != pattern[i] && pattern[i] != '?')
			return false;
	return true;
}

/* Whether the text up to @end matches the pattern, in which * matches any characters. */
static __always_inline bool text_matches(const struct killswitch_comparison *comparison,
					 const char *text, const char *end)
{
	const char *pattern = comparison->text + comparison->head, *part;
	const char *tail = comparison->text + comparison->length - comparison->tail;
	unsigned long length = end - text;

	/* The parts before the first star and after the last one are anchored. */
	if (length < comparison->head + comparison->tail ||
	    !is_alike(text, comparison->text, comparison->head) ||
	    !is_alike(end - comparison->tail, tail, comparison->tail))
		return false;
	if (pattern == tail)
		return length == comparison->head;
	text += comparison->head;
	end -= comparison->tail;
	/* For each part between two stars, the first match is as good as any. */
	while (++pattern != tail) {
		for (part = pattern; *pattern != '*'; pattern++)
			;
		for (length = pattern - part; end - text >= length; text++)
			if (is_alike(text, part, length))
				break;
		if (end - text < length)
			return false;
		text += length;
	}
	return true;
}

static __always_inline bool text_equals(const struct killswitch_comparison *comparison,
					const char *text, const char *end)
{
	const char *other = comparison->text;

	if (end - text != comparison->length)
		return false;
	while (text != end)
		if (*text++ != *other++)
			return false;
	return true;
}

static __always_inline bool compare_text(const struct killswitch_comparison *comparison,
					 const char *text, const char *end)
{
	switch (comparison->operation) {
	case KILLSWITCH_EQUAL:
		return text_equals(comparison, text, end);
	case KILLSWITCH_NOT_EQUAL:
		return !text_equals(comparison, text, end);
	default:
		return text_matches(comparison, text, end);
	}
}

static __always_inline bool compare_numbers(const struct killswitch_comparison *comparison, u64 a)
{
	u64 b = comparison->value;
	/* Flipping the sign bits makes a signed comparison unsigned. */
	u64 sign = comparison->is_signed ? 1ULL << 63 : 0;

	switch (comparison->operation) {
	case KILLSWITCH_EQUAL:
		return a == b;
	case KILLSWITCH_NOT_EQUAL:
		return a != b;
	case KILLSWITCH_LESS:
		return (a ^ sign) < (b ^ sign);
	case KILLSWITCH_LESS_OR_EQUAL:
		return (a ^ sign) <= (b ^ sign);
	case KILLSWITCH_GREATER:
		return (a ^ sign) > (b ^ sign);
	case KILLSWITCH_GREATER_OR_EQUAL:
		return (a ^ sign) >= (b ^ sign);
	default:
		return a & b;
	}
}

/* Extracts the bits of a field, extended to 64 bits. */
static __always_inline u64 extend(const struct killswitch_comparison *comparison, u64 value)
{
	unsigned int unused = 64 - comparison->bits;

	value = value >> comparison->shift << unused;
	return comparison->is_signed ? (u64)((s64)value >> unused) : value >> unused;
}

enum killswitch_outcome { KILLSWITCH_NO, KILLSWITCH_YES, KILLSWITCH_FAULT };

/* Compares text at @address. A function of its own, because of its buffer on the stack. */
static noinline noinstr enum killswitch_outcome
killswitch_compare_text(const struct killswitch_comparison *comparison, unsigned long address)
{
	union killswitch_copy copy __uninitialized;
	unsigned int before = address % 8, end = before + comparison->bits, i;
	u64 ones = ~0ULL / 255, zeros;

	address -= before;
	if (!may_read(address))
		return KILLSWITCH_FAULT;
	for (i = 0; i < end; i += 8) {
		u64 word;

		__get_kernel_nofault(&word, (void *)(address + i), u64, fault);
		copy.words[i / 8] = word;
		/* A NUL before the text does not end it. */
		if (!i)
			word |= (1ULL << before * 8) - 1;
		zeros = (word - ones) & ~word & (ones << 7);
		if (zeros) {
			end = min(end, i + __builtin_ctzll(zeros) / 8);
			break;
		}
	}
	/* Text that does not end within the buffer could continue in any way. */
	if (end == before + KILLSWITCH_TEXT - 1)
		return KILLSWITCH_FAULT;
	return compare_text(comparison, copy.text + before, copy.text + end) ? KILLSWITCH_YES :
									      KILLSWITCH_NO;
fault:
	return KILLSWITCH_FAULT;
}

/* Compares an argument, or a value that it points to. */
static __always_inline enum killswitch_outcome
compare_argument(const struct killswitch_comparison *comparison, const struct pt_regs *regs)
{
	u64 value = *(unsigned long *)((void *)regs + comparison->argument);
	unsigned int i;

	for (i = 0; i < comparison->loads; i++) {
		bool is_last = i == comparison->loads - 1;

		if (!read_kernel(value + comparison->offsets[i],
				 is_last && comparison->bytes ? comparison->bytes : 8, &value))
			return KILLSWITCH_FAULT;
	}
	if (!comparison->bytes)
		return killswitch_compare_text(comparison, value + comparison->offsets[i]);
	return compare_numbers(comparison, extend(comparison, value)) ? KILLSWITCH_YES :
									KILLSWITCH_NO;
}

#endif /* _SECURITY_KILLSWITCH_CONDITION_H */
