package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	dialTimeout  = 2 * time.Second
	replyTimeout = 10 * time.Second // between two lines of an answer that is not a tail
)

// Peer is a running Vitrine, at the other end of a connection.
type Peer struct {
	Name string
	PID  int
	conn net.Conn
}

// Close hangs up.
func (p *Peer) Close() error { return p.conn.Close() }

// Peers connects with every running Vitrine of this user, and removes the sockets of dead ones. Each connection is for
// one request. Where some cannot be connected with, the error says why, and the others are returned too.
func (p Place) Peers() ([]*Peer, error) {
	names, err := p.names()
	if err != nil {
		return nil, err
	}
	var peers []*Peer
	var failed []error
	for _, name := range names {
		peer, err := p.dial(name)
		switch {
		case err == nil:
			peers = append(peers, peer)
		case errors.Is(err, syscall.ECONNREFUSED):
			p.bury(name)
		case !errors.Is(err, os.ErrNotExist): // it has ended meanwhile
			failed = append(failed, err)
		}
	}
	return peers, errors.Join(failed...)
}

// bury removes the socket of a dead process. One with a lock may be taken over in this instant, and stays.
func (p Place) bury(name string) {
	if _, err := os.Lstat(filepath.Join(p.dir, name+lockEnd)); err != nil {
		_ = os.Remove(filepath.Join(p.dir, name+socketEnd))
	}
}

// Peer connects with the Vitrine of that name.
func (p Place) Peer(name string) (*Peer, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	return p.dial(name)
}

func (p Place) dial(name string) (*Peer, error) {
	path, err := p.path(name + socketEnd)
	if err != nil {
		return nil, err
	}
	conn, err := dialAt(path)
	if err != nil {
		return nil, err
	}
	peer := &Peer{Name: name, conn: conn}
	pid, uid, err := who(peer.conn)
	if err == nil && uid != os.Geteuid() {
		err = fmt.Errorf("the socket %s is served by user %d and you are user %d, so Vitrine does not use it", path, uid, os.Geteuid())
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	peer.PID = pid
	return peer, nil
}

// Ask sends a request and calls each with every reply until the answer ends, ctx does, or each returns an error. The
// answer to a request other than a tail may not pause.
func (p *Peer) Ask(ctx context.Context, r Request, each func(Reply) error) error {
	defer context.AfterFunc(ctx, func() { _ = p.conn.Close() })()
	r.Version = Version
	// Who refuses to talk says so and closes, perhaps before it was asked anything: then the reason is there to be read.
	if err := writeLine(p.conn, dialTimeout, r); err != nil && !hungUp(err) {
		return p.silent(ctx, err)
	}
	in := bufio.NewReader(p.conn)
	for {
		if r.Do != DoTail {
			_ = p.conn.SetReadDeadline(time.Now().Add(replyTimeout))
		}
		var reply Reply
		if err := readLine(in, maxReply, &reply); err != nil {
			return p.silent(ctx, err)
		}
		switch {
		case reply.Version != Version:
			return fmt.Errorf("process %d is a Vitrine that answers in version %d of the protocol, and this one knows version %d: quit it and start it again", p.PID, reply.Version, Version)
		case reply.Error != nil:
			return reply.Error
		case reply.End:
			return nil
		}
		if err := each(reply); err != nil {
			return err
		}
	}
}

// silent makes an error of the connection one for people.
func (p *Peer) silent(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("process %d is a Vitrine that does not answer. Wait a moment and try again; 'vitrine doctor' may know more", p.PID)
	}
	return fmt.Errorf("process %d ended before it had answered: %w", p.PID, err)
}
