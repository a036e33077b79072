/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What CPUID says to one domain: what a toolstack may decide of it. */
#include <arch/cpuid_profile.h>
#include <lib/error.h>
#include <xen/arch-x86/cpuid.h>

/* Of XSAVE's area only its features are kept: sizes and places are the processor's in any case. */
const struct cpuid_row cpuid_rows[CPUID_ROWS] = {
	{0, 1},		 {1, 1},	  {2, 1},	   {4, 6},	    {7, 3},
	{0xd, 2},	 {0x40000000, 1}, {0x80000000, 1}, {0x80000001, 1}, {0x80000002, 1},
	{0x80000003, 1}, {0x80000004, 1}, {0x80000005, 1}, {0x80000006, 1}, {0x80000007, 1},
	{0x80000008, 1}, {0x80000021, 1},
};

const struct cpuid_word cpuid_words[CPU_POLICY_WORDS] = {
	[0] = {1, 0, CPUID_D},		 [1] = {1, 0, CPUID_C},
	[2] = {0x80000001, 0, CPUID_D},	 [3] = {0x80000001, 0, CPUID_C},
	[4] = {0xd, 1, CPUID_A},	 [5] = {7, 0, CPUID_B},
	[6] = {7, 0, CPUID_C},		 [7] = {0x80000007, 0, CPUID_D},
	[8] = {0x80000008, 0, CPUID_B},	 [9] = {7, 0, CPUID_D},
	[10] = {7, 1, CPUID_A},		 [11] = {0x80000021, 0, CPUID_A},
	[12] = {7, 1, CPUID_B},		 [13] = {7, 2, CPUID_D},
	[14] = {7, 1, CPUID_C},		 [15] = {7, 1, CPUID_D},
	[18] = {0x80000021, 0, CPUID_C},
};

/*
 * All that a policy has a word on. Guests are told nothing of most of it, but libxc takes a policy
 * apart and puts it together again in the room that it needed as it came.
 */
static const struct {
	uint32_t first, last;
	uint32_t sub_leaves; /* 0: none to be named */
} known[] = {
	{0, 3, 0},
	{4, 4, 6},
	{5, 6, 0},
	{7, 7, 3},
	{8, 0xa, 0},
	{0xb, 0xb, 2},
	{0xc, 0xc, 0},
	{0xd, 0xd, 63},
	{XEN_CPUID_LEAF(0), XEN_CPUID_LEAF(0), 0},
	{XEN_CPUID_LEAF(0x100), XEN_CPUID_LEAF(0x100), 0}, /* where Viridian is on */
	{0x80000000, 0x80000021, 0},
};

bool cpu_policy_has(unsigned index, uint32_t *leaf, uint32_t *sub_leaf)
{
	for (unsigned i = 0; i < ARRAY_COUNT(known); i++) {
		uint32_t sub_leaves = known[i].sub_leaves;
		unsigned count = sub_leaves ? sub_leaves : known[i].last - known[i].first + 1;

		if (index < count) {
			*leaf = known[i].first + (sub_leaves ? 0 : index);
			*sub_leaf = sub_leaves ? index : XEN_CPUID_NO_SUBLEAF;
			return true;
		}
		index -= count;
	}
	return false;
}

unsigned cpu_policy_leaves_max(void)
{
	unsigned count = 0;
	uint32_t leaf, sub_leaf;

	while (cpu_policy_has(count, &leaf, &sub_leaf)) {
		count++;
	}
	return count;
}

static bool is_known(const struct xen_cpuid_leaf *leaf)
{
	for (unsigned i = 0; i < ARRAY_COUNT(known); i++) {
		if (leaf->leaf >= known[i].first && leaf->leaf <= known[i].last) {
			return known[i].sub_leaves ? leaf->subleaf < known[i].sub_leaves
						   : leaf->subleaf == XEN_CPUID_NO_SUBLEAF;
		}
	}
	return false;
}

struct cpuid *cpuid_profile_at(struct cpuid_profile *p, uint32_t leaf, uint32_t sub_leaf)
{
	struct cpuid *at = p->leaf;

	for (unsigned i = 0; i < CPUID_ROWS; at += cpuid_rows[i++].kept) {
		if (cpuid_rows[i].leaf == leaf) {
			sub_leaf = cpuid_rows[i].kept > 1 ? sub_leaf : 0;
			return sub_leaf < cpuid_rows[i].kept ? at + sub_leaf : NULL;
		}
	}
	return NULL;
}

/* EAX says how many leaves, or sub-leaves, follow. */
static bool counts_others(uint32_t leaf, uint32_t sub_leaf)
{
	return leaf == 0 || leaf == 0x80000000 || (leaf == 7 && sub_leaf == 0);
}

int cpuid_profile_set(struct cpuid_profile *p, const struct xen_cpuid_leaf *leaf, struct cpuid most)
{
	struct cpuid *at;

	if (!is_known(leaf)) {
		return -ERANGE;
	}
	at = cpuid_profile_at(p, leaf->leaf, leaf->subleaf);
	if (!at) {
		return 0;
	}
	if (counts_others(leaf->leaf, leaf->subleaf) && leaf->a > most.a) {
		return -EINVAL;
	}
	*at = (struct cpuid){leaf->a, leaf->b, leaf->c, leaf->d};
	for (unsigned i = 0; i < CPU_POLICY_WORDS; i++) {
		const struct cpuid_word *word = &cpuid_words[i];

		if (word->leaf && cpuid_profile_at(p, word->leaf, word->sub_leaf) == at) {
			*cpuid_register(at, word->reg) &= *cpuid_register(&most, word->reg);
		}
	}
	if (leaf->leaf == 0x80000008) {
		at->a = MIN(at->a & 0xff, most.a & 0xff); /* width of physical addresses */
	}
	return 0;
}

/* --- What goes together ---------------------------------------------------------------------- */

#define FEATURE_XSAVE	1, 26
#define FEATURE_AVX	1, 28
#define FEATURE_AVX512F 5, 16

/* Without the bit of the one word, none of the mask of the other. In an order for one pass. */
static const struct {
	uint8_t word, bit, of_word;
	uint32_t without;
} needed[] = {
	{0, 23, 2, 0x80400000},		  /* MMX: MMXEXT, 3DNOW */
	{2, 31, 2, 0x40000000},		  /* 3DNOW: 3DNOWEXT */
	{0, 24, 0, 0x02000000},		  /* FXSR: SSE */
	{0, 24, 2, 0x02000000},		  /* and FFXSR */
	{0, 25, 0, 0x04000000},		  /* SSE: SSE2 */
	{0, 25, 3, 0x00000080},		  /* and MISALIGNSSE */
	{0, 26, 1, 0x02000003},		  /* SSE2: SSE3, PCLMULQDQ, AES */
	{0, 26, 5, 0x20000000},		  /* and SHA */
	{0, 26, 6, 0x00000100},		  /* and GFNI */
	{1, 0, 1, 0x00000200},		  /* SSE3: SSSE3 */
	{1, 0, 3, 0x00000040},		  /* and SSE4A */
	{1, 9, 1, 0x00080000},		  /* SSSE3: SSE4.1 */
	{1, 19, 1, 0x00100000},		  /* SSE4.1: SSE4.2 */
	{1, 20, 1, 0x10000000},		  /* SSE4.2: AVX */
	{FEATURE_XSAVE, 1, 0x10000000},	  /* XSAVE: AVX */
	{FEATURE_XSAVE, 4, UINT32_MAX},	  /* and its own kinds */
	{FEATURE_AVX, 1, 0x20001000},	  /* AVX: FMA, F16C */
	{FEATURE_AVX, 3, 0x00010800},	  /* and XOP, FMA4 */
	{FEATURE_AVX, 5, 0x00000020},	  /* and AVX2 */
	{FEATURE_AVX, 6, 0x00000600},	  /* and VAES, VPCLMULQDQ */
	{1, 25, 6, 0x00000200},		  /* AES: VAES */
	{1, 1, 6, 0x00000400},		  /* PCLMULQDQ: VPCLMULQDQ */
	{5, 5, 5, 0x00010000},		  /* AVX2: AVX512F */
	{5, 5, 10, 0x00000010},		  /* and AVX_VNNI */
	{FEATURE_AVX512F, 5, 0xdc220000}, /* AVX512F: DQ, IFMA, PF, ER, CD, BW, VL */
	{FEATURE_AVX512F, 6, 0x00005842}, /* and VBMI, VBMI2, VNNI, BITALG, VPOPCNTDQ */
	{FEATURE_AVX512F, 9, 0x0080010c}, /* and 4VNNIW, 4FMAPS, VP2INTERSECT, FP16 */
	{FEATURE_AVX512F, 10, 0x00000020} /* and BF16 */
};

static uint32_t *word_at(struct cpuid_profile *p, unsigned word)
{
	const struct cpuid_word *w = &cpuid_words[word];

	return cpuid_register(cpuid_profile_at(p, w->leaf, w->sub_leaf), w->reg);
}

static bool has(struct cpuid_profile *p, unsigned word, unsigned bit)
{
	return *word_at(p, word) >> bit & 1;
}

void cpuid_profile_finish(struct cpuid_profile *p, uint64_t xcr0_most)
{
	for (unsigned i = 0; i < ARRAY_COUNT(needed); i++) {
		if (!has(p, needed[i].word, needed[i].bit)) {
			*word_at(p, needed[i].of_word) &= ~needed[i].without;
		}
	}
	p->xcr0 = !has(p, FEATURE_XSAVE)     ? 0
		  : !has(p, FEATURE_AVX)     ? xcr0_most & 3
		  : !has(p, FEATURE_AVX512F) ? xcr0_most & 7
					     : xcr0_most;
}

uint32_t cpuid_profile_xen_leaves(struct cpuid_profile *p)
{
	uint32_t leaves = cpuid_profile_at(p, XEN_CPUID_LEAF(0), 0)->a & 0xff;

	leaves = leaves ? MAX(leaves, 2U) : XEN_CPUID_MAX_NUM_LEAVES;
	return MIN(leaves, (uint32_t)XEN_CPUID_MAX_NUM_LEAVES);
}
