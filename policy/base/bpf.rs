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
#[rustfmt::skip]
pub(super) const VERIFIER: Family = Family {
    name: "bpf verifier",
    lines: &[
        errno("decides whether a program is safe to run", &["bpf_check"]),
        errno("walks through a program and checks every instruction", &[
            "do_check", "do_check_insn", "do_check_common", "do_check_main", "do_check_subprogs",
        ]),
        errno("rejects malformed instructions of a program", &[
            "check_insn_fields", "check_alu_fields", "check_jmp_fields", "check_and_resolve_insns",
        ]),
        errno("finds and checks the functions of a program", &[
            "check_subprogs", "add_subprogs", "add_subprog", "add_kfuncs", "bpf_add_kfunc_call",
        ]),
        errno("finds and orders the functions of a program", &[
            "bpf_find_exception_callback_insn_off", "sort_subprogs_topo",
        ]),
        errno("rejects programs whose control flow is not sound", &[
            "bpf_check_cfg", "push_insn", "visit_insn", "visit_func_call_insn", "visit_gotox_insn",
            "visit_abnormal_return_insn", "bpf_compute_postorder", "bpf_compute_scc",
        ]),
        errno("checks the type information of a program", &[
            "bpf_prepare_btf_info", "bpf_check_btf_info", "check_btf_func", "check_btf_line",
            "prepare_btf_func", "check_abnormal_return", "bpf_check_core_relo",
        ]),
        errno("decides what a program may be attached to", &[
            "check_attach_btf_id", "bpf_check_attach_target", "check_struct_ops_btf_id",
            "check_attach_modify_return", "check_attach_sleepable",
            "check_non_sleepable_error_inject",
        ]),
        errno("decides whether a target may run a sleeping program", &["btf_id_allow_sleepable"]),
        errno("decides whether a program may use a map", &[
            "check_map_prog_compatibility", "__add_used_map", "add_used_map",
        ]),
        errno("finds the map that a program names", &[
            "fd_array_get_map_idx", "fd_array_get_map_idx_continuous",
            "fd_array_get_map_idx_sparse",
        ]),
        errno("checks a kernel variable that a program names", &[
            "check_pseudo_btf_id", "__check_pseudo_btf_id", "__add_used_btf",
        ]),
        errno("checks what a program leaves behind when it returns", &[
            "process_bpf_exit_full", "prepare_func_exit", "check_return_code",
            "check_global_subprog_return_code",
        ]),
        never("tells which programs need the rules for tracing", &["is_tracing_prog_type"]),
        never("tells which programs may sleep", &["can_be_sleepable"]),
        never("replaces code that was never checked", &["sanitize_dead_code"]),
        never("keeps what is known about the functions of a program", &[
            "bpf_subprog_is_global", "bpf_mark_subprog_exc_cb",
        ]),
        never("records what a function of a program does to its caller", &[
            "mark_subprog_*", "merge_callee_effects",
        ]),
    ],
};

/// What the verifier remembers of the paths it has seen, and when it may skip one.
#[rustfmt::skip]
pub(super) const STATES: Family = Family {
    name: "bpf verifier states",
    lines: &[
        never("decides whether a path was already checked", &["bpf_is_state_visited"]),
        never("compares the states of two paths", &[
            "states_equal", "func_states_equal", "regsafe", "stacksafe", "stack_arg_safe",
            "refsafe", "regs_exact", "range_within", "check_ids", "check_scalar_ids",
            "states_maybe_looping", "iter_active_depths_differ",
        ]),
        never("decides which part of a state counts", &[
            "incomplete_read_marks", "clean_verifier_state", "__clean_func_state",
            "bpf_update_branch_counts",
        ]),
        errno("copies the state of a path", &[
            "bpf_copy_verifier_state", "copy_func_state", "copy_reference_state",
            "copy_stack_state",
        ]),
        errno("makes room for the state of a path", &[
            "grow_stack_state", "grow_stack_arg_slots", "resize_reference_state",
        ]),
        never("remembers a path that is still to be checked", &["push_stack", "push_async_cb"]),
        errno("takes up a path that is still to be checked", &["pop_stack"]),
        never("copies the state of a path", &["copy_array", "realloc_array"]),
        errno("marks the values that decisions depended on", &[
            "bpf_mark_chain_precision", "mark_chain_precision", "mark_chain_precision_batch",
            "mark_stack_arg_precision", "mark_arg_precision",
        ]),
        errno("follows back what a decision depended on", &[
            "backtrack_insn", "propagate_precision", "propagate_backedges", "bpf_push_jmp_history",
        ]),
        never("marks the values that decisions depended on", &[
            "bpf_mark_all_scalars_precise", "mark_all_scalars_imprecise", "bpf_bt_sync_linked_regs",
        ]),
        never("follows back what a decision depended on", &["get_prev_insn_idx"]),
        errno("loses knowledge so that loops come to an end", &["widen_imprecise_scalars"]),
        never("loses knowledge so that loops come to an end", &[
            "maybe_widen_reg", "scalars_exact_for_widen",
        ]),
        errno("keeps track of the loops of a program", &[
            "maybe_enter_scc", "maybe_exit_scc", "add_scc_backedge",
        ]),
        never("keeps track of the loops of a program", &["compute_scc_callchain"]),
        never("tells which part of the stack still matters", &[
            "bpf_stack_slot_alive", "is_live_before",
        ]),
        errno("computes which registers and stack slots still matter", &[
            "bpf_compute_live_registers", "bpf_compute_subprog_arg_access",
            "bpf_stack_liveness_init", "bpf_live_stack_query_init", "compute_subprog_args",
            "analyze_subprog",
        ]),
        errno("records which stack slots are used", &[
            "mark_stack_read", "mark_stack_write", "record_*_access", "record_stack_access_off",
            "record_imprecise",
        ]),
        never("computes which registers and stack slots still matter", &[
            "compute_insn_live_regs", "arg_track_*", "__arg_track_join", "update_instance",
            "merge_instances",
        ]),
        never("keeps track of registers that hold the same value", &[
            "bpf_clear_singular_ids", "idset_cnt_*",
        ]),
    ],
};

/// What the verifier checks about the memory that a program reads and writes.
#[rustfmt::skip]
pub(super) const MEMORY_CHECKS: Family = Family {
    name: "bpf memory checks",
    lines: &[
        errno("checks an access of a program to memory", &[
            "check_mem_access", "__check_mem_access", "check_load_mem", "check_store_reg",
        ]),
        errno("checks an atomic access of a program to memory", &[
            "check_atomic", "check_atomic_rmw", "check_atomic_load", "check_atomic_store",
        ]),
        errno("checks memory that a program hands on", &[
            "check_mem_region_access", "check_mem_size_reg", "check_mem_reg",
            "check_helper_mem_access",
        ]),
        errno("checks an access of a program to a map", &[
            "check_map_access", "check_map_access_type", "check_map_kptr_access",
            "check_map_mem_read",
        ]),
        errno("checks an access of a program to a kernel object", &[
            "check_ptr_to_map_access", "check_ptr_to_btf_access", "btf_struct_access",
            "btf_struct_walk", "*_btf_struct_access",
        ]),
        errno("checks an access of a program to its input", &[
            "check_packet_access", "check_ctx_access", "__check_ctx_access",
            "check_flow_keys_access", "check_sock_access", "check_tp_buffer_access",
            "check_buffer_access", "__check_buffer_access",
        ]),
        errno("checks a read of a program from its stack", &[
            "check_stack_read", "check_stack_read_fixed_off", "check_stack_read_var_off",
        ]),
        errno("checks a write of a program to its stack", &[
            "check_stack_write", "check_stack_write_fixed_off", "check_stack_write_var_off",
        ]),
        errno("checks arguments on the stack of a program", &[
            "check_stack_arg_read", "check_stack_arg_write", "check_outgoing_stack_args",
        ]),
        errno("checks that an access stays within the stack", &[
            "check_stack_access_within_bounds", "check_stack_slot_within_bounds",
        ]),
        errno("checks a use of the stack of a program", &[
            "check_stack_range_initialized", "check_stack_access_for_ptr_arithmetic",
        ]),
        errno("checks how much stack a program needs", &[
            "check_max_stack_depth", "check_max_stack_depth_subprog",
        ]),
        errno("checks the alignment of an access", &[
            "check_ptr_alignment", "check_pkt_ptr_alignment", "check_generic_ptr_alignment",
        ]),
        errno("checks the offset of a pointer", &["__check_ptr_off_reg", "check_ptr_off_reg"]),
        errno("checks the type of a pointer that a program loads", &[
            "map_kptr_match_type", "mark_uptr_ld_reg", "mark_btf_ld_reg", "bpf_map_direct_read",
        ]),
        errno("takes over what is known about a stack slot", &["mark_reg_stack_read"]),
        never("keeps what is known about a stack slot", &[
            "check_fastcall_stack_contract", "scrub_special_slot", "scrub_spilled_slot",
            "save_register_state", "mark_stack_slot_misc", "mark_stack_slots_scratched",
            "is_stack_slot_special", "is_spi_bounds_valid", "clear_overlapping_stack_slots",
            "clear_stack_for_all_offs",
        ]),
        never("decides which programs may touch what", &[
            "may_access_direct_pkt_data", "may_access_skb", "is_var_ctx_off_allowed",
            "may_update_sockmap",
        ]),
        never("decides which accesses are allowed", &[
            "atomic_ptr_type_ok", "is_load_acq_unsafe", "bpf_map_is_rdonly",
        ]),
        never("tells pointers from numbers", &[
            "__is_pointer_value", "is_pointer_value", "is_pointer_regtype",
        ]),
        never("tells what a register points to", &[
            "is_trusted_reg", "is_rcu_reg", "is_ctx_reg", "is_sk_reg", "is_pkt_reg",
            "is_flow_key_reg", "is_arena_reg", "reg_not_null", "reg_may_point_to_spin_lock",
            "reg_is_*pkt*", "reg_is_referenced",
        ]),
        never("tells what a pointer may be trusted for", &[
            "type_is_*", "rcu_protected_object", "rcu_safe_kptr", "in_rcu_cs", "in_sleepable",
            "clear_trusted_flags", "btf_nested_type_is_trusted", "btf_type_ids_nocast_alias",
        ]),
        never("tells what type a pointer has", &[
            "btf_ld_kptr_type", "merge_ptr_types", "reg_type_mismatch", "reg_type_mismatch_ok",
        ]),
        errno("remembers the type of a pointer", &["save_aux_ptr_type"]),
        zero("checks an access of a program to its input", &[
            "btf_ctx_access", "btf_struct_ids_match", "btf_types_are_same",
        ]),
        zero("decides which parts of its input a program may touch", &[
            "*:*_is_valid_access", "__is_valid_xdp_access",
        ]),
        never("translates an access of a program to its input", &["*:*_convert_ctx_access"]),
    ],
};

/// What the verifier checks when a program calls a function.
#[rustfmt::skip]
pub(super) const CALL_CHECKS: Family = Family {
    name: "bpf call checks",
    lines: &[
        errno("checks a call that a program makes", &[
            "check_helper_call", "check_kfunc_call", "check_func_call", "push_callback_call",
        ]),
        errno("checks the arguments of a call", &[
            "check_func_arg", "check_kfunc_args", "check_func_proto", "btf_check_func_arg_match",
            "btf_check_subprog_call",
        ]),
        errno("checks an argument of a call", &[
            "check_reg_type", "__check_func_arg_reg_off", "check_func_arg_reg_off",
            "check_arg_const_str", "resolve_map_arg_type", "get_constant_map_key",
            "process_map_ptr_arg", "check_map_field_pointer", "process_spin_lock",
            "process_timer_func", "process_kptr_func", "process_dynptr_func", "process_iter_arg",
            "process_iter_next_call", "process_const_arg", "process_const_alloc_mem_size",
            "process_irq_flag", "process_kf_arg_ptr_to_*", "__process_kf_arg_ptr_to_graph_*",
            "get_kfunc_arg_type",
        ]),
        errno("decides whether a program may make a call", &[
            "check_map_func_compatibility", "check_special_kfunc", "check_bpf_snprintf_call",
            "check_get_func_ip",
        ]),
        errno("checks that a program gives back what it took", &[
            "check_resource_leak", "check_reference_leak", "check_reg_allocation_locked",
        ]),
        errno("checks a jump through a table", &[
            "check_indirect_jump", "indirect_jump_min_max_index",
        ]),
        errno("prepares the state that a called function starts with", &[
            "set_callee_state", "set_*_callback_state", "setup_func_entry",
            "map_set_for_each_callback_args",
        ]),
        errno("checks a function against its type information", &[
            "btf_prepare_func_args", "btf_check_type_match", "btf_check_func_type_match",
            "btf_distill_func_proto", "btf_validate_prog_ctx_type", "btf_get_ptr_to_btf_id",
            "btf_validate_return_type",
        ]),
        zero("tells whether a type is the input of a program", &[
            "btf_is_prog_ctx_type", "btf_is_projection_of",
        ]),
        errno("remembers what a call was made with", &["record_func_map", "record_func_key"]),
        errno("tracks what a program holds", &[
            "acquire_reference", "acquire_lock_state", "acquire_irq_state", "release_lock_state",
            "release_irq_state", "release_reference", "release_reference_nomark",
            "__release_reference_nomark", "release_reg", "validate_ref_obj", "ref_set_non_owning",
            "ref_convert_alloc_rcu_protected",
        ]),
        never("tracks what a program holds", &[
            "acquire_reference_state", "release_reference_state", "find_reference_state",
            "find_lock_state",
        ]),
        never("forgets pointers that are no longer valid", &[
            "invalidate_*_refs", "ref_convert_owning_non_owning", "clear_caller_saved_regs",
            "clear_all_pkt_pointers", "mark_reg_invalid", "invalidate_dynptr",
            "invalidate_outgoing_stack_args",
        ]),
        errno("tracks kernel objects on the stack", &[
            "mark_stack_slots_*", "unmark_stack_slots_*", "mark_stack_slot_irq_flag",
            "unmark_stack_slot_irq_flag", "destroy_if_dynptr_stack_slot", "is_iter_reg_valid_init",
            "is_irq_flag_reg_valid_init",
        ]),
        errno("finds a kernel object on the stack", &[
            "stack_slot_obj_get_spi", "dynptr_get_spi", "iter_get_spi", "irq_flag_get_spi",
        ]),
        never("tracks kernel objects on the stack", &[
            "is_dynptr_*", "is_iter_reg_valid_uninit", "is_irq_flag_reg_valid_uninit",
            "arg_to_dynptr_type", "dynptr_ref_cnt", "mark_dynptr_*", "__mark_dynptr_reg",
        ]),
        never("checks the description of a kernel function", &[
            "check_raw_mode_ok", "check_args_pair_invalid", "check_arg_pair_ok", "check_btf_id_ok",
            "check_mem_arg_rw_flag_ok", "check_proto_release_reg",
            "bpf_allow_tail_call_in_subprogs",
        ]),
        never("tells what a kernel function demands", &[
            "is_kfunc_*", "__is_kfunc_ptr_arg_type", "is_bpf_*_kfunc", "is_*_calling_kfunc",
            "is_rbtree_lock_required_kfunc", "is_task_work_add_kfunc", "bpf_is_*_kfunc",
            "bpf_is_kfunc_*", "in_rbtree_lock_required_cb", "is_acquire_function",
            "is_ptr_cast_function", "is_*_callback_calling_function",
            "is_callback_calling_function", "is_async_cb_sleepable",
            "bpf_is_sync_callback_calling_insn", "bpf_is_async_callback_calling_insn",
        ]),
        never("tells where a kernel function may be called", &[
            "kfunc_spin_allowed", "check_css_task_iter_allowlist", "check_kfunc_is_graph_*_api",
        ]),
        zero("decides which kernel functions a program may call", &[
            "btf_kfunc_is_allowed", "__btf_kfunc_is_allowed",
        ]),
        never("decides which kernel functions a program may call", &[
            "btf_kfunc_flags", "btf_kfunc_id_set_contains", "btf_kfunc_is_modify_return",
        ]),
        errno("decides which kernel functions a program may call", &[
            "btf_kfunc_check_flag", "*_kfunc_filter",
        ]),
        errno("finds the kernel function of a call", &[
            "fetch_kfunc_meta", "bpf_fetch_kfunc_arg_meta", "bpf_get_kfunc_addr",
        ]),
        never("finds the kernel function of a call", &[
            "find_kfunc_desc", "find_kfunc_desc_btf", "__find_kfunc_desc_btf",
            "find_kfunc_impl_proto",
        ]),
        errno("decides which helpers a program may call", &["bpf_get_helper_proto"]),
        zero("decides which helpers a program may call", &[
            "bpf_*_func_proto", "*:bpf_*_get_func_proto", "*:*_prog_func_proto",
            "cgroup_dev_func_proto", "sysctl_func_proto", "cg_sockopt_func_proto",
            "cgroup_common_func_proto", "sock_filter_func_proto", "sock_addr_func_proto",
            "sk_filter_func_proto", "cg_skb_func_proto", "tc_cls_act_func_proto", "xdp_func_proto",
            "sock_ops_func_proto", "sk_msg_func_proto", "sk_skb_func_proto",
            "flow_dissector_func_proto", "lwt_*_func_proto", "sk_reuseport_func_proto",
            "sk_lookup_func_proto",
        ]),
        zero("tells what the compiler for programs can do safely", &["bpf_jit_supports_*"]),
    ],
};

/// The arithmetic by which the verifier knows what values a register can hold.
#[rustfmt::skip]
pub(super) const BOUNDS: Family = Family {
    name: "bpf bounds",
    lines: &[
        errno("computes the result of an operation", &[
            "check_alu_op", "adjust_reg_min_max_vals", "adjust_ptr_min_max_vals",
            "adjust_scalar_min_max_vals",
        ]),
        errno("checks one instruction of a program", &[
            "check_cond_jmp_op", "check_ld_imm", "check_ld_abs", "__check_reg_arg", "check_reg_arg",
        ]),
        errno("computes what values a register can hold", &[
            "maybe_fork_scalars", "do_refine_retval_range",
        ]),
        never("computes the result of an operation", &[
            "scalar*_min_max_*", "__scalar*_min_max_lsh", "scalar_byte_swap",
            "is_safe_to_compute_dst_reg_range", "add_scalar_to_reg",
        ]),
        never("keeps offsets within sane bounds", &[
            "check_reg_sane_offset_scalar", "check_reg_sane_offset_ptr",
        ]),
        never("predicts which way a program branches", &[
            "is_branch_taken", "is_scalar_branch_taken", "is_pkt_ptr_branch_taken",
            "simulate_both_branches_taken",
        ]),
        never("learns from a comparison in a program", &[
            "regs_refine_cond_op", "flip_opcode", "rev_opcode", "try_match_pkt_pointers",
            "find_good_pkt_pointers", "mark_ptr_or_null_reg", "mark_ptr_or_null_regs",
            "mark_ptr_not_null_reg", "mark_pkt_end",
        ]),
        never("tracks registers that hold related values", &[
            "sync_linked_regs", "collect_linked_regs", "__collect_linked_regs", "linked_regs_*",
            "assign_scalar_id_before_mov", "clear_scalar_id",
        ]),
        errno("checks that the known bounds make sense", &[
            "reg_bounds_sanity_check", "regs_bounds_sanity_check_branches",
        ]),
        never("checks that the known bounds make sense", &[
            "const_tnum_range_mismatch*", "range_bounds_violation",
        ]),
        never("derives bounds from bounds", &[
            "reg_bounds_sync", "__update_reg*_bounds", "deduce_bounds_*", "__reg_deduce_bounds",
            "__reg_bound_offset",
        ]),
        never("sets what is known about a register", &[
            "__mark_reg*", "___mark_reg_known", "mark_reg_known_zero", "mark_reg_unknown",
            "bpf_mark_reg_*", "reset_reg*_and_tnum", "init_reg_state", "init_func_state",
            "mark_reg_graph_node", "refine_map_lookup_value", "mark_indirect_target",
        ]),
        never("narrows what is known about a register", &[
            "coerce_*reg_to_size*", "set_sext*_default_val", "zext_32_to_64",
        ]),
        never("reads what is known about a register", &[
            "is_reg_const", "reg_const_value", "loop_flag_is_zero", "can_elide_value_nullness",
        ]),
        never("tells what a program may return", &[
            "retval_range*", "return_retval_range", "get_func_retval_range", "program_returns_void",
            "subprog_returns_void",
        ]),
        never("computes with partly known numbers", &["tnum_*"]),
        never("computes with ranges of numbers", &["cnum32_*", "cnum64_*"]),
        never("finds registers that are constant", &[
            "const_reg_xfer", "const_reg_join", "eval_const_branch",
        ]),
        errno("finds branches that are never taken", &[
            "bpf_compute_const_regs", "bpf_prune_dead_branches",
        ]),
        errno("keeps speculation within bounds", &[
            "sanitize_ptr_alu", "sanitize_val_alu", "sanitize_err", "sanitize_speculative_path",
            "sanitize_check_bounds", "update_alu_sanitation_state", "retrieve_ptr_limit",
        ]),
        never("keeps speculation within bounds", &[
            "sanitize_needed", "can_skip_alu_sanitation", "sanitize_mark_insn_seen",
            "error_recoverable_with_nospec",
        ]),
    ],
};

/// The passes that rewrite a checked program before it is compiled.
#[rustfmt::skip]
pub(super) const FIXUPS: Family = Family {
    name: "bpf rewriting",
    lines: &[
        errno("rewrites the calls and accesses of a program", &[
            "bpf_do_misc_fixups", "bpf_fixup_call_args", "bpf_convert_ctx_accesses",
        ]),
        errno("rewrites the calls of a program", &[
            "bpf_optimize_bpf_loop", "bpf_jit_subprogs", "jit_subprogs",
        ]),
        errno("rewrites a program after the checks", &[
            "bpf_opt_subreg_zext_lo32_rnd_hi32", "bpf_opt_remove_dead_code", "bpf_opt_remove_nops",
            "bpf_remove_fastcall_spills_fills", "add_hidden_subprog", "set_kfunc_desc_imm",
        ]),
        errno("removes instructions from a program", &[
            "verifier_remove_insns", "adjust_subprog_starts_after_remove",
            "bpf_adj_linfo_after_remove",
        ]),
        errno("moves instructions of a program", &[
            "bpf_remove_insns", "bpf_adj_branches", "adjust_jmp_off",
        ]),
        never("replaces an instruction of a program", &[
            "bpf_patch_insn_data", "bpf_patch_insn_single", "inline_bpf_loop",
            "adjust_subprog_starts", "adjust_insn_aux_data", "adjust_poke_descs",
            "adjust_insn_arrays*",
        ]),
        never("rewrites a program after the checks", &[
            "bpf_opt_hard_wire_dead_code_branches", "convert_pseudo_ld_imm64",
        ]),
        never("tells which part of a register is used", &[
            "bpf_is_reg64", "bpf_insn_def32", "insn_def_regno",
        ]),
        never("tells what a call leaves untouched", &[
            "bpf_get_call_summary", "bpf_verifier_inlines_helper_call",
            "mark_fastcall_pattern_for_call",
        ]),
        errno("tells what a call leaves untouched", &["mark_fastcall_patterns"]),
        never("tells where a jump can go", &["bpf_insn_is_cond_jump", "bpf_jmp_offset"]),
    ],
};

/// The checks on type information that programs bring along.
#[rustfmt::skip]
pub(super) const TYPES: Family = Family {
    name: "bpf type information",
    lines: &[
        errno("checks type information from user space", &[
            "btf_check_all_metas", "btf_check_meta", "btf_*_check_meta", "btf_check_all_types",
            "btf_resolve", "btf_*_check_member", "btf_*_check_kflag_member", "btf_*_resolve",
            "btf_func_proto_check", "btf_func_check", "btf_parse_hdr", "btf_parse_type_sec",
            "btf_parse_str_sec", "btf_parse_layout_sec", "btf_check_sec_info",
        ]),
        zero("checks type information from user space", &[
            "btf_resolve_valid", "btf_name_offset_valid", "btf_name_valid_identifier",
            "btf_name_valid_section",
        ]),
        errno("checks the kernel objects in a map", &[
            "btf_check_and_fixup_fields", "btf_check_ownership_depth",
            "btf_check_modifier_chain_length",
        ]),
        errno("finds the kernel objects in a map", &[
            "btf_find_field", "btf_find_field_one", "btf_find_struct_field", "btf_find_datasec_var",
            "btf_find_kptr", "btf_find_graph_root", "btf_find_nested_struct", "btf_get_field_type",
            "btf_parse_kptr", "btf_parse_graph_root",
        ]),
        never("finds the kernel objects in a map", &[
            "btf_parse_fields", "btf_find_struct_meta", "btf_record_find", "btf_record_dup",
            "btf_record_equal",
        ]),
        never("reads type information", &["btf_resolve_size", "btf_type_skip_modifiers"]),
        errno("checks the kernel functions offered to programs", &[
            "btf_check_iter_arg", "btf_check_iter_kfuncs", "btf_check_kfunc_protos",
            "btf_check_dtor_kfuncs",
        ]),
        errno("registers the kernel functions offered to programs", &[
            "btf_populate_kfunc_set", "register_btf_kfunc_id_set", "__register_btf_kfunc_id_set",
            "register_btf_fmodret_id_set", "register_btf_id_dtor_kfuncs",
        ]),
        errno("adapts a program to the kernel's types", &["bpf_core_apply"]),
        errno("checks the type information of a map", &["map_check_btf"]),
    ],
};

/// What decides who may load and attach programs, and which ones.
#[rustfmt::skip]
pub(super) const LOADING: Family = Family {
    name: "bpf loading",
    lines: &[
        errno("decides who may use BPF", &[
            "bpf_prog_load", "__sys_bpf", "kern_sys_bpf", "map_create", "map_create_alloc",
            "bpf_btf_load",
        ]),
        errno("checks what a program is loaded for", &[
            "bpf_prog_load_check_attach", "bpf_prog_attach_check_attach_type",
        ]),
        errno("decides who may attach a program", &[
            "bpf_prog_attach", "link_create", "bpf_raw_tp_link_attach", "bpf_tracing_prog_attach",
            "bpf_raw_tracepoint_open", "bpf_perf_link_attach", "bpf_link_prime",
        ]),
        never("tells which right a kind of program needs", &[
            "is_net_admin_prog_type", "is_perfmon_prog_type", "is_cgroup_prog_type",
        ]),
        zero("answers whether a token or task may use BPF", &[
            "bpf_token_capable", "bpf_ns_capable",
        ]),
        zero("decides what a BPF token allows", &[
            "bpf_token_allow_cmd", "bpf_token_allow_map_type", "bpf_token_allow_prog_type",
        ]),
        errno("hands out BPF tokens", &[
            "bpf_token_create", "token_create", "bpf_token_get_from_fd",
        ]),
        zero("checks that a program is of the expected kind", &["bpf_prog_get_ok"]),
        errno("hands out programs and maps", &[
            "__bpf_prog_get", "bpf_prog_get_type_dev", "bpf_prog_new_fd", "bpf_map_new_fd",
            "bpf_get_file_flag",
        ]),
        never("decides whether a map may be read or written", &["map_get_sys_perms"]),
        errno("decides who may open BPF objects by number", &[
            "bpf_prog_get_fd_by_id", "bpf_map_get_fd_by_id", "bpf_btf_get_fd_by_id",
            "bpf_link_get_fd_by_id",
        ]),
        errno("decides who may open pinned BPF objects", &[
            "bpf_obj_get_user", "bpf_obj_pin_user", "bpf_obj_do_get", "bpf_inode_type",
        ]),
        errno("checks an access to a map", &[
            "map_freeze", "bpf_map_mmap", "map_lookup_elem", "map_update_elem", "map_delete_elem",
        ]),
        errno("guards the switch for unprivileged BPF", &[
            "bpf_unpriv_handler", "bpf_stats_handler",
        ]),
        never("reacts to the switch for unprivileged BPF", &["unpriv_ebpf_notify"]),
        errno("rejects arguments from a newer interface", &["bpf_check_uarg_tail_zero"]),
        errno("checks programs for LSM hooks", &[
            "bpf_lsm_verify_prog", "bpf_lsm_get_retval_range",
        ]),
        never("tells what an LSM hook demands", &[
            "bpf_lsm_is_sleepable_hook", "bpf_lsm_is_trusted", "bpf_lsm_hook_returns_errno",
        ]),
        never("runs the programs of a control group for an LSM hook", &[
            "bpf_lsm_find_cgroup_shim", "__cgroup_bpf_run_lsm_*",
        ]),
        zero("checks that programs in a map fit each other", &[
            "bpf_prog_map_compatible", "__bpf_prog_map_compatible",
        ]),
        errno("checks that programs in a map fit each other", &["bpf_check_tail_call"]),
        errno("checks or names the code of a program", &[
            "bpf_prog_calc_tag", "bpf_prog_verify_signature",
        ]),
        never("writes the audit record of a program", &["bpf_audit_prog"]),
        errno("attaches programs to a control group", &[
            "cgroup_bpf_prog_attach", "cgroup_bpf_link_attach", "__cgroup_bpf_attach",
        ]),
        never("decides which programs of a control group run", &[
            "compute_effective_progs", "activate_effective_progs", "hierarchy_allows_attach",
            "replace_effective_prog", "purge_effective_progs",
        ]),
        errno("decides which programs of a control group run", &["update_effective_progs"]),
        errno("checks and installs a set of programs", &[
            "bpf_struct_ops_map_update_elem", "check_zero_holes",
        ]),
    ],
};

/// What turns programs into machine code and keeps that code unwritable.
#[rustfmt::skip]
pub(super) const COMPILING: Family = Family {
    name: "bpf compiling",
    lines: &[
        never("chooses how a program runs", &[
            "bpf_prog_select_runtime", "__bpf_prog_select_runtime", "bpf_prog_select_interpreter",
            "bpf_prog_jit_compile",
        ]),
        never("compiles a program and hides its constants", &[
            "bpf_int_jit_compile", "bpf_jit_blind_constants",
        ]),
        errno("hides the constants of a program", &["bpf_jit_blind_insn"]),
        errno("writes the machine code of a program", &["do_jit", "bpf_jit_binary_pack_finalize"]),
        never("gives out executable memory for programs", &[
            "bpf_jit_binary_alloc", "bpf_jit_binary_pack_alloc", "bpf_prog_pack_alloc",
            "alloc_new_pack",
        ]),
        never("manages executable memory for programs", &[
            "bpf_prog_pack_free", "bpf_jit_binary_free", "bpf_jit_alloc_exec", "bpf_jit_free_exec",
        ]),
        never("keeps unused executable memory harmless", &[
            "bpf_jit_fill_hole_with_zero", "jit_fill_hole", "bpf_jit_mem_is_rox",
        ]),
        errno("changes the machine code of programs", &[
            "bpf_jit_charge_modmem", "bpf_arch_text_poke", "__bpf_arch_text_poke",
            "bpf_arch_text_invalidate",
        ]),
        errno("finds the function that a program calls", &[
            "bpf_jit_get_func_addr", "bpf_patch_call_args",
        ]),
        never("changes the machine code of programs", &["bpf_arch_text_copy"]),
        never("tells whether programs need speculation barriers", &[
            "bpf_jit_bypass_spec_v1", "bpf_jit_bypass_spec_v4",
        ]),
        never("tells where kernel memory begins for programs", &["bpf_arch_uaddress_limit"]),
        never("tells which instructions exist", &["bpf_opcode_in_insntable"]),
        never("interprets a program", &["___bpf_prog_run"]),
        never("stands in for a program that must not run", &[
            "__bpf_prog_ret0_warn", "__bpf_prog_ret1",
        ]),
        errno("attaches programs to kernel functions", &[
            "bpf_trampoline_link_prog", "bpf_trampoline_update",
        ]),
        errno("builds the code that calls programs", &[
            "arch_prepare_bpf_trampoline", "__arch_prepare_bpf_trampoline",
        ]),
        never("enters and leaves programs", &[
            "__bpf_tramp_enter", "__bpf_tramp_exit", "bpf_trampoline_enter", "bpf_trampoline_exit",
            "bpf_dispatcher_change_prog",
        ]),
    ],
};

/// The checks on the older socket filters.
#[rustfmt::skip]
pub(super) const CLASSIC: Family = Family {
    name: "classic bpf",
    lines: &[
        errno("checks a socket filter", &["bpf_check_classic", "check_load_and_stores"]),
        zero("checks a socket filter", &["chk_code_allowed", "bpf_check_basics_ok"]),
        errno("translates a socket filter", &["bpf_convert_filter"]),
        errno("prepares a socket filter", &["bpf_migrate_filter", "bpf_prepare_filter"]),
        errno("loads a socket filter", &[
            "bpf_prog_create", "bpf_prog_create_from_user", "copy_bpf_fprog_from_user",
        ]),
        errno("attaches a filter to a socket", &[
            "sk_attach_filter", "sk_attach_bpf", "sk_reuseport_attach_filter",
            "sk_reuseport_attach_bpf", "__sk_attach_prog", "__get_filter", "__get_bpf",
        ]),
        errno("detaches a filter from a socket", &["sk_detach_filter"]),
        errno("shows the filter of a socket", &["sk_get_filter"]),
        zero("accounts for the filter of a socket", &["sk_filter_charge", "__sk_filter_charge"]),
        errno("runs a program on a routed packet", &["run_lwt_bpf"]),
        errno("attaches programs to sockets in a map", &[
            "sock_map_prog_update", "sock_map_get_from_fd", "sock_map_link_create",
        ]),
        zero("decides which sockets a map may hold", &[
            "sock_map_redirect_allowed", "sock_map_sk_state_allowed",
        ]),
    ],
};
