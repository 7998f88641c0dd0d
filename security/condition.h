/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs the condition of an engagement, for the handlers in handlers.c: no calls, no
 * locks, no sleep, and nothing but forward jumps.
 */
#ifndef _SECURITY_KILLSWITCH_CONDITION_H
#define _SECURITY_KILLSWITCH_CONDITION_H

#include <linux/mm.h>
#include <linux/types.h>
#include <linux/uaccess.h>

#include "killswitch.h"

/*
 * Whether memory at @address may be read at all, if it is there: the kernel's. What
 * user space has is refused, since that might be faulted in. The same for all of a
 * page.
 */
static __always_inline bool may_read(unsigned long address)
{
	return (long)address < 0 && __is_canonical_address(address, boot_cpu_data.x86_virt_bits) &&
	       (address & PAGE_MASK) != VSYSCALL_ADDR;
}

/* Reads @bytes, of which there are 1, 2, 4 or 8. Fails if they cannot be read. */
static __always_inline bool read_kernel(unsigned long address, unsigned int bytes, u64 *value)
{
	if (!may_read(address) || (offset_in_page(address) + bytes > PAGE_SIZE &&
				   !may_read(address + bytes - 1)))
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

/* Whether @text matches @pattern, in which * stands for any characters and ? for one. */
static __always_inline bool text_matches(const char *text, const char *pattern)
{
	const char *behind_star = NULL, *retry = NULL;

	while (*text) {
		if (*pattern == '*') {
			behind_star = ++pattern;
			if (!*behind_star)
				return true;
			retry = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (behind_star) {
			pattern = behind_star;
			retry++;
			/* On to where the next character is the right one. */
			while (*retry && *retry != *pattern && *pattern != '*' && *pattern != '?')
				retry++;
			text = retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static __always_inline bool text_equals(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static __always_inline bool compare_text(const struct killswitch_comparison *comparison,
					 const char *text)
{
	switch (comparison->operation) {
	case KILLSWITCH_EQUAL:
		return text_equals(text, comparison->text);
	case KILLSWITCH_NOT_EQUAL:
		return !text_equals(text, comparison->text);
	default:
		return text_matches(text, comparison->text);
	}
}

static __always_inline bool compare_numbers(const struct killswitch_comparison *comparison, u64 a)
{
	u64 b = comparison->value;
	/* Moves both ranges to that of unsigned numbers. */
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

/* The bits of a value that count, as a number of 64 bits. */
static __always_inline u64 extend(const struct killswitch_comparison *comparison, u64 value)
{
	unsigned int unused = 64 - comparison->bits;

	value = value >> comparison->shift << unused;
	return comparison->is_signed ? (u64)((s64)value >> unused) : value >> unused;
}

enum killswitch_outcome { KILLSWITCH_NO, KILLSWITCH_YES, KILLSWITCH_FAULT };

/* Compares text at @address. It has a buffer on the stack, which others do without. */
static noinline noinstr enum killswitch_outcome
killswitch_compare_text(const struct killswitch_comparison *comparison, unsigned long address)
{
	/* Aligned words do not reach into another page. */
	union {
		char text[KILLSWITCH_TEXT + 16];
		u64 words[KILLSWITCH_TEXT / 8 + 2];
	} copy __uninitialized;
	unsigned int before = address % 8, end = before + comparison->bits, i;
	const char *text = copy.text + before;
	u64 ones = ~0ULL / 255;

	address -= before;
	for (i = 0; i < end; i += 8) {
		u64 word;

		if ((!i || !offset_in_page(address + i)) && !may_read(address + i))
			return KILLSWITCH_FAULT;
		__get_kernel_nofault(&word, (void *)(address + i), u64, fault);
		copy.words[i / 8] = word;
		/* What is in front of the text does not end it. */
		if (!i)
			word |= (1ULL << before * 8) - 1;
		if ((word - ones) & ~word & (ones << 7))
			break;
	}
	copy.text[end] = '\0';
	/* What does not end within what is looked at could go on in any way. */
	if (comparison->bits == KILLSWITCH_TEXT - 1 && i + 8 >= end) {
		for (i = before; copy.text[i]; i++)
			;
		if (i == end)
			return KILLSWITCH_FAULT;
	}
	return compare_text(comparison, text) ? KILLSWITCH_YES : KILLSWITCH_NO;
fault:
	return KILLSWITCH_FAULT;
}

/* Compares an argument, or what it leads to. */
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
