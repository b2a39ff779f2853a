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

[[ $# = 1 ]] || fail "usage: fetch.sh DIR"
mkdir -p "$1"
dir=$(cd "$1" && pwd)
[[ $dir != *[[:space:]]* ]] || fail "$dir has a space in its name, which apt cannot be told"

if "$dir/bitcoind" -version >/dev/null 2>&1; then
	touch "$dir/bitcoind" # for make
	exit 0
fi
for tool in apt-get dpkg; do
	command -v $tool >/dev/null || fail "there is no $tool here: Debian's packages are fetched on Debian and its like only"
done

# The first source that is Debian itself. Where apt has no lists yet, it knows
# no origin, and the usual path in what it would fetch has to do.
mirror=$({
	apt-get indextargets --format '$(REPO_URI) $(ORIGIN)' 'Created-By: Packages'
	apt-get --print-uris update | sed -n "s|^'\([^']*/debian/\)dists/.*|\1 Debian|p"
} | awk '$2 == "Debian" && $1 !~ /security/ && !found { print $1; found = 1 }')
[[ -n $mirror ]] || fail "none of this machine's apt sources is a Debian mirror"

# A private apt that knows of no installed package, so that it fetches the
# libraries too, down to libc.
work=$dir/work
rm -rf "$work" "$dir/root"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists,archives}/partial "$work/root"
: >"$work/status"
options=target=Packages
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
if [[ -e $keyring ]]; then options+=" signed-by=$keyring"; fi
echo "deb [$options] $mirror sid main" >"$work/sources.list"

private_apt() {
	apt-get -qq \
		-o Dir::State="$work" -o Dir::State::status="$work/status" -o Dir::State::lists="$work/lists" \
		-o Dir::Cache="$work" -o Dir::Cache::archives="$work/archives" -o Dir::Log="$work" \
		-o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o APT::Sandbox::User="$(id -un)" -o APT::Update::Error-Mode=any \
		-o Acquire::Retries=1 -o Acquire::http::Timeout=15 -o Acquire::https::Timeout=15 \
		"$@"
}
private_apt update >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "Debian sid cannot be reached at this machine's mirror"; }
private_apt --yes --no-install-recommends --download-only install bitcoin-knots >"$work/log" 2>&1 ||
	{ cat "$work/log" >&2; fail "Debian sid's bitcoin-knots cannot be had"; }
for deb in "$work"/archives/*.deb; do
	dpkg -x "$deb" "$work/root"
done

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
