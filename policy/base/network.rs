// SPDX-License-Identifier: GPL-2.0-only

//! What decides which packets pass, whom the other end of a connection may be, and who may change
//! the network.

use super::{
    errno,
    never,
    one,
    zero,
    Family, //
};

/// What decides which packets pass.
#[rustfmt::skip]
pub(super) const FILTERING: Family = Family {
    name: "packet filtering",
    lines: &[
        never("runs the filter of a socket", &["sk_filter_trim_cap"]),
        zero("runs the filter of a packet socket", &["af_packet:run_filter"]),
        errno("runs the hooks of netfilter on a packet", &["nf_hook_slow"]),
        never("runs the hooks of netfilter on packets", &["nf_hook_slow_list"]),
        errno("hands a packet to user space for a verdict", &["nf_queue"]),
        errno("hooks a filter into the network", &[
            "nf_register_net_hook", "nf_register_net_hooks", "nf_hook_entries_insert_raw",
        ]),
        never("unhooks a filter from the network", &[
            "nf_unregister_net_hook", "nf_unregister_net_hooks",
        ]),
        zero("runs the rules of a chain on a packet", &["nf_tables:nft_do_chain*"]),
        never("runs one expression of a rule", &["nf_tables:expr_call_ops_eval"]),
        zero("runs the rules of a table on a packet", &[
            "ip_tables:ipt_do_table", "ip6_tables:ip6t_do_table", "arp_tables:arpt_do_table",
            "ebtables:ebt_do_table", "iptable_mangle:iptable_mangle_hook",
        ]),
        zero("finds the connection that a packet belongs to", &["nf_conntrack:nf_conntrack_in"]),
        errno("rejects malformed packets on a bridge", &[
            "br_netfilter:br_validate_ipv4", "br_netfilter:br_validate_ipv6",
        ]),
        zero("decides which virtual networks a port belongs to", &[
            "bridge:br_allowed_ingress", "bridge:br_allowed_egress", "bridge:__allowed_ingress",
        ]),
        zero("decides which packets leave through a port", &[
            "bridge:nbp_switchdev_allowed_egress",
        ]),
        never("runs the traffic control rules on a packet", &["tcf_classify", "tcf_action_exec"]),
        never("runs an XDP program on a packet", &[
            "do_xdp_generic", "netif_receive_generic_xdp", "bpf_prog_run_generic_xdp",
        ]),
        errno("runs the filters of a control group", &["__cgroup_bpf_run_filter_*"]),
        errno("decides which devices a control group may use", &[
            "__cgroup_bpf_check_dev_permission",
        ]),
        errno("refuses packets with a forged source", &[
            "fib_validate_source", "__fib_validate_source",
        ]),
        never("refuses packets with a forged source", &["ip_mc_validate_source"]),
        zero("refuses segments that do not belong to a connection", &["tcp_validate_incoming"]),
        zero("enforces the IPsec policy on a packet", &[
            "__xfrm_policy_check", "__xfrm_route_forward",
        ]),
        never("finds the IPsec policy for a packet", &[
            "xfrm_selector_match", "xfrm_policy_match", "__xfrm_policy_eval_candidates",
            "xfrm_policy_find_inexact_candidates", "xfrm_policy_eval_candidates",
        ]),
        errno("finds the IPsec policy for a packet", &[
            "xfrm_policy_lookup", "xfrm_policy_lookup_bytype", "xfrm_sk_policy_lookup",
            "xfrm_lookup", "xfrm_lookup_with_ifid", "xfrm_lookup_route", "xfrm_bundle_lookup",
            "xfrm_expand_policies", "xfrm_resolve_and_create_bundle", "xfrm_tmpl_resolve",
        ]),
        errno("keeps the IPsec policies", &[
            "__xfrm_decode_session", "xfrm_policy_insert", "xfrm_sk_policy_insert",
            "__xfrm_sk_clone_policy",
        ]),
        errno("changes the IPsec policies", &[
            "xfrm_migrate", "xfrm_migrate_check", "xfrm_user_policy",
        ]),
        never("tells whether a decision is still good", &["xfrm_bundle_ok", "stale_bundle"]),
    ],
};

/// What carries security labels in packets.
#[rustfmt::skip]
pub(super) const LABELS: Family = Family {
    name: "packet labels",
    lines: &[
        errno("reads or writes the label of a packet", &[
            "netlbl_skbuff_getattr", "netlbl_sock_getattr", "netlbl_sock_setattr",
            "netlbl_conn_setattr", "netlbl_req_setattr", "netlbl_skbuff_setattr",
            "netlbl_cache_add", "cipso_v4_getattr", "cipso_v4_sock_setattr", "cipso_v4_req_setattr",
            "cipso_v4_skbuff_setattr", "cipso_v4_parsetag_*", "cipso_v4_gentag_*", "cipso_v4_map_*",
        ]),
        never("reads or writes the label of a packet", &[
            "netlbl_sock_delattr", "netlbl_req_delattr", "netlbl_skbuff_err", "netlbl_enabled",
            "cipso_v4_validate", "cipso_v4_cache_check",
        ]),
        errno("configures the labels of packets", &[
            "netlbl_domhsh_add", "netlbl_domhsh_add_default", "netlbl_cfg_*",
        ]),
    ],
};

/// What authenticates and encrypts packets.
#[rustfmt::skip]
pub(super) const IPSEC: Family = Family {
    name: "ipsec",
    lines: &[
        errno("refuses packets that were sent twice", &[
            "xfrm_replay_check*", "xfrm_replay_recheck*", "xfrm_replay_overflow*",
        ]),
        never("refuses packets that were sent twice", &["xfrm_replay_advance*"]),
        errno("sets up a connection", &[
            "xfrm_init_replay", "xfrm_init_state", "__xfrm_init_state", "esp4:esp_init_state",
            "esp6:esp6_init_state", "esp4:esp_init_aead", "esp4:esp_init_authenc",
        ]),
        errno("receives an encrypted packet", &[
            "xfrm_input", "xfrm_input_resume", "xfrm_parse_spi", "xfrm_inner_mode_input",
            "xfrm_rcv_cb",
        ]),
        errno("sends an encrypted packet", &[
            "xfrm_output", "xfrm_output_resume", "xfrm_output_one",
        ]),
        errno("tells whether a connection has expired", &[
            "xfrm_state_check_expire", "verify_spi_info",
        ]),
        errno("checks keys and policies from user space", &[
            "xfrm_user:verify_newsa_info", "xfrm_user:verify_newpolicy_info",
            "xfrm_user:validate_tmpl", "xfrm_user:verify_one_alg", "xfrm_user:verify_auth_trunc",
            "xfrm_user:verify_aead", "xfrm_user:attach_auth", "xfrm_user:attach_auth_trunc",
            "xfrm_user:attach_aead", "xfrm_user:attach_crypt",
        ]),
        zero("sends an encrypted packet", &["validate_xmit_xfrm"]),
        errno("decrypts and verifies a packet", &[
            "esp4:esp_input", "esp4:esp_input_done2", "esp6:esp6_input", "esp6:esp6_input_done2",
        ]),
        errno("encrypts a packet", &[
            "esp4:esp_output", "esp4:esp_output_head", "esp4:esp_output_tail", "esp6:esp6_output",
            "esp6:esp6_output_head", "esp6:esp6_output_tail",
        ]),
        errno("verifies a packet", &[
            "ah4:ah_input", "ah6:ah6_input", "ah4:ah_output", "ah6:ah6_output", "ah4:ah_init_state",
            "ah6:ah6_init_state",
        ]),
        zero("verifies a packet", &["macsec:macsec_post_decrypt"]),
        errno("encrypts or decrypts a packet", &["macsec:macsec_decrypt", "macsec:macsec_encrypt"]),
        zero("encrypts and verifies packets", &[
            "wireguard:decrypt_packet", "wireguard:encrypt_packet", "wireguard:counter_validate",
            "wireguard:message_decrypt", "wireguard:mix_dh", "wireguard:mix_precomputed_dh",
            "psp_validate_xmit",
        ]),
        never("agrees on keys", &[
            "wireguard:message_encrypt", "wireguard:message_ephemeral", "wireguard:mix_hash",
            "wireguard:mix_psk", "wireguard:derive_keys", "wireguard:kdf", "wireguard:hmac",
            "wireguard:handshake_init", "wireguard:wg_noise_precompute_static_static",
            "wireguard:wg_noise_set_static_identity_private_key",
            "wireguard:wg_noise_handshake_init", "wireguard:wg_noise_handshake_clear",
        ]),
        zero("agrees on keys", &[
            "wireguard:wg_noise_handshake_*", "wireguard:wg_noise_received_with_keypair",
        ]),
        never("refuses a flood of packets", &["wireguard:wg_cookie_validate_packet"]),
        zero("decides which packets a peer may send", &[
            "wireguard:wg_ratelimiter_allow", "wireguard:wg_allowedips_lookup_src",
            "ovpn:ovpn_peer_check_by_src", "ovpn:ovpn_encrypt_one",
        ]),
        errno("encrypts and verifies packets", &[
            "ovpn:ovpn_aead_decrypt", "ovpn:ovpn_aead_encrypt", "ovpn:ovpn_pktid_recv",
            "tipc:tipc_aead_decrypt", "tipc:tipc_aead_encrypt", "tipc:tipc_crypto_rcv",
            "tipc:tipc_crypto_xmit", "tipc:tipc_aead_init", "psp_dev_check_access",
            "psp_sock_recv_queue_check", "psp_sock_assoc_set_rx", "psp_sock_assoc_set_tx",
        ]),
        errno("sets the keys", &[
            "tipc:tipc_aead_key_validate", "tipc:tipc_crypto_key_init",
            "tipc:tipc_crypto_key_attach",
        ]),
    ],
};

/// What verifies the other end of a connection.
#[rustfmt::skip]
pub(super) const TRANSPORT: Family = Family {
    name: "transport authentication",
    lines: &[
        never("verifies signed segments", &[
            "tcp_inbound_hash", "tcp_inbound_ao_hash", "tcp_inbound_md5_hash", "tcp_ao_verify_hash",
        ]),
        errno("signs segments", &[
            "tcp_ao_hash_skb", "tcp_ao_hash_hdr", "tcp_ao_prepare_reset",
            "tcp_ao_hash_pseudoheader", "tcp_v4_ao_hash_skb", "tcp_v4_ao_synack_hash",
            "tcp_ao_required_verify",
        ]),
        never("signs segments", &[
            "tcp_ao_calc_traffic_key", "tcp_ao_compute_sne", "tcp_v4_ao_calc_key*",
            "tcp_v6_ao_calc_key*", "tcp_md5_hash_key", "tcp_md5_hash_skb_data", "tcp_v4_md5_hash_*",
            "tcp_v6_md5_hash_*",
        ]),
        never("finds the key for signed segments", &[
            "__tcp_md5_do_lookup", "tcp_v4_md5_lookup", "tcp_v6_md5_lookup",
            "tcp_ao_established_key", "tcp_ao_do_lookup", "tcp_ao_inbound_lookup",
        ]),
        errno("finds the key for signed segments", &["tcp_ao_key_cmp", "__tcp_ao_key_cmp"]),
        errno("finds the signature of a segment", &["tcp_do_parse_auth_options"]),
        zero("verifies a cookie", &[
            "__cookie_v4_check", "__cookie_v6_check", "tcp_fastopen_cookie_check",
            "sctp:sctp_unpack_cookie",
        ]),
        never("verifies a cookie", &[
            "check_tcp_syn_cookie", "cookie_hash", "secure_tcp_syn_cookie",
        ]),
        never("makes numbers that nobody can foresee", &[
            "secure_tcp*_seq_and_ts_off", "secure_ipv*_port_ephemeral", "inet_ehashfn",
            "inet6_ehashfn", "ip_idents_reserve", "__ip_select_ident",
        ]),
        zero("verifies who joins a connection", &[
            "subflow_hmac_valid", "subflow_thmac_valid", "add_addr_hmac_valid",
        ]),
        never("verifies who joins a connection", &[
            "subflow_generate_hmac", "add_addr_generate_hmac", "mptcp_crypto_*",
        ]),
        zero("decides who joins a connection", &[
            "mptcp_pm_allow_new_subflow", "mptcp_can_accept_new_subflow",
        ]),
        never("decides who joins a connection", &["subflow_token_join_request"]),
        zero("verifies signed chunks", &["sctp:sctp_auth_chunk_verify"]),
        never("verifies signed chunks", &[
            "sctp:sctp_sf_authenticate", "sctp:sctp_auth_calculate_hmac", "sctp:sctp_auth_send_cid",
            "sctp:sctp_auth_get_hmac", "sctp:sctp_auth_asoc_verify_hmac_id",
        ]),
        one("tells which chunks must be signed", &["sctp:sctp_auth_recv_cid"]),
        errno("sets the keys", &[
            "sctp:sctp_auth_asoc_init_active_key", "sctp:sctp_auth_asoc_copy_shkeys",
            "tls:tls_set_sw_offload", "tls:tls_set_device_offload", "tls:tls_set_device_offload_rx",
            "tls:validate_crypto_info", "tls:do_tls_setsockopt_conf", "tls:init_prot_info",
            "tls:tls_check_pending_rekey", "rxrpc:rxkad_init_connection_security",
            "rxrpc:rxgk_init_connection_security", "rxrpc:rxrpc_init_client_*_security",
            "rxrpc:rxrpc_look_up_server_security", "rxrpc:rxgk_rekey", "rxrpc:rxgk_set_up_*",
            "rxrpc:rxgk_derive_transport_key", "rxrpc:rxgk_generate_transport_key",
        ]),
        errno("decrypts and verifies a record", &[
            "tls:tls_do_decryption", "tls:tls_decrypt_sg", "tls:tls_decrypt_sw",
            "tls:tls_decrypt_device", "tls:decrypt_skb", "tls:tls_decrypt_async_wait",
            "tls:tls_device_decrypted", "tls:tls_rx_one_record",
        ]),
        errno("encrypts a record", &["tls:tls_do_encryption", "tls:tls_push_record"]),
        zero("encrypts a record", &[
            "tls:tls_encrypt_skb", "tls:tls_validate_xmit_skb", "tls:tls_validate_xmit_skb_sw",
            "tls:tls_sw_fallback",
        ]),
        errno("verifies packets and answers", &[
            "rxrpc:rxkad_verify_*", "rxrpc:rxkad_decrypt_ticket", "rxrpc:rxgk_verify_*",
            "rxrpc:rxrpc_verify_*", "rxrpc:rxgk_construct_authenticator",
            "rxrpc:rxgk_encrypt_authenticator", "rxrpc:rxgk_extract_token",
        ]),
        never("verifies packets and answers", &[
            "rxrpc:rxkad_decrypt_response", "rxrpc:rxkad_prime_packet_security", "rxrpc:fcrypt_*",
        ]),
        errno("signs or encrypts packets", &[
            "rxrpc:rxkad_secure_packet", "rxrpc:rxgk_secure_packet*",
            "rxrpc:rxkad_respond_to_challenge",
        ]),
        never("sets the keys", &[
            "rxrpc:rxrpc_get_incoming_security", "rxrpc:rxrpc_security_lookup",
            "rxrpc:rxrpc_call_is_secure",
        ]),
        zero("verifies the signature of a route", &["seg6_hmac_validate_skb"]),
        errno("signs a route", &["seg6_hmac_compute", "seg6_push_hmac"]),
    ],
};

/// What secures Wi-Fi, Bluetooth and their relatives.
#[rustfmt::skip]
pub(super) const WIRELESS: Family = Family {
    name: "wireless security",
    lines: &[
        never("encrypts and verifies frames", &[
            "mac80211:ieee80211_crypto_*", "mac80211:ieee80211_rx_h_michael_mic_verify",
            "mac80211:ieee80211_tx_h_michael_mic_add", "mac80211:ieee80211_rx_h_decrypt",
            "mac80211:ieee80211_tx_h_encrypt", "mac80211:ieee80211_tx_h_select_key",
            "mac80211:requires_sequential_pn", "mac80211:ieee80211_drop_unencrypted_mgmt",
            "mac80211:ieee80211_aes_cmac", "mac80211:michael_mic", "mac80211:ieee80211_key_replay",
            "mac80211:ieee80211_key_mic_failure",
        ]),
        one("refuses frames that were not encrypted", &["mac80211:ieee80211_drop_unencrypted"]),
        zero("refuses frames that were not encrypted", &["mac80211:ieee80211_frame_allowed"]),
        errno("refuses frames from strangers", &["mac80211:ieee80211_802_1x_port_control"]),
        errno("encrypts and verifies frames", &[
            "mac80211:aead_encrypt", "mac80211:aead_decrypt", "mac80211:ccmp_encrypt_skb",
            "mac80211:gcmp_encrypt_skb", "mac80211:tkip_encrypt_skb", "mac80211:wep_encrypt_skb",
            "mac80211:ieee80211_tkip_decrypt_data", "mac80211:ieee80211_wep_decrypt*",
            "mac80211:ieee80211_wep_encrypt*", "mac80211:ieee80211_encrypt_tx_skb",
            "mac80211:ieee80211_aes_gmac", "mac80211:fils_decrypt_assoc_resp",
            "mac80211:fils_encrypt_assoc_req", "mac80211:aes_siv_*crypt",
            "mac802154:mac802154_llsec_decrypt", "mac802154:mac802154_llsec_encrypt",
            "mac802154:llsec_do_*crypt*",
        ]),
        errno("sets the keys", &[
            "mac80211:ieee80211_key_alloc", "mac80211:ieee80211_key_link",
            "mac80211:ieee80211_key_replace", "mac80211:ieee80211_set_tx_key",
        ]),
        zero("keeps a key from being set twice", &["mac80211:ieee80211_key_identical"]),
        never("wipes the keys", &[
            "mac80211:ieee80211_free_keys", "mac80211:ieee80211_free_sta_keys",
            "mac80211:ieee80211_key_free", "mac80211:ieee80211_set_key_rx_seq",
        ]),
        errno("decides who may configure Wi-Fi", &[
            "cfg80211:wext_permission_check", "cfg80211:cfg80211_validate_key_settings",
        ]),
        zero("keeps to the radio rules", &["cfg80211:regulatory_indoor_allowed"]),
        zero("decides whether a link is secure enough", &[
            "bluetooth:smp_sufficient_security", "bluetooth:smp_conn_security",
            "bluetooth:l2cap_chan_check_security", "bluetooth:rfcomm_check_security",
            "bluetooth:hci_conn_security", "bluetooth:hci_conn_check_secure",
            "bluetooth:hci_conn_check_link_mode", "bluetooth:l2cap_check_enc_key_size",
        ]),
        never("decides whether a link is secure enough", &[
            "bluetooth:check_enc_key_size", "bluetooth:hci_conn_key_enc_size",
        ]),
        errno("computes the values that pairing compares", &[
            "bluetooth:smp_aes_cmac", "bluetooth:smp_f4", "bluetooth:smp_f5", "bluetooth:smp_f6",
            "bluetooth:smp_g2", "bluetooth:smp_h6", "bluetooth:smp_h7", "bluetooth:smp_e",
            "bluetooth:smp_c1", "bluetooth:smp_s1", "bluetooth:smp_ah",
            "bluetooth:sc_mackey_and_ltk", "bluetooth:smp_generate_oob",
            "bluetooth:smp_generate_rpa", "bluetooth:compute_ecdh_secret",
            "bluetooth:set_ecdh_privkey", "bluetooth:generate_ecdh_public_key",
            "bluetooth:generate_ecdh_keys",
        ]),
        zero("finds the keys of a device", &[
            "bluetooth:smp_irk_matches", "bluetooth:smp_ltk_encrypt",
        ]),
        never("carries out a pairing", &[
            "bluetooth:get_auth_method", "bluetooth:sc_select_method", "bluetooth:sc_generate_ltk",
            "bluetooth:sc_generate_link_key", "bluetooth:sc_add_ltk",
        ]),
        never("forgets keys", &[
            "bluetooth:hci_link_keys_clear", "bluetooth:hci_smp_ltks_clear",
            "bluetooth:hci_smp_irks_clear",
        ]),
        one("refuses keys that were ruled out", &["bluetooth:hci_is_blocked_key"]),
    ],
};

/// What decides who may use the servers in the kernel, and for what.
#[rustfmt::skip]
pub(super) const SERVERS: Family = Family {
    name: "server authentication",
    lines: &[
        errno("verifies who a client is", &[
            "ksmbd:ksmbd_auth_ntlmv2", "ksmbd:ksmbd_decode_ntlmssp_auth_blob",
            "ksmbd:ksmbd_krb5_authenticate", "ksmbd:ntlm_authenticate", "ksmbd:krb5_authenticate",
            "ksmbd:calc_ntlmv2_hash", "ksmbd:smb2_sess_setup", "ksmbd:ntlm_negotiate",
        ]),
        errno("verifies that a client logged in", &[
            "ksmbd:smb2_check_user_session", "ksmbd:smb2_get_ksmbd_tcon",
            "ksmbd:smb1_check_user_session",
        ]),
        zero("verifies a signed request", &[
            "ksmbd:smb2_check_sign_req", "ksmbd:smb3_check_sign_req",
        ]),
        one("tells whether a request must be signed", &["ksmbd:smb2_is_sign_req"]),
        never("signs an answer", &[
            "ksmbd:ksmbd_sign_smb2_pdu", "ksmbd:ksmbd_sign_smb3_pdu", "ksmbd:smb2_set_sign_rsp",
            "ksmbd:smb3_set_sign_rsp",
        ]),
        errno("encrypts requests and answers", &[
            "ksmbd:smb3_decrypt_req", "ksmbd:smb3_encrypt_resp", "ksmbd:ksmbd_crypt_message",
            "ksmbd:ksmbd_crypt_rdma", "cifs:crypt_message", "cifs:decrypt_raw_data",
            "cifs:generate_smb3signingkey", "cifs:generate_smb30signingkey",
        ]),
        never("tells whether a connection is encrypted", &[
            "ksmbd:smb3_encryption_negotiated", "ksmbd:smb3_is_transform_hdr",
        ]),
        errno("derives the keys of a session", &[
            "ksmbd:ksmbd_gen_*_signingkey", "ksmbd:generate_smb3signingkey",
            "ksmbd:ksmbd_get_encryption_key",
        ]),
        never("derives the keys of a session", &[
            "ksmbd:ksmbd_gen_*_encryptionkey", "ksmbd:generate_smb3encryptionkey",
        ]),
        errno("protects the start of a session", &[
            "ksmbd:ksmbd_gen_preauth_integrity_hash", "ksmbd:alloc_preauth_hash",
            "ksmbd:generate_preauth_hash", "cifs:smb3_validate_negotiate", "cifs:setup_ntlmv2_rsp",
            "cifs:decode_ntlmssp_challenge",
        ]),
        errno("verifies a request", &[
            "ksmbd:fsctl_validate_negotiate_info", "ksmbd:smb3_verify_channel_sequence",
            "ksmbd:ksmbd_verify_smb_message",
        ]),
        zero("finds the session of a request", &[
            "ksmbd:ksmbd_session_lookup*", "ksmbd:__session_lookup",
            "ksmbd:is_ksmbd_session_in_connection",
        ]),
        zero("finds the user of a session", &[
            "ksmbd:ksmbd_login_user", "ksmbd:ksmbd_compare_user",
            "ksmbd:ksmbd_preauth_session_lookup",
        ]),
        never("ends or limits a session", &[
            "ksmbd:ksmbd_anonymous_user", "ksmbd:ksmbd_session_expiration_worker",
            "ksmbd:ksmbd_expire_sessions",
        ]),
        zero("ends or limits a session", &["ksmbd:smb2_session_expired_cmd_allowed"]),
        errno("decides about access to a file", &[
            "ksmbd:smb_check_perm_dacl", "ksmbd:ksmbd_smb_check_shared_mode",
            "ksmbd:ksmbd_vfs_inherit_posix_acl",
        ]),
        errno("takes on the identity of a client", &[
            "ksmbd:ksmbd_override_fsids", "ksmbd:__ksmbd_override_fsids", "nfsd:nfsd_setuser",
        ]),
        never("gives up the identity of a client", &["ksmbd:ksmbd_revert_fsids"]),
        zero("finds the share or file of a request", &[
            "ksmbd:ksmbd_tree_conn_lookup", "ksmbd:__sanity_check", "ksmbd:ksmbd_lookup_fd_*",
        ]),
        one("hides files of a share", &["ksmbd:ksmbd_share_veto_filename"]),
        errno("keeps a client within its share", &[
            "ksmbd:ksmbd_vfs_*path_lookup*", "ksmbd:ksmbd_validate_filename",
        ]),
        errno("verifies a signed answer", &[
            "cifs:smb2_verify_signature", "cifs:cifs_verify_signature", "cifs:*smb3_calc_signature",
            "cifs:*smb2_calc_signature",
        ]),
        errno("signs a request", &[
            "cifs:smb2_sign_rqst", "cifs:cifs_sign_rqst", "cifs:cifs_calc_signature",
            "cifs:__cifs_calc_signature", "cifs:smb3_get_sign_key",
        ]),
        errno("sets up signing and encryption", &[
            "cifs:generate_smb311signingkey", "cifs:smb3_crypto_aead_allocate",
            "cifs:cifs_enable_signing",
        ]),
        one("tells whether encryption is demanded", &["cifs:smb3_encryption_required"]),
        never("protects the start of a session", &["cifs:smb311_update_preauth_hash"]),
        never("decides whether a client may use a file", &[
            "nfsd:__fh_verify", "nfsd:fh_verify", "nfsd:fh_verify_local", "nfsd:nfsd_set_fh_dentry",
            "nfsd:nfsd_setuser_and_check_port", "nfsd:nfsd4_verify_open_stid",
            "nfsd:do_open_permission", "nfsd:check_if_stalefh_allowed",
        ]),
        zero("decides whether a client may use a file", &[
            "nfsd:fh_verify_mac", "nfsd:fh_append_mac", "nfsd:nfsd_acceptable",
            "nfsd:nfsd_originating_port_ok",
        ]),
        never("decides what a client may do", &[
            "nfsd:nfsexp_flags", "nfsd:nfsd_user_namespace", "nfsd:nfsd_permission",
            "nfsd:nfsd_access", "nfsd:nfsd_may_truncate", "nfsd:nfsd_get_write_access",
            "nfsd:check_nfsd_access", "nfsd:check_security_flavor", "nfsd:check_xprtsec_policy",
            "nfsd:exp_pseudoroot",
        ]),
        one("tells whether an export is read-only", &["nfsd:exp_rdonly"]),
        errno("finds the export that a client asks for", &[
            "nfsd:rqst_exp_get_by_name", "nfsd:rqst_exp_find", "nfsd:rqst_exp_parent",
            "nfsd:exp_find", "nfsd:exp_find_key", "nfsd:check_export",
            "nfsd:rqst_find_fsidzero_export", "nfsd:exp_get_by_name", "nfsd:exp_parent",
            "nfsd:exp_rootfh",
        ]),
        zero("compares the identities of clients", &[
            "nfsd:nfsd4_mach_creds_match", "nfsd:same_creds", "nfsd:nfsd_match_cred",
            "nfsd:nfsd4_spo_must_allow", "nfsd:is_gss_cred",
        ]),
        zero("verifies a call from the server", &[
            "nfs:check_gss_callback_principal", "nfsv4:check_gss_callback_principal",
        ]),
        never("verifies a call from the server", &[
            "nfs:nfs_callback_authenticate", "nfsv4:nfs_callback_authenticate",
            "lockd:lockd_authenticate",
        ]),
        never("verifies who a client is", &[
            "sunrpc:svc_authenticate", "sunrpc:svc_set_client", "sunrpc:svcauth_unix_set_client",
            "sunrpc:svcauth_*_accept", "sunrpc:svc_sock_secure_port", "sunrpc:auth_domain_find",
            "sunrpc:unix_domain_find",
        ]),
        errno("verifies who the other side is", &[
            "sunrpc:svc_authorise", "sunrpc:unix_gid_find", "sunrpc:rpcauth_checkverf",
            "sunrpc:rpcauth_unwrap_resp", "sunrpc:rpcauth_wrap_req", "sunrpc:unx_validate",
            "sunrpc:rpcauth_marshcred", "sunrpc:rpcauth_unwrap_resp_decode",
        ]),
        never("verifies signed calls", &[
            "auth_rpcgss:gss_verify_mic", "auth_rpcgss:gss_get_mic", "auth_rpcgss:gss_wrap",
            "auth_rpcgss:gss_unwrap", "auth_rpcgss:svcauth_gss_accept",
            "auth_rpcgss:svcauth_gss_set_client", "auth_rpcgss:gss_validate_seqno_mic",
        ]),
        errno("verifies signed calls", &[
            "auth_rpcgss:svcauth_gss_verify_header", "auth_rpcgss:svcauth_gss_unwrap_integ",
            "auth_rpcgss:svcauth_gss_unwrap_priv", "auth_rpcgss:gss_import_sec_context",
        ]),
        errno("signs answers", &[
            "auth_rpcgss:svcauth_gss_wrap_integ", "auth_rpcgss:svcauth_gss_wrap_priv",
        ]),
        zero("verifies signed calls", &[
            "auth_rpcgss:gss_check_seq_num", "auth_rpcgss:gss_svc_searchbyctx",
            "auth_rpcgss:find_gss_auth_domain",
        ]),
        errno("verifies signed answers", &[
            "auth_rpcgss:gss_validate", "auth_rpcgss:gss_unwrap_resp",
            "auth_rpcgss:gss_unwrap_resp_integ", "auth_rpcgss:gss_unwrap_resp_priv",
            "auth_rpcgss:gss_wrap_req*", "auth_rpcgss:gss_match", "auth_rpcgss:gss_marshal",
            "auth_rpcgss:gss_refresh",
        ]),
        never("signs and verifies calls", &[
            "rpcsec_gss_krb5:gss_krb5_verify_mic*", "rpcsec_gss_krb5:gss_krb5_get_mic*",
            "rpcsec_gss_krb5:gss_krb5_wrap*", "rpcsec_gss_krb5:gss_krb5_unwrap*",
            "rpcsec_gss_krb5:gss_krb5_aead_*",
        ]),
        errno("sets the keys", &[
            "rpcsec_gss_krb5:gss_krb5_import_*", "rpcsec_gss_krb5:gss_krb5_mic_build_sg",
            "rpcsec_gss_krb5:gss_import_v2_context",
        ]),
        zero("decides which hosts may connect", &[
            "nvmet:nvmet_host_allowed", "nvmet:nvmet_check_auth_status",
        ]),
        never("decides what a host may do", &[
            "nvmet:nvmet_check_ctrl_status", "nvmet:nvmet_setup_auth", "nvmet:nvmet_auth_reply",
            "nvmet:nvmet_pr_check_cmd_access",
        ]),
        errno("verifies who a host is", &[
            "nvmet:nvmet_auth_host_hash", "nvmet:nvmet_auth_ctrl_hash",
            "nvmet:nvmet_auth_ctrl_sesskey", "nvmet:nvmet_auth_challenge",
            "nvmet:nvmet_auth_success1", "nvmet:nvmet_auth_set_key",
            "nvmet:nvmet_auth_ctrl_exponential",
        ]),
        errno("verifies who a storage server is", &[
            "nvme_core:nvme_auth_process_dhchap_*", "nvme_core:nvme_auth_receive_validate",
            "nvme_core:nvme_auth_dhchap_*", "nvme_core:nvme_auth_secure_concat",
            "nvme_core:nvme_auth_negotiate", "nvme_core:nvme_auth_wait",
        ]),
        errno("computes keys and answers", &[
            "nvme_auth:nvme_auth_generate_*", "nvme_auth:nvme_auth_augmented_challenge",
            "nvme_auth:nvme_auth_gen_*", "nvme_auth:nvme_auth_derive_tls_psk",
            "nvme_auth:nvme_auth_hmac_init", "nvme_auth:nvme_auth_hmac", "nvme_auth:nvme_auth_hash",
            "nvme_auth:nvme_auth_transform_key", "nvme_auth:nvme_auth_parse_key",
        ]),
        never("computes keys and answers", &[
            "nvme_auth:nvme_auth_hmac_update", "nvme_auth:nvme_auth_hmac_final",
        ]),
        errno("verifies who an initiator is", &[
            "iscsi_target_mod:chap_server_compute_hash", "iscsi_target_mod:chap_gen_challenge",
            "iscsi_target_mod:iscsi_target_do_authentication",
        ]),
        never("verifies who an initiator is", &[
            "iscsi_target_mod:chap_main_loop", "iscsi_target_mod:iscsi_handle_authentication",
        ]),
        one("tells whether an initiator must prove who it is", &[
            "iscsi_target_mod:iscsi_conn_auth_required",
        ]),
        zero("tells whether an initiator proved who it is", &[
            "iscsi_target_mod:iscsi_conn_authenticated",
        ]),
        errno("decides which initiators may connect", &[
            "iscsi_target_mod:iscsi_target_check_login_request",
            "iscsi_target_mod:iscsi_target_locate_portal",
            "iscsi_target_mod:iscsi_target_handle_csg_one",
            "iscsi_target_mod:iscsi_target_handle_csg_zero",
            "iscsi_target_mod:iscsi_login_post_auth_non_zero_tsih",
        ]),
        never("finds the secret of an initiator", &["iscsi_target_mod:iscsi_get_node_auth"]),
        zero("decides which initiators may connect", &[
            "target_core_mod:core_tpg_check_initiator_node_acl",
            "target_core_mod:core_tpg_get_initiator_node_acl",
        ]),
        errno("verifies who a server is", &[
            "libceph:ceph_x_verify_authorizer_reply", "libceph:ceph_x_check_message_signature",
            "libceph:ceph_auth_verify_authorizer_reply", "libceph:decrypt_authorizer_*",
            "libceph:encrypt_authorizer", "libceph:ceph_x_add_authorizer_challenge",
            "libceph:ceph_x_sign_message", "libceph:calc_signature",
            "libceph:process_auth_signature", "libceph:process_auth_done",
            "libceph:ceph_auth_handle_reply_done", "libceph:ceph_auth_handle_svc_reply_done",
            "libceph:ceph_auth_add_authorizer_challenge", "libceph:osd_verify_authorizer_reply",
            "libceph:osd_check_message_signature", "libceph:osd_sign_message",
            "libceph:osd_add_authorizer_challenge", "libceph:ceph_handle_auth_reply",
            "libceph:ceph_x_proc_ticket_reply", "libceph:process_one_ticket",
            "libceph:ceph_x_handle_reply", "ceph:mds_verify_authorizer_reply",
            "ceph:mds_check_message_signature",
        ]),
        errno("encrypts and verifies messages", &[
            "libceph:ceph_x_decrypt", "libceph:__ceph_x_decrypt", "libceph:ceph_x_encrypt",
            "libceph:ceph_crypt", "libceph:ceph_aes_crypt", "libceph:ceph_krb5_*crypt",
            "libceph:verify_control_crc", "libceph:verify_epilogue_crcs", "libceph:gcm_crypt",
            "libceph:setup_crypto", "libceph:decrypt_preamble", "libceph:decrypt_control_remainder",
            "libceph:decrypt_tail",
        ]),
        never("encrypts and verifies messages", &[
            "libceph:con_hmac_sha256", "libceph:ceph_hmac_sha256",
        ]),
        zero("tells whether a client is known", &[
            "libceph:ceph_x_is_authenticated", "libceph:is_authenticated",
            "libceph:ceph_auth_is_authenticated",
        ]),
    ],
};

/// What decides who may configure and use the network.
#[rustfmt::skip]
pub(super) const ACCESS: Family = Family {
    name: "network access control",
    lines: &[
        errno("checks the attributes of a message to the kernel, and finds them", &[
            "__nla_parse", "__nla_validate", "__nla_validate_parse",
        ]),
        never("answers whether the sender of a message has a capability", &[
            "netlink_capable", "netlink_net_capable", "netlink_ns_capable", "__netlink_ns_capable",
        ]),
        never("answers whether the opener of a socket has a capability", &[
            "sk_capable", "sk_net_capable", "sk_ns_capable",
        ]),
        never("answers whether a socket option may be set", &[
            "sockopt_capable", "sockopt_ns_capable", "sk_set_prio_allowed",
        ]),
        never("decides who may mount the files of the network", &["net_current_may_mount"]),
        zero("decides who may configure a linked network", &["rtnl_dev_link_net_capable"]),
        errno("decides who may use another network", &[
            "rtnl_get_net_ns_capable", "rtnl_link_get_net_capable",
        ]),
        zero("decides who may read and set network settings", &["net_ctl_permissions"]),
        never("decides who may read and set network settings", &["net_ctl_set_ownership"]),
        errno("finds another network", &["get_net_ns_by_fd", "get_net_ns_by_pid", "get_net_ns"]),
        errno("enters another network", &["netns_install"]),
        errno("decides who may open a socket for pings", &["ping_init_sock"]),
        errno("checks the address of a socket", &["ping_check_bind_addr", "ping_bind"]),
        errno("decides who may use an address and port", &[
            "inet_bind_sk", "inet6_bind_sk", "__inet_bind", "__inet6_bind", "__sys_bind_socket",
            "__sys_connect_file", "sctp:sctp_do_bind",
        ]),
        errno("binds a socket to a device", &["sock_bindtoindex_locked", "sock_setbindtodevice"]),
        errno("decides who may reach a socket in the file system", &[
            "unix_find_bsd", "unix_find_other", "unix_bind_bsd",
        ]),
        errno("connects to a local socket", &["unix_stream_connect", "unix_dgram_connect"]),
        never("keeps who the other end of a socket is", &[
            "update_peercred", "copy_peercred", "drop_peercred", "sk_get_peer_cred",
        ]),
        never("tells who the other end of a socket is", &[
            "cred_to_ucred", "unix_skb_scm_eq", "unix_skb_to_scm",
        ]),
        errno("tells who the other end of a socket is", &[
            "unix_scm_to_skb", "unix_maybe_add_creds",
        ]),
        errno("checks credentials and files sent over a socket", &[
            "__scm_send", "scm_fp_copy", "scm_recv_one_fd",
        ]),
        never("checks credentials and files sent over a socket", &["scm_pidfd_recv", "scm_fp_dup"]),
        errno("decides what is shown about a socket", &[
            "sock_diag_check_cookie", "sock_diag_put_filterinfo",
        ]),
        zero("checks a packet from user space", &["af_packet:packet_extra_vlan_len_allowed"]),
        zero("decides what a socket may learn", &["skb_may_tx_timestamp"]),
        errno("decides who may listen to messages", &["netlink_bind", "genl_bind"]),
        zero("checks what a socket may attach to", &["xsk_dev_queue_valid"]),
    ],
};
