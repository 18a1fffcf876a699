"""asyncssh: connect, check the host key, log in with an ed25519 key, run one command, on every address of a list.

bare_asyncssh.py HOSTS PORT USER KEY_FILE HOST_KEY_FILE IN_FLIGHT COMMAND     (HOST_KEY_FILE: OpenSSH .pub)
"""
import asyncio
import sys
import warnings

warnings.simplefilter('ignore')
import asyncssh  # noqa: E402

hosts, port, user, key_file, host_key_file, in_flight, command = sys.argv[1:]


async def main():
    key = asyncssh.read_private_key(key_file)
    trusted = asyncssh.import_known_hosts('* ' + open(host_key_file).read())
    gate = asyncio.Semaphore(int(in_flight))
    options = asyncssh.SSHClientConnectionOptions(
        username=user, client_keys=[key], known_hosts=trusted, config=None, agent_path=None,
        kex_algs=['curve25519-sha256'], server_host_key_algs=['ssh-ed25519'], compression_algs=None)

    async def ask(address):
        async with gate:
            try:
                async with asyncssh.connect(address, int(port), options=options) as connection:
                    return (await connection.run(command)).exit_status == 0
            except (OSError, asyncssh.Error) as error:
                print(f'{address}: {error}', file=sys.stderr)
                return False

    addresses = open(hosts).read().split()
    right = sum(await asyncio.gather(*map(ask, addresses)))
    print(f'{right} of {len(addresses)}')
    sys.exit(0 if right == len(addresses) else 1)


asyncio.run(main())
