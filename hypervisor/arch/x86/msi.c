/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts by message (MSI, MSI-X): the hypervisor alone writes addresses, data and masks. */
#include <arch/cpu.h>
#include <arch/irq.h>
#include <arch/msi.h>
#include <arch/paging.h>
#include <arch/pirq.h>
#include <arch/port.h>
#include <debug/log.h>
#include <domain/domain.h>
#include <lib/error.h>
#include <memory/frame.h>
#include <memory/mmio.h>

#define LINES (VECTOR_DEVICE_LAST - VECTOR_DEVICE_FIRST + 1)

/* Both capabilities, from their start. */
#define CONTROL 2

/* MSI: where the data and the mask are depends on the length of the address. */
#define MSI_ENABLE     0x0001
#define MSI_MULTIPLE   0x0070 /* how many messages are on */
#define MSI_WIDE       0x0080
#define MSI_MASKABLE   0x0100
#define MSI_ADDRESS    4
#define MSI_DATA(wide) ((wide) ? 12u : 8u)
#define MSI_MASK(wide) ((wide) ? 16u : 12u)

/* MSI-X. */
#define MSIX_ENTRIES 0x07ff /* less one */
#define MSIX_ENABLE  0x8000
#define MSIX_TABLE   4
#define MSIX_PENDING 8
#define MSIX_BYTES   12u
#define MSIX_BAR     7u /* of both: the rest is the offset therein */
#define ENTRY_BYTES  16
#define ENTRY_MASKED 1u

#define ADDRESS_BASE 0xfee00000u

#define PCI_REGISTERS	  256u
#define PCI_HEADER_TYPE	  0x0e
#define PCI_MULTIFUNCTION 0x80

/* A line's message. */
struct message {
	bool used;
	bool enabled; /* MSI: Dom0 has set the enable bit */
	bool masked;
	pci_function_t f;
	uint8_t capability; /* where it is */
	uint8_t apic_id;    /* of the CPU that it interrupts */
	uint16_t entry;
	volatile uint32_t *in_table; /* null: an MSI */
};

/* A page of tables, mapped once and for ever. */
struct table_page {
	uint64_t frame;
	volatile uint8_t *at;
};

#define TABLE_PAGES  128
#define TABLES_FOUND 64

/* Where tables and pending bits were at start-up: written then, and never again. */
static struct {
	uint64_t first, last; /* frames */
} found[TABLES_FOUND];
static unsigned found_count;

/* Functions whose tables cannot be where they say: the same. */
static pci_function_t liars[TABLES_FOUND];
static unsigned liar_count;

/* Guarded by `lock`. */
static struct {
	struct lock lock;
	struct message message[LINES]; /* by vector */
	struct table_page page[TABLE_PAGES];
	unsigned pages;
} msi = {.lock = LOCK_INIT(LOCK_MSI)};

/* --- Devices ------------------------------------------------------------------------------- */

static unsigned msi_bytes(uint32_t control)
{
	return MSI_MASK(control & MSI_WIDE) + (control & MSI_MASKABLE ? 8 : 0);
}

/* Where the capability is, if it ends within the 256 bytes there are; 0: nowhere. */
static unsigned find_capability(pci_function_t f, uint8_t id)
{
	unsigned at = pci_find_capability(f, id);
	unsigned bytes = at && id == PCI_CAPABILITY_MSI ? msi_bytes(pci_read(f, at + CONTROL, 2))
							: MSIX_BYTES;

	return at && at + bytes <= PCI_REGISTERS ? at : 0;
}

/* Where the table, or the array of pending bits, begins; 0: nowhere. */
static paddr_t msix_address(pci_function_t f, unsigned capability, unsigned which)
{
	uint32_t value = pci_read(f, capability + which, 4);
	paddr_t bar = pci_bar_address(f, value & MSIX_BAR);

	return bar ? bar + (value & ~MSIX_BAR) : 0;
}

static unsigned msix_entries(pci_function_t f, unsigned capability)
{
	return (pci_read(f, capability + CONTROL, 2) & MSIX_ENTRIES) + 1;
}

/* --- Start-up ------------------------------------------------------------------------------ */

static bool is_found(uint64_t frame)
{
	for (unsigned i = 0; i < found_count; i++) {
		if (frame >= found[i].first && frame <= found[i].last) {
			return true;
		}
	}
	return false;
}

/*
 * Whether a device can have its table there: where no RAM is, nor anything that domains do not get
 * or can only read, for the hypervisor is to write there. Of the latter, tables themselves are.
 */
static bool can_be_table(uint64_t frame)
{
	enum mmio_access access = mmio_machine_access(frame);

	return !frame_is_ram(MFN(frame)) && (access == MMIO_WRITE || is_found(frame));
}

/* The frames [first, last] belong to a table from now on: Dom0 can only read them. */
static void keep_table(uint64_t first, uint64_t last)
{
	if (is_found(first) && is_found(last)) {
		return;
	}
	if (found_count == TABLES_FOUND || mmio_read_only(first, last)) {
		log_warn("too many MSI-X tables: Dom0 can write to the one at %#lx\n",
			 first << PAGE_SHIFT);
		return;
	}
	found[found_count].first = first;
	found[found_count++].last = last;
}

/* Of the table, or the pending bits. False: they cannot be where the device says. */
static bool find_table(pci_function_t f, unsigned capability, unsigned which, uint64_t bytes)
{
	uint32_t where = pci_read(f, capability + which, 4);
	paddr_t bar = pci_bar_address(f, where & MSIX_BAR);
	uint64_t first = (bar + (where & ~MSIX_BAR)) >> PAGE_SHIFT;
	uint64_t last = (bar + (where & ~MSIX_BAR) + bytes - 1) >> PAGE_SHIFT;

	if ((where & MSIX_BAR) >= pci_bar_count(f)) {
		return false;
	}
	if (!bar) {
		return true; /* firmware gave it no memory: it is looked at when it is used */
	}
	if ((where & ~MSIX_BAR) + bytes > pci_bar_bytes(f, where & MSIX_BAR)) {
		return false;
	}
	for (uint64_t frame = first; frame <= last; frame++) {
		if (!can_be_table(frame)) {
			return false;
		}
	}
	keep_table(first, last);
	return true;
}

static void distrust(pci_function_t f)
{
	log_warn("PCI %02x:%02x.%u: its MSI-X table cannot be where it says: not used\n", f.n >> 8,
		 f.n >> 3 & 0x1f, f.n & 7);
	if (liar_count < TABLES_FOUND) {
		liars[liar_count++] = f;
	}
}

static bool is_liar(pci_function_t f)
{
	for (unsigned i = 0; i < liar_count; i++) {
		if (liars[i].n == f.n) {
			return true;
		}
	}
	return false;
}

static void init_function(pci_function_t f)
{
	unsigned at = find_capability(f, PCI_CAPABILITY_MSI);

	if (at) {
		uint32_t control = pci_read(f, at + CONTROL, 2);

		pci_write(f, at + CONTROL, 2, control & ~(uint32_t)(MSI_ENABLE | MSI_MULTIPLE));
	}
	at = find_capability(f, PCI_CAPABILITY_MSIX);
	if (at) {
		unsigned entries = msix_entries(f, at);

		pci_write(f, at + CONTROL, 2,
			  pci_read(f, at + CONTROL, 2) & ~(uint32_t)MSIX_ENABLE);
		if (!find_table(f, at, MSIX_TABLE, entries * ENTRY_BYTES) ||
		    !find_table(f, at, MSIX_PENDING, ROUND_UP(entries, 64u) / 8)) {
			distrust(f);
		}
	}
}

void msi_init(void)
{
	for (unsigned device = 0; device < 256 * 32; device++) {
		pci_function_t first = {(uint16_t)(device * 8)};
		unsigned functions;

		if (!pci_exists(first)) {
			continue;
		}
		functions = pci_read(first, PCI_HEADER_TYPE, 1) & PCI_MULTIFUNCTION ? 8 : 1;
		for (unsigned i = 0; i < functions; i++) {
			init_function((pci_function_t){(uint16_t)(first.n + i)});
		}
	}
}

/* --- Messages; msi.lock is held ------------------------------------------------------------ */

static struct message *message_of(unsigned vector)
{
	return &msi.message[vector - VECTOR_DEVICE_FIRST];
}

static unsigned vector_of(const struct message *m)
{
	return (unsigned)(m - msi.message) + VECTOR_DEVICE_FIRST;
}

static uint32_t read_control(const struct message *m)
{
	return pci_read(m->f, m->capability + CONTROL, 2);
}

/* A device that cannot mask its message has it switched off instead. */
static void write_mask(const struct message *m)
{
	uint32_t control;

	if (m->in_table) {
		m->in_table[3] = m->masked ? ENTRY_MASKED : 0;
		(void)m->in_table[3]; /* it is there before we go on */
		return;
	}
	control = read_control(m) & ~(uint32_t)(MSI_ENABLE | MSI_MULTIPLE);
	if (control & MSI_MASKABLE) {
		pci_write(m->f, m->capability + MSI_MASK(control & MSI_WIDE), 4, m->masked);
		control |= m->enabled ? MSI_ENABLE : 0;
	} else {
		control |= m->enabled && !m->masked ? MSI_ENABLE : 0;
	}
	pci_write(m->f, m->capability + CONTROL, 2, control);
}

/*
 * To one CPU, by its vector: fixed delivery, edge. It is masked meanwhile, if that is possible, and
 * then is not lost. Else it is on, and only its destination changes, which is one word.
 */
static void write_message(const struct message *m)
{
	uint32_t address = ADDRESS_BASE | (uint32_t)m->apic_id << 12;
	uint32_t control;
	bool wide;

	if (m->in_table) {
		m->in_table[3] = ENTRY_MASKED;
		m->in_table[0] = address;
		m->in_table[1] = 0;
		m->in_table[2] = vector_of(m);
	} else {
		control = read_control(m);
		wide = control & MSI_WIDE;
		if (control & MSI_MASKABLE) {
			pci_write(m->f, m->capability + MSI_MASK(wide), 4, 1);
		}
		pci_write(m->f, m->capability + MSI_ADDRESS, 4, address);
		if (wide) {
			pci_write(m->f, m->capability + MSI_ADDRESS + 4, 4, 0);
		}
		pci_write(m->f, m->capability + MSI_DATA(wide), 2, vector_of(m));
	}
	write_mask(m);
}

static struct message *find(pci_function_t f, unsigned capability, unsigned entry)
{
	for (unsigned i = 0; i < LINES; i++) {
		struct message *m = &msi.message[i];

		if (m->used && m->f.n == f.n && m->capability == capability && m->entry == entry) {
			return m;
		}
	}
	return NULL;
}

/* --- Lines --------------------------------------------------------------------------------- */

void msi_set_mask(unsigned vector, bool masked)
{
	struct message *m = message_of(vector);

	lock_acquire(&msi.lock);
	if (m->used) {
		m->masked = masked;
		write_mask(m);
	}
	lock_release(&msi.lock);
}

void msi_set_destination(unsigned vector, uint32_t apic_id)
{
	struct message *m = message_of(vector);

	lock_acquire(&msi.lock);
	if (m->used) {
		m->apic_id = (uint8_t)apic_id;
		write_message(m);
	}
	lock_release(&msi.lock);
}

/* A line for the message, masked, and a number for the line. */
static int add_message(struct message message, int *pirq)
{
	int rc, vector = irq_alloc(IRQ_MSI);

	if (vector < 0) {
		return vector;
	}
	message.used = message.masked = true;
	message.apic_id = (uint8_t)cpu_of(irq_line((unsigned)vector)->cpu)->apic_id;
	lock_acquire(&msi.lock);
	if (find(message.f, message.capability, message.entry)) {
		rc = refuse(-EBUSY);
	} else {
		*message_of((unsigned)vector) = message;
		write_message(message_of((unsigned)vector));
		rc = 0;
	}
	lock_release(&msi.lock);
	if (!rc) {
		rc = pirq_map_vector((unsigned)vector, pirq);
	}
	if (rc) {
		irq_free((unsigned)vector);
	}
	return rc;
}

int msi_map(pci_function_t f, int *pirq)
{
	struct message message = {.f = f};

	if (!pci_exists(f)) {
		return refuse(-ENODEV);
	}
	message.capability = (uint8_t)find_capability(f, PCI_CAPABILITY_MSI);
	return message.capability ? add_message(message, pirq) : refuse(-EINVAL);
}

/* The page of device memory, or null. Never RAM, whatever the device says of its BAR. */
static volatile uint8_t *map_table_page(uint64_t frame)
{
	volatile uint8_t *at = NULL;

	if (!can_be_table(frame)) {
		return NULL;
	}
	lock_acquire(&msi.lock);
	for (unsigned i = 0; i < msi.pages && !at; i++) {
		at = msi.page[i].frame == frame ? msi.page[i].at : NULL;
	}
	if (!at && msi.pages < TABLE_PAGES) {
		if (!is_found(frame)) {
			log_warn("an MSI-X table has moved to %#lx: Dom0 can write to it\n",
				 frame << PAGE_SHIFT);
		}
		at = paging_map_device(frame << PAGE_SHIFT, PAGE_SIZE);
		msi.page[msi.pages++] = (struct table_page){frame, at};
	}
	lock_release(&msi.lock);
	return at;
}

int msi_map_table_entry(pci_function_t f, unsigned entry, paddr_t bar, int *pirq)
{
	struct message message = {.f = f, .entry = (uint16_t)entry};
	volatile uint8_t *page;
	paddr_t at;

	if (!pci_exists(f)) {
		return refuse(-ENODEV);
	}
	message.capability = (uint8_t)find_capability(f, PCI_CAPABILITY_MSIX);
	if (!message.capability || entry >= msix_entries(f, message.capability)) {
		return refuse(-EINVAL);
	}
	at = msix_address(f, message.capability, MSIX_TABLE);
	if (!at ||
	    bar != pci_bar_address(f, pci_read(f, message.capability + MSIX_TABLE, 4) & MSIX_BAR)) {
		return refuse(-EINVAL);
	}
	at += (uint64_t)entry * ENTRY_BYTES;
	if (is_liar(f) || at % ENTRY_BYTES) { /* an entry never lies in two pages */
		return refuse(-EINVAL);
	}
	page = map_table_page(at >> PAGE_SHIFT);
	if (!page) {
		return refuse(-EINVAL);
	}
	message.in_table = (volatile uint32_t *)(volatile void *)(page + (at & ~PAGE_MASK));
	return add_message(message, pirq);
}

int msi_restore(pci_function_t f)
{
	if (!pci_exists(f)) {
		return refuse(-ESRCH);
	}
	lock_acquire(&msi.lock);
	for (unsigned i = 0; i < LINES; i++) {
		if (msi.message[i].used && msi.message[i].f.n == f.n) {
			write_message(&msi.message[i]);
		}
	}
	lock_release(&msi.lock);
	return 0;
}

void msi_forget(pci_function_t f)
{
	lock_acquire(&msi.lock);
	for (unsigned i = 0; i < LINES; i++) {
		if (msi.message[i].f.n == f.n) {
			msi.message[i].used = false;
		}
	}
	lock_release(&msi.lock);
}

void msi_free(unsigned vector)
{
	lock_acquire(&msi.lock);
	message_of(vector)->used = false;
	lock_release(&msi.lock);
}

/* --- Dom0's writes ------------------------------------------------------------------------- */

/* The bytes of [reg, reg + bytes) that belong to the 16-bit register at `at`: merged into `old`. */
static uint32_t merge16(uint32_t old, unsigned at, unsigned reg, unsigned bytes, uint32_t value)
{
	for (unsigned i = 0; i < 2; i++) {
		if (at + i >= reg && at + i < reg + bytes) {
			uint32_t byte = value >> (at + i - reg) * 8 & 0xff;

			old = (old & ~(0xffu << i * 8)) | byte << i * 8;
		}
	}
	return old;
}

/* Only the enable bit is Dom0's, and only once it has the interrupt. */
static void write_msi(pci_function_t f, unsigned capability, uint32_t control)
{
	struct message *m;

	lock_acquire(&msi.lock);
	m = find(f, capability, 0);
	if (m) {
		m->enabled = control & MSI_ENABLE;
		write_mask(m);
	}
	lock_release(&msi.lock);
}

bool msi_filter_write(pci_function_t f, unsigned reg, unsigned bytes, uint32_t *value)
{
	unsigned at;

	if (reg < 0x40) {
		return true;
	}
	at = find_capability(f, PCI_CAPABILITY_MSI);
	if (at && reg + bytes > at) {
		uint32_t control = pci_read(f, at + CONTROL, 2);

		if (reg < at + msi_bytes(control)) {
			write_msi(f, at, merge16(control, at + CONTROL, reg, bytes, *value));
			return false;
		}
	}
	return true;
}
