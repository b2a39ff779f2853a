package stratumtest

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// Device says how a device in the field speaks with a server. What it does not
// say, all devices do alike.
type Device struct {
	Name  string
	Agent string

	// Hello is what it says first. Each step is written at once; then as many
	// lines are read as the step says, and these have to be the replies to its
	// requests, in order: such a device takes the next line for the reply.
	Hello []Step

	SubmitID   string        // of every submit; "": counted
	SixParams  bool          // rolled version XOR the job's, always
	Rolls      bool          // takes part in version rolling
	FiltersNow bool          // drops results below a new difficulty at once
	Keepalive  string        // a request it repeats, with its id
	Patience   time.Duration // it hangs up after so much silence
}

// Step is a part of a handshake. USER and PASS stand for the login.
type Step struct {
	Say     string // lines, without the last end
	Replies int    // the next lines have to be the replies to the step's requests
	Until   string // or: lines are taken until the reply to this id
}

// Client is a device connected to a server.
type Client struct {
	Device
	Subscription stratum.Subscription
	Job          *stratum.Job // the newest
	Difficulty   miner.Difficulty
	Mask         uint32
	Lines        []string // everything the server said

	conn    net.Conn
	reader  *stratum.Reader
	next    miner.Difficulty // of the next job
	user    string
	lastID  int
	hashed  uint32 // nonces used of the newest job
	replies map[string]stratum.Message
}

// Connect says hello as the device does. An error tells what it would have
// misunderstood.
func (d Device) Connect(conn net.Conn, user, password string) (*Client, error) {
	c := &Client{
		Device: d, conn: conn, reader: stratum.NewReader(conn, 0), user: user, lastID: 100,
		replies: make(map[string]stratum.Message),
	}
	for _, s := range d.Hello {
		if err := c.step(s, user, password); err != nil {
			return nil, fmt.Errorf("%s: %w", d.Name, err)
		}
	}
	return c, nil
}

// Close hangs up.
func (c *Client) Close() { c.conn.Close() }

// Say writes lines as they are.
func (c *Client) Say(lines string) error {
	_ = c.conn.SetWriteDeadline(time.Now().Add(time.Minute))
	_, err := io.WriteString(c.conn, lines+"\n")
	return err
}

// read takes one line in.
func (c *Client) read() (stratum.Message, error) {
	_ = c.conn.SetReadDeadline(time.Now().Add(c.Patience))
	line, err := c.reader.ReadLine()
	if err != nil {
		return stratum.Message{}, err
	}
	line = slices.Clone(line)
	c.Lines = append(c.Lines, string(line))
	m, err := stratum.ParseMessage(line)
	if err != nil {
		return m, err
	}
	if m.IsReply() {
		c.replies[string(m.ID)] = m
		return m, nil
	}
	return m, c.told(&m)
}

// told acts on a notification.
func (c *Client) told(m *stratum.Message) (err error) {
	switch m.Method {
	case stratum.MethodNotify:
		if c.Subscription.Extranonce1 == nil {
			return errors.New("a job before the subscription")
		}
		if c.Job, err = stratum.ParseNotify(m.Params); err == nil {
			c.Difficulty, c.hashed = c.next, 0
		}
	case stratum.MethodSetDifficulty:
		if c.next, err = stratum.ParseSetDifficulty(m.Params); err == nil && c.FiltersNow {
			c.Difficulty = c.next
		}
	case stratum.MethodSetVersionMask:
		c.Mask, err = stratum.ParseSetVersionMask(m.Params)
	case stratum.MethodShowMessage:
	default:
		return fmt.Errorf("a server does not say %s", m.Method)
	}
	return err
}

// Await takes lines in until one does.
func (c *Client) Await(what string, does func(*stratum.Message) bool) error {
	for {
		m, err := c.read()
		if err != nil {
			return fmt.Errorf("waiting for %s: %w", what, err)
		}
		if does(&m) {
			return nil
		}
	}
}

// Notified takes lines in until there is a new job.
func (c *Client) Notified() error {
	return c.Await("a job", func(m *stratum.Message) bool { return m.Method == stratum.MethodNotify })
}

// Reply takes lines in until the reply to an id, given as raw JSON, is there.
func (c *Client) Reply(id string) (stratum.Message, error) {
	for {
		if m, ok := c.replies[id]; ok {
			delete(c.replies, id)
			return m, nil
		}
		if _, err := c.read(); err != nil {
			return stratum.Message{}, fmt.Errorf("waiting for the reply to %s: %w", id, err)
		}
	}
}

// Mine finds a share of the newest job and submits it. An error is a refusal
// too.
func (c *Client) Mine() error {
	s, ok := c.Find()
	if !ok {
		return errors.New("no share within 2^24 hashes")
	}
	return c.Submit(c.Job.ID, s)
}

// Submit submits a share, and waits for the verdict.
func (c *Client) Submit(job string, s stratum.Share) error {
	id := c.SubmitID
	if id == "" {
		c.lastID++
		id = fmt.Sprint(c.lastID)
	}
	params := stratum.AppendSubmit(nil, &stratum.Submit{User: c.user, JobID: job, Share: s})
	if err := c.Say(fmt.Sprintf(`{"id":%s,"method":"mining.submit","params":%s}`, id, params)); err != nil {
		return err
	}
	m, err := c.Reply(id)
	if err != nil {
		return err
	}
	if e := m.Verdict(); e != nil {
		return e
	}
	return nil
}

// Find hashes until a share is found. It builds the header by itself, as
// devices do.
func (c *Client) Find() (stratum.Share, bool) {
	j := c.Job
	s := stratum.Share{Extranonce2: make([]byte, c.Subscription.Extranonce2Size), Time: j.Time}
	version := j.Version
	if c.Rolls && c.Mask != 0 {
		s.VersionBits = c.Mask & -c.Mask // the lowest bit
		version ^= s.VersionBits
	}
	s.HasVersion = c.SixParams || s.VersionBits != 0
	coinbase := slices.Concat(j.Coinb1, c.Subscription.Extranonce1, s.Extranonce2, j.Coinb2)
	root := twice(coinbase)
	for _, b := range j.Branches {
		root = twice(append(root[:], b[:]...))
	}
	header := binary.LittleEndian.AppendUint32(nil, version)
	header = append(append(header, j.PrevHash[:]...), root[:]...)
	for _, n := range []uint32{s.Time, uint32(j.Bits), 0} {
		header = binary.LittleEndian.AppendUint32(header, n)
	}
	target := c.Difficulty.PoolTarget() // the harder of the conventions
	for range 1 << 24 {
		s.Nonce = c.hashed
		c.hashed++
		binary.LittleEndian.PutUint32(header[76:], s.Nonce)
		if miner.Hash(twice(header)).Meets(target) {
			return s, true
		}
	}
	return s, false
}

func twice(b []byte) [32]byte {
	first := sha256.Sum256(b)
	return sha256.Sum256(first[:])
}
