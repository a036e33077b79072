/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that switch defences against speculation. */
#ifndef BOOT_CMDLINE_SPECULATION_H
#define BOOT_CMDLINE_SPECULATION_H

#include <boot/speculation_options.h>
#include <boot/text.h>

/* The value of spec-ctrl=; false, and nothing changed, if it is not one. */
bool speculation_parse_spec_ctrl(struct speculation_options *options, struct text value);

/* The value of xpti= or pv-l1tf=: for the first domain and for all others. */
bool speculation_parse_domains(struct text value, enum choice *dom0, enum choice *others);

#endif
