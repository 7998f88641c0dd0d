/* SPDX-License-Identifier: GPL-2.0-only */
/* The tracepoint of Killswitch: calls of functions that are engaged or observed. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM killswitch

#if !defined(_SECURITY_KILLSWITCH_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _SECURITY_KILLSWITCH_TRACE_H

#include <linux/tracepoint.h>

#include "killswitch.h"

TRACE_DEFINE_ENUM(KILLSWITCH_RETURNED);
TRACE_DEFINE_ENUM(KILLSWITCH_OBSERVED);
TRACE_DEFINE_ENUM(KILLSWITCH_PASSED);

/*
 * @function is called and would return to @caller. @value is what it returns if
 * it does not run. @fault says that the condition faulted on a read.
 */
TRACE_EVENT(call,
	    TP_PROTO(unsigned long function, unsigned long caller, s64 value,
		     enum killswitch_action action, bool fault),
	    TP_ARGS(function, caller, value, action, fault),
	    TP_STRUCT__entry(__field(unsigned long, function)
			     __field(unsigned long, caller)
			     __field(s64, value)
			     __field(u32, action)
			     __field(bool, fault)),
	    TP_fast_assign(__entry->function = function;
			   __entry->caller = caller;
			   __entry->value = value;
			   __entry->action = action;
			   __entry->fault = fault;),
	    TP_printk("function=%ps caller=%pS value=%lld action=%s fault=%d",
		      (void *)__entry->function, (void *)__entry->caller, __entry->value,
		      __print_symbolic(__entry->action,
				       { KILLSWITCH_RETURNED, "returned" },
				       { KILLSWITCH_OBSERVED, "observed" },
				       { KILLSWITCH_PASSED, "passed" }), __entry->fault)
);

#endif /* _SECURITY_KILLSWITCH_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
