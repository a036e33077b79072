/* SPDX-License-Identifier: MIT */
/* Request/response rings: one shared page, requests from the front end, responses in their place.
 */
#ifndef PVX_XEN_IO_RING_H
#define PVX_XEN_IO_RING_H

#include "../xen-compat.h"

#ifndef xen_mb
#define xen_mb()  __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#endif

typedef unsigned int RING_IDX;

/* The largest power of two not above x: the number of slots used of those that fit. */
static inline size_t pvx_ring_floor(size_t x)
{
	return x ? 1UL << (63 - __builtin_clzl(x)) : 0;
}

#define __CONST_RING_SIZE(name, size)                                 \
	pvx_ring_floor(((size)-offsetof(struct name##_sring, ring)) / \
		       sizeof(((struct name##_sring *)0)->ring[0]))
#define __RING_SIZE(shared, size)                                                       \
	pvx_ring_floor(((size) - (size_t)((char *)(shared)->ring - (char *)(shared))) / \
		       sizeof((shared)->ring[0]))

/*
 * The shared page, and what each side keeps to itself (the *_pvt indices it has not published).
 * Indices run freely; an *_event index asks to be notified when the other side passes it.
 */
#define DEFINE_RING_TYPES(name, request_type, response_type)  \
	union name##_sring_entry {                            \
		request_type req;                             \
		response_type rsp;                            \
	};                                                    \
	struct name##_sring {                                 \
		RING_IDX req_prod, req_event;                 \
		RING_IDX rsp_prod, rsp_event;                 \
		union {                                       \
			uint8_t pvt_pad[4];                   \
		} pvt;                                        \
		uint8_t __pad[44];                            \
		union name##_sring_entry ring[1];             \
	};                                                    \
	struct name##_front_ring {                            \
		RING_IDX req_prod_pvt;                        \
		RING_IDX rsp_cons;                            \
		unsigned int nr_ents;                         \
		struct name##_sring *sring;                   \
	};                                                    \
	struct name##_back_ring {                             \
		RING_IDX rsp_prod_pvt;                        \
		RING_IDX req_cons;                            \
		unsigned int nr_ents;                         \
		struct name##_sring *sring;                   \
	};                                                    \
	typedef struct name##_sring name##_sring_t;           \
	typedef struct name##_front_ring name##_front_ring_t; \
	typedef struct name##_back_ring name##_back_ring_t

#define SHARED_RING_INIT(shared)                                               \
	do {                                                                   \
		(shared)->req_prod = (shared)->rsp_prod = 0;                   \
		(shared)->req_event = (shared)->rsp_event = 1;                 \
		__builtin_memset(&(shared)->pvt, 0, sizeof((shared)->pvt));    \
		__builtin_memset((shared)->__pad, 0, sizeof((shared)->__pad)); \
	} while (0)

#define FRONT_RING_ATTACH(r, shared, index, size)                       \
	do {                                                            \
		(r)->req_prod_pvt = (index);                            \
		(r)->rsp_cons = (index);                                \
		(r)->nr_ents = (unsigned int)__RING_SIZE(shared, size); \
		(r)->sring = (shared);                                  \
	} while (0)
#define BACK_RING_ATTACH(r, shared, index, size)                        \
	do {                                                            \
		(r)->rsp_prod_pvt = (index);                            \
		(r)->req_cons = (index);                                \
		(r)->nr_ents = (unsigned int)__RING_SIZE(shared, size); \
		(r)->sring = (shared);                                  \
	} while (0)
#define FRONT_RING_INIT(r, shared, size) FRONT_RING_ATTACH(r, shared, 0, size)
#define BACK_RING_INIT(r, shared, size)	 BACK_RING_ATTACH(r, shared, 0, size)
#define XEN_FRONT_RING_INIT(r, shared, size)      \
	do {                                      \
		SHARED_RING_INIT(shared);         \
		FRONT_RING_INIT(r, shared, size); \
	} while (0)

#define RING_SIZE(r)	      ((r)->nr_ents)
#define RING_FREE_REQUESTS(r) (RING_SIZE(r) - ((r)->req_prod_pvt - (r)->rsp_cons))
#define RING_FULL(r)	      (RING_FREE_REQUESTS(r) == 0)

#define RING_GET_REQUEST(r, idx)  (&(r)->sring->ring[(idx) & (RING_SIZE(r) - 1)].req)
#define RING_GET_RESPONSE(r, idx) (&(r)->sring->ring[(idx) & (RING_SIZE(r) - 1)].rsp)

/* Read a slot exactly once: the other side may change it at any time. */
#define RING_COPY_REQUEST(r, idx, to) \
	(*(to) = *(const volatile __typeof__(*(to)) *)RING_GET_REQUEST(r, idx))
#define RING_COPY_RESPONSE(r, idx, to) \
	(*(to) = *(const volatile __typeof__(*(to)) *)RING_GET_RESPONSE(r, idx))

/* True for indices an honest other side cannot have produced. */
#define RING_REQUEST_CONS_OVERFLOW(r, cons)  ((cons) - (r)->rsp_prod_pvt >= RING_SIZE(r))
#define RING_REQUEST_PROD_OVERFLOW(r, prod)  ((prod) - (r)->rsp_prod_pvt > RING_SIZE(r))
#define RING_RESPONSE_PROD_OVERFLOW(r, prod) ((prod) - (r)->rsp_cons > RING_SIZE(r))

#define XEN_RING_NR_UNCONSUMED_RESPONSES(r) ((r)->sring->rsp_prod - (r)->rsp_cons)
/* Never more than there are slots without a response, whatever the front end claims. */
#define XEN_RING_NR_UNCONSUMED_REQUESTS(r)                 \
	pvx_ring_min((r)->sring->req_prod - (r)->req_cons, \
		     RING_SIZE(r) - ((r)->req_cons - (r)->rsp_prod_pvt))
#define RING_HAS_UNCONSUMED_RESPONSES(r) XEN_RING_NR_UNCONSUMED_RESPONSES(r)
#define RING_HAS_UNCONSUMED_REQUESTS(r)	 XEN_RING_NR_UNCONSUMED_REQUESTS(r)

static inline unsigned int pvx_ring_min(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Publish, ordered after the slots' contents. */
#define RING_PUSH_REQUESTS(r)                             \
	do {                                              \
		xen_wmb();                                \
		(r)->sring->req_prod = (r)->req_prod_pvt; \
	} while (0)
#define RING_PUSH_RESPONSES(r)                            \
	do {                                              \
		xen_wmb();                                \
		(r)->sring->rsp_prod = (r)->rsp_prod_pvt; \
	} while (0)

/* Publish, and say whether the other side asked to be told (it waits for an index just passed). */
#define PVX_RING_PUSH_NOTIFY(r, what, notify)                                      \
	do {                                                                       \
		RING_IDX pvx_old = (r)->sring->what##_prod;                        \
		RING_IDX pvx_new = (r)->what##_prod_pvt;                           \
		xen_wmb();                                                         \
		(r)->sring->what##_prod = pvx_new;                                 \
		xen_mb();                                                          \
		(notify) = pvx_new - (r)->sring->what##_event < pvx_new - pvx_old; \
	} while (0)
#define RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(r, notify)	PVX_RING_PUSH_NOTIFY(r, req, notify)
#define RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(r, notify) PVX_RING_PUSH_NOTIFY(r, rsp, notify)

/* Before going to sleep: ask to be told of the next one, then look once more. */
#define RING_FINAL_CHECK_FOR_REQUESTS(r, work)                     \
	do {                                                       \
		(work) = RING_HAS_UNCONSUMED_REQUESTS(r);          \
		if (!(work)) {                                     \
			(r)->sring->req_event = (r)->req_cons + 1; \
			xen_mb();                                  \
			(work) = RING_HAS_UNCONSUMED_REQUESTS(r);  \
		}                                                  \
	} while (0)
#define RING_FINAL_CHECK_FOR_RESPONSES(r, work)                    \
	do {                                                       \
		(work) = RING_HAS_UNCONSUMED_RESPONSES(r);         \
		if (!(work)) {                                     \
			(r)->sring->rsp_event = (r)->rsp_cons + 1; \
			xen_mb();                                  \
			(work) = RING_HAS_UNCONSUMED_RESPONSES(r); \
		}                                                  \
	} while (0)

#endif
