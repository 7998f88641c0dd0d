// SPDX-License-Identifier: GPL-2.0-only

//! Functions that decide which packets pass, authenticate peers, or control changes of the network.

use super::{
    closed,
    errno,
    never,
    one,
    zero,
    Family, //
};

/// Authentication and encryption of packets.
#[rustfmt::skip]
pub(super) const IPSEC: Family = Family {
    name: "ipsec",
    lines: &[
        zero("sends an encrypted packet", &["validate_xmit_xfrm"]),
        errno("encrypts and verifies packets", &["tipc:tipc_aead_init"]),
    ],
};

/// Authentication of the peer of a connection.
#[rustfmt::skip]
pub(super) const TRANSPORT: Family = Family {
    name: "transport authentication",
    lines: &[
        zero("verifies a cookie", &["sctp:sctp_unpack_cookie"]),
        never("verifies signed chunks", &[
            "sctp:sctp_auth_calculate_hmac", "sctp:sctp_auth_send_cid", "sctp:sctp_auth_get_hmac",
            "sctp:sctp_auth_asoc_verify_hmac_id",
        ]),
        one("determines which chunks must be signed", &["sctp:sctp_auth_recv_cid"]),
        never("verifies packets and answers", &["rxrpc:fcrypt_*"]),
        errno("signs or encrypts packets", &["rxrpc:rxkad_respond_to_challenge"]),
        never("encrypts packets", &["tipc:tipc_crypto_*"]),
        never("rejects a forged sender", &["sit:check_6rd"]),
        never("sets the keys", &[
            "rxrpc:rxrpc_get_incoming_security", "rxrpc:rxrpc_security_lookup",
        ]),
    ],
};

/// Security of Wi-Fi, Bluetooth and other wireless links.
#[rustfmt::skip]
pub(super) const WIRELESS: Family = Family {
    name: "wireless security",
    lines: &[
        closed("restricts what peers and ports may do", &[
            "bluetooth:smp_*", "bluetooth:hci_sock_test_flag", "bluetooth:hci_bdaddr_list_lookup",
            "bluetooth:hci_conn_hash_lookup_*", "bluetooth:*abort_conn*", "bluetooth:hci_cc_read_*",
            "bluetooth:hci_*powered*_sync", "bluetooth:*cmd_sync_status*",
            "bluetooth:l2cap_global_fixed_chan", "bluetooth:l2cap_chan_timeout",
            "bluetooth:sco_connect_ind", "bridge:br_dev_stop", "bridge:br_opt_toggle",
            "bridge:br_set_state", "vsock:vsock_for_each_*", "tunnel4:tunnel64_rcv",
        ]),
        zero("decides whether a link is secure enough", &[
            "bluetooth:smp_conn_security", "bluetooth:l2cap_chan_check_security",
            "bluetooth:hci_conn_security", "bluetooth:hci_conn_check_secure",
            "bluetooth:hci_conn_check_link_mode",
        ]),
        never("decides whether a link is secure enough", &["bluetooth:hci_conn_key_enc_size"]),
        errno("computes the values that pairing compares", &[
            "bluetooth:smp_aes_cmac", "bluetooth:smp_f4", "bluetooth:smp_f6", "bluetooth:smp_g2",
            "bluetooth:smp_e", "bluetooth:smp_c1", "bluetooth:smp_s1", "bluetooth:smp_ah",
            "bluetooth:sc_mackey_and_ltk", "bluetooth:smp_generate_oob",
            "bluetooth:smp_generate_rpa",
        ]),
        never("performs a pairing", &["bluetooth:sc_add_ltk"]),
        errno("changes how others may pair and connect", &[
            "bluetooth:smp_cancel_and_remove_pairing", "bluetooth:hci_write_*_sync",
            "bluetooth:hci_update_*able_sync",
        ]),
        never("forgets keys", &[
            "bluetooth:hci_link_keys_clear", "bluetooth:hci_smp_ltks_clear",
            "bluetooth:hci_smp_irks_clear",
        ]),
        one("refuses keys that were ruled out", &["bluetooth:hci_is_blocked_key"]),
    ],
};

/// Decisions about who may use the servers in the kernel, and for what.
#[rustfmt::skip]
pub(super) const SERVERS: Family = Family {
    name: "server authentication",
    lines: &[
        errno("verifies who a client is", &[
            "ksmbd:calc_ntlmv2_hash", "ksmbd:smb2_sess_setup",
        ]),
        errno("verifies that a client logged in", &["ksmbd:smb2_get_ksmbd_tcon"]),
        zero("verifies a signed request", &[
            "ksmbd:smb2_check_sign_req", "ksmbd:smb3_check_sign_req",
        ]),
        one("determines whether a request must be signed", &["ksmbd:smb2_is_sign_req"]),
        never("signs an answer", &[
            "ksmbd:ksmbd_sign_smb2_pdu", "ksmbd:ksmbd_sign_smb3_pdu", "ksmbd:smb2_set_sign_rsp",
            "ksmbd:smb3_set_sign_rsp",
        ]),
        errno("encrypts requests and answers", &[
            "cifs:generate_smb3signingkey", "cifs:generate_smb30signingkey",
        ]),
        never("determines whether a connection is encrypted", &[
            "ksmbd:smb3_encryption_negotiated", "ksmbd:smb3_is_transform_hdr",
        ]),
        errno("derives the keys of a session", &["ksmbd:generate_smb3signingkey"]),
        never("derives the keys of a session", &[
            "ksmbd:ksmbd_gen_*_encryptionkey", "ksmbd:generate_smb3encryptionkey",
        ]),
        errno("protects the start of a session", &[
            "cifs:setup_ntlmv2_rsp", "cifs:decode_ntlmssp_challenge",
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
            "ksmbd:ksmbd_expire_sessions", "ksmbd:smb2_session_kerberos_expired",
            "ksmbd:ksmbd_too_many_session_setups",
        ]),
        errno("assumes the identity of a client", &[
            "ksmbd:ksmbd_override_fsids", "ksmbd:__ksmbd_override_fsids", "nfsd:nfsd_setuser",
        ]),
        never("drops the identity of a client", &["ksmbd:ksmbd_revert_fsids"]),
        zero("finds the share or file of a request", &[
            "ksmbd:ksmbd_tree_conn_lookup", "ksmbd:ksmbd_lookup_fd_*",
        ]),
        one("hides files of a share", &["ksmbd:ksmbd_share_veto_filename"]),
        errno("sets up signing and encryption", &["cifs:generate_smb311signingkey"]),
        never("protects the start of a session", &["cifs:smb311_update_preauth_hash"]),
        zero("decides whether a client may use a file", &[
            "nfsd:fh_append_mac", "nfsd:nfsd_acceptable",
        ]),
        never("decides what a client may do", &[
            "nfsd:nfsexp_flags", "nfsd:nfsd_user_namespace", "nfsd:nfsd_access",
            "nfsd:exp_pseudoroot",
        ]),
        zero("verifies a call from the server", &["nfsv4:check_gss_callback_principal"]),
        never("verifies who a client is", &[
            "sunrpc:svc_set_client", "sunrpc:auth_domain_find", "sunrpc:unix_domain_find",
            "*:gss_mech_flavor2info",
        ]),
        never("computes keys and answers", &["nvme_auth:nvme_auth_*"]),
        closed("transfers what a server or a client trusts", &[
            "fuse:fuse_chan_send", "fuse:fuse_*req*", "fuse:fuse_copy_args",
            "fuse:fuse_do_readfolio", "fuse:fuse_iomap_read_*", "fuse:fuse_change_attributes*",
            "ksmbd:smb2_create_open_flags", "ksmbd:ndr_*", "ksmbd:smb_append_*", "ksmbd:sid_to_id",
            "ksmbd:smb2_create_sd_buffer", "ksmbd:set_info_sec", "ksmbd:parse_sec_desc",
            "ksmbd:ksmbd_lookup_protocol_*", "ksmbd:ksmbd_conn_wait_*", "ksmbd:ksmbd_acquire_*",
            "libceph:ceph_find_or_create_*", "libceph:ceph_cls_*", "libceph:ceph_osdc_*",
            "libceph:osd_sign_message", "nfs:nfs_find_actor", "nfs:vfs_parse_fs_string",
            "nfsd:nfsd_*read*", "nfsd:nfsd_mountpoint", "cifs_md4:cifs_md4_*",
        ]),
        closed("stores what a server knows about its clients", &[
            "sunrpc:*cache_*", "sunrpc:svc_stat_*", "sunrpc:rpc_mkpipe*", "auth_rpcgss:gss_*",
        ]),
        errno("verifies who an initiator is", &["iscsi_target_mod:chap_server_compute_hash"]),
        never("verifies who an initiator is", &["iscsi_target_mod:chap_main_loop"]),
        one("determines whether an initiator must authenticate", &[
            "iscsi_target_mod:iscsi_conn_auth_required",
        ]),
        errno("decides which initiators may connect", &[
            "iscsi_target_mod:iscsi_target_locate_portal",
        ]),
        errno("verifies who a server is", &[
            "libceph:ceph_x_proc_ticket_reply", "libceph:process_one_ticket",
            "libceph:ceph_x_handle_reply",
        ]),
        never("encrypts and verifies messages", &[
            "libceph:con_hmac_sha256", "libceph:ceph_hmac_sha256",
        ]),
        zero("determines whether a client is authenticated", &[
            "libceph:ceph_x_is_authenticated", "libceph:is_authenticated",
            "libceph:ceph_auth_is_authenticated",
        ]),
    ],
};
