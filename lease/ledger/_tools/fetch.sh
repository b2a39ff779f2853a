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

unpack=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../../.ci" && pwd)/unpack-debs
[[ $# = 1 ]] || fail "usage: fetch.sh DIR"
mkdir -p "$1"
dir=$(cd "$1" && pwd)

tools=(hledger bean-check bean-query)
# all_run DIR: the tools are there and run.
all_run() {
	"$1/hledger" --version >/dev/null 2>&1 && "$1/bean-check" --version >/dev/null 2>&1 && "$1/bean-query" --version >/dev/null 2>&1
}
if all_run "$dir"; then
	touch "${tools[@]/#/$dir/}" # for make
	exit 0
fi
work=$dir/work
rm -rf "$work" "$dir/root"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
"$unpack" "$work/root" hledger beancount || fail "elsewhere than on Debian and its like, install hledger and beancount 2"
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
