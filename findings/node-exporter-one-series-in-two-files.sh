#!/usr/bin/env bash
# prometheus-node-exporter 1.5.0 (Debian 12) and its textfile collector, where two fleets (or two countries of one chain) are told of on one machine, each in a
# file of its own with the same metrics.
# Guess before the run: of a series that stands in both, an error that can be seen from outside: node_textfile_scrape_error 1, or no 200.
# Seen: the file that comes first by its name wins; of the other one just the series that the first does not have are there, so the numbers of two fleets are mixed
# under one name. node_textfile_scrape_error, which alarms go by, is 0, both files have their mtime, the answer is 200. Its log says "collected before with the
# same name and label values", and from the next scrape on promhttp_metric_handler_errors_total{cause="gathering"} counts it.
# Whoever has two writers gives each a label of its own, or a node exporter, and has an alarm on that counter.
# Debian's package is taken into a temporary folder; loopback only.
set -euo pipefail
command -v apt-get >/dev/null && command -v curl >/dev/null || { echo "needs Debian 12 and curl"; exit 2; }
folder=$(mktemp -d)
exporter=
trap '[ -z "$exporter" ] || kill "$exporter"; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq prometheus-node-exporter=1.5.0-1+b6 2>/dev/null || { echo "Debian's archive has this version no more"; exit 2; }
dpkg -x prometheus-node-exporter_*.deb .
mkdir files
printf '# TYPE till_devices gauge\ntill_devices{state="ok"} 500\n' >files/cz.prom
printf '# TYPE till_devices gauge\ntill_devices{state="ok"} 700\ntill_devices{state="drifted"} 31\n' >files/pl.prom
port=$((20000 + $$ % 20000))
usr/bin/prometheus-node-exporter --web.listen-address="127.0.0.1:$port" --collector.disable-defaults --collector.textfile --collector.textfile.directory=files 2>log &
exporter=$!
ask() { curl -s --noproxy '*' --retry 20 --retry-delay 1 --retry-connrefused "http://127.0.0.1:$port/metrics" "$@"; }
ask -o /dev/null
seen=$(
  ask | grep -E '^(till_devices|node_textfile_scrape_error|node_textfile_mtime_seconds|promhttp_metric_handler_errors_total)' | sed 's/\(mtime.*}\).*/\1/' | sort
  ask -o /dev/null -w 'answer %{http_code}\n'
  printf 'lines of the log: %s\n' "$(grep -c 'was collected before' log | sed 's/^[1-9].*/some/')"
)
printf 'prometheus-node-exporter 1.5.0\n%s\n' "$seen"
expected='node_textfile_mtime_seconds{file="files/cz.prom"}
node_textfile_mtime_seconds{file="files/pl.prom"}
node_textfile_scrape_error 0
promhttp_metric_handler_errors_total{cause="encoding"} 0
promhttp_metric_handler_errors_total{cause="gathering"} 1
till_devices{state="drifted"} 31
till_devices{state="ok"} 500
answer 200
lines of the log: some'
[ "$seen" = "$expected" ]
