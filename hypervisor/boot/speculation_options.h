/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command line says about defences against speculation. */
#ifndef BOOT_SPECULATION_OPTIONS_H
#define BOOT_SPECULATION_OPTIONS_H

#include <lib/base.h>

/* CHOICE_DEFAULT: what the processor needs. */
enum choice { CHOICE_DEFAULT, CHOICE_NO, CHOICE_YES };

enum indirect_thunk {
	THUNK_DEFAULT,
	THUNK_JMP,	 /* a plain jump */
	THUNK_LFENCE,	 /* after LFENCE, where that waits for the target */
	THUNK_RETPOLINE, /* by a return that can only be predicted into a trap of ours */
};

struct speculation_options {
	enum indirect_thunk thunk; /* spec-ctrl=bti-thunk= */
	enum choice return_stack;  /* spec-ctrl=rsb, on entry and on switch of domains */
	enum choice verw;
	enum choice ibpb;
	enum choice ibrs;
	enum choice stibp;
	enum choice ssbd;
	enum choice bhi_dis_s;
	enum choice eager_fpu;
	enum choice isolate_dom0, isolate_others; /* xpti= */
	enum choice l1tf_dom0, l1tf_others;	  /* pv-l1tf= */
};

#endif
