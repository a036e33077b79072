/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages to the console and the log ring, and the four reactions to what must not happen. */
#ifndef DEBUG_LOG_H
#define DEBUG_LOG_H

#include <lib/base.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Messages about a guest's doings have levels of their own (guest_loglvl=). */
enum log_source { LOG_HYPERVISOR, LOG_GUEST };

void log_print(enum log_source source, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(...)		 log_print(LOG_HYPERVISOR, LOG_ERROR, __VA_ARGS__)
#define log_warn(...)		 log_print(LOG_HYPERVISOR, LOG_WARN, __VA_ARGS__)
#define log_info(...)		 log_print(LOG_HYPERVISOR, LOG_INFO, __VA_ARGS__)
#define log_debug(...)		 log_print(LOG_HYPERVISOR, LOG_DEBUG, __VA_ARGS__)
#define log_guest(level, ...) log_print(LOG_GUEST, (level), __VA_ARGS__)

/*
 * Four reactions and no fifth:
 *   return an error   the caller, or a guest, asked for what cannot be done;
 *   domain_crash()    a guest left itself in a state that cannot go on (domain/domain.h);
 *   BUG_ON()          the hypervisor's own state is wrong and going on would break isolation;
 *   ASSERT()          the same for what debug builds alone afford to check.
 * What a guest supplies never reaches the last two.
 */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define BUG() panic("BUG at %s:%d", __FILE__, __LINE__)
#define BUG_ON(x)                                                                                  \
	do {                                                                                       \
		if (unlikely(x)) {                                                                 \
			panic("BUG at %s:%d: %s", __FILE__, __LINE__, #x);                         \
		}                                                                                  \
	} while (0)

#ifdef DEBUG
#define ASSERT(x)                                                                                  \
	do {                                                                                       \
		if (unlikely(!(x))) {                                                              \
			panic("ASSERT at %s:%d: %s", __FILE__, __LINE__, #x);                      \
		}                                                                                  \
	} while (0)
/* A refusal to a guest, with the place that refused: `return refuse(-EINVAL);` */
#define refuse(rc)                                                                                 \
	(log_guest(LOG_DEBUG, "refused at %s:%d: %d\n", __FILE__, __LINE__, (int)(rc)), (rc))
#else
#define ASSERT(x)  ((void)sizeof(!(x)))
#define refuse(rc) (rc)
#endif

#endif
