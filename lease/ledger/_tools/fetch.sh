#!/usr/bin/env bash
# fetch.sh DIR puts hledger and bean-check into DIR, for tests of the exported
# books: the packages hledger and beancount of this machine's own apt sources,
# whose signatures and checksums apt checks, with every library and the Python
# that they need. Nothing is installed and nothing outside DIR is changed; any
# user may run it. Tools that are there and run are left as they are.
set -euo pipefail

fail() {
	echo "fetch.sh: $*" >&2
	exit 1
}

[[ $# = 1 ]] || fail "usage: fetch.sh DIR"
mkdir -p "$1"
dir=$(cd "$1" && pwd)
[[ $dir != *[[:space:]]* ]] || fail "$dir has a space in its name, which apt cannot be told"

tools=(hledger bean-check bean-query)
# all_run DIR: the tools are there and run.
all_run() {
	"$1/hledger" --version >/dev/null 2>&1 && "$1/bean-check" --version >/dev/null 2>&1 && "$1/bean-query" --version >/dev/null 2>&1
}
if all_run "$dir"; then
	touch "${tools[@]/#/$dir/}" # for make
	exit 0
fi
for tool in apt-get dpkg; do
	command -v $tool >/dev/null || fail "there is no $tool here: packages are fetched on Debian and its like only; elsewhere install hledger and beancount 2"
done

# A private apt that knows of no installed package, so that it fetches all that
# the tools need, down to libc.
work=$dir/work
rm -rf "$work" "$dir/root"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists,archives}/partial "$work/root"
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
private_apt --yes --no-install-recommends --download-only install hledger beancount >"$work/log" 2>&1 ||
	{ cat "$work/log" >&2; fail "this machine's apt sources have no hledger or no beancount"; }
for deb in "$work"/archives/*.deb; do
	dpkg -x "$deb" "$work/root"
done
rm -rf "$work/root/usr/share" "$work/root/var"

# Their own loader and libraries: those of this machine may be others. What it
# has of locales and Python does not count either.
cd "$work/root"
loader=$(find usr/lib* lib* -name "ld-linux*.so.*" -print -quit 2>/dev/null)
libc=$(find usr/lib* lib* -name libc.so.6 -print -quit 2>/dev/null)
python=$(find usr/bin -name "python3.*[0-9]" -type f -print -quit)
[[ -n $loader && -n $libc && -n $python && -x usr/bin/hledger && -f usr/bin/bean-check ]] ||
	fail "the packages hledger and beancount do not hold what was expected of them"
triplet=$(basename "$(dirname "$libc")")
cd "$dir"
mv "$work/root" root
for tool in "${tools[@]}"; do
	case $tool in
	hledger) run="\"\$root/usr/bin/hledger\"" ;;
	*) run="\"\$root/$python\" -S \"\$root/usr/bin/$tool\"" ;;
	esac
	cat >"$work/$tool" <<WRAPPER
#!/bin/sh
root=\$(dirname "\$(readlink -f "\$0")")/root
export LC_ALL=C.UTF-8 PYTHONHOME="\$root/usr" PYTHONPATH="\$root/usr/lib/python3/dist-packages"
exec "\$root/$loader" --library-path "\$root/lib/$triplet:\$root/usr/lib/$triplet" $run "\$@"
WRAPPER
	chmod +x "$work/$tool"
	mv "$work/$tool" "$tool"
done
all_run "$dir" || { rm -f "${tools[@]}"; fail "the fetched hledger or beancount does not run here"; }
./hledger --version
./bean-check --version
