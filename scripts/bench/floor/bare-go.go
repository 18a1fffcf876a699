// The floor in Go: connect, check the host key, log in with an ed25519 key, run one command, read its answer, on every
// address of a list.
//
//	bare-go HOSTS PORT USER KEY_FILE HOST_KEY_FILE IN_FLIGHT COMMAND     (HOST_KEY_FILE: OpenSSH .pub)
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func ask(address string, config *ssh.ClientConfig, command string) error {
	client, err := ssh.Dial("tcp", address, config)
	if err != nil {
		return err
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return err
	}
	defer session.Close()
	_, err = session.Output(command)
	return err
}

func main() {
	hosts, err := os.ReadFile(os.Args[1])
	must(err)
	text, err := os.ReadFile(os.Args[4])
	must(err)
	key, err := ssh.ParsePrivateKey(text)
	must(err)
	text, err = os.ReadFile(os.Args[5])
	must(err)
	trusted, _, _, _, err := ssh.ParseAuthorizedKey(text)
	must(err)
	inFlight, err := strconv.Atoi(os.Args[6])
	must(err)
	config := &ssh.ClientConfig{
		User:              os.Args[3],
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(key)},
		HostKeyCallback:   ssh.FixedHostKey(trusted),
		HostKeyAlgorithms: []string{"ssh-ed25519"},
		Timeout:           10 * time.Second,
		Config:            ssh.Config{KeyExchanges: []string{"curve25519-sha256"}},
	}
	addresses := strings.Fields(string(hosts))
	queue := make(chan string)
	var failed int64
	var workers sync.WaitGroup
	for i := 0; i < inFlight; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for address := range queue {
				if err := ask(address+":"+os.Args[2], config, os.Args[7]); err != nil {
					atomic.AddInt64(&failed, 1)
					fmt.Fprintln(os.Stderr, address+":", err)
				}
			}
		}()
	}
	for _, address := range addresses {
		queue <- address
	}
	close(queue)
	workers.Wait()
	fmt.Printf("%d of %d\n", len(addresses)-int(failed), len(addresses))
	if failed > 0 {
		os.Exit(1)
	}
}
