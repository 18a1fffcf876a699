#!/usr/bin/env bash
# build-system.sh BASE PACKAGES ROOT PACKAGES: makes the folder BASE, a small Debian, and ROOT, the same with more packages.
# What is there already is left as it is. Several may be asked for at once.
set -euo pipefail
base=$1 base_packages=$2 root=$3 packages=$4
exec 9>"$root.lock"
flock 9
if [ -d "$root" ]; then exit; fi
(
  flock 8
  if [ ! -d "$base" ]; then
    rm -rf "$base.new"
    mmdebstrap --quiet --variant=minbase --aptopt='Apt::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
      --dpkgopt=path-exclude='/usr/share/doc/*' --dpkgopt=path-exclude='/usr/share/man/*' --dpkgopt=path-exclude='/usr/share/locale/*' \
      --skip=cleanup/apt/lists --include="$base_packages" bookworm "$base.new" >&2
    rm -f "$base.new/etc/machine-id"
    : >"$base.new/etc/machine-id"
    mv "$base.new" "$base"
  fi
) 8>"$base.lock"
# As root of a mount namespace of its own: nothing is left mounted whatever happens.
export base root packages
unshare -m bash -euc '
  rm -rf "$root.new" "$root.work" "$root.up"
  mkdir "$root.new" "$root.work" "$root.up"
  mount -t overlay overlay -o "lowerdir=$base,upperdir=$root.up,workdir=$root.work" "$root.new"
  cp /etc/resolv.conf "$root.new/etc/resolv.conf"
  mount -t proc proc "$root.new/proc"
  printf "#!/bin/sh\nexit 101\n" >"$root.new/usr/sbin/policy-rc.d"
  chmod +x "$root.new/usr/sbin/policy-rc.d"
  DEBIAN_FRONTEND=noninteractive chroot "$root.new" apt-get install -y -qq --no-install-recommends $packages >"$root.log" 2>&1 || { cat "$root.log" >&2; exit 1; }
  chroot "$root.new" apt-get clean
  rm "$root.new/usr/sbin/policy-rc.d"
  umount "$root.new/proc"
  cp -a --reflink=auto "$root.new" "$root.copy"
'
rm -rf "$root.new" "$root.work" "$root.up"
mv "$root.copy" "$root"
