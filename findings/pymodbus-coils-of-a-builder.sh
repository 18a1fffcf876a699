#!/usr/bin/env bash
# pymodbus 3.0.0 (Debian 12, python3-pymodbus), whose payload builder makes coils and whose decoder reads them, and a device's relays. MODBUS Application Protocol
# V1.1b3, 6.1 and 6.11: the lowest bit of the first byte is the coil that was addressed, the next ones follow towards its highest bit.
# Guess before the run: of ten relays whose first and ninth are on, `write_coils(0, builder.to_coils())` turns on these two; what is read from the device, `fromCoils` and
# `decode_bits` give as it was read.
# Seen: `to_coils` has each register from its highest bit down: it turns on coils 8 and 16, the last of each byte. `fromCoils` turns each byte round as well, so that the two
# of them agree with each other and with no device. Where coils are no multiple of eight, it puts in front as many as are too many, not as many as lack: of ten it makes
# 12, and what comes out belongs to others. `decode_bits(2)` gives the second byte alone. The same bits without a builder are right.
# Whoever switches by it gives lists of bits to write_coils, and takes `bits` of the answer.
# Debian's package is taken into a temporary folder; nothing is sent.
set -euo pipefail
command -v apt-get >/dev/null && [ -x /usr/bin/python3 ] || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq python3-pymodbus=3.0.0-7 2>/dev/null || { echo "Debian's archive has this version no more"; exit 2; }
dpkg -x python3-pymodbus_*.deb .
cat >look.py <<'PY'
from pymodbus.bit_read_message import ReadCoilsResponse
from pymodbus.bit_write_message import WriteMultipleCoilsRequest
from pymodbus.constants import Endian
from pymodbus.payload import BinaryPayloadBuilder, BinaryPayloadDecoder


def on(bits):
    return [number for number, bit in enumerate(bits, 1) if bit]


def sent(bits):
    return WriteMultipleCoilsRequest(0, bits).encode()[5:]


def device(data):
    """The coils that a device turns on, by the specification: the lowest bit first."""
    return on(byte >> bit & 1 for byte in data for bit in range(8))


relays = [number in (1, 9) for number in range(1, 11)]
builder = BinaryPayloadBuilder(byteorder=Endian.Big)
builder.add_bits(relays)
print(f"without a builder: {sent(relays).hex()}, on {device(sent(relays))}")
print(f"by to_coils: {sent(builder.to_coils()).hex()}, on {device(sent(builder.to_coils()))}")

answer = ReadCoilsResponse()
answer.decode(bytes.fromhex("020101"))
print(f"read, bits: on {on(answer.bits)}")
decoder = BinaryPayloadDecoder.fromCoils(answer.bits, byteorder=Endian.Big)
print(f"read, fromCoils: on {on(decoder.decode_bits() + decoder.decode_bits())}")
decoder = BinaryPayloadDecoder.fromCoils(answer.bits[:10], byteorder=Endian.Big)
print(f"ten of them, fromCoils: on {on(decoder.decode_bits() + decoder.decode_bits())}")
decoder = BinaryPayloadDecoder.fromCoils(builder.to_coils(), byteorder=Endian.Big)
print(f"from to_coils, fromCoils: on {on(decoder.decode_bits() + decoder.decode_bits())}")
bits = BinaryPayloadDecoder(bytes.fromhex("0103")).decode_bits(2)
print(f"01 03, decode_bits(2): {len(bits)} bits, on {on(bits)}")
PY
seen=$(PYTHONPATH=usr/lib/python3/dist-packages /usr/bin/python3 -W ignore look.py)
printf 'pymodbus 3.0.0\n%s\n' "$seen"
expected='without a builder: 0101, on [1, 9]
by to_coils: 8080, on [8, 16]
read, bits: on [1, 9]
read, fromCoils: on [8, 16]
ten of them, fromCoils: on [6, 10]
from to_coils, fromCoils: on [1, 9]
01 03, decode_bits(2): 8 bits, on [1, 2]'
[ "$seen" = "$expected" ]
