package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

const (
	askTimeout  = 5 * time.Second // from the connection until its request is read
	sendTimeout = time.Hour       // for a caller to take a line: a pager may show it to a person
	endTimeout  = 2 * time.Second // for answers under way, when the process ends
	maxCallers  = 32              // at the same time
)

// Handler answers a request: it sends replies, and returns when the answer is over. An error of type *Failure, or any
// other, becomes the last reply. Ctx ends when the caller has hung up or the process ends.
type Handler func(ctx context.Context, r Request, send func(Reply) error) error

// Server answers at a socket.
type Server struct {
	path     string
	listener net.Listener
	handler  Handler
	callers  chan struct{} // a token for each
	answers  sync.WaitGroup

	ctx  context.Context // ends when Close is called
	stop context.CancelFunc
	cut  context.Context // ends when Close waits no more
	end  context.CancelFunc
}

// Listen answers by h at the socket of that name, taking the place of one whose process has died. The caller makes
// sure that no other living process has that name.
func (p Place) Listen(name string, h Handler) (*Server, error) {
	if err := p.prepare(); err != nil {
		return nil, err
	}
	path, err := p.path(name + socketEnd)
	if err != nil {
		return nil, err
	}
	l, err := listenAt(path)
	if err != nil {
		return nil, fmt.Errorf("Vitrine's socket %s could not be made: %w", path, err)
	}
	s := &Server{path: path, listener: l, handler: h, callers: make(chan struct{}, maxCallers)}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.cut, s.end = context.WithCancel(context.Background())
	s.answers.Go(s.accept)
	return s, nil
}

// Close stops answering. Answers under way may end, for a short while.
func (s *Server) Close() error {
	err := errors.Join(os.Remove(s.path), s.listener.Close())
	s.stop()
	defer time.AfterFunc(endTimeout, s.end).Stop()
	s.answers.Wait()
	return err
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors, most likely
			time.Sleep(100 * time.Millisecond)
			continue
		}
		select {
		case s.callers <- struct{}{}:
			s.answers.Go(func() {
				s.answer(conn)
				<-s.callers
			})
		default:
			_ = conn.Close()
		}
	}
}

// answer answers one caller.
func (s *Server) answer(conn net.Conn) {
	defer conn.Close()
	defer context.AfterFunc(s.cut, func() { _ = conn.Close() })()
	if _, uid, err := who(conn); err != nil || !trusted(uid) {
		_ = writeLine(conn, askTimeout, Reply{Version: Version, Error: &Failure{Message: "this Vitrine belongs to another user"}})
		return
	}
	r, in, err := s.ask(conn)
	if err == nil {
		ctx, stop := context.WithCancel(s.ctx)
		defer stop()
		go func() { // a caller says nothing more, but hangs up
			_, _ = in.ReadByte()
			stop()
		}()
		err = s.handler(ctx, r, func(reply Reply) error { return send(conn, reply) })
	}
	last := Reply{End: true}
	if err != nil {
		last = Reply{Error: failure(err)}
	}
	_ = send(conn, last)
}

func send(conn net.Conn, r Reply) error {
	r.Version = Version
	return writeLine(conn, sendTimeout, r)
}

func (s *Server) ask(conn net.Conn) (Request, *bufio.Reader, error) {
	var r Request
	in := bufio.NewReader(conn)
	if err := conn.SetReadDeadline(time.Now().Add(askTimeout)); err != nil {
		return r, nil, err
	}
	if err := readLine(in, maxRequest, &r); err != nil {
		return r, nil, err
	}
	if r.Version != Version {
		return r, nil, fmt.Errorf("the running Vitrine understands version %d of the commands, and this is version %d: quit it and start it again", Version, r.Version)
	}
	return r, in, conn.SetReadDeadline(time.Time{})
}

func failure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return &Failure{Message: err.Error()}
}
