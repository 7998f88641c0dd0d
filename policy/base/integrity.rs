// SPDX-License-Identifier: GPL-2.0-only

//! What keeps foreign code and data out: lockdown, signatures and keys, module and kexec loading,
//! integrity measurement, verified and encrypted storage, random numbers and cryptography.

use super::{
    errno,
    never,
    one,
    zero,
    Family, //
};

/// What locks the kernel down and tells it how it was booted.
#[rustfmt::skip]
pub(super) const LOCKDOWN: Family = Family {
    name: "lockdown",
    lines: &[
        never("locks the kernel down", &["lock_kernel_down"]),
        errno("raises the lockdown level", &["lockdown_write"]),
        never("records whether Secure Boot is on", &["efi_set_secure_boot"]),
        never("tells whether the kernel was booted securely", &["arch_get_secureboot"]),
        never("locks the kernel down early in boot", &["lockdown_lsm_init", "lockdown_param"]),
        errno("closes debugfs under lockdown", &["debugfs_locked_down"]),
        never("decides whether the owner's keys are trusted", &[
            "imputed_trust_enabled", "uefi_check_trust_mok_keys", "trust_moklist",
        ]),
        never("gives the policy that goes with Secure Boot", &["arch_get_ima_policy"]),
    ],
};

/// What decides whether code may be loaded into the kernel, and protects it afterwards.
#[rustfmt::skip]
pub(super) const MODULES: Family = Family {
    name: "module loading",
    lines: &[
        errno("verifies the signature of a module", &[
            "module_sig_check", "mod_verify_sig", "mod_check_sig",
        ]),
        one("tells whether modules must be signed", &["is_module_sig_enforced"]),
        never("makes module signatures mandatory", &["set_module_sig_enforced"]),
        errno("keeps a switch from being turned off again", &["param_set_bool_enable_only"]),
        zero("decides whether an unsafe parameter may be set", &["param_check_unsafe"]),
        errno("decides whether modules may be loaded at all", &["may_init_module"]),
        one("refuses modules that were ruled out at boot", &["blacklisted"]),
        errno("loads a module", &[
            "load_module", "init_module_from_file", "idempotent_init_module",
            "copy_module_from_user",
        ]),
        errno("takes over the image of a module", &["module_decompress", "copy_module_elf"]),
        errno("checks the image of a module", &[
            "elf_validity_*", "validate_section_offset", "rewrite_section_headers",
            "early_mod_check", "check_modinfo", "check_modinfo_livepatch",
            "check_export_symbol_sections", "find_module_sections",
        ]),
        zero("checks that a module is for this machine", &["module_elf_check_arch"]),
        zero("checks that a module is for this kernel", &[
            "check_version", "check_modstruct_version", "same_magic",
        ]),
        errno("decides whether a module may skip a check", &["try_to_force_load"]),
        errno("checks the symbols of a module", &[
            "verify_exported_symbols", "verify_namespace_is_imported", "simplify_symbols",
        ]),
        zero("decides whether a module may use a symbol", &[
            "verify_module_namespace", "inherit_taint",
        ]),
        never("finds the symbols that a module uses", &["resolve_symbol", "resolve_symbol_wait"]),
        never("checks the origin of a module", &[
            "layout_and_allocate", "module_license_taint_check", "module_augment_kernel_taints",
        ]),
        errno("builds a module in memory", &[
            "move_module", "apply_relocations", "apply_relocate_add", "post_relocation",
            "add_unformed_module", "complete_formation", "prepare_coming_module", "percpu_modalloc",
        ]),
        errno("refuses modules with writable code", &["module_enforce_rwx_sections"]),
        errno("protects the memory of a module", &["module_enable_*", "module_set_memory"]),
        never("protects the memory of a module", &[
            "module_mark_ro_after_init", "module_memory_restore_rox",
        ]),
        errno("gives out memory for the code of modules", &["module_memory_alloc"]),
        never("gives out memory for code", &["execmem_alloc", "execmem_alloc_rw"]),
        errno("protects memory for code", &["execmem_restore_rox"]),
        errno("applies a live patch", &[
            "klp_enable_patch", "klp_init_patch", "klp_module_coming", "__klp_enable_patch",
            "klp_patch_object",
        ]),
        never("takes a live patch back", &["klp_unpatch_object", "klp_unpatch_objects"]),
    ],
};

/// What reads files into the kernel: modules, kernels, firmware, policies.
#[rustfmt::skip]
pub(super) const FILES: Family = Family {
    name: "loaded files",
    lines: &[
        errno("reads a file for the kernel", &[
            "kernel_read_file", "kernel_read_file_from_path", "kernel_read_file_from_path_initns",
            "kernel_read_file_from_fd",
        ]),
        errno("reads firmware for a driver", &[
            "fw_get_filesystem_firmware", "_request_firmware", "_request_firmware_prepare",
            "firmware_fallback_sysfs", "firmware_fallback_platform", "fw_load_from_user_helper",
        ]),
        never("decides whether firmware may come from a program", &[
            "fw_run_sysfs_fallback", "fw_force_sysfs_fallback",
        ]),
        errno("unpacks firmware", &["fw_decompress_zstd", "fw_decompress_xz"]),
        zero("verifies the signature of the radio rules", &["cfg80211:regdb_has_valid_signature"]),
        never("records which firmware was loaded", &["fw_log_firmware_info"]),
    ],
};

/// What decides whether another kernel may be started from this one.
#[rustfmt::skip]
pub(super) const KEXEC: Family = Family {
    name: "kexec",
    lines: &[
        zero("decides whether a kernel may be loaded", &["kexec_load_permitted"]),
        errno("keeps the limit on loading kernels", &["kexec_limit_handler"]),
        errno("verifies the signature of a kernel", &[
            "kimage_validate_signature", "kexec_image_verify_sig", "kexec_kernel_verify_pe_sig",
        ]),
        never("makes kernel signatures mandatory", &["set_kexec_sig_enforced"]),
        errno("loads a kernel", &[
            "do_kexec_load", "kimage_file_prepare_segments", "kimage_file_alloc_init",
            "kimage_alloc_init",
        ]),
        errno("checks and loads the parts of a kernel", &[
            "sanity_check_segment_list", "kexec_add_buffer", "kimage_load_segment",
            "kimage_load_*_segment", "kexec_image_probe_default", "bzImage64_probe",
            "kexec_load_purgatory", "kexec_apply_relocations", "arch_kexec_apply_relocations_add",
        ]),
        errno("stores the digests that are checked before the start", &[
            "kexec_calculate_store_digests", "kexec_purgatory_get_set_symbol",
        ]),
        zero("checks the image of a kernel", &["elf_is_ehdr_sane", "elf_is_phdr_sane"]),
        never("protects the crash kernel", &["arch_kexec_protect_crashkres"]),
        errno("starts another kernel", &["kernel_kexec"]),
        never("hands the measurements to the next kernel", &[
            "ima_add_kexec_buffer", "ima_kexec_post_load",
        ]),
    ],
};

/// What verifies signatures and the messages that carry them.
#[rustfmt::skip]
pub(super) const SIGNATURES: Family = Family {
    name: "signatures",
    lines: &[
        errno("takes certificates and signatures apart", &["asn1_ber_decoder"]),
        errno("verifies a signature of the kind that integrity measurement has", &[
            "digsig:digsig_verify",
        ]),
        errno("verifies a signature", &[
            "*:verify_signature", "*:public_key_verify_signature",
            "*:public_key_verify_signature_2", "*:asymmetric_key_verify_signature",
            "*:ecdsa_verify", "*:_ecdsa_verify", "*:ecdsa_x962_verify", "*:ecdsa_p1363_verify",
            "*:ecrdsa_verify", "*:rsassa_pkcs1_verify", "*:crypto_mldsa_verify", "*:mldsa_verify",
        ]),
        errno("verifies a signed message", &[
            "*:verify_pkcs7_signature", "*:verify_pkcs7_message_sig", "*:pkcs7_verify",
            "*:pkcs7_verify_one", "*:pkcs7_verify_sig_chain", "*:pkcs7_digest", "*:pkcs7_find_key",
            "*:pkcs7_get_digest", "*:pkcs7_get_content_data", "*:pkcs7_supply_detached_data",
        ]),
        errno("looks for a trusted key behind a signature", &[
            "*:pkcs7_validate_trust", "*:pkcs7_validate_trust_one",
        ]),
        errno("reads a signed message", &[
            "*:pkcs7_parse_message", "*:pkcs7_check_authattrs", "*:pkcs7_note_*",
            "*:pkcs7_sig_note_*",
        ]),
        errno("verifies the signature of an EFI program", &[
            "*:verify_pefile_signature", "*:pefile_parse_binary", "*:pefile_strip_sig_wrapper",
            "*:pefile_compare_shdrs", "*:pefile_digest_pe", "*:pefile_digest_pe_contents",
        ]),
        errno("reads the signature of an EFI program", &["*:mscode_parse", "*:mscode_note_*"]),
        errno("checks a certificate", &[
            "*:x509_get_sig_params", "*:x509_check_for_self_signed", "*:x509_cert_parse",
            "*:x509_key_preparse",
        ]),
        errno("reads a certificate", &[
            "*:x509_note_*", "*:x509_extract_*", "*:x509_process_extension", "*:x509_decode_time",
            "*:x509_akid_note_*",
        ]),
        errno("uses a key in software", &[
            "*:software_key_determine_akcipher", "*:software_key_eds_op", "*:software_key_query",
        ]),
        errno("uses a key", &["*:asymmetric_key_eds_op", "*:query_asymmetric_key"]),
        zero("verifies a signature", &["*:decode_z", "*:decode_hint_vector"]),
        errno("takes over a key", &[
            "*:ecdsa_*set_pub_key", "*:ecrdsa_set_pub_key", "*:crypto_mldsa_set_pub_key",
            "*:rsa_set_pub_key", "*:rsa_set_priv_key", "*:rsassa_pkcs1_set_pub_key",
            "*:rsassa_pkcs1_set_priv_key",
        ]),
        errno("computes with an RSA key", &[
            "*:rsa_enc", "*:_rsa_enc", "*:rsa_dec", "*:_rsa_dec_crt", "*:rsa_check_*",
        ]),
        errno("reads an RSA key", &[
            "rsa_generic:rsa_parse_pub_key", "rsa_generic:rsa_parse_priv_key",
            "rsa_generic:rsa_get_*",
        ]),
        never("checks the form of an RSA signature", &[
            "*:rsassa_pkcs1_find_hash_prefix", "*:rsassa_pkcs1_invalid_hash_len",
        ]),
        errno("reads a signature", &["*:ecdsa_get_signature_*"]),
        errno("computes with a public key", &[
            "*:crypto_akcipher_sync_encrypt", "*:crypto_akcipher_sync_decrypt",
            "*:crypto_akcipher_sync_prep", "*:crypto_akcipher_sync_post",
        ]),
        errno("computes with large numbers", &[
            "*:mpi_powm", "*:mpi_mulm", "*:mpi_mod", "*:mpi_sub", "*:mpi_add", "*:mpi_addm",
            "*:mpi_mul",
        ]),
        never("compares large numbers", &["*:mpi_cmp", "*:mpi_cmp_ui"]),
    ],
};

/// What decides which keys are trusted, revoked, and reachable.
#[rustfmt::skip]
pub(super) const KEYS: Family = Family {
    name: "key rings",
    lines: &[
        errno("decides whether a key may join a trusted key ring", &["restrict_link_*"]),
        errno("keeps the restriction of a key ring", &[
            "key_or_keyring_common", "__key_link_check_restriction", "keyring_restrict",
        ]),
        never("keeps the restriction of a key ring", &[
            "keyring_restriction_alloc", "asymmetric_lookup_restriction",
            "asymmetric_restriction_alloc",
        ]),
        errno("refuses what was revoked", &[
            "is_hash_blacklisted", "is_binary_blacklisted", "is_key_on_revocation_list",
        ]),
        errno("records what was revoked", &[
            "mark_hash_blacklisted", "mark_raw_hash_blacklisted", "add_key_to_revocation_list",
            "blacklist_key_instantiate", "blacklist_vet_description",
        ]),
        never("records what was revoked", &[
            "load_revocation_certificate_list", "blacklist_init", "uefi_blacklist_*",
            "uefi_revocation_list_x509",
        ]),
        never("fills the trusted key rings", &[
            "add_to_platform_keyring", "add_to_machine_keyring", "add_to_secondary_keyring",
            "set_platform_trusted_keys", "set_machine_trusted_keys", "system_trusted_keyring_init",
            "get_handler_for_*", "load_uefi_certs", "load_moklist_certs",
            "load_system_certificate_list",
        ]),
        errno("fills the trusted key rings", &[
            "parse_efi_signature_list", "x509_load_certificate_list",
        ]),
        never("finds the key for a signature", &["find_asymmetric_key"]),
        zero("compares key numbers", &[
            "asymmetric_key_id_same", "asymmetric_key_id_partial", "asymmetric_match_key_ids",
            "asymmetric_key_cmp*",
        ]),
        errno("takes over a key", &[
            "asymmetric_key_preparse", "asymmetric_key_match_preparse", "key_payload_reserve",
            "*:logon_vet_description", "*:big_key_preparse", "*:user_preparse",
        ]),
        errno("decides who may use a key", &[
            "key_task_permission", "key_validate", "lookup_user_key", "keyring_search",
            "keyring_search_rcu", "keyring_search_iterator",
        ]),
        never("finds a key in the key rings", &[
            "search_nested_keyrings", "search_keyring", "keyring_detect_restriction_cycle",
        ]),
        errno("finds a key in the key rings", &[
            "search_process_keyrings_rcu", "search_cred_keyrings_rcu", "find_key_to_update",
            "find_keyring_by_name",
        ]),
        errno("changes a key ring", &[
            "key_link", "key_unlink", "key_move", "__key_link_begin", "__key_link_check_live_key",
            "keyring_clear",
        ]),
        errno("creates or changes a key", &[
            "__key_create_or_update", "key_create_or_update", "key_create", "key_update",
            "key_alloc",
        ]),
        errno("fills a key", &[
            "key_instantiate_and_link", "__key_instantiate_and_link", "key_reject_and_link",
        ]),
        never("ends the life of a key", &[
            "key_revoke", "key_invalidate", "key_set_expiry", "key_set_timeout",
            "key_fsuid_changed", "keyring_revoke", "key_put_tag", "key_remove_domain",
            "key_free_user_ns",
        ]),
        errno("gives a process its key rings", &[
            "install_*_keyring_to_cred", "join_session_keyring", "look_up_user_keyrings",
        ]),
        never("gives a process its key rings", &["key_change_session_keyring"]),
        errno("carries out a request on a key", &[
            "keyctl_*", "__keyctl_read_key", "key_get_type_from_user", "get_instantiation_keyring",
        ]),
        errno("asks user space for a key", &[
            "request_key_and_link", "construct_get_dest_keyring", "construct_alloc_key",
            "construct_key", "call_sbin_request_key",
        ]),
        never("lets user space answer for a key", &[
            "request_key_auth_new", "key_get_instantiation_authkey",
        ]),
        errno("protects a key with hardware", &[
            "*:trusted_*_seal", "*:trusted_*_unseal", "*:tpm2_seal_trusted",
            "*:tpm2_unseal_trusted", "*:tpm2_unseal_cmd", "*:tpm2_load_cmd",
            "*:trusted_instantiate", "*:trusted_update",
        ]),
        errno("protects a key with another key", &[
            "*:encrypted_instantiate", "*:encrypted_init", "*:datablob_hmac_verify",
            "*:datablob_hmac_append", "*:derived_key_decrypt", "*:derived_key_encrypt",
            "*:encrypted_key_decrypt",
        ]),
        never("protects a key with another key", &["*:get_derived_key"]),
    ],
};

/// What measures and appraises files and their attributes.
#[rustfmt::skip]
pub(super) const MEASUREMENT: Family = Family {
    name: "integrity measurement",
    lines: &[
        errno("verifies the signature of a file", &[
            "integrity_digsig_verify", "integrity_modsig_verify", "ima_modsig_verify",
            "asymmetric_verify*", "integrity_kernel_read",
        ]),
        never("finds the key for the signature of a file", &[
            "request_asymmetric_key", "integrity_keyring_from_id",
        ]),
        errno("fills the key rings for files", &[
            "integrity_init_keyring", "integrity_load_x509", "integrity_load_cert",
            "integrity_add_key",
        ]),
        never("records what was found about a file", &[
            "integrity_load_keys", "integrity_audit_msg", "integrity_audit_message",
        ]),
        errno("measures and appraises a file", &["process_measurement"]),
        never("appraises a file", &["ima_appraise_measurement", "xattr_verify", "modsig_verify"]),
        never("remembers the verdict on a file", &[
            "ima_get_cache_status", "ima_set_cache_status", "ima_cache_flags",
            "ima_reset_appraise_flags", "ima_iint_find", "ima_inode_get", "ima_detect_file_change",
            "ima_reset_action_flags",
        ]),
        never("decides which files are measured", &[
            "ima_match_policy", "ima_match_rules", "ima_match_rule_data", "ima_get_action",
        ]),
        never("decides which files are appraised", &[
            "ima_must_appraise", "ima_appraise_flag", "get_subaction",
        ]),
        one("tells whether signatures are demanded", &[
            "is_ima_appraise_enabled", "ima_appraise_signature",
        ]),
        errno("refuses files that were ruled out", &[
            "ima_check_blacklist", "validate_hash_algo", "ima_protect_xattr",
        ]),
        errno("computes the hash of a file", &[
            "ima_collect_measurement", "ima_calc_*hash*", "calc_buffer_shash_tfm",
            "ima_calc_boot_aggregate",
        ]),
        never("reads the stored hash of a file", &[
            "ima_get_hash_algo", "ima_read_xattr", "ima_get_verity_digest", "ima_collect_modsig",
            "ima_read_modsig",
        ]),
        never("records a measurement", &[
            "ima_store_measurement", "ima_audit_measurement", "ima_add_violation",
            "ima_kexec_cmdline", "ima_measure_loaded_policy", "ima_post_key_create_or_update",
        ]),
        errno("records a measurement", &[
            "ima_store_template", "ima_add_template_entry", "ima_pcr_extend",
            "ima_alloc_init_template", "process_buffer_measurement", "ima_measure_critical_data",
            "ima_add_digest_entry",
        ]),
        never("notices changes of measured files", &[
            "ima_check_last_writer", "ima_rdwr_violation_check", "mmap_violation_check",
            "ima_update_xattr",
        ]),
        errno("manages the list of measurements", &[
            "ima_queue_stage", "ima_queue_staged_delete_all", "ima_queue_delete_partial",
            "_ima_measurements_write",
        ]),
        errno("takes over a policy", &[
            "ima_parse_rule", "ima_parse_add_rule", "ima_check_policy", "ima_write_policy",
            "ima_read_policy", "ima_open_policy", "ima_lsm_policy_change", "ima_lsm_rule_init",
        ]),
        zero("takes over a policy", &["ima_validate_rule"]),
        never("takes over a policy", &[
            "ima_update_policy", "ima_update_policy_flags", "ima_init_policy", "ima_delete_rules",
            "ima_lsm_update_rules", "ima_init_arch_policy", "ima_init_key_queue",
            "ima_process_queued_keys", "ima_queue_key",
        ]),
        never("verifies the attributes of a file", &[
            "evm_verify_hmac", "evm_verifyxattr", "evm_verify_current_integrity",
        ]),
        never("tells how attributes are verified", &[
            "evm_key_loaded", "evm_hmac_disabled", "evm_sigv3_required", "evm_is_immutable",
        ]),
        never("tells which attributes are verified", &[
            "evm_find_protected_xattrs", "evm_protected_xattr*", "evm_xattr_change",
            "evm_attr_change", "is_unsupported_hmac_fs",
        ]),
        never("tells when attributes must be verified anew", &[
            "evm_inode_set_acl_change", "evm_reset_status", "evm_metadata_changed",
            "evm_revalidate_status",
        ]),
        errno("verifies the attributes of a file", &[
            "evm_protect_xattr", "evm_calc_hmac", "evm_calc_hash", "evm_calc_hmac_or_hash",
        ]),
        errno("seals the attributes of a file", &[
            "evm_update_evmxattr", "evm_init_hmac", "evm_init_key", "evm_set_key", "evm_fix_hmac",
        ]),
        errno("configures how attributes are verified", &["evm_write_key", "evm_write_xattrs"]),
        never("configures how attributes are verified", &[
            "hmac_add_misc", "evm_init_config", "evm_set_fixmode", "evm_load_x509",
        ]),
        errno("decides by the policy on code integrity", &[
            "ipe_evaluate_event", "ipe_update_policy", "ipe_new_policy", "ipe_set_active_pol",
            "ipe_parse_policy", "set_pkcs7_data", "validate_policy", "setenforce", "setactive",
        ]),
        never("decides by the policy on code integrity", &[
            "ipe_build_eval_ctx", "ipe_digest_eval", "evaluate_*", "ipe_sb", "ipe_bdev",
            "ipe_inode",
        ]),
        never("records decisions on code integrity", &["ipe_audit_*", "ipe_free_policy"]),
        errno("decides from where the kernel may load files", &["loadpin_check"]),
        zero("decides from where the kernel may load files", &[
            "sb_is_writable", "dm_verity_loadpin_is_bdev_trusted", "is_trusted_verity_target",
        ]),
        errno("talks to the security chip", &[
            "tpm:tpm_pcr_extend", "tpm:tpm1_pcr_extend", "tpm:tpm2_pcr_extend", "tpm:tpm_pcr_read",
            "tpm:tpm_transmit", "tpm:tpm_try_transmit", "tpm:tpm_transmit_cmd",
            "tpm:tpm2_prepare_space", "tpm:tpm2_commit_space", "tpm:tpm_find_and_validate_cc",
            "tpm:tpm_get_random",
        ]),
        errno("protects the talk with the security chip", &[
            "tpm:tpm_buf_check_hmac_response", "tpm:tpm_buf_fill_hmac_session",
            "tpm:tpm2_start_auth_session",
        ]),
        never("protects the talk with the security chip", &[
            "tpm:tpm2_KDFa", "tpm:tpm2_KDFe", "tpm:tpm_buf_append_hmac_session",
            "tpm:tpm_buf_append_auth",
        ]),
    ],
};

/// What verifies blocks read from disks and file systems.
#[rustfmt::skip]
pub(super) const VERITY: Family = Family {
    name: "verified storage",
    lines: &[
        zero("verifies blocks of a file", &[
            "fsverity_verify_blocks", "verify_data_block", "is_hash_block_verified",
            "fsverity_verify_pending_blocks", "fsverity_add_data_blocks",
        ]),
        never("verifies blocks of a file", &[
            "fsverity_verify_bio", "fsverity_hash_block", "fsverity_hash_buffer",
            "compute_file_digest",
        ]),
        errno("opens a verified file", &[
            "fsverity_verify_signature", "fsverity_create_info", "__fsverity_file_open",
            "ensure_verity_info", "fsverity_get_descriptor", "fsverity_init_merkle_tree_params",
        ]),
        zero("opens a verified file", &["validate_fsverity_descriptor", "fsverity_get_digest"]),
        never("opens a verified file", &[
            "__fsverity_get_info", "fsverity_set_info", "fsverity_enqueue_verify_work",
        ]),
        errno("makes a file verified", &[
            "fsverity_ioctl_enable", "enable_verity", "build_merkle_tree", "hash_one_block",
            "bpf_get_fsverity_digest",
        ]),
        errno("verifies blocks of a device", &[
            "dm_verity:verity_hash", "dm_verity:verity_verify_level",
            "dm_verity:verity_hash_for_block", "dm_verity:verity_handle_err",
            "dm_verity:verity_handle_data_hash_mismatch", "dm_verity:verity_verify_pending_blocks",
            "dm_verity:verity_verify_io",
        ]),
        never("verifies blocks of a device", &[
            "dm_verity:verity_hash_at_level", "dm_verity:verity_end_io", "dm_verity:verity_work",
            "dm_verity:verity_bh_work", "dm_verity:verity_map",
            "dm_verity:verity_clear_pending_blocks", "dm_verity:verity_finish_io",
        ]),
        errno("repairs blocks of a device", &[
            "dm_verity:verity_fec_decode", "dm_verity:fec_decode", "dm_verity:fec_decode_bufs",
            "dm_verity:fec_read_bufs",
        ]),
        errno("verifies the signature of a device", &[
            "dm_verity:verity_verify_root_hash", "dm_verity:verity_verify_sig_parse_opt_args",
            "dm_verity:verity_verify_get_sig_from_key", "dm_verity:verity_init_sig",
            "dm_verity:verity_security_set_signature", "dm_verity:verity_preresume",
            "dm_verity:dm_verity_get_root_digest",
        ]),
        never("tells how a device is verified", &[
            "dm_verity:verity_verify_is_sig_opt_arg", "dm_verity:dm_is_verity_target",
            "dm_verity:dm_verity_get_mode",
        ]),
        errno("sets up a verified device", &[
            "dm_verity:verity_ctr", "dm_verity:verity_parse_opt_args",
            "dm_verity:verity_parse_verity_mode", "dm_verity:verity_setup_hash_alg",
            "dm_verity:verity_setup_salt_and_hashstate", "dm_verity:verity_alloc_zero_digest",
        ]),
        errno("verifies the checksums of a device", &[
            "dm_integrity:dm_integrity_rw_tag", "dm_integrity:integrity_recheck_verify_tag",
            "dm_integrity:sb_mac", "dm_integrity:sync_rw_sb",
        ]),
        never("verifies the checksums of a device", &[
            "dm_integrity:integrity_metadata", "dm_integrity:integrity_sector_checksum*",
            "dm_integrity:dm_integrity_end_io", "dm_integrity:dm_integrity_inline_*",
            "dm_integrity:section_mac", "dm_integrity:rw_section_mac",
            "dm_integrity:replay_journal", "dm_integrity:dm_integrity_map_continue",
            "dm_integrity:dm_integrity_map_inline",
        ]),
        never("encrypts the journal of a device", &[
            "dm_integrity:encrypt_journal", "dm_integrity:crypt_journal",
            "dm_integrity:xor_journal", "dm_integrity:do_crypt",
        ]),
        errno("sets up a device with checksums", &[
            "dm_integrity:get_mac", "dm_integrity:get_alg_and_key", "dm_integrity:dm_integrity_ctr",
            "dm_integrity:create_journal",
        ]),
    ],
};

/// What encrypts disks and files.
#[rustfmt::skip]
pub(super) const ENCRYPTION: Family = Family {
    name: "encrypted storage",
    lines: &[
        errno("encrypts blocks of a device", &[
            "dm_crypt:crypt_convert_block_aead", "dm_crypt:crypt_convert_block_skcipher",
            "dm_crypt:crypt_iv_*_gen", "dm_crypt:crypt_iv_*_post",
        ]),
        errno("computes the starting values of a device", &[
            "dm_crypt:crypt_iv_*_init", "dm_crypt:crypt_iv_*_ctr", "dm_crypt:crypt_iv_*_wipe",
        ]),
        never("encrypts blocks of a device", &[
            "dm_crypt:crypt_convert", "dm_crypt:crypt_map", "dm_crypt:crypt_iv_elephant",
            "dm_crypt:kcryptd_*", "dm_crypt:crypt_iv_lmk_one", "dm_crypt:crypt_iv_tcw_whitening",
        ]),
        errno("sets or wipes the key of a device", &[
            "dm_crypt:crypt_setkey", "dm_crypt:crypt_set_key", "dm_crypt:crypt_set_keyring_key",
            "dm_crypt:crypt_wipe_key", "dm_crypt:set_key_user", "dm_crypt:set_key_encrypted",
            "dm_crypt:set_key_trusted",
        ]),
        errno("sets up an encrypted device", &[
            "dm_crypt:crypt_ctr", "dm_crypt:crypt_ctr_*", "dm_crypt:crypt_integrity_ctr",
            "dm_crypt:crypt_alloc_tfms*", "dm_crypt:crypt_message",
        ]),
        errno("encrypts blocks of a file", &[
            "fscrypt_crypt_data_unit", "fscrypt_encrypt_pagecache_blocks",
            "fscrypt_encrypt_block_inplace", "ecryptfs:ecryptfs_encrypt_page",
            "ecryptfs:ecryptfs_decrypt_page", "ecryptfs:crypt_scatterlist", "ecryptfs:crypt_extent",
            "ecryptfs:decrypt_passphrase_encrypted_session_key",
        ]),
        errno("encrypts blocks or names of a file", &[
            "fscrypt_decrypt_block_inplace", "fscrypt_fname_encrypt", "fname_decrypt",
            "__fscrypt_encrypt_symlink",
        ]),
        never("encrypts blocks of a file", &[
            "fscrypt_generate_iv", "fscrypt_generate_dun", "fscrypt_set_bio_crypt_ctx",
        ]),
        errno("sets up the key of a file", &[
            "fscrypt_setup_*", "fscrypt_prepare_key", "fscrypt_set_per_file_enc_key",
            "setup_per_mode_enc_key", "setup_file_encryption_key", "fscrypt_get_encryption_info",
            "fscrypt_prepare_new_inode", "setup_v1_file_key_*", "fscrypt_prepare_inline_crypt_key",
            "fscrypt_derive_sw_secret", "ecryptfs:ecryptfs_parse_packet_set",
            "ecryptfs:ecryptfs_init_crypt_ctx",
        ]),
        never("sets up the key of a file", &[
            "fscrypt_allocate_skcipher", "fscrypt_find_master_key", "fscrypt_hkdf_expand",
            "fscrypt_init_hkdf",
        ]),
        errno("manages the keys of a file system", &[
            "fscrypt_ioctl_*", "do_remove_key", "do_add_master_key", "add_master_key",
            "add_new_master_key", "add_existing_master_key", "fscrypt_verify_key_added",
            "fscrypt_provisioning_key_preparse",
        ]),
        zero("checks the policy of a file", &[
            "fscrypt_policies_equal", "fscrypt_supported_policy", "fscrypt_supported_v*_policy",
            "fscrypt_has_permitted_context", "fscrypt_valid_master_key_size",
        ]),
        errno("keeps encrypted files among themselves", &[
            "fscrypt_file_open", "__fscrypt_prepare_*", "fscrypt_set_context",
            "set_encryption_policy", "fscrypt_context_for_new_inode", "fscrypt_new_context",
            "fscrypt_policy_from_context", "fscrypt_get_policy",
        ]),
        never("keeps encrypted files among themselves", &[
            "fscrypt_policy_to_inherit", "fscrypt_drop_inode", "fscrypt_put_encryption_info",
        ]),
        never("wipes the keys of a file system", &[
            "fscrypt_destroy_keyring", "fscrypt_put_master_key*", "fscrypt_destroy_prepared_key",
        ]),
        errno("uses the encryption of a device", &[
            "blk_crypto_init_key", "blk_crypto_start_using_key", "blk_crypto_derive_sw_secret",
            "blk_crypto_fallback_start_using_mode", "blk_crypto_fallback_keyslot_program",
            "__blk_crypto_rq_bio_prep", "__bio_crypt_clone", "__blk_crypto_evict_key",
            "blk_crypto_prepare_key", "blk_crypto_import_key",
        ]),
        never("uses the encryption of a device", &[
            "bio_crypt_set_ctx", "blk_crypto_get_keyslot", "__blk_crypto_rq_get_keyslot",
            "__blk_crypto_submit_bio", "blk_crypto_fallback_bio_prep",
            "blk_crypto_fallback_encrypt_bio", "__blk_crypto_fallback_*",
            "blk_crypto_fallback_decrypt_*", "blk_crypto_evict_key", "__bio_crypt_advance",
            "bio_crypt_*",
        ]),
    ],
};

/// The random number generator.
#[rustfmt::skip]
pub(super) const RANDOM: Family = Family {
    name: "random numbers",
    lines: &[
        never("gives out random numbers", &[
            "get_random_*", "_get_random_bytes", "__get_random_u32_below", "drbg:drbg_hmac_update",
            "drbg:drbg_hmac_generate",
        ]),
        never("makes random numbers", &[
            "crng_*", "extract_entropy", "try_to_generate_entropy", "entropy_timer",
        ]),
        never("collects randomness", &[
            "mix_pool_bytes", "_mix_pool_bytes", "fast_mix", "mix_interrupt_randomness",
            "_credit_init_bits", "add_*_randomness", "write_pool_user", "random_init",
            "random_init_early",
        ]),
        one("tells whether random numbers are safe to use", &["rng_is_initialized"]),
        never("waits until random numbers are safe to use", &[
            "wait_for_random_bytes", "execute_with_initialized_rng",
        ]),
        errno("gives random numbers to user space", &[
            "random_read_iter", "urandom_read_iter", "random_write_iter", "random_ioctl",
        ]),
        never("keeps the generator going", &[
            "random_prepare_cpu", "random_online_cpu", "random_pm_notification",
        ]),
        never("computes random numbers", &[
            "chacha_block_generic", "chacha_permute", "blake2s_update", "blake2s_final",
            "blake2s_compress*",
        ]),
        never("makes numbers that look random", &[
            "prandom_u32_state", "prandom_bytes_state", "prandom_seed_full_state",
        ]),
        never("computes hashes that nobody can foresee", &[
            "siphash_*", "__siphash_*", "hsiphash_*", "__hsiphash_*",
        ]),
        never("makes random identifiers", &[
            "uuid_gen", "generate_random_uuid", "generate_random_guid", "guid_gen",
        ]),
        never("places programs at random addresses", &[
            "randomize_page", "arch_randomize_brk", "arch_mmap_rnd", "get_mmap_base",
        ]),
        errno("gives out random numbers", &[
            "crypto_rng_reset", "__crypto_stdrng_get_bytes", "crypto_get_default_rng",
            "drbg:drbg_generate", "drbg:drbg_seed", "drbg:drbg_kcapi_*",
        ]),
        errno("reads the hardware's random numbers", &[
            "rng_core:rng_dev_read", "rng_core:hwrng_register", "rng_core:hwrng_init",
            "rng_core:set_current_rng",
        ]),
        never("reads the hardware's random numbers", &[
            "rng_core:hwrng_fillfn", "rng_core:get_current_rng",
        ]),
        errno("collects randomness", &[
            "jitterentropy_rng:jent_read_entropy", "jitterentropy_rng:jent_kcapi_random",
            "jitterentropy_rng:jent_entropy_init",
        ]),
    ],
};

/// What the rest of the kernel calls to encrypt, authenticate and compare.
#[rustfmt::skip]
pub(super) const CRYPTO_API: Family = Family {
    name: "cryptography",
    lines: &[
        never("compares secrets without telling where they differ", &["*:__crypto_memneq"]),
        never("computes with secrets", &["*:__crypto_xor", "*:crypto_inc", "*:kfree_sensitive"]),
        errno("encrypts and authenticates", &[
            "*:crypto_aead_encrypt", "*:crypto_aead_decrypt", "*:crypto_aead_setkey",
            "*:crypto_aead_setauthsize",
        ]),
        errno("encrypts", &[
            "*:crypto_skcipher_encrypt", "*:crypto_skcipher_decrypt", "*:crypto_skcipher_setkey",
            "*:crypto_lskcipher_*crypt", "*:crypto_lskcipher_*crypt_sg",
            "*:crypto_lskcipher_setkey", "*:crypto_lskcipher_crypt_unaligned",
        ]),
        errno("takes over a key", &[
            "*:crypto_cipher_setkey", "*:setkey_unaligned", "*:*skcipher_setkey_unaligned",
        ]),
        never("encrypts", &[
            "*:crypto_cipher_encrypt_one", "*:crypto_cipher_decrypt_one", "*:skcipher_set_needkey",
        ]),
        errno("walks through the data to encrypt", &[
            "*:skcipher_walk_virt", "*:skcipher_walk_first", "*:skcipher_walk_next",
            "*:skcipher_walk_done", "*:skcipher_walk_aead_*", "*:skcipher_next_*",
        ]),
        never("walks through the data to encrypt", &[
            "*:memcpy_from_sglist", "*:memcpy_to_sglist", "*:memcpy_sglist", "*:scatterwalk_ffwd",
            "*:scatterwalk_skip",
        ]),
        errno("computes a hash", &[
            "*:crypto_shash_*init", "*:crypto_shash_finup", "*:crypto_shash_*digest",
            "*:crypto_shash_setkey", "*:__crypto_shash_init", "*:__crypto_shash_export",
            "*:__crypto_shash_import", "*:crypto_shash_*import*", "*:crypto_shash_*export*",
            "*:crypto_shash_op_and_zero", "*:shash_default_*", "*:shash_ahash_*",
            "*:crypto_ahash_init", "*:crypto_ahash_update", "*:crypto_ahash_finup",
            "*:crypto_ahash_digest", "*:crypto_ahash_setkey", "*:crypto_ahash_export*",
            "*:crypto_ahash_import*", "*:crypto_hash_walk_*", "*:ahash_def_finup",
            "*:ahash_do_req_chain", "*:crypto_hash_digest",
        ]),
        never("tells whether a hash needs a key", &[
            "*:crypto_hash_alg_has_setkey", "*:shash_set_needkey", "*:ahash_set_needkey",
            "*:shash_no_setkey",
        ]),
        errno("agrees on a key", &[
            "*:crypto_ecdh_shared_secret", "*:ecc_make_pub_key", "*:ecc_gen_privkey",
            "*:ecdh_set_secret", "*:ecdh_compute_value", "*:dh_set_secret", "*:dh_compute_value",
            "*:dh_safe_prime_*",
        ]),
        errno("refuses weak keys", &[
            "*:ecc_is_key_valid", "*:__ecc_is_key_valid", "*:ecc_is_pubkey_valid_*",
            "*:dh_is_pubkey_valid", "*:dh_check_params_length", "*:crypto_dh_decode_key",
            "*:__crypto_dh_decode_key",
        ]),
        never("computes on an elliptic curve", &[
            "*:ecc_point_*", "*:vli_*", "*:ecc_get_curve*", "*:ecc_digits_from_bytes",
        ]),
        errno("derives keys", &[
            "*:crypto_kdf108_*", "*:crypto_authenc_extractkeys", "*:crypto_krb5enc_extractkeys",
        ]),
        errno("registers an algorithm", &[
            "*:crypto_register_*", "*:__crypto_register_alg", "*:crypto_check_alg",
        ]),
        errno("tests an algorithm before its use", &[
            "*:alg_test", "*:alg_test_*", "*:cryptomgr_test",
        ]),
        never("finds an algorithm", &[
            "*:crypto_find_alg", "*:crypto_alg_mod_lookup", "*:crypto_alg_lookup",
            "*:__crypto_alg_lookup", "*:crypto_larval_wait",
        ]),
        errno("sets up an algorithm", &[
            "*:crypto_alloc_*", "*:crypto_create_tfm_node", "*:__crypto_alloc_tfm",
            "*:crypto_spawn_tfm*", "*:crypto_grab_spawn", "*:crypto_grab_*",
            "*:crypto_check_attr_type",
        ]),
        never("reports a failed test of the cryptography", &[
            "*:fips_fail_notify", "*:fips_signature_selftest*",
        ]),
    ],
};

/// The algorithms themselves.
#[rustfmt::skip]
pub(super) const ALGORITHMS: Family = Family {
    name: "crypto algorithms",
    lines: &[
        errno("encrypts and authenticates", &[
            "*:crypto_gcm_*", "*:gcm_add_auth_tag", "*:crypto_rfc4*_setkey",
            "*:crypto_rfc4*_setauthsize", "*:crypto_rfc4*_encrypt", "*:crypto_rfc4*_decrypt",
            "*:crypto_rfc4543_crypt", "*:crypto_ccm_*", "*:format_input", "*:format_adata",
            "*:crypto_authenc_*crypt*", "*:crypto_authenc_genicv", "*:crypto_authenc_setkey",
            "*:crypto_authenc_esn_*", "*:chachapoly_*crypt", "*:chachapoly_setkey",
            "*:poly_verify_tag", "*:poly_hash", "*:poly_genkey", "chacha20poly1305:chacha_encrypt",
            "chacha20poly1305:chacha_decrypt", "*:crypto_aegis128_*crypt_*",
            "*:crypto_aegis128_*setkey", "*:krb5enc_verify_hash", "*:krb5enc_*crypt",
            "*:krb5enc_dispatch_*", "*:krb5enc_setkey", "*:simd_aead_*crypt", "*:simd_aead_set*",
            "*:aes_gcm_decrypt*", "*:aes_ccm_decrypt*", "*:aes_ccm_encrypt", "*:aes_ccm_init",
            "*:aes_*_preparekey",
        ]),
        never("authenticates data", &[
            "*:gcm_hash", "*:ghash_update_sg_and_pad", "*:crypto_rfc4106_crypt",
            "*:crypto_rfc4309_crypt", "*:crypto_aegis128_final", "*:crypto_aegis128_*process_ad",
        ]),
        zero("decrypts and authenticates", &[
            "*:*chacha20poly1305_decrypt*", "*:chacha20poly1305_crypt_sg_inplace",
        ]),
        zero("encrypts and authenticates", &["*:chacha20poly1305_encrypt_sg_inplace"]),
        never("encrypts and authenticates", &[
            "*:*chacha20poly1305_encrypt", "*:aes_gcm_*encrypt*", "*:aes_gcm_init",
            "*:aes_gcm_*update", "*:aes_ccm_*update", "*:aes_ccm_encrypt_final",
        ]),
        errno("encrypts and authenticates for Kerberos", &[
            "*:crypto_krb5_*crypt", "*:crypto_krb5_*_mic", "*:crypto_krb5_check_data_len",
            "*:krb5_aead_*crypt", "*:rfc8009_*crypt", "*:rfc3961_*_mic", "*:rfc3961_do_encrypt",
        ]),
        errno("derives keys for Kerberos", &[
            "*:krb5_derive_K*", "*:rfc*_calc_*", "*:crypto_krb5_calc_PRFplus",
            "*:authenc_*_encrypt_keys", "*:crypto_krb5_prepare_*", "*:krb5_prepare_*",
            "*:rfc3961_*_checksum_key",
        ]),
        errno("gives every message its own number", &[
            "*:seqiv_aead_*crypt", "*:echainiv_*crypt", "*:aead_geniv_set*", "*:essiv_*crypt",
            "*:essiv_*set*",
        ]),
        errno("encrypts in the background", &[
            "*:pcrypt_aead_*", "*:cryptd_*_setkey", "*:cryptd_*enqueue", "*:cryptd_enqueue_request",
        ]),
        never("encrypts in the background", &[
            "*:cryptd_*_encrypt", "*:cryptd_*_decrypt", "*:cryptd_hash_*", "*:cryptd_aead_crypt",
        ]),
        errno("computes a keyed hash", &[
            "*:hmac_setkey*", "*:hmac_init*", "*:hmac_update*", "*:hmac_finup*",
            "*:hmac_digest_ahash", "*:hmac_export*", "*:hmac_import*",
        ]),
        errno("computes a keyed checksum", &[
            "*:crypto_cmac_*", "*:crypto_xcbc_*", "*:crypto_cbcmac_*",
        ]),
        errno("computes a hash", &[
            "*:crypto_sha*", "*:crypto_hmac_*", "*:crypto_md5_*", "*:crypto_sm3_*",
            "*:crypto_blake2b_*", "*:streebog_init", "*:streebog_update", "*:streebog_finup",
            "*:rmd160_init", "*:rmd160_update", "*:rmd160_finup",
        ]),
        never("computes a hash", &[
            "*:sha1*_init", "*:sha1_update", "*:*sha1_final", "*:sha1", "*:sha1_block*",
            "*:sha224*", "*:sha256*", "*:__sha256_*", "*:sha384*", "*:sha512*", "*:__sha512*",
            "*:sha3_*", "*:__sha3_update", "*:shake_squeeze", "*:shake128", "*:shake256", "*:md5_*",
            "*:md5", "*:__md5_final", "*:sm3_*", "*:sm3", "*:blake2*",
        ]),
        never("computes a keyed hash", &[
            "*:hmac_sha*", "*:__hmac_sha*", "*:hmac_md5*", "*:__hmac_md5*",
        ]),
        never("computes a keyed checksum", &[
            "*:poly1305_*", "*:ghash_*", "*:polyval_*", "*:nh", "*:nhpoly1305_*", "*:gf128mul_*",
            "*:aes_cmac_update", "*:aes_cmac_final", "*:aes_cbcmac_*", "*:aes_expandkey_generic",
        ]),
        never("encrypts", &[
            "*:chacha_crypt*", "*:hchacha_*", "*:chacha_load_key", "*:xchacha_init",
            "*:aes_encrypt*", "*:aes_decrypt*", "*:aes_ecb_*", "*:aes_cbc_*", "*:aes_*ctr",
            "*:aes_xts_*crypt*", "*:aes*cfb_*", "*:des_*crypt", "*:des3_ede_*crypt", "*:arc4_crypt",
        ]),
        errno("encrypts", &[
            "*:crypto_*chacha_crypt", "*:chacha_stream_xor", "*:chacha*_setkey",
            "*:crypto_aes_*crypt*", "*:crypto_aes_*set*", "*:crypto_cbc_*", "*:crypto_ecb_*",
            "*:crypto_ctr_*", "*:crypto_rfc3686_*", "*:crypto_cts_*", "*:cts_cbc_*", "*:xts_*crypt",
            "*:xts_setkey", "*:xts_init_crypt", "*:xts_xor_tweak*", "*:xts_cts_final", "*:lrw_*",
            "*:adiantum_*crypt", "*:adiantum_setkey", "*:hctr2_*crypt", "*:hctr2_setkey",
            "*:hctr2_finish", "*:crypto_xctr_*",
        ]),
        errno("takes over a key", &[
            "*:aes_expandkey", "*:aes_preparekey", "*:aes_prepareenckey", "*:__aes_preparekey",
            "*:des_expand_key", "*:des3_ede_expand_key", "*:arc4_setkey",
        ]),
        zero("agrees on a key", &["*:curve25519", "*:curve25519_generate_public"]),
        never("agrees on a key", &["*:curve25519_*generic", "*:curve25519_*arch"]),
        errno("encrypts with the instructions of the processor", &[
            "aesni_intel:ecb_encrypt", "aesni_intel:ecb_decrypt", "aesni_intel:cbc_encrypt",
            "aesni_intel:cbc_decrypt", "aesni_intel:cts_cbc_encrypt", "aesni_intel:cts_cbc_decrypt",
            "aesni_intel:ctr_crypt_aesni", "aesni_intel:xts_encrypt_aesni",
            "aesni_intel:xts_decrypt_aesni", "aesni_intel:xts_setkey_aesni",
            "aesni_intel:aesni_skcipher_setkey", "aesni_intel:aes_set_key_common",
            "aesni_intel:gcm_setkey",
        ]),
    ],
};
