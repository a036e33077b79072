#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The committed configure and Makefile.in are exactly what autoconf and automake make.
set -u
skip()
{
	echo "1..0 # SKIP $1"
	exit 0
}
autoconf --version 2>/dev/null | grep -q ' 2\.71$' || skip 'autoconf 2.71 is not here'
automake --version 2>/dev/null | grep -q ' 1\.16\.5$' || skip 'automake 1.16.5 is not here'
pkg-config --version >/dev/null 2>&1 || skip 'pkg-config is not here'
top=$(cd "${srcdir:-.}" && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
# Automake also looks which files stand beside its own, so it gets the whole tree.
tar -cf - -C "$top" --exclude=./.git --exclude='./build' --exclude='./build[!-]*' . | tar -xf - -C "$copy"
chmod -R u+w "$copy"
(cd "$copy" && autoreconf -fi >log 2>&1) || {
	echo 'not ok 1 - autoreconf works'
	sed 's/^/# /' "$copy/log"
	echo '1..1'
	exit 1
}
status=0 number=0
for file in configure Makefile.in aclocal.m4; do
	number=$((number + 1))
	if cmp -s "$copy/$file" "$top/$file"; then
		echo "ok $number - $file is up to date"
	else
		echo "not ok $number - $file is up to date"
		diff "$top/$file" "$copy/$file" | head -n 5 | sed 's/^/# /'
		status=1
	fi
done
echo "1..$number"
exit $status
