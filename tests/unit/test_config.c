/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configurations: the syntax, each kind of value, each spelling of a device, good, bad and at its
 * limits. */
#include "tap.h"

#include <config/config.h>

#include <string.h>

static struct domain_config config;
static struct messages messages;

#define BASE "name = \"a\"\nkernel = \"/k\"\n"

static bool parses_source(const char *text, bool arguments)
{
	struct config_source sources[] = {{"a.cfg", BASE, strlen(BASE), false},
					  {"b.cfg", text, strlen(text), arguments}};
	bool good;

	config_free(&config);
	messages_free(&messages);
	good = config_parse(&config, sources, 2, &messages);
	for (const char *line = messages.text; line && *line; line = strchr(line, '\n') + 1) {
		printf("# %.*s\n", (int)strcspn(line, "\n"), line);
	}
	return good;
}

static bool parses(const char *text)
{
	return parses_source(text, false) && messages.warnings == 0;
}

/* Refused, with a message that has the text. */
static bool refused(const char *text, const char *message)
{
	return !parses_source(text, false) && strstr(messages.text, message) != NULL;
}

/* Accepted, with a warning that has the text. */
static bool warned(const char *text, const char *message)
{
	return parses_source(text, false) && messages.text &&
	       strstr(messages.text, message) != NULL;
}

static bool same(const char *got, const char *expected)
{
	if (!got || strcmp(got, expected) != 0) {
		printf("# got \"%s\", expected \"%s\"\n", got ? got : "(null)", expected);
		return false;
	}
	return true;
}

static void test_syntax(void)
{
	ok(parses("") && same(config.name, "a") && same(config.kernel, "/k"),
	   "nothing more to say");
	ok(parses("# only a comment") && parses("\n\n;;\r\n"), "comments and empty lines");
	ok(parses("memory=64;vcpus=2") && config.memory_kib == 64 << 10 && config.vcpus == 2,
	   "a semicolon separates");
	ok(parses("memory = \\\n 64") && config.memory_kib == 64 << 10, "a backslash joins lines");
	ok(parses("ramdisk = 'it\\'s' # why\n") && same(config.ramdisk, "it's"),
	   "quotes in quotes");
	ok(parses("ramdisk = \"\\x41\\102\\t\\\\#\"") && same(config.ramdisk, "AB\t\\#"),
	   "escapes");
	ok(parses("vif = [\n'', # first\n'',\n]") && config.vif_count == 2, "a list over lines");
	ok(parses("memory = \"64\"") && config.memory_kib == 64 << 10, "a number in quotes");
	ok(parses("memory = 0x40") && config.memory_kib == 64 << 10, "hexadecimal");
	ok(parses("vcpus = 010") && config.vcpus == 8, "octal");
	ok(refused("ramdisk = a", "b.cfg:1: error: a is neither a number nor a quoted string"),
	   "a bare word is refused, and told how to write it");
	ok(refused("\n\nramdisk = 'a\n'", "b.cfg:3: error: the string has no closing '"),
	   "an open string");
	ok(refused("vif = ['a'\n'b']",
		   "b.cfg:2: error: expected , or ] in the list that starts in line 1"),
	   "a missing comma");
	ok(refused("vif = [", "the end of the file"), "an open list");
	ok(refused("memory 5", "expected = after memory, not '5'"), "no =");
	ok(refused("memory = 5 6", "expected the end of the line after the value of memory"),
	   "two values");
	ok(refused("vif = [[[[[[[[[[1]]]]]]]]]]", "nested"), "lists too deep");
	ok(refused("= 5\n]\nmemory = 'a'", "b.cfg:2"), "each line has its error");
	ok(warned("memory = 64\nmemory = 65",
		  "b.cfg:2: warning: memory replaces its value of line 1") &&
		   config.memory_kib == 65 << 10,
	   "the last value counts");
	ok(parses("disk = ['/a,,xvda']\ndisk += ['/b,,xvdb']") && config.disk_count == 2,
	   "+= of a list");
	ok(parses("extra = 'a'\nextra += ' b'") && same(config.cmdline, "a b"), "+= of a string");
}

static void test_arguments(void)
{
	ok(parses_source("kernel=/boot/x y\nmemory=64", true) && same(config.kernel, "/boot/x y"),
	   "strings in arguments need no quotes");
	ok(parses_source("extra=console=hvc0 root=/dev/xvda1; vcpus=3", true) &&
		   same(config.cmdline, "console=hvc0 root=/dev/xvda1") && config.vcpus == 3,
	   "up to a semicolon");
	ok(parses_source("cpus=0-3\nname='b'", true) && config.cpus.count == 1 &&
		   same(config.name, "b"),
	   "arguments replace what the file says");
	ok(messages.warnings == 0, "without a warning");
	ok(!parses_source("memory=64\nvcpus=x", true) &&
		   strstr(messages.text, "b.cfg:2: error: vcpus = x"),
	   "an error says which argument");
}

static void test_keys(void)
{
	ok(warned("vcpu = 2", "unknown key \"vcpu\" ignored; did you mean \"vcpus\"?"),
	   "a near name");
	ok(warned("xyzzyxyzzy = 2", "unknown key \"xyzzyxyzzy\" ignored\n"), "no near name");
	ok(refused("vcpus = 0", "accepted: 1 to 128") && refused("vcpus = 129", "1 to 128") &&
		   refused("vcpus = -1", "1 to 128") && refused("vcpus = 08", "1 to 128") &&
		   refused("vcpus = 99999999999999999999", "1 to 128") &&
		   refused("vcpus = [1]", "vcpus is one value, not a list"),
	   "numbers out of range");
	ok(parses("maxvcpus = 4") && config.vcpus == 4 && config.maxvcpus == 4,
	   "vcpus follow maxvcpus");
	ok(refused("vcpus = 4\nmaxvcpus = 2", "b.cfg:2: error: maxvcpus is less than vcpus"),
	   "vcpus");
	ok(parses("maxmem = 128") && config.memory_kib == 128 << 10, "memory follows maxmem");
	ok(refused("memory = 4\nmaxmem = 2", "maxmem is less than memory"), "memory");
	ok(parses("memory = \"1G\"") && config.memory_kib == 1 << 20, "memory with a unit");
	ok(refused("memory = 0", "accepted: MiB") && refused("memory = \"5x\"", "MiB"),
	   "memory, bad");
	ok(parses("on_crash = 'rename-restart'") && config.on_crash == ACTION_RENAME_RESTART,
	   "an action");
	ok(refused("on_crash = 'explode'", "accepted: destroy, restart, rename-restart, preserve"),
	   "no such action");
	ok(parses("tsc_mode = 2") && config.tsc_mode == TSC_NATIVE &&
		   parses("tsc_mode = 'native'") && config.tsc_mode == TSC_NATIVE &&
		   refused("tsc_mode = 4", "always_emulate"),
	   "tsc_mode by number and by name");
	ok(parses("root='/dev/xvda1'\nextra='ro'") && same(config.cmdline, "root=/dev/xvda1 ro"),
	   "root and extra make the command line");
	ok(warned("cmdline='x'\nextra='ro'", "b.cfg:2: warning: root and extra are ignored") &&
		   same(config.cmdline, "x"),
	   "cmdline is instead of them");
	ok(parses("uuid='5F0C29C2C7F54A0C9F840B1A2C3D4E5F'") &&
		   same(config.uuid, "5f0c29c2-c7f5-4a0c-9f84-0b1a2c3d4e5f"),
	   "a UUID is made canonical");
	ok(refused("uuid='5'", "32 hexadecimal digits"), "a bad UUID");
	ok(parses("type='pv'\nbuilder='generic'") || messages.errors == 0,
	   "type and builder are one");
	ok(refused("type='hvm'", "PV guests only"), "HVM guests are refused");
	ok(warned("vfb=['vnc=1']", "vfb is not served: the guest starts without it") &&
		   parses("vfb=[]"),
	   "a device that is not served says so");
	ok(refused("pci=['01:00.0']", "no IOMMU"), "pass-through is refused");
	ok(warned("name='12'", "a number for a domain's ID"), "a name that is a number");
	ok(refused("name='a/b'", "neither /"), "a name with a slash");
	ok(refused("name=''", "the domain has no name"), "no name");
	ok(refused("kernel=''", "nothing to boot"), "no kernel");
	ok(parses("cpu_cap=50\ncpu='0,1'\nbootargs='-q x'") && config.cap == 50 &&
		   config.cpus.lists[0].count == 2 && config.bootloader_args.count == 2,
	   "spellings of xend's");
	ok(parses("irqs=[5,0x10]\nioports=['2f8-2ff','3f8']\niomem=['fe8,2@10','1,1']") &&
		   config.irqs[1] == 16 && config.ioports[0].last == 0x2ff &&
		   config.ioports[1].first == 0x3f8 && config.iomem[0].guest == 0x10 &&
		   config.iomem[1].guest == 1,
	   "ports, memory and lines");
	ok(refused("ioports=['3ff-3f8']", "hexadecimal") && refused("iomem=['5']", "START,PAGES") &&
		   refused("irqs=['x']", "0 to 1023"),
	   "ports, memory and lines, bad");
}

/* One disk, which is read as the target, number and access. */
static bool disk(const char *spec, const char *target, unsigned int number, const char *access)
{
	struct messages none = {0};
	struct arena arena = {0};
	struct disk_config disk;
	struct place place = {"disk", 0};
	bool good = disk_parse(&arena, spec, place, &disk, &none) && same(disk.target, target) &&
		    disk.number == number && disk.writable == (*access == 'w') &&
		    disk.cdrom == (strchr(access, 'c') != NULL);

	if (none.text) {
		printf("# %s", none.text);
	}
	arena_free(&arena);
	messages_free(&none);
	return good;
}

#define XVDA 0xca00
#define HDA  0x0300
#define HDC  0x1600

static void test_disk_spellings(void)
{
	static const char *const same_disk[] = {
		"/dev/vg/guest-volume,,hda",
		"/dev/vg/guest-volume,raw,hda,rw",
		"format=raw, vdev=hda, access=rw, target=/dev/vg/guest-volume",
		"raw:/dev/vg/guest-volume,hda,w",
		"vg/guest-volume,,hda",
		"/dev/vg/guest-volume,hda,w",
		"phy:/dev/vg/guest-volume,hda,w",
		"phy:vg/guest-volume,hda",
		"tap:aio:/dev/vg/guest-volume,hda,w",
		"tap2:tapdisk:file:/dev/vg/guest-volume,hda,rw",
		"phy:/dev/vg/guest-volume,raw,hda,w",
		"vdev=hda,/dev/vg/guest-volume",
		" /dev/vg/guest-volume , raw , hda , w ,",
		",,hda,,target=/dev/vg/guest-volume",
		"/dev/vg/guest-volume,,/dev/hda,w",
		"/dev/vg/guest-volume,,0x300,w",
	};
	static const char *const same_disc[] = {
		"/root/image.iso,,hdc,cdrom",
		"/root/image.iso,,hdc,,cdrom",
		"/root/image.iso,raw,hdc,devtype=cdrom",
		"format=raw, vdev=hdc, access=ro, devtype=cdrom, target=/root/image.iso",
		"raw:/root/image.iso,hdc:cdrom,ro",
	};

	for (size_t i = 0; i < sizeof(same_disk) / sizeof(*same_disk); i++) {
		ok(disk(same_disk[i], "/dev/vg/guest-volume", HDA, "w"), "\"%s\"", same_disk[i]);
	}
	for (size_t i = 0; i < sizeof(same_disc) / sizeof(*same_disc); i++) {
		ok(disk(same_disc[i], "/root/image.iso", HDC, "rc"), "\"%s\"", same_disc[i]);
	}
	ok(disk("vdev=xvda,target=/a,b=c ", "/a,b=c ", XVDA, "w"),
	   "a target is the rest, blanks and all");
	ok(disk("nbd:10.0.0.1 5,xvda,r", "10.0.0.1 5", XVDA, "r"),
	   "what a script is to understand");
	ok(parses("disk=['/a,,xvda,w!']") && config.disks[0].shared, "w! shares");
	ok(parses("disk=['/a,,xvda,no-discard,direct-io-safe,untrusted,backend=b,backendtype=phy']") &&
		   !config.disks[0].discard && config.disks[0].direct_io_safe &&
		   !config.disks[0].trusted && same(config.disks[0].backend, "b") &&
		   config.disks[0].backend_type == DISK_BACKEND_PHY,
	   "flags and options");
}

static void test_disk_errors(void)
{
	ok(refused("disk=['/a']", "b.cfg:1: error: disk: no virtual device for /a"), "no vdev");
	ok(refused("disk=[',,xvda']", "no target") &&
		   refused("disk=[',hdc:cdrom,r']", "without a disc"),
	   "no target");
	ok(refused("disk=['/a,qcow2,xvda']", "qemu-img convert"), "a format that is not served");
	ok(refused("disk=['/a,foo,xvda']", "format \"foo\"; accepted: raw, qcow"), "no format");
	ok(refused("disk=['/a,,xvda,x']", "access \"x\"; accepted: r, ro, w, rw"), "no access");
	ok(refused("disk=['/a,,xvda,w,z']", "one too many"), "too many parts");
	ok(refused("disk=['/a,,xvda,backed=x']", "did you mean \"backend\"?"), "an unknown option");
	ok(refused("disk=['vdev=xvda,vdev=xvdb,target=/a']", "vdev is given twice"), "twice");
	ok(refused("disk=['/a,,xvda',\n'/b,,d0']",
		   "b.cfg:2: error: disk: d0 is the same virtual device as xvda"),
	   "the same device");
	ok(refused("disk=['/a,,hdc,cdrom,access=w']", "cannot be written"), "a cdrom to write to");
	ok(refused("disk=['/a,,xvda,backendtype=tap']", "not served"),
	   "a back end that is not served");
}

static void test_vdev(void)
{
	static const struct {
		const char *text;
		unsigned int number;
	} good[] = {
		{"xvda", 0xca00},     {"xvdb2", 0xca12},       {"d0p0", 0xca00},
		{"d1p2", 0xca12},     {"xvdp15", 0xcaff},      {"xvda16", 0x10000010},
		{"xvdq", 0x10001000}, {"d536p37", 0x10021825}, {"xvdtq37", 0x10021825},
		{"sdb3", 0x0813},     {"sdp15", 0x08ff},       {"hda", 0x0300},
		{"hdb63", 0x037f},    {"hdc2", 0x1602},	       {"hdd", 0x1640},
		{"51712", 0xca00},    {"0xca00", 0xca00},
	};
	static const char *const bad[] = {"",	    "xvd",     "xvda256",    "xvdA", "sdq",
					  "sda16",  "hde",     "hda64",	     "vda",  "d",
					  "d1p",    "d1p256",  "xvdaaaaaaa", "1p2",  "0x20000000",
					  "xvda1x", "d1048576"};
	unsigned int number;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		ok(vdev_parse(good[i].text, &number) && number == good[i].number, "%s is %#x",
		   good[i].text, good[i].number);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ok(!vdev_parse(bad[i], &number), "\"%s\" is none", bad[i]);
	}
}

static bool rate(const char *text, uint64_t bytes, uint32_t usecs)
{
	char line[100];

	snprintf(line, sizeof(line), "vif=['rate=%s']", text);
	return parses(line) && config.vifs[0].rate_bytes == bytes &&
	       config.vifs[0].rate_usecs == usecs;
}

static void test_vif(void)
{
	ok(parses("vif=['']") && config.vif_count == 1 && !config.vifs[0].has_mac, "nothing said");
	ok(parses("vif=['mac=00:16:3E:74:3d:76,bridge=xenbr0,script=vif-x,vifname=v,ip=10.0.0.1 fe80::1,backend=d,mtu=9000']") &&
		   config.vifs[0].mac[5] == 0x76 && same(config.vifs[0].bridge, "xenbr0") &&
		   same(config.vifs[0].ip, "10.0.0.1 fe80::1") && config.vifs[0].mtu == 9000 &&
		   same(config.vifs[0].vifname, "v") && same(config.vifs[0].script, "vif-x") &&
		   same(config.vifs[0].backend, "d"),
	   "all said");
	ok(parses("vif=['netdev=eth0, untrusted']") && same(config.vifs[0].gatewaydev, "eth0") &&
		   !config.vifs[0].trusted,
	   "the old name of gatewaydev; a flag");
	ok(parses("vif=['','devid=0','','devid=3']") && config.vifs[0].devid == 1 &&
		   config.vifs[2].devid == 2 && config.vifs[3].devid == 3,
	   "numbers are the lowest free ones");
	ok(refused("vif=['devid=3','devid=3']", "devid=3 is taken"), "a number twice");
	ok(warned("vif=['model=e1000']", "HVM guests") && parses("vif=['type=vif']"),
	   "emulated cards");
	ok(refused("vif=['mac=00:16:3e:1']", "six bytes") &&
		   refused("vif=['mac=01:16:3e:01:02:03']", "group"),
	   "a bad MAC address");
	ok(refused("vif=['brigde=a']", "did you mean \"bridge\"?"), "an unknown option");
	ok(refused("vif=['bridge']", "say bridge=..."), "no value");
	ok(rate("10Mb/s", 62500, 50000) && rate("250KB/s", 12500, 50000) &&
		   rate("1MB/s@20ms", 20000, 20000) && rate("1GB/s@1s", 1000000000, 1000000) &&
		   rate("8000b/s@500us", 0, 500) == false,
	   "rates");
	ok(refused("vif=['rate=10']", "10Mb/s") && refused("vif=['rate=10MB']", "10Mb/s") &&
		   refused("vif=['rate=1MB/s@5']", "10Mb/s") &&
		   refused("vif=['rate=0B/s']", "10Mb/s"),
	   "no rates");
	ok(warned("e820_host=1", "b.cfg:1: warning: e820_host is kept, but has no effect"),
	   "what is kept without effect is told");
	ok(parses("e820_host=0"), "unless it says no");
	ok(parses("msr_relaxed=1") && config.msr_relaxed, "what has effect is not");
	ok(parses("channel=['connection=pty,name=a','name=b, connection=socket, path=/x']") &&
		   config.channels[1].connection == CHANNEL_SOCKET,
	   "channels");
	ok(refused("channel=['connection=pty']", "no name") &&
		   refused("channel=['name=a']", "pty, socket") &&
		   refused("channel=['name=a,connection=socket']", "needs path="),
	   "no channels");
}

/* The CPUs of a list on a machine of 16 CPUs, four to a node; 0 if refused. */
static uint64_t cpus(const char *text)
{
	static const unsigned int node_of[16] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3};
	struct arena arena = {0};
	struct cpu_list list;
	uint64_t bitmap = 0;

	if (!cpu_list_parse(&arena, text, &list) ||
	    !cpu_list_resolve(&list, node_of, 16, &bitmap)) {
		bitmap = 0;
	}
	arena_free(&arena);
	return bitmap;
}

static void test_cpus(void)
{
	is_int(cpus("all"), 0xffff, "all");
	is_int(cpus("0-3,5,^1"), 0x2d, "0-3,5,^1");
	is_int(cpus("all,^7"), 0xff7f, "all,^7");
	is_int(cpus("nodes:0-3,^node:2"), 0xf0ff, "nodes:0-3,^node:2");
	is_int(cpus("1,node:1,^6"), 0xb2, "1,node:1,^6");
	is_int(cpus("all,^nodes:1"), 0xff0f, "all,^nodes:1");
	is_int(cpus("3"), 8, "3");
	is_int(cpus("16"), 0, "a CPU that is not there");
	is_int(cpus("^1"), 0, "nothing left");
	is_int(cpus("3-1") | cpus("a") | cpus("") | cpus("1,") | cpus("5000") | cpus("1-") |
		       cpus("0x1"),
	       0, "what is no list");
	ok(parses("cpus=['2','3-8,^5']") && config.cpus.per_vcpu && config.cpus.count == 2 &&
		   parses("cpus='2'") && !config.cpus.per_vcpu && parses("cpus=[2,3]") &&
		   config.cpus.count == 2 && parses("cpus=3"),
	   "for all vCPUs, or one for each");
	ok(refused("cpus=[2,'x']", "nodes:0-1"), "a bad list says what is accepted");
}

#define NODE(vcpus, distances) \
	"['pnode=0', 'size=512', 'vcpus=" vcpus "', 'vdistances=" distances "']"
#define NODES "vnuma = [ " NODE("0-1,3", "10,20") ",\n " NODE("2", "20,10") " ]\n"

static void test_vnuma_errors(void)
{
	ok(refused("vnuma = 2", "b.cfg:1: error: vnuma: a node is a list") &&
		   refused("vnuma = ['pnode=0']", "a node is a list"),
	   "nodes are lists");
	ok(refused("vnuma=[['pnode=0',\n'size=512','vcpus=0']]",
		   "b.cfg:1: error: vnuma: the node has no vdistances"),
	   "all is said of each");
	ok(refused("vnuma=[['pnode=0',\n'pnodes=0']]",
		   "b.cfg:2: error: vnuma: \"pnodes=0\" is no") &&
		   refused("vnuma=[[[]]]", "a list is no option"),
	   "and nothing else");
	ok(refused("vnuma=[['pnode=0',\n'pnode=0']]",
		   "b.cfg:2: error: vnuma: pnode is given twice"),
	   "once");
	ok(refused("vnuma=[['pnode=64']]", "0 to 63") && refused("vnuma=[['size=0']]", "MiB") &&
		   refused("vnuma=[['size=8589934593']]", "MiB") &&
		   refused("vnuma=[['size=2G']]", "MiB") &&
		   refused("vnuma=[['vcpus=']]", "numbers and ranges") &&
		   refused("vnuma=[['vcpus=all']]", "numbers and ranges") &&
		   refused("vnuma=[['vcpus=0-3,^1']]", "numbers and ranges") &&
		   refused("vnuma=[['vcpus=128']]", "up to 127") &&
		   refused("vnuma=[['vcpus=nodes:0']]", "numbers and ranges") &&
		   refused("vnuma=[['vdistances=10,256']]", "10 to 255") &&
		   refused("vnuma=[['vdistances=9']]", "10 to 255") &&
		   refused("vnuma=[['vdistances=']]", "10 to 255"),
	   "a wrong value says what is accepted");
	ok(refused("vnuma=[" NODE("0", "10") ",\n" NODE("1", "20,10") "]",
		   "b.cfg:1: error: vnuma: node 0 has 1 vdistances; accepted: 2"),
	   "a distance to each");
	ok(refused("vnuma=[" NODE("0-1", "10,20") ",\n" NODE("1", "20,10") "]",
		   "b.cfg:2: error: vnuma: vCPU 1 is of two nodes, 0 and 1"),
	   "a vCPU of two nodes");
	ok(refused("vnuma=[" NODE("0,2", "10") "]", "vCPU 1 is of no node") &&
		   refused("maxvcpus=3\nvnuma=[" NODE("0-1", "10") "]",
			   "b.cfg:2: error: vnuma: vCPU 2 is of no node; accepted: each of the 3"),
	   "or of none");
	ok(refused("maxvcpus=2\n" NODES, "b.cfg:2: error: vnuma: it has vCPU 3; accepted: 0 to 1"),
	   "one that is not there");
	ok(refused("vcpus=5\n" NODES, "b.cfg:2: error: what vnuma has is less than vcpus"),
	   "more vCPUs than its nodes");
	ok(refused("maxmem=1025\n" NODES, "b.cfg:2: error: vnuma: its nodes have 1024 MiB") &&
		   refused("memory=1025\n" NODES, "what vnuma has is less than memory"),
	   "other memory than its nodes");
}

static void test_vnuma(void)
{
	char many[8192] = "vnuma=[";
	int used = (int)strlen(many);

	ok(parses(NODES) && config.vnode_count == 2 && config.maxmem_kib == 1 << 20 &&
		   config.memory_kib == 1 << 20 && config.maxvcpus == 4 && config.vcpus == 4,
	   "nodes say how much memory and how many vCPUs there are");
	ok(config.vnodes[1].kib == 512 << 10 && config.vnodes[1].distances[0] == 20 &&
		   vnode_has_vcpu(&config.vnodes[0], 3) && !vnode_has_vcpu(&config.vnodes[0], 2),
	   "and which of them is whose");
	ok(parses("memory=600\nvcpus=2\n" NODES) && config.memory_kib == 600 << 10 &&
		   config.maxmem_kib == 1 << 20 && config.vcpus == 2 && config.maxvcpus == 4,
	   "it may begin with less");
	ok(parses("maxmem=1024\nmaxvcpus=4\n" NODES), "or say the same");
	ok(parses("vnuma=[]") && config.vnode_count == 0 && config.maxvcpus == 1, "no nodes");
	ok(parses("vnuma=[[' pnode = 3', 'size= 16', 'vcpus=0, 1', 'vdistances=10']]") &&
		   config.vnodes[0].pnode == 3 && config.maxvcpus == 2,
	   "blanks");
	for (int i = 0; i < 33; i++) {
		used += snprintf(many + used, sizeof(many) - (size_t)used, "%s['vcpus=%d']",
				 i ? "," : "", i);
	}
	snprintf(many + used, sizeof(many) - (size_t)used, "]");
	ok(refused(many, "a node too many; accepted: up to 32"), "too many nodes");
	test_vnuma_errors();
}

static void test_memory(void)
{
	uint64_t kib;

	ok(memory_parse("512", 'm', &kib) && kib == 512 << 10, "MiB by default");
	ok(memory_parse("512", 'k', &kib) && kib == 512, "or KiB");
	ok(memory_parse("2G", 'm', &kib) && kib == 2 << 20, "G");
	ok(memory_parse("8192b", 'm', &kib) && kib == 8, "bytes");
	ok(memory_parse("1t", 'm', &kib) && kib == 1 << 30, "T");
	ok(!memory_parse("", 'm', &kib) && !memory_parse("m", 'm', &kib) &&
		   !memory_parse("5mb", 'm', &kib) && !memory_parse("-5", 'm', &kib) &&
		   !memory_parse("18446744073709551615", 'm', &kib) &&
		   !memory_parse("8388608t", 'm', &kib) && !memory_parse(" 5", 'm', &kib),
	   "what is no size");
}

/* --- cpuid=
 * --------------------------------------------------------------------------------------- */

#define BITS_31 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* The last change said. */
static bool changes(size_t count, uint32_t leaf, uint32_t sub_leaf, unsigned int reg)
{
	const struct cpuid_change *last = config.cpuid_changes + config.cpuid_change_count - 1;

	return config.cpuid_change_count == count && last->leaf == leaf &&
	       last->sub_leaf == sub_leaf && last->reg == reg;
}

static bool bits(uint32_t clear, uint32_t set, uint32_t host)
{
	const struct cpuid_change *last = config.cpuid_changes + config.cpuid_change_count - 1;

	return last->clear == clear && last->set == set && last->host == host;
}

static void test_cpuid_names(void)
{
	ok(parses("cpuid = \"host\"") && config.cpuid_change_count == 0, "the host's, as it is");
	ok(parses("cpuid = \"host,tm=0,sse3=0\"") && changes(2, 1, CPUID_NO_SUB_LEAF, 2) &&
		   bits(1, 0, 0) && config.cpuid_changes[0].clear == 1u << 29 &&
		   config.cpuid_changes[0].reg == 3,
	   "features are taken away");
	ok(parses("cpuid = \"host,avx2=1\"") && changes(1, 7, 0, 1) && bits(0, 1 << 5, 0),
	   "asked for");
	ok(parses("cpuid = \"host,nx=k,lm=s\"") && changes(2, 0x80000001, CPUID_NO_SUB_LEAF, 3) &&
		   bits(0, 0, 1 << 29),
	   "as the processor has them");
	ok(parses("cpuid = \"host,avx2=x,rdcl-no=0\"") && config.cpuid_change_count == 0,
	   "and left alone");
	ok(parses("cpuid = \"host,xsavec=0\"") && changes(1, 0xd, 1, 0) && bits(2, 0, 0) &&
		   parses("cpuid = \"host,avx512vl=0\"") && bits(1u << 31, 0, 0) &&
		   parses("cpuid = \"host,hypervisor=0\"") && bits(1u << 31, 0, 0) &&
		   parses("cpuid = \"host,serialize=0\"") && changes(1, 7, 0, 3) &&
		   bits(1 << 14, 0, 0) && parses("cpuid = \"host,srso-msr-fix=0\"") &&
		   bits(1u << 31, 0, 0) && parses("cpuid = \"host,btc-no=0\"") &&
		   bits(1u << 29, 0, 0),
	   "bits behind gaps are where they are");
	ok(parses("cpuid = \"host,cmpxchg8=0\"") && bits(1 << 8, 0, 0) &&
		   parses("cpuid = \"host,sse4.2=0,sse4_1=0\"") &&
		   changes(2, 1, CPUID_NO_SUB_LEAF, 2) && bits(1 << 19, 0, 0) &&
		   parses("cpuid = \"host,sha-ni=0\"") && bits(1 << 29, 0, 0),
	   "features have more names than one");
	ok(parses("cpuid = \"host,family=23\"") && changes(1, 1, CPUID_NO_SUB_LEAF, 0) &&
		   bits(0x0f700000, 0x00800f00, 0) && parses("cpuid = \"host,family=6\"") &&
		   bits(0x0ff00900, 0x600, 0) && parses("cpuid = \"host,model=0x3a,stepping=9\"") &&
		   bits(6, 9, 0) && config.cpuid_changes[0].set == 0x300a0,
	   "family, model, stepping");
	ok(parses("cpuid = \"host,maxleaf=7\"") && bits(~7u, 7, 0) &&
		   parses("cpuid = \"host,clflush=8\"") && changes(1, 1, CPUID_NO_SUB_LEAF, 1) &&
		   bits(0xf700, 0x800, 0),
	   "numbers");
	ok(warned("cpuid = \"host,proccount=4\"",
		  "b.cfg:1: warning: cpuid: proccount has no effect") &&
		   warned("cpuid = \"host,rdcl-no=1\"", "rdcl-no=1 has no effect"),
	   "what has no effect is told");
	ok(refused("cpuid = \"host,ss3=0\"",
		   "b.cfg:1: error: cpuid: there is no feature \"ss3\"") &&
		   refused("\ncpuid = \"host,avx3=0\"", "b.cfg:2: error: ") &&
		   strstr(messages.text, "did you mean \"avx") &&
		   refused("cpuid = \"host,-2=0\"", "no feature \"-2\""),
	   "names that are none");
	ok(refused("cpuid = \"host,sse3=2\"", "sse3=2; accepted: 0 (off)") &&
		   refused("cpuid = \"host,sse3=01\"", "accepted: 0 (off)") &&
		   refused("cpuid = \"host,sse3\"", "sse3=; accepted") &&
		   refused("cpuid = \"host,sse3=\"", "sse3=; accepted") &&
		   refused("cpuid = \"host,model=256\"", "model=256; accepted: 0 to 255") &&
		   refused("cpuid = \"host,family=271\"", "accepted: 0 to 270") &&
		   refused("cpuid = \"host,maxleaf=-1\"", "accepted: 0 to 4294967295"),
	   "values that are none");
}

static void test_cpuid_registers(void)
{
	ok(parses("cpuid = [\"1:ecx=" BITS_31 "0,edx=1k" BITS_31 "\"]") == false &&
		   parses("cpuid = [\"1:ecx=" BITS_31 "0,edx=" BITS_31 "1\"]") &&
		   changes(2, 1, CPUID_NO_SUB_LEAF, 3) && bits(0, 1, 0) &&
		   config.cpuid_changes[0].clear == 1,
	   "registers bit by bit");
	ok(parses("cpuid = [\"0x80000001:edx=0" BITS_31 "\", \"7,0:ebx=" BITS_31 "s\"]") &&
		   changes(2, 7, 0, 1) && bits(0, 0, 1) &&
		   config.cpuid_changes[0].clear == 1u << 31,
	   "leaves, sub-leaves");
	ok(refused("cpuid = [\"1:ecx=xx0\"]", "\"xx0\" has 3 characters; accepted: 32") &&
		   refused("cpuid = [\"1:ecx=" BITS_31 "xx\"]", "33 characters") &&
		   refused("cpuid = [\"1:ecx\"]", "0 characters") &&
		   refused("cpuid = [\"1:ecx=" BITS_31 "y\"]", "'y' in "),
	   "bits that are none");
	ok(refused("cpuid = [\"1:efx=" BITS_31 "0\"]", "register \"efx\"; accepted: eax, ebx") &&
		   refused("cpuid = [\"ecx=0\"]", "accepted: host,NAME=VALUE") &&
		   refused("cpuid = [\"hosts\"]", "accepted: host,NAME=VALUE") &&
		   refused("cpuid = [\"one:ecx=0\"]", "leaf \"one\"; accepted: numbers") &&
		   refused("cpuid = [\"7,x:ecx=0\"]", "leaf \"7,x\"") &&
		   refused("cpuid = [\"7:ebx=" BITS_31 "0\"]", "leaf 0x7 has sub-leaves") &&
		   refused("cpuid = [\"1,0:ebx=" BITS_31 "0\"]", "leaf 0x1 has no sub-leaves") &&
		   refused("cpuid = [[\"1\"]]", "not of lists"),
	   "places that are none");
}

int main(void)
{
	test_syntax();
	test_arguments();
	test_keys();
	test_disk_spellings();
	test_disk_errors();
	test_vdev();
	test_vif();
	test_cpus();
	test_vnuma();
	test_memory();
	test_cpuid_names();
	test_cpuid_registers();
	config_free(&config);
	messages_free(&messages);
	return done_testing();
}
