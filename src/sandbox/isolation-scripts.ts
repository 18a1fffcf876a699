/** Nodes of /dev that harm nothing. */
export const DEVICE_NODES: readonly string[] = ['null', 'zero', 'full', 'random', 'urandom']

/**
 * Builds, in a mount namespace of its own, the small world in which the devices of one worker live, leaves the host's
 * root behind and holds the namespaces until its stdin ends. Arguments: how to make the user namespace, the folder to
 * build in, the devices' own files, then pairs of a source on the host and a place in the world, bound read-only.
 * What is bound from there to other places stays read-only; `flavours/fstab` says what.
 */
export const WORLD_SCRIPT = `set -eu
users=$1 world=$2 devices=$3
shift 3
unescape() { printf '%b' "$(printf '%s' "$1" | sed 's/\\\\\\([0-7][0-7][0-7]\\)/\\\\0\\1/g')"; }
bind_read_only() {
  if [ -d "$1" ]; then mkdir "$2"; else : >"$2"; fi
  mount --rbind "$1" "$2"
  while read -r _ _ _ _ point _; do
    case $point in *\\\\*) point=$(unescape "$point") ;; esac
    case $point in "$world/$2" | "$world/$2"/*) mount -o remount,bind,ro "$point" ;; esac
  done </proc/self/mountinfo
}
mount -t tmpfs -o mode=755,size=16m tmpfs "$world"
cd "$world"
mkdir dev proc old mnt tmp devices
mount --bind "$devices" devices
while [ "$#" -gt 0 ]; do
  bind_read_only "$1" "$2"
  shift 2
done
for name in bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$name" ]; then ln -s "$(readlink "/$name")" "$name"; fi
done
for name in ${DEVICE_NODES.join(' ')}; do : >"dev/$name"; done
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
mount --rbind /proc proc
pivot_root . old
cd /
mount -a -T /flavours/fstab
umount -l /old
mount -o remount,bind,ro /
exec unshare "$users" --mount --pid --net --uts --ipc --fork --kill-child --mount-proc cat
`

/** What a root of a small container may do; nothing of it reaches beyond the device's own namespaces. */
const CAPABILITIES = [
  ...['chown', 'dac_override', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid'],
  ...['net_bind_service', 'net_raw', 'sys_chroot', 'audit_write'],
]

/**
 * Goes from a worker's world into the place of one device, says so, and holds it until stdin ends, waiting for orphans
 * as the first process of a pid namespace has to. Arguments: folder of the device, flavour, kind of disk, programs that
 * hang (separated by colons, - for none).
 */
export const ENTER_SCRIPT = `device=$1 flavour=$2 disk=$3 hang=$4
PATH=/usr/sbin:/usr/bin:/sbin:/bin
lost() {
  echo "The sandbox could not enter the device: $1" >&2
  exit 125
}
if [ "$disk" = full ]; then
  used=$(du -sk "/devices/$device") || lost size
  mount -t tmpfs -o "mode=755,size=$((\${used%%[!0-9]*} + 1024))k" tmpfs /mnt || lost disk
  cp -a "/devices/$device/." /mnt/ || lost copy
  cat /dev/zero >/mnt/var/.filler 2>/dev/null
else
  mount --bind "/devices/$device" /mnt || lost root
fi
mount -a -T "/flavours/$flavour/fstab" || lost mounts
while [ "$hang" != - ]; do
  program=\${hang%%:*}
  if [ -e "/mnt/usr/bin/$program" ]; then mount --bind /flavours/hang "/mnt/usr/bin/$program" || lost hang; fi
  case $hang in *:*) hang=\${hang#*:} ;; *) hang=- ;; esac
done
cd /mnt && pivot_root . mnt || lost pivot
/usr/.host/umount -l /mnt || lost umount
cd /
echo ready
exec 3<&0
/usr/.host/cat <&3 &
wait "$!"
`

/** What every session of a device starts with: a root that may do what a small container may, and nothing else. */
export const SESSION_PREFIX: readonly string[] = [
  '/usr/.host/setpriv',
  '--no-new-privs',
  '--inh-caps=-all',
  `--bounding-set=-all${CAPABILITIES.map((name) => `,+${name}`).join('')}`,
  ...['--', '/bin/sh', '-c', 'cd "$HOME" 2>/dev/null; unset OLDPWD; exec "$@"', 'session'],
]

/** In place of a program that hangs. */
export const HANG_SCRIPT = `#!/bin/sh
exec /usr/.host/sleep 2147483647
`
