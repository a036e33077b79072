/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The request/response ring of xen/io/ring.h: both ends in one process, and a lying front end. */
#include "tap.h"

#include <stddef.h>
#include <string.h>
#include <xen/io/ring.h>

struct request {
	uint64_t number;
	uint32_t data[4];
};
struct response {
	uint64_t number;
};
DEFINE_RING_TYPES(demo, struct request, struct response);

static union {
	demo_sring_t ring;
	uint8_t bytes[4096];
} page;
static demo_front_ring_t front;
static demo_back_ring_t back;

static void start(void)
{
	memset(&page, 0xff, sizeof(page));
	XEN_FRONT_RING_INIT(&front, &page.ring, sizeof(page));
	BACK_RING_INIT(&back, &page.ring, sizeof(page));
}

static void put_request(uint64_t number)
{
	RING_GET_REQUEST(&front, front.req_prod_pvt)->number = number;
	front.req_prod_pvt++;
}

/* Takes one request and answers it with its number plus one. */
static void serve(void)
{
	struct request request;

	RING_COPY_REQUEST(&back, back.req_cons, &request);
	back.req_cons++;
	RING_GET_RESPONSE(&back, back.rsp_prod_pvt)->number = request.number + 1;
	back.rsp_prod_pvt++;
}

static void test_shape(void)
{
	start();
	is_int(RING_SIZE(&front), 128,
	       "a page holds the power of two of slots that fits: 4032 / 24");
	is_int(RING_SIZE(&back), 128, "both ends agree on the size");
	is_int(__CONST_RING_SIZE(demo, 4096), 128, "the constant form agrees");
	is_int(page.ring.req_event, 1, "the first request will notify");
	is_int(page.ring.__pad[43], 0, "what is unused is cleared");
	ok(!RING_FULL(&front), "a new ring is not full");
	ok(!RING_HAS_UNCONSUMED_REQUESTS(&back), "and empty for the back end");
}

/* Many rounds, so that indices pass the end of the ring and slots are used again. */
static void test_round_trips(void)
{
	uint64_t asked = 0, answered = 0, wrong = 0;
	struct response response;

	start();
	for (unsigned int round = 0; round < 500; round++) {
		for (unsigned int i = 0; i <= round % 128 && !RING_FULL(&front); i++) {
			put_request(asked++);
		}
		RING_PUSH_REQUESTS(&front);
		while (RING_HAS_UNCONSUMED_REQUESTS(&back)) {
			serve();
		}
		RING_PUSH_RESPONSES(&back);
		while (RING_HAS_UNCONSUMED_RESPONSES(&front)) {
			RING_COPY_RESPONSE(&front, front.rsp_cons, &response);
			front.rsp_cons++;
			answered++;
			wrong += response.number != answered;
		}
	}
	is_int(answered, asked, "every request is answered");
	is_int(wrong, 0, "in order, with its own data");
}

static void test_full(void)
{
	unsigned int put = 0;

	start();
	while (!RING_FULL(&front)) {
		put_request(put++);
	}
	is_int(put, 128, "the ring is full after as many requests as it has slots");
	is_int(RING_FREE_REQUESTS(&front), 0, "and has no room");
}

static void test_notification(void)
{
	bool notify, work;

	start();
	put_request(1);
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&front, notify);
	ok(notify, "the first request notifies");
	put_request(2);
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&front, notify);
	ok(!notify, "the next does not: nobody asked");
	serve();
	serve();
	RING_FINAL_CHECK_FOR_REQUESTS(&back, work);
	ok(!work, "the back end finds nothing more and asks to be told");
	put_request(3);
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&front, notify);
	ok(notify, "so the following one notifies again");
	RING_FINAL_CHECK_FOR_REQUESTS(&back, work);
	ok(work, "a final check sees a request that came meanwhile");
	RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&back, notify);
	ok(notify, "two responses notify the front end");
	RING_FINAL_CHECK_FOR_RESPONSES(&front, work);
	ok(work, "which finds them");
}

static void test_lies(void)
{
	start();
	page.ring.req_prod = 100000;
	is_int(XEN_RING_NR_UNCONSUMED_REQUESTS(&back), 128,
	       "a producer index far ahead never yields more requests than slots");
	ok(RING_REQUEST_PROD_OVERFLOW(&back, page.ring.req_prod),
	   "and is recognised as impossible");
	ok(!RING_REQUEST_PROD_OVERFLOW(&back, back.rsp_prod_pvt + 128), "a full ring is possible");
	ok(RING_REQUEST_CONS_OVERFLOW(&back, back.rsp_prod_pvt + 128),
	   "consuming more than all slots is not");
	ok(RING_RESPONSE_PROD_OVERFLOW(&front, 129u), "nor are more responses than slots");
}

int main(void)
{
	test_shape();
	test_round_trips();
	test_full();
	test_notification();
	test_lies();
	return done_testing();
}
