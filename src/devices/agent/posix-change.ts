import { TOOL_PRELUDE } from '../../shell/tool-answer.ts'
import { CARRY } from '../file/carry.ts'
import { FINGERPRINT } from '../file/read-file.ts'
import { convergeFileScript, convergeScript } from '../package/change-package.ts'
import type { PackageManager } from '../package/package-manager.ts'
import { convergeService } from '../service/converge-service.ts'
import type { ServiceState } from '../service/service-state.ts'
import { AGENT_EXIT } from './agent-exit.ts'
import { AGENT_FUNCTIONS, ASK_AGENT } from './posix-ask.ts'

// The validator sees a copy of the whole configuration, in which every Include leads to its copy.
const VALIDATE = `closure() (
  [ "$2" -le 10 ] || exit
  printf '%s\\n' "$1"
  said "$1" | sed -n 's/^Include[[:space:]]*=[[:space:]]*//p' | while IFS= read -r pattern; do
    matches "$pattern" | while IFS= read -r file; do closure "$file" $(($2 + 1)); done
  done
)
mirror() {
  mkdir -p "$stage\${2%/*}" || return 1
  while IFS= read -r line || [ -n "$line" ]; do
    key=\${line%%=*}
    case $line in *Include*=*) key=$(printf '%s' "$key" | tr -d '[:space:]') ;; esac
    if [ "$key" = Include ]; then
      value=$(printf '%s' "\${line#*=}" | sed 's/^[[:space:]]*//')
      case $value in /*) line=Include=$stage$value folder=$value ;; *) folder=\${path%/*}/\${value#./} ;; esac
      if [ ! -d "$folder" ]; then folder=\${folder%/*}; fi
      if [ -d "$folder" ]; then mkdir -p "$stage$folder"; fi
    fi
    printf '%s\\n' "$line"
  done <"$1" >"$stage$2"
}
mirror_new() {
  if [ "$part" != config ]; then return 0; fi
  as=$at
  if [ "$at" = "$real" ]; then as=$path; fi
  mirror "$save/new_$n" "$as"
}
validate() {
  stage=$save/stage
  rm -rf "$stage"
  closure "$real" 1 | while IFS= read -r file; do
    as=$file
    if [ "$file" = "$real" ]; then as=$path; fi
    mirror "$file" "$as" || exit 1
  done || return 1
  each mirror_new || return 1
  number=$("$binary" -V 2>/dev/null </dev/null | head -n 1 | version_in)
  # Up to 6.4 no version has -T; a test of one item reads the whole configuration too, and ends with 1 if it is wrong.
  if [ "\${number%%.*}" -ge 7 ] 2>/dev/null; then set -- -T; else set -- -t agent.ping; fi
  "$binary" -c "$stage$path" "$@" >"$save/said" 2>&1 </dev/null && return 0
  sed "s|$stage||g" "$save/said" | tail -c 2000 >&2
  return 1
}
`

// What is saved stays until the agent answers: whoever finds it there knows that a change was not finished.
const FILES = `save=\${real%/*}/.till-agent
each() {
  n=1
  while [ "$n" -le "$count" ]; do
    eval "at=\\$path_$n sum=\\$sum_$n mode=\\$mode_$n owner=\\$owner_$n bytes=\\$bytes_$n part=\\$part_$n content=\\$content_$n"
    "$@" || return 1
    n=$((n + 1))
  done
}
unmoved() {
  now=absent
  if [ -f "$at" ]; then now=$(fingerprint "$at"); fi
  if [ "$sum" != any ] && [ "$now" != "$sum" ]; then printf '%s\\n' "$at" >&2; return 1; fi
}
keep() {
  if grep -qxF -e "$at" "$save/list" 2>/dev/null; then return 0; fi
  mkdir -p "$save/was\${at%/*}" || return 1
  if [ -f "$at" ]; then cp -p "$at" "$save/was$at" && carry "$at" "$save/was$at" || return 1; fi
  printf '%s\\n' "$at" >>"$save/list"
}
write() {
  rm -f "$save/new_$n"
  ( set -C; : >"$save/new_$n" ) && chmod 600 "$save/new_$n" || return 1
  printf '%s' "$content" >"$save/new_$n" || return 1
  size=$(wc -c <"$save/new_$n")
  if [ $((size)) -ne "$bytes" ]; then printf '%s\\n' "$at: only $((size)) of $bytes bytes could be written" >&2; return 1; fi
  if [ -n "$owner" ]; then chown "$owner" "$save/new_$n" || return 1; fi
  carry "$at" "$save/new_$n" || return 1
  chmod "$mode" "$save/new_$n" || return 1
  if [ -e "$at" ] && command -v chcon >/dev/null 2>&1; then chcon --reference="$at" "$save/new_$n" 2>/dev/null; fi
  return 0
}
put() {
  if [ "$part" = "$putting" ]; then swap "$save/new_$n" "$at" "$mode" "$owner" || return 1; fi
}
restore() {
  if [ ! -f "$save/list" ]; then return 0; fi
  while IFS= read -r at; do
    if [ -f "$save/was$at" ]; then cp -p "$save/was$at" "$save/back" && carry "$save/was$at" "$save/back" && swap "$save/back" "$at" '' ''; else rm -f "$at"; fi
  done <"$save/list"
}
`

const CHANGE = `need_tool sed grep head tail tr wc cat ls date sleep mkdir cp mv rm chmod
say() { printf '%s=%s\\n' "$1" "$2"; }
prove() {
  effective=$(lines "$path" 1)
  until=$(($(date +%s) + $patience))
  while :; do
    ask_agent
    if [ "$ping" = yes ]; then return 0; fi
    if [ "$(date +%s)" -ge "$until" ]; then return 1; fi
    sleep 0.3 2>/dev/null || sleep 1
  done
}
# Whatever was changed is taken back, and what came of that is said.
roll_back() {
  trap '' HUP INT TERM
  back=none
  if [ -n "$installed" ]; then
    back=no
    if [ -n "$old_version" ] && (install_old) >/dev/null 2>&1; then back=yes; fi
    say package_back "$back"
  fi
  restore
  binary=$(command -v "$kind")
  if [ "$was_running" = yes ]; then
    (operate restart '') >/dev/null 2>&1
    if prove; then say answers yes; rm -rf "$save"; else say answers no; fi
  else
    if [ -n "$acted" ]; then (operate stop '') >/dev/null 2>&1; fi
    rm -rf "$save"
  fi
  exit "$1"
}
installed= acted=
each unmoved || exit ${AGENT_EXIT.moved}
umask 077
mkdir -p "$save" || exit ${AGENT_EXIT.unwritten}
each keep || exit ${AGENT_EXIT.unwritten}
if [ "$install" = yes ]; then
  (install_wished) || { say package_exit "$?"; if [ "$count" -eq 0 ]; then rmdir "$save" 2>/dev/null; fi; restore; rm -rf "$save"; exit ${AGENT_EXIT.package}; }
  installed=yes
fi
binary=$(command -v "$kind") || { printf '%s\\n' "the package brought no $kind" >&2; roll_back ${AGENT_EXIT.package}; }
each write || roll_back ${AGENT_EXIT.unwritten}
trap 'restore; exit 143' HUP INT TERM
putting=psk
each put || roll_back ${AGENT_EXIT.unwritten}
validate || roll_back ${AGENT_EXIT.refused}
putting=config
each put || roll_back ${AGENT_EXIT.unwritten}
if [ -n "$act$boot" ]; then
  acted=yes
  (operate "$act" "$boot") || roll_back ${AGENT_EXIT.service}
fi
if [ -n "$act" ]; then prove || roll_back ${AGENT_EXIT.silent}; fi
rm -rf "$save"
`

/**
 * Changes the agent of a device in one go: package, files, restart, proof; what does not work out is taken back. Values:
 * kind, path, real, service, patience (seconds until it has to answer), act (start, restart or nothing), boot (enable, disable or nothing), was_running, install
 * (yes, no) with the values of `convergeScript`, old_version, count, and of each file path_N, part_N (config, psk),
 * content_N, bytes_N, mode_N, owner_N, and sum_N: the fingerprint it must have, `absent` or `any`.
 */
export function changeScript(
  init: Exclude<ServiceState['init'], 'windows'>,
  by: { readonly manager: PackageManager; readonly fromFile: boolean } | undefined,
): string {
  const install = by ? (by.fromFile ? convergeFileScript(by.manager) : convergeScript(by.manager, 'present')) : 'exit 1'
  const old = by ? convergeScript(by.manager, 'present') : 'exit 1'
  return `${TOOL_PRELUDE}${FINGERPRINT}${CARRY}${AGENT_FUNCTIONS}${ASK_AGENT}${VALIDATE}${FILES}
operate() ( name=$service act=$1 boot_act=$2
${convergeService(init)}
)
install_wished() ( name=$package
${install}
)
install_old() ( name=$package version=$old_version file= scratch=
${old}
)
${CHANGE}`
}
