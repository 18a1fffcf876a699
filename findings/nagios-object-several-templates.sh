#!/usr/bin/env bash
# Nagios::Object 0.21.20 (Debian 12, libnagios-object-perl), "simple interfaces to Nagios objects" by which lists of checks are made from Nagios' own files. Nagios Core's manual,
# "Object Inheritance": `use` takes several templates with commas, of which the first that has a value counts; + in front adds to what the template
# has; null takes nothing over. "Object configuration overview": what stands behind ; is a comment, and \; is a semicolon.
# Guess before the run, with Version => 3: of a service with two templates the interval of the second and the attempts of the first; night and day shift; no notes; a
# command with its semicolon; or an error.
# Seen: with two templates nothing is taken from either, though one alone is right: no interval, no attempts, without a word. +night is night
# alone, so that who is told by day is gone; null is the text null. A command ends at \;, and its second half is no more.
# Whoever carries such files over reads objects.cache of the running Nagios instead, where all of this is worked out.
# Debian's package is taken into a temporary folder; Perl is Debian 12's own.
set -euo pipefail
command -v apt-get >/dev/null && [ -x /usr/bin/perl ] || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq libnagios-object-perl=0.21.20-3 2>/dev/null || { echo "Debian's archive has this version no more"; exit 2; }
dpkg -x libnagios-object-perl_*.deb .
define() {
  printf 'define %s{\n' "$1"
  shift
  printf '  %s\n' "$@" '}'
}
{
  define contactgroup 'contactgroup_name day' 'alias Day'
  define contactgroup 'contactgroup_name night' 'alias Night'
  define service 'name every-store' 'check_interval 5' 'max_check_attempts 3' 'contact_groups day' 'notes_url http://wiki/tills' 'register 0'
  define service 'name till' 'max_check_attempts 7' 'register 0'
  define service 'host_name pos1' 'service_description one' 'use every-store'
  define service 'host_name pos1' 'service_description two' 'use till,every-store'
  define service 'host_name pos1' 'service_description added' 'use every-store' 'contact_groups +night' 'notes_url null'
  define command 'command_name told' 'command_line echo till\; echo store ; a comment'
} >tills.cfg
cat >look.pl <<'PL'
use Nagios::Object::Config;
my $config = Nagios::Object::Config->new(Version => 3);
$config->parse('tills.cfg');
$config->resolve_objects;
$config->register_objects;
for my $service (@{ $config->list_services }) {
    my $name = $service->{service_description} or next;
    my $groups = $service->contact_groups;
    printf "%s: interval %s, attempts %s, told %s, notes %s\n", $name, $service->check_interval // 'none', $service->max_check_attempts // 'none',
        join('+', map { ref $_ ? $_->name : $_ } ref $groups eq 'ARRAY' ? @$groups : $groups // 'nobody'), $service->notes_url // 'none';
}
print 'command: ', $_->command_line, "\n" for @{ $config->list_commands };
PL
seen=$(PERL5LIB=usr/share/perl5 /usr/bin/perl look.pl)
printf 'Nagios::Object 0.21.20\n%s\n' "$seen"
expected='one: interval 5, attempts 3, told day, notes http://wiki/tills
two: interval none, attempts none, told nobody, notes none
added: interval 5, attempts 3, told night, notes null
command: echo till\'
[ "$seen" = "$expected" ]
