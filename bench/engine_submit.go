package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"
)

// submitGap is the longest pause between two submits.
const submitGap = 2 * time.Millisecond

// maxReply bounds a line of the echo, in bytes.
const maxReply = 1024

// submits sends shares to a pool of its own over the loopback, one after
// another at moments by chance, and returns how long each verdict took: the
// way of a share through this process, twice the network and all the
// goroutines that it wakes.
func submits(ctx context.Context, count int) ([]time.Duration, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("submits: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- answerOne(l) }()
	took, err := sendAll(ctx, l.Addr().String(), count)
	err = errors.Join(err, l.Close())
	if answered := <-ended; err == nil {
		err = answered
	}
	if err != nil {
		return nil, fmt.Errorf("submits: %w", err)
	}
	return took, nil
}

// sendAll is the miner's side.
func sendAll(ctx context.Context, address string, count int) ([]time.Duration, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	r := bufio.NewReaderSize(c, maxReply)
	var took []time.Duration
	for id := range count {
		if err := pause(ctx, rand.N(submitGap)); err != nil {
			return nil, err
		}
		start := time.Now()
		if _, err := fmt.Fprintf(c, `{"id":%d,"method":"mining.submit","params":["worker","job","00000000","65a1b2c3","%08x"]}`+"\n", id, id); err != nil {
			return nil, err
		}
		line, err := r.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		var reply submitReply
		if err := json.Unmarshal(line, &reply); err != nil {
			return nil, err
		}
		if reply.ID != id || !reply.Result {
			return nil, fmt.Errorf("submit %d was answered with %q", id, line)
		}
		took = append(took, time.Since(start))
	}
	return took, nil
}

type submitReply struct {
	ID     int  `json:"id"`
	Result bool `json:"result"`
	Error  any  `json:"error"`
}

// answerOne is the pool's side: it serves one connection until it ends.
func answerOne(l net.Listener) error {
	c, err := l.Accept()
	if err != nil {
		return nil // closed before anybody came, which the other side tells
	}
	defer c.Close()
	lines := bufio.NewScanner(c)
	lines.Buffer(nil, maxReply)
	for lines.Scan() {
		var request struct {
			ID     int    `json:"id"`
			Method string `json:"method"`
		}
		if err := json.Unmarshal(lines.Bytes(), &request); err != nil {
			return err
		}
		reply, err := json.Marshal(submitReply{ID: request.ID, Result: request.Method == "mining.submit"})
		if err != nil {
			return err
		}
		if _, err := c.Write(append(reply, '\n')); err != nil {
			return err
		}
	}
	return nil
}
