#!/usr/bin/env bash
# fetch.sh DIR puts qemu-aarch64 and qemu-x86_64 into DIR, for tests on other
# processors: the emulators of single programs, out of the package
# qemu-user-static of this machine's own apt sources, whose signatures apt
# checks. Nothing is installed and nothing outside DIR is changed; any user may
# run it. Emulators that are there and run are left as they are.
set -euo pipefail

fail() {
	echo "fetch.sh: $*" >&2
	exit 1
}

unpack=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.ci" && pwd)/unpack-debs
[[ $# = 1 ]] || fail "usage: fetch.sh DIR"
mkdir -p "$1"
dir=$(cd "$1" && pwd)

emulators=(qemu-aarch64 qemu-x86_64)
all_run() {
	local name
	for name in "${emulators[@]}"; do
		"$1/$name" --version >/dev/null 2>&1 || return 1
	done
}
if all_run "$dir"; then
	touch "${emulators[@]/#/$dir/}" # for make
	exit 0
fi
work=$dir/work
rm -rf "$work"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/bin"
"$unpack" "$work/root" qemu-user-static || fail "elsewhere than on Debian and its like, install the user-mode emulators of qemu"
for name in "${emulators[@]}"; do
	for file in "$work/root/usr/bin/$name" "$work/root/usr/bin/$name-static"; do
		if [[ -f $file && ! -L $file ]]; then cp "$file" "$work/bin/$name"; fi
	done
done
all_run "$work/bin" || fail "the emulators of the package qemu-user-static do not run here"
mv "$work"/bin/* "$dir"
"$dir/${emulators[0]}" --version | head -n 1
