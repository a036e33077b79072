/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the loader's jump to the first guest's first instruction: one step a line. */
#include <arch/apic.h>
#include <arch/clock.h>
#include <arch/efi.h>
#include <arch/instructions.h>
#include <arch/io.h>
#include <arch/ioapic.h>
#include <arch/irq.h>
#include <arch/msi.h>
#include <arch/paging.h>
#include <arch/power.h>
#include <arch/setup.h>
#include <arch/speculation.h>
#include <arch/uart.h>
#include <boot/acpi.h>
#include <boot/boot_memory.h>
#include <boot/dom0.h>
#include <boot/launch_domains.h>
#include <boot/libfdt_guard.h>
#include <boot/load_microcode.h>
#include <boot/loader.h>
#include <boot/memory_map.h>
#include <boot/multiboot1.h>
#include <boot/multiboot2.h>
#include <boot/processors.h>
#include <boot/pvh.h>
#include <debug/log.h>
#include <debug/trace.h>
#include <domain/grants.h>
#include <domain/pool.h>
#include <domain/schedule.h>
#include <hypercall/hypercall.h>
#include <lib/format.h>
#include <memory/frame_alloc.h>

#define BOOT_MAP_END UINT64_C(0x100000000)
#define LOCAL_APIC   UINT64_C(0xfee00000) /* as every machine has it after reset */

extern const uint64_t boot_tsc;

static struct boot_info info;
static struct boot_options options;
static struct acpi_info acpi;
static struct boot_domains domains;
static bool has_tree;

void start(uint64_t loader_info, uint64_t loader_magic);

/* --- What the parsers need ------------------------------------------------------------------ */

/* The tables of start-up map the low 4 GiB, whatever is there. */
static const uint8_t *view_memory(void *context, paddr_t address, size_t size)
{
	(void)context;
	return address + size <= BOOT_MAP_END ? paddr_ptr(address) : NULL;
}

static void report_to_log(void *context, const char *format, va_list args)
{
	char text[200];

	(void)context;
	format_text_v(text, sizeof(text), format, args);
	log_warn("%s\n", text);
}

static const struct physical memory = {view_memory, NULL};
static const struct report report = {report_to_log, NULL};

/* --- Steps ---------------------------------------------------------------------------------- */

static const struct {
	uint64_t magic;
	bool (*parse)(struct boot_info *boot, const struct physical *bytes, paddr_t address,
		      const struct report *complain);
} doors[] = {
	{MULTIBOOT1_LOADER_MAGIC, multiboot1_parse},
	{MULTIBOOT2_LOADER_MAGIC, multiboot2_parse},
	{PVH_LOADER_MAGIC, pvh_parse},
};

static void read_loader(uint64_t loader_info, uint64_t loader_magic)
{
	bool ok = false;

	for (size_t i = 0; i < ARRAY_COUNT(doors) && !ok; i++) {
		ok = doors[i].magic == loader_magic &&
		     doors[i].parse(&info, &memory, loader_info, &report);
	}

	cmdline_parse(ok ? info.command_line : "", &options, &report);
	if (options.memory_limit) {
		memory_map_limit(&info, options.memory_limit, &report);
	}
	format_text(hypervisor_command_line, sizeof(hypervisor_command_line), "%s",
		    ok ? info.command_line : "");
	if (!ok) {
		log_error("not started by a loader we know (magic %#lx)\n", loader_magic);
	}
}

/* A first module that is a device tree says which domains there are, and what other modules are. */
static void read_tree(void)
{
	const struct boot_module *module = &info.modules[0];
	const uint8_t *bytes =
		info.module_count ? physical_view(&memory, module->start, module->size) : NULL;
	bool good;

	has_tree = bytes && tree_is_one(bytes, module->size);
	if (!has_tree) {
		return;
	}
	libfdt_begin();
	good = boot_domains_parse(&domains, bytes, module->size, &report);
	libfdt_end();
	if (!good) {
		panic("the device tree of boot domains, which is the first module, is of no use");
	}
	boot_domains_place(&domains, &info, image_paddr(image_start), image_paddr(image_end),
			   &report);
}

/* The options were parsed before there was a console to complain on. */
static void show_early_lines(void)
{
	char text[128];
	uint64_t position = 0;
	size_t length;

	while ((length = log_read(&position, text, sizeof(text))) > 0) {
		console_write(text, length);
	}
}

static void open_console(void)
{
	const struct serial_options *com1 = &options.com1;
	struct uart_settings settings = {
		.port = com1->port,
		.irq = com1->irq,
		.baud = com1->baud,
		.data_bits = com1->data_bits,
		.stop_bits = com1->stop_bits,
		.parity = com1->parity,
	};

	if (options.console & CONSOLE_COM1) {
		uart_init(&settings);
		show_early_lines();
	}
	log_set_limits(LOG_HYPERVISOR, options.log.always, options.log.limited);
	log_set_limits(LOG_GUEST, options.guest_log.always, options.guest_log.limited);
	machine_reboots_after_error = !options.noreboot;
	grants_machine_limits = (struct grant_limits){
		.frames = options.grant_frames_max,
		.handle_pages = options.maptrack_frames_max,
		.version = options.grant_version_max,
		.transitive = options.grant_transitive,
	};
	log_info("Parvus " PACKAGE_VERSION " on %s\n", info.loader_name ? info.loader_name : "?");
}

#define ACPI_CHECKSUM_AT 9

/*
 * No IOMMU is driven, so Dom0 shall not find one to drive: the tables that describe it get a name
 * that nobody looks for, and keep a good checksum.
 */
static void hide_iommus(void)
{
	for (unsigned i = 0; i < acpi.table_count; i++) {
		const struct acpi_table *t = &acpi.tables[i];
		uint8_t *bytes = paddr_ptr(t->address);

		if (t->signature != ACPI_SIGNATURE('D', 'M', 'A', 'R') &&
		    t->signature != ACPI_SIGNATURE('I', 'V', 'R', 'S')) {
			continue;
		}
		bytes[ACPI_CHECKSUM_AT] = (uint8_t)(bytes[ACPI_CHECKSUM_AT] + bytes[0] - 'X');
		bytes[0] = 'X';
		log_info("ACPI: the table of IOMMUs is hidden from Dom0\n");
	}
}

static void open_memory(void)
{
	uint64_t end = boot_memory_end();

	frame_init(end >> PAGE_SHIFT);
	boot_memory_hand_over(&info);
	frame_set_reserve();
	paging_use_frame_allocator();
	log_info("memory: %lu MiB, of which %lu MiB are free\n", frame_pool_figures().total >> 8,
		 frame_pool_figures().free >> 8);
}

/* Memory for what is told later: the log's ring as large as conring_size= says, and the trace. */
static void open_records(void)
{
	unsigned order = 0;
	mfn_t ring;

	while ((PAGE_SIZE << order) < options.log_ring_size) {
		order++;
	}
	ring = frame_alloc(order, 0);
	if (!mfn_is_none(ring)) {
		log_set_ring(frame_ptr(ring), PAGE_SIZE << order);
	}
	if (trace_init_cpu(0, TRACE_PAGES)) {
		log_warn("no memory for the trace\n");
	}
}

static void publish_range(paddr_t start, paddr_t end, enum memory_type type)
{
	struct memory_map *map = &machine_memory_map;

	if (map->count < MEMORY_MAP_MAX) {
		map->entry[map->count++] = (struct memory_map_entry){start, end - start, type};
	}
}

/* What Dom0 is told about the machine: it may not use the local APIC's page for anything. */
static void publish_memory_map(void)
{
	bool apic_is_there = false;

	for (unsigned i = 0; i < info.memory_count; i++) {
		const struct memory_range *range = &info.memory[i];

		if (!apic_is_there && range->end > LOCAL_APIC) {
			apic_is_there = true;
			if (range->start > LOCAL_APIC) {
				publish_range(LOCAL_APIC, LOCAL_APIC + PAGE_SIZE, MEMORY_RESERVED);
			}
		}
		publish_range(range->start, range->end, range->type);
	}
	if (!apic_is_there) {
		publish_range(LOCAL_APIC, LOCAL_APIC + PAGE_SIZE, MEMORY_RESERVED);
	}
}

static void open_interrupts(void)
{
	apic_init(&acpi, options.x2apic);
	apic_init_cpu();
	clock_init((uint16_t)acpi.pm_timer.address, acpi.rtc_century);
	irq_init();
	ioapic_init(&acpi);
	io_init(&acpi);
	power_init(&acpi);
	msi_init();
	efi_init(&info);
	if (uart_port() && options.com1.irq && irq_bind_uart(options.com1.irq) == 0) {
		uart_interrupt_on();
	}
}

static void start_first_cpu(void)
{
	struct pool_times times = {
		.slice = options.credit_slice_ms * (NS_PER_SECOND / 1000),
		.ratelimit = options.ratelimit_us * (NS_PER_SECOND / 1000000),
	};

	schedule_init_cpu(0);
	pool_init(&times);
	pool_start_cpu(0);
	cpu_set_online();
}

static void build_guests(void)
{
	if (has_tree) {
		if (!launch_domains_build(&domains, &info, &report)) {
			panic("not one of the boot domains could be built");
		}
	} else if (!dom0_build(&info, &options, &report)) {
		panic("there is no Dom0 to run");
	}
	boot_memory_free_modules(&info);
}

void start(uint64_t loader_info, uint64_t loader_magic)
{
	read_loader(loader_info, loader_magic); /* memory map, modules, options */
	open_console();				/* from here on we can be heard */
	load_microcode(&info, &options.microcode, &memory);
	cpu_setup_early(&options); /* features; patches our text */
	speculation_report();
	if (!info.memory_count) {
		panic("there is no memory map to start with");
	}
	read_tree();					/* boot domains, if there are any */
	boot_memory_init(&info);			/* what nobody uses */
	acpi_parse(&acpi, &memory, info.rsdp, &report); /* while low memory is all mapped */
	hide_iommus();
	paging_init(&info);   /* the tables that stay */
	cpu_setup(0);	      /* GDT, IDT, TSS, SYSCALL, FPU */
	open_memory();	      /* frames can be allocated */
	open_records();	      /* the log's ring, the trace */
	publish_memory_map(); /* for Dom0 */
	open_interrupts();    /* APIC, time, lines */
	start_first_cpu();
	processors_start(&info, &acpi, options.cpu_limit); /* the others: they idle */
	build_guests();					   /* Dom0, or what the tree says */
	log_info("%s after %lu instructions or cycles\n",
		 has_tree ? "boot domains start" : "Dom0 starts", read_tsc() - boot_tsc);
	launch_domains_begin();
	cpu_leave_startup();
}
