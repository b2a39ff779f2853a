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

[[ $# = 1 ]] || fail "usage: fetch.sh DIR"
mkdir -p "$1"
dir=$(cd "$1" && pwd)
[[ $dir != *[[:space:]]* ]] || fail "$dir has a space in its name, which apt cannot be told"

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
for tool in apt-get dpkg; do
	command -v $tool >/dev/null || fail "there is no $tool here: packages are fetched on Debian and its like only; elsewhere install the user-mode emulators of qemu"
done

# A private apt that knows of no installed package, so that it fetches all that
# the emulators need. They are linked statically: that is nothing, or nearly.
work=$dir/work
rm -rf "$work"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists,archives}/partial "$work/root" "$work/bin"
: >"$work/status"

private_apt() {
	apt-get -qq \
		-o Dir::State="$work" -o Dir::State::status="$work/status" -o Dir::State::lists="$work/lists" \
		-o Dir::Cache="$work" -o Dir::Cache::archives="$work/archives" -o Dir::Log="$work" \
		-o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none \
		-o Acquire::Retries=1 -o Acquire::http::Timeout=15 -o Acquire::https::Timeout=15 \
		"$@"
}
private_apt update >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "this machine's apt sources cannot be reached"; }
private_apt --yes --no-install-recommends --download-only install qemu-user-static >"$work/log" 2>&1 ||
	{ cat "$work/log" >&2; fail "this machine's apt sources have no qemu-user-static"; }
for deb in "$work"/archives/*.deb; do
	dpkg -x "$deb" "$work/root"
done
for name in "${emulators[@]}"; do
	for file in "$work/root/usr/bin/$name" "$work/root/usr/bin/$name-static"; do
		if [[ -f $file && ! -L $file ]]; then cp "$file" "$work/bin/$name"; fi
	done
done
all_run "$work/bin" || fail "the emulators of the package qemu-user-static do not run here"
mv "$work"/bin/* "$dir"
"$dir/${emulators[0]}" --version | head -n 1
