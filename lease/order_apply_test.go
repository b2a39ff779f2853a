package lease

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestOrderApply(t *testing.T) {
	fresh := func() Lease {
		return Lease{ID: "L-0001", Tenant: "alice", Model: VirtualHosted, StartMs: 1, EndMs: orderMs + 1000, Orders: 6,
			Pool: &Pool{URLs: []string{"stratum+tcp://a.example.com:1"}, User: "old", Password: "old"}}
	}
	l := fresh()
	stop := signed(t, sampleOrder(OrderStop), "")
	events, err := stop.Apply(&l, orderMs)
	if err != nil || l.Orders != 7 || !slices.Equal(l.PausedAt(orderMs), []PauseBy{PauseTenant}) {
		t.Fatalf("%+v, %v", l, err)
	}
	if _, err := stop.Apply(&l, orderMs); !errors.Is(err, ErrOrderUsed) {
		t.Errorf("carried out twice: %v", err)
	}
	var body LeasePaused
	if err := json.Unmarshal(events[0].Body, &body); err != nil || events[0].Lease != l.ID || events[0].Tenant != "alice" {
		t.Errorf("%+v, %v", events[0], err)
	}
	provider, key := orderKeys()
	if kept, err := ParseOrder([]byte(body.Order)); err != nil || kept.Verify(provider, publicOf(key), orderMs) != nil {
		t.Errorf("the event holds %s, %v", body.Order, err)
	}
	o := sampleOrder(OrderStart)
	o.Number = 8
	start := signed(t, o, "")
	if _, err := start.Apply(&l, orderMs+1); err != nil || len(l.PausedAt(orderMs+1)) > 0 || l.Orders != 8 {
		t.Errorf("%+v, %v", l, err)
	}
	o = sampleOrder(OrderPool)
	o.Number = 9
	pool := signed(t, o, "secret")
	if _, err := pool.Apply(&l, orderMs+2); err != nil || l.Pool.User != "u" || l.Pool.Password != "secret" {
		t.Errorf("%+v, %v", l.Pool, err)
	}

	for name, c := range map[string]struct {
		change func(*Lease)
		action OrderAction
		atMs   int64
		want   error // nil: any
	}{
		"over":         {nil, OrderStop, orderMs + 1000, ErrClosed},
		"not stopped":  {nil, OrderStart, orderMs, ErrNotFound},
		"other lease":  {func(l *Lease) { l.ID = "L-0002" }, OrderStop, orderMs, ErrOrder},
		"house lease":  {func(l *Lease) { l.Model, l.Pool = Leased, nil }, OrderStop, orderMs, nil},
		"without pool": {func(l *Lease) { l.Pool = nil }, OrderPool, orderMs, nil},
		"address":      {nil, OrderAddress, orderMs, ErrOrder},
	} {
		l := fresh()
		if c.change != nil {
			c.change(&l)
		}
		s := signed(t, sampleOrder(c.action), "")
		_, err := s.Apply(&l, c.atMs)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || l.Orders != 6 {
			t.Errorf("%s: %v, want %v; last order %d", name, err, c.want, l.Orders)
		}
	}
}

func TestOrderApplyTenant(t *testing.T) {
	tenant := Tenant{ID: "alice", Address: "script:00"}
	s := signed(t, sampleOrder(OrderAddress), "")
	if _, err := s.ApplyTenant(&tenant, orderMs, 1000); err != nil || tenant.Orders != 7 ||
		tenant.PayTo(orderMs+999) != "script:00" || tenant.PayTo(orderMs+1000) != "script:51" {
		t.Errorf("%+v, %v", tenant, err)
	}
	if _, err := s.ApplyTenant(&tenant, orderMs, 1000); !errors.Is(err, ErrOrderUsed) {
		t.Errorf("twice: %v", err)
	}
	other := Tenant{ID: "bob"}
	if _, err := s.ApplyTenant(&other, orderMs, 0); !errors.Is(err, ErrOrder) {
		t.Errorf("another tenant's: %v", err)
	}
}

func TestReaddress(t *testing.T) {
	x := Tenant{ID: "alice"}
	for i, step := range []struct {
		to   string
		atMs int64
		want error
		now  string // that counts then
		next string // that counts later
	}{
		{"a", 10, nil, "a", ""}, // the first counts at once
		{"a", 20, ErrExists, "a", ""},
		{"b", 30, nil, "a", "b"},
		{"b", 40, ErrExists, "a", "b"},
		{"a", 50, nil, "a", ""}, // taken back
		{"b", 60, nil, "a", "b"},
		{"b", 161, ErrExists, "b", "b"},
		{"c", 170, nil, "b", "c"},
	} {
		_, err := x.Readdress(step.to, step.atMs, 100, "")
		if !errors.Is(err, step.want) || x.PayTo(step.atMs) != step.now || x.Next != step.next {
			t.Errorf("step %d: %v, %+v", i, err, x)
		}
	}
}

// Numbers only grow, whatever is ordered, and what is refused changes nothing.
func TestOrdersGrow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := Lease{ID: "L-0001", Model: VirtualHosted, StartMs: 1, Pool: &Pool{URLs: []string{"a:1"}, User: "u"}}
		for i := range rapid.IntRange(1, 20).Draw(rt, "orders") {
			o := sampleOrder(rapid.SampledFrom([]OrderAction{OrderStart, OrderStop, OrderPool}).Draw(rt, "action"))
			o.Number = rapid.Int64Range(1, 10).Draw(rt, "number")
			_, key := orderKeys()
			s, err := SignOrder(o, "p", [16]byte{}, key)
			if err != nil {
				rt.Fatal(err)
			}
			was := l
			_, err = s.Apply(&l, orderMs+int64(i))
			switch {
			case err == nil && (l.Orders != o.Number || o.Number <= was.Orders):
				rt.Fatalf("order %d after %d: %d", o.Number, was.Orders, l.Orders)
			case err != nil && (l.Orders != was.Orders || !slices.Equal(l.Pauses, was.Pauses) || l.Pool != was.Pool):
				rt.Fatalf("refused with %v, but %+v", err, l)
			}
		}
	})
}
