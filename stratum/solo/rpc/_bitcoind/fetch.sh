#!/usr/bin/env bash
# fetch.sh DIR puts a bitcoind for tests into DIR: Bitcoin Knots, a fork of
# Bitcoin Core, out of Debian sid, with every library it needs. Nothing is
# installed and nothing outside DIR is changed; any user may run it. The mirror
# is the one of this machine's own apt sources, and apt checks the signatures.
# DIR/bitcoind runs it. A bitcoind that is there and runs is left as it is.
set -euo pipefail

fail() {
	echo "fetch.sh: $*" >&2
	exit 1
}

unpack=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../../../.ci" && pwd)/unpack-debs
[[ $# = 1 ]] || fail "usage: fetch.sh DIR"
mkdir -p "$1"
dir=$(cd "$1" && pwd)

if "$dir/bitcoind" -version >/dev/null 2>&1; then
	touch "$dir/bitcoind" # for make
	exit 0
fi
work=$dir/work
rm -rf "$work" "$dir/root"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
"$unpack" --sid "$work/root" bitcoin-knots || fail "bitcoin-knots cannot be had"

# Its own loader and libraries: those of this machine may be too old.
loader=$(cd "$work/root" && find usr lib* -name "ld-linux*.so.*" -print -quit 2>/dev/null)
libc=$(cd "$work/root" && find usr lib* -name libc.so.6 -print -quit 2>/dev/null)
[[ -n $loader && -n $libc && -x $work/root/usr/bin/bitcoind ]] || fail "bitcoin-knots has no bitcoind, or no libc came with it"
mv "$work/root" "$dir/root"
cat >"$work/bitcoind" <<EOF
#!/bin/sh
root=\$(dirname "\$(readlink -f "\$0")")/root
exec "\$root/$loader" --library-path "\$root/$(dirname "$libc")" "\$root/usr/bin/bitcoind" "\$@"
EOF
chmod +x "$work/bitcoind"
mv "$work/bitcoind" "$dir/bitcoind"
"$dir/bitcoind" -version >"$work/log" 2>&1 || { cat "$work/log" >&2; rm "$dir/bitcoind"; fail "the fetched bitcoind does not run here"; }
head -n 1 "$work/log"
