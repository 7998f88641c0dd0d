// SPDX-License-Identifier: GPL-2.0-only

//! Functions that only arm64 has, and that are not built from `arch/arm64/kernel`, `mm` or `net`,
//! which are a separate zone.

use super::{
    closed,
    Family, //
};

/// Calls of more privileged software.
#[rustfmt::skip]
pub(super) const FIRMWARE: Family = Family {
    name: "firmware",
    lines: &[
        closed("calls the firmware, which stops CPUs, reports errors and shares memory", &[
            "psci_*", "sdei_*", "scmi_*", "*:*qcom_scm_*", "*:*scm_*_call", "*:qcom_tzmem_*",
            "*:ffa_*", "*:meson_sm_*", "*:zynqmp_pm_*", "do_fw_call_*", "*:ti_sci_*",
        ]),
    ],
};

/// Functions that confine devices and guests to their own memory.
#[rustfmt::skip]
pub(super) const CONFINEMENT: Family = Family {
    name: "confinement",
    lines: &[
        closed("confines devices to their memory", &[
            "*:*_smmu_*", "*arm_lpae_*", "*arm_v7s_*", "iort_*",
        ]),
        closed("maps the memory of guests and of their hypervisor", &[
            "*kvm_pgtable_*", "stage2_*_walker*", "stage2_set_*", "pkvm_*", "hyp_map_walker",
            "*create_hyp_*", "hyp_alloc_private_va_range", "kvm_share_hyp", "topup_hyp_memcache",
            "*kvm_tlbi_*", "kvm_s2_handle_perm_fault",
        ]),
        closed("reports to guests which processor bugs are mitigated", &[
            "get_kernel_wa_level",
        ]),
        closed("limits what guests may call or count", &[
            "kvm_vm_smccc_set_attr", "kvm_arm_pmu_v3_set_attr",
        ]),
        closed("limits or measures what groups of tasks use", &["mpam_*", "acpi_mpam_*"]),
        closed("watches the kernel", &["armpmu_*"]),
    ],
};
