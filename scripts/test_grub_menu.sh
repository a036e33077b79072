#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The script of GRUB's menu entries: which kernels get one, what is in it, and GRUB can read it.
set -u
if [ ! -f /usr/share/grub/grub-mkconfig_lib ] || ! command -v grub-script-check >/dev/null; then
	echo "1..0 # SKIP grub-mkconfig is missing (Debian package grub-common)"
	exit 0
fi
folder=$(mktemp -d "${TMPDIR:-/tmp}/parvus-grub.XXXXXX")
trap 'rm -rf "$folder"' EXIT
count=0 failed=0

# check STATUS WHAT
check()
{
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		sed 's/^/# /' "$folder/menu"
		failed=1
	fi
}

# menu WORD=VALUE...: the entries, with these settings of GRUB.
menu()
{
	env PARVUS_KERNELS="$folder" GRUB_DEVICE=/dev/vda1 GRUB_DEVICE_UUID=1234-abcd GRUB_DISABLE_RECOVERY=true \
		GRUB_CMDLINE_XEN="dom0_mem=1G" GRUB_CMDLINE_LINUX_DEFAULT=quiet "$@" sh "$folder/20_parvus" >"$folder/menu" 2>/dev/null
}

# A root of its own for the test: what asks about devices is replaced, for there is no GRUB on this machine's disk.
mkdir "$folder/lib"
{
	cat /usr/share/grub/grub-mkconfig_lib
	# shellcheck disable=SC2016 # for that script to expand
	echo 'prepare_grub_to_access_device() { echo "search --fs-uuid $1"; }'
	# shellcheck disable=SC2016
	echo 'make_system_path_relative_to_its_root() { echo "${1#'"$folder"'}"; }'
} >"$folder/lib/grub-mkconfig_lib"
sed "s|@bootdir@|$folder|; s|\${pkgdatadir:-/usr/share/grub}|$folder/lib|" "${srcdir:?}/scripts/20_parvus.in" >"$folder/20_parvus"

for version in 6.1.0-9 6.1.0-10 5.0-plain; do
	echo kernel >"$folder/vmlinuz-$version"
done
for version in 6.1.0-9 6.1.0-10; do
	echo CONFIG_XEN_PV_DOM0=y >"$folder/config-$version"
	echo initrd >"$folder/initrd.img-$version"
done
: >"$folder/config-5.0-plain"

menu && [ ! -s "$folder/menu" ]
check $? "no entries where the hypervisor is not installed"
echo hypervisor >"$folder/parvus.elf"
menu && grub-script-check "$folder/menu"
check $? "GRUB can read the entries"
[ "$(grep -c ^menuentry "$folder/menu")" = 2 ]
check $? "an entry for each kernel that can be Dom0, none for others"
grep ^menuentry "$folder/menu" | head -n 1 | grep -q 6.1.0-10
check $? "the newest comes first"
grep -q 'multiboot2 /parvus.elf placeholder dom0_mem=1G' "$folder/menu"
check $? "the hypervisor has its options"
grep -q 'module2 /vmlinuz-6.1.0-10 placeholder root=UUID=1234-abcd ro *quiet' "$folder/menu"
check $? "the kernel has the root and its words"
grep -q 'module2 --nounzip /initrd.img-6.1.0-10' "$folder/menu"
check $? "the initrd is handed over as it is"
menu GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT=loud GRUB_DISABLE_RECOVERY=false
grep -q 'ro *loud' "$folder/menu" && grep -q 'recovery mode' "$folder/menu" && grep -q 'ro single' "$folder/menu"
check $? "words for this case alone, and entries to recover by"
menu GRUB_DISABLE_LINUX_UUID=true
grep -q 'root=/dev/vda1' "$folder/menu"
check $? "a device's name where its number is not wanted"
echo "1..$count"
exit $failed
