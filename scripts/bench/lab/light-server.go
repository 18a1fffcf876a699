// A light SSH server, so that the client is what limits a run: any ed25519 key is let in, a command or a shell gets a
// plain /bin/sh of its own. It answers on every loopback address.
//
//	light-server ADDRESS HOST_KEY_FILE COUNT_FILE      COUNT_FILE: how many sessions are open, written ten times a second
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

var open int64

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(socket net.Conn, config *ssh.ServerConfig) {
	connection, channels, requests, err := ssh.NewServerConn(socket, config)
	if err != nil {
		socket.Close()
		return
	}
	defer connection.Close()
	go ssh.DiscardRequests(requests)
	for channel := range channels {
		if channel.ChannelType() != "session" {
			channel.Reject(ssh.UnknownChannelType, "sessions only")
			continue
		}
		session, requests, err := channel.Accept()
		if err == nil {
			go hold(session, requests, socket.LocalAddr().(*net.TCPAddr).IP.String())
		}
	}
}

func hold(session ssh.Channel, requests <-chan *ssh.Request, address string) {
	for request := range requests {
		var command struct{ Text string }
		program := exec.Command("/bin/sh")
		switch request.Type {
		case "exec":
			if ssh.Unmarshal(request.Payload, &command) != nil {
				request.Reply(false, nil)
				continue
			}
			program = exec.Command("/bin/sh", "-c", command.Text)
		case "shell":
		default:
			request.Reply(request.Type == "env", nil)
			continue
		}
		request.Reply(true, nil)
		program.Env = []string{"PATH=/usr/bin:/bin", "SSH_CONNECTION=127.0.0.1 0 " + address + " 0"}
		go run(session, program)
	}
}

func run(session ssh.Channel, program *exec.Cmd) {
	atomic.AddInt64(&open, 1)
	defer atomic.AddInt64(&open, -1)
	defer session.Close()
	program.Stdout, program.Stderr = session, session.Stderr()
	stdin, err := program.StdinPipe()
	if err != nil || program.Start() != nil {
		return
	}
	go func() {
		io.Copy(stdin, session)
		stdin.Close()
	}()
	code := uint32(0)
	if program.Wait() != nil {
		code = uint32(program.ProcessState.Sys().(syscall.WaitStatus).ExitStatus())
	}
	session.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{code}))
}

func main() {
	text, err := os.ReadFile(os.Args[2])
	must(err)
	key, err := ssh.ParsePrivateKey(text)
	must(err)
	config := &ssh.ServerConfig{
		PublicKeyCallback: func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { return nil, nil },
	}
	config.AddHostKey(key)
	listener, err := net.Listen("tcp", os.Args[1])
	must(err)
	go func() {
		for {
			os.WriteFile(os.Args[3], []byte(fmt.Sprint(atomic.LoadInt64(&open))), 0o644)
			time.Sleep(100 * time.Millisecond)
		}
	}()
	for {
		socket, err := listener.Accept()
		must(err)
		go serve(socket, config)
	}
}
