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

#define log_error(...)	      log_print(LOG_HYPERVISOR, LOG_ERROR, __VA_ARGS__)
#define log_warn(...)	      log_print(LOG_HYPERVISOR, LOG_WARN, __VA_ARGS__)
#define log_info(...)	      log_print(LOG_HYPERVISOR, LOG_INFO, __VA_ARGS__)
#define log_debug(...)	      log_print(LOG_HYPERVISOR, LOG_DEBUG, __VA_ARGS__)
#define log_guest(level, ...) log_print(LOG_GUEST, (level), __VA_ARGS__)

/*
 * How many levels are printed: messages below `always` are, those below `limited` at a limited
 * rate. 0: none, 1: errors, … 4: all.
 */
void log_set_limits(enum log_source source, unsigned always, unsigned limited);

/*
 * What was printed is kept in a ring, at first a small one; a larger one of 2^n bytes takes over
 * what is in it. log_write() puts text there and on the console as it is: what a guest prints.
 */
void log_set_ring(char *buffer, size_t bytes);
void log_write(const char *text, size_t length);

/* Copies what the ring still has from *position on, and moves *position behind it. */
size_t log_read(uint64_t *position, char *to, size_t bytes);
uint64_t log_end(void); /* the position behind the last character */
void log_clear(void);	/* readers begin here from now on */

/* The machine is going down: takes no lock any more, whoever holds it. */
void log_break_lock(void);

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
#define BUG_ON(x)                                                          \
	do {                                                               \
		if (unlikely(x)) {                                         \
			panic("BUG at %s:%d: %s", __FILE__, __LINE__, #x); \
		}                                                          \
	} while (0)

#ifdef DEBUG
#define ASSERT(x)                                                             \
	do {                                                                  \
		if (unlikely(!(x))) {                                         \
			panic("ASSERT at %s:%d: %s", __FILE__, __LINE__, #x); \
		}                                                             \
	} while (0)
/* A refusal to a guest, with the place that refused: `return refuse(-EINVAL);` */
#define refuse(rc) \
	(log_guest(LOG_DEBUG, "refused at %s:%d: %d\n", __FILE__, __LINE__, (int)(rc)), (rc))
#else
#define ASSERT(x)  ((void)sizeof(!(x)))
#define refuse(rc) (rc)
#endif

#endif
