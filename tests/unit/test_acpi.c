/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI: a small machine's tables, whole, and with each kind of damage. */
#include "boot_fake.h"
#include "tap.h"

#include <boot/acpi.h>

#define BASE 0x7fe0000u

static struct fake_memory memory;
static struct fake_log log_;
static const struct physical physical = {fake_view, &memory};
static const struct report report = {fake_log_line, &log_};
static struct acpi_info info;
static uint8_t low[0x100000]; /* the first MiB, with the RSDP */
static uint8_t tables[0x4000];

/* Where set_up() puts things. */
enum {
	RSDP_LOW = 0xf59e0,
	XSDT = 0,
	MADT = 0x100,
	FADT = 0x400,
	HPET = 0x600,
	MCFG = 0x700,
	DSDT = 0x800,
	RSDT = 0x900,
};

static void put32(uint8_t *to, uint32_t value)
{
	memcpy(to, &value, 4);
}

static void put64(uint8_t *to, uint64_t value)
{
	memcpy(to, &value, 8);
}

static void fix_sum(uint8_t *bytes, size_t size, size_t sum_at)
{
	uint8_t sum = 0;

	bytes[sum_at] = 0;
	for (size_t i = 0; i < size; i++) {
		sum = (uint8_t)(sum + bytes[i]);
	}
	bytes[sum_at] = (uint8_t)-sum;
}

static void finish(size_t at)
{
	uint32_t size;

	memcpy(&size, tables + at + 4, 4);
	fix_sum(tables + at, size, 9);
}

static void put_header(size_t at, const char *signature, uint32_t size)
{
	memcpy(tables + at, signature, 4);
	put32(tables + at + 4, size);
}

static void put_rsdp(void)
{
	uint8_t *rsdp = low + RSDP_LOW;

	memcpy(rsdp, "RSD PTR ", 8);
	rsdp[15] = 2;
	put32(rsdp + 16, BASE + RSDT);
	put32(rsdp + 20, 36);
	put64(rsdp + 24, BASE + XSDT);
	fix_sum(rsdp, 20, 8);
	fix_sum(rsdp, 36, 32);
}

static void put_madt(void)
{
	static const uint8_t entries[] = {
		0,  8,	0,    0, 1, 0, 0,    0,				    /* APIC 0 */
		0,  8,	1,    2, 1, 0, 0,    0,				    /* APIC 2 */
		0,  8,	2,    4, 0, 0, 0,    0,				    /* APIC 4, not there */
		9,  16, 0,    0, 2, 0, 0,    0,	   1,  0, 0, 0, 1, 0, 0, 0, /* x2APIC 2 again */
		9,  16, 0,    0, 0, 1, 0,    0,	   1,  0, 0, 0, 5, 0, 0, 0, /* x2APIC 256 */
		1,  12, 7,    0, 0, 0, 0xc0, 0xfe, 24, 0, 0, 0,		    /* IO-APIC 7 */
		2,  10, 0,    9, 9, 0, 0,    0,	   13, 0,	/* interrupt 9: level, high */
		4,  6,	0xff, 5, 0, 1,				/* NMI for all, pin 1 */
		10, 12, 5,    0, 5, 0, 0,    0,	   0,  0, 0, 0, /* NMI of x2APIC 256, pin 0 */
		77, 3,	0,					/* something new */
	};

	put_header(MADT, "APIC", 44 + sizeof(entries));
	put32(tables + MADT + 36, 0xfee00000);
	put32(tables + MADT + 40, 1);
	memcpy(tables + MADT + 44, entries, sizeof(entries));
	finish(MADT);
}

static void put_fadt(void)
{
	uint8_t *fadt = tables + FADT;

	put_header(FADT, "FACP", 244);
	put32(fadt + 40, BASE + DSDT);
	fadt[46] = 9;
	put32(fadt + 64, 0x604);
	put32(fadt + 76, 0x608);
	fadt[108] = 0x32;
	put32(fadt + 112, 1 << 8 | 1 << 10);
	fadt[116] = ACPI_SPACE_IO;
	fadt[117] = 8;
	put64(fadt + 120, 0xcf9);
	fadt[128] = 0xf;
	finish(FADT);
}

static void set_up(void)
{
	static const uint8_t aml[] = {0x10, 0x20, '_',	'S',  '5',  '_',  8,	'_',  'S', '5',
				      '_',  0x12, 0x06, 0x04, 0,    0,	  0,	0,    8,   '_',
				      'S',  '5',  '_',	0x12, 0x08, 0x04, 0x0a, 0x05, 1,   0};

	memset(&memory, 0, sizeof(memory));
	memset(low, 0, sizeof(low));
	memset(tables, 0, sizeof(tables));
	log_.text[0] = '\0';
	fake_region_add(&memory, 0, low, sizeof(low));
	fake_region_add(&memory, BASE, tables, sizeof(tables));
	put_rsdp();
	put_madt();
	put_fadt();
	put_header(HPET, "HPET", 56);
	put64(tables + HPET + 44, 0xfed00000);
	finish(HPET);
	put_header(MCFG, "MCFG", 60);
	put64(tables + MCFG + 44, 0xb0000000);
	tables[MCFG + 55] = 0xff;
	finish(MCFG);
	put_header(DSDT, "DSDT", 36 + sizeof(aml));
	memcpy(tables + DSDT + 36, aml, sizeof(aml));
	tables[DSDT + 36 + 11] = 0x13; /* the first one is no package */
	finish(DSDT);
	put_header(XSDT, "XSDT", 36 + 5 * 8);
	put64(tables + XSDT + 36, BASE + FADT);
	put64(tables + XSDT + 44, BASE + MADT);
	put64(tables + XSDT + 60, BASE + HPET);
	put64(tables + XSDT + 68, BASE + MCFG);
	finish(XSDT);
	put_header(RSDT, "RSDT", 36 + 4);
	put32(tables + RSDT + 36, BASE + MADT);
	finish(RSDT);
}

static bool parse(paddr_t rsdp)
{
	bool good = acpi_parse(&info, &physical, rsdp, &report);

	fake_views_free(&memory);
	return good;
}

static bool said(const char *text)
{
	return strstr(log_.text, text) != NULL;
}

static void test_madt(void)
{
	set_up();
	ok(parse(0) && log_.text[0] == '\0', "good tables are taken without a word");
	is_int(info.rsdp, RSDP_LOW, "the RSDP is found in the BIOS");
	is_int(info.table_count, 6, "all tables are listed");
	ok(info.lapic_address == 0xfee00000 && info.has_pic, "local APICs and PICs");
	ok(info.cpu_count == 3 && info.cpus[0].apic_id == 0 && info.cpus[1].apic_id == 2 &&
		   info.cpus[2].apic_id == 256 && info.cpus[2].uid == 5,
	   "three processors: each once, those that are there");
	ok(info.ioapic_count == 1 && info.ioapics[0].id == 7 &&
		   info.ioapics[0].address == 0xfec00000 && info.ioapics[0].gsi_base == 24,
	   "an IO-APIC");
	ok(info.override_count == 1 && info.overrides[0].irq == 9 && info.overrides[0].gsi == 9 &&
		   ACPI_POLARITY(info.overrides[0].flags) == 1 &&
		   ACPI_TRIGGER(info.overrides[0].flags) == 3,
	   "an override");
	ok(info.nmi_count == 2 && info.nmis[0].uid == ACPI_ALL_CPUS && info.nmis[0].pin == 1 &&
		   info.nmis[0].flags == 5 && info.nmis[1].uid == 5 && info.nmis[1].pin == 0,
	   "two NMIs");
}

static void test_others(void)
{
	set_up();
	parse(0);
	is_int(info.sci_irq, 9, "the SCI");
	is_int(info.rtc_century, 0x32, "where the clock has its century");
	ok(info.pm1a_control.address == 0x604 && info.pm1a_control.space == ACPI_SPACE_IO &&
		   info.pm1b_control.address == 0,
	   "PM1 control");
	ok(info.pm_timer.address == 0x608 && info.pm_timer.bits == 32, "the PM timer");
	ok(info.reset.address == 0xcf9 && info.reset_value == 0xf, "the reset register");
	ok(info.has_s5 && info.s5_type_a == 5 && info.s5_type_b == 1, "S5 from the DSDT");
	is_int(info.hpet_address, 0xfed00000, "the HPET");
	ok(info.mcfg_count == 1 && info.mcfgs[0].address == 0xb0000000 &&
		   info.mcfgs[0].last_bus == 255,
	   "PCI configuration space");
	tables[FADT + 172] = ACPI_SPACE_IO;
	put64(tables + FADT + 172 + 4, 0xb004);
	put32(tables + FADT + 112, 0);
	put64(tables + FADT + 140, BASE + DSDT);
	put32(tables + FADT + 40, 0);
	finish(FADT);
	ok(parse(0) && info.pm1a_control.address == 0xb004 && info.pm_timer.bits == 24 &&
		   info.reset.address == 0 && info.has_s5,
	   "extended fields win, flags count");
	tables[FADT + 108] = 8;
	put64(tables + FADT + 172 + 4, 0x1b004);
	finish(FADT);
	ok(parse(0) && info.pm1a_control.address == 0, "a port beyond the last is none");
	is_int(info.rtc_century, 0, "nor is its month the century");
}

static void test_search(void)
{
	set_up();
	memcpy(low + 0x9fc10, low + RSDP_LOW, 36);
	memset(low + RSDP_LOW, 0, 36);
	ok(!parse(0) && said("no valid RSDP"), "without a pointer to it the EBDA is not searched");
	low[0x40e] = 0xc0;
	low[0x40f] = 0x9f;
	ok(parse(0) && info.rsdp == 0x9fc10, "the RSDP in the EBDA");
	ok(parse(0x9fc10), "the RSDP where the loader says");
	ok(!parse(0x9fc20), "no RSDP where the loader says");
	set_up();
	memory.regions[0].size = 0x80000;
	ok(!parse(0) && said("no valid RSDP"), "no memory to search");
	set_up();
	low[RSDP_LOW + 33] ^= 1;
	ok(!parse(0), "the second checksum counts");
	low[RSDP_LOW + 33] ^= 1;
	low[RSDP_LOW + 9] ^= 1;
	ok(!parse(0), "the first checksum counts");
	set_up();
	low[RSDP_LOW + 15] = 0;
	fix_sum(low + RSDP_LOW, 20, 8);
	low[RSDP_LOW + 33] ^= 1;
	ok(parse(0) && info.cpu_count == 3 && info.table_count == 2,
	   "an RSDP of ACPI 1 has an RSDT");
	set_up();
	tables[XSDT + 20] ^= 1;
	ok(parse(0) && info.cpu_count == 3 && said("table XSDT at 0x7fe0000 ignored: bad checksum"),
	   "a bad XSDT leaves the RSDT");
	tables[RSDT + 20] ^= 1;
	ok(!parse(0), "two bad lists leave nothing");
}

static void test_damage(void)
{
	set_up();
	tables[MADT + 50] ^= 1;
	ok(parse(0) && info.cpu_count == 0 && info.has_s5 &&
		   said("table APIC at 0x7fe0100 ignored: bad checksum"),
	   "a bad checksum");
	set_up();
	put32(tables + MADT + 4, 0xfffffff0);
	ok(parse(0) && info.cpu_count == 0 && said("APIC at 0x7fe0100 ignored: bad length"),
	   "an absurd length");
	put32(tables + MADT + 4, 35);
	log_.text[0] = '\0';
	ok(parse(0) && info.cpu_count == 0 && said("bad length"), "a length below the header's");
	put32(tables + MADT + 4, 0x4000);
	ok(parse(0) && info.cpu_count == 0 && said("APIC at 0x7fe0100 ignored: not in memory"),
	   "a length that runs out of memory");
	set_up();
	put64(tables + XSDT + 44, 0xfee00000);
	finish(XSDT);
	ok(parse(0) && said("at 0xfee00000 ignored: not in memory"), "a table outside of memory");
	put64(tables + XSDT + 44, UINT64_MAX - 3);
	finish(XSDT);
	ok(parse(0) && info.cpu_count == 0, "a table that wraps round");
	set_up();
	put64(tables + XSDT + 52, BASE + MADT);
	finish(XSDT);
	ok(parse(0) && info.cpu_count == 3 && said("APIC at 0x7fe0100 ignored: a second one"),
	   "a table listed twice");
	set_up();
	put_header(FADT, "FACP", 100);
	finish(FADT);
	ok(parse(0) && said("FACP at 0x7fe0400 ignored: too short"), "a table too short");
	set_up();
	memcpy(tables + HPET, "\x1b[2J", 4);
	tables[HPET + 40]++;
	ok(parse(0) && said("table ?[2J at"), "a signature is printed as text only");
}

static void test_entries(void)
{
	set_up();
	tables[MADT + 44 + 17] = 1;
	finish(MADT);
	ok(parse(0) && info.cpu_count == 2 && said("broken entry"), "an entry of length 1");
	tables[MADT + 44 + 17] = 7;
	finish(MADT);
	ok(parse(0) && info.cpu_count == 2 && said("broken entry"), "an entry too short");
	set_up();
	tables[MADT + 44 + 97] = 4;
	finish(MADT);
	ok(parse(0) && info.cpu_count == 3 && said("broken entry"), "an entry beyond the table");
	set_up();
	put_header(MADT, "APIC", 44 + 70 * 8);
	for (uint32_t i = 0; i < 70; i++) {
		put32(tables + MADT + 44 + i * 8, 0x0800 | i << 24);
		put32(tables + MADT + 48 + i * 8, 1);
	}
	finish(MADT);
	memcpy(tables + 0x1000, tables + MADT, 44 + 70 * 8);
	put_fadt();
	put64(tables + XSDT + 44, BASE + 0x1000);
	finish(XSDT);
	ok(parse(0) && info.cpu_count == CPU_MAX && said("APIC id 69 ignored, 64 is the limit"),
	   "processors beyond the limit");
}

static void test_s5(void)
{
	static const struct {
		uint8_t aml[8];
		const char *what;
		uint32_t size;
		bool good;
	} cases[] = {
		{{'_', 'S', '5', '_', 0x12, 6, 4, 0}, "zero", 8, true},
		{{'_', 'S', '5', '_', 0x12, 0x46, 0, 0}, "nothing behind a long length", 8, false},
		{{'_', 'S', '5', '_', 0x12, 6, 0, 0}, "an empty package", 8, false},
		{{'_', 'S', '5', '_', 0x12, 6, 4, 0x0a}, "half an element", 8, false},
		{{'_', 'S', '5', '_', 0x12, 6, 4, 0x0b}, "an element of another kind", 8, false},
		{{'_', 'S', '5', '_', 0x12, 6, 4}, "no element", 7, false},
		{{'_', 'S', '5', '_', 0x12, 0xff}, "only a length", 6, false},
		{{'_', 'S', '5', '_'}, "only the name", 4, false},
	};

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		set_up();
		put_header(DSDT, "DSDT", 36 + cases[i].size);
		memcpy(tables + DSDT + 36, cases[i].aml, cases[i].size);
		finish(DSDT);
		ok(parse(0) && info.has_s5 == cases[i].good, "_S5: %s", cases[i].what);
	}
	ok(said("no _S5 in the DSDT"), "its absence is reported");
}

int main(void)
{
	test_madt();
	test_others();
	test_search();
	test_damage();
	test_entries();
	test_s5();
	return done_testing();
}
