/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Offsets and sizes the assembly files need, printed into asm-offsets.h by the build. */
#include <stddef.h>

#define DEFINE(name, value)	       asm volatile("->" #name " %0" : : "i"(value))
#define OFFSET(name, structure, field) DEFINE(name, offsetof(struct structure, field))

void asm_offsets(void);

void asm_offsets(void)
{
}
