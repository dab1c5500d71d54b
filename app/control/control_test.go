package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// place makes a runtime folder of the test's own.
func place(t *testing.T) Place {
	t.Helper()
	dir, err := os.MkdirTemp("", "vc-") // short: the path of a socket has at most 103 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Setenv("XDG_RUNTIME_DIR", dir)
	p, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func listen(t *testing.T, p Place, name string, h Handler) *Server {
	t.Helper()
	s, err := p.Listen(name, h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func peer(t *testing.T, p Place, name string) *Peer {
	t.Helper()
	peer, err := p.Peer(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { peer.Close() })
	return peer
}

func ask(p *Peer, r Request) (replies []Reply, err error) {
	err = p.Ask(context.Background(), r, func(r Reply) error {
		replies = append(replies, r)
		return nil
	})
	return replies, err
}

func nothing(Request) error { return nil }

func answering(f func(Request) error) Handler {
	return func(_ context.Context, r Request, send func(Reply) error) error {
		if err := send(Reply{Progress: r.Do}); err != nil {
			return err
		}
		return f(r)
	}
}

func TestAskAndAnswer(t *testing.T) {
	p := place(t)
	listen(t, p, "a", answering(nothing))
	replies, err := ask(peer(t, p, "a"), Request{Do: "this"})
	if err != nil || len(replies) != 1 || replies[0].Progress != "this" {
		t.Errorf("%+v, %v", replies, err)
	}
	listen(t, p, "b", answering(func(Request) error {
		return fmt.Errorf("wrapped: %w", &Failure{Kind: "busy", Message: "It is in use."})
	}))
	_, err = ask(peer(t, p, "b"), Request{Do: "that"})
	if f := (*Failure)(nil); !errors.As(err, &f) || f.Kind != "busy" || f.Message != "It is in use." {
		t.Errorf("%v", err)
	}
}

func TestSocketsOfTheDeadAreReplacedAndRemoved(t *testing.T) {
	p := place(t)
	replaced, removed := dead(t, p, "a"), dead(t, p, "b")
	listen(t, p, "a", answering(nothing))
	peers, err := p.Peers()
	if err != nil || len(peers) != 1 || peers[0].Name != "a" || peers[0].PID != os.Getpid() {
		t.Errorf("%+v, %v", peers, err)
	}
	for _, peer := range peers {
		peer.Close()
	}
	if _, err := os.Lstat(replaced); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(removed); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the dead socket is still there: %v", err)
	}
}

func TestNothingRunning(t *testing.T) {
	p := place(t)
	if peers, err := p.Peers(); peers != nil || err != nil {
		t.Errorf("%v, %v", peers, err)
	}
	if _, err := p.Peer("a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// TestOnlyOneOfManyStarts lets many start in the same instant, over the socket of a dead one: one is the first, all
// others reach it.
func TestOnlyOneOfManyStarts(t *testing.T) {
	p := place(t)
	dead(t, p, "tray")
	var all sync.WaitGroup
	var mu sync.Mutex
	first, reached := 0, 0
	for range 16 {
		all.Go(func() {
			release, err := p.Claim("tray", func(peer *Peer) error {
				_, err := ask(peer, Request{Do: DoOpen})
				mu.Lock()
				defer mu.Unlock()
				reached++
				return err
			})
			if err != nil {
				t.Error(err)
			}
			if release != nil {
				listen(t, p, "tray", answering(nothing))
				mu.Lock()
				defer mu.Unlock()
				first++
			}
		})
	}
	all.Wait()
	if first != 1 || reached != 15 {
		t.Errorf("%d were first, %d reached it", first, reached)
	}
}

func TestOtherVersionsAreToldSo(t *testing.T) {
	p := place(t)
	listen(t, p, "a", answering(nothing))
	conn, err := dialAt(filepath.Join(p.dir, "a.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintln(conn, `{"v":2,"do":"status"}`)
	var r Reply
	if err := readLine(bufio.NewReader(conn), maxReply, &r); err != nil || r.Error == nil || !strings.Contains(r.Error.Message, "quit it and start it again") {
		t.Errorf("%+v, %v", r.Error, err)
	}
}

func TestNonsenseAndFloodsAreRefused(t *testing.T) {
	p := place(t)
	listen(t, p, "a", answering(nothing))
	for _, text := range []string{"hello\n", strings.Repeat("x", maxRequest+5000) + "\n", `{"v":1,"do":7}` + "\n"} {
		conn, err := dialAt(filepath.Join(p.dir, "a.sock"))
		if err != nil {
			t.Fatal(err)
		}
		go fmt.Fprint(conn, text)
		var r Reply
		if err := readLine(bufio.NewReader(conn), maxReply, &r); err != nil && !strings.Contains(err.Error(), "reset") || err == nil && (r.Error == nil || !strings.Contains(r.Error.Message, "line")) {
			t.Errorf("%.20q: %+v, %v", text, r, err)
		}
		conn.Close()
	}
	if _, err := ask(peer(t, p, "a"), Request{Do: "still there"}); err != nil {
		t.Error(err)
	}
}

func TestHangingUpEndsTheAnswer(t *testing.T) {
	p := place(t)
	ended := make(chan error, 1)
	listen(t, p, "a", func(ctx context.Context, _ Request, send func(Reply) error) error {
		err := send(Reply{Progress: "begun"})
		<-ctx.Done()
		ended <- err
		return nil
	})
	ctx, stop := context.WithCancel(context.Background())
	err := peer(t, p, "a").Ask(ctx, Request{Do: DoTail}, func(Reply) error {
		stop()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestCloseLetsAnswersEndAndRemovesTheSocket(t *testing.T) {
	p := place(t)
	s, err := p.Listen("a", func(ctx context.Context, _ Request, send func(Reply) error) error {
		if err := send(Reply{Progress: "begun"}); err != nil {
			return err
		}
		<-ctx.Done() // Close was called
		return send(Reply{Progress: "ended well"})
	})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	err = peer(t, p, "a").Ask(context.Background(), Request{Do: DoEject}, func(r Reply) error {
		if said = append(said, r.Progress); len(said) == 1 {
			go s.Close()
		}
		return nil
	})
	if err != nil || strings.Join(said, ",") != "begun,ended well" {
		t.Errorf("%q, %v", said, err)
	}
	if _, err := os.Lstat(filepath.Join(p.dir, "a.sock")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}

func TestMoreCallersThanPlacesAreSentAway(t *testing.T) {
	p := place(t)
	listen(t, p, "a", func(ctx context.Context, _ Request, send func(Reply) error) error {
		err := send(Reply{Progress: "begun"})
		<-ctx.Done()
		return err
	})
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	begun := make(chan bool)
	for range maxCallers {
		peer := peer(t, p, "a")
		all.Go(func() {
			_ = peer.Ask(ctx, Request{Do: DoTail}, func(Reply) error { begun <- true; return nil })
		})
		<-begun
	}
	if _, err := ask(peer(t, p, "a"), Request{Do: DoTail}); err == nil || !strings.Contains(err.Error(), "ended before it had answered") {
		t.Errorf("%v", err)
	}
}
