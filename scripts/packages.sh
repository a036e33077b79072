# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What Debian 12 packages the build, the tests and the demo need, and how to install what is missing.

# shellcheck disable=SC2034 # read by the scripts that source this file
BUILD_PACKAGES="gcc libc6-dev make pkg-config python3 libxml2-dev libncurses-dev libfdt-dev"
# shellcheck disable=SC2034
TEST_PACKAGES="qemu-system-x86 device-tree-compiler libxen-dev g++ gdb autoconf automake clang-format shellcheck grub-common grub-pc-bin grub-efi-amd64-bin xorriso mtools ovmf debootstrap fdisk dosfstools e2fsprogs stress-ng tmux groff-base zsh xz-utils zstd lz4"
# shellcheck disable=SC2034 # for what ./run-tests --full does besides
FULL_PACKAGES="clang libclang-rt-dev"

# shellcheck disable=SC2034
DEMO_PACKAGES="qemu-system-x86"

# install_packages LIST...: asks dpkg first, so that a ready machine does not touch apt.
install_packages()
{
	absent=
	# shellcheck disable=SC2048 # the lists are split into words on purpose
	for package in $*; do
		status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)
		[ "$status" = "install ok installed" ] || absent="$absent $package"
	done
	[ -n "$absent" ] || return 0
	as_root=
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || {
			echo "missing:$absent; install them as root, or use sudo" >&2
			return 1
		}
		as_root=sudo
	fi
	echo "installing:$absent"
	apt_log=$(mktemp)
	# shellcheck disable=SC2086 # a list of words
	{
		$as_root apt-get -qq update &&
			DEBIAN_FRONTEND=noninteractive $as_root apt-get -qq install -y --no-install-recommends $absent
	} >"$apt_log" 2>&1 || {
		tail -n 5 "$apt_log" >&2
		rm -f "$apt_log"
		echo "apt-get could not install:$absent" >&2
		return 1
	}
	rm -f "$apt_log"
}
