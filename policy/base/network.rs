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
pub(super) const FILTERING: Family = Family {
    name: "packet filtering",
    entries: &[
        never("sk_filter_trim_cap", "runs the filter of a socket"),
        zero("af_packet:run_filter", "runs the filter of a packet socket"),
        errno("nf_hook_slow", "runs the hooks of netfilter on a packet"),
        never(
            "nf_hook_slow_list",
            "runs the hooks of netfilter on packets",
        ),
        errno("nf_queue", "hands a packet to user space for a verdict"),
        errno("nf_register_net_hook", "hooks a filter into the network"),
        errno("nf_register_net_hooks", "hooks a filter into the network"),
        errno(
            "nf_hook_entries_insert_raw",
            "hooks a filter into the network",
        ),
        never(
            "nf_unregister_net_hook",
            "unhooks a filter from the network",
        ),
        never(
            "nf_unregister_net_hooks",
            "unhooks a filter from the network",
        ),
        zero(
            "nf_tables:nft_do_chain*",
            "runs the rules of a chain on a packet",
        ),
        never(
            "nf_tables:expr_call_ops_eval",
            "runs one expression of a rule",
        ),
        zero(
            "ip_tables:ipt_do_table",
            "runs the rules of a table on a packet",
        ),
        zero(
            "ip6_tables:ip6t_do_table",
            "runs the rules of a table on a packet",
        ),
        zero(
            "arp_tables:arpt_do_table",
            "runs the rules of a table on a packet",
        ),
        zero(
            "ebtables:ebt_do_table",
            "runs the rules of a table on a packet",
        ),
        zero(
            "iptable_mangle:iptable_mangle_hook",
            "runs the rules of a table on a packet",
        ),
        zero(
            "nf_conntrack:nf_conntrack_in",
            "finds the connection that a packet belongs to",
        ),
        errno(
            "br_netfilter:br_validate_ipv4",
            "rejects malformed packets on a bridge",
        ),
        errno(
            "br_netfilter:br_validate_ipv6",
            "rejects malformed packets on a bridge",
        ),
        zero(
            "bridge:br_allowed_ingress",
            "decides which virtual networks a port belongs to",
        ),
        zero(
            "bridge:br_allowed_egress",
            "decides which virtual networks a port belongs to",
        ),
        zero(
            "bridge:__allowed_ingress",
            "decides which virtual networks a port belongs to",
        ),
        zero(
            "bridge:nbp_switchdev_allowed_egress",
            "decides which packets leave through a port",
        ),
        never("tcf_classify", "runs the traffic control rules on a packet"),
        never(
            "tcf_action_exec",
            "runs the traffic control rules on a packet",
        ),
        never("do_xdp_generic", "runs an XDP program on a packet"),
        never(
            "netif_receive_generic_xdp",
            "runs an XDP program on a packet",
        ),
        never(
            "bpf_prog_run_generic_xdp",
            "runs an XDP program on a packet",
        ),
        errno(
            "__cgroup_bpf_run_filter_*",
            "runs the filters of a control group",
        ),
        errno(
            "__cgroup_bpf_check_dev_permission",
            "decides which devices a control group may use",
        ),
        errno(
            "fib_validate_source",
            "refuses packets with a forged source",
        ),
        errno(
            "__fib_validate_source",
            "refuses packets with a forged source",
        ),
        never(
            "ip_mc_validate_source",
            "refuses packets with a forged source",
        ),
        zero(
            "tcp_validate_incoming",
            "refuses segments that do not belong to a connection",
        ),
        zero(
            "__xfrm_policy_check",
            "enforces the IPsec policy on a packet",
        ),
        zero(
            "__xfrm_route_forward",
            "enforces the IPsec policy on a packet",
        ),
        never("xfrm_selector_match", "finds the IPsec policy for a packet"),
        never("xfrm_policy_match", "finds the IPsec policy for a packet"),
        never(
            "__xfrm_policy_eval_candidates",
            "finds the IPsec policy for a packet",
        ),
        never(
            "xfrm_policy_find_inexact_candidates",
            "finds the IPsec policy for a packet",
        ),
        never(
            "xfrm_policy_eval_candidates",
            "finds the IPsec policy for a packet",
        ),
        errno("xfrm_policy_lookup", "finds the IPsec policy for a packet"),
        errno(
            "xfrm_policy_lookup_bytype",
            "finds the IPsec policy for a packet",
        ),
        errno(
            "xfrm_sk_policy_lookup",
            "finds the IPsec policy for a packet",
        ),
        errno("xfrm_lookup", "finds the IPsec policy for a packet"),
        errno(
            "xfrm_lookup_with_ifid",
            "finds the IPsec policy for a packet",
        ),
        errno("xfrm_lookup_route", "finds the IPsec policy for a packet"),
        errno("xfrm_bundle_lookup", "finds the IPsec policy for a packet"),
        errno(
            "xfrm_expand_policies",
            "finds the IPsec policy for a packet",
        ),
        errno(
            "xfrm_resolve_and_create_bundle",
            "finds the IPsec policy for a packet",
        ),
        errno("xfrm_tmpl_resolve", "finds the IPsec policy for a packet"),
        errno("__xfrm_decode_session", "keeps the IPsec policies"),
        errno("xfrm_policy_insert", "keeps the IPsec policies"),
        errno("xfrm_sk_policy_insert", "keeps the IPsec policies"),
        errno("__xfrm_sk_clone_policy", "keeps the IPsec policies"),
        errno("xfrm_migrate", "changes the IPsec policies"),
        errno("xfrm_migrate_check", "changes the IPsec policies"),
        errno("xfrm_user_policy", "changes the IPsec policies"),
        never("xfrm_bundle_ok", "tells whether a decision is still good"),
        never("stale_bundle", "tells whether a decision is still good"),
    ],
};

/// What carries security labels in packets.
pub(super) const LABELS: Family = Family {
    name: "packet labels",
    entries: &[
        errno(
            "netlbl_skbuff_getattr",
            "reads or writes the label of a packet",
        ),
        errno(
            "netlbl_sock_getattr",
            "reads or writes the label of a packet",
        ),
        errno(
            "netlbl_sock_setattr",
            "reads or writes the label of a packet",
        ),
        errno(
            "netlbl_conn_setattr",
            "reads or writes the label of a packet",
        ),
        errno(
            "netlbl_req_setattr",
            "reads or writes the label of a packet",
        ),
        errno(
            "netlbl_skbuff_setattr",
            "reads or writes the label of a packet",
        ),
        errno("netlbl_cache_add", "reads or writes the label of a packet"),
        never(
            "netlbl_sock_delattr",
            "reads or writes the label of a packet",
        ),
        never(
            "netlbl_req_delattr",
            "reads or writes the label of a packet",
        ),
        never("netlbl_skbuff_err", "reads or writes the label of a packet"),
        never("netlbl_enabled", "reads or writes the label of a packet"),
        errno("cipso_v4_getattr", "reads or writes the label of a packet"),
        errno(
            "cipso_v4_sock_setattr",
            "reads or writes the label of a packet",
        ),
        errno(
            "cipso_v4_req_setattr",
            "reads or writes the label of a packet",
        ),
        errno(
            "cipso_v4_skbuff_setattr",
            "reads or writes the label of a packet",
        ),
        errno(
            "cipso_v4_parsetag_*",
            "reads or writes the label of a packet",
        ),
        errno("cipso_v4_gentag_*", "reads or writes the label of a packet"),
        errno("cipso_v4_map_*", "reads or writes the label of a packet"),
        never("cipso_v4_validate", "reads or writes the label of a packet"),
        never(
            "cipso_v4_cache_check",
            "reads or writes the label of a packet",
        ),
        errno("netlbl_domhsh_add", "configures the labels of packets"),
        errno(
            "netlbl_domhsh_add_default",
            "configures the labels of packets",
        ),
        errno("netlbl_cfg_*", "configures the labels of packets"),
    ],
};

/// What authenticates and encrypts packets.
pub(super) const IPSEC: Family = Family {
    name: "ipsec",
    entries: &[
        errno("xfrm_replay_check*", "refuses packets that were sent twice"),
        errno(
            "xfrm_replay_recheck*",
            "refuses packets that were sent twice",
        ),
        errno(
            "xfrm_replay_overflow*",
            "refuses packets that were sent twice",
        ),
        never(
            "xfrm_replay_advance*",
            "refuses packets that were sent twice",
        ),
        errno("xfrm_init_replay", "sets up a connection"),
        errno("xfrm_init_state", "sets up a connection"),
        errno("__xfrm_init_state", "sets up a connection"),
        errno("xfrm_input", "receives an encrypted packet"),
        errno("xfrm_input_resume", "receives an encrypted packet"),
        errno("xfrm_parse_spi", "receives an encrypted packet"),
        errno("xfrm_inner_mode_input", "receives an encrypted packet"),
        errno("xfrm_rcv_cb", "receives an encrypted packet"),
        errno("xfrm_output", "sends an encrypted packet"),
        errno("xfrm_output_resume", "sends an encrypted packet"),
        errno("xfrm_output_one", "sends an encrypted packet"),
        errno(
            "xfrm_state_check_expire",
            "tells whether a connection has expired",
        ),
        errno("verify_spi_info", "tells whether a connection has expired"),
        errno(
            "xfrm_user:verify_newsa_info",
            "checks keys and policies from user space",
        ),
        errno(
            "xfrm_user:verify_newpolicy_info",
            "checks keys and policies from user space",
        ),
        errno(
            "xfrm_user:validate_tmpl",
            "checks keys and policies from user space",
        ),
        errno(
            "xfrm_user:verify_one_alg",
            "checks keys and policies from user space",
        ),
        errno(
            "xfrm_user:verify_auth_trunc",
            "checks keys and policies from user space",
        ),
        errno(
            "xfrm_user:verify_aead",
            "checks keys and policies from user space",
        ),
        errno(
            "xfrm_user:attach_auth",
            "checks keys and policies from user space",
        ),
        errno(
            "xfrm_user:attach_auth_trunc",
            "checks keys and policies from user space",
        ),
        errno(
            "xfrm_user:attach_aead",
            "checks keys and policies from user space",
        ),
        errno(
            "xfrm_user:attach_crypt",
            "checks keys and policies from user space",
        ),
        zero("validate_xmit_xfrm", "sends an encrypted packet"),
        errno("esp4:esp_input", "decrypts and verifies a packet"),
        errno("esp4:esp_input_done2", "decrypts and verifies a packet"),
        errno("esp6:esp6_input", "decrypts and verifies a packet"),
        errno("esp6:esp6_input_done2", "decrypts and verifies a packet"),
        errno("esp4:esp_output", "encrypts a packet"),
        errno("esp4:esp_output_head", "encrypts a packet"),
        errno("esp4:esp_output_tail", "encrypts a packet"),
        errno("esp6:esp6_output", "encrypts a packet"),
        errno("esp6:esp6_output_head", "encrypts a packet"),
        errno("esp6:esp6_output_tail", "encrypts a packet"),
        errno("esp4:esp_init_state", "sets up a connection"),
        errno("esp6:esp6_init_state", "sets up a connection"),
        errno("esp4:esp_init_aead", "sets up a connection"),
        errno("esp4:esp_init_authenc", "sets up a connection"),
        errno("ah4:ah_input", "verifies a packet"),
        errno("ah6:ah6_input", "verifies a packet"),
        errno("ah4:ah_output", "verifies a packet"),
        errno("ah6:ah6_output", "verifies a packet"),
        errno("ah4:ah_init_state", "verifies a packet"),
        errno("ah6:ah6_init_state", "verifies a packet"),
        zero("macsec:macsec_post_decrypt", "verifies a packet"),
        errno("macsec:macsec_decrypt", "encrypts or decrypts a packet"),
        errno("macsec:macsec_encrypt", "encrypts or decrypts a packet"),
        zero("wireguard:decrypt_packet", "encrypts and verifies packets"),
        zero("wireguard:encrypt_packet", "encrypts and verifies packets"),
        zero(
            "wireguard:counter_validate",
            "encrypts and verifies packets",
        ),
        zero("wireguard:message_decrypt", "encrypts and verifies packets"),
        zero("wireguard:mix_dh", "encrypts and verifies packets"),
        zero(
            "wireguard:mix_precomputed_dh",
            "encrypts and verifies packets",
        ),
        never("wireguard:message_encrypt", "agrees on keys"),
        never("wireguard:message_ephemeral", "agrees on keys"),
        never("wireguard:mix_hash", "agrees on keys"),
        never("wireguard:mix_psk", "agrees on keys"),
        never("wireguard:derive_keys", "agrees on keys"),
        never("wireguard:kdf", "agrees on keys"),
        never("wireguard:hmac", "agrees on keys"),
        never("wireguard:handshake_init", "agrees on keys"),
        zero("wireguard:wg_noise_handshake_*", "agrees on keys"),
        zero("wireguard:wg_noise_received_with_keypair", "agrees on keys"),
        never(
            "wireguard:wg_noise_precompute_static_static",
            "agrees on keys",
        ),
        never(
            "wireguard:wg_noise_set_static_identity_private_key",
            "agrees on keys",
        ),
        never("wireguard:wg_noise_handshake_init", "agrees on keys"),
        never("wireguard:wg_noise_handshake_clear", "agrees on keys"),
        never(
            "wireguard:wg_cookie_validate_packet",
            "refuses a flood of packets",
        ),
        zero(
            "wireguard:wg_ratelimiter_allow",
            "decides which packets a peer may send",
        ),
        zero(
            "wireguard:wg_allowedips_lookup_src",
            "decides which packets a peer may send",
        ),
        errno("ovpn:ovpn_aead_decrypt", "encrypts and verifies packets"),
        errno("ovpn:ovpn_aead_encrypt", "encrypts and verifies packets"),
        errno("ovpn:ovpn_pktid_recv", "encrypts and verifies packets"),
        zero(
            "ovpn:ovpn_peer_check_by_src",
            "decides which packets a peer may send",
        ),
        zero(
            "ovpn:ovpn_encrypt_one",
            "decides which packets a peer may send",
        ),
        errno("tipc:tipc_aead_decrypt", "encrypts and verifies packets"),
        errno("tipc:tipc_aead_encrypt", "encrypts and verifies packets"),
        errno("tipc:tipc_crypto_rcv", "encrypts and verifies packets"),
        errno("tipc:tipc_crypto_xmit", "encrypts and verifies packets"),
        errno("tipc:tipc_aead_init", "encrypts and verifies packets"),
        errno("tipc:tipc_aead_key_validate", "sets the keys"),
        errno("tipc:tipc_crypto_key_init", "sets the keys"),
        errno("tipc:tipc_crypto_key_attach", "sets the keys"),
        errno("psp_dev_check_access", "encrypts and verifies packets"),
        errno("psp_sock_recv_queue_check", "encrypts and verifies packets"),
        errno("psp_sock_assoc_set_rx", "encrypts and verifies packets"),
        errno("psp_sock_assoc_set_tx", "encrypts and verifies packets"),
        zero("psp_validate_xmit", "encrypts and verifies packets"),
    ],
};

/// What verifies the other end of a connection.
pub(super) const TRANSPORT: Family = Family {
    name: "transport authentication",
    entries: &[
        never("tcp_inbound_hash", "verifies signed segments"),
        never("tcp_inbound_ao_hash", "verifies signed segments"),
        never("tcp_inbound_md5_hash", "verifies signed segments"),
        never("tcp_ao_verify_hash", "verifies signed segments"),
        errno("tcp_ao_hash_skb", "signs segments"),
        errno("tcp_ao_hash_hdr", "signs segments"),
        errno("tcp_ao_prepare_reset", "signs segments"),
        errno("tcp_ao_hash_pseudoheader", "signs segments"),
        errno("tcp_v4_ao_hash_skb", "signs segments"),
        errno("tcp_v4_ao_synack_hash", "signs segments"),
        errno("tcp_ao_required_verify", "signs segments"),
        never("tcp_ao_calc_traffic_key", "signs segments"),
        never("tcp_ao_compute_sne", "signs segments"),
        never("tcp_v4_ao_calc_key*", "signs segments"),
        never("tcp_v6_ao_calc_key*", "signs segments"),
        never("tcp_md5_hash_key", "signs segments"),
        never("tcp_md5_hash_skb_data", "signs segments"),
        never("tcp_v4_md5_hash_*", "signs segments"),
        never("tcp_v6_md5_hash_*", "signs segments"),
        never("__tcp_md5_do_lookup", "finds the key for signed segments"),
        never("tcp_v4_md5_lookup", "finds the key for signed segments"),
        never("tcp_v6_md5_lookup", "finds the key for signed segments"),
        never(
            "tcp_ao_established_key",
            "finds the key for signed segments",
        ),
        never("tcp_ao_do_lookup", "finds the key for signed segments"),
        never("tcp_ao_inbound_lookup", "finds the key for signed segments"),
        errno("tcp_ao_key_cmp", "finds the key for signed segments"),
        errno("__tcp_ao_key_cmp", "finds the key for signed segments"),
        errno(
            "tcp_do_parse_auth_options",
            "finds the signature of a segment",
        ),
        zero("__cookie_v4_check", "verifies a cookie"),
        zero("__cookie_v6_check", "verifies a cookie"),
        zero("tcp_fastopen_cookie_check", "verifies a cookie"),
        never("check_tcp_syn_cookie", "verifies a cookie"),
        never("cookie_hash", "verifies a cookie"),
        never("secure_tcp_syn_cookie", "verifies a cookie"),
        never(
            "secure_tcp*_seq_and_ts_off",
            "makes numbers that nobody can foresee",
        ),
        never(
            "secure_ipv*_port_ephemeral",
            "makes numbers that nobody can foresee",
        ),
        never("inet_ehashfn", "makes numbers that nobody can foresee"),
        never("inet6_ehashfn", "makes numbers that nobody can foresee"),
        never("ip_idents_reserve", "makes numbers that nobody can foresee"),
        never("__ip_select_ident", "makes numbers that nobody can foresee"),
        zero("subflow_hmac_valid", "verifies who joins a connection"),
        zero("subflow_thmac_valid", "verifies who joins a connection"),
        zero("add_addr_hmac_valid", "verifies who joins a connection"),
        never("subflow_generate_hmac", "verifies who joins a connection"),
        never("add_addr_generate_hmac", "verifies who joins a connection"),
        never("mptcp_crypto_*", "verifies who joins a connection"),
        zero(
            "mptcp_pm_allow_new_subflow",
            "decides who joins a connection",
        ),
        zero(
            "mptcp_can_accept_new_subflow",
            "decides who joins a connection",
        ),
        never(
            "subflow_token_join_request",
            "decides who joins a connection",
        ),
        zero("sctp:sctp_auth_chunk_verify", "verifies signed chunks"),
        never("sctp:sctp_sf_authenticate", "verifies signed chunks"),
        never("sctp:sctp_auth_calculate_hmac", "verifies signed chunks"),
        never("sctp:sctp_auth_send_cid", "verifies signed chunks"),
        one(
            "sctp:sctp_auth_recv_cid",
            "tells which chunks must be signed",
        ),
        never("sctp:sctp_auth_get_hmac", "verifies signed chunks"),
        never(
            "sctp:sctp_auth_asoc_verify_hmac_id",
            "verifies signed chunks",
        ),
        errno("sctp:sctp_auth_asoc_init_active_key", "sets the keys"),
        errno("sctp:sctp_auth_asoc_copy_shkeys", "sets the keys"),
        zero("sctp:sctp_unpack_cookie", "verifies a cookie"),
        errno("tls:tls_do_decryption", "decrypts and verifies a record"),
        errno("tls:tls_decrypt_sg", "decrypts and verifies a record"),
        errno("tls:tls_decrypt_sw", "decrypts and verifies a record"),
        errno("tls:tls_decrypt_device", "decrypts and verifies a record"),
        errno("tls:decrypt_skb", "decrypts and verifies a record"),
        errno(
            "tls:tls_decrypt_async_wait",
            "decrypts and verifies a record",
        ),
        errno("tls:tls_device_decrypted", "decrypts and verifies a record"),
        errno("tls:tls_rx_one_record", "decrypts and verifies a record"),
        errno("tls:tls_do_encryption", "encrypts a record"),
        errno("tls:tls_push_record", "encrypts a record"),
        zero("tls:tls_encrypt_skb", "encrypts a record"),
        zero("tls:tls_validate_xmit_skb", "encrypts a record"),
        zero("tls:tls_validate_xmit_skb_sw", "encrypts a record"),
        zero("tls:tls_sw_fallback", "encrypts a record"),
        errno("tls:tls_set_sw_offload", "sets the keys"),
        errno("tls:tls_set_device_offload", "sets the keys"),
        errno("tls:tls_set_device_offload_rx", "sets the keys"),
        errno("tls:validate_crypto_info", "sets the keys"),
        errno("tls:do_tls_setsockopt_conf", "sets the keys"),
        errno("tls:init_prot_info", "sets the keys"),
        errno("tls:tls_check_pending_rekey", "sets the keys"),
        errno("rxrpc:rxkad_verify_*", "verifies packets and answers"),
        errno("rxrpc:rxkad_decrypt_ticket", "verifies packets and answers"),
        errno("rxrpc:rxgk_verify_*", "verifies packets and answers"),
        errno("rxrpc:rxrpc_verify_*", "verifies packets and answers"),
        never(
            "rxrpc:rxkad_decrypt_response",
            "verifies packets and answers",
        ),
        never(
            "rxrpc:rxkad_prime_packet_security",
            "verifies packets and answers",
        ),
        never("rxrpc:fcrypt_*", "verifies packets and answers"),
        errno("rxrpc:rxkad_secure_packet", "signs or encrypts packets"),
        errno("rxrpc:rxgk_secure_packet*", "signs or encrypts packets"),
        errno(
            "rxrpc:rxkad_respond_to_challenge",
            "signs or encrypts packets",
        ),
        errno("rxrpc:rxkad_init_connection_security", "sets the keys"),
        errno("rxrpc:rxgk_init_connection_security", "sets the keys"),
        errno("rxrpc:rxrpc_init_client_*_security", "sets the keys"),
        errno("rxrpc:rxrpc_look_up_server_security", "sets the keys"),
        never("rxrpc:rxrpc_get_incoming_security", "sets the keys"),
        never("rxrpc:rxrpc_security_lookup", "sets the keys"),
        never("rxrpc:rxrpc_call_is_secure", "sets the keys"),
        errno("rxrpc:rxgk_rekey", "sets the keys"),
        errno("rxrpc:rxgk_set_up_*", "sets the keys"),
        errno("rxrpc:rxgk_derive_transport_key", "sets the keys"),
        errno("rxrpc:rxgk_generate_transport_key", "sets the keys"),
        errno(
            "rxrpc:rxgk_construct_authenticator",
            "verifies packets and answers",
        ),
        errno(
            "rxrpc:rxgk_encrypt_authenticator",
            "verifies packets and answers",
        ),
        errno("rxrpc:rxgk_extract_token", "verifies packets and answers"),
        zero(
            "seg6_hmac_validate_skb",
            "verifies the signature of a route",
        ),
        errno("seg6_hmac_compute", "signs a route"),
        errno("seg6_push_hmac", "signs a route"),
    ],
};

/// What secures Wi-Fi, Bluetooth and their relatives.
pub(super) const WIRELESS: Family = Family {
    name: "wireless security",
    entries: &[
        never(
            "mac80211:ieee80211_crypto_*",
            "encrypts and verifies frames",
        ),
        never(
            "mac80211:ieee80211_rx_h_michael_mic_verify",
            "encrypts and verifies frames",
        ),
        never(
            "mac80211:ieee80211_tx_h_michael_mic_add",
            "encrypts and verifies frames",
        ),
        never(
            "mac80211:ieee80211_rx_h_decrypt",
            "encrypts and verifies frames",
        ),
        never(
            "mac80211:ieee80211_tx_h_encrypt",
            "encrypts and verifies frames",
        ),
        never(
            "mac80211:ieee80211_tx_h_select_key",
            "encrypts and verifies frames",
        ),
        never(
            "mac80211:requires_sequential_pn",
            "encrypts and verifies frames",
        ),
        never(
            "mac80211:ieee80211_drop_unencrypted_mgmt",
            "encrypts and verifies frames",
        ),
        one(
            "mac80211:ieee80211_drop_unencrypted",
            "refuses frames that were not encrypted",
        ),
        zero(
            "mac80211:ieee80211_frame_allowed",
            "refuses frames that were not encrypted",
        ),
        errno(
            "mac80211:ieee80211_802_1x_port_control",
            "refuses frames from strangers",
        ),
        errno("mac80211:aead_encrypt", "encrypts and verifies frames"),
        errno("mac80211:aead_decrypt", "encrypts and verifies frames"),
        errno("mac80211:ccmp_encrypt_skb", "encrypts and verifies frames"),
        errno("mac80211:gcmp_encrypt_skb", "encrypts and verifies frames"),
        errno("mac80211:tkip_encrypt_skb", "encrypts and verifies frames"),
        errno("mac80211:wep_encrypt_skb", "encrypts and verifies frames"),
        errno(
            "mac80211:ieee80211_tkip_decrypt_data",
            "encrypts and verifies frames",
        ),
        errno(
            "mac80211:ieee80211_wep_decrypt*",
            "encrypts and verifies frames",
        ),
        errno(
            "mac80211:ieee80211_wep_encrypt*",
            "encrypts and verifies frames",
        ),
        errno(
            "mac80211:ieee80211_encrypt_tx_skb",
            "encrypts and verifies frames",
        ),
        never(
            "mac80211:ieee80211_aes_cmac",
            "encrypts and verifies frames",
        ),
        errno(
            "mac80211:ieee80211_aes_gmac",
            "encrypts and verifies frames",
        ),
        errno(
            "mac80211:fils_decrypt_assoc_resp",
            "encrypts and verifies frames",
        ),
        errno(
            "mac80211:fils_encrypt_assoc_req",
            "encrypts and verifies frames",
        ),
        errno("mac80211:aes_siv_*crypt", "encrypts and verifies frames"),
        errno("mac80211:ieee80211_key_alloc", "sets the keys"),
        errno("mac80211:ieee80211_key_link", "sets the keys"),
        errno("mac80211:ieee80211_key_replace", "sets the keys"),
        errno("mac80211:ieee80211_set_tx_key", "sets the keys"),
        zero(
            "mac80211:ieee80211_key_identical",
            "keeps a key from being set twice",
        ),
        never("mac80211:ieee80211_free_keys", "wipes the keys"),
        never("mac80211:ieee80211_free_sta_keys", "wipes the keys"),
        never("mac80211:ieee80211_key_free", "wipes the keys"),
        never("mac80211:ieee80211_set_key_rx_seq", "wipes the keys"),
        never("mac80211:michael_mic", "encrypts and verifies frames"),
        never(
            "mac80211:ieee80211_key_replay",
            "encrypts and verifies frames",
        ),
        never(
            "mac80211:ieee80211_key_mic_failure",
            "encrypts and verifies frames",
        ),
        errno(
            "cfg80211:wext_permission_check",
            "decides who may configure Wi-Fi",
        ),
        errno(
            "cfg80211:cfg80211_validate_key_settings",
            "decides who may configure Wi-Fi",
        ),
        zero(
            "cfg80211:regulatory_indoor_allowed",
            "keeps to the radio rules",
        ),
        errno(
            "mac802154:mac802154_llsec_decrypt",
            "encrypts and verifies frames",
        ),
        errno(
            "mac802154:mac802154_llsec_encrypt",
            "encrypts and verifies frames",
        ),
        errno("mac802154:llsec_do_*crypt*", "encrypts and verifies frames"),
        zero(
            "bluetooth:smp_sufficient_security",
            "decides whether a link is secure enough",
        ),
        zero(
            "bluetooth:smp_conn_security",
            "decides whether a link is secure enough",
        ),
        zero(
            "bluetooth:l2cap_chan_check_security",
            "decides whether a link is secure enough",
        ),
        zero(
            "bluetooth:rfcomm_check_security",
            "decides whether a link is secure enough",
        ),
        zero(
            "bluetooth:hci_conn_security",
            "decides whether a link is secure enough",
        ),
        zero(
            "bluetooth:hci_conn_check_secure",
            "decides whether a link is secure enough",
        ),
        zero(
            "bluetooth:hci_conn_check_link_mode",
            "decides whether a link is secure enough",
        ),
        zero(
            "bluetooth:l2cap_check_enc_key_size",
            "decides whether a link is secure enough",
        ),
        never(
            "bluetooth:check_enc_key_size",
            "decides whether a link is secure enough",
        ),
        never(
            "bluetooth:hci_conn_key_enc_size",
            "decides whether a link is secure enough",
        ),
        errno(
            "bluetooth:smp_aes_cmac",
            "computes the values that pairing compares",
        ),
        errno(
            "bluetooth:smp_f4",
            "computes the values that pairing compares",
        ),
        errno(
            "bluetooth:smp_f5",
            "computes the values that pairing compares",
        ),
        errno(
            "bluetooth:smp_f6",
            "computes the values that pairing compares",
        ),
        errno(
            "bluetooth:smp_g2",
            "computes the values that pairing compares",
        ),
        errno(
            "bluetooth:smp_h6",
            "computes the values that pairing compares",
        ),
        errno(
            "bluetooth:smp_h7",
            "computes the values that pairing compares",
        ),
        errno(
            "bluetooth:smp_e",
            "computes the values that pairing compares",
        ),
        errno(
            "bluetooth:smp_c1",
            "computes the values that pairing compares",
        ),
        errno(
            "bluetooth:smp_s1",
            "computes the values that pairing compares",
        ),
        errno(
            "bluetooth:smp_ah",
            "computes the values that pairing compares",
        ),
        errno(
            "bluetooth:sc_mackey_and_ltk",
            "computes the values that pairing compares",
        ),
        errno(
            "bluetooth:smp_generate_oob",
            "computes the values that pairing compares",
        ),
        errno(
            "bluetooth:smp_generate_rpa",
            "computes the values that pairing compares",
        ),
        errno(
            "bluetooth:compute_ecdh_secret",
            "computes the values that pairing compares",
        ),
        errno(
            "bluetooth:set_ecdh_privkey",
            "computes the values that pairing compares",
        ),
        errno(
            "bluetooth:generate_ecdh_public_key",
            "computes the values that pairing compares",
        ),
        errno(
            "bluetooth:generate_ecdh_keys",
            "computes the values that pairing compares",
        ),
        zero("bluetooth:smp_irk_matches", "finds the keys of a device"),
        zero("bluetooth:smp_ltk_encrypt", "finds the keys of a device"),
        never("bluetooth:get_auth_method", "carries out a pairing"),
        never("bluetooth:sc_select_method", "carries out a pairing"),
        never("bluetooth:sc_generate_ltk", "carries out a pairing"),
        never("bluetooth:sc_generate_link_key", "carries out a pairing"),
        never("bluetooth:sc_add_ltk", "carries out a pairing"),
        never("bluetooth:hci_link_keys_clear", "forgets keys"),
        never("bluetooth:hci_smp_ltks_clear", "forgets keys"),
        never("bluetooth:hci_smp_irks_clear", "forgets keys"),
        one(
            "bluetooth:hci_is_blocked_key",
            "refuses keys that were ruled out",
        ),
    ],
};

/// What decides who may use the servers in the kernel, and for what.
pub(super) const SERVERS: Family = Family {
    name: "server authentication",
    entries: &[
        errno("ksmbd:ksmbd_auth_ntlmv2", "verifies who a client is"),
        errno(
            "ksmbd:ksmbd_decode_ntlmssp_auth_blob",
            "verifies who a client is",
        ),
        errno("ksmbd:ksmbd_krb5_authenticate", "verifies who a client is"),
        errno("ksmbd:ntlm_authenticate", "verifies who a client is"),
        errno("ksmbd:krb5_authenticate", "verifies who a client is"),
        errno("ksmbd:calc_ntlmv2_hash", "verifies who a client is"),
        errno("ksmbd:smb2_sess_setup", "verifies who a client is"),
        errno("ksmbd:ntlm_negotiate", "verifies who a client is"),
        errno(
            "ksmbd:smb2_check_user_session",
            "verifies that a client logged in",
        ),
        errno(
            "ksmbd:smb2_get_ksmbd_tcon",
            "verifies that a client logged in",
        ),
        errno(
            "ksmbd:smb1_check_user_session",
            "verifies that a client logged in",
        ),
        zero("ksmbd:smb2_check_sign_req", "verifies a signed request"),
        zero("ksmbd:smb3_check_sign_req", "verifies a signed request"),
        one(
            "ksmbd:smb2_is_sign_req",
            "tells whether a request must be signed",
        ),
        never("ksmbd:ksmbd_sign_smb2_pdu", "signs an answer"),
        never("ksmbd:ksmbd_sign_smb3_pdu", "signs an answer"),
        never("ksmbd:smb2_set_sign_rsp", "signs an answer"),
        never("ksmbd:smb3_set_sign_rsp", "signs an answer"),
        errno("ksmbd:smb3_decrypt_req", "encrypts requests and answers"),
        errno("ksmbd:smb3_encrypt_resp", "encrypts requests and answers"),
        errno("ksmbd:ksmbd_crypt_message", "encrypts requests and answers"),
        errno("ksmbd:ksmbd_crypt_rdma", "encrypts requests and answers"),
        never(
            "ksmbd:smb3_encryption_negotiated",
            "tells whether a connection is encrypted",
        ),
        never(
            "ksmbd:smb3_is_transform_hdr",
            "tells whether a connection is encrypted",
        ),
        errno(
            "ksmbd:ksmbd_gen_*_signingkey",
            "derives the keys of a session",
        ),
        errno(
            "ksmbd:generate_smb3signingkey",
            "derives the keys of a session",
        ),
        errno(
            "ksmbd:ksmbd_get_encryption_key",
            "derives the keys of a session",
        ),
        never(
            "ksmbd:ksmbd_gen_*_encryptionkey",
            "derives the keys of a session",
        ),
        never(
            "ksmbd:generate_smb3encryptionkey",
            "derives the keys of a session",
        ),
        errno(
            "ksmbd:ksmbd_gen_preauth_integrity_hash",
            "protects the start of a session",
        ),
        errno(
            "ksmbd:alloc_preauth_hash",
            "protects the start of a session",
        ),
        errno(
            "ksmbd:generate_preauth_hash",
            "protects the start of a session",
        ),
        errno("ksmbd:fsctl_validate_negotiate_info", "verifies a request"),
        errno("ksmbd:smb3_verify_channel_sequence", "verifies a request"),
        errno("ksmbd:ksmbd_verify_smb_message", "verifies a request"),
        zero(
            "ksmbd:ksmbd_session_lookup*",
            "finds the session of a request",
        ),
        zero("ksmbd:__session_lookup", "finds the session of a request"),
        zero(
            "ksmbd:is_ksmbd_session_in_connection",
            "finds the session of a request",
        ),
        zero("ksmbd:ksmbd_login_user", "finds the user of a session"),
        zero("ksmbd:ksmbd_compare_user", "finds the user of a session"),
        zero(
            "ksmbd:ksmbd_preauth_session_lookup",
            "finds the user of a session",
        ),
        never("ksmbd:ksmbd_anonymous_user", "ends or limits a session"),
        never(
            "ksmbd:ksmbd_session_expiration_worker",
            "ends or limits a session",
        ),
        never("ksmbd:ksmbd_expire_sessions", "ends or limits a session"),
        zero(
            "ksmbd:smb2_session_expired_cmd_allowed",
            "ends or limits a session",
        ),
        errno(
            "ksmbd:smb_check_perm_dacl",
            "decides about access to a file",
        ),
        errno(
            "ksmbd:ksmbd_smb_check_shared_mode",
            "decides about access to a file",
        ),
        errno(
            "ksmbd:ksmbd_vfs_inherit_posix_acl",
            "decides about access to a file",
        ),
        errno(
            "ksmbd:ksmbd_override_fsids",
            "takes on the identity of a client",
        ),
        errno(
            "ksmbd:__ksmbd_override_fsids",
            "takes on the identity of a client",
        ),
        never(
            "ksmbd:ksmbd_revert_fsids",
            "gives up the identity of a client",
        ),
        zero(
            "ksmbd:ksmbd_tree_conn_lookup",
            "finds the share or file of a request",
        ),
        zero(
            "ksmbd:__sanity_check",
            "finds the share or file of a request",
        ),
        zero(
            "ksmbd:ksmbd_lookup_fd_*",
            "finds the share or file of a request",
        ),
        one("ksmbd:ksmbd_share_veto_filename", "hides files of a share"),
        errno(
            "ksmbd:ksmbd_vfs_*path_lookup*",
            "keeps a client within its share",
        ),
        errno(
            "ksmbd:ksmbd_validate_filename",
            "keeps a client within its share",
        ),
        errno("cifs:smb2_verify_signature", "verifies a signed answer"),
        errno("cifs:cifs_verify_signature", "verifies a signed answer"),
        errno("cifs:*smb3_calc_signature", "verifies a signed answer"),
        errno("cifs:*smb2_calc_signature", "verifies a signed answer"),
        errno("cifs:smb2_sign_rqst", "signs a request"),
        errno("cifs:cifs_sign_rqst", "signs a request"),
        errno("cifs:cifs_calc_signature", "signs a request"),
        errno("cifs:__cifs_calc_signature", "signs a request"),
        errno("cifs:smb3_get_sign_key", "signs a request"),
        errno("cifs:crypt_message", "encrypts requests and answers"),
        errno("cifs:decrypt_raw_data", "encrypts requests and answers"),
        errno(
            "cifs:generate_smb3signingkey",
            "encrypts requests and answers",
        ),
        errno(
            "cifs:generate_smb30signingkey",
            "encrypts requests and answers",
        ),
        errno(
            "cifs:generate_smb311signingkey",
            "sets up signing and encryption",
        ),
        errno(
            "cifs:smb3_crypto_aead_allocate",
            "sets up signing and encryption",
        ),
        errno("cifs:cifs_enable_signing", "sets up signing and encryption"),
        one(
            "cifs:smb3_encryption_required",
            "tells whether encryption is demanded",
        ),
        never(
            "cifs:smb311_update_preauth_hash",
            "protects the start of a session",
        ),
        errno(
            "cifs:smb3_validate_negotiate",
            "protects the start of a session",
        ),
        errno("cifs:setup_ntlmv2_rsp", "protects the start of a session"),
        errno(
            "cifs:decode_ntlmssp_challenge",
            "protects the start of a session",
        ),
        never(
            "nfsd:__fh_verify",
            "decides whether a client may use a file",
        ),
        never("nfsd:fh_verify", "decides whether a client may use a file"),
        never(
            "nfsd:fh_verify_local",
            "decides whether a client may use a file",
        ),
        never(
            "nfsd:nfsd_set_fh_dentry",
            "decides whether a client may use a file",
        ),
        never(
            "nfsd:nfsd_setuser_and_check_port",
            "decides whether a client may use a file",
        ),
        zero(
            "nfsd:fh_verify_mac",
            "decides whether a client may use a file",
        ),
        zero(
            "nfsd:fh_append_mac",
            "decides whether a client may use a file",
        ),
        zero(
            "nfsd:nfsd_acceptable",
            "decides whether a client may use a file",
        ),
        zero(
            "nfsd:nfsd_originating_port_ok",
            "decides whether a client may use a file",
        ),
        errno("nfsd:nfsd_setuser", "takes on the identity of a client"),
        never("nfsd:nfsexp_flags", "decides what a client may do"),
        never("nfsd:nfsd_user_namespace", "decides what a client may do"),
        one("nfsd:exp_rdonly", "tells whether an export is read-only"),
        never("nfsd:nfsd_permission", "decides what a client may do"),
        never("nfsd:nfsd_access", "decides what a client may do"),
        never("nfsd:nfsd_may_truncate", "decides what a client may do"),
        never("nfsd:nfsd_get_write_access", "decides what a client may do"),
        never("nfsd:check_nfsd_access", "decides what a client may do"),
        never("nfsd:check_security_flavor", "decides what a client may do"),
        never("nfsd:check_xprtsec_policy", "decides what a client may do"),
        never("nfsd:exp_pseudoroot", "decides what a client may do"),
        errno(
            "nfsd:rqst_exp_get_by_name",
            "finds the export that a client asks for",
        ),
        errno(
            "nfsd:rqst_exp_find",
            "finds the export that a client asks for",
        ),
        errno(
            "nfsd:rqst_exp_parent",
            "finds the export that a client asks for",
        ),
        errno("nfsd:exp_find", "finds the export that a client asks for"),
        errno(
            "nfsd:exp_find_key",
            "finds the export that a client asks for",
        ),
        errno(
            "nfsd:check_export",
            "finds the export that a client asks for",
        ),
        errno(
            "nfsd:rqst_find_fsidzero_export",
            "finds the export that a client asks for",
        ),
        errno(
            "nfsd:exp_get_by_name",
            "finds the export that a client asks for",
        ),
        errno("nfsd:exp_parent", "finds the export that a client asks for"),
        errno("nfsd:exp_rootfh", "finds the export that a client asks for"),
        zero(
            "nfsd:nfsd4_mach_creds_match",
            "compares the identities of clients",
        ),
        zero("nfsd:same_creds", "compares the identities of clients"),
        zero("nfsd:nfsd_match_cred", "compares the identities of clients"),
        zero(
            "nfsd:nfsd4_spo_must_allow",
            "compares the identities of clients",
        ),
        zero("nfsd:is_gss_cred", "compares the identities of clients"),
        never(
            "nfsd:nfsd4_verify_open_stid",
            "decides whether a client may use a file",
        ),
        never(
            "nfsd:do_open_permission",
            "decides whether a client may use a file",
        ),
        never(
            "nfsd:check_if_stalefh_allowed",
            "decides whether a client may use a file",
        ),
        zero(
            "nfs:check_gss_callback_principal",
            "verifies a call from the server",
        ),
        zero(
            "nfsv4:check_gss_callback_principal",
            "verifies a call from the server",
        ),
        never(
            "nfs:nfs_callback_authenticate",
            "verifies a call from the server",
        ),
        never(
            "nfsv4:nfs_callback_authenticate",
            "verifies a call from the server",
        ),
        never(
            "lockd:lockd_authenticate",
            "verifies a call from the server",
        ),
        never("sunrpc:svc_authenticate", "verifies who a client is"),
        never("sunrpc:svc_set_client", "verifies who a client is"),
        never("sunrpc:svcauth_unix_set_client", "verifies who a client is"),
        never("sunrpc:svcauth_*_accept", "verifies who a client is"),
        errno("sunrpc:svc_authorise", "verifies who the other side is"),
        errno("sunrpc:unix_gid_find", "verifies who the other side is"),
        errno("sunrpc:rpcauth_checkverf", "verifies who the other side is"),
        errno(
            "sunrpc:rpcauth_unwrap_resp",
            "verifies who the other side is",
        ),
        errno("sunrpc:rpcauth_wrap_req", "verifies who the other side is"),
        errno("sunrpc:unx_validate", "verifies who the other side is"),
        errno("sunrpc:rpcauth_marshcred", "verifies who the other side is"),
        errno(
            "sunrpc:rpcauth_unwrap_resp_decode",
            "verifies who the other side is",
        ),
        never("sunrpc:svc_sock_secure_port", "verifies who a client is"),
        never("sunrpc:auth_domain_find", "verifies who a client is"),
        never("sunrpc:unix_domain_find", "verifies who a client is"),
        never("auth_rpcgss:gss_verify_mic", "verifies signed calls"),
        never("auth_rpcgss:gss_get_mic", "verifies signed calls"),
        never("auth_rpcgss:gss_wrap", "verifies signed calls"),
        never("auth_rpcgss:gss_unwrap", "verifies signed calls"),
        never("auth_rpcgss:svcauth_gss_accept", "verifies signed calls"),
        never(
            "auth_rpcgss:svcauth_gss_set_client",
            "verifies signed calls",
        ),
        never(
            "auth_rpcgss:gss_validate_seqno_mic",
            "verifies signed calls",
        ),
        errno(
            "auth_rpcgss:svcauth_gss_verify_header",
            "verifies signed calls",
        ),
        errno(
            "auth_rpcgss:svcauth_gss_unwrap_integ",
            "verifies signed calls",
        ),
        errno(
            "auth_rpcgss:svcauth_gss_unwrap_priv",
            "verifies signed calls",
        ),
        errno(
            "auth_rpcgss:gss_import_sec_context",
            "verifies signed calls",
        ),
        errno("auth_rpcgss:svcauth_gss_wrap_integ", "signs answers"),
        errno("auth_rpcgss:svcauth_gss_wrap_priv", "signs answers"),
        zero("auth_rpcgss:gss_check_seq_num", "verifies signed calls"),
        zero("auth_rpcgss:gss_svc_searchbyctx", "verifies signed calls"),
        zero("auth_rpcgss:find_gss_auth_domain", "verifies signed calls"),
        errno("auth_rpcgss:gss_validate", "verifies signed answers"),
        errno("auth_rpcgss:gss_unwrap_resp", "verifies signed answers"),
        errno(
            "auth_rpcgss:gss_unwrap_resp_integ",
            "verifies signed answers",
        ),
        errno(
            "auth_rpcgss:gss_unwrap_resp_priv",
            "verifies signed answers",
        ),
        errno("auth_rpcgss:gss_wrap_req*", "verifies signed answers"),
        errno("auth_rpcgss:gss_match", "verifies signed answers"),
        errno("auth_rpcgss:gss_marshal", "verifies signed answers"),
        errno("auth_rpcgss:gss_refresh", "verifies signed answers"),
        never(
            "rpcsec_gss_krb5:gss_krb5_verify_mic*",
            "signs and verifies calls",
        ),
        never(
            "rpcsec_gss_krb5:gss_krb5_get_mic*",
            "signs and verifies calls",
        ),
        never("rpcsec_gss_krb5:gss_krb5_wrap*", "signs and verifies calls"),
        never(
            "rpcsec_gss_krb5:gss_krb5_unwrap*",
            "signs and verifies calls",
        ),
        never(
            "rpcsec_gss_krb5:gss_krb5_aead_*",
            "signs and verifies calls",
        ),
        errno("rpcsec_gss_krb5:gss_krb5_import_*", "sets the keys"),
        errno("rpcsec_gss_krb5:gss_krb5_mic_build_sg", "sets the keys"),
        errno("rpcsec_gss_krb5:gss_import_v2_context", "sets the keys"),
        zero(
            "nvmet:nvmet_host_allowed",
            "decides which hosts may connect",
        ),
        zero(
            "nvmet:nvmet_check_auth_status",
            "decides which hosts may connect",
        ),
        never(
            "nvmet:nvmet_check_ctrl_status",
            "decides what a host may do",
        ),
        never("nvmet:nvmet_setup_auth", "decides what a host may do"),
        never("nvmet:nvmet_auth_reply", "decides what a host may do"),
        never(
            "nvmet:nvmet_pr_check_cmd_access",
            "decides what a host may do",
        ),
        errno("nvmet:nvmet_auth_host_hash", "verifies who a host is"),
        errno("nvmet:nvmet_auth_ctrl_hash", "verifies who a host is"),
        errno("nvmet:nvmet_auth_ctrl_sesskey", "verifies who a host is"),
        errno("nvmet:nvmet_auth_challenge", "verifies who a host is"),
        errno("nvmet:nvmet_auth_success1", "verifies who a host is"),
        errno("nvmet:nvmet_auth_set_key", "verifies who a host is"),
        errno(
            "nvmet:nvmet_auth_ctrl_exponential",
            "verifies who a host is",
        ),
        errno(
            "nvme_core:nvme_auth_process_dhchap_*",
            "verifies who a storage server is",
        ),
        errno(
            "nvme_core:nvme_auth_receive_validate",
            "verifies who a storage server is",
        ),
        errno(
            "nvme_core:nvme_auth_dhchap_*",
            "verifies who a storage server is",
        ),
        errno(
            "nvme_core:nvme_auth_secure_concat",
            "verifies who a storage server is",
        ),
        errno(
            "nvme_core:nvme_auth_negotiate",
            "verifies who a storage server is",
        ),
        errno(
            "nvme_core:nvme_auth_wait",
            "verifies who a storage server is",
        ),
        errno(
            "nvme_auth:nvme_auth_generate_*",
            "computes keys and answers",
        ),
        errno(
            "nvme_auth:nvme_auth_augmented_challenge",
            "computes keys and answers",
        ),
        errno("nvme_auth:nvme_auth_gen_*", "computes keys and answers"),
        errno(
            "nvme_auth:nvme_auth_derive_tls_psk",
            "computes keys and answers",
        ),
        errno("nvme_auth:nvme_auth_hmac_init", "computes keys and answers"),
        errno("nvme_auth:nvme_auth_hmac", "computes keys and answers"),
        errno("nvme_auth:nvme_auth_hash", "computes keys and answers"),
        errno(
            "nvme_auth:nvme_auth_transform_key",
            "computes keys and answers",
        ),
        errno("nvme_auth:nvme_auth_parse_key", "computes keys and answers"),
        never(
            "nvme_auth:nvme_auth_hmac_update",
            "computes keys and answers",
        ),
        never(
            "nvme_auth:nvme_auth_hmac_final",
            "computes keys and answers",
        ),
        errno(
            "iscsi_target_mod:chap_server_compute_hash",
            "verifies who an initiator is",
        ),
        errno(
            "iscsi_target_mod:chap_gen_challenge",
            "verifies who an initiator is",
        ),
        errno(
            "iscsi_target_mod:iscsi_target_do_authentication",
            "verifies who an initiator is",
        ),
        never(
            "iscsi_target_mod:chap_main_loop",
            "verifies who an initiator is",
        ),
        never(
            "iscsi_target_mod:iscsi_handle_authentication",
            "verifies who an initiator is",
        ),
        one(
            "iscsi_target_mod:iscsi_conn_auth_required",
            "tells whether an initiator must prove who it is",
        ),
        zero(
            "iscsi_target_mod:iscsi_conn_authenticated",
            "tells whether an initiator proved who it is",
        ),
        errno(
            "iscsi_target_mod:iscsi_target_check_login_request",
            "decides which initiators may connect",
        ),
        errno(
            "iscsi_target_mod:iscsi_target_locate_portal",
            "decides which initiators may connect",
        ),
        errno(
            "iscsi_target_mod:iscsi_target_handle_csg_one",
            "decides which initiators may connect",
        ),
        errno(
            "iscsi_target_mod:iscsi_target_handle_csg_zero",
            "decides which initiators may connect",
        ),
        errno(
            "iscsi_target_mod:iscsi_login_post_auth_non_zero_tsih",
            "decides which initiators may connect",
        ),
        never(
            "iscsi_target_mod:iscsi_get_node_auth",
            "finds the secret of an initiator",
        ),
        zero(
            "target_core_mod:core_tpg_check_initiator_node_acl",
            "decides which initiators may connect",
        ),
        zero(
            "target_core_mod:core_tpg_get_initiator_node_acl",
            "decides which initiators may connect",
        ),
        errno(
            "libceph:ceph_x_verify_authorizer_reply",
            "verifies who a server is",
        ),
        errno(
            "libceph:ceph_x_check_message_signature",
            "verifies who a server is",
        ),
        errno(
            "libceph:ceph_auth_verify_authorizer_reply",
            "verifies who a server is",
        ),
        errno("libceph:ceph_x_decrypt", "encrypts and verifies messages"),
        errno("libceph:__ceph_x_decrypt", "encrypts and verifies messages"),
        errno("libceph:ceph_x_encrypt", "encrypts and verifies messages"),
        errno("libceph:ceph_crypt", "encrypts and verifies messages"),
        errno("libceph:ceph_aes_crypt", "encrypts and verifies messages"),
        errno("libceph:ceph_krb5_*crypt", "encrypts and verifies messages"),
        errno("libceph:decrypt_authorizer_*", "verifies who a server is"),
        errno("libceph:encrypt_authorizer", "verifies who a server is"),
        errno(
            "libceph:ceph_x_add_authorizer_challenge",
            "verifies who a server is",
        ),
        errno("libceph:ceph_x_sign_message", "verifies who a server is"),
        errno("libceph:calc_signature", "verifies who a server is"),
        errno("libceph:process_auth_signature", "verifies who a server is"),
        errno("libceph:process_auth_done", "verifies who a server is"),
        errno(
            "libceph:ceph_auth_handle_reply_done",
            "verifies who a server is",
        ),
        errno(
            "libceph:ceph_auth_handle_svc_reply_done",
            "verifies who a server is",
        ),
        errno(
            "libceph:ceph_auth_add_authorizer_challenge",
            "verifies who a server is",
        ),
        errno(
            "libceph:osd_verify_authorizer_reply",
            "verifies who a server is",
        ),
        errno(
            "libceph:osd_check_message_signature",
            "verifies who a server is",
        ),
        errno("libceph:osd_sign_message", "verifies who a server is"),
        errno(
            "libceph:osd_add_authorizer_challenge",
            "verifies who a server is",
        ),
        errno("libceph:ceph_handle_auth_reply", "verifies who a server is"),
        errno(
            "libceph:ceph_x_proc_ticket_reply",
            "verifies who a server is",
        ),
        errno("libceph:process_one_ticket", "verifies who a server is"),
        errno("libceph:ceph_x_handle_reply", "verifies who a server is"),
        errno(
            "libceph:verify_control_crc",
            "encrypts and verifies messages",
        ),
        errno(
            "libceph:verify_epilogue_crcs",
            "encrypts and verifies messages",
        ),
        errno("libceph:gcm_crypt", "encrypts and verifies messages"),
        errno("libceph:setup_crypto", "encrypts and verifies messages"),
        errno("libceph:decrypt_preamble", "encrypts and verifies messages"),
        errno(
            "libceph:decrypt_control_remainder",
            "encrypts and verifies messages",
        ),
        errno("libceph:decrypt_tail", "encrypts and verifies messages"),
        never("libceph:con_hmac_sha256", "encrypts and verifies messages"),
        never("libceph:ceph_hmac_sha256", "encrypts and verifies messages"),
        zero(
            "libceph:ceph_x_is_authenticated",
            "tells whether a client is known",
        ),
        zero(
            "libceph:is_authenticated",
            "tells whether a client is known",
        ),
        zero(
            "libceph:ceph_auth_is_authenticated",
            "tells whether a client is known",
        ),
        errno(
            "ceph:mds_verify_authorizer_reply",
            "verifies who a server is",
        ),
        errno(
            "ceph:mds_check_message_signature",
            "verifies who a server is",
        ),
    ],
};

/// What decides who may configure and use the network.
pub(super) const ACCESS: Family = Family {
    name: "network access control",
    entries: &[
        never(
            "netlink_capable",
            "answers whether the sender of a message has a capability",
        ),
        never(
            "netlink_net_capable",
            "answers whether the sender of a message has a capability",
        ),
        never(
            "netlink_ns_capable",
            "answers whether the sender of a message has a capability",
        ),
        never(
            "__netlink_ns_capable",
            "answers whether the sender of a message has a capability",
        ),
        never(
            "sk_capable",
            "answers whether the opener of a socket has a capability",
        ),
        never(
            "sk_net_capable",
            "answers whether the opener of a socket has a capability",
        ),
        never(
            "sk_ns_capable",
            "answers whether the opener of a socket has a capability",
        ),
        never(
            "sockopt_capable",
            "answers whether a socket option may be set",
        ),
        never(
            "sockopt_ns_capable",
            "answers whether a socket option may be set",
        ),
        never(
            "sk_set_prio_allowed",
            "answers whether a socket option may be set",
        ),
        never(
            "net_current_may_mount",
            "decides who may mount the files of the network",
        ),
        zero(
            "rtnl_dev_link_net_capable",
            "decides who may configure a linked network",
        ),
        errno(
            "rtnl_get_net_ns_capable",
            "decides who may use another network",
        ),
        errno(
            "rtnl_link_get_net_capable",
            "decides who may use another network",
        ),
        zero(
            "net_ctl_permissions",
            "decides who may read and set network settings",
        ),
        never(
            "net_ctl_set_ownership",
            "decides who may read and set network settings",
        ),
        errno("get_net_ns_by_fd", "finds another network"),
        errno("get_net_ns_by_pid", "finds another network"),
        errno("get_net_ns", "finds another network"),
        errno("netns_install", "enters another network"),
        errno("ping_init_sock", "decides who may open a socket for pings"),
        errno("ping_check_bind_addr", "checks the address of a socket"),
        errno("ping_bind", "checks the address of a socket"),
        errno("inet_bind_sk", "decides who may use an address and port"),
        errno("inet6_bind_sk", "decides who may use an address and port"),
        errno("__inet_bind", "decides who may use an address and port"),
        errno("__inet6_bind", "decides who may use an address and port"),
        errno(
            "__sys_bind_socket",
            "decides who may use an address and port",
        ),
        errno(
            "__sys_connect_file",
            "decides who may use an address and port",
        ),
        errno("sock_bindtoindex_locked", "binds a socket to a device"),
        errno("sock_setbindtodevice", "binds a socket to a device"),
        errno(
            "sctp:sctp_do_bind",
            "decides who may use an address and port",
        ),
        errno(
            "unix_find_bsd",
            "decides who may reach a socket in the file system",
        ),
        errno(
            "unix_find_other",
            "decides who may reach a socket in the file system",
        ),
        errno(
            "unix_bind_bsd",
            "decides who may reach a socket in the file system",
        ),
        errno("unix_stream_connect", "connects to a local socket"),
        errno("unix_dgram_connect", "connects to a local socket"),
        never("update_peercred", "keeps who the other end of a socket is"),
        never("copy_peercred", "keeps who the other end of a socket is"),
        never("drop_peercred", "keeps who the other end of a socket is"),
        never("sk_get_peer_cred", "keeps who the other end of a socket is"),
        never("cred_to_ucred", "tells who the other end of a socket is"),
        never("unix_skb_scm_eq", "tells who the other end of a socket is"),
        never("unix_skb_to_scm", "tells who the other end of a socket is"),
        errno("unix_scm_to_skb", "tells who the other end of a socket is"),
        errno(
            "unix_maybe_add_creds",
            "tells who the other end of a socket is",
        ),
        errno(
            "__scm_send",
            "checks credentials and files sent over a socket",
        ),
        errno(
            "scm_fp_copy",
            "checks credentials and files sent over a socket",
        ),
        errno(
            "scm_recv_one_fd",
            "checks credentials and files sent over a socket",
        ),
        never(
            "scm_pidfd_recv",
            "checks credentials and files sent over a socket",
        ),
        never(
            "scm_fp_dup",
            "checks credentials and files sent over a socket",
        ),
        errno(
            "sock_diag_check_cookie",
            "decides what is shown about a socket",
        ),
        errno(
            "sock_diag_put_filterinfo",
            "decides what is shown about a socket",
        ),
        zero(
            "af_packet:packet_extra_vlan_len_allowed",
            "checks a packet from user space",
        ),
        zero("skb_may_tx_timestamp", "decides what a socket may learn"),
        errno("netlink_bind", "decides who may listen to messages"),
        errno("genl_bind", "decides who may listen to messages"),
        zero("xsk_dev_queue_valid", "checks what a socket may attach to"),
    ],
};
