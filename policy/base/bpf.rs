// SPDX-License-Identifier: GPL-2.0-only

//! What keeps programs for the BPF virtual machine from doing harm: the verifier, the rules for
//! loading them, and the code that turns them into machine instructions.

use super::{
    errno,
    never,
    zero,
    Family, //
};

/// The entry of the verifier and the walk over all paths of a program.
pub(super) const VERIFIER: Family = Family {
    name: "bpf verifier",
    entries: &[
        errno("bpf_check", "decides whether a program is safe to run"),
        errno(
            "do_check",
            "walks through a program and checks every instruction",
        ),
        errno(
            "do_check_insn",
            "walks through a program and checks every instruction",
        ),
        errno(
            "do_check_common",
            "walks through a program and checks every instruction",
        ),
        errno(
            "do_check_main",
            "walks through a program and checks every instruction",
        ),
        errno(
            "do_check_subprogs",
            "walks through a program and checks every instruction",
        ),
        errno(
            "check_insn_fields",
            "rejects malformed instructions of a program",
        ),
        errno(
            "check_alu_fields",
            "rejects malformed instructions of a program",
        ),
        errno(
            "check_jmp_fields",
            "rejects malformed instructions of a program",
        ),
        errno(
            "check_and_resolve_insns",
            "rejects malformed instructions of a program",
        ),
        errno(
            "check_subprogs",
            "finds and checks the functions of a program",
        ),
        errno(
            "add_subprogs",
            "finds and checks the functions of a program",
        ),
        errno("add_subprog", "finds and checks the functions of a program"),
        errno("add_kfuncs", "finds and checks the functions of a program"),
        errno(
            "bpf_add_kfunc_call",
            "finds and checks the functions of a program",
        ),
        errno(
            "bpf_find_exception_callback_insn_off",
            "finds and orders the functions of a program",
        ),
        errno(
            "sort_subprogs_topo",
            "finds and orders the functions of a program",
        ),
        errno(
            "bpf_check_cfg",
            "rejects programs whose control flow is not sound",
        ),
        errno(
            "push_insn",
            "rejects programs whose control flow is not sound",
        ),
        errno(
            "visit_insn",
            "rejects programs whose control flow is not sound",
        ),
        errno(
            "visit_func_call_insn",
            "rejects programs whose control flow is not sound",
        ),
        errno(
            "visit_gotox_insn",
            "rejects programs whose control flow is not sound",
        ),
        errno(
            "visit_abnormal_return_insn",
            "rejects programs whose control flow is not sound",
        ),
        errno(
            "bpf_compute_postorder",
            "rejects programs whose control flow is not sound",
        ),
        errno(
            "bpf_compute_scc",
            "rejects programs whose control flow is not sound",
        ),
        errno(
            "bpf_prepare_btf_info",
            "checks the type information of a program",
        ),
        errno(
            "bpf_check_btf_info",
            "checks the type information of a program",
        ),
        errno("check_btf_func", "checks the type information of a program"),
        errno("check_btf_line", "checks the type information of a program"),
        errno(
            "prepare_btf_func",
            "checks the type information of a program",
        ),
        errno(
            "check_abnormal_return",
            "checks the type information of a program",
        ),
        errno(
            "bpf_check_core_relo",
            "checks the type information of a program",
        ),
        errno(
            "check_attach_btf_id",
            "decides what a program may be attached to",
        ),
        errno(
            "bpf_check_attach_target",
            "decides what a program may be attached to",
        ),
        errno(
            "check_struct_ops_btf_id",
            "decides what a program may be attached to",
        ),
        errno(
            "check_attach_modify_return",
            "decides what a program may be attached to",
        ),
        errno(
            "check_attach_sleepable",
            "decides what a program may be attached to",
        ),
        errno(
            "check_non_sleepable_error_inject",
            "decides what a program may be attached to",
        ),
        errno(
            "btf_id_allow_sleepable",
            "decides whether a target may run a sleeping program",
        ),
        errno(
            "check_map_prog_compatibility",
            "decides whether a program may use a map",
        ),
        errno("__add_used_map", "decides whether a program may use a map"),
        errno("add_used_map", "decides whether a program may use a map"),
        errno("fd_array_get_map_idx", "finds the map that a program names"),
        errno(
            "fd_array_get_map_idx_continuous",
            "finds the map that a program names",
        ),
        errno(
            "fd_array_get_map_idx_sparse",
            "finds the map that a program names",
        ),
        errno(
            "check_pseudo_btf_id",
            "checks a kernel variable that a program names",
        ),
        errno(
            "__check_pseudo_btf_id",
            "checks a kernel variable that a program names",
        ),
        errno(
            "__add_used_btf",
            "checks a kernel variable that a program names",
        ),
        errno(
            "process_bpf_exit_full",
            "checks what a program leaves behind when it returns",
        ),
        errno(
            "prepare_func_exit",
            "checks what a program leaves behind when it returns",
        ),
        errno(
            "check_return_code",
            "checks what a program leaves behind when it returns",
        ),
        errno(
            "check_global_subprog_return_code",
            "checks what a program leaves behind when it returns",
        ),
        never(
            "is_tracing_prog_type",
            "tells which programs need the rules for tracing",
        ),
        never("can_be_sleepable", "tells which programs may sleep"),
        never("sanitize_dead_code", "replaces code that was never checked"),
        never(
            "bpf_subprog_is_global",
            "keeps what is known about the functions of a program",
        ),
        never(
            "bpf_mark_subprog_exc_cb",
            "keeps what is known about the functions of a program",
        ),
        never(
            "mark_subprog_*",
            "records what a function of a program does to its caller",
        ),
        never(
            "merge_callee_effects",
            "records what a function of a program does to its caller",
        ),
    ],
};

/// What the verifier remembers of the paths it has seen, and when it may skip one.
pub(super) const STATES: Family = Family {
    name: "bpf verifier states",
    entries: &[
        never(
            "bpf_is_state_visited",
            "decides whether a path was already checked",
        ),
        never("states_equal", "compares the states of two paths"),
        never("func_states_equal", "compares the states of two paths"),
        never("regsafe", "compares the states of two paths"),
        never("stacksafe", "compares the states of two paths"),
        never("stack_arg_safe", "compares the states of two paths"),
        never("refsafe", "compares the states of two paths"),
        never("regs_exact", "compares the states of two paths"),
        never("range_within", "compares the states of two paths"),
        never("check_ids", "compares the states of two paths"),
        never("check_scalar_ids", "compares the states of two paths"),
        never("states_maybe_looping", "compares the states of two paths"),
        never(
            "iter_active_depths_differ",
            "compares the states of two paths",
        ),
        never(
            "incomplete_read_marks",
            "decides which part of a state counts",
        ),
        never(
            "clean_verifier_state",
            "decides which part of a state counts",
        ),
        never("__clean_func_state", "decides which part of a state counts"),
        never(
            "bpf_update_branch_counts",
            "decides which part of a state counts",
        ),
        errno("bpf_copy_verifier_state", "copies the state of a path"),
        errno("copy_func_state", "copies the state of a path"),
        errno("copy_reference_state", "copies the state of a path"),
        errno("copy_stack_state", "copies the state of a path"),
        errno("grow_stack_state", "makes room for the state of a path"),
        errno("grow_stack_arg_slots", "makes room for the state of a path"),
        errno(
            "resize_reference_state",
            "makes room for the state of a path",
        ),
        never("push_stack", "remembers a path that is still to be checked"),
        never(
            "push_async_cb",
            "remembers a path that is still to be checked",
        ),
        errno("pop_stack", "takes up a path that is still to be checked"),
        never("copy_array", "copies the state of a path"),
        never("realloc_array", "copies the state of a path"),
        errno(
            "bpf_mark_chain_precision",
            "marks the values that decisions depended on",
        ),
        errno(
            "mark_chain_precision",
            "marks the values that decisions depended on",
        ),
        errno(
            "mark_chain_precision_batch",
            "marks the values that decisions depended on",
        ),
        errno("backtrack_insn", "follows back what a decision depended on"),
        errno(
            "propagate_precision",
            "follows back what a decision depended on",
        ),
        errno(
            "propagate_backedges",
            "follows back what a decision depended on",
        ),
        errno(
            "bpf_push_jmp_history",
            "follows back what a decision depended on",
        ),
        errno(
            "mark_stack_arg_precision",
            "marks the values that decisions depended on",
        ),
        errno(
            "mark_arg_precision",
            "marks the values that decisions depended on",
        ),
        never(
            "bpf_mark_all_scalars_precise",
            "marks the values that decisions depended on",
        ),
        never(
            "mark_all_scalars_imprecise",
            "marks the values that decisions depended on",
        ),
        never(
            "bpf_bt_sync_linked_regs",
            "marks the values that decisions depended on",
        ),
        never(
            "get_prev_insn_idx",
            "follows back what a decision depended on",
        ),
        errno(
            "widen_imprecise_scalars",
            "loses knowledge so that loops come to an end",
        ),
        never(
            "maybe_widen_reg",
            "loses knowledge so that loops come to an end",
        ),
        never(
            "scalars_exact_for_widen",
            "loses knowledge so that loops come to an end",
        ),
        errno("maybe_enter_scc", "keeps track of the loops of a program"),
        errno("maybe_exit_scc", "keeps track of the loops of a program"),
        errno("add_scc_backedge", "keeps track of the loops of a program"),
        never(
            "compute_scc_callchain",
            "keeps track of the loops of a program",
        ),
        never(
            "bpf_stack_slot_alive",
            "tells which part of the stack still matters",
        ),
        never(
            "is_live_before",
            "tells which part of the stack still matters",
        ),
        errno(
            "bpf_compute_live_registers",
            "computes which registers and stack slots still matter",
        ),
        errno(
            "bpf_compute_subprog_arg_access",
            "computes which registers and stack slots still matter",
        ),
        errno(
            "bpf_stack_liveness_init",
            "computes which registers and stack slots still matter",
        ),
        errno(
            "bpf_live_stack_query_init",
            "computes which registers and stack slots still matter",
        ),
        errno(
            "compute_subprog_args",
            "computes which registers and stack slots still matter",
        ),
        errno(
            "analyze_subprog",
            "computes which registers and stack slots still matter",
        ),
        errno("mark_stack_read", "records which stack slots are used"),
        errno("mark_stack_write", "records which stack slots are used"),
        errno("record_*_access", "records which stack slots are used"),
        errno(
            "record_stack_access_off",
            "records which stack slots are used",
        ),
        errno("record_imprecise", "records which stack slots are used"),
        never(
            "compute_insn_live_regs",
            "computes which registers and stack slots still matter",
        ),
        never(
            "arg_track_*",
            "computes which registers and stack slots still matter",
        ),
        never(
            "__arg_track_join",
            "computes which registers and stack slots still matter",
        ),
        never(
            "update_instance",
            "computes which registers and stack slots still matter",
        ),
        never(
            "merge_instances",
            "computes which registers and stack slots still matter",
        ),
        never(
            "bpf_clear_singular_ids",
            "keeps track of registers that hold the same value",
        ),
        never(
            "idset_cnt_*",
            "keeps track of registers that hold the same value",
        ),
    ],
};

/// What the verifier checks about the memory that a program reads and writes.
pub(super) const MEMORY_CHECKS: Family = Family {
    name: "bpf memory checks",
    entries: &[
        errno(
            "check_mem_access",
            "checks an access of a program to memory",
        ),
        errno(
            "__check_mem_access",
            "checks an access of a program to memory",
        ),
        errno("check_load_mem", "checks an access of a program to memory"),
        errno("check_store_reg", "checks an access of a program to memory"),
        errno(
            "check_atomic",
            "checks an atomic access of a program to memory",
        ),
        errno(
            "check_atomic_rmw",
            "checks an atomic access of a program to memory",
        ),
        errno(
            "check_atomic_load",
            "checks an atomic access of a program to memory",
        ),
        errno(
            "check_atomic_store",
            "checks an atomic access of a program to memory",
        ),
        errno(
            "check_mem_region_access",
            "checks memory that a program hands on",
        ),
        errno(
            "check_mem_size_reg",
            "checks memory that a program hands on",
        ),
        errno("check_mem_reg", "checks memory that a program hands on"),
        errno(
            "check_helper_mem_access",
            "checks memory that a program hands on",
        ),
        errno("check_map_access", "checks an access of a program to a map"),
        errno(
            "check_map_access_type",
            "checks an access of a program to a map",
        ),
        errno(
            "check_map_kptr_access",
            "checks an access of a program to a map",
        ),
        errno(
            "check_map_mem_read",
            "checks an access of a program to a map",
        ),
        errno(
            "check_ptr_to_map_access",
            "checks an access of a program to a kernel object",
        ),
        errno(
            "check_ptr_to_btf_access",
            "checks an access of a program to a kernel object",
        ),
        errno(
            "check_packet_access",
            "checks an access of a program to its input",
        ),
        errno(
            "check_ctx_access",
            "checks an access of a program to its input",
        ),
        errno(
            "__check_ctx_access",
            "checks an access of a program to its input",
        ),
        errno(
            "check_flow_keys_access",
            "checks an access of a program to its input",
        ),
        errno(
            "check_sock_access",
            "checks an access of a program to its input",
        ),
        errno(
            "check_tp_buffer_access",
            "checks an access of a program to its input",
        ),
        errno(
            "check_buffer_access",
            "checks an access of a program to its input",
        ),
        errno(
            "__check_buffer_access",
            "checks an access of a program to its input",
        ),
        errno(
            "check_stack_read",
            "checks a read of a program from its stack",
        ),
        errno(
            "check_stack_read_fixed_off",
            "checks a read of a program from its stack",
        ),
        errno(
            "check_stack_read_var_off",
            "checks a read of a program from its stack",
        ),
        errno(
            "check_stack_write",
            "checks a write of a program to its stack",
        ),
        errno(
            "check_stack_write_fixed_off",
            "checks a write of a program to its stack",
        ),
        errno(
            "check_stack_write_var_off",
            "checks a write of a program to its stack",
        ),
        errno(
            "check_stack_arg_read",
            "checks arguments on the stack of a program",
        ),
        errno(
            "check_stack_arg_write",
            "checks arguments on the stack of a program",
        ),
        errno(
            "check_outgoing_stack_args",
            "checks arguments on the stack of a program",
        ),
        errno(
            "check_stack_access_within_bounds",
            "checks that an access stays within the stack",
        ),
        errno(
            "check_stack_slot_within_bounds",
            "checks that an access stays within the stack",
        ),
        errno(
            "check_stack_range_initialized",
            "checks a use of the stack of a program",
        ),
        errno(
            "check_stack_access_for_ptr_arithmetic",
            "checks a use of the stack of a program",
        ),
        errno(
            "check_max_stack_depth",
            "checks how much stack a program needs",
        ),
        errno(
            "check_max_stack_depth_subprog",
            "checks how much stack a program needs",
        ),
        errno("check_ptr_alignment", "checks the alignment of an access"),
        errno(
            "check_pkt_ptr_alignment",
            "checks the alignment of an access",
        ),
        errno(
            "check_generic_ptr_alignment",
            "checks the alignment of an access",
        ),
        errno("__check_ptr_off_reg", "checks the offset of a pointer"),
        errno("check_ptr_off_reg", "checks the offset of a pointer"),
        errno(
            "map_kptr_match_type",
            "checks the type of a pointer that a program loads",
        ),
        errno(
            "mark_uptr_ld_reg",
            "checks the type of a pointer that a program loads",
        ),
        errno(
            "mark_btf_ld_reg",
            "checks the type of a pointer that a program loads",
        ),
        errno(
            "bpf_map_direct_read",
            "checks the type of a pointer that a program loads",
        ),
        errno(
            "mark_reg_stack_read",
            "takes over what is known about a stack slot",
        ),
        never(
            "check_fastcall_stack_contract",
            "keeps what is known about a stack slot",
        ),
        never(
            "scrub_special_slot",
            "keeps what is known about a stack slot",
        ),
        never(
            "scrub_spilled_slot",
            "keeps what is known about a stack slot",
        ),
        never(
            "save_register_state",
            "keeps what is known about a stack slot",
        ),
        never(
            "mark_stack_slot_misc",
            "keeps what is known about a stack slot",
        ),
        never(
            "mark_stack_slots_scratched",
            "keeps what is known about a stack slot",
        ),
        never(
            "is_stack_slot_special",
            "keeps what is known about a stack slot",
        ),
        never(
            "is_spi_bounds_valid",
            "keeps what is known about a stack slot",
        ),
        never(
            "clear_overlapping_stack_slots",
            "keeps what is known about a stack slot",
        ),
        never(
            "clear_stack_for_all_offs",
            "keeps what is known about a stack slot",
        ),
        never(
            "may_access_direct_pkt_data",
            "decides which programs may touch what",
        ),
        never("may_access_skb", "decides which programs may touch what"),
        never(
            "is_var_ctx_off_allowed",
            "decides which programs may touch what",
        ),
        never(
            "may_update_sockmap",
            "decides which programs may touch what",
        ),
        never("atomic_ptr_type_ok", "decides which accesses are allowed"),
        never("is_load_acq_unsafe", "decides which accesses are allowed"),
        never("bpf_map_is_rdonly", "decides which accesses are allowed"),
        never("__is_pointer_value", "tells pointers from numbers"),
        never("is_pointer_value", "tells pointers from numbers"),
        never("is_pointer_regtype", "tells pointers from numbers"),
        never("is_trusted_reg", "tells what a register points to"),
        never("is_rcu_reg", "tells what a register points to"),
        never("is_ctx_reg", "tells what a register points to"),
        never("is_sk_reg", "tells what a register points to"),
        never("is_pkt_reg", "tells what a register points to"),
        never("is_flow_key_reg", "tells what a register points to"),
        never("is_arena_reg", "tells what a register points to"),
        never("type_is_*", "tells what a pointer may be trusted for"),
        never(
            "rcu_protected_object",
            "tells what a pointer may be trusted for",
        ),
        never("rcu_safe_kptr", "tells what a pointer may be trusted for"),
        never("in_rcu_cs", "tells what a pointer may be trusted for"),
        never("in_sleepable", "tells what a pointer may be trusted for"),
        never(
            "clear_trusted_flags",
            "tells what a pointer may be trusted for",
        ),
        never("reg_not_null", "tells what a register points to"),
        never(
            "reg_may_point_to_spin_lock",
            "tells what a register points to",
        ),
        never("reg_is_*pkt*", "tells what a register points to"),
        never("reg_is_referenced", "tells what a register points to"),
        never(
            "btf_nested_type_is_trusted",
            "tells what a pointer may be trusted for",
        ),
        never(
            "btf_type_ids_nocast_alias",
            "tells what a pointer may be trusted for",
        ),
        never("btf_ld_kptr_type", "tells what type a pointer has"),
        never("merge_ptr_types", "tells what type a pointer has"),
        never("reg_type_mismatch", "tells what type a pointer has"),
        never("reg_type_mismatch_ok", "tells what type a pointer has"),
        errno("save_aux_ptr_type", "remembers the type of a pointer"),
        errno(
            "btf_struct_access",
            "checks an access of a program to a kernel object",
        ),
        errno(
            "btf_struct_walk",
            "checks an access of a program to a kernel object",
        ),
        errno(
            "*_btf_struct_access",
            "checks an access of a program to a kernel object",
        ),
        zero(
            "btf_ctx_access",
            "checks an access of a program to its input",
        ),
        zero(
            "btf_struct_ids_match",
            "checks an access of a program to its input",
        ),
        zero(
            "btf_types_are_same",
            "checks an access of a program to its input",
        ),
        zero(
            "*:*_is_valid_access",
            "decides which parts of its input a program may touch",
        ),
        zero(
            "__is_valid_xdp_access",
            "decides which parts of its input a program may touch",
        ),
        never(
            "*:*_convert_ctx_access",
            "translates an access of a program to its input",
        ),
    ],
};

/// What the verifier checks when a program calls a function.
pub(super) const CALL_CHECKS: Family = Family {
    name: "bpf call checks",
    entries: &[
        errno("check_helper_call", "checks a call that a program makes"),
        errno("check_kfunc_call", "checks a call that a program makes"),
        errno("check_func_call", "checks a call that a program makes"),
        errno("push_callback_call", "checks a call that a program makes"),
        errno("check_func_arg", "checks the arguments of a call"),
        errno("check_kfunc_args", "checks the arguments of a call"),
        errno("check_func_proto", "checks the arguments of a call"),
        errno("btf_check_func_arg_match", "checks the arguments of a call"),
        errno("btf_check_subprog_call", "checks the arguments of a call"),
        errno("check_reg_type", "checks an argument of a call"),
        errno("__check_func_arg_reg_off", "checks an argument of a call"),
        errno("check_func_arg_reg_off", "checks an argument of a call"),
        errno("check_arg_const_str", "checks an argument of a call"),
        errno("resolve_map_arg_type", "checks an argument of a call"),
        errno("get_constant_map_key", "checks an argument of a call"),
        errno("process_map_ptr_arg", "checks an argument of a call"),
        errno("check_map_field_pointer", "checks an argument of a call"),
        errno("process_spin_lock", "checks an argument of a call"),
        errno("process_timer_func", "checks an argument of a call"),
        errno("process_kptr_func", "checks an argument of a call"),
        errno("process_dynptr_func", "checks an argument of a call"),
        errno("process_iter_arg", "checks an argument of a call"),
        errno("process_iter_next_call", "checks an argument of a call"),
        errno("process_const_arg", "checks an argument of a call"),
        errno(
            "process_const_alloc_mem_size",
            "checks an argument of a call",
        ),
        errno("process_irq_flag", "checks an argument of a call"),
        errno("process_kf_arg_ptr_to_*", "checks an argument of a call"),
        errno(
            "__process_kf_arg_ptr_to_graph_*",
            "checks an argument of a call",
        ),
        errno("get_kfunc_arg_type", "checks an argument of a call"),
        errno(
            "check_map_func_compatibility",
            "decides whether a program may make a call",
        ),
        errno(
            "check_special_kfunc",
            "decides whether a program may make a call",
        ),
        errno(
            "check_bpf_snprintf_call",
            "decides whether a program may make a call",
        ),
        errno(
            "check_get_func_ip",
            "decides whether a program may make a call",
        ),
        errno(
            "check_resource_leak",
            "checks that a program gives back what it took",
        ),
        errno(
            "check_reference_leak",
            "checks that a program gives back what it took",
        ),
        errno(
            "check_reg_allocation_locked",
            "checks that a program gives back what it took",
        ),
        errno("check_indirect_jump", "checks a jump through a table"),
        errno(
            "indirect_jump_min_max_index",
            "checks a jump through a table",
        ),
        errno(
            "set_callee_state",
            "prepares the state that a called function starts with",
        ),
        errno(
            "set_*_callback_state",
            "prepares the state that a called function starts with",
        ),
        errno(
            "setup_func_entry",
            "prepares the state that a called function starts with",
        ),
        errno(
            "map_set_for_each_callback_args",
            "prepares the state that a called function starts with",
        ),
        errno(
            "btf_prepare_func_args",
            "checks a function against its type information",
        ),
        errno(
            "btf_check_type_match",
            "checks a function against its type information",
        ),
        errno(
            "btf_check_func_type_match",
            "checks a function against its type information",
        ),
        errno(
            "btf_distill_func_proto",
            "checks a function against its type information",
        ),
        errno(
            "btf_validate_prog_ctx_type",
            "checks a function against its type information",
        ),
        errno(
            "btf_get_ptr_to_btf_id",
            "checks a function against its type information",
        ),
        errno(
            "btf_validate_return_type",
            "checks a function against its type information",
        ),
        zero(
            "btf_is_prog_ctx_type",
            "tells whether a type is the input of a program",
        ),
        zero(
            "btf_is_projection_of",
            "tells whether a type is the input of a program",
        ),
        errno("record_func_map", "remembers what a call was made with"),
        errno("record_func_key", "remembers what a call was made with"),
        errno("acquire_reference", "tracks what a program holds"),
        errno("acquire_lock_state", "tracks what a program holds"),
        errno("acquire_irq_state", "tracks what a program holds"),
        errno("release_lock_state", "tracks what a program holds"),
        errno("release_irq_state", "tracks what a program holds"),
        errno("release_reference", "tracks what a program holds"),
        errno("release_reference_nomark", "tracks what a program holds"),
        errno("__release_reference_nomark", "tracks what a program holds"),
        errno("release_reg", "tracks what a program holds"),
        errno("validate_ref_obj", "tracks what a program holds"),
        errno("ref_set_non_owning", "tracks what a program holds"),
        errno(
            "ref_convert_alloc_rcu_protected",
            "tracks what a program holds",
        ),
        never("acquire_reference_state", "tracks what a program holds"),
        never("release_reference_state", "tracks what a program holds"),
        never("find_reference_state", "tracks what a program holds"),
        never("find_lock_state", "tracks what a program holds"),
        never(
            "invalidate_*_refs",
            "forgets pointers that are no longer valid",
        ),
        never(
            "ref_convert_owning_non_owning",
            "forgets pointers that are no longer valid",
        ),
        never(
            "clear_caller_saved_regs",
            "forgets pointers that are no longer valid",
        ),
        never(
            "clear_all_pkt_pointers",
            "forgets pointers that are no longer valid",
        ),
        never(
            "mark_reg_invalid",
            "forgets pointers that are no longer valid",
        ),
        never(
            "invalidate_dynptr",
            "forgets pointers that are no longer valid",
        ),
        never(
            "invalidate_outgoing_stack_args",
            "forgets pointers that are no longer valid",
        ),
        errno("mark_stack_slots_*", "tracks kernel objects on the stack"),
        errno("unmark_stack_slots_*", "tracks kernel objects on the stack"),
        errno(
            "mark_stack_slot_irq_flag",
            "tracks kernel objects on the stack",
        ),
        errno(
            "unmark_stack_slot_irq_flag",
            "tracks kernel objects on the stack",
        ),
        errno(
            "destroy_if_dynptr_stack_slot",
            "tracks kernel objects on the stack",
        ),
        errno(
            "is_iter_reg_valid_init",
            "tracks kernel objects on the stack",
        ),
        errno(
            "is_irq_flag_reg_valid_init",
            "tracks kernel objects on the stack",
        ),
        errno(
            "stack_slot_obj_get_spi",
            "finds a kernel object on the stack",
        ),
        errno("dynptr_get_spi", "finds a kernel object on the stack"),
        errno("iter_get_spi", "finds a kernel object on the stack"),
        errno("irq_flag_get_spi", "finds a kernel object on the stack"),
        never("is_dynptr_*", "tracks kernel objects on the stack"),
        never(
            "is_iter_reg_valid_uninit",
            "tracks kernel objects on the stack",
        ),
        never(
            "is_irq_flag_reg_valid_uninit",
            "tracks kernel objects on the stack",
        ),
        never("arg_to_dynptr_type", "tracks kernel objects on the stack"),
        never("dynptr_ref_cnt", "tracks kernel objects on the stack"),
        never("mark_dynptr_*", "tracks kernel objects on the stack"),
        never("__mark_dynptr_reg", "tracks kernel objects on the stack"),
        never(
            "check_raw_mode_ok",
            "checks the description of a kernel function",
        ),
        never(
            "check_args_pair_invalid",
            "checks the description of a kernel function",
        ),
        never(
            "check_arg_pair_ok",
            "checks the description of a kernel function",
        ),
        never(
            "check_btf_id_ok",
            "checks the description of a kernel function",
        ),
        never(
            "check_mem_arg_rw_flag_ok",
            "checks the description of a kernel function",
        ),
        never(
            "check_proto_release_reg",
            "checks the description of a kernel function",
        ),
        never(
            "bpf_allow_tail_call_in_subprogs",
            "checks the description of a kernel function",
        ),
        never("is_kfunc_*", "tells what a kernel function demands"),
        never(
            "__is_kfunc_ptr_arg_type",
            "tells what a kernel function demands",
        ),
        never("is_bpf_*_kfunc", "tells what a kernel function demands"),
        never("is_*_calling_kfunc", "tells what a kernel function demands"),
        never(
            "is_rbtree_lock_required_kfunc",
            "tells what a kernel function demands",
        ),
        never(
            "is_task_work_add_kfunc",
            "tells what a kernel function demands",
        ),
        never("bpf_is_*_kfunc", "tells what a kernel function demands"),
        never("bpf_is_kfunc_*", "tells what a kernel function demands"),
        never(
            "kfunc_spin_allowed",
            "tells where a kernel function may be called",
        ),
        never(
            "check_css_task_iter_allowlist",
            "tells where a kernel function may be called",
        ),
        never(
            "check_kfunc_is_graph_*_api",
            "tells where a kernel function may be called",
        ),
        never(
            "in_rbtree_lock_required_cb",
            "tells what a kernel function demands",
        ),
        never(
            "is_acquire_function",
            "tells what a kernel function demands",
        ),
        never(
            "is_ptr_cast_function",
            "tells what a kernel function demands",
        ),
        never(
            "is_*_callback_calling_function",
            "tells what a kernel function demands",
        ),
        never(
            "is_callback_calling_function",
            "tells what a kernel function demands",
        ),
        never(
            "is_async_cb_sleepable",
            "tells what a kernel function demands",
        ),
        never(
            "bpf_is_sync_callback_calling_insn",
            "tells what a kernel function demands",
        ),
        never(
            "bpf_is_async_callback_calling_insn",
            "tells what a kernel function demands",
        ),
        zero(
            "btf_kfunc_is_allowed",
            "decides which kernel functions a program may call",
        ),
        zero(
            "__btf_kfunc_is_allowed",
            "decides which kernel functions a program may call",
        ),
        never(
            "btf_kfunc_flags",
            "decides which kernel functions a program may call",
        ),
        never(
            "btf_kfunc_id_set_contains",
            "decides which kernel functions a program may call",
        ),
        never(
            "btf_kfunc_is_modify_return",
            "decides which kernel functions a program may call",
        ),
        errno(
            "btf_kfunc_check_flag",
            "decides which kernel functions a program may call",
        ),
        errno(
            "*_kfunc_filter",
            "decides which kernel functions a program may call",
        ),
        errno("fetch_kfunc_meta", "finds the kernel function of a call"),
        errno(
            "bpf_fetch_kfunc_arg_meta",
            "finds the kernel function of a call",
        ),
        errno("bpf_get_kfunc_addr", "finds the kernel function of a call"),
        never("find_kfunc_desc", "finds the kernel function of a call"),
        never("find_kfunc_desc_btf", "finds the kernel function of a call"),
        never(
            "__find_kfunc_desc_btf",
            "finds the kernel function of a call",
        ),
        never(
            "find_kfunc_impl_proto",
            "finds the kernel function of a call",
        ),
        errno(
            "bpf_get_helper_proto",
            "decides which helpers a program may call",
        ),
        zero(
            "bpf_*_func_proto",
            "decides which helpers a program may call",
        ),
        zero(
            "*:bpf_*_get_func_proto",
            "decides which helpers a program may call",
        ),
        zero(
            "*:*_prog_func_proto",
            "decides which helpers a program may call",
        ),
        zero(
            "cgroup_dev_func_proto",
            "decides which helpers a program may call",
        ),
        zero(
            "sysctl_func_proto",
            "decides which helpers a program may call",
        ),
        zero(
            "cg_sockopt_func_proto",
            "decides which helpers a program may call",
        ),
        zero(
            "cgroup_common_func_proto",
            "decides which helpers a program may call",
        ),
        zero(
            "sock_filter_func_proto",
            "decides which helpers a program may call",
        ),
        zero(
            "sock_addr_func_proto",
            "decides which helpers a program may call",
        ),
        zero(
            "sk_filter_func_proto",
            "decides which helpers a program may call",
        ),
        zero(
            "cg_skb_func_proto",
            "decides which helpers a program may call",
        ),
        zero(
            "tc_cls_act_func_proto",
            "decides which helpers a program may call",
        ),
        zero("xdp_func_proto", "decides which helpers a program may call"),
        zero(
            "sock_ops_func_proto",
            "decides which helpers a program may call",
        ),
        zero(
            "sk_msg_func_proto",
            "decides which helpers a program may call",
        ),
        zero(
            "sk_skb_func_proto",
            "decides which helpers a program may call",
        ),
        zero(
            "flow_dissector_func_proto",
            "decides which helpers a program may call",
        ),
        zero(
            "lwt_*_func_proto",
            "decides which helpers a program may call",
        ),
        zero(
            "sk_reuseport_func_proto",
            "decides which helpers a program may call",
        ),
        zero(
            "sk_lookup_func_proto",
            "decides which helpers a program may call",
        ),
        zero(
            "bpf_jit_supports_*",
            "tells what the compiler for programs can do safely",
        ),
    ],
};

/// The arithmetic by which the verifier knows what values a register can hold.
pub(super) const BOUNDS: Family = Family {
    name: "bpf bounds",
    entries: &[
        errno("check_alu_op", "computes the result of an operation"),
        errno(
            "adjust_reg_min_max_vals",
            "computes the result of an operation",
        ),
        errno(
            "adjust_ptr_min_max_vals",
            "computes the result of an operation",
        ),
        errno(
            "adjust_scalar_min_max_vals",
            "computes the result of an operation",
        ),
        errno("check_cond_jmp_op", "checks one instruction of a program"),
        errno("check_ld_imm", "checks one instruction of a program"),
        errno("check_ld_abs", "checks one instruction of a program"),
        errno("__check_reg_arg", "checks one instruction of a program"),
        errno("check_reg_arg", "checks one instruction of a program"),
        errno(
            "maybe_fork_scalars",
            "computes what values a register can hold",
        ),
        errno(
            "do_refine_retval_range",
            "computes what values a register can hold",
        ),
        never("scalar*_min_max_*", "computes the result of an operation"),
        never(
            "__scalar*_min_max_lsh",
            "computes the result of an operation",
        ),
        never("scalar_byte_swap", "computes the result of an operation"),
        never(
            "is_safe_to_compute_dst_reg_range",
            "computes the result of an operation",
        ),
        never("add_scalar_to_reg", "computes the result of an operation"),
        never(
            "check_reg_sane_offset_scalar",
            "keeps offsets within sane bounds",
        ),
        never(
            "check_reg_sane_offset_ptr",
            "keeps offsets within sane bounds",
        ),
        never("is_branch_taken", "predicts which way a program branches"),
        never(
            "is_scalar_branch_taken",
            "predicts which way a program branches",
        ),
        never(
            "is_pkt_ptr_branch_taken",
            "predicts which way a program branches",
        ),
        never(
            "simulate_both_branches_taken",
            "predicts which way a program branches",
        ),
        never(
            "regs_refine_cond_op",
            "learns from a comparison in a program",
        ),
        never("flip_opcode", "learns from a comparison in a program"),
        never("rev_opcode", "learns from a comparison in a program"),
        never(
            "try_match_pkt_pointers",
            "learns from a comparison in a program",
        ),
        never(
            "find_good_pkt_pointers",
            "learns from a comparison in a program",
        ),
        never(
            "mark_ptr_or_null_reg",
            "learns from a comparison in a program",
        ),
        never(
            "mark_ptr_or_null_regs",
            "learns from a comparison in a program",
        ),
        never(
            "mark_ptr_not_null_reg",
            "learns from a comparison in a program",
        ),
        never("mark_pkt_end", "learns from a comparison in a program"),
        never(
            "sync_linked_regs",
            "tracks registers that hold related values",
        ),
        never(
            "collect_linked_regs",
            "tracks registers that hold related values",
        ),
        never(
            "__collect_linked_regs",
            "tracks registers that hold related values",
        ),
        never("linked_regs_*", "tracks registers that hold related values"),
        never(
            "assign_scalar_id_before_mov",
            "tracks registers that hold related values",
        ),
        never(
            "clear_scalar_id",
            "tracks registers that hold related values",
        ),
        errno(
            "reg_bounds_sanity_check",
            "checks that the known bounds make sense",
        ),
        errno(
            "regs_bounds_sanity_check_branches",
            "checks that the known bounds make sense",
        ),
        never(
            "const_tnum_range_mismatch*",
            "checks that the known bounds make sense",
        ),
        never(
            "range_bounds_violation",
            "checks that the known bounds make sense",
        ),
        never("reg_bounds_sync", "derives bounds from bounds"),
        never("__update_reg*_bounds", "derives bounds from bounds"),
        never("deduce_bounds_*", "derives bounds from bounds"),
        never("__reg_deduce_bounds", "derives bounds from bounds"),
        never("__reg_bound_offset", "derives bounds from bounds"),
        never("__mark_reg*", "sets what is known about a register"),
        never("___mark_reg_known", "sets what is known about a register"),
        never("mark_reg_known_zero", "sets what is known about a register"),
        never("mark_reg_unknown", "sets what is known about a register"),
        never("bpf_mark_reg_*", "sets what is known about a register"),
        never("reset_reg*_and_tnum", "sets what is known about a register"),
        never("init_reg_state", "sets what is known about a register"),
        never("init_func_state", "sets what is known about a register"),
        never("mark_reg_graph_node", "sets what is known about a register"),
        never(
            "refine_map_lookup_value",
            "sets what is known about a register",
        ),
        never(
            "mark_indirect_target",
            "sets what is known about a register",
        ),
        never(
            "coerce_*reg_to_size*",
            "narrows what is known about a register",
        ),
        never(
            "set_sext*_default_val",
            "narrows what is known about a register",
        ),
        never("zext_32_to_64", "narrows what is known about a register"),
        never("is_reg_const", "reads what is known about a register"),
        never("reg_const_value", "reads what is known about a register"),
        never("loop_flag_is_zero", "reads what is known about a register"),
        never(
            "can_elide_value_nullness",
            "reads what is known about a register",
        ),
        never("retval_range*", "tells what a program may return"),
        never("return_retval_range", "tells what a program may return"),
        never("get_func_retval_range", "tells what a program may return"),
        never("program_returns_void", "tells what a program may return"),
        never("subprog_returns_void", "tells what a program may return"),
        never("tnum_*", "computes with partly known numbers"),
        never("cnum32_*", "computes with ranges of numbers"),
        never("cnum64_*", "computes with ranges of numbers"),
        never("const_reg_xfer", "finds registers that are constant"),
        never("const_reg_join", "finds registers that are constant"),
        never("eval_const_branch", "finds registers that are constant"),
        errno(
            "bpf_compute_const_regs",
            "finds branches that are never taken",
        ),
        errno(
            "bpf_prune_dead_branches",
            "finds branches that are never taken",
        ),
        errno("sanitize_ptr_alu", "keeps speculation within bounds"),
        errno("sanitize_val_alu", "keeps speculation within bounds"),
        errno("sanitize_err", "keeps speculation within bounds"),
        errno(
            "sanitize_speculative_path",
            "keeps speculation within bounds",
        ),
        errno("sanitize_check_bounds", "keeps speculation within bounds"),
        errno(
            "update_alu_sanitation_state",
            "keeps speculation within bounds",
        ),
        errno("retrieve_ptr_limit", "keeps speculation within bounds"),
        never("sanitize_needed", "keeps speculation within bounds"),
        never("can_skip_alu_sanitation", "keeps speculation within bounds"),
        never("sanitize_mark_insn_seen", "keeps speculation within bounds"),
        never(
            "error_recoverable_with_nospec",
            "keeps speculation within bounds",
        ),
    ],
};

/// The passes that rewrite a checked program before it is compiled.
pub(super) const FIXUPS: Family = Family {
    name: "bpf rewriting",
    entries: &[
        errno(
            "bpf_do_misc_fixups",
            "rewrites the calls and accesses of a program",
        ),
        errno(
            "bpf_fixup_call_args",
            "rewrites the calls and accesses of a program",
        ),
        errno(
            "bpf_convert_ctx_accesses",
            "rewrites the calls and accesses of a program",
        ),
        errno("bpf_optimize_bpf_loop", "rewrites the calls of a program"),
        errno("bpf_jit_subprogs", "rewrites the calls of a program"),
        errno("jit_subprogs", "rewrites the calls of a program"),
        errno(
            "bpf_opt_subreg_zext_lo32_rnd_hi32",
            "rewrites a program after the checks",
        ),
        errno(
            "bpf_opt_remove_dead_code",
            "rewrites a program after the checks",
        ),
        errno("bpf_opt_remove_nops", "rewrites a program after the checks"),
        errno(
            "verifier_remove_insns",
            "removes instructions from a program",
        ),
        errno(
            "adjust_subprog_starts_after_remove",
            "removes instructions from a program",
        ),
        errno(
            "bpf_adj_linfo_after_remove",
            "removes instructions from a program",
        ),
        errno(
            "bpf_remove_fastcall_spills_fills",
            "rewrites a program after the checks",
        ),
        errno("add_hidden_subprog", "rewrites a program after the checks"),
        errno("set_kfunc_desc_imm", "rewrites a program after the checks"),
        errno("bpf_remove_insns", "moves instructions of a program"),
        errno("bpf_adj_branches", "moves instructions of a program"),
        errno("adjust_jmp_off", "moves instructions of a program"),
        never(
            "bpf_patch_insn_data",
            "replaces an instruction of a program",
        ),
        never(
            "bpf_patch_insn_single",
            "replaces an instruction of a program",
        ),
        never("inline_bpf_loop", "replaces an instruction of a program"),
        never(
            "adjust_subprog_starts",
            "replaces an instruction of a program",
        ),
        never(
            "adjust_insn_aux_data",
            "replaces an instruction of a program",
        ),
        never("adjust_poke_descs", "replaces an instruction of a program"),
        never(
            "adjust_insn_arrays*",
            "replaces an instruction of a program",
        ),
        never(
            "bpf_opt_hard_wire_dead_code_branches",
            "rewrites a program after the checks",
        ),
        never(
            "convert_pseudo_ld_imm64",
            "rewrites a program after the checks",
        ),
        never("bpf_is_reg64", "tells which part of a register is used"),
        never("bpf_insn_def32", "tells which part of a register is used"),
        never("insn_def_regno", "tells which part of a register is used"),
        never("bpf_get_call_summary", "tells what a call leaves untouched"),
        never(
            "bpf_verifier_inlines_helper_call",
            "tells what a call leaves untouched",
        ),
        never(
            "mark_fastcall_pattern_for_call",
            "tells what a call leaves untouched",
        ),
        errno(
            "mark_fastcall_patterns",
            "tells what a call leaves untouched",
        ),
        never("bpf_insn_is_cond_jump", "tells where a jump can go"),
        never("bpf_jmp_offset", "tells where a jump can go"),
    ],
};

/// The checks on type information that programs bring along.
pub(super) const TYPES: Family = Family {
    name: "bpf type information",
    entries: &[
        errno(
            "btf_check_all_metas",
            "checks type information from user space",
        ),
        errno("btf_check_meta", "checks type information from user space"),
        errno(
            "btf_*_check_meta",
            "checks type information from user space",
        ),
        errno(
            "btf_check_all_types",
            "checks type information from user space",
        ),
        errno("btf_resolve", "checks type information from user space"),
        errno(
            "btf_*_check_member",
            "checks type information from user space",
        ),
        errno(
            "btf_*_check_kflag_member",
            "checks type information from user space",
        ),
        errno("btf_*_resolve", "checks type information from user space"),
        errno(
            "btf_func_proto_check",
            "checks type information from user space",
        ),
        errno("btf_func_check", "checks type information from user space"),
        errno("btf_parse_hdr", "checks type information from user space"),
        errno(
            "btf_parse_type_sec",
            "checks type information from user space",
        ),
        errno(
            "btf_parse_str_sec",
            "checks type information from user space",
        ),
        errno(
            "btf_parse_layout_sec",
            "checks type information from user space",
        ),
        errno(
            "btf_check_sec_info",
            "checks type information from user space",
        ),
        zero(
            "btf_resolve_valid",
            "checks type information from user space",
        ),
        zero(
            "btf_name_offset_valid",
            "checks type information from user space",
        ),
        zero(
            "btf_name_valid_identifier",
            "checks type information from user space",
        ),
        zero(
            "btf_name_valid_section",
            "checks type information from user space",
        ),
        errno(
            "btf_check_and_fixup_fields",
            "checks the kernel objects in a map",
        ),
        errno(
            "btf_check_ownership_depth",
            "checks the kernel objects in a map",
        ),
        errno(
            "btf_check_modifier_chain_length",
            "checks the kernel objects in a map",
        ),
        errno("btf_find_field", "finds the kernel objects in a map"),
        errno("btf_find_field_one", "finds the kernel objects in a map"),
        errno("btf_find_struct_field", "finds the kernel objects in a map"),
        errno("btf_find_datasec_var", "finds the kernel objects in a map"),
        errno("btf_find_kptr", "finds the kernel objects in a map"),
        errno("btf_find_graph_root", "finds the kernel objects in a map"),
        errno(
            "btf_find_nested_struct",
            "finds the kernel objects in a map",
        ),
        errno("btf_get_field_type", "finds the kernel objects in a map"),
        errno("btf_parse_kptr", "finds the kernel objects in a map"),
        errno("btf_parse_graph_root", "finds the kernel objects in a map"),
        never("btf_parse_fields", "finds the kernel objects in a map"),
        never("btf_find_struct_meta", "finds the kernel objects in a map"),
        never("btf_record_find", "finds the kernel objects in a map"),
        never("btf_record_dup", "finds the kernel objects in a map"),
        never("btf_record_equal", "finds the kernel objects in a map"),
        never("btf_resolve_size", "reads type information"),
        never("btf_type_skip_modifiers", "reads type information"),
        errno(
            "btf_check_iter_arg",
            "checks the kernel functions offered to programs",
        ),
        errno(
            "btf_check_iter_kfuncs",
            "checks the kernel functions offered to programs",
        ),
        errno(
            "btf_check_kfunc_protos",
            "checks the kernel functions offered to programs",
        ),
        errno(
            "btf_check_dtor_kfuncs",
            "checks the kernel functions offered to programs",
        ),
        errno(
            "btf_populate_kfunc_set",
            "registers the kernel functions offered to programs",
        ),
        errno(
            "register_btf_kfunc_id_set",
            "registers the kernel functions offered to programs",
        ),
        errno(
            "__register_btf_kfunc_id_set",
            "registers the kernel functions offered to programs",
        ),
        errno(
            "register_btf_fmodret_id_set",
            "registers the kernel functions offered to programs",
        ),
        errno(
            "register_btf_id_dtor_kfuncs",
            "registers the kernel functions offered to programs",
        ),
        errno("bpf_core_apply", "adapts a program to the kernel's types"),
        errno("map_check_btf", "checks the type information of a map"),
    ],
};

/// What decides who may load and attach programs, and which ones.
pub(super) const LOADING: Family = Family {
    name: "bpf loading",
    entries: &[
        errno("bpf_prog_load", "decides who may use BPF"),
        errno("__sys_bpf", "decides who may use BPF"),
        errno("kern_sys_bpf", "decides who may use BPF"),
        errno("map_create", "decides who may use BPF"),
        errno("map_create_alloc", "decides who may use BPF"),
        errno("bpf_btf_load", "decides who may use BPF"),
        errno(
            "bpf_prog_load_check_attach",
            "checks what a program is loaded for",
        ),
        errno(
            "bpf_prog_attach_check_attach_type",
            "checks what a program is loaded for",
        ),
        errno("bpf_prog_attach", "decides who may attach a program"),
        errno("link_create", "decides who may attach a program"),
        errno("bpf_raw_tp_link_attach", "decides who may attach a program"),
        errno(
            "bpf_tracing_prog_attach",
            "decides who may attach a program",
        ),
        errno(
            "bpf_raw_tracepoint_open",
            "decides who may attach a program",
        ),
        errno("bpf_perf_link_attach", "decides who may attach a program"),
        errno("bpf_link_prime", "decides who may attach a program"),
        never(
            "is_net_admin_prog_type",
            "tells which right a kind of program needs",
        ),
        never(
            "is_perfmon_prog_type",
            "tells which right a kind of program needs",
        ),
        never(
            "is_cgroup_prog_type",
            "tells which right a kind of program needs",
        ),
        zero(
            "bpf_token_capable",
            "answers whether a token or task may use BPF",
        ),
        zero(
            "bpf_ns_capable",
            "answers whether a token or task may use BPF",
        ),
        zero("bpf_token_allow_cmd", "decides what a BPF token allows"),
        zero(
            "bpf_token_allow_map_type",
            "decides what a BPF token allows",
        ),
        zero(
            "bpf_token_allow_prog_type",
            "decides what a BPF token allows",
        ),
        errno("bpf_token_create", "hands out BPF tokens"),
        errno("token_create", "hands out BPF tokens"),
        errno("bpf_token_get_from_fd", "hands out BPF tokens"),
        zero(
            "bpf_prog_get_ok",
            "checks that a program is of the expected kind",
        ),
        errno("__bpf_prog_get", "hands out programs and maps"),
        errno("bpf_prog_get_type_dev", "hands out programs and maps"),
        errno("bpf_prog_new_fd", "hands out programs and maps"),
        errno("bpf_map_new_fd", "hands out programs and maps"),
        errno("bpf_get_file_flag", "hands out programs and maps"),
        never(
            "map_get_sys_perms",
            "decides whether a map may be read or written",
        ),
        errno(
            "bpf_prog_get_fd_by_id",
            "decides who may open BPF objects by number",
        ),
        errno(
            "bpf_map_get_fd_by_id",
            "decides who may open BPF objects by number",
        ),
        errno(
            "bpf_btf_get_fd_by_id",
            "decides who may open BPF objects by number",
        ),
        errno(
            "bpf_link_get_fd_by_id",
            "decides who may open BPF objects by number",
        ),
        errno(
            "bpf_obj_get_user",
            "decides who may open pinned BPF objects",
        ),
        errno(
            "bpf_obj_pin_user",
            "decides who may open pinned BPF objects",
        ),
        errno("bpf_obj_do_get", "decides who may open pinned BPF objects"),
        errno("bpf_inode_type", "decides who may open pinned BPF objects"),
        errno("map_freeze", "checks an access to a map"),
        errno("bpf_map_mmap", "checks an access to a map"),
        errno("map_lookup_elem", "checks an access to a map"),
        errno("map_update_elem", "checks an access to a map"),
        errno("map_delete_elem", "checks an access to a map"),
        errno(
            "bpf_unpriv_handler",
            "guards the switch for unprivileged BPF",
        ),
        errno(
            "bpf_stats_handler",
            "guards the switch for unprivileged BPF",
        ),
        never(
            "unpriv_ebpf_notify",
            "reacts to the switch for unprivileged BPF",
        ),
        errno(
            "bpf_check_uarg_tail_zero",
            "rejects arguments from a newer interface",
        ),
        errno("bpf_lsm_verify_prog", "checks programs for LSM hooks"),
        errno("bpf_lsm_get_retval_range", "checks programs for LSM hooks"),
        never(
            "bpf_lsm_is_sleepable_hook",
            "tells what an LSM hook demands",
        ),
        never("bpf_lsm_is_trusted", "tells what an LSM hook demands"),
        never(
            "bpf_lsm_hook_returns_errno",
            "tells what an LSM hook demands",
        ),
        never(
            "bpf_lsm_find_cgroup_shim",
            "runs the programs of a control group for an LSM hook",
        ),
        never(
            "__cgroup_bpf_run_lsm_*",
            "runs the programs of a control group for an LSM hook",
        ),
        zero(
            "bpf_prog_map_compatible",
            "checks that programs in a map fit each other",
        ),
        zero(
            "__bpf_prog_map_compatible",
            "checks that programs in a map fit each other",
        ),
        errno(
            "bpf_check_tail_call",
            "checks that programs in a map fit each other",
        ),
        errno("bpf_prog_calc_tag", "checks or names the code of a program"),
        errno(
            "bpf_prog_verify_signature",
            "checks or names the code of a program",
        ),
        never("bpf_audit_prog", "writes the audit record of a program"),
        errno(
            "cgroup_bpf_prog_attach",
            "attaches programs to a control group",
        ),
        errno(
            "cgroup_bpf_link_attach",
            "attaches programs to a control group",
        ),
        errno(
            "__cgroup_bpf_attach",
            "attaches programs to a control group",
        ),
        never(
            "compute_effective_progs",
            "decides which programs of a control group run",
        ),
        never(
            "activate_effective_progs",
            "decides which programs of a control group run",
        ),
        never(
            "hierarchy_allows_attach",
            "decides which programs of a control group run",
        ),
        errno(
            "update_effective_progs",
            "decides which programs of a control group run",
        ),
        never(
            "replace_effective_prog",
            "decides which programs of a control group run",
        ),
        never(
            "purge_effective_progs",
            "decides which programs of a control group run",
        ),
        errno(
            "bpf_struct_ops_map_update_elem",
            "checks and installs a set of programs",
        ),
        errno("check_zero_holes", "checks and installs a set of programs"),
    ],
};

/// What turns programs into machine code and keeps that code unwritable.
pub(super) const COMPILING: Family = Family {
    name: "bpf compiling",
    entries: &[
        never("bpf_prog_select_runtime", "chooses how a program runs"),
        never("__bpf_prog_select_runtime", "chooses how a program runs"),
        never("bpf_prog_select_interpreter", "chooses how a program runs"),
        never("bpf_prog_jit_compile", "chooses how a program runs"),
        never(
            "bpf_int_jit_compile",
            "compiles a program and hides its constants",
        ),
        never(
            "bpf_jit_blind_constants",
            "compiles a program and hides its constants",
        ),
        errno("bpf_jit_blind_insn", "hides the constants of a program"),
        errno("do_jit", "writes the machine code of a program"),
        errno(
            "bpf_jit_binary_pack_finalize",
            "writes the machine code of a program",
        ),
        never(
            "bpf_jit_binary_alloc",
            "gives out executable memory for programs",
        ),
        never(
            "bpf_jit_binary_pack_alloc",
            "gives out executable memory for programs",
        ),
        never(
            "bpf_prog_pack_alloc",
            "gives out executable memory for programs",
        ),
        never("alloc_new_pack", "gives out executable memory for programs"),
        never(
            "bpf_prog_pack_free",
            "manages executable memory for programs",
        ),
        never(
            "bpf_jit_binary_free",
            "manages executable memory for programs",
        ),
        never(
            "bpf_jit_alloc_exec",
            "manages executable memory for programs",
        ),
        never(
            "bpf_jit_free_exec",
            "manages executable memory for programs",
        ),
        never(
            "bpf_jit_fill_hole_with_zero",
            "keeps unused executable memory harmless",
        ),
        never("jit_fill_hole", "keeps unused executable memory harmless"),
        never(
            "bpf_jit_mem_is_rox",
            "keeps unused executable memory harmless",
        ),
        errno(
            "bpf_jit_charge_modmem",
            "changes the machine code of programs",
        ),
        errno("bpf_arch_text_poke", "changes the machine code of programs"),
        errno(
            "__bpf_arch_text_poke",
            "changes the machine code of programs",
        ),
        errno(
            "bpf_arch_text_invalidate",
            "changes the machine code of programs",
        ),
        errno(
            "bpf_jit_get_func_addr",
            "finds the function that a program calls",
        ),
        errno(
            "bpf_patch_call_args",
            "finds the function that a program calls",
        ),
        never("bpf_arch_text_copy", "changes the machine code of programs"),
        never(
            "bpf_jit_bypass_spec_v1",
            "tells whether programs need speculation barriers",
        ),
        never(
            "bpf_jit_bypass_spec_v4",
            "tells whether programs need speculation barriers",
        ),
        never(
            "bpf_arch_uaddress_limit",
            "tells where kernel memory begins for programs",
        ),
        never("bpf_opcode_in_insntable", "tells which instructions exist"),
        never("___bpf_prog_run", "interprets a program"),
        never(
            "__bpf_prog_ret0_warn",
            "stands in for a program that must not run",
        ),
        never(
            "__bpf_prog_ret1",
            "stands in for a program that must not run",
        ),
        errno(
            "bpf_trampoline_link_prog",
            "attaches programs to kernel functions",
        ),
        errno(
            "bpf_trampoline_update",
            "attaches programs to kernel functions",
        ),
        errno(
            "arch_prepare_bpf_trampoline",
            "builds the code that calls programs",
        ),
        errno(
            "__arch_prepare_bpf_trampoline",
            "builds the code that calls programs",
        ),
        never("__bpf_tramp_enter", "enters and leaves programs"),
        never("__bpf_tramp_exit", "enters and leaves programs"),
        never("bpf_trampoline_enter", "enters and leaves programs"),
        never("bpf_trampoline_exit", "enters and leaves programs"),
        never("bpf_dispatcher_change_prog", "enters and leaves programs"),
    ],
};

/// The checks on the older socket filters.
pub(super) const CLASSIC: Family = Family {
    name: "classic bpf",
    entries: &[
        errno("bpf_check_classic", "checks a socket filter"),
        errno("check_load_and_stores", "checks a socket filter"),
        zero("chk_code_allowed", "checks a socket filter"),
        zero("bpf_check_basics_ok", "checks a socket filter"),
        errno("bpf_convert_filter", "translates a socket filter"),
        errno("bpf_migrate_filter", "prepares a socket filter"),
        errno("bpf_prepare_filter", "prepares a socket filter"),
        errno("bpf_prog_create", "loads a socket filter"),
        errno("bpf_prog_create_from_user", "loads a socket filter"),
        errno("copy_bpf_fprog_from_user", "loads a socket filter"),
        errno("sk_attach_filter", "attaches a filter to a socket"),
        errno("sk_attach_bpf", "attaches a filter to a socket"),
        errno(
            "sk_reuseport_attach_filter",
            "attaches a filter to a socket",
        ),
        errno("sk_reuseport_attach_bpf", "attaches a filter to a socket"),
        errno("__sk_attach_prog", "attaches a filter to a socket"),
        errno("__get_filter", "attaches a filter to a socket"),
        errno("__get_bpf", "attaches a filter to a socket"),
        errno("sk_detach_filter", "detaches a filter from a socket"),
        errno("sk_get_filter", "shows the filter of a socket"),
        zero("sk_filter_charge", "accounts for the filter of a socket"),
        zero("__sk_filter_charge", "accounts for the filter of a socket"),
        errno("run_lwt_bpf", "runs a program on a routed packet"),
        errno(
            "sock_map_prog_update",
            "attaches programs to sockets in a map",
        ),
        errno(
            "sock_map_get_from_fd",
            "attaches programs to sockets in a map",
        ),
        errno(
            "sock_map_link_create",
            "attaches programs to sockets in a map",
        ),
        zero(
            "sock_map_redirect_allowed",
            "decides which sockets a map may hold",
        ),
        zero(
            "sock_map_sk_state_allowed",
            "decides which sockets a map may hold",
        ),
    ],
};
