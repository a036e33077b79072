/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Defences against speculation: finding out, patching text at the start, and what is done later. */
#include <arch/features.h>
#include <arch/instructions.h>
#include <arch/port.h>
#include <arch/regs.h>
#include <arch/speculation.h>
#include <debug/log.h>
#include <lib/string.h>

struct speculation speculation;
static struct speculation_facts facts;

#define THUNKS	    15
#define THUNK_BYTES 32

/* thunks.S: what the compiler calls instead of jumping to a register, and what to put there. */
extern uint8_t indirect_thunks[THUNKS][THUNK_BYTES];
extern const uint8_t lfence_thunks[THUNKS][THUNK_BYTES], retpoline_thunks[THUNKS][THUNK_BYTES];

/* entry.S: calls of RAX, each padded to five bytes; 0 ends the list. */
extern uint8_t *const indirect_call_sites[];

/* --- Finding out --------------------------------------------------------------------------- */

static enum cpu_vendor vendor_of(const char *name)
{
	if (!strcmp(name, "GenuineIntel")) {
		return VENDOR_INTEL;
	}
	return !strcmp(name, "AuthenticAMD") || !strcmp(name, "HygonGenuine") ? VENDOR_AMD
									      : VENDOR_OTHER;
}

static void find_controls(struct speculation_facts *f)
{
	if (cpu_features.highest_leaf >= 7) {
		struct cpuid leaf = cpuid(7, 0);

		f->rtm = leaf.b & BIT(11);
		f->md_clear = leaf.d & BIT(10);
		f->ibrs = f->ibpb = leaf.d & BIT(26);
		f->stibp = leaf.d & BIT(27);
		f->ssbd = leaf.d & BIT(31);
		if (leaf.d & BIT(29)) {
			f->arch_capabilities = read_msr(MSR_ARCH_CAPABILITIES);
		}
		f->bhi_control = leaf.a >= 2 && cpuid(7, 2).d & BIT(4);
	}
	if (cpu_features.highest_extended_leaf >= 0x80000008) {
		struct cpuid leaf = cpuid(0x80000008, 0);

		f->ibpb |= (leaf.b & BIT(12)) != 0;
		f->ibrs |= (leaf.b & BIT(14)) != 0;
		f->stibp |= (leaf.b & BIT(15)) != 0;
		f->ssbd |= (leaf.b & BIT(24)) != 0;
	}
	if (cpu_features.highest_extended_leaf >= 0x80000021) {
		f->auto_ibrs = cpuid(0x80000021, 0).a & BIT(8);
	}
}

static void find_facts(struct speculation_facts *f)
{
	uint32_t signature = cpuid(1, 0).a;

	f->vendor = vendor_of(cpu_features.vendor);
	f->family = signature >> 8 & 0xf;
	f->model = signature >> 4 & 0xf;
	f->stepping = signature & 0xf;
	if (f->family == 6 || f->family == 15) {
		f->model |= signature >> 12 & 0xf0;
	}
	if (f->family == 15) {
		f->family += signature >> 20 & 0xff;
	}
	f->smep = cpu_features.smep;
	find_controls(f);
}

/* --- Patching ------------------------------------------------------------------------------ */

#define CALL 0xe8
#define JUMP 0xe9

static void patch_branch(uint8_t *site, uint8_t opcode, const uint8_t *to)
{
	int32_t distance = (int32_t)(to - (site + 5));

	site[0] = opcode;
	memcpy(site + 1, &distance, sizeof(distance));
}

/* lfence; call *%rax in the room of a padded call. */
static const uint8_t lfence_call[5] = {0x0f, 0xae, 0xe8, 0xff, 0xd0};

static void patch_call(uint8_t *site, enum indirect_thunk thunk)
{
	if (thunk == THUNK_LFENCE) {
		memcpy(site, lfence_call, sizeof(lfence_call));
	} else if (thunk == THUNK_RETPOLINE) {
		patch_branch(site, CALL, indirect_thunks[0]);
	}
}

static void patch_indirect_branches(enum indirect_thunk thunk)
{
	if (thunk == THUNK_LFENCE) {
		memcpy(indirect_thunks, lfence_thunks, sizeof(indirect_thunks));
	} else if (thunk == THUNK_RETPOLINE) {
		memcpy(indirect_thunks, retpoline_thunks, sizeof(indirect_thunks));
	}
	for (uint8_t *const *site = indirect_call_sites; *site; site++) {
		patch_call(*site, thunk);
	}
}

/* entry_guard.S: calls of return_stack_fill() and VERWs; entry.S: where exits may jump there. */
extern uint8_t *const guard_sites[], *const guard_sites_end[];
extern uint8_t sysret_to_guest[], iret_to_guest[], own_stack_return[];
extern const uint8_t guard_sysret[], guard_iret[], guard_own_return[];

static void patch_guard(const struct speculation *s)
{
	static const uint8_t nop5[5] = {0x0f, 0x1f, 0x44}, nop8[8] = {0x0f, 0x1f, 0x84};

	for (uint8_t *const *site = guard_sites; site < guard_sites_end; site++) {
		if (**site == CALL && !s->return_stack_on_entry) {
			memcpy(*site, nop5, sizeof(nop5));
		} else if (**site != CALL && !s->verw_on_exit) {
			memcpy(*site, nop8, sizeof(nop8));
		}
	}
	patch_branch(sysret_to_guest, JUMP, guard_sysret);
	patch_branch(iret_to_guest, JUMP, guard_iret);
	patch_branch(own_stack_return, JUMP, guard_own_return);
}

void speculation_init(const struct speculation_options *options)
{
	find_facts(&facts);
	speculation = speculation_policy(&facts, options);
	patch_indirect_branches(speculation.thunk);
	if (speculation_guards_entry()) {
		patch_guard(&speculation);
	}
}

void speculation_init_cpu(void)
{
	if (speculation.auto_ibrs) {
		write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_AUTO_IBRS);
	}
	if (speculation.spec_ctrl) {
		write_msr(MSR_SPEC_CTRL, speculation.spec_ctrl);
	}
}

/* --- The log's block ----------------------------------------------------------------------- */

static const char *yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

static const char *which_domains(bool dom0, bool others)
{
	if (dom0) {
		return others ? "all domains" : "Dom0";
	}
	return others ? "all but Dom0" : "no";
}

static const char *predictors(void)
{
	if (speculation.auto_ibrs) {
		return "automatic IBRS";
	}
	return speculation.spec_ctrl & SPEC_CTRL_IBRS ? "IBRS" : "no";
}

void speculation_report(void)
{
	static const char *const thunks[] = {
		[THUNK_JMP] = "jmp", [THUNK_LFENCE] = "lfence", [THUNK_RETPOLINE] = "retpoline"};
	const struct speculation *s = &speculation;

	log_info("speculation: processor: %s %x-%x-%x, capabilities %#lx\n", cpu_features.vendor,
		 facts.family, facts.model, facts.stepping, facts.arch_capabilities);
	log_info("speculation: isolated page tables: %s\n",
		 which_domains(s->isolate_dom0, s->isolate_others));
	log_info("speculation: indirect branches: %s\n", thunks[s->thunk]);
	log_info("speculation: predictors apart: %s\n", predictors());
	log_info("speculation: STIBP: %s, SSBD: %s, BHI_DIS_S: %s\n",
		 yes_no(s->spec_ctrl & SPEC_CTRL_STIBP), yes_no(s->spec_ctrl & SPEC_CTRL_SSBD),
		 yes_no(s->spec_ctrl & SPEC_CTRL_BHI_DIS_S));
	log_info("speculation: return stack filled on entry: %s\n",
		 yes_no(s->return_stack_on_entry));
	log_info("speculation: return stack filled on switch: %s\n",
		 yes_no(s->return_stack_on_switch));
	log_info("speculation: IBPB on switch: %s\n", yes_no(s->ibpb_on_switch));
	log_info("speculation: VERW on exit: %s\n", yes_no(s->verw_on_exit));
	log_info("speculation: eager FPU: %s\n", yes_no(s->eager_fpu));
	log_info("speculation: L1TF-safe entries: %s\n",
		 which_domains(s->l1tf_dom0, s->l1tf_others));
}

bool absent_entries_leak(unsigned domain)
{
	return domain == 0 ? speculation.l1tf_dom0 : speculation.l1tf_others;
}

/* --- At work ------------------------------------------------------------------------------- */

void speculation_switch_domain(void)
{
	if (speculation.ibpb_on_switch) {
		write_msr(MSR_PRED_CMD, 1);
	}
	if (speculation.return_stack_on_switch) {
		return_stack_fill();
	}
}
