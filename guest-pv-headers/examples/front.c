/* SPDX-License-Identifier: MIT */
/*
 * A guest with devices: prints the first line of its disk xvda, keeps what is typed on its console
 * in the second sector, and sends every frame that its interface receives back to where it came
 * from. "end" ends it.
 *
 *	disk = [ "/tmp/disk,raw,xvda,w" ]
 *	vif = [ "bridge=xenbr0" ]
 *
 *	gcc -O2 $(pkg-config --cflags parvus-guest) front.c \
 *	    $(pkg-config --libs parvus-guest) -o front.elf
 */
#include <pv/blkfront.h>
#include <pv/console.h>
#include <pv/netfront.h>
#include <pv/start.h>
#include <pv/time.h>

static struct pv_block disk;
static struct pv_net net;
static uint8_t shared_info[PV_PAGE_SIZE] __attribute__((aligned(PV_PAGE_SIZE)));
static uint8_t grant_table[PV_PAGE_SIZE] __attribute__((aligned(PV_PAGE_SIZE)));
static char sector[PV_SECTOR] __attribute__((aligned(PV_SECTOR)));
static uint8_t frame[2048];

__attribute__((noreturn)) static void give_up(const char *what, long rc)
{
	pv_printf("%s: error %ld\n", what, rc);
	pv_shutdown(SHUTDOWN_crash);
	__builtin_unreachable();
}

static void begin(const struct start_info *start)
{
	long rc;

	pv_mmu_start(start);
	pv_console_ring(pv_pfn_to_virt(pv_mfn_to_pfn(start->console.domU.mfn)),
			start->console.domU.evtchn);
	rc = pv_events_start(start, shared_info);
	rc = rc ? rc : pv_grants_start(grant_table);
	pv_grants_pool(8, 1);
	rc = rc ? rc : pv_store_start(start);
	if (rc) {
		give_up("start", rc);
	}
}

static void greet(void)
{
	long rc = pv_block_start(&disk, 51712);

	rc = rc ? rc : pv_block_read(&disk, 0, sector, 1);
	if (rc) {
		give_up("xvda", rc);
	}
	for (unsigned int i = 0; i < sizeof(sector) && sector[i] && sector[i] != '\n'; i++) {
		pv_printf("%c", sector[i]);
	}
	pv_printf("\n");
}

/* The senders of frames get them back: source and destination change places. */
static void reflect(void)
{
	size_t length;

	while ((length = pv_net_receive(&net, frame, sizeof(frame)))) {
		for (unsigned int i = 0; i < 6; i++) {
			frame[i] = frame[6 + i];
			frame[6 + i] = net.mac[i];
		}
		pv_net_send(&net, frame, length);
	}
}

/* Writes each line that was typed to the second sector. False: it was "end". */
static int keep_typed(void)
{
	static size_t used;
	char c;

	while (pv_console_read(&c, 1)) {
		if (c != '\r' && c != '\n') {
			sector[used] = c;
			used += used < sizeof(sector) - 1;
			continue;
		}
		for (size_t i = used; i < sizeof(sector); i++) {
			sector[i] = 0;
		}
		if (pv_same(sector, "end")) {
			return 0;
		}
		if (used) {
			long rc = pv_block_write(&disk, 1, sector, 1);

			pv_printf("%s: %s\n", rc ? "not kept" : "kept", sector);
		}
		used = 0;
	}
	return 1;
}

__attribute__((used)) static void main(struct start_info *start)
{
	evtchn_port_t ports[2];
	long rc;

	begin(start);
	greet();
	rc = pv_net_start(&net, 0);
	if (rc) {
		give_up("vif 0", rc);
	}
	ports[0] = pv_console.port;
	ports[1] = net.port;
	while (keep_typed()) {
		reflect();
		if (!pv_net_ready(&net)) {
			pv_event_wait_any(ports, 2, 0);
		}
	}
	pv_block_flush(&disk);
	pv_shutdown(SHUTDOWN_poweroff);
}

PV_START(main);
