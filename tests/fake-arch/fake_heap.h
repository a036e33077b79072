/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests can ask of the host's heap: fail at will, and say what is still allocated. */
#ifndef FAKE_HEAP_H
#define FAKE_HEAP_H

#include <stdatomic.h>
#include <stddef.h>

extern long fake_heap_fail_at;	       /* the allocation that fails: 1 is the next, 0 none */
extern _Atomic size_t fake_heap_bytes; /* allocated and not freed */

#endif
