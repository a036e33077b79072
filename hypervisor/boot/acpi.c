/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding the ACPI tables, checking each one, and taking out what the hypervisor needs. */
#include <boot/acpi.h>
#include <boot/bytes.h>
#include <lib/string.h>

/*
 * Firmware is not hostile but often wrong, so nothing is believed: a table counts if all of it
 * lies in memory and its bytes add up to zero, an entry if all of it lies within its table.
 */

#define HEADER_SIZE    36
#define TABLE_SIZE_MAX (4u << 20)
#define RSDP_SIZE_1    20
#define RSDP_SIZE_2    36

struct parser {
	struct acpi_info *info;
	const struct physical *memory;
	const struct report *report;
};

struct table {
	const uint8_t *bytes;
	uint32_t size;
};

static bool sums_to_zero(const uint8_t *bytes, size_t size)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++) {
		sum = (uint8_t)(sum + bytes[i]);
	}
	return sum == 0;
}

static bool is_rsdp(const struct physical *memory, paddr_t address)
{
	const uint8_t *bytes = physical_view(memory, address, RSDP_SIZE_1);

	if (!bytes || memcmp(bytes, "RSD PTR ", 8) != 0 || !sums_to_zero(bytes, RSDP_SIZE_1)) {
		return false;
	}
	if (bytes[15] < 2) {
		return true;
	}
	bytes = physical_view(memory, address, RSDP_SIZE_2);
	return bytes && sums_to_zero(bytes, RSDP_SIZE_2);
}

/* At each 16th byte, as the specification has it; pieces, as not all of it need be memory. */
static paddr_t search_rsdp(const struct physical *memory, paddr_t from, paddr_t to)
{
	for (paddr_t address = from; address < to; address += 1024) {
		const uint8_t *bytes = physical_view(memory, address, 1024);

		for (size_t at = 0; bytes && at < 1024; at += 16) {
			if (load_le64(bytes + at) == UINT64_C(0x2052545020445352) &&
			    is_rsdp(memory, address + at)) {
				return address + at;
			}
		}
	}
	return 0;
}

/* In the first KiB of the extended BIOS data area, else in the BIOS itself. */
static paddr_t find_rsdp(const struct physical *memory)
{
	const uint8_t *segment = physical_view(memory, 0x40e, 2);
	paddr_t ebda = segment ? (paddr_t)load_le16(segment) << 4 : 0, rsdp = 0;

	if (ebda) {
		rsdp = search_rsdp(memory, ebda, ebda + 1024);
	}
	return rsdp ? rsdp : search_rsdp(memory, 0xe0000, 0x100000);
}

/* A signature for "%.*s"; it may hold anything but then is no text for a console. */
static const char *name_of(uint32_t signature, char name[5])
{
	for (unsigned int i = 0; i < 4; i++) {
		char c = (char)(signature >> 8 * i);

		name[i] = c >= ' ' && c <= '~' ? c : '?';
	}
	name[4] = '\0';
	return name;
}

/* Checks the table at address and enters it into the list. */
static bool load_table(const struct parser *parser, paddr_t address, struct table *table)
{
	struct acpi_info *info = parser->info;
	const char *fault = NULL;
	char name[5] = "";

	table->bytes = physical_view(parser->memory, address, HEADER_SIZE);
	if (table->bytes) {
		name_of(load_le32(table->bytes), name);
		table->size = load_le32(table->bytes + 4);
		if (table->size < HEADER_SIZE || table->size > TABLE_SIZE_MAX) {
			fault = "bad length";
		} else {
			table->bytes = physical_view(parser->memory, address, table->size);
		}
	}
	if (!fault && !table->bytes) {
		fault = "not in memory";
	}
	if (!fault && !sums_to_zero(table->bytes, table->size)) {
		fault = "bad checksum";
	}
	if (!fault && info->table_count == ACPI_TABLES_MAX) {
		fault = "one table too many";
	}
	if (fault) {
		report_line(parser->report, "acpi: table %s at 0x%lx ignored: %s", name,
			    (unsigned long)address, fault);
		return false;
	}
	info->tables[info->table_count++] =
		(struct acpi_table){load_le32(table->bytes), table->size, address};
	return true;
}

/* ---- MADT ---- */

static void add_cpu(const struct parser *parser, struct acpi_cpu cpu, uint32_t flags)
{
	struct acpi_info *info = parser->info;

	if (!(flags & 1)) {
		return;
	}
	for (unsigned int i = 0; i < info->cpu_count; i++) {
		if (info->cpus[i].apic_id == cpu.apic_id) {
			return; /* some list all as APIC and as x2APIC */
		}
	}
	if (info->cpu_count == CPU_MAX) {
		report_line(parser->report,
			    "acpi: processor with APIC id %u ignored, %u is the limit", cpu.apic_id,
			    CPU_MAX);
		return;
	}
	info->cpus[info->cpu_count++] = cpu;
}

static void parse_lapic(const struct parser *parser, const uint8_t *entry)
{
	add_cpu(parser, (struct acpi_cpu){.apic_id = entry[3], .uid = entry[2]},
		load_le32(entry + 4));
}

static void parse_x2apic(const struct parser *parser, const uint8_t *entry)
{
	add_cpu(parser,
		(struct acpi_cpu){.apic_id = load_le32(entry + 4), .uid = load_le32(entry + 12)},
		load_le32(entry + 8));
}

static void parse_ioapic(const struct parser *parser, const uint8_t *entry)
{
	struct acpi_info *info = parser->info;

	if (info->ioapic_count == ACPI_IOAPICS_MAX) {
		report_line(parser->report, "acpi: IO-APIC %u ignored, %u is the limit", entry[2],
			    ACPI_IOAPICS_MAX);
		return;
	}
	info->ioapics[info->ioapic_count++] = (struct acpi_ioapic){
		.address = load_le32(entry + 4), .gsi_base = load_le32(entry + 8), .id = entry[2]};
}

static void parse_override(const struct parser *parser, const uint8_t *entry)
{
	struct acpi_info *info = parser->info;
	struct acpi_override override = {
		.gsi = load_le32(entry + 4), .flags = load_le16(entry + 8), .irq = entry[3]};

	if (entry[2] != 0 || override.irq > 15 || info->override_count == ACPI_OVERRIDES_MAX) {
		report_line(parser->report, "acpi: override of bus %u interrupt %u ignored",
			    entry[2], entry[3]);
		return;
	}
	info->overrides[info->override_count++] = override;
}

static void add_nmi(const struct parser *parser, struct acpi_nmi nmi)
{
	struct acpi_info *info = parser->info;

	if (nmi.pin > 1 || info->nmi_count == ACPI_NMIS_MAX) {
		report_line(parser->report, "acpi: NMI at local pin %u ignored", nmi.pin);
		return;
	}
	info->nmis[info->nmi_count++] = nmi;
}

static void parse_lapic_nmi(const struct parser *parser, const uint8_t *entry)
{
	add_nmi(parser, (struct acpi_nmi){.uid = entry[2] == 0xff ? ACPI_ALL_CPUS : entry[2],
					  .flags = load_le16(entry + 3),
					  .pin = entry[5]});
}

static void parse_x2apic_nmi(const struct parser *parser, const uint8_t *entry)
{
	add_nmi(parser, (struct acpi_nmi){.uid = load_le32(entry + 4),
					  .flags = load_le16(entry + 2),
					  .pin = entry[8]});
}

static void parse_lapic_address(const struct parser *parser, const uint8_t *entry)
{
	parser->info->lapic_address = load_le64(entry + 4);
}

static const struct {
	uint8_t type, size;
	void (*parse)(const struct parser *parser, const uint8_t *entry);
} madt_entries[] = {
	{0, 8, parse_lapic},	    {1, 12, parse_ioapic},	  {2, 10, parse_override},
	{4, 6, parse_lapic_nmi},    {5, 12, parse_lapic_address}, {9, 16, parse_x2apic},
	{10, 12, parse_x2apic_nmi},
};

static bool parse_madt_entry(const struct parser *parser, const uint8_t *entry)
{
	for (size_t i = 0; i < ARRAY_COUNT(madt_entries); i++) {
		if (madt_entries[i].type != entry[0]) {
			continue;
		}
		if (entry[1] < madt_entries[i].size) {
			return false;
		}
		madt_entries[i].parse(parser, entry);
	}
	return true;
}

static void parse_madt(const struct parser *parser, const struct table *table)
{
	uint32_t offset = 44;

	parser->info->lapic_address = load_le32(table->bytes + 36);
	parser->info->has_pic = load_le32(table->bytes + 40) & 1;
	while (offset < table->size) {
		const uint8_t *entry = table->bytes + offset;

		if (table->size - offset < 2 || entry[1] < 2 || entry[1] > table->size - offset ||
		    !parse_madt_entry(parser, entry)) {
			report_line(parser->report, "acpi: APIC table ends in a broken entry");
			return;
		}
		offset += entry[1];
	}
}

/* ---- FADT and DSDT ---- */

/* An extended register if the table has one, else the port it had in ACPI 1. */
static struct acpi_register fadt_register(const struct table *table, uint32_t extended,
					  uint32_t port, uint8_t bits)
{
	struct acpi_register reg = {0, ACPI_SPACE_IO, bits};

	if (range_within(extended, 12, table->size)) {
		reg.space = table->bytes[extended];
		reg.address = load_le64(table->bytes + extended + 4);
	}
	if (!reg.address && port) {
		reg.space = ACPI_SPACE_IO;
		reg.address = load_le32(table->bytes + port);
	}
	if (reg.space == ACPI_SPACE_IO && reg.address > 0xffff) {
		reg.address = 0;
	}
	return reg;
}

/* An integer of AML, no wider than a byte, as SLP_TYP values are; returns its length or 0. */
static size_t aml_byte(const uint8_t *aml, size_t size, uint8_t *value)
{
	enum { ZERO = 0x00, ONE = 0x01, BYTE_PREFIX = 0x0a };

	if (size >= 1 && (aml[0] == ZERO || aml[0] == ONE)) {
		*value = aml[0];
		return 1;
	}
	if (size >= 2 && aml[0] == BYTE_PREFIX) {
		*value = aml[1];
		return 2;
	}
	return 0;
}

/*
 * Name (_S5, Package {a, b, ...}). The bytes are found without an AML interpreter: the name is
 * reserved, so nothing else in a table is called that and followed by a package.
 */
static bool parse_s5(struct acpi_info *info, const uint8_t *aml, size_t size)
{
	enum { PACKAGE_OP = 0x12 };
	uint8_t type_a, type_b = 0;
	size_t at = 5, used;

	if (size < 8 || memcmp(aml, "_S5_", 4) != 0 || aml[4] != PACKAGE_OP) {
		return false;
	}
	at += 1 + (aml[5] >> 6); /* the package's length has up to three more bytes */
	at += 1;		 /* and the number of its elements one */
	if (at >= size || aml[at - 1] == 0) {
		return false;
	}
	used = aml_byte(aml + at, size - at, &type_a);
	if (used && aml[at - 1] > 1) {
		aml_byte(aml + at + used, size - at - used, &type_b);
	}
	if (!used || type_a > 7 || type_b > 7) {
		return false;
	}
	info->s5_type_a = type_a;
	info->s5_type_b = type_b;
	info->has_s5 = true;
	return true;
}

static void parse_dsdt(const struct parser *parser, paddr_t address)
{
	struct table table;

	if (!load_table(parser, address, &table)) {
		return;
	}
	for (size_t at = HEADER_SIZE; at < table.size; at++) {
		if (table.bytes[at] == '_' &&
		    parse_s5(parser->info, table.bytes + at, table.size - at)) {
			return;
		}
	}
	report_line(parser->report, "acpi: no _S5 in the DSDT, power-off will only halt");
}

static void parse_fadt(const struct parser *parser, const struct table *table)
{
	enum { TIMER_IS_32_BITS = 1 << 8, HAS_RESET = 1 << 10 };
	enum { CMOS_STATUS_LAST = 13, CMOS_LAST = 127 };
	struct acpi_info *info = parser->info;
	uint32_t flags = load_le32(table->bytes + 112);
	uint64_t dsdt = load_le32(table->bytes + 40);

	info->sci_irq = load_le16(table->bytes + 46);
	if (table->bytes[108] > CMOS_STATUS_LAST && table->bytes[108] <= CMOS_LAST) {
		info->rtc_century = table->bytes[108];
	}
	info->pm1a_control = fadt_register(table, 172, 64, 16);
	info->pm1b_control = fadt_register(table, 184, 68, 16);
	info->pm_timer = fadt_register(table, 208, 76, flags & TIMER_IS_32_BITS ? 32 : 24);
	if (flags & HAS_RESET && table->size >= 129) {
		info->reset = fadt_register(table, 116, 0, 8);
		info->reset_value = table->bytes[128];
	}
	if (table->size >= 148 && load_le64(table->bytes + 140)) {
		dsdt = load_le64(table->bytes + 140);
	}
	parse_dsdt(parser, dsdt);
}

/* ---- HPET, MCFG and the list of all ---- */

static void parse_hpet(const struct parser *parser, const struct table *table)
{
	if (table->bytes[40] == ACPI_SPACE_MEMORY) {
		parser->info->hpet_address = load_le64(table->bytes + 44);
	}
}

static void parse_mcfg(const struct parser *parser, const struct table *table)
{
	struct acpi_info *info = parser->info;

	for (uint32_t at = 44; range_within(at, 16, table->size); at += 16) {
		struct acpi_mcfg mcfg = {
			.address = load_le64(table->bytes + at),
			.segment = load_le16(table->bytes + at + 8),
			.first_bus = table->bytes[at + 10],
			.last_bus = table->bytes[at + 11],
		};

		if (mcfg.last_bus < mcfg.first_bus || info->mcfg_count == ACPI_MCFGS_MAX) {
			report_line(parser->report, "acpi: MCFG of segment %u bus %u to %u ignored",
				    mcfg.segment, mcfg.first_bus, mcfg.last_bus);
			continue;
		}
		info->mcfgs[info->mcfg_count++] = mcfg;
	}
}

static const struct {
	uint32_t signature;
	uint32_t size_min;
	void (*parse)(const struct parser *parser, const struct table *table);
} handlers[] = {
	{ACPI_SIGNATURE('A', 'P', 'I', 'C'), 44, parse_madt},
	{ACPI_SIGNATURE('F', 'A', 'C', 'P'), 116, parse_fadt},
	{ACPI_SIGNATURE('H', 'P', 'E', 'T'), 56, parse_hpet},
	{ACPI_SIGNATURE('M', 'C', 'F', 'G'), 44, parse_mcfg},
};

static bool seen_before(const struct acpi_info *info, uint32_t signature)
{
	for (unsigned int i = 0; i + 1 < info->table_count; i++) {
		if (info->tables[i].signature == signature) {
			return true;
		}
	}
	return false;
}

static void parse_table(const struct parser *parser, paddr_t address)
{
	struct table table;
	uint32_t signature;
	char name[5];

	if (!load_table(parser, address, &table)) {
		return;
	}
	signature = load_le32(table.bytes);
	for (size_t i = 0; i < ARRAY_COUNT(handlers); i++) {
		if (handlers[i].signature != signature) {
			continue;
		}
		if (table.size < handlers[i].size_min || seen_before(parser->info, signature)) {
			report_line(parser->report, "acpi: table %s at 0x%lx ignored: %s",
				    name_of(signature, name), (unsigned long)address,
				    table.size < handlers[i].size_min ? "too short"
								      : "a second one");
			parser->info->table_count--;
			return;
		}
		handlers[i].parse(parser, &table);
	}
}

/* The RSDT lists tables by 32-bit addresses, the XSDT by 64-bit ones. */
static bool parse_list(const struct parser *parser, paddr_t address, uint32_t width)
{
	struct table list;

	if (!address || !load_table(parser, address, &list)) {
		return false;
	}
	for (uint32_t at = HEADER_SIZE; range_within(at, width, list.size); at += width) {
		uint64_t entry =
			width == 8 ? load_le64(list.bytes + at) : load_le32(list.bytes + at);

		if (entry) {
			parse_table(parser, entry);
		}
	}
	return true;
}

bool acpi_parse(struct acpi_info *info, const struct physical *memory, paddr_t rsdp,
		const struct report *report)
{
	const struct parser parser = {info, memory, report};
	const uint8_t *bytes;

	memset(info, 0, sizeof(*info));
	if (!rsdp) {
		rsdp = find_rsdp(memory);
	}
	if (!rsdp || !is_rsdp(memory, rsdp)) {
		report_line(report, "acpi: no valid RSDP");
		return false;
	}
	info->rsdp = rsdp;
	bytes = physical_view(memory, rsdp, RSDP_SIZE_2);
	if (bytes && bytes[15] >= 2 && parse_list(&parser, load_le64(bytes + 24), 8)) {
		return true;
	}
	bytes = physical_view(memory, rsdp, RSDP_SIZE_1);
	return bytes && parse_list(&parser, load_le32(bytes + 16), 4);
}
