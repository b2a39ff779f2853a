#!/usr/bin/env bash
# fetch.sh DIR puts a headless Chromium into DIR, for the test of the verifier's
# page: the package chromium of this machine's own apt sources, with every
# library that it needs. Nothing is installed and nothing outside DIR is changed;
# any user may run it. DIR/chromium runs it. One that is there and runs is left
# as it is.
set -euo pipefail

fail() {
	echo "fetch.sh: $*" >&2
	exit 1
}

unpack=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../../../.ci" && pwd)/unpack-debs
[[ $# = 1 ]] || fail "usage: fetch.sh DIR"
mkdir -p "$1"
dir=$(cd "$1" && pwd)

runs() {
	[[ -x $dir/chromium ]] && "$dir/chromium" --headless --no-sandbox --disable-gpu --dump-dom about:blank >/dev/null 2>&1
}
if runs; then
	touch "$dir/chromium" # for make
	exit 0
fi
rm -rf "$dir/root" "$dir/chromium"
"$unpack" "$dir/root" chromium-headless-shell ||
	"$unpack" "$dir/root" chromium || fail "elsewhere than on Debian and its like, install Chromium"

# The libraries are of this machine's own release, so that its loader and its
# libc do for them; others may be missing here.
libs=$(find "$dir/root" \( -name 'libc.so.6' -o -name 'libm.so.6' -o -name 'libpthread.so.0' -o -name 'libdl.so.2' -o -name 'librt.so.1' -o -name 'ld-linux*' \) -printf '%p\n')
# shellcheck disable=SC2086
rm -f $libs
binary=$(cd "$dir" && find root/usr/lib/chromium -maxdepth 1 -type f \( -name chromium -o -name chromium-headless-shell -o -name headless_shell \) | head -n 1)
[[ -n $binary ]] || fail "the package chromium does not hold what was expected of it"
folders=$(cd "$dir" && find root -name '*.so*' -printf '%h\n' | sort -u | sed 's|^|$here/|' | paste -sd:)
cat >"$dir/chromium.new" <<EOF
#!/bin/sh
here=\$(dirname "\$(readlink -f "\$0")")
export LD_LIBRARY_PATH="$folders" FONTCONFIG_PATH="\$here/root/etc/fonts" LC_ALL=C.UTF-8
exec "\$here/$binary" "\$@"
EOF
chmod +x "$dir/chromium.new"
mv "$dir/chromium.new" "$dir/chromium"
runs || fail "the fetched chromium does not run here"
"$dir/chromium" --version
