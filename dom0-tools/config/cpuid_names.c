/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names that cpuid= has for what processors say of themselves: xl's, and libvirt's. */
#include <config/cpuid.h>

#include <stdlib.h>
#include <string.h>

/* A register's features from bit 0 on, with a blank between; "-2": two bits without a name. */
static const struct {
	uint32_t leaf, sub_leaf;
	unsigned int reg;
	const char *names;
} words[] = {
	{0x1, CPUID_NO_SUB_LEAF, 3,
	 "fpu vme de pse tsc msr pae mce cx8 apic -1 sep mtrr pge mca cmov pat pse36 "
	 "psn clfsh -1 ds acpi mmx fxsr sse sse2 ss htt tm ia64 pbe"},
	{0x1, CPUID_NO_SUB_LEAF, 2,
	 "sse3 pclmulqdq dtes64 monitor dscpl vmx smx eist tm2 ssse3 cntxid -1 fma "
	 "cx16 xtpr pdcm -1 pcid dca sse4-1 sse4-2 x2apic movbe popcnt tsc-deadline "
	 "aesni xsave osxsave avx f16c rdrand hypervisor"},
	{0x80000001, CPUID_NO_SUB_LEAF, 3,
	 "-11 syscall -8 nx -1 mmxext -2 ffxsr page1gb rdtscp -1 lm 3dnowext 3dnow"},
	{0x80000001, CPUID_NO_SUB_LEAF, 2,
	 "lahf-lm cmp-legacy svm extapic cr8-legacy abm sse4a misalignsse "
	 "3dnowprefetch osvw ibs xop skinit wdt -1 lwp fma4 tce -1 nodeid-msr -1 tbm "
	 "topoext perfctr_core perfctr_nb -1 dbext -2 monitorx"},
	{0xd, 1, 0, "xsaveopt xsavec xgetbv1 xsaves"},
	{0x7, 0, 1,
	 "fsgsbase tsc-adjust sgx bmi1 hle avx2 fdp-excp-only smep bmi2 erms invpcid "
	 "rtm pqm no-fpu-sel mpx pqe avx512f avx512dq rdseed adx smap avx512-ifma "
	 "pcommit clflushopt clwb proc-trace avx512pf avx512er avx512cd sha avx512bw "
	 "avx512vl"},
	{0x7, 0, 2,
	 "prefetchwt1 avx512-vbmi umip pku ospke -1 avx512-vbmi2 cet-ss gfni vaes "
	 "vpclmulqdq avx512-vnni avx512-bitalg -1 avx512-vpopcntdq -7 rdpid -2 "
	 "cldemote -1 movdiri movdir64b enqcmd"},
	{0x80000007, CPUID_NO_SUB_LEAF, 3, "-7 hw-pstate itsc cpb efro"},
	{0x80000008, CPUID_NO_SUB_LEAF, 1,
	 "clzero -1 rstr-fp-err-ptrs -6 wbnoinvd -2 ibpb -1 ibrs amd-stibp ibrs-always "
	 "stibp-always ibrs-fast ibrs-same-mode no-lmsl -2 amd-ppin amd-ssbd virt-ssbd "
	 "ssb-no -1 psfd btc-no ibpb-ret"},
	{0x7, 0, 3,
	 "-2 avx512-4vnniw avx512-4fmaps fsrm -3 avx512-vp2intersect srbds-ctrl "
	 "md-clear rtm-always-abort -1 tsx-force-abort serialize hybrid tsxldtrk -3 "
	 "cet-ibt -2 avx512-fp16 -2 ibrsb stibp l1d-flush arch-caps core-caps ssbd"},
	{0x7, 1, 0, "-4 avx-vnni avx512-bf16 -4 fzrm fsrs fsrcs"},
	{0x80000021, CPUID_NO_SUB_LEAF, 0,
	 "-2 lfence-dispatch -2 verw-clear nscb -1 auto-ibrs -18 sbpb ibpb-brtype "
	 "srso-no srso-us-no srso-msr-fix"},
	{0x7, 1, 1, "intel-ppin"},
	{0x7, 2, 3, "intel-psfd ipred-ctrl rrsba-ctrl -1 bhi-ctrl mcdt-no"},
	{0x7, 1, 3, "-18 cet-sss"},
	{0x80000021, CPUID_NO_SUB_LEAF, 2, "-1 tsa-sq-no tsa-l1-no"},
};

/*
 * What no PV guest is told of, whatever is said here: MSRs that it does not have, and what is of
 * hardware virtualization or of ring 0.
 */
static const char untold[] =
	"amd-no-ssb amx-bf16 amx-int8 amx-tile arat arch-lbr avic bhi-no "
	"bus-lock-detect cvt16 decodeassists doitm eibrs energy-filtering fb-clear "
	"fb-clear-ctrl fbsdp-no flushbyasid gds-ctrl gds-no ibrs-all "
	"if-pschange-mc-no intel-pt-lip intel-ssb-no its-no la57 lbrv mbm_local "
	"mbm_total mcu-ctrl mds-no misc-pkg-ctrl npt nrip-save ovrclk-status "
	"pause-filter pbrsb-no pconfig pfthreshold pks pschange-mc-no psdp-no rdcl-no "
	"rdctl-no rfds-clear rfds-no rrsba rsba sbdr-ssdp-no sgx-debug sgx-exinfo "
	"sgx-kss sgx-mode64 sgx-provisionkey sgx-tokenkey sgx1 sgx2 sgxlc skip-l1dfl "
	"skip-l1dfl-vmentry split-lock-detect svm-lock svm_decode svm_lbrv svm_npt "
	"svm_nrips svm_pausefilt svm_tscrate svm_vmcbclean svme-addr-chk taa-no "
	"tsc-scale tsx-ctrl v-vmsave-vmload vgif vmcb-clean waitpkg xapic-status xfd";

static const char *const other_names[][2] = {
	{"aes", "aesni"},
	{"altmovcr8", "cr8-legacy"},
	{"arch-capabilities", "arch-caps"},
	{"avx512bitalg", "avx512-bitalg"},
	{"avx512ifma", "avx512-ifma"},
	{"avx512vbmi", "avx512-vbmi"},
	{"avx512vbmi2", "avx512-vbmi2"},
	{"avx512vnni", "avx512-vnni"},
	{"cmplegacy", "cmp-legacy"},
	{"cmpxchg16", "cx16"},
	{"cmpxchg8", "cx8"},
	{"cmt", "pqm"},
	{"core-capability", "core-caps"},
	{"est", "eist"},
	{"intel-pt", "proc-trace"},
	{"invtsc", "itsc"},
	{"lahfsahf", "lahf-lm"},
	{"nodeid", "nodeid-msr"},
	{"sha-ni", "sha"},
	{"sse4.1", "sse4-1"},
	{"sse4.2", "sse4-2"},
	{"sse4_1", "sse4-1"},
	{"sse4_2", "sse4-2"},
	{"sysenter", "sep"},
	{"tm1", "tm"},
	{"tsc_adjust", "tsc-adjust"},
	{"tsx-ldtrk", "tsxldtrk"},
	{"xsaveerptr", "rstr-fp-err-ptrs"},
};

static const struct cpuid_number numbers[] = {
	{"maxleaf", 0, CPUID_NO_SUB_LEAF, 0, 0, 32, false},
	{"maxhvleaf", 0x40000000, CPUID_NO_SUB_LEAF, 0, 0, 8, false},
	{"stepping", 1, CPUID_NO_SUB_LEAF, 0, 0, 4, false},
	{"brandid", 1, CPUID_NO_SUB_LEAF, 1, 0, 8, false},
	{"clflush", 1, CPUID_NO_SUB_LEAF, 1, 8, 8, false},
	{"localapicid", 1, CPUID_NO_SUB_LEAF, 1, 24, 8, true},
	{"proccount", 1, CPUID_NO_SUB_LEAF, 1, 16, 8, true},
	{"procpkg", 4, 0, 0, 26, 6, true},
	{"apicidsize", 0x80000008, CPUID_NO_SUB_LEAF, 2, 12, 4, true},
	{"nc", 0x80000008, CPUID_NO_SUB_LEAF, 2, 0, 8, true},
};

const struct cpuid_number *cpuid_number_named(const char *name)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		if (strcmp(numbers[i].name, name) == 0) {
			return &numbers[i];
		}
	}
	return NULL;
}

/* The next name of a text; its end is where the one after it begins. NULL: that was the last. */
static const char *next_name(const char **at, size_t *length)
{
	const char *name = *at + strspn(*at, " ");

	*length = strcspn(name, " ");
	*at = name + *length;
	return *length ? name : NULL;
}

static const char *usual_name(const char *name)
{
	for (size_t i = 0; i < sizeof(other_names) / sizeof(*other_names); i++) {
		if (strcmp(other_names[i][0], name) == 0) {
			return other_names[i][1];
		}
	}
	return name;
}

/* The bit of a name in a text; -1: it has none of that name. */
static int bit_of(const char *names, const char *wanted)
{
	const char *name;
	size_t length;
	int bit = 0;

	while ((name = next_name(&names, &length))) {
		if (*name == '-') {
			bit += atoi(name + 1);
		} else if (strlen(wanted) == length && memcmp(name, wanted, length) == 0) {
			return bit;
		} else {
			bit++;
		}
	}
	return -1;
}

enum cpuid_name cpuid_feature_named(const char *name, struct cpuid_change *change)
{
	name = usual_name(name);
	if (*name == '-') {
		return CPUID_UNKNOWN;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		int bit = bit_of(words[i].names, name);

		if (bit >= 0) {
			*change = (struct cpuid_change){words[i].leaf,
							words[i].sub_leaf,
							words[i].reg,
							UINT32_C(1) << bit,
							0,
							0};
			return CPUID_FEATURE;
		}
	}
	return bit_of(untold, name) >= 0 ? CPUID_UNTOLD : CPUID_UNKNOWN;
}

const char *cpuid_nearest_name(struct arena *arena, const char *word)
{
	const char **names = NULL, *name;
	size_t count = 0, length;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		for (const char *at = words[i].names; (name = next_name(&at, &length));) {
			if (*name != '-') {
				names = arena_grow(arena, names, count, sizeof(*names));
				names[count++] = arena_text(arena, name, length);
			}
		}
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		names = arena_grow(arena, names, count, sizeof(*names));
		names[count++] = numbers[i].name;
	}
	return nearest_name(word, names, count, sizeof(*names));
}
