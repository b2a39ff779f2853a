package stratumtest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/hashlease/hashlease/stratum"
)

const (
	configureLine = `{"id":%d,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"ffffffff","version-rolling.min-bit-count":2}]}`
	subscribeLine = `{"id":%d,"method":"mining.subscribe","params":["%s"]}`
	authorizeLine = `{"id":%d,"method":"mining.authorize","params":[USER,PASS]}`
)

// Devices returns what mines in the field.
func Devices() []Device {
	return []Device{
		{
			Name: "cgminer", Agent: "cgminer/4.12.1", Rolls: true, Patience: 90 * time.Second,
			Hello: []Step{
				{Say: fmt.Sprintf(configureLine, 0), Replies: 1},
				{Say: fmt.Sprintf(subscribeLine, 1, "cgminer/4.12.1"), Replies: 1},
				{Say: fmt.Sprintf(authorizeLine, 2), Until: "2"},
				{Say: `{"id":3,"method":"mining.suggest_difficulty","params":[0.000001]}`},
			},
		},
		{
			Name: "minerd", Agent: "cpuminer/2.5.1", SubmitID: "4", Patience: 120 * time.Second,
			Hello: []Step{
				{Say: fmt.Sprintf(subscribeLine, 1, "cpuminer/2.5.1"), Replies: 1},
				{Say: fmt.Sprintf(authorizeLine, 2), Until: "2"},
			},
		},
		{
			Name: "cpuminer-opt", Agent: "cpuminer-opt/24.5", SubmitID: "4", Patience: 300 * time.Second,
			Keepalive: `{"id":9,"method":"mining.suggest_difficulty","params":["0.5"]}`,
			Hello: []Step{
				{Say: fmt.Sprintf(subscribeLine, 1, "cpuminer-opt/24.5"), Replies: 1},
				{Say: fmt.Sprintf(authorizeLine, 2), Until: "2"},
				{Say: `{"id":3,"method":"mining.extranonce.subscribe","params":[]}`},
			},
		},
		{
			Name: "bfgminer", Agent: "bfgminer/5.5.0", Patience: 120 * time.Second,
			Hello: []Step{
				{Say: `{"id":null,"method":"mining.suggest_target","params":["` + strings.Repeat("0", 4) + strings.Repeat("f", 60) + `"]}` + "\n" +
					fmt.Sprintf(subscribeLine, 0, "bfgminer/5.5.0"), Until: "0"},
				{Say: fmt.Sprintf(authorizeLine, 1), Until: "1"},
			},
		},
		{
			Name: "ESP-Miner", Agent: "bitaxe/BM1370/v2.9.0", Rolls: true, SixParams: true, FiltersNow: true, Patience: 180 * time.Second,
			Hello: []Step{
				{Say: fmt.Sprintf(configureLine, 1) + "\n" + fmt.Sprintf(subscribeLine, 2, "bitaxe/BM1370/v2.9.0") + "\n" +
					fmt.Sprintf(authorizeLine, 3), Until: "3"},
				{Say: `{"id":4,"method":"mining.suggest_difficulty","params":[1000]}`},
			},
		},
		{
			Name: "NerdMiner", Agent: "NerdMinerV2/1.8.3", Patience: 60 * time.Second,
			Keepalive: `{"id":5,"method":"mining.suggest_difficulty","params":[0.00015]}`,
			Hello: []Step{
				{Say: fmt.Sprintf(subscribeLine, 1, "NerdMinerV2/1.8.3"), Replies: 1},
				{Say: fmt.Sprintf(authorizeLine, 2)},
				{Say: `{"id":3,"method":"mining.suggest_difficulty","params":[0.00015]}`},
			},
		},
	}
}

// step says something and takes in what has to follow at once.
func (c *Client) step(s Step, user, password string) error {
	say := s.Say
	for word, text := range map[string]string{"USER": user, "PASS": password} {
		quoted, err := json.Marshal(text)
		if err != nil {
			return err
		}
		say = strings.ReplaceAll(say, word, string(quoted))
	}
	if err := c.Say(say); err != nil {
		return err
	}
	asked := make(map[string]string) // methods by id
	var order []string
	for line := range strings.Lines(say) {
		m, err := stratum.ParseMessage([]byte(line))
		if err != nil {
			return err
		}
		asked[string(m.ID)] = m.Method
		order = append(order, string(m.ID))
	}
	taken := 0
	for s.Until != "" || taken < s.Replies {
		m, err := c.read()
		if err != nil {
			return fmt.Errorf("after %s: %w", say, err)
		}
		if !m.IsReply() {
			if s.Until == "" {
				return fmt.Errorf("%s came as the next line after %s, taken for its reply", m.Method, say)
			}
			continue
		}
		if s.Until == "" && string(m.ID) != order[taken] {
			return fmt.Errorf("reply to %s before that to %s", m.ID, order[taken])
		}
		taken++
		if err := c.hello(asked[string(m.ID)], &m); err != nil {
			return err
		}
		if string(m.ID) == s.Until {
			break
		}
	}
	return nil
}

// hello takes in a reply of the handshake.
func (c *Client) hello(method string, m *stratum.Message) error {
	delete(c.replies, string(m.ID))
	switch method {
	case stratum.MethodConfigure:
		mask, err := stratum.ParseConfigured(m.Result)
		c.Mask = mask
		return err
	case stratum.MethodSubscribe:
		s, err := stratum.ParseSubscription(m.Result)
		if err == nil {
			c.Subscription = *s
		}
		return err
	case stratum.MethodAuthorize:
		if e := m.Verdict(); e != nil {
			return e
		}
	}
	return nil
}
