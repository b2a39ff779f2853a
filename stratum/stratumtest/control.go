package stratumtest

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// Form is a way to refuse a share.
type Form int

// The forms in the field.
const (
	FormArray  Form = iota // [21,"Job not found",null]
	FormObject             // {"code":22,"message":"Duplicate share"}
	FormString             // "Low difficulty share"
	FormReason             // false, and "reject-reason":"Stale"
	FormFalse              // false, and null
)

func (f Form) reply(id []byte) []byte {
	tail := map[Form]string{
		FormArray:  `"result":null,"error":[21,"Job not found",null]`,
		FormObject: `"result":null,"error":{"code":22,"message":"Duplicate share"}`,
		FormString: `"result":false,"error":"Low difficulty share"`,
		FormReason: `"result":false,"error":null,"reject-reason":"Stale"`,
		FormFalse:  `"result":false,"error":null`,
	}[f]
	return fmt.Appendf(nil, `{"id":%s,%s}`+"\n", id, tail)
}

// Refuse makes the pool refuse the next shares, one in each form.
func (p *Pool) Refuse(forms ...Form) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forms = append(p.forms, forms...)
}

// NewJob hands everybody a new job, of a new block when clean, and returns
// its id.
func (p *Pool) NewJob(clean bool) string {
	p.mu.Lock()
	p.job = p.newWork(clean)
	id := p.job.id
	p.changed()
	p.mu.Unlock()
	p.toAll(func(c *conn) []byte { return c.notify(true) })
	return id
}

// SetDifficulty changes the difficulty of the jobs to come.
func (p *Pool) SetDifficulty(difficulty string) error {
	d, err := miner.ParseDifficulty(difficulty)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.difficulty = d
	p.mu.Unlock()
	p.toAll((*conn).setDifficulty)
	return nil
}

// SetExtranonce gives everybody who asked for it new extranonces, for the
// jobs to come.
func (p *Pool) SetExtranonce(size int) {
	p.toAll(func(c *conn) []byte {
		if !c.extranonce || c.subscribed == nil {
			return nil
		}
		p.lastEn1++
		c.subscribed = &stratum.Subscription{
			SessionID:       c.subscribed.SessionID,
			Extranonce1:     fmt.Appendf(nil, "x%02d", p.lastEn1%100),
			Extranonce2Size: size,
		}
		return stratum.AppendNotification(nil, stratum.MethodSetExtranonce, stratum.AppendSetExtranonce(nil, c.subscribed))
	})
}

// SetVersionMask changes the version bits everybody may roll, at once.
func (p *Pool) SetVersionMask(mask uint32) {
	p.toAll(func(c *conn) []byte {
		c.mask = mask
		return stratum.AppendNotification(nil, stratum.MethodSetVersionMask, stratum.AppendSetVersionMask(nil, mask))
	})
}

// Reconnect sends everybody elsewhere. An empty host and a port of 0 mean the
// same.
func (p *Pool) Reconnect(host string, port, waitSec int) {
	name, _ := json.Marshal(host)
	p.Send(fmt.Sprintf(`{"id":null,"method":"client.reconnect","params":[%s,%d,%d]}`, name, port, waitSec))
}

// ShowMessage sends everybody a text for people.
func (p *Pool) ShowMessage(text string) {
	p.toAll(func(*conn) []byte {
		return stratum.AppendNotification(nil, stratum.MethodShowMessage, stratum.AppendStrings(nil, text))
	})
}

// Send sends everybody a line as it is, well-formed or not.
func (p *Pool) Send(line string) { p.toAll(func(*conn) []byte { return []byte(line + "\n") }) }

// SendLong sends everybody a line of n bytes.
func (p *Pool) SendLong(n int) {
	p.Send(`{"id":null,"method":"client.show_message","params":["` + strings.Repeat("x", max(0, n-60)) + `"]}`)
}

// Drop closes all connections.
func (p *Pool) Drop() {
	for _, c := range p.clients() {
		c.net.Close()
	}
}

// Down makes the pool refuse connections, and drops those it has, until it is
// up again.
func (p *Pool) Down(down bool) {
	p.mu.Lock()
	p.down = down
	p.mu.Unlock()
	if down {
		p.Drop()
	}
}

// Mute makes the pool say nothing at all.
func (p *Pool) Mute(mute bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mute = mute
}

// MuteShares makes the pool answer no shares, and nothing else.
func (p *Pool) MuteShares(mute bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.muteShares = mute
}

// Freeze makes the pool read nothing more, so that clients' writes get stuck.
// It takes in the message it is waiting for.
func (p *Pool) Freeze(frozen bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = frozen
	p.changed()
}

func (p *Pool) clients() []*conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]*conn, 0, len(p.conns))
	for c := range p.conns {
		all = append(all, c)
	}
	return all
}

// toAll sends every client what line returns for it, called under p.mu.
func (p *Pool) toAll(line func(*conn) []byte) {
	for _, c := range p.clients() {
		c.write.Lock()
		p.mu.Lock()
		b := line(c)
		p.mu.Unlock()
		if err := c.send(b); err != nil {
			c.net.Close()
		}
		c.write.Unlock()
	}
}

// stringsOf returns the leading strings of an array of parameters.
func stringsOf(params []byte) []string {
	var list []any
	if json.Unmarshal(params, &list) != nil {
		return nil
	}
	var names []string
	for _, v := range list {
		name, ok := v.(string)
		if !ok {
			break
		}
		names = append(names, name)
	}
	return names
}
